"""Mean and variance by quadrature of the quantile function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import integrate

from overbuild.study.distributions.laws import Floats, Law

#: Tail probabilities e^-690 and on: what lies beyond does not count for a moment that exists.
_DEPTHS = (690.0, 345.0, 172.0, 86.0, 43.0)

#: By how much of the spread, or of its square, a moment may be off.
_ERROR = 1e-9


def mean_and_variance(law: Law, limit: int = 1_000) -> tuple[float, float]:
    """Return mean and variance of a continuous distribution.

    NaN where they do not exist, or are not known well enough after so many intervals.
    """
    centre = float(law.ppf(0.5))
    scale = float(law.isf(0.25) - law.ppf(0.25)) or 1.0
    first, second = (_moment(law, centre, scale, order, limit) for order in (1, 2))
    return centre + scale * first, scale * scale * (second - first * first)


def _moment(law: Law, centre: float, scale: float, order: int, limit: int) -> float:
    """Return the mean of a power of the distance from `centre` in units of `scale`."""

    def integrand(s: float) -> Floats:
        """Give the parts of both tails at tail probability e^-s."""
        tail = math.exp(-s)
        return ((np.array([law.ppf(tail), law.isf(tail)]) - centre) / scale) ** order * tail

    with np.errstate(all="ignore"):
        # Far out, probabilities may end before the numbers of a tail do.
        depth = next((d for d in _DEPTHS if np.isfinite(integrand(d)).all()), None)
        if depth is None:
            return math.nan
        parts: Any
        parts, error = integrate.quad_vec(
            integrand, math.log(2), depth, epsrel=1e-12, epsabs=1e-13, limit=limit
        )
        # A moment that does not exist shows in a tail that does not fade.
        rest = np.abs(integrand(depth)).sum()
    return float(parts.sum()) if error < _ERROR and rest < _ERROR else math.nan


def lattice_mean_and_variance(law: Law) -> tuple[float, float]:
    """Return mean and variance of a distribution of numbers that are 1 apart."""
    first, last = float(law.ppf(1e-18)), float(law.isf(1e-18))
    if not last - first < _MOST_VALUES:
        return math.nan, math.nan
    values = np.arange(first, last + 1)
    below, above = law.cdf(values), law.sf(values)
    rises, falls = np.diff(below, prepend=0.0), -np.diff(above, prepend=1.0)
    weights = np.where(below < 0.5, rises, falls)
    weights /= weights.sum()
    mean = float(weights @ values)
    return mean, float(weights @ (values - mean) ** 2)


_MOST_VALUES = 10_000_000
