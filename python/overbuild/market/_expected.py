"""Optimal capacity, expected shortage and expected surplus, of distributions and of draws."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from overbuild.study.distributions.laws import Foreign, Law, is_searched

_Floats: TypeAlias = NDArray[np.float64]

#: Tail probabilities e^-s: edges of panels of s, and how far all tails are followed if they can.
_EDGES = np.array([0.0, 0.5, *2.0 ** np.arange(10)])
_SHALLOWEST = 64.0

#: By how much a panel may change when it is halved, in parts of the whole; what counts as faded.
_ERROR, _FADED = 1e-11, 1e-10

#: A tail that falls by less from one panel to the next has no end.
_CONSTANT = 0.999

_MOST_HALVINGS = 40

#: Critical ratios that are integrated at once.
_BLOCK = 4_096

#: Gauss-Lobatto nodes and weights on 0 to 1. Both ends are nodes: quantiles jump where nothing has
#: a probability, and a jump between an end and the node next to it would not be seen otherwise.
_LAST = np.polynomial.Legendre.basis(11)
_ROOTS = np.concatenate([[-1.0], np.sort(_LAST.deriv().roots().real), [1.0]])
_NODES = 0.5 * (1.0 + _ROOTS)
_WEIGHTS = 1.0 / (12 * 11 * _LAST(_ROOTS) ** 2)

#: Tails of a distribution on whole numbers, of which scipy may find only the larger ones.
_TAILS = (1e-18, 1e-16, 1e-15, 1e-14)

#: Most values of a distribution on whole numbers that are summed over.
_MOST_VALUES = 10_000_000

#: How many are looked at first, twice as many each time, until a block counts no more: it adds
#: less than this part to the mean distance, and no more probability than this is missing.
_FIRST_BLOCK = 1_024
_MISSED = 1e-9

#: Mean excess, in parts of the median, that may not lie beyond all values that are summed over.
_BEYOND = 1e-9

_ROUNDING = 1e-12


def of_law(law: Law, ratio: _Floats) -> list[_Floats]:
    """Return capacity, shortage and surplus of a distribution at critical ratios."""
    if sample := single_values(law, "demand"):
        return of_sample(*sample, ratio)
    ratios, where = np.unique(ratio, return_inverse=True)
    known = ~np.isnan(ratios)
    found = [np.full(ratios.shape, np.nan) for _ in range(3)]
    r = ratios[known]
    if not r.size:
        return [np.full(ratio.shape, np.nan) for _ in range(3)]
    blocks = [_at_ratios(law, r[k : k + _BLOCK]) for k in range(0, r.size, _BLOCK)]
    q, shortage, surplus = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    # At an end nothing lies beyond; from an infinite one everything is infinitely far.
    parts = q, np.where(r == 1.0, 0.0, shortage), np.where(r == 0.0, 0.0, surplus)
    endless = np.isinf(q)
    parts[1][endless & (r == 0.0)] = np.inf
    parts[2][endless & (r == 1.0)] = np.inf
    for full, part in zip(found, parts, strict=True):
        full[known] = part
    return [full[where].reshape(ratio.shape) for full in found]


def _at_ratios(law: Law, r: _Floats) -> tuple[_Floats, _Floats, _Floats]:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        # Tails are followed farther than some of scipy's quantiles go, which say so.
        warnings.simplefilter("ignore", RuntimeWarning)
        q = np.asarray(law.ppf(r))
        spread = _spread(law)
        rounding = _ROUNDING * (spread + np.abs(q))
        shortage = (1.0 - r) * _mean_beyond(
            lambda tail: law.isf((1.0 - r) * tail) - q,
            lambda excess: law.sf(q + excess) / (1.0 - r),
            spread,
            rounding,
        )
        surplus = r * _mean_beyond(
            lambda tail: q - law.ppf(r * tail),
            lambda excess: law.cdf(q - excess) / r,
            spread,
            rounding,
        )
    return q, shortage, surplus


def _spread(law: Law) -> float:
    """Return the distance of the quartiles, or of what lies farther out if they are one value."""
    wide = (float(law.isf(tail) - law.ppf(tail)) for tail in (0.25, 0.1, 0.01, 1e-3, 1e-6))
    return next((distance for distance in wide if distance > 0.0), 0.0)


def _mean_beyond(
    excess: Callable[[_Floats], _Floats],
    chance: Callable[[_Floats], _Floats],
    spread: float,
    rounding: _Floats,
) -> _Floats:
    """Integrate the excess of quantiles over s, at tail probabilities of e^-s in turn.

    `chance` tells the probability of more than an excess, which is known but for `rounding`.

    A tail is followed until it has faded, against what it was before and against `spread`, or to
    where its quantiles are sound no more. Infinite if it does not fade; NaN if it fades too slowly
    to tell.
    """
    tail = np.exp(-_EDGES)[:, np.newaxis]
    found = excess(tail)
    slack = rounding + _ROUNDING * np.abs(found)
    rise = np.diff(found, axis=0)
    # Far out quantiles may be infinite or worse: they must not fall, no more than their probability
    # lies beyond them, and no less beyond what is a little short of them.
    sound = np.isfinite(found) & (found >= -slack) & (chance(found + slack) <= 2.0 * tail)
    short = found[1:] - np.maximum(1e-3 * rise, slack[1:])
    sound[1:] &= (rise >= -slack[:-1]) & ((rise <= slack[1:]) | (2.0 * chance(short) >= tail[1:]))
    last = np.logical_and.accumulate(sound).sum(axis=0) - 1
    parts = np.abs(np.nan_to_num(found * tail, nan=0.0, posinf=0.0, neginf=0.0))
    size = np.maximum(np.maximum.accumulate(parts), spread)
    faded = (parts <= _FADED * size) & (_EDGES >= _SHALLOWEST)[:, np.newaxis]
    first_faded = np.where(faded.any(axis=0), faded.argmax(axis=0), _EDGES.size - 1)
    end = np.minimum(last, first_faded)
    rows = np.arange(end.size)
    rest, before = parts[end, rows], parts[np.maximum(end - 1, 0), rows]
    fades = (end >= 0) & (rest <= _FADED * size[end, rows])

    def integrand(s: _Floats) -> _Floats:
        at = s[:, np.newaxis]
        counts = fades & (at <= _EDGES[end])
        return np.where(counts, excess(np.exp(-at)) * np.exp(-at), 0.0)

    total = _integral(integrand, _EDGES[: max(end.max() + 1, 2)])
    unknown = np.where((end < 0) | (rest < _CONSTANT * before), np.nan, np.inf)
    return np.asarray(np.where(fades, total, unknown))


def _integral(f: Callable[[_Floats], _Floats], edges: _Floats) -> _Floats:
    """Integrate rows of functions, halving panels until each is known well enough."""

    def over(low: _Floats, high: _Floats) -> _Floats:
        width = high - low
        nodes = low[:, np.newaxis] + width[:, np.newaxis] * _NODES
        values = f(nodes.ravel()).reshape(*nodes.shape, -1)
        return np.asarray(np.einsum("pnr,n->pr", values, _WEIGHTS) * width[:, np.newaxis])

    low, high = edges[:-1], edges[1:]
    rough = over(low, high)
    done = np.zeros(rough.shape[1])
    for _ in range(_MOST_HALVINGS):
        middle = 0.5 * (low + high)
        halves = over(low, middle), over(middle, high)
        fine = halves[0] + halves[1]
        whole = np.abs(done + fine.sum(axis=0))
        open_ = (np.abs(fine - rough) > _ERROR * whole).any(axis=1)
        done = done + fine[~open_].sum(axis=0)
        if not open_.any():
            return np.asarray(done)
        low = np.concatenate([low[open_], middle[open_]])
        high = np.concatenate([middle[open_], high[open_]])
        rough = np.concatenate([part[open_] for part in halves])
    return np.asarray(done + rough.sum(axis=0))


def single_values(law: Law, name: str) -> tuple[_Floats, _Floats] | None:
    """Return values and their chances if single values have one; `name` is for the error."""
    values = getattr(law, "values", None)
    if not law.has_density and values is not None:
        return values, np.diff(law.cdf(values), prepend=0.0)
    if not (isinstance(law, Foreign) and law.on_a_lattice):
        return None
    if is_searched(law.distribution):
        return _summed(law, name)
    first = float(law.ppf(1e-18))
    last = next((x for tail in _TAILS if math.isfinite(x := float(law.isf(tail)))), math.inf)
    if not last - first < _MOST_VALUES:
        raise _too_many(name)
    values = np.arange(first, last + 1)
    return values, np.asarray(law.distribution.pmf(values))


def _too_many(name: str) -> ValueError:
    msg = f"{name} takes too many whole numbers to sum over; use a continuous distribution"
    return ValueError(msg)


def _summed(law: Foreign, name: str) -> tuple[_Floats, _Floats]:
    """Return values around the median, as far as they count, and their chances."""
    centre = float(law.ppf(0.5))
    low, high = law.support()
    below = float(law.cdf(centre - 1.0))
    with np.errstate(all="ignore"):
        above = _side(law, name, centre, high - centre, 1.0, 1.0 - below)
        under = _side(law, name, centre - 1.0, centre - 1.0 - low, -1.0, below)
    values, chances = (
        np.concatenate([part[::-1], other]) for part, other in zip(under, above, strict=True)
    )
    return values, chances


def _side(
    law: Foreign, name: str, start: float, last: float, step: float, mass: float
) -> tuple[_Floats, _Floats]:
    """Return values from `start` to a side, the `last` steps at most, and their `mass` or most."""
    pmf = law.distribution.pmf
    # What lies beyond all that can be summed, at least, if probabilities fall there.
    edges = _MOST_VALUES * 2.0 ** np.arange(30)
    far = np.abs(edges[1:]) * np.diff(edges) * pmf(start + step * edges[1:])
    if np.nansum(far) > _BEYOND * max(1.0, abs(start)):
        raise _too_many(name)
    values: list[_Floats] = [np.empty(0)]
    chances: list[_Floats] = [np.empty(0)]
    count, size, found, reach = 0.0, _FIRST_BLOCK, 0.0, 0.0
    while count <= last:
        if count >= _MOST_VALUES:
            raise _too_many(name)
        away = count + np.arange(min(size, last + 1.0 - count))
        values.append(start + step * away)
        chances.append(np.asarray(pmf(values[-1])))
        moment = float(away @ chances[-1])
        count, size = count + away.size, 2 * size
        found, reach = found + float(chances[-1].sum()), reach + moment
        if found >= mass - _MISSED and moment <= _FADED * reach:
            break
    return np.concatenate(values), np.concatenate(chances)


def of_sample(draws: _Floats, weights: _Floats | None, ratio: _Floats) -> list[_Floats]:
    """Return the same of draws along the last axis, each of some weight."""
    if draws.ndim == 1:
        return _of_row(draws, weights, np.asarray(ratio, dtype=float))
    rows, at = draws.shape[:-1], np.asarray(ratio, dtype=float)
    try:
        shape = np.broadcast_shapes(rows, at.shape)
    except ValueError as error:
        msg = f"demand in shape {rows} does not go with underage and overage in shape {at.shape}"
        raise ValueError(msg) from error
    found = [np.empty(shape) for _ in range(3)]
    wide, ratios = np.broadcast_to(draws, (*shape, draws.shape[-1])), np.broadcast_to(at, shape)
    for place in np.ndindex(shape):
        for full, one in zip(found, _of_row(wide[place], weights, ratios[place]), strict=True):
            full[place] = one
    return found


def _of_row(draws: _Floats, weights: _Floats | None, ratio: _Floats) -> list[_Floats]:
    order = np.argsort(draws, kind="stable")
    x = draws[order]
    weight = np.ones(x.size) if weights is None else np.asarray(weights, dtype=float)[order]
    share = weight / weight.sum()
    up_to, sums = np.cumsum(share), np.cumsum(share * x)
    enough = np.searchsorted(up_to, ratio * (1.0 - _ROUNDING), side="left")
    some = np.flatnonzero(weight > 0)  # none of no weight is chosen
    at = np.clip(enough, some[0], some[-1])
    q = x[at]
    with np.errstate(invalid="ignore"):
        shortage = np.maximum(sums[-1] - sums[at] - q * (up_to[-1] - up_to[at]), 0.0)
        surplus = np.maximum(q * up_to[at] - sums[at], 0.0)
    if np.isinf(x[some[[0, -1]]]).any():  # of some weight
        shortage = np.where((x[some[-1]] == np.inf) & (q < np.inf) | (q == -np.inf), np.inf, 0.0)
        surplus = np.where((x[some[0]] == -np.inf) & (q > -np.inf) | (q == np.inf), np.inf, 0.0)
    unknown = np.isnan(ratio) | np.isnan(x[-1])
    return [np.where(unknown, np.nan, part) for part in (q, shortage, surplus)]
