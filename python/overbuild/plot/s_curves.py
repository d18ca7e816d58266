"""S-curves: the probability that something is done by a given time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from overbuild.plot._draws import Draws, Floats, checked_draws, is_skewed, numeric, span
from overbuild.plot._numbers import Scale, axis_label, scale_of
from overbuild.plot._style import (
    INK,
    QUIET,
    axes,
    footnote,
    percent,
    quantile_name,
    said_of_infinite,
)
from overbuild.study.statistics.summaries import checked

#: More points than a picture has pixels would not show.
_POINTS = 2_000


def s_curve(
    values: xr.DataArray,
    ax: Axes | None = None,
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
    evidence: str = "",
) -> Axes:
    """Draw the probability that a number or date is reached, against the number or date.

    With weights, a thin dashed curve shows the draws before evidence.

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
        The axes drawn on.

    Raises
    ------
    ValueError
        If there is no finite draw, `values` have further dimensions, or `quantiles` are no
        rising probabilities.
    TypeError
        If `values` are neither numbers nor dates.

    Notes
    -----
    Draws without a value are left out. Infinite ones stay: where some never complete, the curve
    ends below 100%.

    Source: definition of the distribution function.

    Examples
    --------
    >>> import overbuild as ob
    >>> weeks = ob.Input(ob.pert(30, 40, 80), unit="weeks")
    >>> result = ob.Study(lambda lead_time: {"order_to_power": lead_time + 12},
    ...                   {"lead_time": weeks}, units={"order_to_power": "weeks"}).run(draws=256)
    >>> ax = ob.plot.s_curve(result.dataset["order_to_power"])
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('order_to_power (weeks)', 'cumulative probability')
    """
    probabilities = checked(quantiles)
    values = numeric(values)
    draws = checked_draws(values)
    found = draws.quantiles(probabilities)
    before = draws if draws.upto is None else checked_draws(values, weighted=False)
    ends = np.array([span(before, found), span(draws, found)])
    log = is_skewed(before)
    low, high = _room(float(ends[:, 0].min()), float(ends[:, 1].max()), log)
    scale = scale_of(values, low, high)
    ax = axes(ax)
    if before is not draws:
        curve = _curve(before, low, high)
        ax.plot(*curve, color=QUIET, linewidth=1, linestyle="--", label="before evidence")
    ax.plot(*_curve(draws, low, high), color=INK, linewidth=1.8, label="after evidence")
    ax.set_xlim(low, high)
    if log:
        ax.set_xscale("log")
    scale.set(ax.xaxis, log)
    ax.set_ylim(0, 1.02)
    notes = _mark(ax, probabilities, found, scale)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set_xlabel(axis_label(values))
    ax.set_ylabel("cumulative probability")
    if before is not draws:
        ax.legend(fontsize=8, loc="upper left", framealpha=0.9, edgecolor="none")
    never = float(1 - draws.probability_upto(np.inf, "left"))
    if never > 0:
        notes.append(f"probability of never: {percent(never)}")
    footnote(ax, values, evidence, notes)
    return ax


def _room(low: float, high: float, log: bool) -> tuple[float, float]:
    if log:
        return low, high
    reach = high - low or 0.5 * abs(low) or 0.5
    return low - 0.04 * reach, high + 0.04 * reach


def _curve(draws: Draws, low: float, high: float) -> tuple[Floats, Floats]:
    """Return corners of the distribution function within an interval, as steps."""
    inside = draws.values[slice(*np.searchsorted(draws.values, [low, high]))]
    if inside.size > _POINTS:
        inside = inside[np.linspace(0, inside.size - 1, _POINTS).astype(int)]
    places = np.concatenate([[low], np.unique(inside), [high]])
    x = np.repeat(places, 2)
    y = np.stack([draws.probability_upto(places, "left"), draws.probability_upto(places)], -1)
    return x, y.ravel()


def _mark(ax: Axes, probabilities: Floats, found: Floats, scale: Scale) -> list[str]:
    """Lead lines from both axes to each quantile; return what to say of infinite ones."""
    left = ax.get_xlim()[0]
    finite = np.isfinite(found)
    for p, x in zip(probabilities[finite], found[finite], strict=True):
        ax.plot([left, x, x], [p, p, 0], color=QUIET, linewidth=0.7, linestyle=":")
        ax.plot([x], [p], "o", color=INK, markersize=4, clip_on=False)
        # Right of the curve and below its point there is nothing but lead lines.
        ax.annotate(
            f"{quantile_name(p)}  {scale.mark(x)}",
            (x, p),
            xytext=(6, -3),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6},
        )
    return said_of_infinite(probabilities[~finite], found[~finite])
