"""What counts as digestion, and what as a bust, quarter by quarter."""

from __future__ import annotations

import numpy as np
import xarray as xr

from overbuild import capex


def in_a_row(flags: xr.DataArray, count: int) -> xr.DataArray:
    """Tell periods that end `count` flagged ones in a row."""
    table = flags.transpose("period", ...)
    run = table.values.copy()
    for back in range(1, count):
        run[back:] &= table.values[:-back]
    run[: count - 1] = False
    return table.copy(data=run).transpose(*flags.dims)


def below_a_year_ago(
    orders: xr.DataArray, last: xr.DataArray, growth: xr.DataArray
) -> xr.DataArray:
    """Tell quarters whose orders are below those of the same quarter a year before.

    Before the first quarter orders were `last`, and had grown at one rate until then.
    """
    quarter = xr.DataArray(np.arange(float(orders.sizes["period"])), dims="period")
    past = capex.pv(growth, (3.0 - quarter).clip(min=0.0), 0.0, -last)
    year_ago = orders.shift(period=4).where(quarter >= 4.0, past)
    below: xr.DataArray = orders < year_ago
    return below


def fall_from_peak(path: xr.DataArray, before: xr.DataArray) -> xr.DataArray:
    """Return by what share a path is below its peak so far, or below what was `before`."""
    higher = path.where(path >= before, before).where(path.notnull()).transpose("period", ...)
    peak = higher.copy(data=np.maximum.accumulate(higher.values, axis=0)).transpose(*path.dims)
    fall: xr.DataArray = 1.0 - path / peak
    return fall


def as_numbers(flags: xr.DataArray, known: xr.DataArray) -> xr.DataArray:
    """Return 1 and 0, whose mean is a probability, and NaN where it is not known."""
    return flags.astype(float).where(known)
