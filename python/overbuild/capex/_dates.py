"""Dates as years, by the conventions of the bond market."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overbuild._calls import Values, with_names
from overbuild._dates import calendar_days

#: How days make years; ISDA 2006 definitions, section 4.16 (b), (d), (e) and (g).
DayCount: TypeAlias = Literal["act/365f", "act/360", "act/act", "30e/360"]


def years_of(
    dates: Values, amounts: Values, day_count: DayCount, dim: str
) -> tuple[Values, Values]:
    """Return the years since the first date of each row, and the amounts, both in order of time."""
    day_count = day_count.lower() if isinstance(day_count, str) else day_count  # type: ignore[assignment]
    if day_count not in ("act/365f", "act/360", "act/act", "30e/360"):
        msg = f"day_count must be act/365f, act/360, act/act or 30e/360, got {day_count!r}"
        raise ValueError(msg)
    if isinstance(dates, xr.DataArray):
        return _named_years_of(dates, amounts, day_count, dim)
    _check_labels(dates, amounts)
    days = calendar_days(dates)
    if days.ndim == 0 or days.shape[-1] == 0:
        return days.astype(float), amounts
    order = np.argsort(days, axis=-1, kind="stable")
    if _rises(order):
        return _year_fractions(days, day_count), amounts
    years = _year_fractions(np.take_along_axis(days, order, axis=-1), day_count)
    return years, _reordered(amounts, order, dim)


def _check_labels(dates: Values, amounts: Values) -> None:
    if isinstance(dates, pd.Series) and isinstance(amounts, pd.Series | pd.DataFrame):
        labels = amounts.index if isinstance(amounts, pd.Series) else amounts.columns
        if len(labels) == len(dates) and not dates.index.equals(labels):
            msg = "dates and amounts have different labels for periods; reindex one of them"
            raise ValueError(msg)


def _named_years_of(
    dates: xr.DataArray, amounts: Values, day_count: DayCount, dim: str
) -> tuple[Values, Values]:
    """Do the same for dates whose axes have names; those of the amounts may be others."""
    places = dates.transpose(..., dim)
    days = calendar_days(places.values)
    order = np.argsort(days, axis=-1, kind="stable")
    if days.shape[-1] and not _rises(order):
        days = np.take_along_axis(days, order, axis=-1)
        amounts = with_names("amounts", amounts, [dim])
        # Where the lengths differ, the caller will say so.
        if amounts.sizes.get(dim) == days.shape[-1]:
            amounts = _reordered_by_row(amounts, xr.DataArray(order, dims=places.dims), dim)
    years = _year_fractions(days, day_count) if days.shape[-1] else days.astype(float)
    labels = {
        other: dates[other] for other in places.dims if other != dim and other in dates.coords
    }
    return xr.DataArray(years, dims=places.dims, coords=labels), amounts


def _reordered_by_row(amounts: xr.DataArray, order: xr.DataArray, dim: str) -> xr.DataArray:
    # One by one along the dimensions that both have, not each with each.
    both = [other for other in order.dims if other != dim and other in amounts.dims]
    rows = {other: xr.DataArray(np.arange(amounts.sizes[other]), dims=[other]) for other in both}
    labels = {other: amounts[other] for other in both if other in amounts.coords}
    found = amounts.isel({dim: order, **rows})
    return found.drop_vars(dim, errors="ignore").assign_coords(labels)


def _rises(order: NDArray[np.intp]) -> bool:
    return bool((order == np.arange(order.shape[-1])).all())


def _reordered(amounts: Values, order: NDArray[np.intp], dim: str) -> Values:
    if isinstance(amounts, xr.DataArray):
        if order.ndim > 1:
            msg = "dates that differ by row must be a DataArray where amounts are one"
            raise ValueError(msg)
        return amounts.isel({dim: order}).drop_vars(dim, errors="ignore")
    array = amounts if hasattr(amounts, "__dask_graph__") else np.asarray(amounts, dtype=float)
    if array.ndim == 0 or array.shape[-1] != order.shape[-1]:
        return array  # the lengths differ, and the caller will say so
    if order.ndim == 1:
        return array[..., order]
    array = np.asarray(array)
    shape = np.broadcast_shapes(array.shape, order.shape)
    return np.take_along_axis(np.broadcast_to(array, shape), np.broadcast_to(order, shape), -1)


def _year_fractions(days: NDArray[np.datetime64], day_count: DayCount) -> NDArray[np.float64]:
    first = days[..., :1]
    missing = np.isnat(days) | np.isnat(first)
    if day_count == "act/act":
        years = _act_act(days) - _act_act(first)
    elif day_count == "30e/360":
        years = (_days_of_360(days) - _days_of_360(first)) / 360.0
    else:
        elapsed = (days - first).astype(np.int64).astype(float)
        years = elapsed / (365.0 if day_count == "act/365f" else 360.0)
    return np.where(missing, np.nan, years)


def _calendar(days: NDArray[np.datetime64]) -> tuple[Any, Any, Any]:
    years = days.astype("datetime64[Y]")
    months = days.astype("datetime64[M]")
    day = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    return years.astype(np.int64) + 1970, months.astype(np.int64) % 12 + 1, day


def _act_act(days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Years and parts of years, each day a part of the year it is in."""
    years = days.astype("datetime64[Y]")
    begin = years.astype("datetime64[D]")
    length = ((years + 1).astype("datetime64[D]") - begin).astype(np.int64)
    parts: NDArray[np.float64] = years.astype(np.int64) + (days - begin).astype(np.int64) / length
    return parts


def _days_of_360(days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    year, month, day = _calendar(days)
    counted: NDArray[np.float64] = 360.0 * year + 30.0 * month + np.minimum(day, 30)
    return counted
