"""Search among floating-point numbers, exact to the last place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from overbuild.study.distributions.laws import Floats


def least(
    holds: Callable[[Floats, NDArray[np.intp]], NDArray[np.bool_]], low: Floats, high: Floats
) -> Floats:
    """Return for each position the least number from `low` to `high` for which something holds.

    ``holds(x, k)`` says so of number ``x`` at position ``k``. It must hold from some number on,
    and is taken to hold at `high`. Halving the count of numbers between, instead of their
    distance, takes at most 64 steps wherever they lie, and ends exactly at a jump.
    """
    below, above = _ranks(low), _ranks(high)
    while (open_ := np.flatnonzero(below < above)).size:
        # The middle rounded down, without a sum that might overflow.
        middle = (below[open_] & above[open_]) + ((below[open_] ^ above[open_]) >> 1)
        found = holds(_floats(middle), open_)
        above[open_[found]] = middle[found]
        below[open_[~found]] = middle[~found] + 1
    return _floats(above)


_MAGNITUDE = np.int64(2**63 - 1)


def _ranks(x: Floats) -> NDArray[np.int64]:
    """Return whole numbers in the order of floating-point ones, without gaps between."""
    bits = np.ascontiguousarray(x, dtype=np.float64).view(np.int64)
    return np.where(bits < 0, -(bits & _MAGNITUDE), bits)


def _floats(ranks: NDArray[np.int64]) -> Floats:
    sizes: Floats = np.abs(ranks).view(np.float64)
    return np.where(ranks < 0, -sizes, sizes)
