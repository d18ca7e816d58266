"""Chunks of draws in a Zarr store, for runs larger than memory or longer than a sitting."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

try:
    import dask.array  # noqa: F401 - lazy arrays are its
    import zarr
except ImportError as error:
    msg = "stores need Zarr and Dask: pip install 'overbuild[store]'"
    raise ImportError(msg) from error

from overbuild.study.chunks import Work
from overbuild.study.collecting import check_alike, with_room
from overbuild.study.inputs import DRAW

#: The attribute of a store's group that tells of the run; a group without it is not ours.
_ABOUT = "overbuild"

#: Draws that are made again to see whether a store holds the study at hand.
_SAMPLE = 64


class Store:
    """Draws on disk, the draws of each position contiguous.

    Numbers are not compressed: random ones hardly can be. How many draws are complete is written
    after they are, so that a run killed at any moment can go on.
    """

    def __init__(self, path: str | os.PathLike[str], work: Work, seed: int, chunk: int) -> None:
        self.path = Path(path)
        self._about: dict[str, Any] = {
            "model": work.model.name,
            "seed": seed,
            "chunk": chunk,
            "done": 0,
        }
        self._like: dict[str, xr.DataArray] = {}
        if self.path.exists() and (self.path.is_file() or any(self.path.iterdir())):
            self._resume(work)

    @property
    def done(self) -> int:
        """Draws that are there."""
        done: int = self._about["done"]
        return done

    def _resume(self, work: Work) -> None:
        about = _about(self.path)
        if about["seed"] != self._about["seed"]:
            msg = (
                f"store {self.path} holds draws of seed {about['seed']}, not "
                f"{self._about['seed']}; give that seed or another path"
            )
            raise ValueError(msg)
        self._about = about
        self._like = self.arrays(0)
        for start in sorted({0, max(0, self.done - _SAMPLE)}):
            self._compare(work, start, min(_SAMPLE, self.done - start))

    def _compare(self, work: Work, start: int, n: int) -> None:
        """Make some draws again, and refuse a store that has others."""
        kept = self.arrays(self.done)
        for name, again in work(start, n).items() if n else ():
            there = kept.get(name)
            if there is not None and DRAW in there.dims:
                there = there.isel({DRAW: slice(start, start + n)})
            if there is None or not np.array_equal(there.values, again.values, equal_nan=True):
                msg = (
                    f"store {self.path} holds draws of another study: {name!r} comes out "
                    "otherwise. The inputs or the model have changed; give another path"
                )
                raise ValueError(msg)

    def add(self, chunk: Mapping[str, xr.DataArray], n: int) -> None:
        """Put the next `n` draws behind those that are there."""
        if not self._like:
            self._create(chunk)
        check_alike(self._like, chunk)
        group = zarr.open_group(self.path, mode="r+")
        end = self.done + n
        for name in self._drawn:
            array = group[name]
            assert isinstance(array, zarr.Array)  # noqa: S101 - for the type checker
            if array.shape[-1] < end:
                array.resize((*array.shape[:-1], end))
            array[..., self.done : end] = chunk[name].transpose(..., DRAW).values
        self._about["done"] = end
        group.attrs[_ABOUT] = self._about

    @property
    def _drawn(self) -> dict[str, xr.DataArray]:
        return {name: like for name, like in self._like.items() if DRAW in like.dims}

    def _create(self, chunk: Mapping[str, xr.DataArray]) -> None:
        """Write all but the draws: constants, labels, and arrays without a draw yet."""
        self._like = {name: with_room(part, 0) for name, part in chunk.items()}
        self._about["variables"] = list(self._like)
        drawn = list(self._drawn)
        rest = xr.Dataset(self._like).drop_vars(drawn)
        texts = {name: c.astype(object) for name, c in rest.coords.items() if c.dtype.kind == "U"}
        rest.assign_coords(texts).to_zarr(self.path, mode="a", zarr_format=3, consolidated=False)
        group = zarr.open_group(self.path, mode="r+")
        for name in drawn:
            like = self._like[name].transpose(..., DRAW)
            group.create_array(
                name,
                shape=like.shape,
                chunks=(*like.shape[:-1], self._about["chunk"]),
                dtype=float,
                fill_value=float("nan"),
                compressors=None,
                dimension_names=[str(dim) for dim in like.dims],
                attributes=dict(like.attrs),
            )
        group.attrs[_ABOUT] = self._about

    def arrays(self, draws: int) -> dict[str, xr.DataArray]:
        """Return the first `draws` draws of each variable, as lazy arrays."""
        dataset = xr.open_zarr(self.path, consolidated=False, chunks={})
        dataset = dataset.isel({DRAW: slice(draws)}, missing_dims="ignore")
        return {
            name: dataset[name].transpose(DRAW, ..., missing_dims="ignore")
            for name in self._about["variables"]
        }


def _about(path: Path) -> dict[str, Any]:
    """Return what a store tells of its run, or say that it is none."""
    try:
        about: Any = zarr.open_group(path, mode="r").attrs.get(_ABOUT)
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError) as error:
        msg = f"{path} is no Zarr store: {error}"
        raise ValueError(msg) from error
    if not isinstance(about, dict) or not {"seed", "chunk", "done", "variables"} <= about.keys():
        msg = f"{path} is a Zarr store, but not of a study; give a path of its own"
        raise ValueError(msg)
    return about
