"""Call kernels with labelled arguments, element by element or along a dimension.

A ufunc broadcasts and comes back as what it was given without help. Help is needed for what
labels mean: results are in another unit than arguments, and places that differ must not be
dropped. Along a dimension pandas would hand rows over transposed, and xarray has to be told the
name.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

#: A number, sequence, NumPy array, pandas Series or DataFrame, xarray DataArray, Dask array or
#: Polars Series; what comes in decides what goes out.
Values: TypeAlias = Any


def _is_dask(value: Values) -> bool:
    return hasattr(value, "__dask_graph__")


def _plain(value: Values) -> Any:
    """Return `value` as an array without labels; Dask arrays stay lazy."""
    return value if _is_dask(value) else np.asarray(value)


def elementwise(kernel: np.ufunc, keywords: Mapping[str, Any], **operands: Values) -> Values:
    """Evaluate a kernel on `operands` in their order, with `keywords` of :class:`numpy.ufunc`."""
    named = {name: op for name, op in operands.items() if isinstance(op, xr.DataArray)}
    if len(named) > 1:
        try:
            xr.align(*named.values(), join="exact", copy=False)
        except ValueError as error:
            msg = f"{' and '.join(named)} have different labels: {error}"
            raise ValueError(msg) from error
    try:
        result = kernel(*operands.values(), **keywords)
    except TypeError:
        numeric = [_numbers(name, operand) for name, operand in operands.items()]
        result = kernel(*numeric, **keywords)
    # An argument's unit is not the result's.
    is_new = isinstance(result, xr.DataArray) and keywords.get("out") is None
    return result.drop_attrs() if is_new else result


def _numbers(name: str, operand: Values) -> Values:
    """Return numbers as they are, or as floats if they are objects; refuse what is none.

    None among objects is a missing number.
    """
    values = _plain(operand)
    if values.dtype.kind in "iufb":
        return operand
    if values.dtype == object and values.ndim:
        given = values[values != None]  # noqa: E711 - element by element
        if all(isinstance(value, numbers.Number) for value in given):
            return (operand if hasattr(operand, "astype") else values).astype(float)
    msg = f"{name} must be a number or an array of numbers, got {operand!r:.80}"
    raise TypeError(msg) from None


def spread(kernel: np.ufunc, operands: Sequence[Values], size: int, dim: str) -> Values:
    """Evaluate ``kernel(position, size, *operands)`` at every position of a new dimension.

    The new dimension is the last axis, and is called `dim` where axes have names. In memory it
    varies slowest, so that the kernel's loops are long.
    """
    position = np.arange(size, dtype=float)
    if any(isinstance(operand, xr.DataArray) for operand in operands):
        for operand in operands:
            if isinstance(operand, xr.DataArray) and dim in operand.dims:
                msg = f"dimension {dim!r} is to be made, but an argument has it already"
                raise ValueError(msg)
        return kernel(xr.DataArray(position, dims=dim), float(size), *operands).transpose(..., dim)

    arrays = [_plain(operand) for operand in operands]
    axes = max(array.ndim for array in arrays)
    values = kernel(position.reshape(-1, *[1] * axes), float(size), *arrays)
    values = values.transpose(*range(1, axes + 1), 0)
    index = _common_index(operands)
    if index is None:
        return values
    return pd.DataFrame(values, index=index, columns=pd.RangeIndex(size, name=dim))


def _common_index(operands: Sequence[Values]) -> pd.Index[Any] | None:
    """Return the index that all Series among `operands` share; None if there is no Series."""
    indexes = [operand.index for operand in operands if isinstance(operand, pd.Series)]
    if not indexes:
        return None
    if not all(index.equals(indexes[0]) for index in indexes):
        msg = "the Series given have different indexes"
        raise ValueError(msg)
    return indexes[0]


def along(kernel: np.ufunc, operands: dict[str, Values], dim: str) -> Values:
    """Evaluate a row-wise kernel over `dim`: the last axis of arrays, the columns of a DataFrame.

    An operand that does not vary along the dimension is repeated; if none does, there is one
    period.
    """
    if any(isinstance(operand, xr.DataArray) for operand in operands.values()):
        return _along_named(kernel, operands, dim)
    arrays = {name: _plain(operand) for name, operand in operands.items()}
    arrays = {
        name: array.rechunk({array.ndim - 1: -1}) if _is_dask(array) and array.ndim else array
        for name, array in arrays.items()
    }
    size = _common_size({name: array.shape[-1] for name, array in arrays.items() if array.ndim})
    rows = (array if array.ndim else np.broadcast_to(array, size) for array in arrays.values())
    index = _common_rows(operands)
    values = kernel(*rows)
    return values if index is None else pd.Series(values, index=index)


def _common_rows(operands: dict[str, Values]) -> pd.Index[Any] | None:
    """Return the row labels of the DataFrames among `operands`; None if there are none.

    Labels must agree: rows of all frames, and the periods of all frames and Series.
    """
    rows = {n: op.index for n, op in operands.items() if isinstance(op, pd.DataFrame)}
    periods = {
        name: op.columns if isinstance(op, pd.DataFrame) else op.index
        for name, op in operands.items()
        if isinstance(op, pd.DataFrame | pd.Series)
    }
    for what, labels in {"rows": rows, "periods": periods}.items():
        first = next(iter(labels.values()), None)
        if not all(other.equals(first) for other in labels.values()):
            msg = f"{' and '.join(labels)} have different labels for {what}; reindex one of them"
            raise ValueError(msg)
    return next(iter(rows.values()), None)


def _along_named(kernel: np.ufunc, operands: dict[str, Values], dim: str) -> Values:
    named = {name: _with_names(name, operand, dim) for name, operand in operands.items()}
    others = {d for op in named.values() for d in op.dims} - {"draw"}
    if dim not in others and (others or dim != "period"):
        there = ", ".join(sorted(map(str, others))) or "none but draw"
        msg = f"no argument has dimension {dim!r} to sum over; there are: {there}"
        raise ValueError(msg)
    size = _common_size({name: op.sizes[dim] for name, op in named.items() if dim in op.dims})
    return xr.apply_ufunc(
        kernel,
        *(op if dim in op.dims else op.expand_dims({dim: size}) for op in named.values()),
        input_core_dims=[[dim]] * len(named),
        join="exact",
        keep_attrs=False,
        dask="parallelized",
        dask_gufunc_kwargs={"allow_rechunk": True},
        output_dtypes=[float],
    )


def _with_names(name: str, operand: Values, dim: str) -> xr.DataArray:
    if isinstance(operand, xr.DataArray):
        return operand
    array = _plain(operand)
    if array.ndim > 1:
        msg = f"{name} has {array.ndim} axes without names beside a DataArray; make it one, too"
        raise ValueError(msg)
    return xr.DataArray(array, dims=[dim] * array.ndim)


def _common_size(sizes: dict[str, int]) -> int:
    """Return the one size among `sizes`; 1 if there are none."""
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        msg = f"numbers of periods differ: {found}"
        raise ValueError(msg)
    return next(iter(sizes.values()), 1)
