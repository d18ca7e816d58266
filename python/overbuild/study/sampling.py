"""Draws: scrambled Sobol' points through each input's quantile function.

Point ``i`` depends on the seed and on ``i`` alone, so it does not matter in which chunks, or on
which machine, draws are made.
"""

from __future__ import annotations

import dataclasses
import functools
import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.stats import qmc

from overbuild._core import QuantileTable
from overbuild.study.inputs import Input

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


def tabulate_all(inputs: Mapping[str, Input]) -> dict[str, QuantileTable]:
    """Tabulate the inputs that are distributions; an impossible one is named."""
    tables = {}
    for name, given in inputs.items():
        if given.is_random:
            try:
                tables[name] = tabulate(given.value)
            except ValueError as error:
                msg = f"input {name!r} cannot be drawn from: {error}"
                raise ValueError(msg) from error
    return tables


@dataclasses.dataclass(frozen=True)
class Sampler:
    """Draws of several inputs: a table of quantiles and a Sobol' dimension for each.

    A sampler is small, can be pickled and carries all that its draws depend on.
    """

    tables: Mapping[str, QuantileTable]
    shifts: Mapping[str, int]
    directions: Mapping[str, list[int]]

    @classmethod
    def of(cls, tables: Mapping[str, QuantileTable], draws: int, seed: int) -> Sampler:
        """Prepare up to `draws` draws; the order of `tables` assigns the dimensions."""
        shifts, directions = _sobol(len(tables), draws, seed)
        return cls(
            tables,
            dict(zip(tables, shifts, strict=True)),
            dict(zip(tables, directions, strict=True)),
        )

    def draw(self, start: int, n: int) -> dict[str, NDArray[np.float64]]:
        """Return draws `start` to ``start + n`` of each input."""
        return {
            name: table.draw(self.shifts[name], self.directions[name], start, n)
            for name, table in self.tables.items()
        }


@functools.lru_cache(maxsize=64)
def _sobol(dims: int, points: int, seed: int) -> tuple[list[int], list[list[int]]]:
    """Return the digital shift of each dimension and its direction numbers, as integers.

    In Gray code order a point is the first one, exclusive-or the direction numbers of the bits
    set in the Gray code of its index. So the points whose Gray code has a single bit tell them.
    """
    if dims == 0:
        return [], []
    bits = (points - 1).bit_length()
    engine = qmc.Sobol(dims, scramble=True, bits=BITS, rng=seed)
    first = _as_integers(engine.random(1))
    directions = []
    for bit in range(bits):
        index = 2 ** (bit + 1) - 1
        engine.fast_forward(index - engine.num_generated)
        directions.append(_as_integers(engine.random(1)) ^ first)
    by_dim = np.array(directions, dtype=np.uint64).reshape(bits, dims).T
    return first.tolist(), by_dim.tolist()


def _as_integers(point: NDArray[np.float64]) -> NDArray[np.uint64]:
    integers: NDArray[np.uint64] = (point[0] * 2.0**BITS).astype(np.uint64)
    return integers
