"""Tables in the forms they come in, as rows of filled cells: CSV files, data frames, mappings."""

from __future__ import annotations

import csv
import dataclasses
import difflib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from overbuild.study.inputs import SCENARIO, Input
from overbuild.study.tables.cells import is_blank, text

#: The longest cell of a CSV file, in characters: a sample of a million numbers.
_LONGEST_CELL = 2**24


@dataclasses.dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes
    ----------
    table : str
        The file, or ``table``.
    number : int
        Counted from 1 below the header.
    name : str
        What the row is about, as it stands there.
    cells : mapping
        Other cells that are filled, by column.
    given : Input or None
        A value that came ready, in place of cells.
    """

    table: str
    number: int
    name: str
    cells: Mapping[str, Any]
    given: Input | None = None

    def fault(self, columns: Collection[str], reason: object) -> ValueError:
        """Return an error that says where it is and why."""
        where = f"{self.table}, row {self.number} ({self.name or 'no name'})"
        names = f"column{'s' if len(columns) > 1 else ''} {', '.join(columns)}"
        return ValueError(f"{where}, {names}: {reason}")


def read_rows(table: Any, columns: Sequence[str]) -> list[Row]:
    """Return the rows of a table that has some of `columns`, in their order; none are blank."""
    if isinstance(table, pd.DataFrame):
        where, (header, lines) = "table", _of_frame(table, columns)
    elif isinstance(table, Mapping):
        found = list(_of_mapping(table, columns))
        return _some(found, "table")
    elif isinstance(table, str | os.PathLike):
        where = os.fspath(table)
        header, lines = _of_csv(where)
    else:
        msg = f"table must be a path, a DataFrame or a mapping, got {type(table).__name__}"
        raise TypeError(msg)
    _check_header(header, lines, where, columns)
    rows = []
    for number, line in enumerate(lines, start=1):
        filled = zip(header, line, strict=True)
        cells = {column: cell for column, cell in filled if not is_blank(cell)}
        if cells:
            rows.append(_row(where, number, cells))
    return _some(rows, where)


def _row(where: str, number: int, cells: dict[str, Any]) -> Row:
    name = cells.pop("name", "")
    row = Row(where, number, text(name), cells)
    if not isinstance(name, str):
        raise row.fault(["name"], f"not a name: {name!r:.80}")
    return row


def _some(rows: list[Row], where: str) -> list[Row]:
    if not rows:
        msg = f"{where} has no rows"
        raise ValueError(msg)
    return rows


def _of_frame(table: pd.DataFrame, columns: Sequence[str]) -> tuple[list[Any], list[list[Any]]]:
    if table.columns.nlevels > 1:
        msg = f"table must have one row of column names, got {table.columns.nlevels}"
        raise ValueError(msg)
    if all(name in columns and name not in table.columns for name in table.index.names):
        table = table.reset_index()
    return list(table.columns), table.astype(object).to_numpy().tolist()


def _of_mapping(table: Mapping[Any, Any], columns: Sequence[str]) -> Iterator[Row]:
    """Yield rows of a mapping by name, or by scenario and name if that is a column."""
    with_scenarios = SCENARIO in columns
    number = 0
    for scenario, block in table.items() if with_scenarios else [(None, table)]:
        if not isinstance(block, Mapping):
            msg = f"scenario {scenario!r} must be a mapping from name to value, got {block!r:.80}"
            raise TypeError(msg)
        known = {} if is_blank(scenario) else {SCENARIO: scenario}
        if with_scenarios and not block:
            number += 1
            yield Row("table", number, "", known)
        for name, spec in block.items():
            for one in _specs(spec):
                number += 1
                if not isinstance(name, str):
                    raise Row("table", number, "", {}).fault(["name"], f"not a name: {name!r:.80}")
                if isinstance(one, Mapping):
                    yield _spelled_out(number, name, one, known, columns)
                else:
                    given = one if isinstance(one, Input) else Input(one)
                    yield Row("table", number, name.strip(), known, given)


def _specs(spec: Any) -> Sequence[Any]:
    """Return what a name stands for as rows: several if it is a list of mappings, a mixture."""
    several = isinstance(spec, list | tuple) and spec and any(isinstance(x, Mapping) for x in spec)
    return spec if several else [spec]


def _spelled_out(
    number: int,
    name: str,
    cells: Mapping[Any, Any],
    known: Mapping[str, Any],
    columns: Sequence[str],
) -> Row:
    row = Row("table", number, name.strip(), {})
    others = [column for column in columns if column not in ("name", SCENARIO)]
    for column in cells:
        if column not in others:
            raise row.fault([str(column)], _unknown(column, others))
    filled = {column: cell for column, cell in cells.items() if not is_blank(cell)}
    return dataclasses.replace(row, cells={**known, **filled})


def _of_csv(path: str) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a CSV file without its comments and empty lines."""
    limit = csv.field_size_limit(_LONGEST_CELL)
    rows: list[list[str]] = []
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows.extend(row for row in _csv_rows(file) if row)
    except csv.Error as error:
        msg = f"{path} is no CSV table from row {len(rows)} on: {error}; is a quote not closed?"
        raise ValueError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path} is no CSV table in UTF-8: {error}"
        raise ValueError(msg) from error
    finally:
        csv.field_size_limit(limit)
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


def _csv_rows(file: Iterator[str]) -> Iterator[list[str]]:
    """Yield rows; a line that begins with # is a comment, unless a quoted cell runs over it."""
    between_rows = True

    def lines() -> Iterator[str]:
        nonlocal between_rows
        for line in file:
            if not (between_rows and line.startswith("#")):
                between_rows = False
                yield line

    for row in csv.reader(lines(), strict=True):
        between_rows = True
        yield row


def _check_header(
    header: Sequence[Any], lines: Sequence[Sequence[Any]], where: str, columns: Sequence[str]
) -> None:
    for k, column in enumerate(header):
        if column in header[:k]:
            msg = f"{where}: column {column!r} comes twice"
            raise ValueError(msg)
        if column in columns:
            continue
        if isinstance(column, str) and any(mark in column for mark in ";\t|"):
            msg = f"{where}: one column {column!r}; are cells parted by something else than commas?"
            raise ValueError(msg)
        filled = [n for n, line in enumerate(lines, start=1) if not is_blank(line[k])]
        first = f"filled first in row {filled[0]}" if filled else "filled in no row"
        msg = f"{where}, column {column!r} ({first}): {_unknown(column, columns)}"
        raise ValueError(msg)
    for needed in {"name", SCENARIO} & set(columns):
        if needed not in header:
            msg = f"{where}: there is no column {needed!r}"
            raise ValueError(msg)


def _unknown(column: object, columns: Sequence[str]) -> str:
    if column == SCENARIO:
        return "unknown column; a table with scenarios is for read_scenarios"
    close = difflib.get_close_matches(str(column), columns, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"unknown column; {hint}columns are {', '.join(columns)}"
