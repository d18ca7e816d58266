"""From a table of orders with dates to lead times, without a silent drop."""

from __future__ import annotations

import dataclasses
import numbers
import warnings
from collections.abc import Hashable
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

#: Days in a unit of time; a month is a twelfth of 365.25 days.
_DAYS = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}

#: What is left of a day from its beginning on.
_DAY = pd.Timedelta(days=1) - pd.Timedelta(microseconds=1)

Unit: TypeAlias = Literal["days", "weeks", "months", "years"]


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Orders:
    """Lead times of the orders that make sense, and a report of what does not.

    ``fit(orders.durations, orders.observed)`` and ``kaplan_meier`` take them as they are, and so
    does ``cumulative_incidence(orders.durations, orders.cause)``.

    Attributes
    ----------
    durations : Series
        Time from order to its end or, if it is open, to `as_of`, labelled as in the table.
    observed : Series of bool
        Whether it was delivered by then.
    cause : Series
        ``delivered``, ``cancelled`` or, for an open order, None.
    problems : DataFrame
        One row for each thing that makes no sense: ``reason``, ``kept`` (whether the order is
        among `durations` all the same), and the dates as they stand in the table.
    as_of : Timestamp
        Day of the count.
    unit : str
        Unit of the durations.
    """

    durations: pd.Series[float]
    observed: pd.Series[bool]
    cause: pd.Series[Any]
    problems: pd.DataFrame
    as_of: pd.Timestamp
    unit: str

    def __repr__(self) -> str:
        delivered, cancelled = int(self.observed.sum()), int((self.cause == "cancelled").sum())
        counts = f"{len(self.durations):,} orders, {delivered:,} delivered"
        counts += f", {cancelled:,} cancelled" if cancelled else ""
        left_out = self.problems.index[~self.problems["kept"]].size
        return (
            f"Orders as of {self.as_of:%Y-%m-%d}: {counts}, durations in {self.unit}; "
            f"{len(self.problems):,} problems, {left_out:,} orders left out"
        )


def from_orders(
    frame: pd.DataFrame,
    ordered: Hashable,
    delivered: Hashable,
    as_of: Any,
    cancelled: Hashable | None = None,
    unit: Unit = "weeks",
) -> Orders:
    r"""Lead times from a table of orders with dates, as they stood on one day.

    .. math:: t = \min(\text{delivered}, \text{cancelled}, \text{as of}) - \text{ordered}

    An order is delivered if the date of delivery is not after `as_of`; otherwise it is open and
    has lasted until then. Nothing is dropped in silence: what makes no sense is listed with its
    reason.

    Parameters
    ----------
    frame : DataFrame, shape (orders, columns)
        One row an order; dates, or text in ISO 8601 or in one other form, that of the first such
        date of a column (03/04/2024 is the 4th of March, after 13/04/2024 the 3rd of April).
    ordered, delivered : label
        Columns with the dates of order and of delivery; the latter is missing in an open order.
    as_of : date
        Day of the count, all of it unless a time is given; dates after it were not known then.
    cancelled : label, optional
        Column with the dates of cancellation; missing in all other orders.
    unit : {"weeks", "days", "months", "years"}
        Unit of the durations; a month is 30.4375 days, a year 365.25.

    Returns
    -------
    Orders
        ``durations``, ``observed`` and ``cause``, Series of shape (orders kept,) with the labels
        of the table, and ``problems``, a table. Left out are orders without a date of order, with
        one after `as_of`, with a date that cannot be read, ended before they were ordered, or both
        delivered and cancelled by then. Kept and listed are deliveries and cancellations dated
        after `as_of`, such as promised dates: on that day the order was open.

    Raises
    ------
    ValueError
        If a column is missing or `unit` is unknown, `as_of` is no date, or some dates have a time
        zone and others have none.
    TypeError
        If `frame` is no DataFrame, or a column holds numbers or durations instead of dates.

    Notes
    -----
    Source: definition. An order delivered on the day that it was ordered has duration 0; a curve
    takes it, a fitted distribution does not, and says so.

    Examples
    --------
    >>> import overbuild as ob
    >>> import pandas as pd
    >>> table = pd.DataFrame({
    ...     "ordered": ["2023-01-02", "2023-02-06", "2023-03-06", "2024-03-04"],
    ...     "delivered": ["2023-10-09", None, "2023-02-27", None]})
    >>> orders = ob.leadtime.from_orders(table, "ordered", "delivered", as_of="2024-01-01")
    >>> print(orders)
    Orders as of 2024-01-01: 2 orders, 1 delivered, durations in weeks;
    2 problems, 2 orders left out
    >>> orders.durations.to_list(), orders.observed.to_list()
    ([40.0, 47.0], [True, False])
    >>> orders.problems["reason"].to_list()
    ['delivered before ordered', 'ordered after as_of']
    """
    if not isinstance(frame, pd.DataFrame):
        msg = f"frame must be a DataFrame, got {type(frame).__name__}"
        raise TypeError(msg)
    if unit not in _DAYS:
        msg = f"unit must be {', '.join(_DAYS)}, got {unit!r}"
        raise ValueError(msg)
    labels = {"ordered": ordered, "delivered": delivered}
    if cancelled is not None:
        labels["cancelled"] = cancelled
    for name, label in labels.items():
        if label not in frame.columns:
            there = ", ".join(map(str, frame.columns))
            msg = f"{name}: the table has no column {label!r}; there are: {there}"
            raise ValueError(msg)
    now = _timestamp(as_of)
    given = {name: _column(name, frame, label) for name, label in labels.items()}
    dates = {name: _dates(name, column) for name, column in given.items()}
    if "cancelled" not in dates:
        dates["cancelled"] = pd.Series(pd.NaT, index=dates["ordered"].index, dtype="datetime64[us]")
    zones = {
        name: column.dt.tz is not None for name, column in dates.items() if column.notna().any()
    }
    zones["as_of"] = now.tzinfo is not None
    if len(set(zones.values())) > 1:
        naive = " and ".join(name for name, zoned in zones.items() if not zoned)
        msg = f"{naive} without time zone, the others with one"
        raise ValueError(msg)
    dates = {name: _utc(column) for name, column in dates.items()}
    end = now.tz_convert("UTC").tz_localize(None) if now.tzinfo else now
    # What happens on the day of the count was known then.
    last = end + (_DAY if now == now.normalize() else pd.Timedelta(0))

    begin, done, gone = (dates[name] for name in ("ordered", "delivered", "cancelled"))
    unreadable = {name: column.notna() & dates[name].isna() for name, column in given.items()}
    faults = {f"{name} is no date": mask for name, mask in unreadable.items()}
    faults["no date of order"] = begin.isna() & ~unreadable["ordered"]
    faults["ordered after as_of"] = begin > last
    faults["delivered before ordered"] = done < begin
    faults["cancelled before ordered"] = gone < begin
    faults["delivered and cancelled"] = (done <= last) & (gone <= last)
    late = {
        "delivered after as_of, counted as open": (done > last) & ~(gone <= last),
        "cancelled after as_of, counted as open": (gone > last) & ~(done <= last),
    }
    out = np.logical_or.reduce([mask.to_numpy() for mask in faults.values()])
    listed = [
        pd.DataFrame({"place": np.flatnonzero(mask), "reason": reason, "kept": kept})
        for masks, kept in ((faults, False), (late, True))
        for reason, mask in ((r, m.to_numpy() & ~(out & kept)) for r, m in masks.items())
        if mask.any()
    ]
    return _assemble(frame, given, dates, out, listed, (now, end, last), unit)


def _assemble(
    frame: pd.DataFrame,
    given: dict[str, pd.Series[Any]],
    dates: dict[str, pd.Series[Any]],
    out: Any,
    listed: list[pd.DataFrame],
    count: tuple[pd.Timestamp, pd.Timestamp, pd.Timestamp],
    unit: str,
) -> Orders:
    now, end, last = count
    begin, done, gone = (dates[name] for name in ("ordered", "delivered", "cancelled"))
    was_delivered, was_cancelled = (done <= last).to_numpy(), (gone <= last).to_numpy()
    open_until = begin.where(begin > end, end)
    ended = done.where(was_delivered, gone.where(was_cancelled, open_until))
    days = (ended - begin).dt.total_seconds() / 86_400
    cause = np.full(len(frame), None, dtype=object)
    cause[was_cancelled] = "cancelled"
    cause[was_delivered] = "delivered"
    index = frame.index[~out]
    columns = ["place", "reason", "kept"]
    report = pd.concat(listed) if listed else pd.DataFrame({name: [] for name in columns})
    report = report.sort_values("place", kind="stable")
    places = report["place"].to_numpy(dtype=int)
    problems = pd.DataFrame(
        {
            "reason": report["reason"].to_numpy(dtype=object),
            "kept": report["kept"].to_numpy(dtype=bool),
            **{name: column.to_numpy(dtype=object)[places] for name, column in given.items()},
        },
        index=frame.index[places],
    )
    return Orders(
        durations=pd.Series(days.to_numpy()[~out] / _DAYS[unit], index=index, name="duration"),
        observed=pd.Series(was_delivered[~out], index=index, name="observed"),
        cause=pd.Series(cause[~out], index=index, name="cause", dtype=object),
        problems=problems,
        as_of=now,
        unit=unit,
    )


def _column(name: str, frame: pd.DataFrame, label: Hashable) -> pd.Series[Any]:
    """Return a column of the table; blanks are missing."""
    column = frame[label]
    if isinstance(column, pd.DataFrame):
        msg = f"{name}: the table has {column.shape[1]} columns {label!r}"
        raise ValueError(msg)
    column = column.reset_index(drop=True)
    text = column.map(lambda one: isinstance(one, str) and not one.strip())
    return column.mask(text.astype(bool), None)


def _timestamp(as_of: Any) -> pd.Timestamp:
    try:
        # A number would be read as nanoseconds.
        found: Any = None if isinstance(as_of, int | float | np.number) else pd.Timestamp(as_of)
    except (TypeError, ValueError):
        found = None
    if not isinstance(found, pd.Timestamp) or pd.isna(found):
        msg = f"as_of must be a date, got {as_of!r}"
        raise ValueError(msg)
    return found


def _dates(name: str, column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column of dates; what cannot be read is missing."""
    if column.dtype.kind in "iufbmc" and column.notna().any():
        msg = f"{name} must hold dates, got a column of {column.dtype}"
        raise TypeError(msg)
    if column.dtype == object and any(isinstance(one, numbers.Number) for one in column.dropna()):
        msg = f"{name} must hold dates, got a column with numbers among them"
        raise TypeError(msg)
    if column.isna().all():
        return pd.Series(pd.NaT, index=column.index, dtype="datetime64[us]")
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        return column
    found = pd.to_datetime(column, errors="coerce", format="ISO8601")
    if (other := column[found.isna() & column.notna()]).size:
        # One form beside ISO's for all, so that no day is read as a month in some rows only.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # 13/01/2023 can only be the day first
            form = guess_datetime_format(str(other.iloc[0]))
        if form is not None:
            found = found.fillna(pd.to_datetime(column, errors="coerce", format=form))
    # Text with and without time zones stays objects.
    if found.dtype.kind != "M" and not isinstance(found.dtype, pd.DatetimeTZDtype):
        msg = f"{name} has dates with and without time zone, or in several; convert them first"
        raise ValueError(msg)
    return found


def _utc(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.dt.tz_convert("UTC").dt.tz_localize(None) if column.dt.tz is not None else column
