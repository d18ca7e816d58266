"""Pictures of results, with matplotlib (extra ``plot``)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

try:
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.ticker import EngFormatter, Formatter, PercentFormatter
except ImportError as error:
    msg = "plots need matplotlib: pip install 'overbuild[plot]'"
    raise ImportError(msg) from error

from overbuild.study.inputs import DRAW

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
        Probabilities, fractions from 0 to 1, to mark or to draw bands between.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If there is nothing to draw, or more than one dimension beside ``draw``.

    Notes
    -----
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
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    if others:
        _fan(values, str(others[0]), ax, sorted(quantiles))
    else:
        _histogram(values, ax, sorted(quantiles))
    return ax


def _label(values: xr.DataArray) -> str:
    unit = values.attrs.get("unit", "")
    return f"{values.name} ({unit})" if unit else str(values.name)


def _formatter(values: xr.DataArray) -> Formatter:
    if values.attrs.get("unit") == "share":
        return PercentFormatter(xmax=1)
    return EngFormatter(sep="")


def _histogram(values: xr.DataArray, ax: Axes, quantiles: Sequence[float]) -> None:
    draws = values.values[np.isfinite(values.values)]
    # The outermost thousandths would squeeze the rest into a corner.
    ends = np.quantile(draws, [0.001, 0.999])
    ax.hist(draws, bins=80, range=(ends[0], ends[1]), color=_FILL, density=True)
    formatter = _formatter(values)
    ax.xaxis.set_major_formatter(formatter)
    for p, x in zip(quantiles, np.quantile(draws, quantiles), strict=True):
        ax.axvline(
            x, color=_INK, linewidth=1.2 if p == 0.5 else 0.8, linestyle="-" if p == 0.5 else "--"
        )
        ax.annotate(
            f"P{100 * p:g}\n{formatter(x)}",
            (x, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8,
            color=_INK,
        )
    ax.set_xlabel(_label(values))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def _fan(values: xr.DataArray, dim: str, ax: Axes, quantiles: Sequence[float]) -> None:
    table = values.transpose(DRAW, dim)
    x = table[dim].values if dim in table.coords else np.arange(1, table.sizes[dim] + 1)
    curves = np.nanquantile(table.values, quantiles, axis=0)
    bands = len(quantiles) // 2
    for k in range(bands):
        label = f"P{100 * quantiles[k]:g} to P{100 * quantiles[-1 - k]:g}"
        shade = 0.35 + 0.4 * (k + 1) / bands
        ax.fill_between(
            x, curves[k], curves[-1 - k], color=_FILL, alpha=shade, linewidth=0, label=label
        )
    if len(quantiles) % 2:
        middle = f"P{100 * quantiles[bands]:g}"
        ax.plot(x, curves[bands], color=_INK, linewidth=1.6, label=middle)
    ax.set_xlabel(dim)
    ax.set_ylabel(_label(values))
    ax.yaxis.set_major_formatter(_formatter(values))
    ax.margins(x=0)
    ax.legend(frameon=False, fontsize=8)
