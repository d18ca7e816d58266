"""What counts as digestion, and what as a bust, quarter by quarter."""

from __future__ import annotations

from types import SimpleNamespace

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


def outcome(
    paths: dict[str, xr.DataArray],
    past: SimpleNamespace,
    capex: xr.DataArray,
    quarters: tuple[int, int],
    bust_fall: xr.DataArray,
    bust_utilization: xr.DataArray,
) -> dict[str, xr.DataArray]:
    """Find digestion and bust in the paths."""
    orders, utilization = paths["orders"], paths["utilization"]
    known = orders.notnull()
    digesting = in_a_row(below_a_year_ago(orders, past.orders, past.growth), quarters[0])
    fall = fall_from_peak(paths["capex"], capex)
    of_capex = (fall >= bust_fall).any("period")
    of_utilization = in_a_row(utilization < bust_utilization, quarters[1]).any("period")
    always = known.all("period")
    by_capex, by_utilization = (always & limit.notnull() for limit in (bust_fall, bust_utilization))
    return {
        "fall": fall,
        "digesting": as_numbers(digesting, known),
        "digestion": as_numbers(digesting.any("period"), always),
        "bust": as_numbers(of_capex | of_utilization, by_capex & by_utilization),
        "bust_of_capex": as_numbers(of_capex, by_capex),
        "bust_of_utilization": as_numbers(of_utilization, by_utilization),
        "largest_fall": fall.max("period", skipna=False),
        "lowest_utilization": utilization.min("period", skipna=False),
    }
