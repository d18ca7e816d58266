"""Draws of a variable in rising order: their ranks, and classes of equal probability.

What an output does where an input is low or high is asked class by class. A value that many draws
share is a class of its own, so that a choice among few values is taken value by value.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]


class Ordered:
    """Draws of one variable, none of them NaN, and how they are ordered.

    Attributes
    ----------
    values : ndarray, shape (n,)
        The draws, in any unit.
    weights : ndarray, shape (n,), or None
        Their weights, which sum to 1; None if all are equal.
    order : ndarray, shape (n,)
        Numbers of the draws by rising value.
    starts : ndarray
        Places in that order where another value begins.
    """

    def __init__(self, values: Floats, weights: Floats | None = None) -> None:
        self.values, self.weights = values, weights
        self.order: Whole = np.argsort(values)
        self.rising = values[self.order]
        self.starts: Whole = np.flatnonzero(
            np.concatenate([np.ones(min(1, values.size), bool), self.rising[1:] > self.rising[:-1]])
        )

    @property
    def is_constant(self) -> bool:
        """Whether there is but one value."""
        return self.starts.size <= 1

    def ranks(self, weights: Floats | None) -> Floats:
        """Return the share of draws below each draw, half of its equals included."""
        n = self.values.size
        mass = self._mass(weights)
        middle = np.cumsum(mass) - mass / 2
        ranks = np.empty(n)
        ranks[self.order] = (
            middle if middle.size == n else np.repeat(middle, np.diff(self.starts, append=n))
        )
        return ranks

    def classes(self, number: int) -> Whole:
        """Return the places in the order where classes begin, and the number of draws.

        There are about `number` classes of equal weight, and more where values that have the
        weight of a class stand alone. Up to twice as many values each are a class.
        """
        n = self.values.size
        if self.starts.size <= 2 * number:
            return np.append(self.starts, n)
        mass = self._mass(self.weights)
        # Where a draw is on the border of two classes, or a value has just the weight of one,
        # rounding must not choose.
        middle = np.cumsum(mass) - mass / 2 + 1e-9 / number
        number_of = np.floor(number * middle).astype(np.intp)
        alone = mass >= (1 - 1e-9) / number
        begins = np.ones(mass.size, bool)
        begins[1:] = (number_of[1:] != number_of[:-1]) | alone[1:] | alone[:-1]
        return np.append(self.starts[begins], n)

    def reached(self) -> Floats:
        """Return the weight of each draw and all before it, in their order."""
        if self.weights is None:
            return np.arange(1.0, self.values.size + 1) / self.values.size
        return np.cumsum(self.weights[self.order])

    def _mass(self, weights: Floats | None) -> Floats:
        """Return the weight of each value."""
        n = self.values.size
        if weights is None and self.starts.size == n:
            return np.full(n, 1 / n)
        if weights is None:
            return np.diff(self.starts, append=n) / n
        mass: Floats = np.add.reduceat(weights[self.order], self.starts)
        return mass


def effective(weights: Floats | None, n: int) -> float:
    """Return how many equally weighted draws tell as much (Kish 1965)."""
    return float(n) if weights is None else 1 / float(np.square(weights).sum())


def normalized(weights: Floats | None) -> Floats | None:
    """Return weights that sum to 1."""
    return None if weights is None else weights / weights.sum()
