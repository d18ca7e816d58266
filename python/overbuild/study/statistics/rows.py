"""Quantiles and means of draws, with their standard errors, exact and in one go.

Draws run along dimension ``draw``. Draws without a value are left out; weights, where there are
some, say how much each counts. Draw i belongs to replicate ``i % 16``: the spread of a statistic
over the replicates tells its standard error.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild import _core
from overbuild._calls import _is_dask
from overbuild.study.inputs import DRAW, REPLICATES, WEIGHT
from overbuild.study.statistics.streaming import streamed

_Floats = NDArray[np.float64]

#: Of rows: quantiles (rows, groups, probabilities), means (rows, groups) and numbers of NaN. The
#: first group is all draws, the others are the replicates, if they are wanted.
RowStatistics = tuple[_Floats, _Floats, NDArray[np.uint64]]

#: Bytes of draws that are copied at a time, where they do not lie one after the other.
_COPIED = 2**26


@dataclasses.dataclass(frozen=True)
class Statistics:
    """Statistics of the positions of a variable; ``...`` are its dimensions but ``draw``.

    Attributes
    ----------
    quantiles : ndarray, shape (..., probabilities)
        Without weights interpolated linearly, as by ``np.quantile``; with weights the inverse
        of the distribution function. NaN where no draw has a value.
    means : ndarray, shape (...)
        NaN where no draw has a value.
    missing : ndarray of int, shape (...)
        How many draws have no value.
    quantile_errors : ndarray, shape (..., probabilities)
        Standard errors; NaN without replicates, or if one of them has no value.
    mean_errors : ndarray, shape (...)
        Standard errors of the means.
    """

    quantiles: _Floats
    means: _Floats
    missing: NDArray[np.int64]
    quantile_errors: _Floats
    mean_errors: _Floats


def statistics(
    array: xr.DataArray,
    probabilities: Sequence[float] | _Floats,
    weights: _Floats | None = None,
    replicates: bool = False,
) -> Statistics:
    """Quantiles, means and numbers of missing draws at each position of a variable.

    Parameters
    ----------
    array : DataArray
        Numbers; without dimension ``draw`` each is taken as a single draw.
    probabilities : sequence of float
        Rising fractions from 0 to 1.
    weights : ndarray, shape (draws,), optional
        How much each draw counts: not negative, not all zero; the sum does not matter. By
        default those of the coordinate ``draw_weight``, if there is one.
    replicates : bool, default False
        Whether draws are dealt out to 16 replicates, so that standard errors can be told.

    Returns
    -------
    Statistics
        Of the shape of `array` without ``draw``.

    Raises
    ------
    ValueError
        If a probability is not between 0 and 1 or they do not rise, or weights are wrong.
    """
    p = np.asarray(probabilities, dtype=float)
    if not ((p >= 0) & (p <= 1)).all() or not (np.diff(p) >= 0).all():
        msg = f"probabilities must rise from 0 to 1, got {probabilities!r}"
        raise ValueError(msg)
    counts = None
    if DRAW not in array.dims:
        variable = xr.Variable((*array.dims, DRAW), array.data[..., np.newaxis])
    else:
        variable = array.variable.transpose(..., DRAW)
        if weights is not None:
            counts = xr.Variable(DRAW, weights)
        elif WEIGHT in array.coords:
            counts = array.coords[WEIGHT].variable
    if counts is not None:
        _check_weights(counts, variable.shape[-1])
    # Two draws of each replicate are the least that tell anything.
    replicates = replicates and variable.shape[-1] >= 2 * REPLICATES
    resolution = 2 / variable.shape[-1] if replicates else 0.0
    around = np.stack([p - resolution, p, p + resolution]).clip(0, 1)
    wanted = np.unique(around)
    if not _is_dask(variable.data):
        found = _in_memory(variable.values, wanted, counts, replicates)
    else:
        found = streamed(variable, wanted, counts, replicates)
    return _shaped(*found, np.searchsorted(wanted, around), variable.shape[:-1])


def quantiles_of(
    values: _Floats, probabilities: Sequence[float] | _Floats, weights: _Floats | None = None
) -> _Floats:
    """Return quantiles of draws, of which some may be infinite or NaN.

    Between two infinities there is nothing to interpolate: the lower one is given.
    """
    return statistics(xr.DataArray(values, dims=DRAW), probabilities, weights).quantiles


def _in_memory(
    values: NDArray[Any], p: _Floats, weights: xr.Variable | None, replicates: bool
) -> RowStatistics:
    """Return statistics of rows, a part of them at a time if they must be copied."""
    n = values.shape[-1]
    table = values.reshape(int(np.prod(values.shape[:-1], dtype=np.int64)), n)
    of_draws = None if weights is None else np.ascontiguousarray(weights.values, np.float64)
    parts = [_core.row_statistics(rows, p.tolist(), of_draws, replicates) for rows in _rows(table)]
    if len(parts) == 1:
        return parts[0]
    quantiles, means, missing = (np.concatenate(part) for part in zip(*parts, strict=True))
    return quantiles, means, missing


def _rows(table: NDArray[Any]) -> Iterator[_Floats]:
    """Yield rows of draws that lie one after the other, a part of the table at a time."""
    if table.dtype == np.float64 and table.flags.c_contiguous and table.flags.aligned:
        yield table
        return
    # Eight rows are a cache line of a table whose draws come first.
    step = max(8, _COPIED // max(1, 8 * table.shape[1]))
    for start in range(0, max(1, table.shape[0]), step):
        yield np.ascontiguousarray(table[start : start + step], dtype=np.float64)


def _check_weights(weights: xr.Variable, n: int) -> None:
    """Refuse weights that do not tell how much draws count."""
    if weights.shape != (n,):
        msg = f"weights must be {n} numbers, one for each draw, got shape {weights.shape}"
        raise ValueError(msg)
    if n == 0:
        return
    low, high, total = (float(getattr(weights, of)(skipna=False)) for of in ("min", "max", "sum"))
    if not (low >= 0 and 0 < total < np.inf):
        msg = (
            "weights must be finite, not negative and not all zero, got numbers from "
            f"{low:g} to {high:g} with sum {total:g}"
        )
        raise ValueError(msg)


def _shaped(
    quantiles: _Floats,
    means: _Floats,
    missing: NDArray[np.uint64],
    around: NDArray[np.intp],
    shape: tuple[int, ...],
) -> Statistics:
    """Return statistics of rows, all draws first and then each replicate, as those of an array.

    `around` has the places of the quantiles asked for, and of those a little below and above.
    """
    below, at, above = around
    rows, groups, _ = quantiles.shape
    pooled = quantiles[:, 0]
    quantile_errors = np.full((rows, at.size), np.nan)
    mean_errors = np.full(rows, np.nan)
    if groups > 1:
        # Infinities of one sign have no spread.
        with np.errstate(invalid="ignore", over="ignore"):
            # Less what they have in common, so that rounding is that of their differences.
            apart = quantiles[:, 1:, at] - pooled[:, np.newaxis, at]
            spread = apart.std(axis=1, ddof=1) / np.sqrt(REPLICATES)
            # Points of one input lie evenly, so that replicates differ by less than draws do:
            # of the sixteen in an interval, sqrt(16) / 2 = 2 more or less are below a number.
            resolved = (pooled[:, above] - pooled[:, below]) / 2
            quantile_errors = np.maximum(spread, np.nan_to_num(resolved))
            mean_errors = means[:, 1:].std(axis=1, ddof=1) / np.sqrt(REPLICATES)
    return Statistics(
        quantiles=pooled[:, at].reshape(*shape, at.size),
        means=means[:, 0].reshape(shape),
        missing=missing.astype(np.int64).reshape(shape),
        quantile_errors=quantile_errors.reshape(*shape, at.size),
        mean_errors=mean_errors.reshape(shape),
    )
