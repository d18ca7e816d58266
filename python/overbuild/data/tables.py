"""Tables as data frames, as they are or as they could be known by a day."""

from __future__ import annotations

import numbers
import re
from typing import Any

import pandas as pd

from overbuild.data.files import names, path

#: Columns of text, even where all their cells look like numbers: a period may be ``2025``.
_TEXT = ("name", "period", "unit", "date", "source", "grade", "note")

#: Where one of these columns comes first, a table's names end and its figures begin.
_FIGURES = ("distribution", "value", "low", "price", "day", "old_life")


#: A day, month or year of ISO 8601: other ways to write one are read differently by country.
_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def load(name: str, *, known_by: Any = None, as_stated: bool = False) -> pd.DataFrame:
    """Read a table of cited figures.

    Parameters
    ----------
    name : str
        Name of the table, one of :func:`names`; it has neither unit nor shape.
    known_by : date, optional
        Leave only figures that were public at the end of this day, such as ``"2025-04-30"``, or
        of this month or year, such as ``"2025-04"``. The table must have a column ``published``.
    as_stated : bool
        Whether to leave all cells as text, as the file puts them: for a table to be shown.

    Returns
    -------
    DataFrame
        One row a figure, in the unit that the row states, with columns ``unit``, ``date``,
        ``source``, ``grade`` and ``note``, and those of the table. Numbers are floats, NaN where
        a cell is empty; ``published`` is a date, the last day of a month or year if only that is
        known. The frame is the caller's own.

    Raises
    ------
    ValueError
        If there is no such table, it does not say when its figures were published, or `known_by`
        is no date.

    Notes
    -----
    Source: each row of a table names its own.

    Examples
    --------
    >>> import overbuild as ob
    >>> capex = ob.data.load("hyperscaler_capex", known_by="2025-04-30")
    >>> capex[capex["period"] == "2025Q1"]["company"].to_list()  # Amazon reported a day later
    ['Microsoft', 'Alphabet', 'Meta']
    """
    stated = pd.read_csv(path(name), dtype=str, keep_default_na=False)
    table = stated.apply(_converted)
    if known_by is not None:
        if "published" not in table:
            msg = f"table {name!r} does not say when its figures were published"
            raise ValueError(msg)
        known = table["published"] <= _day(known_by)
        stated, table = (frame[known].reset_index(drop=True) for frame in (stated, table))
    return stated if as_stated else table


def sources() -> pd.DataFrame:
    """List all figures with where they come from.

    Returns
    -------
    DataFrame
        One row a figure, as text: columns ``table``, ``figure`` (its name within the table, with
        the date where that has several figures of one name), ``unit``, ``date``, ``source`` and
        ``grade``. No two rows have the same table and figure.

    Notes
    -----
    Source: each row of a table names its own.

    Examples
    --------
    >>> import overbuild as ob
    >>> listed = ob.data.sources()
    >>> listed[listed["table"] == "pue"].iloc[-1]["figure"]
    'Microsoft, 2025'
    """
    return pd.concat([_listed(name) for name in names()], ignore_index=True)


def _listed(name: str) -> pd.DataFrame:
    table = load(name, as_stated=True)
    begin = next(k for k, column in enumerate(table) if column in _FIGURES)
    words = table.iloc[:, :begin].drop(columns="date", errors="ignore")
    figures = pd.Series([", ".join(filter(None, row)) for row in words.itertuples(index=False)])
    several = figures.duplicated(keep=False)
    figures[several] += ", " + table["date"][several]
    listed = table[["unit", "date", "source", "grade"]]
    listed.insert(0, "figure", figures)
    listed.insert(0, "table", name)
    return listed


def _converted(column: pd.Series[str]) -> pd.Series[Any]:
    """Return the column as dates, or as numbers if all its cells are such; else as it is."""
    if column.name == "published":
        return column.map(_last_day)
    if column.name in _TEXT:
        return column
    try:
        return column.map(lambda cell: float(cell or "nan")).astype(float)
    except ValueError:
        return column


def _last_day(stated: str) -> pd.Timestamp:
    return pd.Period(stated).end_time.normalize()


def _day(given: Any) -> pd.Timestamp:
    """Return a day; the last one of a month or year, as in column ``published``."""
    day = None
    try:
        if isinstance(given, pd.Period):
            day = given.end_time.normalize()
        elif not isinstance(given, str):
            day = pd.Timestamp(given)
        elif _DAY.fullmatch(given.strip()):
            day = _last_day(given.strip())
    except (ValueError, TypeError):
        pass
    # A bare number would count nanoseconds.
    if isinstance(given, numbers.Number) or not isinstance(day, pd.Timestamp) or day.tz is not None:
        msg = (
            "known_by must be a date without a time zone, such as '2025-04-30', or a month or "
            f"year, which count to their end, got {given!r}"
        )
        raise ValueError(msg)
    return day
