"""A result as HTML for notebooks: no script, no colours of its own, every text escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from overbuild.study.showing import sparklines
from overbuild.study.showing.outline import Run, runs
from overbuild.study.showing.rendering import facts, for_people

if TYPE_CHECKING:
    from overbuild.study.results import Result

#: Grades that no reader should take for a figure from a primary source.
WEAK = {"unverified", "assumption", "seed"}

_RULE = "1px solid rgba(128,128,128,0.35)"
_NUMBER = "text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;vertical-align:top"
_TEXT = "text-align:left;vertical-align:top"
_SOURCE = f"{_TEXT};min-width:12em;max-width:30em;white-space:normal;opacity:0.85"
_WARNING = "border:1px dashed #c2703d;border-radius:3px;padding:0 4px;white-space:nowrap"
_STYLES = {
    "unit": f"{_TEXT};white-space:nowrap",
    "grade": _TEXT,
    "source": _SOURCE,
    "name": _TEXT,
    "picture": _TEXT,
}


def html(result: Result) -> str:
    """Return a summary as an HTML table, with a small picture and the source of each row."""
    table = result.summary()
    title, *more = (escape(line) for line in facts(result.dataset, table))
    shown = for_people(table)
    columns = _ordered(shown)
    role = ""
    body = []
    for run in runs(result.dataset):
        if (new := str(run.variable.attrs.get("role", ""))) != role:
            role = new
            body.append(_section(f"{role.capitalize()}s", 2 + len(columns)))
        body += _lines(run, table, shown[columns])
    head = "".join(_cell("th", column, escape(str(column))) for column in columns)
    about = "".join(f'<div style="opacity:0.85">{line}</div>' for line in more)
    return (
        f"<div><div><b>{title}</b></div>{about}"
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;color:inherit">'
        f'<thead><tr style="border-bottom:{_RULE}"><th></th><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div></div>"
    )


def _ordered(shown: pd.DataFrame) -> list[str]:
    """Return the columns, what counts before what explains."""
    words = [column for column in ("unit", "grade", "source") if column in shown]
    return [*(column for column in shown.columns if column not in words), *words]


def _section(name: str, width: int) -> str:
    style = f"{_TEXT};padding-top:8px;border-bottom:{_RULE}"
    return f'<tr><th colspan="{width}" style="{style}">{escape(name)}</th></tr>'


def _lines(run: Run, table: pd.DataFrame, shown: pd.DataFrame) -> Iterable[str]:
    if run.dim is None:
        (row,) = run.rows
        draws = run.variable.isel(run.place)
        picture = sparklines.histogram(draws, float(table["P50"].iloc[row]))
        return [_line(str(table.index[row]), picture, shown.iloc[row])]
    quantiles = (table[name].iloc[run.rows].to_numpy(float) for name in ("P5", "P50", "P95"))
    hidden = len(run.rows) - len(run.shown)
    said = f"{len(run.rows)} along {run.dim}" + (f", {hidden} not shown" if hidden else "")
    head = f'{escape(run.name)}<div style="opacity:0.75;font-weight:normal">{escape(said)}</div>'
    blank = "".join("<td></td>" for _ in shown.columns)
    picture = sparklines.band(*quantiles)
    first = f'<tr><th style="{_TEXT}">{head}</th><td>{picture}</td>{blank}</tr>'
    return [first, *(_line(str(table.index[row]), "", shown.iloc[row]) for row in run.shown)]


def _line(name: str, picture: str, row: pd.Series) -> str:
    cells = "".join(
        _cell("td", str(column), _grade(str(text)) if column == "grade" else escape(str(text)))
        for column, text in row.items()
    )
    head = f'<th style="{_TEXT};font-weight:normal;white-space:nowrap">{escape(name)}</th>'
    return f"<tr>{head}{_cell('td', 'picture', picture)}{cells}</tr>"


def _cell(tag: str, column: str, text: str) -> str:
    return f'<{tag} style="{_STYLES.get(column, _NUMBER)}">{text}</{tag}>'


def _grade(grade: str) -> str:
    # Where scenarios differ, a grade is a list such as "base: A; slow: assumption".
    if not WEAK & set(re.split(r"[:;,\s]+", grade.lower())):
        return escape(grade)
    return f'<span style="{_WARNING}" title="not from a primary source">▲ {escape(grade)}</span>'
