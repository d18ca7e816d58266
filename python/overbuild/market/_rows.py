"""Run cycles for labelled arguments: numbers, series by period and tables of shares by lag."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild import _core
from overbuild._calls import (
    Values,
    _have_no_labels,
    _is_dask,
    _labelled,
    _labels,
    numeric,
    plain,
    with_names,
    within,
)
from overbuild._labels import check_aligned
from overbuild.study.inputs import DRAW

#: Dimension of tables of shares; the first is of what arrives in the period of the order itself.
LAG = "lag"

#: By how much rounding may make the shares of a table miss 0, and their sum 1; the core takes what
#: is less than nothing by that for nothing.
TOLERANCE = 1e-9

#: What a cycle gives, in the order of the core.
OUTPUTS = (
    "demand",
    "orders",
    "arrivals",
    "retirements",
    "capacity",
    "backlog",
    "chips_waiting",
    "power_waiting",
    "utilization",
    "price",
    "capex",
)

_TINY, _MOST = float(np.finfo(float).tiny), float(np.finfo(float).max)
_ABOVE_MINUS_ONE = float(np.nextafter(-1.0, 0.0))

#: Least and greatest value of each argument, in the order of the core.
_NUMBERS = {
    "capacity": (_TINY, _MOST),
    "demand": (_TINY, _MOST),
    "opening_growth": (_ABOVE_MINUS_ONE, _MOST),
    "life": (1.0, np.inf),
    "elasticity": (-_MOST, 0.0),
    "adjustment_speed": (0.0, 1.0),
    "target_utilization": (_TINY, 1.0),
    "utilization_cap": (_TINY, 1.0),
    "price": (_TINY, _MOST),
    "full_cost": (_TINY, _MOST),
    "price_response": (0.0, _MOST),
    "price_reversion": (0.0, 1.0),
    "gap_correction": (0.0, _MOST),
    "supply_line_weight": (0.0, 1.0),
    "planning_horizon": (0.0, _MOST),
    "smoothing": (0.0, 1.0),
    "fear_of_missing_out": (0.0, _MOST),
    "order_response": (0.0, _MOST),
    "chip_cost": (0.0, _MOST),
    "power_cost": (0.0, _MOST),
    "cost_growth": (_ABOVE_MINUS_ONE, _MOST),
    "reinvestment": (0.0, _MOST),
}
_SERIES = {
    "growth": (_ABOVE_MINUS_ONE, _MOST),
    "intensity": (_TINY, _MOST),
    "funding": (0.0, np.inf),
    "order_change": (-_MOST, _MOST),
}
_TABLES = ("chip_lead_time", "power_lead_time")
_RANGES = _NUMBERS | _SERIES


def paths(given: Mapping[str, Values], periods: int, dim: str) -> dict[str, Values]:
    """Return each output by period: the last axis, or the dimension `dim` where axes have names."""
    if dim == LAG:
        msg = f"dim is {LAG!r}, which is the dimension of lead times; name another"
        raise ValueError(msg)
    operands = {name: numeric(name, given[name]) for name in (*_RANGES, *_TABLES)}
    for name in _TABLES:
        _check_shares(name, operands[name])
    for name, (low, high) in _RANGES.items():
        operands[name] = within(_as_array(operands[name]), low, high)
    if any(isinstance(operand, xr.DataArray) for operand in operands.values()):
        found = _named(operands, periods, dim)
    else:
        found = _unnamed(operands, periods, dim)
    return dict(zip(OUTPUTS, found, strict=True))


def _as_array(operand: Values) -> Values:
    """Return what has no labels, such as a list or what is masked, as an array."""
    has_labels = isinstance(operand, xr.DataArray) or hasattr(operand, "index")
    return operand if has_labels or _is_dask(operand) else plain(operand)


def _check_shares(name: str, table: Values) -> None:
    """Refuse a table whose shares do not sum to 1; what is lazy is NaN then, and so is a gap."""
    if isinstance(table, xr.DataArray) and LAG not in table.dims:
        there = ", ".join(map(str, table.dims)) or "none"
        msg = f"{name} must have dimension {LAG!r}; there are: {there}"
        raise ValueError(msg)
    data = table.data if isinstance(table, xr.DataArray) else table
    if _is_dask(data):
        return
    axis = table.get_axis_num(LAG) if isinstance(table, xr.DataArray) else -1
    shares = np.moveaxis(np.atleast_1d(plain(table)), axis, -1)
    outside = (shares < -TOLERANCE) | (shares > 1 + TOLERANCE)
    if np.any(outside):
        msg = f"{name} must hold shares from 0 to 1 by lag, got {shares[outside][0]}"
        raise ValueError(msg)
    sums = np.atleast_1d(np.clip(shares, 0, 1).sum(axis=-1))
    wrong = np.abs(sums - 1.0) > TOLERANCE  # not of a missing number
    if np.any(wrong):
        where = f" in {int(wrong.sum())} of {sums.size} rows" if sums.size > 1 else ""
        msg = f"{name} must hold shares that sum to 1, got {sums[wrong][0]:.10g}{where}"
        raise ValueError(msg)


def _check_names(operands: Mapping[str, Values], periods: int, dim: str) -> None:
    """Refuse a series along another dimension that looks like its periods.

    One that no other argument has, and that is as long, would be taken for as many cases.
    """
    arrays = {name: op for name, op in operands.items() if isinstance(op, xr.DataArray)}
    without = {
        name: arrays[name] for name in _SERIES if name in arrays if dim not in arrays[name].dims
    }
    known = {d for name, array in arrays.items() if name not in without for d in array.dims}
    for name, array in without.items():
        for other in set(array.dims) - known - {DRAW}:
            if array.sizes[other] == periods > 1:
                msg = f"{name} must have dimension {dim!r}, but has {other!r} with as many places "
                msg += f"as there are periods; say dim={other!r} or rename it, or if it holds a "
                msg += f"number for each of {periods} cases, add the other by .expand_dims({dim!r})"
                raise ValueError(msg)


def _check_length(name: str, size: int, periods: int) -> None:
    if size not in (1, periods):
        msg = f"{name} has {size} periods, but there are {periods}"
        raise ValueError(msg)


def _named(operands: Mapping[str, Values], periods: int, dim: str) -> Any:
    """Run cycles for DataArrays; an axis without a name is that of a series or a table."""
    _check_names(operands, periods, dim)
    core = dict.fromkeys(_SERIES, dim) | dict.fromkeys(_TABLES, LAG)
    arrays, dims = [], []
    for name, operand in operands.items():
        array = with_names(name, operand, [core[name]] if name in core else [])
        for other in {dim, LAG} - {core.get(name)}:
            if other in array.dims:
                msg = f"{name} must not have dimension {other!r}"
                raise ValueError(msg)
        if name in core and core[name] not in array.dims:
            array = array.expand_dims(core[name])
        if name in _SERIES:
            _check_length(name, array.sizes[dim], periods)
        # Both tables and the series have lengths of their own.
        own = {} if name not in core else {core[name]: f"{core[name]} of {name}"}
        index = [label for label in own if label in array.coords]
        if name in _SERIES and array.sizes[dim] == periods:
            own, index = {}, []
        arrays.append(array.drop_vars(index).rename(own))
        dims.append([own.get(core[name], core[name])] if name in core else [])
    bare = _have_no_labels(arrays)
    try:
        found = xr.apply_ufunc(
            _rows,
            *(array.variable if bare else array for array in arrays),
            input_core_dims=dims,
            output_core_dims=[[dim]] * len(OUTPUTS),
            kwargs={"periods": periods},
            join="exact",
            keep_attrs=False,
            dask="parallelized",
            dask_gufunc_kwargs={"allow_rechunk": True, "output_sizes": {dim: periods}},
            output_dtypes=[float] * len(OUTPUTS),
        )
    except ValueError:
        check_aligned(dict(zip(operands, arrays, strict=True)))
        raise
    return [xr.DataArray(one) for one in found] if bare else found


def _unnamed(operands: Mapping[str, Values], periods: int, dim: str) -> Any:
    """Run cycles for arrays, pandas and Dask: series and tables along the last axis."""
    is_row = {name: name in _SERIES for name in operands}
    places, labels = _labels(operands, is_row, {name: name in _TABLES for name in operands}, dim)
    arrays = []
    for name, operand in operands.items():
        array = plain(operand)
        if name not in _NUMBERS:
            array = array.reshape(1) if not array.ndim else array
            if name in _SERIES:
                _check_length(name, array.shape[-1], periods)
        arrays.append(array)
    if any(map(_is_dask, arrays)):
        gufunc: Any = importlib.import_module("dask.array").apply_gufunc
        cores = [
            f"(own{k})" if name in core else "()"
            for k, name in enumerate(operands)
            for core in [(*_SERIES, *_TABLES)]
        ]
        whole = [
            array.rechunk({array.ndim - 1: -1}) if _is_dask(array) and core != "()" else array
            for array, core in zip(arrays, cores, strict=True)
        ]
        found = gufunc(
            _rows,
            f"{','.join(cores)}->{','.join(['(t)'] * len(OUTPUTS))}",
            *whole,
            periods=periods,
            output_sizes={"t": periods},
            output_dtypes=[float] * len(OUTPUTS),
            allow_rechunk=True,
        )
    else:
        found = _rows(*arrays, periods=periods)
    if labels is not None and len(labels) != periods:
        labels = None
    return [_labelled(one, places, labels) for one in found]


def _rows(*arrays: NDArray[np.float64], periods: int) -> tuple[NDArray[np.float64], ...]:
    """Run a cycle for each row of `arrays`, which broadcast but for their last axes.

    In memory periods vary slowest.
    """
    count, series = len(_NUMBERS), len(_SERIES)
    numbers, by_period, by_lag = (
        arrays[:count],
        arrays[count : count + series],
        arrays[count + series :],
    )
    tails = [*by_period, *by_lag]
    shape = np.broadcast_shapes(
        *(array.shape for array in numbers), *(array.shape[:-1] for array in tails)
    )
    rows = int(np.prod(shape))
    out = [np.empty((periods, rows)) for _ in OUTPUTS]
    invalid = _core.capacity_cycle(
        [_flat(array[..., np.newaxis], shape, 1)[:, 0] for array in numbers],
        [_flat(array, shape, periods) for array in by_period],
        [_flat(array, shape, array.shape[-1]) for array in by_lag],
        out,
    )
    if invalid:
        _core.within(0.0, 1.0, 1.0)  # raises NumPy's flag, as a ufunc would
    return tuple(np.moveaxis(one.reshape(periods, *shape), 0, -1) for one in out)


def _flat(array: NDArray[Any], shape: tuple[int, ...], length: int) -> NDArray[np.float64]:
    """Return one row if all are the same one, else all of them, contiguous in either order."""
    values = np.asarray(array, dtype=float)
    if values.size == values.shape[-1] or not np.prod(shape):
        row = values.reshape(-1, values.shape[-1])[:1]
        return np.ascontiguousarray(np.broadcast_to(row, (len(row), length)))
    whole = np.broadcast_to(values, (*shape, length)).reshape(-1, length)
    return whole if whole.flags.f_contiguous else np.ascontiguousarray(whole)
