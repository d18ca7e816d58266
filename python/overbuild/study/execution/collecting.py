"""Chunks of draws put together in memory."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild.study.inputs import DRAW


class Collection(Protocol):
    """Where the chunks of a run go, one after the other."""

    #: Draws that are there, from the first on without a gap.
    done: int

    def writing(self) -> AbstractContextManager[None]:
        """Hold the place while chunks are added."""

    def add(self, chunk: Mapping[str, xr.DataArray], n: int) -> None:
        """Put the next `n` draws behind those that are there."""

    def arrays(self, draws: int) -> dict[str, xr.DataArray]:
        """Return the first `draws` draws of each variable."""


class Columns:
    """Arrays in memory, the draws of each position contiguous."""

    def __init__(self, draws: int) -> None:
        self.done = 0
        self._room = draws
        self._arrays: dict[str, xr.DataArray] = {}
        self._ready: dict[str, NDArray[np.float64]] = {}

    def room(self, names: Iterable[str], n: int) -> dict[str, NDArray[np.float64]]:
        """Return where the next `n` draws of some variables go, to be filled in place."""
        if self.done + n > self._room:
            self._grow(max(self.done + n, 2 * self._room))
        for name in names:
            if self._arrays:
                self._ready[name] = self._arrays[name].values
            elif name not in self._ready:
                self._ready[name] = np.empty(self._room)
        return {name: array[self.done : self.done + n] for name, array in self._ready.items()}

    def writing(self) -> AbstractContextManager[None]:
        """Nobody else can write here."""
        return nullcontext()

    def add(self, chunk: Mapping[str, xr.DataArray], n: int) -> None:
        """Put the next `n` draws behind those that are there."""
        if not self._arrays:
            self._arrays = {
                name: with_room(part, self._room, self._ready.get(name))
                for name, part in chunk.items()
            }
        elif self.done + n > self._room:
            self._grow(max(self.done + n, 2 * self._room))
        check_alike(self._arrays, chunk)
        for name, part in chunk.items():
            if DRAW in part.dims:
                place = self._arrays[name].values[self.done : self.done + n]
                # What was drawn in place is there.
                if not np.may_share_memory(place, part.values):
                    place[...] = part.values
        self.done += n

    def arrays(self, draws: int) -> dict[str, xr.DataArray]:
        """Return the first `draws` draws of each variable."""
        return {
            name: array.isel({DRAW: slice(draws)}, missing_dims="ignore")
            for name, array in self._arrays.items()
        }

    def _grow(self, draws: int) -> None:
        for name, old in self._arrays.items():
            if DRAW in old.dims:
                # Put in place when filled: an interrupted run is looked at.
                new = with_room(old, draws)
                new.values[: self.done] = old.values[: self.done]
                self._arrays[name] = new
        self._room = draws


def with_room(
    part: xr.DataArray, draws: int, values: NDArray[np.float64] | None = None
) -> xr.DataArray:
    """Return an array like `part` for `draws` draws, its numbers not yet set; or a constant.

    An array for its `values` can be given.
    """
    if DRAW not in part.dims:
        return part.astype(float)
    if values is None:
        values = np.empty((*part.shape[1:], draws))
    coords = {name: c for name, c in part.coords.items() if DRAW not in c.dims}
    whole = xr.DataArray(values, dims=(*part.dims[1:], DRAW), coords=coords, attrs=part.attrs)
    return whole.transpose(DRAW, ...)


def check_alike(wholes: Mapping[str, xr.DataArray], chunk: Mapping[str, xr.DataArray]) -> None:
    """Refuse a chunk that does not go with those before it.

    Inputs that are the same in all draws come with the first chunk only.
    """
    constant = {
        name
        for name, whole in wholes.items()
        if whole.attrs.get("role") == "input" and DRAW not in whole.dims
    }
    for name in (wholes.keys() - constant) | chunk.keys():
        whole, part = wholes.get(name), chunk.get(name)
        if whole is None or part is None or not alike(whole, part):
            msg = f"output {name!r} changes its shape or labels, or comes and goes, by chunk"
            raise ValueError(msg)
        if DRAW not in part.dims and not np.array_equal(whole, part, equal_nan=True):
            msg = f"output {name!r} has no dimension {DRAW!r}, but differs between chunks"
            raise ValueError(msg)


def alike(whole: xr.DataArray, part: xr.DataArray) -> bool:
    """Whether both have the same dimensions and labels, draws apart."""
    others = [dim for dim in part.dims if dim != DRAW]
    return whole.dims == part.dims and all(
        whole.sizes[dim] == part.sizes[dim] and _same_labels(whole, part, dim) for dim in others
    )


def _same_labels(one: xr.DataArray, other: xr.DataArray, dim: Hashable) -> bool:
    """Whether labels along a dimension agree, whatever else is attached to them."""
    return one[dim].reset_coords(drop=True).equals(other[dim].reset_coords(drop=True))


def check_dims(variables: Mapping[str, xr.DataArray]) -> None:
    """Refuse what one data set cannot hold: names of dimensions, and labels that differ."""
    first: dict[Hashable, tuple[str, xr.DataArray]] = {}
    for name, value in variables.items():
        for dim in value.dims:
            if dim in variables:
                msg = f"{dim!r} is both a variable and a dimension of {name!r}; rename one"
                raise ValueError(msg)
            other_name, other = first.setdefault(dim, (name, value))
            if value.sizes[dim] != other.sizes[dim] or not _same_labels(value, other, dim):
                msg = (
                    f"{name!r} and {other_name!r} have different labels or lengths along "
                    f"dimension {dim!r}; rename the dimension of one, or reindex it"
                )
                raise ValueError(msg)
