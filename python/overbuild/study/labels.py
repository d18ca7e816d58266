"""Names for the positions of a variable, such as ``price[site=west, period=3]``.

A summary has them as rows; tables of inputs, evidence and correlations use the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator

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
