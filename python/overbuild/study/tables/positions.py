"""Names of positions in a table, such as ``price[quarter=2025Q1]``, and arrays made of them."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from overbuild.study.inputs import RESERVED, Input, fault_of_name
from overbuild.study.tables.grid import Row
from overbuild.study.tables.rows import LABELS, checked, common_labels, input_of, labels_of

_NAME = re.compile(r"(?P<base>[^\[\]]*?)\s*(?:\[(?P<place>[^\[\]]*)\])?")
_WHOLE, _FRACTION = re.compile(r"-?(0|[1-9][0-9]*)"), re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")

#: Where something stands: a label along each dimension, in words.
Place = dict[str, str]


def assemble(rows: Sequence[Row]) -> dict[str, Input]:
    """Return the inputs that rows stand for, in the order of their first rows."""
    found: dict[str, list[tuple[Place, Row]]] = {}
    for row in rows:
        base, place = _parsed_name(row)
        found.setdefault(base, []).append((place, checked(row, base)))
    dims = {dim: row for placed in found.values() for place, row in placed for dim in place}
    if both := dims.keys() & found.keys():
        dim = min(both)
        raise dims[dim].fault(["name"], f"dimension {dim!r} has the name of an input")
    return {base: _assembled(base, placed) for base, placed in found.items()}


def _parsed_name(row: Row) -> tuple[str, Place]:
    if not row.name:
        raise row.fault(["name"], "a name is missing")
    match = _NAME.fullmatch(row.name)
    if match is None:
        raise row.fault(["name"], "brackets must be one pair at the end, as in price[quarter=1]")
    base = match["base"]
    if reason := fault_of_name(base):
        raise row.fault(["name"], f"{base!r} cannot be the name of an input: {reason}")
    place: Place = {}
    for part in match["place"].split(",") if match["place"] is not None else []:
        dim, equals, label = (piece.strip() for piece in part.partition("="))
        if not (dim and equals and label):
            reason = f"{part.strip()!r} is no position; it must be as in price[quarter=1, site=a]"
            raise row.fault(["name"], reason)
        if not dim.isidentifier() or dim in RESERVED:
            raise row.fault(["name"], f"{dim!r} cannot be the name of a dimension")
        if dim in place:
            raise row.fault(["name"], f"dimension {dim!r} comes twice")
        place[dim] = label
    return base, place


def _assembled(base: str, placed: list[tuple[Place, Row]]) -> Input:
    dims = list(placed[0][0])
    for place, row in placed:
        if set(place) != set(dims):
            there, here = (", ".join(names) or "none" for names in (dims, place))
            reason = f"dimensions are {here}, but {there} in row {placed[0][1].number}"
            raise row.fault(["name"], f"{reason}; a name has the same in all of its rows")
    if not dims:
        rows = [row for _, row in placed]
        if len(rows) > 1 and (ready := next((row for row in rows if row.given), None)):
            raise ready.fault(["name"], "this name comes twice; write all rows of a mixture out")
        return input_of(rows)
    return _array(base, dims, placed)


def _array(base: str, dims: list[str], placed: list[tuple[Place, Row]]) -> Input:
    rows = [row for _, row in placed]
    coordinates = {dim: _coordinates(place[dim] for place, _ in placed) for dim in dims}
    at: dict[tuple[Any, ...], list[Row]] = {}
    for place, row in placed:
        at.setdefault(tuple(coordinates[dim][place[dim]] for dim in dims), []).append(row)
    axes = [list(dict.fromkeys(coordinates[dim].values())) for dim in dims]
    if len(at) < math.prod(map(len, axes)):
        hole = next(where for where in itertools.product(*axes) if where not in at)
        words = ", ".join(f"{dim}={label}" for dim, label in zip(dims, hole, strict=True))
        raise rows[-1].fault(["name"], f"there is no row {base}[{words}]")
    values = np.empty([len(axis) for axis in axes], dtype=object)
    for index, where in zip(np.ndindex(values.shape), itertools.product(*axes), strict=True):
        values[index] = _element(at[where])
    unit = common_labels(rows, ("unit",))
    array = xr.DataArray(values, dims=dims, coords=dict(zip(dims, axes, strict=True)))
    if all(isinstance(one, float) for one in values.flat):
        array = array.astype(float)
    return Input(array, **unit, **_joined(rows))


def _element(rows: list[Row]) -> Any:
    for row in rows:
        if row.given and (len(rows) > 1 or isinstance(row.given.value, xr.DataArray)):
            reason = "a position has one value" if len(rows) == 1 else "this position comes twice"
            raise row.fault(["name"], reason)
    return input_of(rows).value


def _coordinates(labels: Any) -> dict[str, Any]:
    """Return labels as numbers if all are written as numbers are, and as words if not."""
    words = list(dict.fromkeys(labels))
    if all(map(_WHOLE.fullmatch, words)):
        return {word: int(word) for word in words}
    if all(_WHOLE.fullmatch(word) or _FRACTION.fullmatch(word) for word in words):
        return {word: float(word) for word in words}
    return {word: word for word in words}


def _joined(rows: list[Row]) -> dict[str, str]:
    """Return what may differ by position, each text once."""
    every = [labels_of(row) for row in rows]
    texts = {word: dict.fromkeys(one[word] for one in every if word in one) for word in LABELS[1:]}
    return {word: "; ".join(found) for word, found in texts.items() if found}
