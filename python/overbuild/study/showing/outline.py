"""Which rows of a summary a person is shown: all of a few, some of many."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Hashable, Iterator

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild.study.inputs import DRAW, SCENARIO
from overbuild.study.labels import Place, label, places

#: Positions of a variable that are all shown, and runs along a dimension of which some are.
_ALL, _RUNS = 6, 6


@dataclasses.dataclass(frozen=True)
class Run:
    """Rows of the summary that belong together: positions of a variable along one dimension.

    Attributes
    ----------
    name : str
        Label of the variable, or of the part of it that runs along `dim`.
    variable : DataArray
        All of the variable.
    place : mapping
        Which part of the variable they are.
    rows : list of int
        Rows of the summary, in order.
    shown : list of int
        Those of them to show.
    dim : hashable, optional
        The dimension; None for a row of its own.
    """

    name: str
    variable: xr.DataArray
    place: Place
    rows: list[int]
    shown: list[int]
    dim: Hashable | None = None


def runs(dataset: xr.Dataset) -> Iterator[Run]:
    """Yield the rows of a summary in their order; runs left out are without shown rows."""
    first = 0
    for variable in dataset.data_vars.values():
        others = [dim for dim in variable.dims if dim != DRAW]
        shape = tuple(variable.sizes[dim] for dim in others)
        numbers = first + np.arange(np.prod(shape, dtype=int)).reshape(shape)
        first += numbers.size
        if numbers.size <= _ALL:
            found = places(variable, without=DRAW)
            for row, (name, place) in zip(numbers.ravel().tolist(), found, strict=True):
                yield Run(name, variable, place, [row], [row])
        else:
            yield from _long(variable, others, numbers)


def _long(
    variable: xr.DataArray, others: list[Hashable], numbers: NDArray[np.int64]
) -> Iterator[Run]:
    dim = "period" if "period" in others else max(others, key=lambda d: _length(variable, d))
    rest = [other for other in others if other != dim]
    by_run = np.moveaxis(numbers, others.index(dim), -1)
    for count, where in enumerate(itertools.product(*(range(n) for n in by_run.shape[:-1]))):
        rows = by_run[where].tolist()
        place: Place = dict(zip(rest, where, strict=True))
        name = label(str(variable.name), variable, place)
        few = sorted({0, len(rows) // 2, len(rows) - 1})
        yield Run(name, variable, place, rows, [rows[k] for k in few] if count < _RUNS else [], dim)


def _length(variable: xr.DataArray, dim: Hashable) -> int:
    """Return how long a dimension is; scenarios are compared rather than run along."""
    return 0 if dim == SCENARIO else variable.sizes[dim]
