"""Labels of arguments that come in containers of several makes: what goes with what.

Labels must be the same, in the same order; nothing is aligned, so that nothing is dropped and
nothing becomes NaN. An axis without a name goes along the last named ones, if all agree which
those are.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

_PANDAS = pd.Series | pd.DataFrame


def check_same(what: str, labels: Mapping[str, pd.Index[Any]]) -> None:
    """Refuse labels that differ, naming what they are for and whose they are."""
    first = next(iter(labels.values()), None)
    if not all(other.equals(first) for other in labels.values()):
        msg = f"{' and '.join(labels)} have different labels for {what}; reindex one of them"
        raise ValueError(msg)


def matched(operands: Mapping[str, Any]) -> dict[str, Any]:
    """Return `operands` in forms that a ufunc takes together; refuse labels that differ.

    Beside a DataArray all that has axes becomes one; a list becomes an array.
    """
    if any(isinstance(operand, xr.DataArray) for operand in operands.values()):
        return _beside_named(operands)
    frames = {name: op for name, op in operands.items() if isinstance(op, _PANDAS)}
    if frames:
        _check_frames(frames)
    elif not any(hasattr(operand, "__array_ufunc__") for operand in operands.values()):
        return dict(operands)
    return {name: _bare(operand) for name, operand in operands.items()}


def _bare(operand: Any) -> Any:
    """Return a list as an array: Polars and some types of pandas take none."""
    return np.asarray(operand) if isinstance(operand, list | tuple) else operand


def _check_frames(frames: Mapping[str, pd.Series[Any] | pd.DataFrame]) -> None:
    tables = [name for name, frame in frames.items() if isinstance(frame, pd.DataFrame)]
    series = [name for name in frames if name not in tables]
    if tables and series:
        msg = f"{' and '.join(series)} as a Series beside {' and '.join(tables)} as a DataFrame "
        msg += "may be for its rows or for its columns; give a DataFrame, too"
        raise ValueError(msg)
    check_same("places", {name: frame.index for name, frame in frames.items()})
    check_same("columns", {name: frames[name].columns for name in tables})


def _beside_named(operands: Mapping[str, Any]) -> dict[str, Any]:
    """Return what has axes as DataArrays, whose labels agree."""
    found = dict(operands)
    for name, operand in operands.items():
        if isinstance(operand, _PANDAS) and (own := _by_own_names(name, operand)) is not None:
            found[name] = own
    arrays = {name: op for name, op in found.items() if isinstance(op, xr.DataArray)}
    for name, operand in found.items():
        if not (isinstance(operand, xr.DataArray | xr.Variable) or np.isscalar(operand)):
            found[name] = _by_last_names(name, operand, arrays)
    named = {name: op for name, op in found.items() if isinstance(op, xr.DataArray)}
    check_aligned(named)
    return found


def check_aligned(named: Mapping[str, xr.DataArray]) -> None:
    """Refuse DataArrays whose labels or sizes differ."""
    named = {name: array for name, array in named.items() if array.dims}
    if len(named) < 2:
        return
    try:
        xr.align(*named.values(), join="exact", copy=False)
    except ValueError as error:
        msg = f"{' and '.join(named)} have different labels: {error}"
        raise ValueError(msg) from error


def _axes(operand: pd.Series[Any] | pd.DataFrame) -> list[pd.Index[Any]]:
    return (
        [operand.index, operand.columns] if isinstance(operand, pd.DataFrame) else [operand.index]
    )


def _by_own_names(name: str, operand: pd.Series[Any] | pd.DataFrame) -> xr.DataArray | None:
    """Return what pandas calls by name as a DataArray; None if no axis has a name."""
    axes = _axes(operand)
    if any(isinstance(axis, pd.MultiIndex) for axis in axes):
        msg = f"{name} has labels of several levels beside a DataArray; make it one, too"
        raise ValueError(msg)
    names = [axis.name for axis in axes]
    if all(one is None for one in names):
        return None
    if len(set(names)) < len(names) or None in names:
        msg = f"{name} must have a name of its own for each axis beside a DataArray, got {names}"
        raise ValueError(msg)
    return xr.DataArray(np.asarray(operand), dict(zip(names, axes, strict=True)), dims=names)


def _by_last_names(name: str, operand: Any, arrays: Mapping[str, xr.DataArray]) -> Any:
    """Return an array whose axes have the last names of `arrays`; what has no axes as it is."""
    if isinstance(operand, xr.Dataset):
        msg = (
            f"{name} must be a number or an array of numbers, got a Dataset; give one of its arrays"
        )
        raise TypeError(msg)
    masked = isinstance(operand, np.ma.MaskedArray)
    values = np.ma.filled(operand.astype(float), np.nan) if masked else operand
    if not hasattr(values, "__dask_graph__"):
        values = np.asarray(values)
    if not values.ndim:
        return operand
    dims = _order(name, values.ndim, arrays)
    sizes: dict[Hashable, int] = {}
    for array in arrays.values():
        sizes |= array.sizes
    labels = labels_of(operand, dims)
    # An axis of one number goes with any.
    once = [axis for axis, dim in enumerate(dims) if values.shape[axis] == 1 != sizes[dim]]
    kept = [dim for axis, dim in enumerate(dims) if axis not in once]
    expected = [sizes[dim] for dim in kept]
    values = values.reshape([values.shape[axis] for axis in range(len(dims)) if axis not in once])
    if list(values.shape) != expected:
        along = ", ".join(f"{dim!r} has {size}" for dim, size in zip(kept, expected, strict=True))
        msg = f"{name} in shape {np.shape(operand)} does not go along a DataArray: {along}"
        raise ValueError(msg)
    coords = {dim: index for dim, index in labels.items() if dim in kept}
    return xr.DataArray(values, coords, dims=kept)


def labels_of(operand: Any, dims: Sequence[Hashable]) -> dict[Hashable, pd.Index[Any]]:
    """Return labels that pandas gives to axes called `dims`; numbers that only count are none."""
    if not isinstance(operand, _PANDAS) or isinstance(operand.index, pd.MultiIndex):
        return {}
    given = zip(dims, _axes(operand), strict=True)
    return {dim: axis for dim, axis in given if not axis.equals(pd.RangeIndex(len(axis)))}


def _order(name: str, axes: int, arrays: Mapping[str, xr.DataArray]) -> tuple[Hashable, ...]:
    """Return the names of that many last axes, if all that `arrays` have stand in one order."""
    every = {dim for array in arrays.values() for dim in array.dims}
    orders = {array.dims for array in arrays.values() if every == set(array.dims)}
    if axes > len(every):
        msg = f"{name} has {axes} axes without names beside a DataArray; make it one, too"
        raise ValueError(msg)
    lasts = {order[len(order) - axes :] for order in orders}
    if len(lasts) != 1:
        there = " or ".join(sorted(repr(dim) for dim in every))
        msg = f"{name} has an axis without a name, which may be {there}; make it a DataArray, too"
        raise ValueError(msg)
    return lasts.pop()
