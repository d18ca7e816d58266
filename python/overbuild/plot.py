"""Pictures of results, with matplotlib (extra ``plot``)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

try:
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
except ImportError as error:
    msg = "plots need matplotlib: pip install 'overbuild[plot]'"
    raise ImportError(msg) from error

from overbuild.study.inputs import DRAW
from overbuild.study.statistics import quantiles_of, statistics
from overbuild.study.summaries import checked

_INK = "#1f3a5f"
_FILL = "#9db8d9"


def variable(
    values: xr.DataArray, ax: Axes | None = None, quantiles: Sequence[float] = (0.05, 0.5, 0.95)
) -> Axes:
    """Draw a variable of a result: a histogram of its draws, or a fan over one more dimension.

    Parameters
    ----------
    values : DataArray
        Draws along dimension ``draw``, and along at most one more; ``attrs["unit"]`` labels the
        axis.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.
    quantiles : sequence of float
        Rising probabilities, fractions from 0 to 1, to mark or to draw bands between.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If there is nothing to draw, more than one dimension beside ``draw``, or `quantiles` are
        no rising probabilities.

    Notes
    -----
    A histogram leaves out the outermost thousandth on either side. Draws without a value are in
    no quantile, infinite ones are; the picture says how many there are of both.

    Source: the fan chart follows the Bank of England's *Inflation Report* (1996 on).

    Examples
    --------
    >>> import overbuild as ob
    >>> result = ob.Study(lambda price: {"double": 2 * price},
    ...                   {"price": ob.between(2, 4)}).run(draws=256)
    >>> ax = ob.plot.variable(result.dataset["double"])
    >>> ax.get_xlabel()
    'double'
    """
    probabilities = checked(quantiles)
    others = [dim for dim in values.dims if dim != DRAW]
    if DRAW not in values.dims:
        msg = f"{values.name} is the same in all draws: there is no distribution to draw"
        raise ValueError(msg)
    if len(others) > 1:
        msg = (
            f"{values.name} has dimensions {', '.join(map(str, others))}; select along all but one"
        )
        raise ValueError(msg)
    if not np.isfinite(values.values).any():
        msg = f"{values.name} has no finite draw"
        raise ValueError(msg)
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    if others:
        _fan(values, str(others[0]), ax, probabilities)
    else:
        _histogram(values, ax, probabilities)
    return ax


def _label(values: xr.DataArray) -> str:
    unit = values.attrs.get("unit", "")
    return f"{values.name} ({unit})" if unit else str(values.name)


class _Numbers:
    """Numbers as text on an axis: shares as percentages, large ones in k, M, bn and tn."""

    def __init__(self, unit: str, low: float, high: float) -> None:
        largest = max(abs(low), abs(high))
        steps = ((1e15, ""), (1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e4, "k"))
        suffix = next((suffix for least, suffix in steps if largest >= least), "")
        self.suffix = "%" if unit == "share" else suffix
        self.size = {"%": 0.01, "k": 1e3, "M": 1e6, "bn": 1e9, "tn": 1e12}.get(self.suffix, 1.0)
        # Enough digits to tell a hundredth of the axis.
        spread = largest / (high - low) if high > low else 1.0
        self.digits = max(3 if unit == "share" else 4, 2 + int(np.ceil(np.log10(spread))))

    def tick(self, x: float, _: object = None) -> str:
        return f"{x / self.size:,.10g}{self.suffix if x else ''}"

    def mark(self, x: float) -> str:
        return self.tick(float(f"{x:.{self.digits}g}"))


def _histogram(values: xr.DataArray, ax: Axes, probabilities: NDArray[np.float64]) -> None:
    present = values.values[~np.isnan(values.values)]
    finite = present[np.isfinite(present)]
    # The outermost thousandths would squeeze the rest into a corner.
    low = float(np.quantile(finite, 0.001, method="lower"))
    high = float(np.quantile(finite, 0.999, method="higher"))
    if low == high:
        low, high = low - 0.05 * (abs(low) or 1.0), high + 0.05 * (abs(high) or 1.0)
    bins = int(min(80, 2 * np.ceil(np.sqrt(finite.size))))
    heights, _, _ = ax.hist(finite, bins=bins, range=(low, high), color=_FILL, density=True)
    numbers = _Numbers(values.attrs.get("unit", ""), low, high)
    ax.xaxis.set_major_formatter(numbers.tick)

    # Room for labels above the bars; one further down where it would hide the one before.
    ax.set_ylim(0, 1.3 * np.max(heights))
    last, level, infinite = -np.inf, 0, []
    for p, x in zip(probabilities, quantiles_of(present, probabilities), strict=True):
        if not np.isfinite(x):
            infinite.append(f"P{100 * p:g} is {'' if x > 0 else 'minus '}infinite")
            continue
        level = (level + 1) % 3 if x - last < 0.1 * (high - low) else 0
        last = x
        style = {"linewidth": 1.2, "linestyle": "-"} if p == 0.5 else {"linestyle": "--"}
        ax.axvline(x, ymax=0.88 - 0.1 * level, color=_INK, **{"linewidth": 0.8} | style)
        ax.annotate(
            f"P{100 * p:g}\n{numbers.mark(x)}",
            (x, 0.99 - 0.1 * level),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="top",
            fontsize=8,
            color=_INK,
        )
    missing, beyond = values.size - present.size, present.size - finite.size
    _note(ax, values.size, missing, beyond, infinite)
    ax.set_xlabel(_label(values))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def _fan(values: xr.DataArray, dim: str, ax: Axes, probabilities: NDArray[np.float64]) -> None:
    table = values.transpose(DRAW, dim)
    curves = statistics(values, probabilities).quantiles.T
    curves = np.where(np.isfinite(curves), curves, np.nan)
    places = table[dim].values if dim in table.coords else np.arange(table.sizes[dim])
    if places.size == 1:
        ax.set_xticks([0], [str(places[0])])
        ax.set_xlim(-1, 1)
        places, curves = np.array([-0.3, 0.3]), np.repeat(curves, 2, axis=1)
    else:
        ax.margins(x=0)
    names = [f"P{100 * p:g}" for p in probabilities]
    bands = len(names) // 2
    for k in range(bands):
        ax.fill_between(
            places,
            curves[k],
            curves[-1 - k],
            color=_FILL,
            alpha=0.35 + 0.4 * (k + 1) / bands,
            linewidth=0,
            label=f"{names[k]} to {names[-1 - k]}",
        )
    if len(names) % 2:
        ax.plot(places, curves[bands], color=_INK, linewidth=1.6, label=names[bands])
    missing = int(np.isnan(table.values).any(axis=1).sum())
    beyond = int(np.isinf(table.values).any(axis=1).sum())
    _note(ax, table.sizes[DRAW], missing, beyond, [])
    ax.set_xlabel(dim)
    ax.set_ylabel(_label(values))
    ends = np.nanmin(curves, initial=0.0), np.nanmax(curves, initial=0.0)
    ax.yaxis.set_major_formatter(_Numbers(values.attrs.get("unit", ""), *ends).tick)
    ax.legend(frameon=False, fontsize=8)


def _note(ax: Axes, draws: int, missing: int, beyond: int, more: Sequence[str]) -> None:
    """Say in the picture what it does not show."""
    found = {"without a value": missing, "infinite": beyond}
    lines = [f"{n:,} of {draws:,} draws {what}" for what, n in found.items() if n]
    if lines or more:
        ax.text(
            1.0,
            0.85,
            "\n".join([*lines, *more]),
            transform=ax.transAxes,
            ha="right",
            va="top",
            fontsize=8,
            bbox={"color": "white", "alpha": 0.8},
        )
