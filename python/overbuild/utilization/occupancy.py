"""Use over time from a job log: what was busy in each bin, on average and at the most."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any, TypeAlias, overload

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from overbuild import _core

_Floats: TypeAlias = NDArray[np.float64]


@overload
def occupancy(
    start: ArrayLike, end: ArrayLike, gpus: ArrayLike, edges: ArrayLike, by: None = None
) -> _Floats: ...
@overload
def occupancy(
    start: ArrayLike, end: ArrayLike, gpus: ArrayLike, edges: ArrayLike, by: ArrayLike
) -> xr.DataArray: ...
def occupancy(
    start: ArrayLike,
    end: ArrayLike,
    gpus: ArrayLike,
    edges: ArrayLike,
    by: ArrayLike | None = None,
) -> _Floats | xr.DataArray:
    r"""Average number of GPUs busy in each bin of time.

    A job counts in a bin for exactly the time that it overlaps it:

    .. math:: \bar n_k = \frac{1}{e_{k+1} - e_k} \sum_j g_j
              \left| [s_j, t_j) \cap [e_k, e_{k+1}) \right|

    Parameters
    ----------
    start, end : array_like, shape (jobs,)
        When each job began and ended: numbers in one unit, or dates (``datetime64`` or what
        pandas turns into it). A job whose end is NaN or NaT still runs and counts up to the
        last edge.
    gpus : array_like, shape (jobs,), or number
        GPUs that each job holds, at least 0.
    edges : array_like, shape (bins + 1,)
        Borders of the bins, rising, of the kind of `start`.
    by : array_like, shape (jobs,), optional
        Label of each job (cluster, user): gives one row for each label.

    Returns
    -------
    ndarray, shape (bins,), or DataArray, shape (labels, bins)
        GPUs busy on average. With `by`, dimensions are the labels, sorted (named as the Series
        given, or ``by``), and ``bin``, with the bins' left edges.

    Raises
    ------
    ValueError
        If an end lies before its start, a start is missing, GPUs are negative or missing (the
        message names the first such row and says how many there are), lengths differ, or edges
        do not increase.
    TypeError
        If dates and numbers are mixed.

    Notes
    -----
    Source: definition. Time and memory are proportional to jobs plus labels times bins.

    Examples
    --------
    A job of 8 GPUs from half past midnight, another of 4 that still runs:

    >>> import numpy as np
    >>> import overbuild as ob
    >>> hours = np.arange("2024-05-01T00", "2024-05-01T05", dtype="datetime64[h]")
    >>> start = np.array(["2024-05-01T00:30", "2024-05-01T01:15"], "datetime64[m]")
    >>> end = np.array(["2024-05-01T02:00", "NaT"], "datetime64[m]")
    >>> ob.utilization.occupancy(start, end, [8, 4], hours)
    array([ 4., 11.,  4.,  4.])
    """
    return _count(_core.occupancy, start, end, gpus, edges, by)


@overload
def peak(
    start: ArrayLike, end: ArrayLike, gpus: ArrayLike, edges: ArrayLike, by: None = None
) -> _Floats: ...
@overload
def peak(
    start: ArrayLike, end: ArrayLike, gpus: ArrayLike, edges: ArrayLike, by: ArrayLike
) -> xr.DataArray: ...
def peak(
    start: ArrayLike,
    end: ArrayLike,
    gpus: ArrayLike,
    edges: ArrayLike,
    by: ArrayLike | None = None,
) -> _Floats | xr.DataArray:
    r"""Largest number of GPUs busy at once in each bin of time.

    .. math:: \hat n_k = \max_{e_k \le t < e_{k+1}} \sum_{j: s_j \le t < t_j} g_j

    Parameters
    ----------
    start, end : array_like, shape (jobs,)
        When each job began and ended, as for :func:`occupancy`. A job that begins when another
        ends may have its GPUs: the two do not count at once.
    gpus : array_like, shape (jobs,), or number
        GPUs that each job holds, at least 0.
    edges : array_like, shape (bins + 1,)
        Borders of the bins, rising, of the kind of `start`.
    by : array_like, shape (jobs,), optional
        Label of each job (cluster, user): gives one row for each label.

    Returns
    -------
    ndarray, shape (bins,), or DataArray, shape (labels, bins)
        GPUs busy at the most, labelled as by :func:`occupancy`.

    Raises
    ------
    ValueError
        If an end lies before its start, a start is missing, GPUs are negative or missing (the
        message names the first such row and says how many there are), lengths differ, or edges
        do not increase.
    TypeError
        If dates and numbers are mixed.

    Notes
    -----
    Source: definition. Time is proportional to jobs, sorted within their bins, plus labels
    times bins.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.utilization.peak(start=[0.0, 1.0, 1.5], end=[1.0, 2.0, 4.0], gpus=[8, 8, 4],
    ...                     edges=[0, 1, 2, 3])
    array([ 8., 12.,  4.])
    """
    return _count(_core.peak, start, end, gpus, edges, by)


def _count(
    kernel: Callable[..., _Floats],
    start: ArrayLike,
    end: ArrayLike,
    gpus: ArrayLike,
    edges: ArrayLike,
    by: ArrayLike | None,
) -> _Floats | xr.DataArray:
    times = _on_one_clock({"edges": edges, "start": start, "end": end})
    _check_edges(times["edges"], np.asarray(edges))
    jobs = times["start"].size
    weights = np.asarray(gpus, dtype=float)
    columns = {
        "start": times["start"],
        "end": times["end"],
        "gpus": np.full(jobs, weights) if weights.ndim == 0 else weights,
    }
    labels, row = _labels(by)
    lengths = {name: column.shape for name, column in columns.items()}
    if row is not None:
        lengths["by"] = row.shape
    if set(lengths.values()) != {(jobs,)}:
        found = ", ".join(f"{name} has shape {shape}" for name, shape in lengths.items())
        msg = f"columns must have one entry for each job: {found}"
        raise ValueError(msg)

    ordered = [np.require(column, float, ("C", "ALIGNED")) for column in columns.values()]
    borders = np.require(times["edges"], float, ("C", "ALIGNED"))
    rows = 1 if labels is None else len(labels)
    try:
        counts = kernel(*ordered, row, rows, borders)
    except ValueError as error:
        if len(error.args) != 3:
            raise
        raise ValueError(_describe_fault(*error.args, start, end, gpus)) from None
    if labels is None:
        single: _Floats = counts[0]
        return single
    name = str(getattr(by, "name", None) or "by")
    name = "by" if name == "bin" else name
    coordinates = {name: labels, "bin": np.asarray(edges)[:-1]}
    return xr.DataArray(counts, coords=coordinates, dims=[name, "bin"])


def _describe_fault(
    what: str, row: int, faulty: int, start: ArrayLike, end: ArrayLike, gpus: ArrayLike
) -> str:
    values = [np.asarray(column).flat for column in (start, end, gpus)]
    found = ", ".join(
        f"{name} = {column[row if len(column) > 1 else 0]}"
        for name, column in zip(("start", "end", "gpus"), values, strict=True)
    )
    return f"{what} in row {row}, counted from 0 ({found}); faulty rows in all: {faulty}"


def _labels(by: ArrayLike | None) -> tuple[Any, NDArray[np.uint32] | None]:
    """Return the labels, sorted, and each job's position among them."""
    if by is None:
        return None, None
    codes, labels = pd.factorize(np.asarray(by), sort=True)
    if (codes < 0).any():
        row, missing = int(np.argmax(codes < 0)), int((codes < 0).sum())
        msg = f"by has no label in row {row}, counted from 0; rows without a label: {missing}"
        raise ValueError(msg)
    return labels, codes.astype(np.uint32)


def _check_edges(edges: _Floats, shown: NDArray[Any]) -> None:
    if edges.ndim != 1 or edges.size < 2:
        msg = f"edges must be one row of at least 2, got shape {edges.shape}"
        raise ValueError(msg)
    if not np.isfinite(edges).all():
        row = int(np.argmin(np.isfinite(edges)))
        msg = f"edges must be finite: edges[{row}] = {shown[row]}"
        raise ValueError(msg)
    falls = ~(np.diff(edges) > 0)
    if falls.any():
        row = int(np.argmax(falls))
        msg = (
            f"edges must increase: edges[{row + 1}] = {shown[row + 1]} follows "
            f"edges[{row}] = {shown[row]}; such places in all: {int(falls.sum())}"
        )
        raise ValueError(msg)


def _on_one_clock(times: dict[str, ArrayLike]) -> dict[str, _Floats]:
    """Return times as numbers with one unit and origin; missing ones are NaN."""
    edges = np.asarray(times["edges"])
    if edges.dtype.kind == "m":
        msg = "edges holds durations; give dates or numbers"
        raise TypeError(msg)
    if edges.dtype.kind in "iufb" or _are_numbers(edges):
        return {name: _numbers(name, values) for name, values in times.items()}
    dates = {name: _dates(name, values) for name, values in times.items()}
    known = {name: index for name, index in dates.items() if not index.isna().all()}
    if len({index.tz is None for index in known.values()}) > 1:
        naive = [name for name, index in known.items() if index.tz is None]
        msg = f"{' and '.join(naive)} without time zone, the others with one"
        raise TypeError(msg)
    clocks = {name: _utc(index) for name, index in dates.items()}
    unit = np.result_type(*(clock.dtype for clock in clocks.values()))
    origin = clocks["edges"][:1].astype(unit)
    return {name: _offsets(clock, unit, origin) for name, clock in clocks.items()}


def _are_numbers(values: NDArray[Any]) -> bool:
    """Whether an array of objects holds numbers."""
    return values.dtype == object and all(isinstance(v, numbers.Real) for v in values.flat)


def _numbers(name: str, values: ArrayLike) -> _Floats:
    array = np.asarray(values)
    if array.dtype.kind in "mM":
        msg = f"{name} holds dates, but edges holds numbers"
        raise TypeError(msg)
    try:
        floats: _Floats = array.astype(float)
    except (TypeError, ValueError) as error:
        msg = f"{name} must hold numbers, as edges does: {error}"
        raise TypeError(msg) from error
    return floats


def _dates(name: str, values: ArrayLike) -> pd.DatetimeIndex:
    array = np.asarray(values)
    if array.dtype.kind == "m":
        msg = f"{name} holds durations, but edges holds dates"
        raise TypeError(msg)
    if array.dtype.kind in "iufb" and not np.isnan(array.astype(float)).all():
        msg = f"{name} holds numbers, but edges holds dates"
        raise TypeError(msg)
    # Labelled dates keep their time zone; as an array they would be slow objects.
    dates: Any = values if isinstance(values, pd.Series | pd.Index) else np.atleast_1d(array)
    try:
        index = pd.DatetimeIndex(pd.to_datetime(dates))
    except (TypeError, ValueError) as error:
        msg = f"{name} must hold dates: {error}"
        raise ValueError(msg) from error
    # Polars hands over UTC and says in its own dtype that there is a time zone.
    zoned = getattr(getattr(values, "dtype", None), "time_zone", None) is not None
    return index.tz_localize("UTC") if zoned and index.tz is None else index


def _utc(index: pd.DatetimeIndex) -> NDArray[np.datetime64]:
    naive = index if index.tz is None else index.tz_convert("UTC").tz_localize(None)
    return naive.to_numpy()


def _offsets(
    clock: NDArray[np.datetime64], unit: np.dtype[Any], origin: NDArray[np.datetime64]
) -> _Floats:
    """Return times since `origin` in `unit`; of the far past and future, to rounding."""
    if origin.size == 0 or np.isnat(origin[0]):
        return np.full(clock.shape, np.nan)
    ratio = _seconds(clock.dtype) / _seconds(unit)
    since_epoch = clock.astype(np.int64).astype(float) * ratio
    rounded = since_epoch - float(origin.astype(np.int64)[0])
    # Whole numbers of 64 bits, such as nanoseconds, hold some 290 years on either side.
    fits = (np.abs(since_epoch) < 2.0**63) & (np.abs(rounded) < 2.0**62)
    near = np.where(fits, clock, origin.astype(clock.dtype)).astype(unit)
    offsets = np.where(fits, (near - origin).astype(np.int64).astype(float), rounded)
    offsets[np.isnat(clock)] = np.nan
    return offsets


def _seconds(clock: np.dtype[Any]) -> float:
    """Return the length of a tick of a ``datetime64`` that pandas makes."""
    unit, ticks = np.datetime_data(clock)
    return {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[unit] * ticks
