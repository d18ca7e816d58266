"""Call kernels with labelled arguments, element by element or along a dimension.

A ufunc broadcasts and comes back as what it was given without help. Help is needed for what
labels mean: results are in another unit than arguments, and places that differ must not be
dropped. Along a dimension pandas would hand rows over transposed, and xarray has to be told the
name.
"""

from __future__ import annotations

import decimal
import importlib
import numbers
import operator
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overbuild import _core
from overbuild._labels import check_aligned, check_same, labels_of, matched

#: A number, sequence, NumPy array, pandas Series or DataFrame, xarray DataArray, Dask array or
#: Polars Series; what comes in decides what goes out.
Values: TypeAlias = Any


def _is_dask(value: Values) -> bool:
    return hasattr(value, "__dask_graph__")


def plain(value: Values) -> Any:
    """Return `value` as an array without labels; Dask arrays stay lazy, what is masked is NaN."""
    if isinstance(value, np.ma.MaskedArray):
        return np.ma.filled(value.astype(float), np.nan)
    return value if _is_dask(value) else np.asarray(value)


def elementwise(kernel: np.ufunc, keywords: Mapping[str, Any], **operands: Values) -> Values:
    """Evaluate a kernel on `operands` in their order, with `keywords` of :class:`numpy.ufunc`."""
    named = {name: op for name, op in operands.items() if isinstance(op, xr.DataArray)}
    if named and not keywords and _have_no_labels(operands.values()):
        # Nothing to align, which takes xarray longer than the kernel: draws of a study are so.
        bare = [op.variable if isinstance(op, xr.DataArray) else op for op in operands.values()]
        found = kernel(*bare)
        return xr.DataArray(found.data, dims=found.dims)
    try:
        result = kernel(*matched(operands).values(), **keywords)
    except TypeError:
        floats = {name: numeric(name, operand) for name, operand in operands.items()}
        result = _together(kernel, matched(floats), keywords)
    # An argument's unit is not the result's.
    is_new = isinstance(result, xr.DataArray) and keywords.get("out") is None
    return result.drop_attrs() if is_new else result


def _together(
    kernel: np.ufunc, operands: Mapping[str, Values], keywords: Mapping[str, Any]
) -> Values:
    """Evaluate a kernel on numbers; if it takes none of them together, say whose they are."""
    try:
        return kernel(*operands.values(), **keywords)
    except TypeError as error:
        kinds = {name: _kind(op) for name, op in operands.items() if np.ndim(op)}
        if keywords or len(set(kinds.values())) < 2:
            raise
        given = " and ".join(f"{name} as {kind}" for name, kind in kinds.items())
        msg = f"{given} do not go together; give containers of one kind, or plain arrays"
        raise TypeError(msg) from error


def _kind(operand: Values) -> str:
    return f"{type(operand).__module__.partition('.')[0]} {type(operand).__name__}"


def _have_no_labels(operands: Iterable[Values]) -> bool:
    """Whether all are numbers, or arrays of numbers that only have names and go together."""
    sizes: dict[Hashable, int] = {}
    for operand in operands:
        if type(operand) in (float, int):
            continue
        if type(operand) is not xr.DataArray or operand.coords or operand.dtype.kind not in "iuf":
            return False
        for dim, size in operand.sizes.items():
            if sizes.setdefault(dim, size) != size:
                return False
    return True


def numeric(name: str, operand: Values) -> Values:
    """Return numbers as they are, or as floats if they are objects; refuse what is none.

    What pandas takes for missing is a missing number, in an array.
    """
    values = None if isinstance(operand, xr.Dataset) else plain(operand)
    if values is not None and values.dtype.kind in "iufb":
        return operand
    if values is not None and values.dtype == object:
        missing = pd.isna(values) if values.ndim else np.False_
        given = values[~missing] if values.ndim else [values.item()]
        if all(isinstance(value, numbers.Real | decimal.Decimal) for value in given):
            return _like(operand, np.where(missing, np.nan, values).astype(float))
    msg = f"{name} must be a number or an array of numbers, got {operand!r:.80}"
    raise TypeError(msg) from None


def _like(operand: Values, values: NDArray[np.float64]) -> Values:
    """Return `values` with the labels of `operand`."""
    if isinstance(operand, xr.DataArray):
        return operand.copy(data=values)
    if isinstance(operand, pd.DataFrame):
        return pd.DataFrame(values, index=operand.index, columns=operand.columns)
    return pd.Series(values, index=operand.index) if isinstance(operand, pd.Series) else values


def together(**operands: Values) -> dict[str, Values]:
    """Return numbers in forms that go together, for what takes several steps.

    So errors have the names of arguments, and all steps take an axis without a name for the same.
    """
    return matched({name: numeric(name, operand) for name, operand in operands.items()})


def within(values: Values, low: Values, high: Values) -> Values:
    """Return `values`, but NaN and a warning where they lie outside of a range."""
    return elementwise(_core.within, {}, values=values, low=low, high=high)


def whole(name: str, value: int, least: int = 0, most: int | None = None) -> int:
    """Return a whole number within its bounds."""
    try:
        if isinstance(value, bool):  # which Python takes for 0 and 1
            raise TypeError
        number = operator.index(value)
    except TypeError:
        msg = f"{name} must be a whole number, got {value!r}"
        raise TypeError(msg) from None
    if number < least or (most is not None and number > most):
        span = f"at least {least}" if most is None else f"from {least} to {most}"
        msg = f"{name} must be {span}, got {number}"
        raise ValueError(msg)
    return number


def at_least_one(periods: int, name: str = "periods") -> int:
    """Return a number of periods, which must be whole and at least 1."""
    return whole(name, periods, 1)


def spread(
    kernel: np.ufunc, operands: Mapping[str, Values], size: int, dim: str = "period"
) -> Values:
    """Evaluate ``kernel(position, *operands)`` at every position of a new dimension.

    The new dimension is the last axis, and is called `dim` where axes have names. In memory it
    varies slowest, so that the kernel's loops are long.
    """
    position = np.arange(size, dtype=float)
    operands = matched(operands)
    if any(isinstance(operand, xr.DataArray) for operand in operands.values()):
        for name, operand in operands.items():
            if isinstance(operand, xr.DataArray) and dim in operand.dims:
                msg = f"dimension {dim!r} is to be made, but {name} has it already"
                raise ValueError(msg)
        named = xr.DataArray(position, dims=dim)
        return elementwise(kernel, {}, position=named, **operands).transpose(..., dim)

    arrays = {name: plain(operand) for name, operand in operands.items()}
    axes = max(array.ndim for array in arrays.values())
    places = position.reshape(-1, *[1] * axes)
    values = elementwise(kernel, {}, position=places, **arrays)
    values = values.transpose(*range(1, axes + 1), 0)
    indexes = {name: op.index for name, op in operands.items() if isinstance(op, pd.Series)}
    if not indexes:
        return values
    columns = pd.RangeIndex(size, name=dim)
    return pd.DataFrame(values, index=next(iter(indexes.values())), columns=columns)


def along(
    kernel: np.ufunc, operands: Mapping[str, Values], dim: str, table_dim: str = "lag"
) -> Values:
    """Evaluate a row-wise kernel over `dim`: the last axis of arrays, the columns of a DataFrame.

    The kernel's signature tells which operands are rows, ``(t)``, and which are tables, ``(k)``,
    along `table_dim` where axes have names. A row that does not vary along the dimension is
    repeated; if none does, there is one period. A table that does not has one number.
    """
    takes, gives = str(kernel.signature).split("->")
    cores = dict(zip(operands, takes.split(","), strict=True))
    is_row = {name: core == "(t)" for name, core in cores.items()}
    is_table = {name: core == "(k)" for name, core in cores.items()}
    operands = {name: numeric(name, operand) for name, operand in operands.items()}
    if any(isinstance(operand, xr.DataArray) for operand in operands.values()):
        dims = {
            name: dim if row else table_dim for name, row in is_row.items() if cores[name] != "()"
        }
        return _along_named(kernel, operands, dims, dim, gives_row=gives != "()")
    arrays = {name: plain(operand) for name, operand in operands.items()}
    rows = {name: array for name, array in arrays.items() if is_row[name]}
    size = common_size({name: array.shape[-1] for name, array in rows.items() if array.ndim}, dim)
    for name, array in arrays.items():
        if not (is_row[name] or is_table[name]):
            continue
        if not array.ndim:
            arrays[name] = np.broadcast_to(array, size if is_row[name] else 1)
        elif _is_dask(array):
            arrays[name] = array.rechunk({array.ndim - 1: -1})
    places, periods = _labels(operands, is_row, is_table, dim)
    values = _over_rows(kernel, list(arrays.values()))
    return _labelled(values, places, periods if gives != "()" else None)


def _over_rows(kernel: np.ufunc, arrays: Sequence[Any]) -> Any:
    if not any(_is_dask(array) for array in arrays):
        return kernel(*arrays)
    gufunc: Any = importlib.import_module("dask.array").apply_gufunc
    # Chunks of rows that differ are made to match.
    return gufunc(kernel, kernel.signature, *arrays, output_dtypes=float, allow_rechunk=True)


def _labels(
    operands: Mapping[str, Values],
    is_row: Mapping[str, bool],
    is_table: Mapping[str, bool],
    dim: str,
) -> tuple[pd.Index[Any] | None, pd.Index[Any] | None]:
    """Return the labels of places and of periods that pandas gives to `operands`.

    Labels must agree: places of all frames and of Series of numbers, and periods of all frames
    and Series that are rows. Lags of a table are no periods.
    """
    places, periods = {}, {}
    for name, operand in operands.items():
        if isinstance(operand, pd.DataFrame) and is_row[name]:
            places[name], periods[name] = operand.index, operand.columns
        elif is_table[name]:
            if isinstance(operand, pd.DataFrame):
                places[name] = operand.index
        elif isinstance(operand, pd.Series):
            (periods if is_row[name] else places)[name] = operand.index
    check_same("places", places)
    check_same(f"{dim}s", periods)
    return next(iter(places.values()), None), next(iter(periods.values()), None)


def _labelled(
    values: Values, places: pd.Index[Any] | None, periods: pd.Index[Any] | None
) -> Values:
    if places is not None and periods is not None and values.ndim == 2:
        return pd.DataFrame(values, index=places, columns=periods)
    if places is not None and values.ndim == 2:
        return pd.DataFrame(values, index=places)
    index = places if places is not None else periods
    return pd.Series(values, index=index) if index is not None and values.ndim == 1 else values


def _along_named(
    kernel: np.ufunc,
    operands: Mapping[str, Values],
    dims: Mapping[str, str],
    dim: str,
    *,
    gives_row: bool,
) -> Values:
    """Do the same for DataArrays; `dims` names the dimension that a row or table runs along."""
    named = {
        name: with_names(name, operand, [dims[name]] if name in dims else [])
        for name, operand in operands.items()
    }
    rows = {name: named[name] for name, core in dims.items() if core == dim}
    # Axes without names are taken for the dimension only if no name says otherwise.
    labelled = {name for name in rows if isinstance(operands[name], xr.DataArray)}
    others = {d for name in labelled for d in rows[name].dims} - {"draw"}
    is_there = any(dim in op.dims for op in rows.values())
    if dim not in others and (others or not (is_there or dim == "period")):
        there = ", ".join(sorted(map(str, others))) or "none but draw"
        names = [name for name in rows if name in labelled or not labelled]
        msg = f"{' and '.join(names)} must have dimension {dim!r}; there are: {there}"
        raise ValueError(msg)
    for name in named.keys() - rows.keys():
        if dim in named[name].dims:
            kind = "a table" if name in dims else "one number"
            msg = f"{name} is {kind} for all of {dim!r}, but has that dimension"
            raise ValueError(msg)
    size = common_size({name: op.sizes[dim] for name, op in rows.items() if dim in op.dims}, dim)
    for name, core in dims.items():
        op = named[name]
        if core not in op.dims:
            named[name] = op.expand_dims({core: size if core == dim else 1})
    bare = _have_no_labels(named.values())
    try:
        found = xr.apply_ufunc(
            kernel,
            *(op.variable if bare else op for op in named.values()),
            input_core_dims=[[dims[name]] if name in dims else [] for name in named],
            output_core_dims=[[dim] if gives_row else []],
            join="exact",
            keep_attrs=False,
            dask="parallelized",
            dask_gufunc_kwargs={"allow_rechunk": True},
            output_dtypes=[float],
        )
    except ValueError:
        check_aligned(named)
        raise
    return xr.DataArray(found) if bare else found


def with_names(name: str, operand: Values, dims: Sequence[str]) -> xr.DataArray:
    """Return `operand` as a DataArray, its axes called `dims` if they have no names."""
    if isinstance(operand, xr.DataArray):
        return operand
    array = plain(operand)
    if array.ndim > len(dims):
        msg = f"{name} has {array.ndim} axes without names beside a DataArray; make it one, too"
        raise ValueError(msg)
    dims = dims[: array.ndim]
    return xr.DataArray(array, labels_of(operand, dims), dims=dims)


def common_size(sizes: Mapping[str, int], dim: str) -> int:
    """Return the one size along `dim` among `sizes`; 1 if there are none."""
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        msg = f"numbers of {dim}s differ: {found}"
        raise ValueError(msg)
    return next(iter(sizes.values()), 1)
