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
from overbuild.study.inputs import DRAW, REPLICATES, WEIGHT

_Floats = NDArray[np.float64]

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
    if DRAW not in array.dims:
        array = array.expand_dims(DRAW)
        weights = None
    elif weights is None and WEIGHT in array.coords:
        weights = array.coords[WEIGHT].values
    p = np.asarray(probabilities, dtype=float)
    turned = array.variable.transpose(..., DRAW)
    shape, n = turned.shape[:-1], turned.shape[-1]
    if weights is not None:
        weights = _checked(weights, n)
    # Two draws of each replicate are the least that tell anything.
    replicates = replicates and n >= 2 * REPLICATES
    parts = [
        _core.row_statistics(rows, p.tolist(), weights, replicates)
        for rows in _rows(turned.values.reshape(-1, n) if n else np.empty((_size(shape), 0)))
    ]
    groups = 1 + REPLICATES if replicates else 1
    empty = (np.empty((0, groups, p.size)), np.empty((0, groups)), np.empty(0, np.uint64))
    quantiles, means, missing = (np.concatenate(part) for part in zip(empty, *parts, strict=True))
    return _shaped(quantiles, means, missing, shape)


def quantiles_of(
    values: _Floats, probabilities: Sequence[float] | _Floats, weights: _Floats | None = None
) -> _Floats:
    """Return quantiles of draws, of which some may be infinite or NaN.

    Between two infinities there is nothing to interpolate: the lower one is given.
    """
    return statistics(xr.DataArray(values, dims=DRAW), probabilities, weights).quantiles


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))


def _rows(table: NDArray[Any]) -> Iterator[_Floats]:
    """Yield rows of draws that lie one after the other, a part of the table at a time."""
    if table.dtype == np.float64 and table.flags.c_contiguous and table.flags.aligned:
        yield table
        return
    # Eight rows are a cache line of a table whose draws come first.
    step = max(8, _COPIED // max(1, 8 * table.shape[1]))
    for start in range(0, table.shape[0], step):
        yield np.ascontiguousarray(table[start : start + step], dtype=np.float64)


def _checked(weights: _Floats, n: int) -> _Floats:
    """Return weights that tell how much draws count."""
    weights = np.ascontiguousarray(weights, dtype=np.float64)
    if weights.shape != (n,):
        msg = f"weights must be {n} numbers, one for each draw, got shape {weights.shape}"
        raise ValueError(msg)
    if n and not (weights.min() >= 0 and 0 < weights.sum() < np.inf):
        msg = (
            "weights must be finite, not negative and not all zero, got numbers from "
            f"{weights.min():g} to {weights.max():g} with sum {weights.sum():g}"
        )
        raise ValueError(msg)
    return weights


def _shaped(
    quantiles: _Floats, means: _Floats, missing: NDArray[np.uint64], shape: tuple[int, ...]
) -> Statistics:
    """Return statistics of rows, all draws first and then each replicate, as those of an array."""
    rows, groups, probabilities = quantiles.shape
    quantile_errors = np.full((rows, probabilities), np.nan)
    mean_errors = np.full(rows, np.nan)
    if groups > 1:
        # Infinities of one sign have no spread.
        with np.errstate(invalid="ignore", over="ignore"):
            quantile_errors = quantiles[:, 1:].std(axis=1, ddof=1) / np.sqrt(REPLICATES)
            mean_errors = means[:, 1:].std(axis=1, ddof=1) / np.sqrt(REPLICATES)
    return Statistics(
        quantiles=quantiles[:, 0].reshape(*shape, probabilities),
        means=means[:, 0].reshape(shape),
        missing=missing.astype(np.int64).reshape(shape),
        quantile_errors=quantile_errors.reshape(*shape, probabilities),
        mean_errors=mean_errors.reshape(shape),
    )
