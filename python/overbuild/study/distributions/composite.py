"""What distributions have in common that are made of others or of single values.

They have the methods of a frozen ``scipy.stats`` distribution: ``ppf``, ``isf``, ``cdf``, ``sf``,
``pdf``, ``logpdf``, ``support``, ``mean``, ``var``, ``std``, ``median``, ``interval``, ``rvs``.
Two are equal if they are made of equal parts. Where a single value has a probability of its own
there is no density, and ``pdf`` raises ValueError.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from overbuild.study.distributions.laws import Floats


class Composite(abc.ABC):
    """A distribution by its functions on flat arrays of numbers that are not NaN."""

    @property
    @abc.abstractmethod
    def has_density(self) -> bool:
        """Whether no single value has a probability of its own."""

    @abc.abstractmethod
    def support(self) -> tuple[float, float]:
        """Return the least and the greatest value, or infinities."""

    @abc.abstractmethod
    def mean(self) -> float:
        """Return the mean; NaN if there is none that could be computed."""

    @abc.abstractmethod
    def var(self) -> float:
        """Return the variance; NaN if there is none that could be computed."""

    @abc.abstractmethod
    def _below(self, tail: Floats) -> Floats:
        """Return values with that probability below, where it lies between 0 and 1."""

    @abc.abstractmethod
    def _above(self, tail: Floats) -> Floats:
        """Return values with that probability above, where it lies between 0 and 1."""

    @abc.abstractmethod
    def _cdf(self, x: Floats) -> Floats: ...

    @abc.abstractmethod
    def _sf(self, x: Floats) -> Floats: ...

    @abc.abstractmethod
    def _pdf(self, x: Floats) -> Floats: ...

    @abc.abstractmethod
    def _key(self) -> tuple[Any, ...]:
        """Return what is equal for equal distributions of one class."""

    def ppf(self, q: ArrayLike) -> Any:
        """Return the least values that are not exceeded with a probability of at least `q`."""
        low, high = self.support()
        return _quantiles(q, self._below, low, high)

    def isf(self, q: ArrayLike) -> Any:
        """Return the least values that are exceeded with a probability of at most `q`."""
        low, high = self.support()
        return _quantiles(q, self._above, high, low)

    def cdf(self, x: ArrayLike) -> Any:
        """Return probabilities of a value of at most `x`."""
        return _at_numbers(x, self._cdf)

    def sf(self, x: ArrayLike) -> Any:
        """Return probabilities of a value above `x`."""
        return _at_numbers(x, self._sf)

    def pdf(self, x: ArrayLike) -> Any:
        """Return densities; ValueError if single values have a probability of their own."""
        if not self.has_density:
            msg = f"{self!r} has no density: single values have a probability of their own"
            raise ValueError(msg)
        return _at_numbers(x, self._pdf)

    def logpdf(self, x: ArrayLike) -> Any:
        """Return logarithms of densities; ValueError where there is no density."""
        with np.errstate(divide="ignore"):
            return np.log(self.pdf(x))

    def std(self) -> float:
        """Return the standard deviation."""
        return math.sqrt(self.var())

    def median(self) -> float:
        """Return the median."""
        return float(self.ppf(0.5))

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the ends of the central interval of that probability."""
        if not 0 <= confidence <= 1:
            msg = f"confidence must be between 0 and 1, got {confidence}"
            raise ValueError(msg)
        tail = (1 - confidence) / 2
        return float(self.ppf(tail)), float(self.isf(tail))

    def rvs(self, size: Any = None, random_state: Any = None) -> Any:
        """Draw at random; `random_state` is as for :func:`numpy.random.default_rng`."""
        return self.ppf(shares(np.random.default_rng(random_state), size))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Composite):
            return NotImplemented
        return type(self) is type(other) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self), self._key()))


def shares(random: np.random.Generator, size: Any) -> Any:
    """Draw probabilities between 0 and 1, and never 0 itself."""
    return random.uniform(np.nextafter(0.0, 1.0), 1.0, size)


def key_of(law: Any) -> Any:
    """Return what is equal for equal parts."""
    return getattr(law, "key", law)


def listed(values: Any) -> str:
    """Return numbers as a person writes a list of them."""
    return f"[{', '.join(f'{value:.6g}' for value in values)}]"


def _quantiles(q: ArrayLike, between: Callable[[Floats], Floats], at_0: float, at_1: float) -> Any:
    tail = np.asarray(q, dtype=float)
    found = np.full(tail.shape, np.nan)
    inside = (tail > 0) & (tail < 1)
    found[inside] = between(tail[inside])
    found[tail == 0] = at_0
    found[tail == 1] = at_1
    return found[()]


def _at_numbers(x: ArrayLike, function: Callable[[Floats], Floats]) -> Any:
    at = np.asarray(x, dtype=float)
    found = np.full(at.shape, np.nan)
    there = ~np.isnan(at)
    found[there] = function(at[there])
    return found[()]
