"""Distributions of single values: a choice, a sample."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from overbuild.study.distributions.composite import Composite, listed
from overbuild.study.distributions.laws import Floats


def choice(values: ArrayLike, weights: ArrayLike | None = None) -> Discrete:
    """One of a few values, such as the number of sites: no value between them is ever drawn.

    Parameters
    ----------
    values : array_like, shape (n,)
        What can come, in the input's unit, in any order. The weights of a value that comes
        twice add up.
    weights : array_like, shape (n,), optional
        How likely each is, relative to the others: not negative, and not all 0. Equal if not
        given.

    Returns
    -------
    distribution
        With the methods of a frozen ``scipy.stats`` one, but no density.

    Raises
    ------
    ValueError
        If there are no values, one is not finite, or `weights` are not as above.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> sites = ob.choice([1, 2, 3], weights=[0.2, 0.3, 0.5])
    >>> sites
    choice([1, 2, 3], weights=[0.2, 0.3, 0.5])
    >>> sites.ppf([0.2, 0.21, 0.5, 0.51])
    array([1., 2., 2., 3.])
    """
    return Discrete(_numbers("values", values), _weights(values, weights))


def empirical(
    sample: ArrayLike,
    weights: ArrayLike | None = None,
    kind: Literal["steps", "linear"] = "steps",
) -> Discrete | Polygon:
    """Distribution of a sample: of its own values, or with straight lines between them.

    Parameters
    ----------
    sample : array_like, shape (n,)
        Observed values, in the input's unit, in any order. A study tabulates each step, so some
        ten thousand different values are its limit.
    weights : array_like, shape (n,), optional
        How much each value counts, relative to the others; only with steps. Equal if not given.
    kind : {"steps", "linear"}
        With steps only values of the sample are drawn, and quantiles are those of
        ``np.quantile(..., method="inverted_cdf")``; linear ones are those of ``np.quantile`` by
        default, and lie between the values too.

    Returns
    -------
    distribution
        With the methods of a frozen ``scipy.stats`` one; a density only if linear, and if no
        value comes twice.

    Raises
    ------
    ValueError
        If the sample is empty or not finite, `weights` are negative, all 0, of another length
        or given with straight lines, `kind` is unknown, or straight lines have fewer than two
        different values to run between.

    Notes
    -----
    Source: R. J. Hyndman, Y. Fan, "Sample quantiles in statistical packages", *The American
    Statistician* 50 (1996), 361-365: definitions 1 and 7.

    Examples
    --------
    >>> import overbuild as ob
    >>> quotes = [2.0, 2.2, 2.5, 3.9]
    >>> ob.empirical(quotes).ppf([0.5, 0.9])
    array([2.2, 3.9])
    >>> ob.empirical(quotes, kind="linear").ppf([0.5, 0.9]).round(2)
    array([2.35, 3.48])
    """
    found = _numbers("sample", sample)
    if kind == "steps":
        return Discrete(found, _weights(sample, weights))
    if kind != "linear":
        msg = f"kind must be 'steps' or 'linear', got {kind!r}"
        raise ValueError(msg)
    if weights is not None:
        msg = "weights go with kind='steps' only"
        raise ValueError(msg)
    if found.min() == found.max():
        msg = f"sample must have two different values for straight lines, got {listed(found[:3])}"
        raise ValueError(msg)
    return Polygon(np.linspace(0.0, 1.0, found.size), np.sort(found))


class Discrete(Composite):
    """Finitely many values, each with its probability."""

    has_density = False

    def __init__(self, values: Floats, weights: Floats) -> None:
        there = weights > 0
        self.values, places = np.unique(values[there], return_inverse=True)
        self._weights: Floats = np.bincount(places, weights=weights[there]).astype(float)
        # Sums of weights, not of probabilities: those of whole numbers are exact.
        total = self._weights.sum()
        self._up_to = np.cumsum(self._weights) / total
        self._up_to[-1] = 1.0
        self._beyond = np.append(np.cumsum(self._weights[:0:-1])[::-1] / total, 0.0)
        self.probabilities = self._weights / total

    def support(self) -> tuple[float, float]:
        """Return the least and the greatest value."""
        return float(self.values[0]), float(self.values[-1])

    def mean(self) -> float:
        """Return the mean."""
        return float(self.probabilities @ self.values)

    def var(self) -> float:
        """Return the variance."""
        return float(self.probabilities @ (self.values - self.mean()) ** 2)

    def within(self, low: float, high: float) -> Discrete:
        """Return the distribution of those values that lie from `low` to `high`."""
        kept = (self.values >= low) & (self.values <= high)
        return Discrete(self.values[kept], self._weights[kept])

    def _below(self, tail: Floats) -> Floats:
        return self.values[np.searchsorted(self._up_to, tail)]

    def _above(self, tail: Floats) -> Floats:
        return self.values[np.searchsorted(-self._beyond, -tail)]

    def _cdf(self, x: Floats) -> Floats:
        return np.append(0.0, self._up_to)[np.searchsorted(self.values, x, side="right")]

    def _sf(self, x: Floats) -> Floats:
        return np.append(1.0, self._beyond)[np.searchsorted(self.values, x, side="right")]

    def _pdf(self, x: Floats) -> Floats:
        raise NotImplementedError  # `pdf` has refused

    def _key(self) -> tuple[Any, ...]:
        return self.values.tobytes(), self._weights.tobytes()

    def __repr__(self) -> str:
        if self.values.size > 8:
            low, high = self.support()
            return f"choice of {self.values.size:,} values from {low:.6g} to {high:.6g}"
        if np.all(self._weights == self._weights[0]):
            return f"choice({listed(self.values)})"
        return f"choice({listed(self.values)}, weights={listed(self.probabilities)})"


class Polygon(Composite):
    """A distribution whose quantile function is made of straight lines between points."""

    def __init__(self, probabilities: Floats, values: Floats) -> None:
        self.probabilities, self.values = probabilities, values

    @property
    def has_density(self) -> bool:
        """Whether no value comes twice."""
        return bool((np.diff(self.values) > 0).all())

    def support(self) -> tuple[float, float]:
        """Return the least and the greatest value."""
        return float(self.values[0]), float(self.values[-1])

    def mean(self) -> float:
        """Return the mean."""
        return float(np.diff(self.probabilities) @ self._centres())

    def var(self) -> float:
        """Return the variance: of the centres of lines, and along lines."""
        apart, along = (self._centres() - self.mean()) ** 2, np.diff(self.values) ** 2 / 12
        return float(np.diff(self.probabilities) @ (apart + along))

    def within(self, low: float, high: float) -> Polygon:
        """Return the distribution of those values that lie from `low` to `high`."""
        bottom, top = self.support()
        first, last = max(low, bottom), min(high, top)
        start = float(self.cdf(np.nextafter(first, -np.inf))) if first > bottom else 0.0
        end = float(self.cdf(last))
        inner = (self.probabilities > start) & (self.probabilities < end)
        probabilities = np.concatenate([[start], self.probabilities[inner], [end]])
        values = np.concatenate([[first], self.values[inner], [last]])
        return Polygon((probabilities - start) / (end - start), values)

    def _centres(self) -> Floats:
        return self.values[1:] / 2 + self.values[:-1] / 2

    def _below(self, tail: Floats) -> Floats:
        return np.interp(tail, self.probabilities, self.values)

    def _above(self, tail: Floats) -> Floats:
        return np.interp(tail, 1.0 - self.probabilities[::-1], self.values[::-1])

    def _cdf(self, x: Floats) -> Floats:
        # The last point that is not beyond: of a value that comes twice all is included.
        k = np.searchsorted(self.values, x, side="right") - 1
        inside = k.clip(0, self.values.size - 2)
        (left, right), (p, q) = (
            (points[inside], points[inside + 1]) for points in (self.values, self.probabilities)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            between = p + (q - p) * ((x - left) / (right - left))
        return np.where(k < 0, 0.0, np.where(k > inside, 1.0, between))

    def _sf(self, x: Floats) -> Floats:
        return 1.0 - self._cdf(x)

    def _pdf(self, x: Floats) -> Floats:
        k = np.searchsorted(self.values, x, side="right") - 1
        inside = k.clip(0, self.values.size - 2)
        slopes = np.diff(self.probabilities) / np.diff(self.values)
        return np.where((k < 0) | (x > self.values[-1]), 0.0, slopes[inside])

    def _key(self) -> tuple[Any, ...]:
        return self.probabilities.tobytes(), self.values.tobytes()

    def __repr__(self) -> str:
        low, high = self.support()
        return f"empirical of {self.values.size:,} points from {low:.6g} to {high:.6g}, linear"


def _numbers(name: str, values: ArrayLike) -> Floats:
    try:
        found = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        msg = f"{name} must be a list of numbers, got {values!r:.80}"
        raise TypeError(msg) from error
    if found.ndim != 1 or found.size == 0:
        msg = f"{name} must be a list of numbers, at least one, got shape {found.shape}"
        raise ValueError(msg)
    if not np.isfinite(found).all():
        msg = f"{name} must be finite, got {found[~np.isfinite(found)][0]}"
        raise ValueError(msg)
    return found


def _weights(values: ArrayLike, weights: ArrayLike | None) -> Floats:
    size = np.size(values)
    return np.ones(size) if weights is None else checked_weights(weights, size)


def checked_weights(weights: ArrayLike, size: int) -> Floats:
    """Return weights as an array, if they are of that number, not negative and not all 0."""
    found = _numbers("weights", weights)
    if found.size != size:
        msg = f"weights must be as many as what they weigh, got {found.size} for {size}"
        raise ValueError(msg)
    if (found < 0).any():
        msg = f"weights must not be negative, got {found.min():g}"
        raise ValueError(msg)
    if not found.max() > 0:
        msg = "weights must not all be 0"
        raise ValueError(msg)
    # Only their ratios count; as they are, a sum of huge ones might overflow.
    return found / found.max() if found.max() > 1e300 else found
