"""Chunks of draws put together in memory."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
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

    def reserve(self, draws: int) -> None:
        """Make room for `draws` draws in all."""

    def room(self, names: Sequence[str], start: int, n: int) -> dict[str, NDArray[np.float64]]:
        """Return where draws `start` to ``start + n`` of some variables may be put at once."""

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

    def reserve(self, draws: int) -> None:
        """Make room for `draws` draws in all."""
        if draws > self._room:
            self._grow(max(draws, 2 * self._room))

    def room(self, names: Sequence[str], start: int, n: int) -> dict[str, NDArray[np.float64]]:
        """Return where draws `start` to ``start + n`` of some variables go, to be filled there."""
        if self._arrays:
            self._ready = {name: self._arrays[name].values for name in names}
        elif not self._ready:
            self._ready = dict(zip(names, blocks([()] * len(names), self._room), strict=True))
        return {name: array[start : start + n] for name, array in self._ready.items()}

    def writing(self) -> AbstractContextManager[None]:
        """Nobody else can write here."""
        return nullcontext()

    def add(self, chunk: Mapping[str, xr.DataArray], n: int) -> None:
        """Put the next `n` draws behind those that are there."""
        self.reserve(self.done + n)
        if not self._arrays:
            self._arrays = with_room(chunk, self._room, self._ready)
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
        grown = with_room(self._arrays, draws)
        for name, old in self._arrays.items():
            if DRAW in old.dims:
                grown[name].values[: self.done] = old.values[: self.done]
        # Put in place when filled: an interrupted run is looked at.
        self._arrays, self._room, self._ready = grown, draws, {}


def with_room(
    parts: Mapping[str, xr.DataArray],
    draws: int,
    ready: Mapping[str, NDArray[np.float64]] | None = None,
) -> dict[str, xr.DataArray]:
    """Return arrays like `parts` for `draws` draws, their numbers not yet set; and constants.

    Arrays that are `ready` are taken for their numbers.
    """
    rooms = dict(ready or {})
    missing = [name for name, part in parts.items() if DRAW in part.dims and name not in rooms]
    rooms |= zip(missing, blocks([parts[name].shape[1:] for name in missing], draws), strict=True)
    return {
        name: _over_draws(part, rooms[name]) if name in rooms else part.astype(float)
        for name, part in parts.items()
    }


def _over_draws(part: xr.DataArray, values: NDArray[np.float64]) -> xr.DataArray:
    coords = {name: c for name, c in part.coords.items() if DRAW not in c.dims}
    whole = xr.DataArray(values, dims=(*part.dims[1:], DRAW), coords=coords, attrs=part.attrs)
    return whole.transpose(DRAW, ...)


def blocks(shapes: Sequence[tuple[int, ...]], draws: int) -> list[NDArray[np.float64]]:
    """Return an array for each shape, `draws` long, the draws of each position contiguous.

    They are one piece of memory, which the system hands out in large pages, twice as fast.
    """
    positions = [math.prod(shape) for shape in shapes]
    whole = np.empty((sum(positions), draws))
    ends = np.cumsum(positions, dtype=int)
    return [
        whole[end - size : end].reshape(*shape, draws)
        for end, size, shape in zip(ends, positions, shapes, strict=True)
    ]


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
    """Whether labels along a dimension of one size agree, whatever else is attached to them."""
    if dim not in one.coords and dim not in other.coords:
        return True
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
