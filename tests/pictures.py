"""Draws to make pictures of, and what stands in a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes


def drawn(values: Any, unit: str = "", name: str = "x", weights: Any = None) -> xr.DataArray:
    """Return draws of one number, weighted by what is in proportion to `weights`."""
    array = xr.DataArray(np.asarray(values), dims="draw", name=name, attrs={"unit": unit})
    if weights is None:
        return array
    weights = np.asarray(weights, dtype=float)
    return array.assign_coords(draw_weight=("draw", weights / weights.sum()))


def footnote(ax: Axes) -> str:
    """Return the small print of a picture, on one line."""
    (text,) = [text for text in ax.texts if text.get_gid() == "footnote"]
    return text.get_text().replace("\n", " ")


def labels(ax: Axes) -> list[str]:
    """Return all other words within and beside a picture."""
    return [text.get_text() for text in ax.texts if text.get_gid() != "footnote"]


def steps(ax: Axes, k: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return heights and edges of the histograms in a picture, in order."""
    stairs = [patch for patch in ax.patches if hasattr(patch, "get_data")]
    data = stairs[k].get_data()
    return data.values, data.edges
