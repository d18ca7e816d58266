"""Parts of composites: distributions of any make, and numbers."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from overbuild.study.distributions.composite import Composite
from overbuild.study.distributions.discrete import Discrete
from overbuild.study.distributions.laws import (
    Foreign,
    Law,
    describe,
    fault,
    is_family,
    quantile_functions,
    table_of,
)
from overbuild.study.distributions.ranges import check_number


def as_law(name: str, value: Any) -> Law:
    """Return a distribution of any make under the names of :class:`Law`.

    Raises
    ------
    TypeError, ValueError
        If it is none, or cannot be drawn from; the message begins with `name`.
    """
    if isinstance(value, Composite):
        return value
    if is_family(value):
        msg = f"{name}: {describe(value)} has no parameters yet; call it to freeze it"
        raise TypeError(msg)
    fitted = getattr(value, "distribution", None)
    if quantile_functions(value) is None and quantile_functions(fitted) is not None:
        return as_law(name, fitted)
    if quantile_functions(value) is None:
        msg = f"{name} must be a distribution, got {type(value).__name__}: {value!r:.80}"
        raise TypeError(msg)
    if table := table_of(value):
        return Discrete(*table)
    if reason := fault(value):
        msg = f"{name}: {reason}"
        raise ValueError(msg)
    if not hasattr(value, "cdf"):
        msg = f"{name}: {type(value).__name__} has no distribution function (cdf)"
        raise TypeError(msg)
    return Foreign(value)


def as_component(name: str, value: Any) -> Law:
    """Return a distribution, or a number as a distribution of nothing else."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return as_law(name, value)
    if not math.isfinite(value):
        msg = f"{name} must be finite, got {value}"
        raise ValueError(msg)
    return Discrete(np.array([float(value)]), np.ones(1))


def as_bounds(low: float | None, high: float | None) -> tuple[float, float]:
    """Return bounds as numbers, infinite where there is none."""
    if low is None and high is None:
        msg = "give low, high or both"
        raise ValueError(msg)
    for name, bound in (("low", low), ("high", high)):
        if bound is not None:
            check_number(name, bound)
    bounds = -math.inf if low is None else float(low), math.inf if high is None else float(high)
    # So written that NaN is refused too.
    if not bounds[0] < bounds[1]:
        msg = f"low must be below high, got low = {low}, high = {high}"
        raise ValueError(msg)
    return bounds


def bounds_text(low: float, high: float) -> str:
    """Return bounds as arguments."""
    given = (("low", low), ("high", high))
    return "".join(f", {name}={bound:.6g}" for name, bound in given if math.isfinite(bound))


def cdf_before(law: Law, x: float) -> float:
    """Return the probability of a value below `x`, that of `x` not included."""
    return float(law.cdf(np.nextafter(x, -math.inf))) if x > -math.inf else 0.0


def sf_before(law: Law, x: float) -> float:
    """Return the probability of a value of at least `x`."""
    return float(law.sf(np.nextafter(x, -math.inf))) if x > -math.inf else 1.0
