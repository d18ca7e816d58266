"""Numbers and dates as a person writes them on an axis."""

from __future__ import annotations

import math
from typing import Any, Protocol

import xarray as xr
from matplotlib import dates
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, NullLocator

#: Units that are fractions of 1 and read as percentages.
_SHARES = {"share", "fraction"}

_TIMES = {"date"} | {
    word + ending
    for word in ("hour", "day", "week", "month", "quarter", "year")
    for ending in ("", "s")
}

#: Without the types that it lacks.
_DATES: Any = dates

#: Attribute of draws that were dates and now are days since 1970.
DATES = "dates"


def is_time(values: xr.DataArray) -> bool:
    """Whether values are dates or lengths of time, as their unit says."""
    words = str(values.attrs.get("unit", "")).split()
    counted = len(words) == 1 or (len(words) > 1 and words[1] in ("after", "from", "since"))
    return bool(values.attrs.get(DATES)) or (counted and words[0] in _TIMES)


def axis_label(values: xr.DataArray) -> str:
    """Return a variable's name, with its unit in brackets."""
    return labelled(
        "value" if values.name is None else str(values.name), str(values.attrs.get("unit", ""))
    )


def labelled(name: str, unit: str) -> str:
    """Return a name, with a unit in brackets if there is one."""
    return f"{plain(name)} ({plain(unit)})" if unit else plain(name)


def plain(text: str) -> str:
    """Return text that matplotlib does not read as mathematics."""
    return text.replace("$", r"\$")


def shortened(text: str, most: int) -> str:
    """Return text of at most so many letters, with an ellipsis if some are left out."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


class Scale(Protocol):
    """How the numbers of an axis are written."""

    def set(self, axis: Axis, log: bool = False) -> None:
        """Format the ticks of an axis."""

    def mark(self, x: float) -> str:
        """Return one number, with enough digits to tell a hundredth of the axis."""


def scale_of(values: xr.DataArray, low: float, high: float) -> Scale:
    """Return how to write the numbers of a variable on an axis from `low` to `high`."""
    if values.attrs.get(DATES):
        return _Dates(low, high)
    return Numbers(str(values.attrs.get("unit", "")), low, high)


class Numbers:
    """Shares as percentages, large numbers in k, M, bn and tn."""

    def __init__(self, unit: str, low: float, high: float) -> None:
        largest = max(abs(low), abs(high))
        steps = ((1e15, ""), (1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e4, "k"))
        self.unit = unit
        share = unit in _SHARES
        suffix = next((suffix for least, suffix in steps if largest >= least), "")
        self.suffix = "%" if share else suffix
        self.size = {"%": 0.01, "k": 1e3, "M": 1e6, "bn": 1e9, "tn": 1e12}.get(self.suffix, 1.0)
        # Enough digits to tell a hundredth of the axis.
        spread = largest / (high - low) if high > low else 1.0
        least = 3 if share else 4
        self.digits = max(least, 2 + math.ceil(math.log10(spread))) if spread > 0 else least

    def tick(self, x: float, _: object = None) -> str:
        """Return a number in the size of the axis."""
        return f"{x / self.size:,.10g}{self.suffix if x else ''}"

    def alone(self, x: float, _: object = None) -> str:
        """Return a number in its own size, for an axis that spans several."""
        if self.suffix == "%":
            return self.tick(x)
        own = Numbers("", x, x)
        return own.tick(float(f"{x:.{own.digits}g}"))

    def mark(self, x: float) -> str:
        """Return a number with enough digits to tell a hundredth of the axis."""
        return self.tick(float(f"{x:.{min(self.digits, 17)}g}"))

    def set(self, axis: Axis, log: bool = False) -> None:
        """Format the ticks of an axis."""
        axis.set_major_formatter(self.alone if log else self.tick)
        if log:
            axis.set_major_locator(LogLocator(numticks=7))
            axis.set_minor_locator(NullLocator())
            self.mark = self.alone  # type: ignore[method-assign]


class _Dates:
    """Dates, to the day unless the axis spans many years."""

    def __init__(self, low: float, high: float) -> None:
        self.form = "%Y" if high - low > 36_500 else "%d %b %Y" if high - low < 1_500 else "%b %Y"

    def mark(self, x: float) -> str:
        return str(_DATES.num2date(x).strftime(self.form)).lstrip("0")

    def set(self, axis: Axis, log: bool = False) -> None:
        set_dates(axis)


def set_dates(axis: Axis) -> None:
    """Put ticks at dates, each as short as its neighbours allow."""
    locator = _DATES.AutoDateLocator(minticks=3, maxticks=7)
    axis.set_major_locator(locator)
    axis.set_major_formatter(_DATES.ConciseDateFormatter(locator))


def days(moments: Any) -> Any:
    """Return dates as days since 1970, NaN for none."""
    return _DATES.date2num(moments)
