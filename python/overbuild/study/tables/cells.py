"""Cells of tables: numbers as analysts write them, lists of numbers, words."""

from __future__ import annotations

import datetime
import decimal
import math
import numbers
import re
from typing import Any

import numpy as np
import pandas as pd

#: Digits, with commas in front of groups of three or without, a fraction, a power of ten, %.
_NUMBER = re.compile(
    r"(?P<digits>[+-]?(?:(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+))"
    r"(?:[eE](?P<power>[+-]?[0-9]+))?\s*(?P<percent>%?)"
)

#: What is often written in place of a number, and what to write instead.
_ODD = (
    (r".*;.*", "one number is expected, not several"),
    (r"\d{4}-\d{1,2}(-\d{1,2})?|\d{1,2}/\d{1,2}/\d{2,4}", "that is a date"),
    (r"[$€£¥].*|.*[$€£¥]|(USD|EUR)\b.*|.*\b(USD|EUR)", "write the currency in column unit"),
    (r"\(.*\)", "write what is negative with a minus sign"),
    (r"[+-]?(nan|inf|infinity)", "it must be finite"),
    (r"[^a-z]*\d\s*(k|m|mn|bn|b|t)", "write it out, as in 2.5e6"),
    (r"[+-]?\d+(\.\d{3}){2,}", "points do not part thousands; write 1234567 or 1,234,567"),
    (
        r"[^a-z]*\d,[^a-z]*",
        "a comma stands before a group of three digits, as in 1,000; "
        "write a fraction with a point, and several numbers with semicolons",
    ),
)


def is_blank(cell: Any) -> bool:
    """Whether a cell has nothing in it."""
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return True
    if isinstance(cell, str):
        return not cell.strip()
    return isinstance(cell, float | np.floating) and math.isnan(cell)


def number(cell: Any) -> float:
    """Return a cell as a number.

    Raises
    ------
    ValueError
        If it is none, or could be read in two ways; the message says why.
    """
    if isinstance(cell, str):
        return _number_in(cell)
    if isinstance(cell, bool | np.bool_):
        msg = f"not a number: {cell}; that is true or false"
        raise ValueError(msg)
    if isinstance(cell, datetime.date | np.datetime64):
        msg = f"not a number: {cell}; that is a date"
        raise ValueError(msg)
    if not isinstance(cell, numbers.Real | decimal.Decimal):
        msg = f"not a number: {cell!r:.80}"
        raise ValueError(msg)
    try:
        return _finite(cell, float(cell))
    except OverflowError:
        return _finite(cell, math.inf)


def number_list(cell: Any) -> list[float]:
    """Return a cell as a list of numbers: those between its semicolons, or the elements it has."""
    parts: list[Any]
    if isinstance(cell, str):
        parts = cell.split(";")
    elif isinstance(cell, list | tuple | np.ndarray | pd.Series):
        parts = list(cell)
    else:
        parts = [cell]
    found = []
    for k, part in enumerate(parts, start=1):
        if is_blank(part):
            msg = f"nothing at place {k} of {len(parts)}"
            raise ValueError(msg)
        try:
            found.append(number(part))
        except ValueError as error:
            msg = f"{error}, at place {k} of {len(parts)}" if len(parts) > 1 else str(error)
            raise ValueError(msg) from error
    return found


def text(cell: Any) -> str:
    """Return a cell as words; a year that became a float, and a day, as they were written."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return str(cell).strip()


def _number_in(cell: str) -> float:
    word = cell.strip().replace("\N{MINUS SIGN}", "-")
    match = _NUMBER.fullmatch(word)
    if match is None:
        why = (f"; {advice}" for odd, advice in _ODD if re.fullmatch(odd, word, re.IGNORECASE))
        msg = f"not a number: {word!r:.80}{next(why, '')}"
        raise ValueError(msg)
    power = int(match["power"] or 0) - (2 if match["percent"] else 0)
    return _finite(word, float(f"{match['digits'].replace(',', '')}e{power}"))


def _finite(cell: Any, value: float) -> float:
    if not math.isfinite(value):
        msg = f"not a finite number: {cell!s:.80}"
        raise ValueError(msg)
    return value
