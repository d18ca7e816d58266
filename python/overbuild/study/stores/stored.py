"""What a Zarr store of draws holds, and how it is read.

The group's attribute ``overbuild`` tells of the run and how many draws are complete; arrays may
have more of them, of a run that was killed. Labels are as xarray writes them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

try:
    import dask.array
    import zarr
except ImportError as error:
    msg = "stores need Zarr and Dask: pip install 'overbuild[store]'"
    raise ImportError(msg) from error

from overbuild.study.inputs import DRAW

#: The attribute of a store's group that tells of the run; a group without it is not ours.
ABOUT = "overbuild"

#: How stores are laid out; another number is of another version.
LAYOUT = 1

_KEYS = {"layout", "model", "seed", "replicates", "chunk", "done", "variables", "coordinates"}


def as_folder(path: str | os.PathLike[str]) -> Path:
    """Return a path in the file system, or say that it is none."""
    if "://" in os.fspath(path):
        msg = f"a store is a folder in the file system, got {os.fspath(path)!r}"
        raise ValueError(msg)
    return Path(path)


def is_empty(folder: Path) -> bool:
    """Whether a store can begin there: nothing, or what a run killed at once has left."""
    if not folder.exists():
        return True
    return folder.is_dir() and all(entry.suffix == ".partial" for entry in folder.iterdir())


def read_about(folder: Path) -> dict[str, Any]:
    """Return what a store tells of its run.

    Raises
    ------
    ValueError
        If there is none, or it is not of a study or not of this version.
    """
    if not folder.exists():
        msg = f"there is no store {folder}"
        raise ValueError(msg)
    try:
        about: Any = zarr.open_group(folder, mode="r").attrs.get(ABOUT)
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError) as error:
        msg = f"{folder} is no Zarr store: {error}"
        raise ValueError(msg) from error
    if not isinstance(about, dict) or "layout" not in about:
        msg = f"{folder} is a Zarr store, but not of a study; give a path of its own"
        raise ValueError(msg)
    if about["layout"] != LAYOUT or not about.keys() >= _KEYS:
        msg = f"store {folder} is of another version of overbuild; read it with that one"
        raise ValueError(msg)
    return about


def read_variables(folder: Path, about: Mapping[str, Any]) -> dict[str, xr.DataArray]:
    """Return the variables of a store lazily, as many draws as are complete."""
    group = zarr.open_group(folder, mode="r")
    labels = xr.decode_cf(
        xr.Dataset(coords={name: _label(group, name) for name in about["coordinates"]})
    ).coords
    found = {}
    for name in about["variables"]:
        array = array_of(group, name)
        dims = _dims(array)
        ours = {key: one for key, one in labels.items() if set(one.dims) <= set(dims)}
        like = xr.DataArray(dask.array.from_zarr(array), ours, dims, attrs=dict(array.attrs))
        found[name] = lazy(group, name, about["done"], like)
    return found


def lazy(group: zarr.Group, name: str, draws: int, like: xr.DataArray) -> xr.DataArray:
    """Return a variable's first draws as a lazy array, or a constant, labelled as `like`."""
    array = array_of(group, name)
    data: Any = dask.array.from_zarr(array)[..., :draws] if DRAW in like.dims else array[...]
    whole = xr.DataArray(data, like.drop_vars(DRAW, errors="ignore").coords, like.dims)
    return whole.assign_attrs(like.attrs).transpose(DRAW, ..., missing_dims="ignore")


def array_of(group: zarr.Group, name: str) -> zarr.Array[Any]:
    """Return an array of a group by its name."""
    array = group[name]
    assert isinstance(array, zarr.Array)  # noqa: S101 - for the type checker
    return array


def _dims(array: zarr.Array[Any]) -> tuple[str, ...]:
    return tuple(str(dim) for dim in getattr(array.metadata, "dimension_names", None) or ())


def _label(group: zarr.Group, name: str) -> xr.Variable:
    array = array_of(group, name)
    values: Any = array[...]
    # Words come back as objects, whatever their length.
    words = values.dtype.kind in "OT" and all(isinstance(one, str) for one in values.flat)
    if words:
        values = np.array(values.tolist(), dtype=str).reshape(array.shape)
    return xr.Variable(_dims(array), values, dict(array.attrs))
