"""What evidence changed: draws before it and after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from overbuild.plot._bins import tallest
from overbuild.plot._draws import (
    TINY,
    Draws,
    Floats,
    checked_draws,
    is_skewed,
    numeric,
    span,
    weights_of,
)
from overbuild.plot._numbers import axis_label, scale_of
from overbuild.plot._style import (
    FILL,
    QUIET,
    axes,
    footnote,
    mark_quantiles,
    percent,
    quantile_name,
    without_side,
)
from overbuild.study.inputs import WEIGHT
from overbuild.study.statistics.summaries import QUANTILES, checked


def posterior(
    values: xr.DataArray,
    ax: Axes | None = None,
    quantiles: Sequence[float] = QUANTILES,
    evidence: str = "",
    before: xr.DataArray | None = None,
) -> Axes:
    """Draw a variable before and after evidence: two histograms on one axis.

    Parameters
    ----------
    values : DataArray
        Numbers or dates along dimension ``draw`` alone, weighted by a coordinate
        ``draw_weight``; ``attrs["unit"]`` labels the axis. Without their weights they are what
        was believed before.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.
    quantiles : sequence of float
        Rising probabilities, fractions from 0 to 1, to mark after evidence.
    evidence : str
        What is known, for the footnote.
    before : DataArray, optional
        Other draws of the variable, of a run without the evidence, to compare with; of `values`
        without their weights if not given.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on; both histograms have the same bins, and heights are probabilities.

    Raises
    ------
    ValueError
        If there is nothing to compare with, as the draws have no weights that differ and `before`
        is not given, or is in another unit; none is finite, `values` have further
        dimensions, or `quantiles` are no rising probabilities.
    TypeError
        If `values` are neither numbers nor dates.

    Notes
    -----
    Source: Bayes' theorem, with the draws as importance sample of the prior.

    Examples
    --------
    >>> import numpy as np
    >>> import overbuild as ob
    >>> result = ob.Study(lambda price: {"double": 2 * price},
    ...                   {"price": ob.between(2, 4)}).run(draws=256)
    >>> double = result.dataset["double"]
    >>> likelihood = np.exp(-0.5 * ((double - 6) / 0.5) ** 2)
    >>> weighted = double.assign_coords(draw_weight=likelihood / likelihood.sum())
    >>> ax = ob.plot.posterior(weighted, evidence="double is about 6")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['before evidence', 'after evidence']
    """
    probabilities = checked(quantiles)
    earlier = values if before is None else before
    if before is None and weights_of(values) is None:
        which = "equal weights" if WEIGHT in values.coords else f"no coordinate {WEIGHT!r}"
        msg = (
            f"the draws of {values.name} have {which}: there is no evidence to compare with, "
            "unless draws of a run without it are given as before"
        )
        raise ValueError(msg)
    units = [str(draws.attrs.get("unit", "")) for draws in (earlier, values)]
    if units[0] != units[1]:
        msg = f"before is in {units[0] or 'no unit'}, but {values.name} in {units[1] or 'none'}"
        raise ValueError(msg)
    values = numeric(values)
    prior = checked_draws(numeric(earlier), weighted=before is not None)
    after = checked_draws(values)
    edges, log = _edges(prior, after, after.quantiles(probabilities))
    scale = scale_of(values, edges[0], edges[-1])
    ax = axes(ax)
    heights = prior.heights(edges), after.heights(edges)
    ax.stairs(heights[0], edges, color=QUIET, linewidth=1.1, label="before evidence", zorder=3)
    ax.stairs(heights[1], edges, color=FILL, fill=True, label="after evidence")
    ax.set_xlim(edges[0], edges[-1])
    if log:
        ax.set_xscale("log")
    scale.set(ax.xaxis, log)
    tops, cuts = zip(*map(tallest, heights), strict=True)
    ax.set_ylim(0, 1.35 * max(tops))
    without_side(ax)
    notes = [note for cut in cuts for note in cut]
    outside = float(prior.heights(prior.finite[[0, -1]])[0] - heights[0].sum())
    if outside > 0.003:
        notes.append(f"{percent(outside)} of those before lie beyond the axis")
    notes += mark_quantiles(ax, after, probabilities, scale)
    pairs = zip(probabilities, prior.quantiles(probabilities), strict=True)
    was = ", ".join(f"{quantile_name(p)} {scale.mark(x)}" for p, x in pairs if np.isfinite(x))
    footnote(ax, values, evidence, [f"before evidence: {was}", *notes])
    in_axes = ax.transData + ax.transAxes.inverted()
    right = in_axes.transform((float(after.quantiles(0.5)), 0))[0] < 0.5
    ax.legend(frameon=False, fontsize=8, loc="center right" if right else "center left")
    ax.set_xlabel(axis_label(values))
    return ax


def _edges(before: Draws, after: Draws, marks: Floats) -> tuple[Floats, bool]:
    """Return bins over what both show, narrow enough for the draws after evidence.

    The axis ends where those would take less than a tenth of it.
    """
    ends = np.array([span(before, before.quantiles([0.5])), span(after, marks)])
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    if low == high:
        low, high = low - (0.05 * abs(low) or 0.5), high + (0.05 * abs(high) or 0.5)
    if low > TINY and is_skewed(before) and is_skewed(after):
        return np.geomspace(low, high, 81), True
    p5, p95 = after.quantiles([0.05, 0.95])
    if np.isfinite(p95 - p5) and p95 > p5:
        middle, reach = p5 / 2 + p95 / 2, 5 * (p95 - p5)
        low = min(max(low, middle - reach), float(ends[1, 0]))
        high = max(min(high, middle + reach), float(ends[1, 1]))
    bins = np.clip(np.sqrt(after.effective), 4, 24)  # within the central 90% after evidence
    width = (p95 - p5) / bins if np.isfinite(p95 - p5) and p95 > p5 else (high - low) / 80
    number = int(np.clip(np.ceil((high - low) / width), 20, 300))
    return low + (high - low) * np.linspace(0, 1, number + 1), False
