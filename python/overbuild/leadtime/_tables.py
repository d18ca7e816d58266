"""Lead times in the forms they are given in: distributions, and shares by lag."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild import _core
from overbuild._calls import Values

#: Dimension of tables of shares; the first is for a lead time of less than one period.
LAG = "lag"

#: By how much rounding may make the shares of a table miss 0, and their sum 1; the core takes what
#: is less than nothing by that for nothing.
TOLERANCE = 1e-9


#: The same of what is given in single precision.
_SINGLE_TOLERANCE = 1e-6


def is_single(shares: Any) -> bool:
    """Whether numbers have half or single precision."""
    return getattr(shares, "dtype", None) in (np.float16, np.float32)


def is_distribution(lead_time: Any) -> bool:
    """Tell a frozen distribution from numbers, and from a family without its parameters."""
    if not hasattr(lead_time, "ppf") and hasattr(lead_time, "distribution"):
        msg = f"lead_time must be a distribution or numbers, got {type(lead_time).__name__}; give "
        msg += "its .distribution"
        raise TypeError(msg)
    methods = all(hasattr(lead_time, method) for method in ("cdf", "sf", "ppf"))
    return methods and not hasattr(lead_time, "freeze")


def is_lazy(values: Any) -> bool:
    """Tell arrays of Dask, with or without names, from others."""
    return hasattr(values.data if isinstance(values, xr.DataArray) else values, "__dask_graph__")


def share_table(lead_time: Values) -> Values:
    """Return a table of shares if each row is one; rows with a missing number pass.

    What is lazy is checked when it is computed.
    """
    data = lead_time.data if isinstance(lead_time, xr.DataArray) else lead_time
    axis = -1
    if isinstance(lead_time, xr.DataArray):
        if LAG not in lead_time.dims:
            there = ", ".join(map(str, lead_time.dims)) or "none"
            msg = f"lead_time must have dimension {LAG!r}; there are: {there}"
            raise ValueError(msg)
        axis = lead_time.get_axis_num(LAG)
    if not is_lazy(data):
        _check(np.asarray(data), axis)
        return lead_time
    whole = data.rechunk({axis % data.ndim: -1})
    checked = whole.map_blocks(_checked, axis, dtype=data.dtype, meta=data._meta)
    return lead_time.copy(data=checked) if isinstance(lead_time, xr.DataArray) else checked


def _checked(shares: NDArray[Any], axis: int) -> NDArray[Any]:
    _check(shares, axis)
    return shares


def _check(shares: NDArray[Any], axis: int) -> None:
    try:
        table = np.moveaxis(np.atleast_1d(shares).astype(float, copy=False), axis, -1)
    except (TypeError, ValueError) as error:
        msg = f"lead_time must be a frozen distribution or shares by lag, got {shares!r:.80}"
        raise TypeError(msg) from error
    tolerance = TOLERANCE
    if is_single(shares):
        tolerance = _SINGLE_TOLERANCE
        table = np.where(np.abs(table) <= tolerance, np.maximum(table, 0.0), table)
    sums = np.atleast_1d(_core.share_sum(table))
    wrong = np.abs(sums - 1.0) > tolerance  # not of a missing number
    if not np.any(wrong):
        return
    if np.any(sums < 0):
        outside = table[(table < -TOLERANCE) | (table > 1 + TOLERANCE)][0]
        msg = f"lead_time must hold shares from 0 to 1 by lag, got {outside}"
        raise ValueError(msg)
    where = f" in {int(wrong.sum())} of {sums.size} rows" if sums.size > 1 else ""
    msg = f"lead_time must hold shares that sum to 1, got {sums[wrong][0]:.10g}{where}"
    raise ValueError(msg)
