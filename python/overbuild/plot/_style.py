"""How all pictures look: few colours that print in grey, units on axes, a footnote."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import NDArray

from overbuild.plot._draws import TINY, Draws, weights_of
from overbuild.plot._numbers import Scale, plain
from overbuild.study.inputs import DRAW

#: Lines and words, fills, what stands back, and the one colour beside blue.
INK, FILL, QUIET, ACCENT = "#1f3a5f", "#9db8d9", "#6b6b6b", "#c8641b"

#: Colour and line of one of several: told apart by colour-blind readers, and in grey by the line.
SERIES = (
    ("#1f3a5f", "-"),
    ("#d98a2b", "--"),
    ("#2a9d8f", "-."),
    ("#b0457b", ":"),
    ("#6f9fd8", (0, (5, 1))),
    ("#7a6a00", (0, (3, 1, 1, 1))),
    ("#777777", (0, (1, 1))),
)

#: Identifies the footnote among the texts of a picture.
FOOTNOTE = "footnote"


def axes(ax: Axes | None) -> Axes:
    """Return the axes given, or new ones, without a box around them."""
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
    if not isinstance(ax, Axes):
        msg = f"ax must be matplotlib axes, such as plt.subplots() gives, got {ax!r:.80}"
        raise TypeError(msg)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(QUIET)
    ax.tick_params(color=QUIET)
    return ax


def points_wide(ax: Axes) -> float:
    """Return the width of axes in points, before they make room for what stands around them."""
    figure = ax.get_figure(root=True)
    inches = figure.get_figwidth() if figure is not None else 6.4
    return float(72 * inches * ax.get_position().width)


def logarithmic_heights(ax: Axes, low: float, high: float) -> None:
    """Make the vertical axis logarithmic, with some room below and above."""
    room = math.exp(0.05 * (math.log(high) - math.log(low)))
    # Limits first: those that matplotlib would find may overflow.
    most = np.finfo(float).max
    ax.set_ylim(max(low / room, TINY), high * room if high < most / room else most)
    ax.set_yscale("log")


def without_side(ax: Axes) -> None:
    """Take away the vertical axis, where heights only compare."""
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def footnote(ax: Axes, values: xr.DataArray, evidence: str, more: Sequence[str] = ()) -> None:
    """Say below the picture what it is made of and what it does not show."""
    draws = values.sizes[DRAW]
    said = [f"{draws:,} draw{'s' if draws != 1 else ''}"]
    weights = weights_of(values)
    if weights is not None:
        by = f" by evidence ({evidence})" if evidence else " by evidence"
        effective = weights.sum() ** 2 / (weights @ weights)
        said.append(f"weighted{by}, as good as {effective:,.0f} of equal weight")
    elif evidence:
        said.append(f"given {evidence}")
    others = [dim for dim in values.dims if dim != DRAW]
    for what, found in {
        "without a value": values.isnull(),
        "infinite": abs(values) == np.inf,
    }.items():
        if count := int(found.any(others).sum()):
            said.append(f"{count:,} of them {what}")
    note(ax, "; ".join([*said, *more]))


def note(ax: Axes, text: str) -> None:
    """Write small print below the picture."""
    letters = max(24, int(points_wide(ax) / 4.3))
    lines = textwrap.wrap(plain(text), letters) or [""]
    ax.annotate(
        "\n".join(lines),
        (0, 0),
        xycoords="axes fraction",
        xytext=(0, -36),
        textcoords="offset points",
        ha="left",
        va="top",
        fontsize=7.5,
        color=QUIET,
        gid=FOOTNOTE,
        annotation_clip=False,
    )


def percent(share: float) -> str:
    """Return a share as a percentage of two digits, but never 0% or 100% if it is not."""
    if 0.99 < share < 1:
        return f"{100 * share:.4g}%" if share < 0.9999 else "over 99.99%"
    if 0 < share < 1e-4:
        return "under 0.01%"
    return f"{100 * share:.2g}%" if share < 0.99 else f"{100 * share:.0f}%"


def quantile_name(p: float) -> str:
    """Return the name of a quantile, such as P5."""
    return f"P{100 * p:.10g}"


def mark_quantiles(
    ax: Axes, draws: Draws, probabilities: NDArray[np.float64], scale: Scale
) -> list[str]:
    """Draw a line at each quantile, with its number above; return what to say of infinite ones.

    Lines end below the top quarter of the axes, where the numbers are.
    """
    found = draws.quantiles(probabilities)
    finite = np.isfinite(found)
    low, high = ax.get_xlim()
    logs = ax.get_xscale() == "log"
    taken = [-np.inf, -np.inf, -np.inf]
    room = 46 / points_wide(ax)  # for a number of five digits
    for x in np.unique(found[finite]):
        where = np.log(x / low) / np.log(high / low) if logs else (x - low) / (high - low)
        free = [k for k, last in enumerate(taken) if where - last > room]
        level = free[0] if free else int(np.argmin(taken))
        taken[level] = where
        names = probabilities[found == x]
        style = {"linewidth": 1.3, "linestyle": "-"} if 0.5 in names else {"linestyle": "--"}
        ax.axvline(x, ymax=0.88 - 0.1 * level, color=INK, **{"linewidth": 0.8} | style)
        ax.annotate(
            f"{', '.join(map(quantile_name, names))}\n{scale.mark(float(x))}",
            (x, 0.99 - 0.1 * level),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="top",
            fontsize=8,
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.6},
        )
    return said_of_infinite(probabilities[~finite], found[~finite])


def said_of_infinite(probabilities: NDArray[np.float64], found: NDArray[np.float64]) -> list[str]:
    """Return what to say of quantiles that no axis reaches."""
    return [
        f"{quantile_name(p)} is {'' if x > 0 else 'minus '}infinite"
        for p, x in zip(probabilities, found, strict=True)
    ]


def label_quantiles(ax: Axes, heights: Sequence[float], names: Sequence[str]) -> None:
    """Write the names of quantiles beside the right end of their curves.

    Where there is no room for all, those of three of them, or of their range.
    """
    to_axes = ax.transData + ax.transAxes.inverted()
    finite = [(y, name) for y, name in zip(heights, names, strict=True) if np.isfinite(y)]
    if not finite:
        return
    low, high = (to_axes.transform((ax.get_xlim()[1], finite[k][0]))[1] for k in (0, -1))
    room = 1 + (high - low) / (0.7 * _GAP)
    if 3 <= room < len(finite):
        finite = [finite[0], finite[len(finite) // 2], finite[-1]]
    if room < len(finite):
        middle = ax.transData.inverted().transform(ax.transAxes.transform((1, (low + high) / 2)))
        finite = [(float(middle[1]), f"{finite[0][1]} to {finite[-1][1]}")]
    ys, texts = zip(*finite, strict=True)
    label_ends(ax, ys, texts, [INK] * len(ys))


#: Space between the middles of two lines of small words, as a fraction of a picture's height.
_GAP = 0.055


def label_ends(
    ax: Axes, heights: Sequence[float], names: Sequence[str], colors: Sequence[str]
) -> None:
    """Write names beside the right end of lines that end at these heights, none over another."""
    to_axes = ax.transData + ax.transAxes.inverted()
    ends = [to_axes.transform((ax.get_xlim()[1], y))[1] for y in heights]
    shown = [k for k in np.argsort(ends) if np.isfinite(ends[k])]
    places = apart([ends[k] for k in shown], _GAP)
    for k, place in zip(shown, places, strict=True):
        ax.annotate(
            plain(names[k]),
            (1, place),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=colors[k],
        )


def apart(rising: Sequence[float], gap: float) -> list[float]:
    """Move rising places as little as needed to lie `gap` apart: those that touch move as one."""
    groups: list[list[float]] = []
    for place in rising:
        groups.append([place])
        while len(groups) > 1 and _begin(groups[-1], gap) < _end(groups[-2], gap) + gap:
            last = groups.pop()
            groups[-1] += last
    return [_begin(group, gap) + gap * k for group in groups for k in range(len(group))]


def _begin(group: list[float], gap: float) -> float:
    return sum(group) / len(group) - gap * (len(group) - 1) / 2


def _end(group: list[float], gap: float) -> float:
    return _begin(group, gap) + gap * (len(group) - 1)
