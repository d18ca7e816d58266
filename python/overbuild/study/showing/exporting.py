"""Results as files for others: CSV, Excel and Markdown, none of which can carry a formula."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from overbuild.study.inputs import DRAW
from overbuild.study.labels import places
from overbuild.study.showing.rendering import facts, for_people

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from overbuild.study.results import Result

Path = str | os.PathLike[str]

#: What makes a spreadsheet take text for a formula, also after spaces.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")

#: Attributes of an input that stand in the sheet of inputs.
_LABELS = ("unit", "date", "published", "source", "grade", "note")


def to_csv(result: Result, path: Path | None) -> str | None:
    """Return or write the summary as CSV."""
    table = result.summary().reset_index()
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table.columns)
    for row in table.itertuples(index=False):
        writer.writerow([_csv_cell(value) for value in row])
    return _given(file.getvalue(), path)


def _csv_cell(value: Any) -> str:
    if isinstance(value, str):
        # A lone carriage return would part a row in two: Python's writer does not quote it.
        text = re.sub(r"\r\n?", "\n", value)
        return f"'{text}" if _FORMULA.match(text) else text
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(float(value))
    return str(value)


def to_markdown(result: Result, path: Path | None) -> str | None:
    """Return or write the summary as a Markdown table."""
    table = for_people(result.summary())
    words = {"unit", "source", "grade"}
    columns = [["", *map(_markdown_cell, table.index)]]
    columns += [[_markdown_cell(name), *map(_markdown_cell, table[name])] for name in table.columns]
    left = [True, *(name in words for name in table.columns)]
    widths = [max(3, *map(len, column)) for column in columns]
    padded = [
        [cell.ljust(width) if to_left else cell.rjust(width) for cell in column]
        for column, width, to_left in zip(columns, widths, left, strict=True)
    ]
    rules = [
        "-" * width if to_left else "-" * (width - 1) + ":"
        for width, to_left in zip(widths, left, strict=True)
    ]
    head, *body = zip(*padded, strict=True)
    lines = [f"| {' | '.join(cells)} |" for cells in (head, rules, *body)]
    about = [_markdown_cell(line) for line in facts(result.dataset, result.summary())]
    return _given("\n".join([*about, "", *lines, ""]), path)


def _markdown_cell(value: Any) -> str:
    """Return text that no Markdown takes for a sign of its own, on one line."""
    text = escape(" ".join(str(value).split()), quote=False)
    text = re.sub(r"([\\`*|\[\]~#])", r"\\\1", text)
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)


def _given(text: str, path: Path | None) -> str | None:
    if path is None:
        return text
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return None


def to_excel(result: Result, path: Path) -> None:
    """Write a workbook with sheets summary, inputs and study."""
    try:
        from openpyxl import Workbook
    except ImportError as error:
        msg = "Excel files need openpyxl: pip install 'overbuild[excel]'"
        raise ImportError(msg) from error
    if os.path.splitext(os.fspath(path))[1].lower() != ".xlsx":
        msg = f"an Excel workbook ends in .xlsx, got {os.fspath(path)!r}"
        raise ValueError(msg)
    table = result.summary()
    book = Workbook()
    book.remove(book.worksheets[0])
    _fill(book.create_sheet("summary"), table.reset_index())
    _fill(book.create_sheet("inputs"), inputs_table(result.dataset, table))
    _fill(book.create_sheet("study"), pd.DataFrame({"study": facts(result.dataset, table)}))
    book.save(os.fspath(path))


def inputs_table(dataset: xr.Dataset, table: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each position of an input: its value or distribution, and its labels."""
    rows = []
    number = 0
    for variable in dataset.data_vars.values():
        found = list(places(variable, without=DRAW))
        if variable.attrs.get("role") == "input":
            for k, (label, place) in enumerate(found):
                summary = table.iloc[number + k]
                random = DRAW in variable.dims
                value = math.nan if random else float(variable.isel(place).values)
                said = variable.attrs.get("distribution", "") if random else "constant"
                ends = [summary["P5"], summary["P50"], summary["P95"]] if random else [math.nan] * 3
                labels = [str(variable.attrs.get(word, "")) for word in _LABELS]
                rows.append([label, said, value, *ends, *labels])
        number += len(found)
    columns = ["name", "distribution", "value", "P5", "P50", "P95", *_LABELS]
    inputs = pd.DataFrame(rows, columns=columns)
    optional = ("distribution", "date", "published", "note")
    empty = [column for column in optional if not any(inputs[column])]
    return inputs.drop(columns=empty)


def _fill(sheet: Worksheet, table: pd.DataFrame) -> None:
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "B2"
    rule = Border(bottom=Side(style="thin", color="808080"))
    for column, name in enumerate(table.columns, start=1):
        head = sheet.cell(1, column, str(name))
        head.font, head.border = Font(bold=True), rule
        words = table[name].dtype.kind not in "iuf"
        head.alignment = Alignment(horizontal="left" if words else "right")
        for row, value in enumerate(table[name], start=2):
            cell = sheet.cell(row, column)
            if words:
                _write_text(cell, str(value))
                cell.alignment = Alignment(vertical="top", wrap_text=True)
            else:
                _write_number(cell, float(value))
                cell.alignment = Alignment(vertical="top", horizontal="right")
        longest = max([len(str(name)), *(len(str(value)) for value in table[name])])
        width = min(60, longest + 2) if words else 14
        sheet.column_dimensions[get_column_letter(column)].width = max(width, 8)


def _write_text(cell: Any, text: str) -> None:
    """Write text as text, also where it looks like a formula and when it is edited later."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text) or None
    if cell.value is not None:
        cell.data_type = "s"
        cell.quotePrefix = _FORMULA.match(text) is not None


def _write_number(cell: Any, number: float) -> None:
    """Write a number with all its digits, shown with about four; a word if it is infinite."""
    if math.isnan(number):
        return
    if math.isinf(number):
        _write_text(cell, "infinite" if number > 0 else "minus infinite")
        return
    # As text of a number: openpyxl would round to 16 digits, which is not all of them.
    cell.value, cell.data_type = repr(number), "n"
    size = abs(number)
    if number == int(number) and size < 1e15:
        cell.number_format = "#,##0"
    elif 1e-4 <= size < 1e15:
        cell.number_format = "#,##0" + "." * (size < 1e4) + "0" * max(0, _decimals(size))
    else:
        cell.number_format = "0.000E+00"


def _decimals(size: float) -> int:
    return min(8, 3 - math.floor(math.log10(size)))
