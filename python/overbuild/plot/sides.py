"""Distributions side by side: scenarios, or whatever else a dimension names."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from overbuild.plot._along import along, curves_of, has_words, last_of, set_heights, set_places
from overbuild.plot._draws import TINY, Draws, Floats, is_skewed, numeric, only_dims, span
from overbuild.plot._numbers import Scale, axis_label, plain, scale_of, shortened
from overbuild.plot._style import (
    FILL,
    INK,
    QUIET,
    SERIES,
    axes,
    footnote,
    label_ends,
    quantile_name,
)
from overbuild.study.inputs import DRAW, SCENARIO
from overbuild.study.labels import places as places_of
from overbuild.study.statistics.summaries import checked

#: Most rows that can be read, most lines, and most bands that can be told apart.
_ROWS, _LINES, _BANDS = 30, 7, 3


def scenarios(
    values: xr.DataArray,
    ax: Axes | None = None,
    quantiles: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
    evidence: str = "",
) -> Axes:
    """Draw scenarios side by side: an interval with its density for each, or medians over time.

    Where there is one number a scenario, each has a row: a thin line between the outermost
    `quantiles`, a thick one between the next, a dot and a number at the median. Where there is a
    further dimension such as ``period``, each scenario is a line along it, within a band if
    there are at most three.

    Parameters
    ----------
    values : DataArray
        Numbers or dates along ``draw`` and one or two more dimensions, one of two being
        ``scenario``; ``attrs["unit"]`` labels the axis, and a coordinate ``draw_weight`` weighs
        the draws.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.
    quantiles : sequence of float
        Rising probabilities, fractions from 0 to 1.
    evidence : str
        What the draws are weighted by, for the footnote.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If there is no finite draw, `values` have no dimension to compare along or too many, more
        positions than can be read, or `quantiles` are no rising probabilities.
    TypeError
        If `values` are neither numbers nor dates.

    Notes
    -----
    All densities have the same area on a linear axis, but for what lies beyond its ends.

    Source: the rows follow J. L. Hintze, R. D. Nelson, "Violin plots", *The American
    Statistician* 52 (1998), 181-184.

    Examples
    --------
    >>> import overbuild as ob
    >>> import xarray as xr
    >>> hours = xr.DataArray([2e8, 3e8], dims="scenario", coords={"scenario": ["low", "high"]})
    >>> result = ob.Study(lambda fleet, hours: {"use": hours / fleet},
    ...                   {"fleet": ob.between(9e8, 1.1e9), "hours": hours}).run(draws=256)
    >>> ax = ob.plot.scenarios(result.dataset["use"])
    >>> [tick.get_text() for tick in ax.get_yticklabels()]
    ['low', 'high']
    """
    probabilities = checked(quantiles)
    values = numeric(values)
    dims = only_dims(values, most=2)
    if not dims or (len(dims) == 2 and SCENARIO not in dims):
        names = ", ".join(map(str, dims)) or "none beside 'draw'"
        msg = f"{values.name} must have dimension 'scenario', or one other, to compare; got {names}"
        raise ValueError(msg)
    ax = axes(ax)
    runs = [dim for dim in dims if dim != SCENARIO and not has_words(values, dim)]
    if len(dims) == 2 and runs:
        notes = _lines(ax, values, runs[0], probabilities)
    else:
        notes = _rows(ax, values, probabilities)
    footnote(ax, values, evidence, notes)
    return ax


def _check_number(values: xr.DataArray, found: int, most: int, what: str) -> None:
    if found > most:
        msg = f"{values.name} has {found} {what}, of which {most} can be read; select some"
        raise ValueError(msg)


def _rows(ax: Axes, values: xr.DataArray, probabilities: Floats) -> list[str]:
    found = [(name, Draws.of(values[place])) for name, place in places_of(values, without=DRAW)]
    _check_number(values, len(found), _ROWS, "positions")
    ends = [span(row, row.quantiles(probabilities)) for _, row in found if row.finite.size]
    if not ends:
        msg = f"{values.name} has no finite draw"
        raise ValueError(msg)
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    log = low > TINY and any(is_skewed(row) for _, row in found if row.finite.size)
    if low == high:
        low, high = low - (0.05 * abs(low) or 0.5), high + (0.05 * abs(high) or 0.5)
    margin = 0.0 if log else 0.02 * (high - low)
    scale = scale_of(values, low, high)
    ax.set_xlim(low - margin, high + margin)
    if log:
        ax.set_xscale("log")
    edges = np.geomspace(low, high, 101) if log else low + (high - low) * np.linspace(0, 1, 101)
    notes = ["logarithmic axis"] if log else []
    scale.set(ax.xaxis, log)
    heights = [row.heights(edges) if row.finite.size else np.zeros(100) for _, row in found]
    # A point mass, all in one bin, would flatten what is spread.
    peaks = np.array([h.max() for h in heights if h.max() > 0])
    top = min(peaks.max(), 3 * np.median(peaks))
    for k, ((_, row), height) in enumerate(zip(found, heights, strict=True)):
        _row(ax, k, row, (edges, np.minimum(height / top, 1)), probabilities, scale)
    ax.set_ylim(len(found) - 0.5, -0.75)
    ax.set_yticks(range(len(found)), [_row_name(values, name) for name, _ in found])
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    _beside(ax, -0.5, "median")
    ax.set_xlabel(axis_label(values))
    if (middle := found[0][1].quantiles([0.5])).size and np.isfinite(middle[0]):
        ax.axvline(middle[0], color=QUIET, linewidth=0.7, linestyle=":", zorder=0)
    return [*notes, *_legend(probabilities)]


def _row_name(values: xr.DataArray, name: str) -> str:
    inner = name.removeprefix(f"{values.name}[").removesuffix("]")
    parts = [part.partition("=")[2] for part in inner.split(", ")]
    return plain(shortened(", ".join(parts), 32))


def _row(
    ax: Axes,
    k: int,
    row: Draws,
    density: tuple[Floats, Floats],
    probabilities: Floats,
    scale: Scale,
) -> None:
    edges, heights = density
    ax.stairs(k - 0.02 - 0.45 * heights, edges, baseline=k - 0.02, fill=True, color=FILL, alpha=0.7)
    found = row.quantiles(probabilities)
    low, high = ax.get_xlim()
    shown = found.clip(low, high)  # infinite ones run off the picture
    for j in range(len(found) // 2):
        width = 1.2 if j == 0 else 4.0
        ax.plot(
            [shown[j], shown[-1 - j]],
            [k + 0.1] * 2,
            color=INK,
            linewidth=width,
            solid_capstyle="butt",
        )
    (middle,) = row.quantiles([0.5])
    if np.isfinite(middle):
        ax.plot([middle], [k + 0.1], "o", color="white", markeredgecolor=INK, markersize=5)
    words = "no value" if np.isnan(middle) else "infinite"
    _beside(ax, k + 0.1, scale.mark(middle) if np.isfinite(middle) else words)


def _beside(ax: Axes, height: float, text: str) -> None:
    ax.annotate(
        text,
        (1, height),
        xycoords=("axes fraction", "data"),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color=INK,
    )


def _legend(probabilities: Floats) -> list[str]:
    names = [quantile_name(p) for p in probabilities]
    said = []
    if len(names) > 1:
        said.append(f"thin line {names[0]} to {names[-1]}")
    if len(names) > 3:
        said.append(f"thick line {names[1]} to {names[-2]}")
    return [*said, "dot: median; dotted: median of the first row"]


def _lines(ax: Axes, values: xr.DataArray, dim: Hashable, probabilities: Floats) -> list[str]:
    names = [str(name) for name in values[SCENARIO].values]
    _check_number(values, len(names), _LINES, "scenarios")
    bands = len(names) <= _BANDS and len(probabilities) > 1
    wanted = np.array([probabilities[0], 0.5, probabilities[-1]])
    everything, ends = [], []
    for k in range(len(names)):
        table, places = along(values.isel({SCENARIO: k}), dim)
        low, middle, high = curves_of(table, wanted)
        color, line = SERIES[k]
        if bands:
            ax.fill_between(places, low, high, color=color, alpha=0.15, linewidth=0)
            everything += [low, high]
        marker = "o" if places.size == 1 else ""
        ax.plot(places, middle, color=color, linestyle=line, linewidth=1.8, marker=marker)
        everything.append(middle)
        ends += last_of(middle[None])
    set_places(ax, table, dim)
    set_heights(ax, values, np.stack(everything))
    label_ends(ax, ends, [shortened(name, 28) for name in names], [color for color, _ in SERIES])
    band = f"; bands {quantile_name(wanted[0])} to {quantile_name(wanted[2])}" if bands else ""
    return [f"lines: medians{band}"]
