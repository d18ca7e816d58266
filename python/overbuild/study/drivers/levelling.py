"""An output given an input: quantiles of the output where the input has some value.

Draws whose input lies close to that value stand for it. Their outputs are first moved along a
line through them, so that what the input does between them neither widens the distribution nor
moves it.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from overbuild.study.drivers.classes import Floats, Ordered, effective

#: Which draws: their numbers, or a run of them, or whether each is one.
Part: TypeAlias = NDArray[np.intp] | NDArray[np.bool_] | slice

#: Classes of an input at most, and draws that each should have at least.
_CLASSES, _DRAWS = 32, 256

#: Up to so many classes may have as few draws as this, to show a curve at all.
_FEW, _FEW_DRAWS = 4, 64


class Classes:
    """Classes of an input, and what is asked of an output in each.

    Parameters
    ----------
    given : Ordered
        Draws of the input, in any unit.

    Attributes
    ----------
    centres : ndarray, shape (classes,)
        Median of the input in each class.
    weight : ndarray, shape (classes,)
        Share of the draws in each class.
    """

    def __init__(self, given: Ordered) -> None:
        self.given = given
        draws = effective(given.weights, given.values.size)
        number = max(draws // _DRAWS, min(draws // _FEW_DRAWS, _FEW))
        self.bounds = given.classes(int(min(max(number, 1), _CLASSES)))
        parts = [given.order[part] for part in self._parts()]
        self.centres = np.array([_median(given.values[p], _of(given.weights, p)) for p in parts])
        weights = given.weights
        shares = [p.size if weights is None else weights[p].sum() for p in parts]
        self.weight = np.array(shares) / np.sum(shares)

    def _parts(self) -> list[slice]:
        return [slice(a, b) for a, b in zip(self.bounds, self.bounds[1:], strict=False)]

    def levelled(self, output: Floats, k: int) -> tuple[Floats, Floats | None]:
        """Return outputs of class `k`, moved to where the input is at its centre, and weights."""
        part = self.given.order[self.bounds[k] : self.bounds[k + 1]]
        return level(
            self.given.values[part], output[part], self.centres[k], _of(self.given.weights, part)
        )


class Window:
    """Draws whose input lies near one of its quantiles, and what is asked of an output there.

    Parameters
    ----------
    given : Ordered
        Draws of the input, in any unit; at least one.
    probability : float
        Which quantile of the input, a fraction of 1.

    Attributes
    ----------
    at : float
        That quantile, in the input's unit.
    """

    def __init__(self, given: Ordered, probability: float) -> None:
        reached = given.reached()
        place = min(int(np.searchsorted(reached, probability * reached[-1])), reached.size - 1)
        self.at = float(given.rising[place])
        self._draws = given.order[_near(given, reached, place, probability)]
        self._inputs = given.values[self._draws]
        self._weights = _of(given.weights, self._draws)

    def median(self, output: Floats) -> float:
        """Return the median of an output, of shape (n,), where the input is at the quantile.

        Exact where the output is a line of the input and of noise that is independent of it.
        Infinite outputs count, those with NaN are left out; NaN if none is left.
        """
        return _median(*level(self._inputs, output[self._draws], self.at, self._weights))


def _near(given: Ordered, reached: Floats, place: int, probability: float) -> slice:
    """Return the places near one place: its equals if they are many, else its neighbours."""
    rising, draws = given.rising, effective(given.weights, given.values.size)
    first = int(np.searchsorted(rising, rising[place], side="left"))
    last = int(np.searchsorted(rising, rising[place], side="right"))
    # The curvature that a line misses grows with the width, noise falls: n^(-1/5) balances them.
    half = min(max(0.3 * draws**-0.2, 4 / draws), 0.1 + 4 / draws)
    equals = reached[last - 1] - (reached[first - 1] if first else 0.0)
    few_values = given.starts.size <= math.sqrt(draws)
    if last - first > 1 and (few_values or equals >= half * reached[-1]):
        return slice(first, last)
    low, high = np.searchsorted(reached, reached[-1] * (probability + np.array([-half, half])))
    return slice(int(low), int(high) + 1)


def level(x: Floats, y: Floats, at: float, weights: Floats | None) -> tuple[Floats, Floats | None]:
    """Move outputs along a line through them to where the input is `at`.

    Parameters
    ----------
    x : ndarray, shape (n,)
        Inputs that rise.
    y : ndarray, shape (n,)
        Outputs; those with NaN are left out.
    at : float
        An input.
    weights : ndarray, shape (n,), or None
        Weights; None if all are equal. Draws without weight are left out.

    Returns
    -------
    values, weights : ndarray, ndarray or None
        Of the outputs that are left.

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    The line is that of least squares. Nothing moves along one that noise may have made (less
    than three standard errors from flat), and nothing beyond the outputs that there are: so a line
    stays exact, and what jumps is not torn apart. Infinite outputs stay where they are.

    Source: J. Fan, I. Gijbels, *Local Polynomial Modelling and Its Applications* (1996), ch. 2.

    Examples
    --------
    >>> import numpy as np
    >>> from overbuild.study.drivers.levelling import level
    >>> x = np.arange(9.0)
    >>> level(x, 2 * x + 1, at=4.0, weights=None)[0]
    array([9., 9., 9., 9., 9., 9., 9., 9., 9.])
    """
    used = ~np.isnan(y) if weights is None else ~np.isnan(y) & (weights > 0)
    if not used.all():
        x, y, weights = x[used], y[used], _of(weights, used)
    finite = np.isfinite(y)
    if np.count_nonzero(finite) < 3:
        return y, weights
    moved = y.copy()
    moved[finite] = _along_line(x[finite], y[finite], at, _of(weights, finite))
    return moved, weights


def _along_line(x: Floats, y: Floats, at: float, weights: Floats | None) -> Floats:
    """Move finite outputs, of draws that all count, along their line; or not at all."""
    share = np.full(y.size, 1 / y.size) if weights is None else weights / weights.sum()
    with np.errstate(all="ignore"):
        away, apart = x - share @ x, y - share @ y
        spread = share @ (away * away)
        slope = share @ (away * apart) / spread
        noise = share @ np.square(apart - slope * away) * (share @ share)
        there = y[0] - apart[0] + slope * (at - x[0] + away[0])
        moved: Floats = y - slope * (x - at)
        moved = moved.clip(min(y.min(), there), max(y.max(), there))
        is_clear = slope * slope * spread > 9 * noise
    return moved if is_clear and np.isfinite(moved).all() else y


def quantiles(values: Floats, probabilities: Floats, weights: Floats | None) -> Floats:
    """Quantiles of few draws whose own error has no lean: median-unbiased ones.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Draws, in any unit, in any order, without NaN; infinite ones count.
    probabilities : ndarray, shape (k,)
        Fractions of 1.
    weights : ndarray, shape (n,), or None
        Weights above 0; None if all are equal.

    Returns
    -------
    ndarray, shape (k,)
        In the unit of the values; NaN if there are none.

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    Source: R. J. Hyndman, Y. Fan, "Sample quantiles in statistical packages", *American
    Statistician* 50 (1996), 361-365, definition 8; with weights, the same from the middle of each
    draw's weight, and from their effective number.

    Examples
    --------
    >>> import numpy as np
    >>> from overbuild.study.drivers.levelling import quantiles
    >>> quantiles(np.arange(10.0), np.array([0.05, 0.5]), None).round(3)
    array([0. , 4.5])
    """
    n = values.size
    if n == 0:
        return np.full(probabilities.shape, np.nan)
    if weights is None:
        places = _snapped(np.clip(probabilities * (n + 1 / 3) - 2 / 3, 0, n - 1))
        ends = np.concatenate([np.floor(places), np.ceil(places)]).astype(np.intp)
        rising = np.partition(values, np.unique(ends))
    else:
        order = np.argsort(values, kind="stable")
        rising, share = values[order], weights[order] / weights.sum()
        one = float(np.square(share).sum())
        reached = (np.cumsum(share) - share / 2 + one / 6) / (1 + one / 3)
        places = _snapped(np.interp(probabilities, reached, np.arange(n)))
    below = places.astype(np.intp)
    above = np.minimum(below + 1, n - 1)
    part = places - below
    with np.errstate(invalid="ignore", over="ignore"):
        found: Floats = rising[below] * (1 - part) + rising[above] * part
    # Between two infinities, or at one, there is nothing to interpolate.
    found = np.where(np.isnan(found) | (rising[below] == rising[above]), rising[below], found)
    return found + 0.0  # no zero with a minus sign


def _snapped(places: Floats) -> Floats:
    """Return places between draws, a whole one where only rounding keeps it from that."""
    whole = np.rint(places)
    return np.where(np.abs(places - whole) < 1e-9, whole, places)


def _median(values: Floats, weights: Floats | None) -> float:
    return float(quantiles(values, np.array([0.5]), weights)[0])


def _of(weights: Floats | None, part: Part) -> Floats | None:
    return None if weights is None else weights[part]
