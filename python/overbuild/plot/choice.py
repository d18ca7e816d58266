"""The right picture for a variable of a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import xarray as xr
from matplotlib.axes import Axes

from overbuild.plot._along import has_words
from overbuild.plot._draws import numeric, only_dims, other_dims, weights_of
from overbuild.plot._numbers import is_time
from overbuild.plot.fans import fan
from overbuild.plot.histograms import histogram
from overbuild.plot.s_curves import s_curve
from overbuild.plot.sides import scenarios
from overbuild.plot.updates import posterior
from overbuild.study.inputs import SCENARIO

_PICTURES: dict[str, Callable[..., Axes]] = {
    "histogram": histogram,
    "s_curve": s_curve,
    "posterior": posterior,
    "fan": fan,
    "scenarios": scenarios,
}


def variable(
    values: xr.DataArray,
    ax: Axes | None = None,
    quantiles: Sequence[float] | None = None,
    kind: str | None = None,
    evidence: str = "",
    before: xr.DataArray | None = None,
) -> Axes:
    """Draw a variable of a result in the way that shows it best.

    One number a draw is a histogram; an S-curve if it is a time; before and after evidence if it
    has weights. Numbers along one more dimension are a fan, or side by side if that dimension
    has names or is ``scenario``.

    Parameters
    ----------
    values : DataArray
        Numbers or dates along dimension ``draw`` and at most two more; ``attrs["unit"]`` labels
        the axis, and a coordinate ``draw_weight`` weighs the draws.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.
    quantiles : sequence of float, optional
        Rising probabilities, fractions from 0 to 1, to mark or to draw bands between; those
        usual for the picture if not given.
    kind : {"histogram", "s_curve", "posterior", "fan", "scenarios"}, optional
        Which picture to draw, if not the one that this function would choose.
    evidence : str
        What is known, for the footnote.
    before : DataArray, optional
        Draws of a run without evidence, to compare one number a draw with.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If there is nothing to draw, there are too many dimensions, `kind` does not suit the
        variable, or `quantiles` are no rising probabilities.
    TypeError
        If `values` are neither numbers nor dates.

    Notes
    -----
    Draws without a value are in no quantile, infinite ones are; the picture says how many there
    are of both.

    Source: see the picture chosen.

    Examples
    --------
    >>> import overbuild as ob
    >>> result = ob.Study(lambda price: {"double": 2 * price},
    ...                   {"price": ob.between(2, 4)}).run(draws=256)
    >>> ax = ob.plot.variable(result.dataset["double"])
    >>> ax.get_xlabel()
    'double'
    """
    possible = _kinds(values, before)
    if kind is None:
        kind = possible[0]
    if kind not in possible:
        msg = (
            f"kind must be one of {', '.join(map(repr, possible))} for {values.name}, got {kind!r}"
        )
        raise ValueError(msg)
    chosen: dict[str, Any] = {} if quantiles is None else {"quantiles": quantiles}
    if before is not None:
        chosen["before"] = before
    return _PICTURES[kind](values, ax=ax, evidence=evidence, **chosen)


def _kinds(values: xr.DataArray, before: xr.DataArray | None) -> list[str]:
    """Return the pictures that can show a variable, the best one first."""
    if before is not None:
        return ["posterior"]
    others = other_dims(values)
    if len(others) == 2 and SCENARIO in others:
        return ["scenarios"]
    others = only_dims(values, most=1)
    if others:
        named = others[0] == SCENARIO or has_words(values, others[0])
        return ["scenarios"] if named else ["fan", "scenarios"]
    evidence = ["posterior"] if weights_of(values) is not None else []
    if is_time(numeric(values)):
        return ["s_curve", *evidence, "histogram"]
    return [*evidence, "histogram", "s_curve"]
