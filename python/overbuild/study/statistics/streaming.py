"""Statistics of draws that do not fit into memory: read part by part, in a few passes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild import _core

if TYPE_CHECKING:
    from overbuild.study.statistics.rows import RowStatistics

#: Bytes of draws that are read at a time, if parts are not larger.
_READ = 2**24

#: Draws that may be kept of all rows together, and the most and the least of one row.
_KEPT, _MOST_OF_A_ROW, _LEAST_OF_A_ROW = 2**25, 2**20, 2**14


def streamed(
    variable: xr.Variable,
    probabilities: NDArray[np.float64],
    weights: xr.Variable | None,
    replicates: bool,
    limit: int | None = None,
) -> RowStatistics:
    """Return what `row_statistics` would of all draws, reading a part of them at a time.

    Parameters
    ----------
    variable : Variable
        Numbers whose last dimension is that of draws, in chunks along it.
    probabilities : ndarray
        Rising fractions from 0 to 1.
    weights : Variable, optional
        How much each draw counts.
    replicates : bool
        Whether statistics of each replicate are wanted, too.
    limit : int, optional
        How many draws of a row may be kept. The fewer, the more passes.
    """
    draws = variable.shape[-1]
    rows = int(np.prod(variable.shape[:-1], dtype=np.int64))
    if limit is None:
        limit = min(_MOST_OF_A_ROW, max(_LEAST_OF_A_ROW, _KEPT // max(1, rows)))
    stream = _core.StatisticsStream(
        rows, draws, probabilities.tolist(), weights is not None, replicates, limit
    )
    while needs := stream.needs:
        if needs == "weights":
            assert weights is not None  # noqa: S101 - the stream asks only for what it was told of
            for _, part in _parts(weights):
                stream.weigh(part[0])
        else:
            for start, part in _parts(variable):
                end = start + part.shape[1]
                stream.absorb(part, None if weights is None else _numbers(weights[start:end])[0])
        stream.end_pass()
    return stream.result()


def _numbers(variable: xr.Variable) -> NDArray[np.float64]:
    """Return rows of numbers, draws one after the other."""
    values = variable.values
    return np.ascontiguousarray(values.reshape(-1, values.shape[-1]), dtype=np.float64)


def _parts(variable: xr.Variable) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield parts of whole blocks, but for the last, each with the number of its first draw."""
    block = _core.StatisticsStream.block
    first, left = 0, None
    for start, end in _spans(variable):
        read = _numbers(variable[..., start:end])
        if left is not None and left.size:
            read = np.concatenate([left, read], axis=1)
        whole = read.shape[1] // block * block
        if whole:
            yield first, np.ascontiguousarray(read[:, :whole])
        first, left = first + whole, read[:, whole:].copy()
    if left is not None and left.size:
        yield first, left


def _spans(variable: xr.Variable) -> Iterator[tuple[int, int]]:
    """Yield where to read from and to: one chunk, or several small ones."""
    draws = variable.shape[-1]
    size = max(1, variable.size // max(1, draws)) * 8
    at_once = max(1, _READ // size)
    if variable.chunks is None:
        steps: tuple[int, ...] = (at_once,) * (draws // at_once) + (draws % at_once,)
    else:
        steps = variable.chunks[-1]
    start = end = 0
    for step in steps:
        if start < end and end + step - start > at_once:
            yield start, end
            start = end
        end += step
    if start < end:
        yield start, end
