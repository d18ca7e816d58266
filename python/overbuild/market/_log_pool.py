"""The normalised product of densities: cells small enough for quadrature, and what they add up to.

Everything is kept as logarithms until it is normalised, because where experts differ widely the
product of their densities is far below the smallest number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import special

from overbuild.study.distributions.composite import Composite, key_of, listed
from overbuild.study.distributions.laws import Floats, Foreign, Law

#: Gauss-Legendre nodes and weights on 0 to 1.
_NODES, _WEIGHTS = (
    0.5 * (1.0 + np.polynomial.legendre.leggauss(12)[0]),
    0.5 * np.polynomial.legendre.leggauss(12)[1],
)

#: By how much the probability of a cell may change when it is halved: of the whole, and of itself
#: unless it is too small to matter even in a tail.
_ERROR, _ERROR_OF_ITSELF, _TOO_SMALL = 1e-13, 1e-10, 1e-20

#: So many cells at once are rough because densities are rounded: then probabilities may be off by
#: a factor more, but not by more than a share of themselves.
_MANY, _EASIER, _MOST_ERROR = 2_048, 100.0, 1e-3

#: Narrower cells, in parts of their place, would have their nodes rounded away.
_NARROW = 256 * np.finfo(float).eps

#: What lies beyond has less than e^-60 of the whole.
_NEGLIGIBLE = -60.0

#: How often cells are halved, and the range is doubled.
_MOST_HALVINGS, _MOST_DOUBLINGS = 300, 200


#: Beyond less than that, cells are not fine enough for moments, which count it for more.
_TAIL = 1e-19

#: Tails are followed for moments in steps of the logarithm of the distance, nearly as far as
#: numbers go, or until a step adds less than a part of the whole.
_STEP, _FARTHEST, _FADED = math.log(2.0), 690.0, 1e-18

#: Steps over which the power of a tail is taken; by how much that may change; what is no fall; and
#: what rest of a whole does not matter.
_SLOPE, _STEADY, _LEVEL, _NOTHING = 32, 1e-6, 1e-9, 1e-12

#: Logarithms of the least density with all of its digits, and of the least there is.
_LEAST_SOUND, _LEAST = -700.0, -746.0


class LogPool(Composite):
    """The distribution whose density is a weighted geometric mean of others, normalised."""

    has_density = True

    def __init__(self, laws: Mapping[str, Law], weights: Floats) -> None:
        for name, law in laws.items():
            if not law.has_density:
                msg = f"{name} has no density, which a logarithmic pool needs: give it a spread"
                raise ValueError(msg)
        self._names = tuple(laws)
        self._laws = tuple(laws.values())
        self._weights = weights / weights.sum()
        ends = [law.support() for law in self._laws]
        self._support = max(low for low, _ in ends), min(high for _, high in ends)
        if not self._support[0] < self._support[1]:
            found = ", ".join(
                f"{name} {a:g} to {b:g}" for name, (a, b) in zip(laws, ends, strict=True)
            )
            msg = f"estimates have no value in common, so nothing is left: {found}"
            raise ValueError(msg)
        self._edges, logs = self._cells()
        self._log_total = float(special.logsumexp(logs))
        if not math.isfinite(self._log_total):
            msg = "estimates have no value in common: the product of their densities is 0"
            raise ValueError(msg)
        shares = np.exp(logs - self._log_total)
        self._before = np.concatenate([[0.0], np.cumsum(shares)])
        self._after = np.concatenate([np.cumsum(shares[::-1])[::-1], [0.0]])

    def support(self) -> tuple[float, float]:
        """Return the least and the greatest value that all of them allow."""
        return self._support

    @property
    def log_integral(self) -> float:
        """The logarithm of what the product adds up to before it is normalised.

        That of a single density is 0 if all of it was found.
        """
        return self._log_total

    def mean(self) -> float:
        """Return the mean; infinite or NaN as it is, and NaN if it could not be computed."""
        return self._middle + self._moment(1)

    def var(self) -> float:
        """Return the variance; infinite or NaN as it is, and NaN if it could not be computed."""
        first, second = self._moment(1), self._moment(2)
        return abs(first) if math.isinf(first) else second - first * first

    @property
    def _middle(self) -> float:
        """Return an edge next to the median, from which the mean is at most about a spread off."""
        return float(self._edges[np.argmin(np.abs(self._before - 0.5))])

    def _moment(self, order: int) -> float:
        """Return the mean of a power of the distance from the middle."""
        first, last = 0, self._edges.size - 1
        is_open = np.isinf(self._support)
        # Cells with less were not made for moments, which far out count for more.
        if is_open[0]:
            first = int(np.searchsorted(self._before, _TAIL, "right")) - 1
        if is_open[1]:
            last -= int(np.searchsorted(self._after[::-1], _TAIL, "right")) - 1
        low, width = self._edges[first:last], np.diff(self._edges[first : last + 1])
        x = low + width * _NODES[:, np.newaxis]
        parts = width * (_WEIGHTS @ ((x - self._middle) ** order * self._pdf(x)))
        total, size = float(parts.sum()), float(np.abs(parts).sum())
        if is_open[0]:
            total += (-1.0) ** order * self._beyond(float(self._edges[first]), -1.0, order, size)
        if is_open[1]:
            total += self._beyond(float(self._edges[last]), 1.0, order, size)
        return total

    def _beyond(self, start: float, side: float, order: int, size: float) -> float:
        """Return what a tail without end adds to a moment that is of some size without it.

        It is integrated over the logarithm of the distance, as far as densities are numbers, and
        goes on from there as a power of the distance.
        """

        def own_logs(log_distance: Floats) -> list[Floats]:
            return self._own_logs(self._middle + side * np.exp(log_distance))

        def log_parts(log_distance: Floats, own: list[Floats]) -> Floats:
            return (order + 1) * log_distance + self._log_product(own) - self._log_total

        begin = math.log(side * (start - self._middle))
        edges = np.arange(begin, _FARTHEST, _STEP)
        t, own, count = self._followed(edges, own_logs)
        if count < _SLOPE:
            # Numbers end soon, which larger steps would not get near.
            edges = np.linspace(begin, edges[min(count + 1, edges.size - 1)], 4 * _SLOPE)
            t, own, count = self._followed(edges, own_logs)
        step = edges[1] - edges[0]
        with np.errstate(over="ignore"):
            parts = np.exp(log_parts(t, own)).reshape(-1, _NODES.size) @ _WEIGHTS * step
        total = float(parts[:count].sum())
        if count and parts[count - 1] <= _FADED * (size + total):
            return total
        if count < 2:
            # Numbers end where the tail begins.
            most = self._most_beyond(start, side, order)
            return total if most <= _NOTHING * (size + total) else math.nan
        steps = min(_SLOPE, count // 2)
        at = edges[[count - 2 * steps, count - steps, count]]
        ends = log_parts(at, own_logs(at))
        before, falls = -np.diff(ends) / (steps * step)
        if not falls > _LEVEL:
            return math.inf
        rest = math.exp(ends[-1]) / falls
        is_power = abs(before - falls) <= _STEADY * falls
        # What falls faster and faster has less of a rest than a power.
        is_nothing = falls > before and rest <= _NOTHING * (size + total)
        return float(total + rest) if is_power or is_nothing else math.nan

    def _most_beyond(self, start: float, side: float, order: int) -> float:
        """Return what a tail would add to a moment if all of it lay at the last edge."""
        cell = int(np.searchsorted(self._edges, start))
        tail, end = (self._before, 0) if side < 0 else (self._after, -1)
        return float(tail[cell] * abs(self._edges[end] - self._middle) ** order)

    @staticmethod
    def _followed(
        edges: Floats, own_logs: Callable[[Floats], list[Floats]]
    ) -> tuple[Floats, list[Floats], int]:
        """Return the nodes between edges, densities there, and between how many all are sound."""
        t = (edges[:-1, np.newaxis] + (edges[1] - edges[0]) * _NODES).ravel()
        own = own_logs(t)
        return t, own, min(map(_sound, own)) // _NODES.size

    def _own_logs(self, x: Floats) -> list[Floats]:
        """Return the logarithms of the density of each of them."""
        with np.errstate(all="ignore"):
            return [
                np.asarray((law.distribution if isinstance(law, Foreign) else law).logpdf(x))  # type: ignore[union-attr]
                for law in self._laws
            ]

    def _log_density(self, x: Floats) -> Floats:
        """Return the logarithm of the product, which is not normalised."""
        return self._log_product(self._own_logs(x))

    def _log_product(self, own: list[Floats]) -> Floats:
        with np.errstate(all="ignore"):
            total = sum(w * one for w, one in zip(self._weights, own, strict=True))
        return np.where(total < np.inf, total, -np.inf)

    def _log_integrals(self, low: Floats, high: Floats) -> Floats:
        width = high - low
        # Rounding must not put a point on an end, where a density may be infinite.
        inside = np.nextafter(self._support[0], np.inf), np.nextafter(self._support[1], -np.inf)
        logs = self._log_density(np.clip(low + width * _NODES[:, np.newaxis], *inside))
        with np.errstate(divide="ignore"):
            return np.asarray(
                special.logsumexp(logs, axis=0, b=_WEIGHTS[:, np.newaxis]) + np.log(width)
            )

    def _log_ends(self, low: Floats, high: Floats) -> Floats:
        """Return the logarithm of what a cell would hold at the density of its higher end."""
        at_ends = np.fmax(self._log_density(low), self._log_density(high))
        return np.where(np.isfinite(at_ends), at_ends, -np.inf) + np.log(high - low)

    def _cells(self) -> tuple[Floats, Floats]:
        """Return edges of cells, and the logarithm of each one's share before it is normalised."""
        edges = self._first_edges()
        low, high = edges[:-1], edges[1:]
        logs = self._log_integrals(low, high)
        done: list[tuple[Floats, Floats]] = []
        ease = 1.0
        for _ in range(_MOST_HALVINGS):
            middle = low + 0.5 * (high - low)
            halves = self._log_integrals(low, middle), self._log_integrals(middle, high)
            finer = np.logaddexp(*halves)
            if not np.isfinite(finer).any() and not done:
                return edges, logs  # there is no value in common
            known = [finer, *(part for _, part in done)]
            total = special.logsumexp(np.concatenate(known))
            share = np.exp(finer - total)
            change = np.abs(np.exp(logs - total) - share)
            if low.size > _MANY and (ease := ease * _EASIER) * _ERROR_OF_ITSELF > _MOST_ERROR:
                msg = (
                    "estimates have densities that rounding leaves too few digits, as of a gamma "
                    "distribution of a very large shape; give a normal or lognormal one instead: "
                    f"{', '.join(self._names)}"
                )
                raise ValueError(msg)
            # Nodes may miss what stands at an end, as in a wide cell of a thin tail.
            counts = np.maximum(share, np.exp(self._log_ends(low, high) - total)) > _TOO_SMALL
            is_wrong = (change > ease * _ERROR) | (
                (change > ease * _ERROR_OF_ITSELF * share) & counts
            )
            rough = is_wrong & (high - low > _NARROW * np.maximum(np.abs(low), np.abs(high)))
            done.append((low[~rough], finer[~rough]))
            if not rough.any():
                break
            low, high = (
                np.concatenate([low[rough], middle[rough]]),
                np.concatenate([middle[rough], high[rough]]),
            )
            logs = np.concatenate([part[rough] for part in halves])
        else:
            done.append((low, logs))
        starts, shares = (np.concatenate(parts) for parts in zip(*done, strict=True))
        order = np.argsort(starts, kind="stable")
        return np.append(starts[order], edges[-1]), shares[order]

    def _first_edges(self) -> Floats:
        """Return quantiles of all of them, and beyond until what is there does not count."""
        tails = np.concatenate([10.0 ** np.arange(-30, -1), np.arange(0.05, 1.0, 0.05)])
        found = [law.ppf(tails) for law in self._laws] + [law.isf(tails) for law in self._laws]
        low, high = self._support
        inside = np.concatenate([*found, [end for end in self._support if math.isfinite(end)]])
        edges = np.unique(inside[np.isfinite(inside) & (low <= inside) & (inside <= high)])
        if edges.size < 2:  # between quantiles of all of them
            edges = np.unique(np.clip(np.concatenate(found), low, high))
        edges = edges[np.isfinite(edges)]
        top = np.max(self._log_density(0.5 * (edges[1:] + edges[:-1])) + np.log(np.diff(edges)))
        ends, further = edges[[0, -1]], []
        step = edges[-1] - edges[0]
        outward = np.array([-1.0, 1.0])
        for _ in range(_MOST_DOUBLINGS):
            counts = self._log_density(ends) + math.log(step) > top + _NEGLIGIBLE
            if not (goes_on := counts & (low < ends) & (ends < high)).any():
                break
            ends = np.where(goes_on, np.clip(ends + step * outward, low, high), ends)
            further.append(ends)
            step *= 2.0
        return np.unique(np.concatenate([edges, *further]))

    def _pdf(self, x: Floats) -> Floats:
        return np.exp(self._log_density(x) - self._log_total)

    def _within(self, low: Floats, high: Floats) -> Floats:
        """Return probabilities between two values of one cell."""
        return np.exp(self._log_integrals(low, high) - self._log_total)

    def _cdf(self, x: Floats) -> Floats:
        at = np.clip(x, self._edges[0], self._edges[-1])
        cell = np.clip(np.searchsorted(self._edges, at, "right") - 1, 0, self._edges.size - 2)
        return np.minimum(self._before[cell] + self._within(self._edges[cell], at), 1.0)

    def _sf(self, x: Floats) -> Floats:
        at = np.clip(x, self._edges[0], self._edges[-1])
        cell = np.clip(np.searchsorted(self._edges, at, "right") - 1, 0, self._edges.size - 2)
        return np.minimum(self._after[cell + 1] + self._within(at, self._edges[cell + 1]), 1.0)

    def _below(self, tail: Floats) -> Floats:
        cell = np.searchsorted(self._before[1:-1], tail)
        start, end = self._edges[cell], self._edges[cell + 1]
        left = tail - self._before[cell]
        return self._solved(start, end, lambda x, k: self._within(start[k], x) >= left[k])

    def _above(self, tail: Floats) -> Floats:
        cell = self._edges.size - 2 - np.searchsorted(self._after[1:-1][::-1], tail)
        start, end = self._edges[cell], self._edges[cell + 1]
        left = tail - self._after[cell + 1]
        return self._solved(start, end, lambda x, k: self._within(x, end[k]) <= left[k])

    @staticmethod
    def _solved(low: Floats, high: Floats, holds: Any) -> Floats:
        """Return the least values in a cell for which something holds, to the last digits."""
        low, high = low.copy(), high.copy()
        open_ = np.arange(low.size)
        for _ in range(60):
            middle = low[open_] + 0.5 * (high[open_] - low[open_])
            inside = (low[open_] < middle) & (middle < high[open_])
            open_, middle = open_[inside], middle[inside]
            if not open_.size:
                break
            found = holds(middle, open_)
            high[open_[found]] = middle[found]
            low[open_[~found]] = middle[~found]
        return high

    def _key(self) -> tuple[Any, ...]:
        return tuple(map(key_of, self._laws)), self._weights.tobytes()

    def __repr__(self) -> str:
        parts = ", ".join(map(repr, self._laws))
        return f"pool([{parts}], weights={listed(self._weights)}, kind='log')"


def _sound(logs: Floats) -> int:
    """Return how many logarithms of a density are sound, along a tail.

    Some densities are computed first and so have none where they are too small for a number.
    """
    gone = np.flatnonzero(~np.isfinite(logs))
    if not gone.size:
        return logs.size
    first = int(gone[0])
    small = np.flatnonzero(logs[:first] <= _LEAST_SOUND)
    return int(small[0]) if small.size and logs[first - 1] > _LEAST else first
