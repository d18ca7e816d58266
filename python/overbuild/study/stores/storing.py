"""Chunks of draws in a Zarr store, for runs larger than memory or longer than a sitting."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
import zarr
from numpy.typing import NDArray

from overbuild.study.execution.chunks import Work
from overbuild.study.execution.collecting import alike, check_alike, with_room
from overbuild.study.inputs import DRAW, REPLICATES
from overbuild.study.stores import stored
from overbuild.study.stores.locking import exclusive

Variables = dict[str, xr.DataArray]

#: Places in a store, and draws at each, that are made again to see whether it is this study's.
_PLACES, _SAMPLE = 16, 64


class Store:
    """Draws on disk, the draws of each position contiguous.

    Numbers are not compressed: random ones hardly can be. How many draws are complete is written
    after they are, so that a run killed at any moment can go on.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        work: Work,
        labelled: Callable[[Variables], Variables],
        seed: int,
        chunk: int,
        most: int,
    ) -> None:
        self.path: Path = stored.as_folder(path)
        self._work, self._labelled = work, labelled
        self._about: dict[str, Any] = {
            "layout": stored.LAYOUT,
            "model": work.model.name,
            "seed": seed,
            "replicates": REPLICATES,
            "inputs": work.fingerprint(),
            "chunk": chunk,
            "done": 0,
            "variables": [],
            "coordinates": [],
        }
        self._like: Variables = {}
        self._group: zarr.Group | None = None
        if not stored.is_empty(self.path):
            self._resume(stored.read_about(self.path), most)

    @property
    def done(self) -> int:
        """Draws that are there."""
        done: int = self._about["done"]
        return done

    def _resume(self, about: dict[str, Any], most: int) -> None:
        """Take up what is there, with the labels that this study has.

        The draws that it may need, `most`, are looked at in some places.
        """
        if about["done"] == 0:
            return  # killed before the first chunk: begin again
        if about["seed"] != self._about["seed"]:
            msg = (
                f"store {self.path} holds draws of seed {about['seed']}, not "
                f"{self._about['seed']}; give that seed or another path"
            )
            raise ValueError(msg)
        if about["inputs"] != self._about["inputs"]:
            msg = (
                f"store {self.path} holds draws of other inputs: a number, a distribution, a "
                "correlation, a scenario or their order is not the same; give another path"
            )
            raise ValueError(msg)
        seen = min(most, about["done"])
        n = min(_SAMPLE, seen)
        found = stored.read_variables(self.path, about)
        again = self._labelled(self._work(0, n))
        if odd := sorted(found.keys() ^ again.keys()):
            raise ValueError(self._other_model(odd[0]))
        self._about |= {key: about[key] for key in ("chunk", "done", "variables", "coordinates")}
        self._like = with_room({name: again[name] for name in about["variables"]}, 0)
        for name, like in self._like.items():
            if not alike(found[name], like):
                raise ValueError(self._other_model(name))
        group = zarr.open_group(self.path, mode="r")
        starts = np.linspace(0, seen - n, _PLACES).astype(int).tolist()
        for start in sorted(set(starts)):
            self._compare(group, start, n)

    def _compare(self, group: zarr.Group, start: int, n: int) -> None:
        """Make some draws again, and refuse a store that has others."""
        for name, again in self._work(start, n).items():
            array = stored.array_of(group, name)
            there = array[..., start : start + n] if DRAW in again.dims else array[...]
            expected = again.transpose(..., DRAW, missing_dims="ignore").values.astype(float)
            if not np.array_equal(np.asarray(there), expected, equal_nan=True):
                raise ValueError(self._other_model(name))

    def _other_model(self, what: str) -> str:
        return (
            f"store {self.path} holds draws of another model: {what!r} comes out otherwise; give "
            "the model as it was, or another path"
        )

    def reserve(self, draws: int) -> None:
        """Files grow as they are written."""

    def room(self, names: Sequence[str], start: int, n: int) -> dict[str, NDArray[np.float64]]:
        """Nothing can be put into files but by writing."""
        return {}

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other runs out while chunks are added."""
        self.path.mkdir(parents=True, exist_ok=True)
        with exclusive(self.path):
            there = 0 if stored.is_empty(self.path) else stored.read_about(self.path)["done"]
            if there != self.done:
                msg = f"another run has written into store {self.path} meanwhile; run again"
                raise RuntimeError(msg)
            if self.done:
                self._group = zarr.open_group(self.path, mode="r+")
                self._relabel(self._group)
            try:
                yield
            finally:
                self._group = None

    def _relabel(self, group: zarr.Group) -> None:
        """Write the attributes that the study has now: units and sources may have been mended."""
        for name, like in self._like.items():
            if dict(group[name].attrs) != (attrs := _plain(like.attrs)):
                group[name].attrs.put(attrs)

    def add(self, chunk: Mapping[str, xr.DataArray], n: int) -> None:
        """Put the next `n` draws behind those that are there."""
        if self._group is None:
            self._group = self._create(chunk)
        check_alike(self._like, chunk)
        end = self.done + n
        for name, like in self._like.items():
            if DRAW not in like.dims:
                continue
            array = stored.array_of(self._group, name)
            if array.shape[-1] < end:
                array.resize((*array.shape[:-1], end))
            array[..., self.done : end] = chunk[name].transpose(..., DRAW).values
        self._about["done"] = end
        self._group.attrs[stored.ABOUT] = self._about

    def _create(self, chunk: Mapping[str, xr.DataArray]) -> zarr.Group:
        """Write all but the draws: labels, constants, and arrays without a draw yet."""
        self._like = with_room(chunk, 0)
        labels = _storable(xr.Dataset(self._like).coords)
        self._about |= {"variables": list(self._like), "coordinates": list(labels.coords)}
        # What a run killed at once has left; the folder itself is locked, and stays.
        for entry in self.path.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        # From the first moment on it says whose it is.
        about = {stored.ABOUT: self._about}
        zarr.create_group(self.path, attributes=about)
        labels.assign_attrs(about).to_zarr(self.path, mode="a", zarr_format=3, consolidated=False)
        group = zarr.open_group(self.path, mode="r+")
        for name, like in self._like.items():
            _create_array(
                group, name, like.transpose(..., DRAW, missing_dims="ignore"), self._about
            )
        return group

    def arrays(self, draws: int) -> Variables:
        """Return the first `draws` draws of each variable, as lazy arrays."""
        group = zarr.open_group(self.path, mode="r")
        return {
            name: stored.lazy(group, name, draws, like.transpose(..., DRAW, missing_dims="ignore"))
            for name, like in self._like.items()
        }


def _create_array(
    group: zarr.Group, name: str, like: xr.DataArray, about: Mapping[str, Any]
) -> None:
    drawn = DRAW in like.dims
    array = group.create_array(
        name,
        shape=like.shape,
        chunks=(*like.shape[:-1], about["chunk"]) if drawn else like.shape,
        dtype=float,
        fill_value=float("nan"),
        compressors=None,
        dimension_names=[str(dim) for dim in like.dims],
        attributes=_plain(like.attrs),
        # Looking whether a chunk is all NaN, to leave it out, takes as long as to write it.
        config={"write_empty_chunks": True},
    )
    if not drawn:
        array[...] = like.values


def _storable(coords: Mapping[Any, xr.DataArray]) -> xr.Dataset:
    """Return labels in types that Zarr has."""
    dataset = xr.Dataset(coords=dict(coords))
    for name, label in coords.items():
        if label.ndim == 1 and isinstance(label.to_index(), pd.MultiIndex):
            msg = (
                f"a store cannot hold {name!r}, labels of several levels; reset_index() of the "
                "array gives each level as labels of its own"
            )
            raise ValueError(msg)
        if label.dtype.kind == "U":
            dataset = dataset.assign_coords({name: label.variable.astype(object)})
    return dataset


def _plain(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return attributes as JSON has them: numbers and words; whatever else as words."""
    plain = {}
    for key, value in attrs.items():
        if isinstance(value, np.generic):
            value = value.item()
        plain[str(key)] = value if isinstance(value, str | int | float) else str(value)
    return plain
