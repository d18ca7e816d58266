"""Histograms of draws: the whole distribution of one number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from overbuild.plot._bins import bin_edges, said_of_repeated, tallest
from overbuild.plot._draws import Draws, Floats, checked_draws, is_skewed, numeric, span
from overbuild.plot._numbers import Numbers, Scale, axis_label, scale_of
from overbuild.plot._style import FILL, axes, footnote, mark_quantiles, percent, without_side
from overbuild.study.statistics.summaries import QUANTILES, checked

#: Values that are drawn as bars of their own, if draws have no more.
_FEW = 30


def histogram(
    values: xr.DataArray,
    ax: Axes | None = None,
    quantiles: Sequence[float] = QUANTILES,
    evidence: str = "",
) -> Axes:
    """Draw how often each value comes: a histogram, or a bar for each of a few values.

    Parameters
    ----------
    values : DataArray
        Numbers or dates along dimension ``draw`` alone; ``attrs["unit"]`` labels the axis, and a
        coordinate ``draw_weight`` weighs the draws.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.
    quantiles : sequence of float
        Rising probabilities, fractions from 0 to 1, to mark.
    evidence : str
        What the draws are weighted by, for the footnote.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on; heights are probabilities.

    Raises
    ------
    ValueError
        If there is no finite draw, `values` have further dimensions, or `quantiles` are no
        rising probabilities.
    TypeError
        If `values` are neither numbers nor dates.

    Notes
    -----
    The axis leaves out the outermost thousandth on either side and what is three times as far
    out as the central 90% are wide; it is logarithmic if values are positive and the median
    lies in the lowest fiftieth of them. Draws without a value are in no quantile, infinite ones
    are; the footnote says how many there are of both.

    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> result = ob.Study(lambda price: {"double": 2 * price},
    ...                   {"price": ob.between(2, 4)}).run(draws=256)
    >>> ax = ob.plot.histogram(result.dataset["double"])
    >>> ax.get_xlabel()
    'double'
    """
    probabilities = checked(quantiles)
    values = numeric(values)
    draws = checked_draws(values)
    low, high = span(draws, draws.quantiles(probabilities))
    distinct, shares = draws.distinct()
    few = distinct.size <= min(_FEW, max(1, draws.values.size // 2))
    ax = axes(ax)
    if few:
        low, high = distinct[0], distinct[-1]
    scale = scale_of(values, low, high)
    if few:
        _bars(ax, distinct, shares, scale)
        notes = []
    else:
        notes = _bins(ax, draws, low, high, scale)
        notes += said_of_repeated(distinct, shares, scale)
    notes += mark_quantiles(ax, draws, probabilities, scale)
    footnote(ax, values, evidence, notes)
    ax.set_xlabel(axis_label(values))
    return ax


def _bins(ax: Axes, draws: Draws, low: float, high: float, scale: Scale) -> list[str]:
    log = is_skewed(draws)
    edges = bin_edges(draws, low, high, log)
    heights = draws.heights(edges)
    ax.stairs(heights, edges, fill=True, color=FILL)
    if log:
        # Limits first: those that matplotlib would find, with a margin, may overflow.
        ax.set_xlim(edges[0], edges[-1])
        ax.set_xscale("log")
    scale.set(ax.xaxis, log)
    if not log:
        margin = 0.015 * (edges[-1] - edges[0])
        ax.set_xlim(edges[0] - margin, edges[-1] + margin)
    top, notes = tallest(heights)
    # Room for the numbers above the bars.
    ax.set_ylim(0, 1.35 * top)
    without_side(ax)
    beyond = float(draws.heights(draws.finite[[0, -1]])[0] - heights.sum())
    if beyond > 0.003:
        notes.append(f"{percent(beyond)} beyond the axis")
    return [*(["logarithmic axis"] if log else []), *notes]


def _bars(ax: Axes, distinct: Floats, shares: Floats, scale: Scale) -> None:
    low, high = float(distinct[0]), float(distinct[-1])
    reach = high - low or 0.5 * abs(low) or 0.5
    gap = float(np.diff(distinct).min()) if distinct.size > 1 else reach
    width = max(0.7 * gap, 0.008 * reach) if distinct.size > 1 else 0.1 * reach
    ax.bar(distinct, shares, width=width, color=FILL)
    edge = max(0.6 * gap, 0.08 * reach) if distinct.size > 1 else reach
    ax.set_xlim(low - edge, high + edge)
    ax.set_ylim(0, 1.35 * shares.max())
    scale.set(ax.xaxis)
    if distinct.size == 1 or (distinct.size <= 10 and gap > 0.07 * (high - low + 2 * edge)):
        ax.set_xticks(distinct, [scale.mark(x) for x in distinct])
    ax.set_yticks([y for y in ax.get_yticks() if 0 <= y <= min(1.0, 1.2 * shares.max())])
    Numbers("share", 0.0, 1.0).set(ax.yaxis)
    ax.set_ylabel("probability")
