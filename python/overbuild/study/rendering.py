"""Tables of results as a person reads them, in a terminal and in a notebook."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd


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


def as_html(title: str, table: pd.DataFrame) -> str:
    """Return an HTML table of texts: numbers to the right, words to the left."""
    words = {"unit", "source", "grade"}

    def cell(tag: str, column: object, text: object) -> str:
        side = "left" if column in words or column is None else "right"
        return f'<{tag} style="text-align:{side}">{html.escape(str(text))}</{tag}>'

    head = "".join(cell("th", column, column) for column in table.columns)
    body = "".join(
        "<tr>"
        + cell("th", None, name)
        + "".join(cell("td", column, text) for column, text in row.items())
        + "</tr>"
        for name, row in table.iterrows()
    )
    return (
        f"<p><b>{html.escape(title)}</b></p>"
        f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def evidence(dataset: object) -> str:
    """Return what the draws of a result are weighted by, in words."""
    return ""
