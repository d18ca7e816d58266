"""Names for the positions of a variable, such as ``price[site=west, period=3]``.

A summary has them as rows; tables of inputs, evidence and correlations use the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Mapping

import numpy as np
import xarray as xr

#: Where something stands: the number of its place along each dimension.
Place = dict[Hashable, int]


def places(array: xr.DataArray, without: Hashable) -> Iterator[tuple[str, Place]]:
    """Yield label and place of each position of a variable, over all dimensions but one."""
    others = [dim for dim in array.dims if dim != without]
    for position in itertools.product(*(range(array.sizes[dim]) for dim in others)):
        place: Place = dict(zip(others, position, strict=True))
        yield label(str(array.name), array, place), place


def label(name: str, array: xr.DataArray, place: Place) -> str:
    """Return the name of one position, by coordinates where there are some."""
    parts = [
        f"{dim}={array[dim].values[k] if dim in array.coords else k}" for dim, k in place.items()
    ]
    return f"{name}[{', '.join(parts)}]" if parts else name


def selected(variables: Mapping[str, xr.DataArray], text: str) -> xr.DataArray | None:
    """Return the variable, or the part of one, that a label tells; None if there is none.

    A label may leave out dimensions: ``price[site=west]`` is all periods of the west.
    """
    if text in variables:
        return variables[text]
    name, _, rest = text.partition("[")
    if name not in variables or not rest.endswith("]"):
        return None
    part = variables[name]
    for condition in rest[:-1].split(", "):
        dim, _, value = condition.partition("=")
        if dim not in part.dims:
            return None
        known = part[dim].values if dim in part.coords else np.arange(part.sizes[dim])
        at = [k for k, one in enumerate(known) if str(one) == value]
        if not at:
            return None
        part = part.isel({dim: at[0]}).drop_vars(dim, errors="ignore")
    return part.rename(text)
