"""Dates as days, and days as dates, in the containers they came in."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overbuild._calls import Values


def calendar_days(dates: Any, name: str = "dates") -> NDArray[np.datetime64]:
    """Return the calendar days of `dates` in their shape; of dates with a zone, those there."""
    array = np.asarray(dates)
    numeric = array.dtype.kind in "iufb" or (
        array.dtype == object
        and any(isinstance(one, numbers.Real) and one == one for one in array.flat)
    )
    if array.size and numeric:
        msg = f"{name} must be dates, got numbers"
        raise TypeError(msg)
    try:
        flat = pd.DatetimeIndex(pd.to_datetime(array.ravel()))
    except (TypeError, ValueError) as error:
        msg = f"{name} must hold dates: {error}"
        raise ValueError(msg) from error
    return flat.tz_localize(None).to_numpy().astype("datetime64[D]").reshape(array.shape)


def are_dates(values: Any) -> bool:
    """Tell dates, or what may be parsed as dates, from numbers."""
    dtype = getattr(values, "dtype", None)
    # Polars has dtypes of its own.
    kind = getattr(dtype, "kind", None) or np.asarray(values).dtype.kind
    return kind not in "iufb"


def day_numbers(dates: Values, name: str) -> Values:
    """Return days since 1970 as floats, NaN for no date; labels of xarray and pandas stay."""
    days = calendar_days(dates, name)
    counted = np.where(np.isnat(days), np.nan, days.astype(np.int64).astype(float))
    if isinstance(dates, xr.DataArray):
        return dates.copy(data=counted).drop_attrs()
    return pd.Series(counted, index=dates.index) if isinstance(dates, pd.Series) else counted


def dates_of(days: Values) -> Values:
    """Return the dates of days since 1970; no date for what is not finite."""
    if isinstance(days, xr.DataArray):
        return xr.apply_ufunc(
            _seconds, days, dask="parallelized", output_dtypes=[np.dtype("datetime64[s]")]
        )
    if isinstance(days, pd.Series):
        return pd.Series(_seconds(days.to_numpy()), index=days.index)
    found = _dates(np.asarray(days))
    return found if found.ndim else found[()]


def _dates(days: NDArray[np.float64]) -> NDArray[np.datetime64]:
    known = np.isfinite(days)
    whole = np.floor(np.where(known, days, 0.0)).astype(np.int64).astype("datetime64[D]")
    return np.where(known, whole, np.datetime64("NaT", "D"))


def _seconds(days: NDArray[np.float64]) -> NDArray[np.datetime64]:
    # The coarsest unit that xarray and pandas keep.
    return _dates(days).astype("datetime64[s]")
