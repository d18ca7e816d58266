"""Fan charts: how a distribution runs along one more dimension."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import NDArray

from overbuild.plot._along import along, curves_of, last_of, set_heights, set_places
from overbuild.plot._draws import Floats, numeric, only_dims, weights_of
from overbuild.plot._style import FILL, INK, QUIET, axes, footnote, label_quantiles, quantile_name
from overbuild.study.inputs import DRAW
from overbuild.study.statistics.summaries import QUANTILES, checked


def fan(
    values: xr.DataArray,
    ax: Axes | None = None,
    quantiles: Sequence[float] = QUANTILES,
    evidence: str = "",
) -> Axes:
    """Draw a fan: the median along a dimension, and bands between quantiles around it.

    With weights, thin dashed lines show the outermost quantiles and the median before evidence.

    Parameters
    ----------
    values : DataArray
        Numbers or dates along ``draw`` and one more dimension; its coordinate, of numbers or
        dates, gives places on the horizontal axis. ``attrs["unit"]`` labels the vertical one; a
        coordinate ``draw_weight`` weighs the draws.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.
    quantiles : sequence of float
        Rising probabilities, fractions from 0 to 1: bands lie between the first and the last,
        the second and the last but one, and so on; the middle one is a line.
    evidence : str
        What the draws are weighted by, for the footnote.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If there is no finite draw, not just one dimension beside ``draw``, or `quantiles` are no
        rising probabilities.
    TypeError
        If `values` are neither numbers nor dates.

    Notes
    -----
    A quantile is taken at each place alone: the band is no path of a single draw. It has a gap
    where a quantile is infinite.

    Source: the fan chart follows the Bank of England's *Inflation Report* (1996 on).

    Examples
    --------
    >>> import overbuild as ob
    >>> def model(opening):
    ...     return {"fleet": ob.utilization.fleet_ramp(opening, 250_000, periods=12)}
    >>> result = ob.Study(model, {"opening": ob.pert(40_000, 53_000, 80_000)}).run(draws=256)
    >>> ax = ob.plot.fan(result.dataset["fleet"])
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('period', 'fleet')
    """
    probabilities = checked(quantiles)
    values = numeric(values)
    dims = only_dims(values, most=1)
    if not dims:
        msg = f"{values.name} has no dimension beside {DRAW!r} that a fan could run along"
        raise ValueError(msg)
    table, places = along(values, dims[0])
    curves = curves_of(table, probabilities)
    ax = axes(ax)
    notes = []
    if places.size == 1:
        places, curves = np.array([-0.3, 0.3]), np.repeat(curves, 2, axis=1)
    _bands(ax, places, curves)
    if weights_of(table) is not None and table.shape[0] > 1:
        before = curves_of(table, probabilities, weighted=False)
        for k in sorted({0, len(before) // 2, len(before) - 1}):
            ax.plot(places, before[k], color=QUIET, linewidth=0.8, linestyle="--")
        notes.append("dashed: before evidence")
    set_places(ax, table, dims[0])
    set_heights(ax, values, curves)
    names = [quantile_name(p) for p in probabilities]
    label_quantiles(ax, last_of(curves), names)
    footnote(ax, values, evidence, notes)
    return ax


def _bands(ax: Axes, places: NDArray[np.generic], curves: Floats) -> None:
    bands = len(curves) // 2
    for k in range(bands):
        shade = 0.35 + 0.4 * (k + 1) / bands
        ax.fill_between(places, curves[k], curves[-1 - k], color=FILL, alpha=shade, linewidth=0)
    if len(curves) % 2:
        ax.plot(places, curves[bands], color=INK, linewidth=1.6)
