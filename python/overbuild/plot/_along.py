"""Places along a dimension, and quantiles at each of them."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from overbuild.plot._draws import TINY, Draws, Floats
from overbuild.plot._numbers import axis_label, labelled, plain, scale_of, set_dates, shortened
from overbuild.plot._style import logarithmic_heights
from overbuild.study.inputs import DRAW


def along(values: xr.DataArray, dim: Hashable) -> tuple[xr.DataArray, NDArray[np.generic]]:
    """Return draws with `dim` first, and where they stand: by coordinate, else by number.

    A coordinate that falls or jumps back is brought in order; one of words, with labels twice or
    without some has its labels as names of places 0, 1, 2, ...
    """
    table = values.transpose(dim, DRAW)
    if dim not in table.coords:
        return table, np.arange(table.sizes[dim])
    places = table[dim].values
    if is_ordered(table, dim):
        order = np.argsort(places)
        return table[order], places[order]
    return table, np.arange(places.size)


def is_ordered(values: xr.DataArray, dim: Hashable) -> bool:
    """Whether a dimension has a coordinate of numbers or dates, each of which comes once."""
    if dim not in values.coords:
        return False
    places = values[dim].values
    if places.dtype.kind == "f" and not np.isfinite(places).all():
        return False
    if places.dtype.kind == "M" and np.isnat(places).any():
        return False
    return places.dtype.kind in "iufM" and np.unique(places).size == places.size


def has_words(values: xr.DataArray, dim: Hashable) -> bool:
    """Whether a dimension has labels between which there is nothing, such as names of sites."""
    return dim in values.coords and values[dim].dtype.kind in "OUSTb"


def curves_of(table: xr.DataArray, probabilities: Floats, weighted: bool = True) -> Floats:
    """Return quantiles (probabilities, places) of draws (places, draws), NaN if infinite."""
    rows = [Draws.of(row, weighted) for row in table]
    if not any(row.finite.size for row in rows):
        msg = f"{table.name} has no finite draw"
        raise ValueError(msg)
    curves = np.stack([row.quantiles(probabilities) for row in rows], axis=-1)
    return np.where(np.isfinite(curves), curves, np.nan)


def last_of(curves: Floats) -> list[float]:
    """Return the last number of each curve that is one, NaN if there is none."""
    return [next((float(y) for y in curve[::-1] if not np.isnan(y)), np.nan) for curve in curves]


def set_places(ax: Axes, table: xr.DataArray, dim: Hashable) -> None:
    """Label the horizontal axis with a dimension and its places."""
    unit = str(table[dim].attrs.get("unit", "")) if dim in table.coords else ""
    ax.set_xlabel(labelled(str(dim), unit))
    size = table.sizes[dim]
    if size == 1 or (dim in table.coords and not is_ordered(table, dim)):
        shown = np.arange(0, size, -(-size // 12))
        names = (
            [shortened(str(table[dim].values[k]), 16) for k in shown]
            if dim in table.coords
            else shown
        )
        ax.set_xticks(shown, [plain(str(name)) for name in names])
    elif dim in table.coords and table[dim].dtype.kind == "M":
        set_dates(ax.xaxis)
    elif dim not in table.coords or table[dim].dtype.kind in "iu":
        ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    if size == 1:
        ax.set_xlim(-1, 1)
    else:
        ax.margins(x=0)


def set_heights(ax: Axes, values: xr.DataArray, curves: Floats) -> None:
    """Label the vertical axis; a logarithmic one where curves span more than three decades."""
    finite = curves[~np.isnan(curves)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    log = bool(low > TINY and high / 1e3 > low)
    if log:
        logarithmic_heights(ax, low, high)
    bottom, top = ax.get_ylim()
    scale_of(values, bottom, top).set(ax.yaxis, log)
    ax.set_ylabel(axis_label(values))
