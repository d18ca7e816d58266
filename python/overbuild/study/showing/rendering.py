"""Results as a person reads them: numbers with four digits, a few lines about the draws."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from overbuild.study.inputs import WEIGHT
from overbuild.study.showing.outline import runs
from overbuild.study.statistics.summaries import MISSING

if TYPE_CHECKING:
    from overbuild.study.results import Result

#: Columns that may go where a terminal is too narrow for all, in this order.
_LESS_NEEDED = ("mean", "grade")

#: Columns of words, set to the left.
_WORDS = {"variable", "unit", "source", "grade"}

_WIDTH = 99


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return a summary with numbers as text: four digits, but a constant as it is."""
    numbers = table.select_dtypes("number").columns
    quantiles = [column for column in numbers if str(column).startswith("P")]
    constant = table[quantiles].nunique(axis=1) <= 1
    shown = table.astype(object)
    for column in numbers:
        counts = table[column].dtype.kind == "i"
        shown[column] = [
            f"{value:,.10g}" if exact or counts else _four_digits(value)
            for value, exact in zip(table[column], constant, strict=True)
        ]
    return shown


def _four_digits(value: float) -> str:
    """Return a number with four significant digits, large ones with separators."""
    if not np.isfinite(value) or value == 0:
        return f"{value:g}"
    if 1e-4 <= abs(value) < 1e16:
        decimals = max(0, 3 - int(np.floor(np.log10(abs(value)))))
        return f"{float(f'{value:.4g}'):,.{decimals}f}"
    return f"{value:.3e}"


def for_people(table: pd.DataFrame) -> pd.DataFrame:
    """Return a summary as text, without standard errors, and counts of NaN only if there are."""
    errors = [column for column in table.columns if str(column).startswith("SE ")]
    nothing_missing = [MISSING] if MISSING in table and not table[MISSING].any() else []
    return as_text(table.drop(columns=[*errors, *nothing_missing]))


def facts(dataset: xr.Dataset, table: pd.DataFrame) -> list[str]:
    """Return lines about the draws: the model, the evidence, how precise the quantiles are."""
    attrs = dataset.attrs
    draws = attrs.get("draws", 0)
    words = "1 draw" if draws == 1 else f"{draws:,} draws"
    title = f"{attrs.get('model')}: {words}, seed {attrs.get('seed')}"
    if "against" in attrs:
        title += f", outputs compared with {attrs['against']}"
    lines = [title]
    if said := _given(dataset):
        lines.append(said)
    error = largest_error(table)
    if np.isfinite(error):
        lines.append(f"largest standard error of a quantile: {error:.2%} of its 90% range")
    return lines


def _given(dataset: xr.Dataset) -> str:
    said = evidence(dataset)
    if WEIGHT not in dataset.coords:
        return f"given {said}" if said else ""
    weights = np.asarray(dataset.coords[WEIGHT].values, dtype=float)
    effective = weights.sum() ** 2 / (weights @ weights)
    by = f"given {said}" if said else "weighted by evidence"
    return f"{by}: as good as {effective:,.0f} draws of equal weight"


def evidence(dataset: xr.Dataset) -> str:
    """Return what the draws of a result are weighted by, in words."""
    said: Any = dataset.attrs.get("evidence", "")
    if isinstance(said, Mapping):
        return "; ".join(f"{name}: {what}" for name, what in said.items())
    if isinstance(said, Iterable) and not isinstance(said, str):
        return "; ".join(map(str, said))
    return str(said)


def largest_error(table: pd.DataFrame) -> float:
    """Return the largest standard error of a quantile over its row's P95 - P5; NaN if unknown."""
    errors = [column for column in table.columns if str(column).startswith("SE P")]
    if not errors or not {"P5", "P95"} <= set(table.columns):
        return float("nan")
    with np.errstate(invalid="ignore", divide="ignore"):
        width = table["P95"].to_numpy(float) - table["P5"].to_numpy(float)
        share = table[errors].to_numpy(float).max(axis=1) / width
    known = share[np.isfinite(share)]
    return float(known.max()) if known.size else float("nan")


def text(result: Result) -> str:
    """Return a result as text for a terminal, below 100 columns where names allow."""
    table = result.summary()
    shown, left_out = [], []
    for run in runs(result.dataset):
        shown += run.shown
        if hidden := len(run.rows) - len(run.shown):
            left_out.append(f"{hidden} more of {run.name}")
    lines = for_people(table.iloc[shown]).drop(columns="source").reset_index()
    for column in _LESS_NEEDED:
        if _width(lines) > _WIDTH and column in lines:
            lines = lines.drop(columns=column)
    if left_out:
        more = "; ".join(left_out[:4]) + ("; ..." if len(left_out) > 4 else "")
        left_out = textwrap.wrap(f"not shown: {more} (summary() has all)", _WIDTH)
    return "\n".join([*facts(result.dataset, table), *_aligned(lines), *left_out])


def _width(lines: pd.DataFrame) -> int:
    return len(max(_aligned(lines), key=len))


def _aligned(lines: pd.DataFrame) -> list[str]:
    columns = []
    for name in lines.columns:
        cells = [str(name) if name != "variable" else "", *(_one_line(x) for x in lines[name])]
        width = max(map(len, cells))
        left = name in _WORDS
        columns.append([cell.ljust(width) if left else cell.rjust(width) for cell in cells])
    return ["  ".join(row).rstrip() for row in zip(*columns, strict=True)]


def _one_line(cell: object) -> str:
    return " ".join(str(cell).split())
