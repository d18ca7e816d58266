"""Pictures the size of a word, as SVG in the colour of the text around them."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild.study.inputs import DRAW, WEIGHT

Floats = NDArray[np.float64]

#: Draws that are looked at: the first ones tell the shape as well as all do; more if weighted.
_DRAWS, _WEIGHTED = 2**13, 2**16

_WIDTH, _HEIGHT, _BINS = 120, 24, 40


def histogram(variable: xr.DataArray, median: float) -> str:
    """Return a histogram of draws with a line at the median; nothing where they are all equal."""
    if DRAW not in variable.dims:
        return ""
    number = _WEIGHTED if WEIGHT in variable.coords else _DRAWS
    few = variable.isel({DRAW: slice(0, number)})
    values = np.asarray(few.values, dtype=float)
    weights = np.asarray(few.coords[WEIGHT].values) if WEIGHT in few.coords else None
    finite = np.isfinite(values)
    values, weights = values[finite], weights[finite] if weights is not None else None
    if values.size < 2 or (weights is not None and not weights.sum() > 0):
        return ""
    low, high = _middle(values, weights)
    if not (high > low and np.isfinite(high - low)):
        return ""
    with np.errstate(all="ignore"):
        counts, _ = np.histogram((values - low) / (high - low), _BINS, (0.0, 1.0), weights=weights)
    if not counts.max() > 0:
        return ""
    tops = _HEIGHT * (1 - counts / counts.max())
    steps = "".join(f"H{_WIDTH * k / _BINS:g}V{top:.1f}" for k, top in enumerate(tops))
    area = f'<path d="M0 {_HEIGHT}{steps}H{_WIDTH}V{_HEIGHT}Z" fill="currentColor" {_PALE}/>'
    at = _WIDTH * (median - low) / (high - low)
    line = f"M{at:.1f} 0V{_HEIGHT}" if 0 <= at <= _WIDTH else ""
    return _svg("histogram", area + _stroke(line))


def _middle(values: Floats, weights: Floats | None) -> tuple[float, float]:
    """Return the ends of all but the outermost hundredth of draws."""
    order = np.argsort(values)
    upto = np.cumsum(np.ones(values.size) if weights is None else weights[order])
    low, high = np.searchsorted(upto, np.array([0.005, 0.995]) * upto[-1])
    return float(values[order[low]]), float(values[order[min(high, values.size - 1)]])


def band(low: Floats, middle: Floats, high: Floats) -> str:
    """Return a median along a dimension within the band between two quantiles."""
    table = np.stack([low, middle, high]).astype(float)
    table[~np.isfinite(table)] = np.nan
    there = ~np.isnan(table).any(axis=0)
    if there.sum() < 2:
        return ""
    bottom, top = float(np.nanmin(table)), float(np.nanmax(table))
    if not np.isfinite(top - bottom):
        return ""
    x = np.linspace(0, _WIDTH, table.shape[1])[there]
    y = _HEIGHT - 1 - (_HEIGHT - 2) * (table[:, there] - bottom) / ((top - bottom) or 1.0)
    back = _points(x[::-1], y[2][::-1])
    area = f'<path d="M{_points(x, y[0])}L{back}Z" fill="currentColor" {_PALE}/>'
    return _svg("median and 90% range", area + _stroke(f"M{_points(x, y[1])}"))


def _points(x: Floats, y: Floats) -> str:
    return "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))


_PALE = 'fill-opacity="0.35"'


def _stroke(path: str) -> str:
    return (
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="1.2"/>' if path else ""
    )


def _svg(what: str, inside: str) -> str:
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{what}" style="vertical-align:middle">{inside}</svg>'
    )
