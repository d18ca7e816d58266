"""Draws of one number in order, with their weights: what every picture is made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild.plot._numbers import DATES, days
from overbuild.study.inputs import DRAW, WEIGHT

Floats = NDArray[np.float64]

#: Below it no logarithmic axis: its ends and ticks would leave the range of floats.
TINY = 1e-250


def numeric(values: xr.DataArray) -> xr.DataArray:
    """Return draws as floats: dates as days since 1970, lengths of time as days."""
    if values.dtype.kind == "M":
        return values.copy(data=days(values.values)).assign_attrs({DATES: True, "unit": ""})
    if values.dtype.kind == "m":
        lengths = values.values / np.timedelta64(1, "D")
        return values.copy(data=lengths).assign_attrs(unit="days")
    if values.dtype.kind not in "iufb":
        msg = f"{values.name} must hold numbers or dates, got {values.dtype}"
        raise TypeError(msg)
    return values.astype(float, copy=False)


def other_dims(values: xr.DataArray) -> list[Hashable]:
    """Return the dimensions beside that of the draws, which must be there."""
    if DRAW not in values.dims:
        msg = f"{values.name} is the same in all draws: there is no distribution to draw"
        raise ValueError(msg)
    return [dim for dim in values.dims if dim != DRAW]


def only_dims(values: xr.DataArray, most: int) -> list[Hashable]:
    """Return the dimensions beside that of the draws, of which there may be `most`."""
    others = other_dims(values)
    if len(others) > most:
        names = ", ".join(map(str, others))
        left = {0: "all", 1: "all but one"}.get(most, f"all but {most}")
        msg = f"{values.name} has dimensions {names}; select along {left}"
        raise ValueError(msg)
    return others


def weights_of(values: xr.DataArray) -> Floats | None:
    """Return the weights of draws; none if they are all the same."""
    if WEIGHT not in values.coords:
        return None
    weights: Floats = np.asarray(values.coords[WEIGHT].values, dtype=float)
    if weights.size == 0 or weights.min() == weights.max():
        return None
    return weights


def _interpolated(rising: Floats, places: Floats) -> Floats:
    """Return values between neighbours, as ``np.quantile`` does; the lower one of infinite ones."""
    below = np.floor(places).astype(int)
    low, high = rising[below], rising[np.minimum(below + 1, rising.size - 1)]
    part = places - below
    with np.errstate(invalid="ignore", over="ignore"):
        step = high - low
        found = np.where(part < 0.5, low + step * part, high - step * (1 - part))
    return np.asarray(np.where(np.isnan(found), low, found))


@dataclasses.dataclass(frozen=True)
class Draws:
    """Draws of one number that have a value and a weight, in rising order.

    Attributes
    ----------
    values : ndarray
        Rising; infinite ones at the ends.
    upto : ndarray, optional
        Share of the weight up to and with each value; None if all weigh the same.
    total, missing : int
        How many draws there are, and how many of them have no value.
    effective : float
        As how many draws of equal weight they tell: the square of the sum of weights over the
        sum of their squares.
    """

    values: Floats
    upto: Floats | None
    total: int
    missing: int
    effective: float

    @classmethod
    def of(cls, values: xr.DataArray, weighted: bool = True) -> Draws:
        """Sort the draws of a variable, with their weights or as they were before evidence."""
        weights = weights_of(values) if weighted else None
        array = values.values
        missing = np.isnan(array)
        count = int(np.count_nonzero(missing))
        if weights is None:
            rising = np.sort(array)[: array.size - count]  # NaN comes last
            return cls(rising, None, array.size, count, float(rising.size))
        there = ~missing & (weights > 0)
        array, weights = array[there], weights[there]
        order = np.argsort(array)
        upto = np.cumsum(weights[order])
        effective = float(upto[-1] ** 2 / (weights @ weights)) if upto.size else 0.0
        return cls(array[order], upto / upto[-1:], values.size, count, effective)

    @property
    def finite(self) -> Floats:
        """The finite values."""
        return self.values[self._ends()]

    def _ends(self) -> slice:
        first = int(np.searchsorted(self.values, -np.inf, side="right"))
        return slice(first, int(np.searchsorted(self.values, np.inf, side="left")))

    def finite_part(self) -> Draws:
        """Return the draws that are finite, alone."""
        ends = self._ends()
        values, upto = self.values[ends], None
        if self.upto is not None and values.size:
            before = self.upto[ends.start - 1] if ends.start else 0.0
            upto = (self.upto[ends] - before) / (self.upto[ends.stop - 1] - before)
        return Draws(values, upto, self.total, self.missing, self.effective)

    def quantiles(self, probabilities: Any) -> Floats:
        """Return quantiles: interpolated, or with weights the inverse of the distribution."""
        p = np.asarray(probabilities, dtype=float)
        last = self.values.size - 1
        if last < 0:
            return np.full(p.shape, np.nan)
        if self.upto is not None:
            found: Floats = self.values[np.searchsorted(self.upto, p).clip(max=last)]
            return found
        return _interpolated(self.values, p * last)

    def probability_upto(self, x: Any, side: Any = "right") -> Floats:
        """Return the probability of values up to and with `x`; below `x` if side is left."""
        places = np.searchsorted(self.values, x, side=side)
        if self.upto is None:
            return np.asarray(places / self.values.size)
        upto: Floats = np.concatenate([[0.0], self.upto])[places]
        return upto

    def heights(self, edges: Floats) -> Floats:
        """Return the probability between one edge and the next, of the last one with its end."""
        upto = self.probability_upto(edges, side="left")
        upto[-1] = self.probability_upto(edges[-1])
        return np.diff(upto)

    def distinct(self) -> tuple[Floats, Floats]:
        """Return the finite values without repetition, and the probability of each."""
        finite = self.finite
        starts = np.flatnonzero(np.concatenate([[True], finite[1:] != finite[:-1]]))
        ends = self._ends()
        upto = self.probability_upto(-np.inf) if ends.start else 0.0
        if self.upto is None:
            counts = np.diff(np.append(starts, finite.size))
            return finite[starts], counts / self.values.size
        last = np.append(starts[1:], finite.size) - 1 + ends.start
        return finite[starts], np.diff(self.upto[last], prepend=upto)


def checked_draws(values: xr.DataArray, weighted: bool = True) -> Draws:
    """Return the draws of a variable without further dimensions, some of which are finite."""
    only_dims(values, most=0)
    draws = Draws.of(values, weighted)
    if draws.finite.size == 0:
        msg = f"{values.name} has no finite draw"
        raise ValueError(msg)
    return draws


def span(draws: Draws, marks: Floats) -> tuple[float, float]:
    """Return the part of the axis to show: all but far tails, and what is marked."""
    inner = draws.finite_part()
    low, p5, p95, high = inner.quantiles([0.001, 0.05, 0.95, 0.999])
    low = inner.values[np.searchsorted(inner.values, low, side="right") - 1]
    high = inner.values[np.searchsorted(inner.values, high).clip(max=inner.values.size - 1)]
    if np.isfinite(p95 - p5) and p95 > p5 and not is_skewed(draws):
        low, high = max(low, p5 - 3 * (p95 - p5)), min(high, p95 + 3 * (p95 - p5))
    ends = np.append(marks[np.isfinite(marks)], [low, high])
    return float(ends.min()), float(ends.max())


def is_skewed(draws: Draws) -> bool:
    """Whether positive draws span so many sizes that a logarithmic axis shows them better."""
    inner = draws.finite_part()
    if not inner.values[0] > TINY:
        return False
    low, middle, high = inner.quantiles([0.001, 0.5, 0.999])
    return bool(high / 100 > low and middle - low < 0.02 * (high - low))
