"""Draws: scrambled Sobol' points through each input's quantile function.

Point ``i`` depends on the seed and on ``i`` alone, so it does not matter in which chunks, or on
which machine, draws are made. Several independent scrambles, the replicates, are dealt out in
turn; how much a result differs between them tells how well it is known.
"""

from __future__ import annotations

import dataclasses
import functools
import weakref
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.stats import qmc

from overbuild._core import QuantileTable, SobolPoints
from overbuild.study.draws.correlation import Correlation
from overbuild.study.inputs import REPLICATES, Input

#: Bits of a Sobol' point, and so the logarithm of the greatest number of draws.
BITS = 32


def tabulate(distribution: Any) -> QuantileTable:
    """Tabulate the quantile function of a distribution, for millions of draws.

    Its method ``ppf(u)`` takes an array of probabilities and gives quantiles whose probability
    is within 1e-9 of `u`, at a few nanoseconds each whatever the distribution. The error is
    checked at points within every cell of the table, which suits all smooth distributions and
    those with jumps; a feature narrower than the space between those points can escape. Making
    the table takes thousands of quantiles, so seconds where the distribution's own are slow.

    Parameters
    ----------
    distribution : frozen distribution
        Of ``scipy.stats``, or any object with methods ``ppf`` and, for accuracy in the upper
        tail, ``isf``; values in any unit, one number each.

    Returns
    -------
    QuantileTable
        With ``ppf(u)`` for a contiguous float64 array of shape (n,); it can be pickled.

    Raises
    ------
    ValueError
        If the quantile function is not finite inside 0 to 1, falls, or jumps too often.
    TypeError
        If there is no quantile function.

    Notes
    -----
    Source: error control as in G. Derflinger, W. Hörmann, J. Leydold, *ACM TOMACS* 20 (2010),
    18, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> import overbuild as ob
    >>> from scipy import stats
    >>> table = ob.study.tabulate(stats.beta(2, 5))
    >>> table.ppf(np.array([0.05, 0.5, 0.95])).round(6)
    array([0.06285 , 0.26445 , 0.581803])
    """
    try:
        known = _TABLES.get(distribution)
    except TypeError:  # it cannot be a key
        return _tabulate(distribution)
    if known is None:
        known = _TABLES[distribution] = _tabulate(distribution)
    return known


#: Tables made, for as long as their distributions are there: a frozen one does not change.
_TABLES: weakref.WeakKeyDictionary[Any, QuantileTable] = weakref.WeakKeyDictionary()


def _tabulate(distribution: Any) -> QuantileTable:
    functions = _by_steps(distribution) or Input(distribution).quantile_functions()
    return QuantileTable(*(_on_floats(function) for function in functions))


def _by_steps(distribution: Any) -> tuple[Any, Any] | None:
    """Quantile functions of a discrete distribution of scipy, from its steps; None for others.

    Its own search for each quantile is slow, and a table of many steps asks for millions.
    """
    family = getattr(distribution, "dist", None)
    # Those made of a table of values, which may lie anywhere, are quick as they are.
    if not isinstance(family, stats.rv_discrete) or hasattr(family, "xk"):
        return None
    first = distribution.ppf(_TAILS[-1])
    for tail in _TAILS:  # a heavy tail shows before its end is asked for, which may take minutes
        last = distribution.isf(tail)
        if not last - first < _MOST_STEPS:
            msg = "it has too many steps to tabulate; use a continuous one and round in the model"
            raise ValueError(msg)
    values = np.arange(first, last + 1)
    below, above = distribution.cdf(values), -distribution.sf(values)

    def quantiles(steps: Any, tail: Any, end: float) -> NDArray[Any]:
        return np.where(tail == 0, end, values[steps.clip(max=values.size - 1)])

    return (
        lambda tail: quantiles(np.searchsorted(below, tail), tail, distribution.ppf(0)),
        lambda tail: quantiles(np.searchsorted(above, -tail), tail, distribution.isf(0)),
    )


#: Tails of a discrete distribution to look at, the last one negligible, and most steps between.
_TAILS, _MOST_STEPS = (1e-3, 1e-6, 1e-9, 1e-12, 1e-15), 100_000


def _on_floats(function: Any) -> Any:
    def quantiles(tail: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            return np.ascontiguousarray(function(tail), dtype=float)

    return quantiles


def tabulate_all(distributions: Mapping[str, Any]) -> dict[str, QuantileTable]:
    """Tabulate distributions by label; an impossible one is named."""
    tables = {}
    for label, distribution in distributions.items():
        try:
            tables[label] = tabulate(distribution)
        except ValueError as error:
            msg = f"input {label!r} cannot be drawn from: {error}"
            raise ValueError(msg) from error
    return tables


@dataclasses.dataclass(frozen=True)
class Sampler:
    """Points for several random quantities, each under its label.

    A sampler is small, can be pickled and carries all that its points depend on.

    Attributes
    ----------
    points : mapping
        The Sobol' dimension of each label.
    correlation : Correlation or None
        Which labels go together, and how.
    """

    points: Mapping[str, SobolPoints]
    correlation: Correlation | None = None

    @classmethod
    def of(
        cls, labels: Iterable[str], draws: int, seed: int, correlation: Correlation | None = None
    ) -> Sampler:
        """Prepare up to `draws` draws; the order of `labels` assigns the dimensions."""
        names = list(labels)
        return cls(dict(zip(names, _sobol(len(names), draws, seed), strict=True)), correlation)

    def draw(
        self,
        tables: Mapping[str, QuantileTable],
        start: int,
        n: int,
        together: Mapping[str, NDArray[np.float64]] | None = None,
        room: Mapping[str, NDArray[np.float64]] | None = None,
    ) -> dict[str, NDArray[np.float64]]:
        """Return draws `start` to ``start + n`` of each label in `tables`.

        Points of those that are correlated are made if they are not given. Independent ones that
        have an array in `room` are drawn there.
        """
        if together is None:
            together = self.together(start, n)
        drawn = {}
        for label, table in tables.items():
            if label in together:
                drawn[label] = table.ppf(together[label])
            else:
                drawn[label] = np.empty(n) if not room or label not in room else room[label]
                self.points[label].draw(table, start, drawn[label])
        return drawn

    def together(self, start: int, n: int) -> dict[str, NDArray[np.float64]]:
        """Return the points of those that are correlated: probabilities."""
        if self.correlation is None:
            return {}
        labels = self.correlation.labels
        out = np.empty((len(labels), n))
        dimensions = [self.points[label] for label in labels]
        self.correlation.copula.points(dimensions, _standard_normal(), start, out)
        return dict(zip(labels, out, strict=True))


@functools.cache
def _standard_normal() -> QuantileTable:
    return tabulate(stats.norm())


@functools.lru_cache(maxsize=64)
def _sobol(dims: int, draws: int, seed: int) -> list[SobolPoints]:
    """Return as many dimensions of scrambled Sobol' points, enough for `draws`.

    In Gray code order a point is the first one, exclusive-or the direction numbers of the bits
    set in the Gray code of its index. So the points whose Gray code has a single bit tell them.
    Replicates have the same scrambled directions, and digital shifts of their own: given the
    directions they are independent and each is uniform.

    Source: A. B. Owen, "Variance and discrepancy with alternative scramblings", *ACM TOMACS* 13
    (2003), 363-378 (linear scrambles with a digital shift).
    """
    if dims == 0:
        return []
    bits = (-(-draws // REPLICATES) - 1).bit_length()
    engine = qmc.Sobol(dims, scramble=True, bits=BITS, rng=seed)
    first = _as_integers(engine.random(1))
    directions = []
    for bit in range(bits):
        index = 2 ** (bit + 1) - 1
        engine.fast_forward(index - engine.num_generated)
        directions.append(_as_integers(engine.random(1)) ^ first)
    by_dim = np.array(directions, dtype=np.uint64).reshape(bits, dims).T
    # Raw bits, because how NumPy makes numbers of them may change.
    raw = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(1,)))
    further = raw.random_raw((REPLICATES - 1) * dims) >> (64 - BITS)
    shifts = first ^ np.vstack([np.zeros(dims, np.uint64), further.reshape(-1, dims)])
    return [
        SobolPoints(shift.tolist(), direction.tolist())
        for shift, direction in zip(shifts.T, by_dim, strict=True)
    ]


def _as_integers(point: NDArray[np.float64]) -> NDArray[np.uint64]:
    integers: NDArray[np.uint64] = (point[0] * 2.0**BITS).astype(np.uint64)
    return integers
