"""Bins of histograms, and what to say of the bars in them."""

from __future__ import annotations

import numpy as np

from overbuild.plot._draws import Draws, Floats
from overbuild.plot._numbers import Scale
from overbuild.plot._style import percent


def bin_edges(draws: Draws, low: float, high: float, log: bool) -> Floats:
    """Return edges of bins, more for more draws; whole numbers stand in the middle of theirs."""
    number = int(np.clip(2 * np.ceil(np.sqrt(draws.effective)), 4, 80))
    if log:
        return np.geomspace(low, high, number + 1)
    finite = draws.finite
    if high - low >= 1 and max(-low, high) < 2**50 and (finite == np.floor(finite)).all():
        width = np.ceil((high - low + 1) / number)
        return np.arange(low - 0.5, high + width + 0.5, width)
    return low + (high - low) * np.linspace(0, 1, number + 1)


def tallest(heights: Floats) -> tuple[float, list[str]]:
    """Return up to where to show heights: one that would flatten all others is cut off."""
    *_, second, first = np.sort(np.append(heights, [0.0, 0.0]))
    if second > 0 and first > 4 * second:
        return 1.5 * float(second), [f"the bar of {percent(float(first))} is cut off"]
    return float(first), []


def said_of_repeated(distinct: Floats, shares: Floats, scale: Scale) -> list[str]:
    """Say which single values have a probability out of line with that of all others."""
    if shares.max() < 0.02:
        return []
    often = np.flatnonzero((shares >= 0.02) & (shares > 5 * np.quantile(shares, 0.9)))
    return [f"{percent(shares[k])} are exactly {scale.mark(distinct[k])}" for k in often[:3]]
