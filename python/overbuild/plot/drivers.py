"""Tornado diagrams: what an output is worth at either end of each input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from overbuild.plot._draws import Floats
from overbuild.plot._numbers import Numbers, labelled, plain, shortened
from overbuild.plot._style import FILL, INK, QUIET, axes, note, percent, points_wide

#: Most inputs shown.
_MOST = 12


def tornado(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw what an output is at a low and at a high value of each input, widest first.

    Parameters
    ----------
    table : DataFrame
        One row an input, its name as index; columns ``low`` and ``high``, the output given the
        input at its P10 and at its P90, in the output's unit; if there is a column
        ``first_order``, shares of variance as fractions of 1, they stand beside the bars.
        ``attrs`` are ``output`` (its name), ``unit`` and ``centre`` (its mean or median).
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If a column is missing, or no input has finite numbers.

    Notes
    -----
    At most 12 inputs are shown; the footnote says how many are not.

    Source: R. A. Howard, "Decision analysis: practice and promise", *Management Science* 34
    (1988), 679-695.

    Examples
    --------
    >>> import overbuild as ob
    >>> import pandas as pd
    >>> table = pd.DataFrame({"low": [0.3, 0.45], "high": [0.5, 0.35]}, index=["hours", "price"])
    >>> table.attrs = {"output": "utilization", "unit": "share", "centre": 0.4}
    >>> ax = ob.plot.tornado(table)
    >>> [tick.get_text() for tick in ax.get_yticklabels()]
    ['hours', 'price']
    """
    rows = _widest_first(table)
    shown = rows.head(_MOST)
    ends = shown[["low", "high"]].to_numpy(dtype=float)
    centre = float(table.attrs.get("centre", np.nan))
    if not np.isfinite(centre):
        centre = float(np.median(ends))
    numbers = Numbers(str(table.attrs.get("unit", "")), *_span(ends, centre))
    ax = axes(ax)
    _bars(ax, ends, centre)
    numbers.set(ax.xaxis)
    _write_ends(ax, ends, centre, numbers)
    ax.plot([centre] * 2, [-0.6, len(shown) - 0.4], color=QUIET, linewidth=0.8)
    ax.set_yticks(range(len(shown)), [_row_name(str(name)) for name in shown.index])
    # A row for the legend, below the shortest bar.
    ax.set_ylim(len(shown) + 0.3, -0.9)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(labelled(str(table.attrs.get("output", "output")), numbers.unit))
    if "first_order" in shown:
        _write_shares(ax, shown["first_order"].to_numpy(dtype=float))
    ax.legend(frameon=False, fontsize=8, loc="lower center", ncols=2)
    _say(ax, table, rows, numbers.mark(centre))
    return ax


def _row_name(label: str) -> str:
    """Return a label, over two lines if it is that of one position with a long name."""
    name, bracket, place = label.partition("[")
    if len(label) > 24 and bracket:
        return plain(f"{shortened(name, 32)}\n[{shortened(place, 32)}")
    return plain(shortened(label, 32))


def _widest_first(table: pd.DataFrame) -> pd.DataFrame:
    if table.index.nlevels > 1:
        outputs = ", ".join(map(str, table.index.unique(0)[:3]))
        msg = f"a tornado is of one output or position; choose one, such as {outputs}"
        raise ValueError(msg)
    if missing := [column for column in ("low", "high") if column not in table]:
        columns = ", ".join(map(str, table.columns))
        msg = f"the table of a tornado needs columns low and high; {missing[0]} is not in {columns}"
        raise ValueError(msg)
    ends = table[["low", "high"]].to_numpy(dtype=float)
    there = np.isfinite(ends).all(axis=1)
    if not there.any():
        msg = f"the table of a tornado has no row with finite low and high, of {len(table)}"
        raise ValueError(msg)
    width = np.abs(ends[there, 1] - ends[there, 0])
    widest: pd.DataFrame = table[there].iloc[np.argsort(-width, kind="stable")]
    return widest


def _span(ends: Floats, centre: float) -> tuple[float, float]:
    return min(float(ends.min()), centre), max(float(ends.max()), centre)


def _bars(ax: Axes, ends: Floats, centre: float) -> None:
    low, high = _span(ends, centre)
    reach = high - low or 0.1 * abs(centre) or 1.0
    text = min(0.3, 43 / points_wide(ax))
    margin = reach * text / (1 - 2 * text)
    ax.set_xlim(low - margin, high + margin)
    places = np.arange(len(ends))
    # Where both lie on one side, the shorter bar is drawn over the longer one, and is thinner.
    inner = np.abs(ends - centre).argmin(axis=1)
    one_side = (np.sign(ends - centre).prod(axis=1) > 0)[:, None]
    heights = np.where(one_side & (np.arange(2) == inner[:, None]), 0.36, 0.62)
    for k, (color, name) in enumerate(((FILL, "input at its P10"), (INK, "input at its P90"))):
        ax.barh(
            places,
            ends[:, k] - centre,
            left=centre,
            height=heights[:, k],
            color=color,
            label=name,
            zorder=2 + (inner == k).mean(),
        )


def _write_ends(ax: Axes, ends: Floats, centre: float, numbers: Numbers) -> None:
    """Write numbers outside of the outermost ends."""
    for k, pair in enumerate(ends):
        for x in {float(pair.min()), float(pair.max())}:
            if pair.min() < centre < pair.max() or x == pair[np.abs(pair - centre).argmax()]:
                right = x >= centre
                ax.annotate(
                    numbers.mark(x),
                    (x, k),
                    xytext=(3 if right else -3, 0),
                    textcoords="offset points",
                    ha="left" if right else "right",
                    va="center",
                    fontsize=8,
                    color=INK,
                )


def _write_shares(ax: Axes, shares: Floats) -> None:
    style: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "fontsize": 8, "color": QUIET}
    style |= {"xytext": (10, 0), "textcoords": "offset points"}
    texts = [percent(share) if np.isfinite(share) else "–" for share in shares.clip(0, 1)]
    for k, text in enumerate(texts):
        ax.annotate(text, (1, k), va="center", **style)
    ax.annotate("share of\nvariance", (1, -0.55), va="bottom", **style)


def _say(ax: Axes, table: pd.DataFrame, rows: pd.DataFrame, centre: str) -> None:
    said = [f"bars start at {centre}"]
    if (hidden := len(rows) - _MOST) > 0:
        said.append(f"{hidden} more inputs change less")
    if broken := len(table) - len(rows):
        said.append(f"{broken} inputs without finite numbers are left out")
    note(ax, "; ".join(said))
