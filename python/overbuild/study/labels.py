"""Names for the positions of a variable, such as ``price[site=west, period=3]``.

A summary has them as rows; tables of inputs, evidence and correlations use the same.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping

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
        f"{dim}={_text(array[dim].values[k]) if dim in array.coords else k}"
        for dim, k in place.items()
    ]
    return f"{name}[{', '.join(parts)}]" if parts else name


def tidy(text: str) -> str:
    """Return a label with spaces where :func:`label` has them."""
    name, bracket, rest = text.strip().partition("[")
    if not (bracket and rest.endswith("]")):
        return text.strip()
    parts = (condition.partition("=") for condition in _CONDITIONS.split(rest[:-1]))
    conditions = (f"{dim.strip()}{equals}{value.strip()}" for dim, equals, value in parts)
    return f"{name.strip()}[{', '.join(conditions)}]"


def selected(variables: Mapping[str, xr.DataArray], text: str) -> xr.DataArray | str:
    """Return the variable, or the part of one, that a label tells, or say why there is none.

    A label may leave out dimensions: ``price[site=west]`` is all periods of the west.
    """
    found = located(variables, text)
    if isinstance(found, str):
        return found
    name, place = found
    return variables[name].isel(place).drop_vars(place, errors="ignore").rename(text)


def located(
    variables: Mapping[str, xr.DataArray], text: str, without: Hashable = None
) -> tuple[str, Place] | str:
    """Return the variable and the place that a label tells, or say why there is none.

    A label cannot tell a place along dimension `without`. Spaces do not matter around brackets,
    commas and equals signs.
    """
    if text in variables:
        return text, {}
    name, bracket, rest = (part.strip() for part in text.partition("["))
    if name not in variables:
        return f"no variable {name!r}; there are {', '.join(variables)}"
    array = variables[name]
    if bracket and not rest.endswith("]"):
        return f"{text!r} has a bracket that is not closed"
    place: Place = {}
    for condition in _CONDITIONS.split(rest[:-1]) if bracket else []:
        dim, equals, value = (part.strip() for part in condition.partition("="))
        if not equals:
            return f"{text!r}: {condition.strip()!r} is no position, such as year=2025"
        others = [str(other) for other in array.dims if other != without]
        if dim not in others:
            return f"{name!r} has no dimension {dim!r}; it has {', '.join(others) or 'none'}"
        if dim in place:
            return f"{text!r} has dimension {dim!r} twice"
        known = [_text(one) for one in _coordinates(array, dim)]
        if value not in known:
            there = ", ".join(known[:_MOST_LISTED]) + (", ..." if len(known) > _MOST_LISTED else "")
            return f"{name!r} has no position {dim}={value}; along {dim} there are {there}"
        if known.count(value) > 1:
            return f"{name!r} has {known.count(value)} positions {dim}={value}; relabel it"
        place[dim] = known.index(value)
    return name, place


def _text(coordinate: object) -> str:
    """Return a coordinate as it is written; a time that begins a day is that day."""
    if isinstance(coordinate, np.datetime64):
        return str(np.datetime_as_string(coordinate, unit="auto"))
    return str(coordinate)


def _coordinates(array: xr.DataArray, dim: Hashable) -> Iterable[object]:
    return array[dim].values if dim in array.coords else range(array.sizes[dim])


#: What parts conditions of a label; a coordinate may have a comma in it.
_CONDITIONS = re.compile(r",(?=[^,=]*=)")

#: So many positions are listed in a message.
_MOST_LISTED = 12
