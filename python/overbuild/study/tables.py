"""Inputs from a table: one row a parameter, as analysts keep them."""

from __future__ import annotations

import csv
import difflib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
from scipy import stats

from overbuild.study.distributions import between, pert, triangular
from overbuild.study.inputs import Input

_LABELS = ("unit", "date", "source", "grade", "note")
_NUMBERS = ("value", "low", "mode", "high", "level")
_COLUMNS = ("name", "distribution", *_NUMBERS, *_LABELS)


def _normal_between(low: float, high: float, level: float = 0.9) -> Any:
    return between(low, high, level, kind="normal")


def _uniform(low: float, high: float) -> Any:
    if not low < high:
        msg = f"low must be below high, got low = {low}, high = {high}"
        raise ValueError(msg)
    return stats.uniform(loc=low, scale=high - low)


#: For each word in column `distribution`: how to make it, columns it needs, columns it may have.
_DISTRIBUTIONS: Mapping[str, tuple[Callable[..., Any], frozenset[str], frozenset[str]]] = {
    "constant": (lambda value: value, frozenset({"value"}), frozenset()),
    "lognormal": (between, frozenset({"low", "high"}), frozenset({"level"})),
    "normal": (_normal_between, frozenset({"low", "high"}), frozenset({"level"})),
    "pert": (pert, frozenset({"low", "mode", "high"}), frozenset()),
    "triangular": (triangular, frozenset({"low", "mode", "high"}), frozenset()),
    "uniform": (_uniform, frozenset({"low", "high"}), frozenset()),
}


def read_inputs(table: str | os.PathLike[str] | pd.DataFrame) -> dict[str, Input]:
    """Read the inputs of a study from a table with one row a parameter.

    Columns are ``name``; ``distribution``, one of constant (the default), lognormal, normal,
    pert, triangular, uniform; the numbers that it takes: ``value`` (constant), ``low`` and
    ``high`` (all others; for lognormal and normal the ends of an interval of probability
    ``level``, 0.9 unless given), ``mode`` (pert, triangular); and ``unit``, ``date``,
    ``source``, ``grade``, ``note``. Lines of a CSV that begin with ``#`` are comments.

    Parameters
    ----------
    table : path or DataFrame
        A CSV file, or a table with these columns in any order; all but ``name`` may be missing.
        Numbers are in the row's unit.

    Returns
    -------
    dict
        An :class:`Input` for each name, in the table's order.

    Raises
    ------
    ValueError
        If a column is unknown, a name is missing or comes twice, a number is missing, not a
        number or not used by the distribution, or the distribution is unknown or impossible. The
        message names the row, counted from 1 below the header, and the parameter.

    Notes
    -----
    Source: the layout is that of a cited assumptions table.

    Examples
    --------
    >>> import overbuild as ob
    >>> inputs = ob.read_inputs(ob.data.path("coreweave_2024"))
    >>> inputs["customer_hours"].unit, inputs["customer_hours"].grade
    ('GPU-hour', 'seed')
    """
    if isinstance(table, pd.DataFrame):
        where = "table"
        columns, rows = list(table.columns), table.astype(object).to_numpy().tolist()
    else:
        where = os.fspath(table)
        columns, rows = _read_csv(where)
    _check_columns(columns, rows, where)
    inputs: dict[str, Input] = {}
    for number, row in enumerate(rows, start=1):
        filled = zip(columns, row, strict=True)
        cells = {column: cell for column, cell in filled if not _is_blank(cell)}
        name = str(cells.pop("name", "")).strip()
        place = f"{where}, row {number} ({name or 'no name'})"
        if not name:
            msg = f"{place}: a name is missing"
            raise ValueError(msg)
        if name in inputs:
            msg = f"{place}: this name has a row already"
            raise ValueError(msg)
        try:
            inputs[name] = _read_row(cells)
        except (ValueError, TypeError) as error:
            msg = f"{place}: {error}"
            raise ValueError(msg) from error
    return inputs


def _read_csv(path: str) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a CSV file without its comments."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            lines = (line for line in file if not line.startswith("#"))
            rows = [row for row in csv.reader(lines, strict=True) if row]
    except (csv.Error, UnicodeDecodeError) as error:
        msg = f"{path} is no CSV table: {error}"
        raise ValueError(msg) from error
    if not rows:
        msg = f"{path} is empty"
        raise ValueError(msg)
    header = [cell.strip() for cell in rows[0]]
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            msg = (
                f"{path}, row {number} ({row[0].strip()}): {len(row)} cells under "
                f"{len(header)} columns; is a comma not in quotes?"
            )
            raise ValueError(msg)
    return header, rows[1:]


def _is_blank(cell: Any) -> bool:
    return (
        cell is None
        or cell is pd.NA
        or (isinstance(cell, float) and math.isnan(cell))
        or (isinstance(cell, str) and not cell.strip())
    )


def _check_columns(columns: Sequence[Any], rows: Sequence[Sequence[Any]], where: str) -> None:
    for k, column in enumerate(columns):
        if column in columns[:k]:
            msg = f"{where}: column {column!r} comes twice"
            raise ValueError(msg)
        if column in _COLUMNS:
            continue
        filled = [n for n, row in enumerate(rows, start=1) if not _is_blank(row[k])]
        first = f"filled first in row {filled[0]}" if filled else "filled in no row"
        if isinstance(column, str) and any(mark in column for mark in ";\t"):
            msg = f"{where}: one column {column!r}; are cells parted by something else than commas?"
            raise ValueError(msg)
        close = difflib.get_close_matches(str(column), _COLUMNS, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        known = ", ".join(_COLUMNS)
        msg = f"{where}: unknown column {column!r} ({first}); {hint}columns are {known}"
        raise ValueError(msg)
    if "name" not in columns:
        msg = f"{where}: there is no column 'name'"
        raise ValueError(msg)


def _read_row(cells: dict[str, Any]) -> Input:
    kind = str(cells.pop("distribution", "constant")).strip().lower()
    if kind not in _DISTRIBUTIONS:
        known = ", ".join(_DISTRIBUTIONS)
        msg = f"unknown distribution {kind!r}; it can be {known}"
        raise ValueError(msg)
    make, needed, optional = _DISTRIBUTIONS[kind]
    given = {column: _number(column, cells.pop(column)) for column in _NUMBERS if column in cells}
    if missing := sorted(needed - given.keys(), key=_COLUMNS.index):
        hint = "; name another in column distribution" if kind == "constant" and given else ""
        msg = f"{kind} needs {' and '.join(missing)}{hint}"
        raise ValueError(msg)
    if extra := sorted(given.keys() - needed - optional, key=_COLUMNS.index):
        msg = f"{kind} has no {' and no '.join(extra)}"
        raise ValueError(msg)
    labels = {column: str(cell).strip() for column, cell in cells.items()}
    return Input(make(**given), **labels)


def _number(column: str, cell: Any) -> float:
    try:
        number = float(cell)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        msg = f"{column} is not a number: {cell!r}"
        raise ValueError(msg)
    return number
