"""Distributions that analysts state, and what has a quantile function under one set of names.

- ``ranges.py``: from a range, or a range and a best guess; ``matched.py``: families of which two
  quantiles are known. Both give frozen distributions of ``scipy.stats``.
- ``discrete.py``, ``mixtures.py``, ``bounds.py``: composites, with single values that have a
  probability of their own, or made of other distributions.
- ``laws.py``, ``parts.py``: distributions of any make.
"""

from __future__ import annotations

from overbuild.study.distributions.bounds import clipped, truncated
from overbuild.study.distributions.discrete import choice, empirical
from overbuild.study.distributions.matched import beta, gamma, weibull
from overbuild.study.distributions.mixtures import mixture, zero_inflated
from overbuild.study.distributions.ranges import between, loguniform, pert, triangular, uniform

__all__ = [
    "beta",
    "between",
    "choice",
    "clipped",
    "empirical",
    "gamma",
    "loguniform",
    "mixture",
    "pert",
    "triangular",
    "truncated",
    "uniform",
    "weibull",
    "zero_inflated",
]
