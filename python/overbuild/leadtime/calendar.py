"""Dates from numbers of weeks, and back, with or without working days and holidays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overbuild._calls import Values, numeric
from overbuild._dates import calendar_days, dates_of, day_numbers

_MONDAY_TO_FRIDAY = "1111100"

#: Part of a day that a number of weeks may be too long by rounding.
_ROUNDING = 1e-6


def weeks_after(dates: Values, weeks: Values, holidays: Any = None, weekmask: Any = None) -> Values:
    r"""Find the date so many weeks after another, the first on which they are over.

    .. math:: D + \lceil d\,w \rceil

    Parameters
    ----------
    dates : array_like
        Dates to count from, any shape.
    weeks : array_like
        Number of weeks, parts of them and negative ones too.
    holidays : array_like of dates, optional
        Dates on which nothing is done. With these or `weekmask`, weeks are working weeks.
    weekmask : str or array_like, optional
        Days of the week that are worked, as for :class:`numpy.busdaycalendar`: share 1 or 0 of
        each from Monday on; Monday to Friday if only holidays are given.

    Returns
    -------
    array
        Dates in the arguments' common shape. No date (NaT) where an argument is missing or weeks
        are infinite.

    Raises
    ------
    TypeError
        If `dates` are numbers.
    ValueError
        If `dates` hold what is no date, the week has no working day, or labels differ.

    Notes
    -----
    A week has seven days, or as many as are worked in it; a date that is not worked counts as the
    next that is.

    Source: :func:`numpy.busday_offset`.

    Examples
    --------
    >>> import overbuild as ob
    >>> print(ob.leadtime.weeks_after("2024-12-16", 2))
    2024-12-30
    >>> print(ob.leadtime.weeks_after("2024-12-16", 2, holidays=["2024-12-25", "2025-01-01"]))
    2024-12-31
    """
    calendar = _calendar(holidays, weekmask)

    def after(days: NDArray[np.float64], weeks: NDArray[np.float64]) -> NDArray[np.float64]:
        if calendar is None:
            return days + np.ceil(7 * weeks - _ROUNDING)
        steps = np.ceil(_worked(calendar) * weeks - _ROUNDING)
        return _where_known(
            lambda days, steps: np.busday_offset(days, steps, roll="forward", busdaycal=calendar),
            days,
            steps,
        )

    numbers = {"dates": day_numbers(dates, "dates"), "weeks": numeric("weeks", weeks)}
    return dates_of(_labelled(after, numbers))


def weeks_between(start: Values, end: Values, holidays: Any = None, weekmask: Any = None) -> Values:
    r"""Count the weeks from one date to another.

    .. math:: (E - D) / d

    Parameters
    ----------
    start : array_like
        Dates to count from, any shape.
    end : array_like
        Dates to count to; earlier ones give negative weeks.
    holidays : array_like of dates, optional
        Dates on which nothing is done. With these or `weekmask`, weeks are working weeks.
    weekmask : str or array_like, optional
        Days of the week that are worked, as for :func:`weeks_after`: share 1 or 0 of each.

    Returns
    -------
    array
        Weeks in the arguments' common shape; NaN where a date is missing.

    Raises
    ------
    TypeError
        If `start` or `end` are numbers.
    ValueError
        If they hold what is no date, the week has no working day, or labels differ.

    Notes
    -----
    Source: :func:`numpy.busday_count`.

    Examples
    --------
    >>> import overbuild as ob
    >>> float(ob.leadtime.weeks_between("2024-12-16", "2024-12-30"))
    2.0
    >>> float(ob.leadtime.weeks_between("2024-12-16", "2024-12-30", holidays=["2024-12-25"]))
    1.8
    """
    calendar = _calendar(holidays, weekmask)

    def between(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
        if calendar is None:
            return (end - start) / 7
        count = _where_known(lambda a, b: _count(calendar, a, b), start, end)
        return count / _worked(calendar)

    numbers = {"start": day_numbers(start, "start"), "end": day_numbers(end, "end")}
    return _labelled(between, numbers)


def _calendar(holidays: Any, weekmask: Any) -> np.busdaycalendar | None:
    if holidays is None and weekmask is None:
        return None
    closed = calendar_days([] if holidays is None else holidays, "holidays").ravel()
    mask = _MONDAY_TO_FRIDAY if weekmask is None else weekmask
    return np.busdaycalendar(weekmask=mask, holidays=closed)


def _worked(calendar: np.busdaycalendar) -> int:
    return int(calendar.weekmask.sum())


def _count(
    calendar: np.busdaycalendar, start: NDArray[np.datetime64], end: NDArray[np.int64]
) -> NDArray[np.int64]:
    # From working day to working day, so that a count back is a count forward.
    first = np.busday_offset(start, 0, roll="forward", busdaycal=calendar)
    last = np.busday_offset(end.astype("datetime64[D]"), 0, roll="forward", busdaycal=calendar)
    low, high = np.minimum(first, last), np.maximum(first, last)
    days = np.busday_count(low, high, busdaycal=calendar)
    return np.where(last < first, -days, days)


def _where_known(
    count: Callable[[NDArray[np.datetime64], NDArray[np.int64]], NDArray[Any]],
    days: NDArray[np.float64],
    numbers: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Call NumPy's functions of days, which take no missing ones, where there are none."""
    days, numbers = np.broadcast_arrays(days, numbers)
    known = np.isfinite(days) & np.isfinite(numbers)
    out = np.full(known.shape, np.nan)
    found = count(
        days[known].astype(np.int64).astype("datetime64[D]"), numbers[known].astype(np.int64)
    )
    out[known] = found.astype(np.int64)
    return out


def _labelled(
    count: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]],
    operands: dict[str, Values],
) -> Values:
    """Call `count` on plain arrays, and give the result the labels of its operands."""
    if any(isinstance(operand, xr.DataArray) for operand in operands.values()):
        try:
            return xr.apply_ufunc(
                count, *operands.values(), join="exact", dask="parallelized", output_dtypes=[float]
            )
        except ValueError as error:
            msg = f"{' and '.join(operands)} have different labels: {error}"
            raise ValueError(msg) from error
    indexes = [op.index for op in operands.values() if isinstance(op, pd.Series)]
    if any(not index.equals(indexes[0]) for index in indexes):
        msg = f"{' and '.join(operands)} have different labels; reindex one of them"
        raise ValueError(msg)
    found = count(*(np.asarray(operand, dtype=float) for operand in operands.values()))
    return pd.Series(found, index=indexes[0]) if indexes else found
