"""The positions of a data set that are asked for: each has a label, a unit and its draws."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild.study.drivers.classes import Floats, normalized
from overbuild.study.inputs import DRAW, SCENARIO, WEIGHT
from overbuild.study.labels import Place, label, places, tidy


@dataclasses.dataclass(frozen=True)
class Position:
    """One number of each draw: a variable, or one of its positions."""

    label: str
    variable: xr.DataArray
    place: Place

    @property
    def unit(self) -> str:
        """Its unit, or nothing."""
        return str(self.variable.attrs.get("unit", ""))

    @property
    def scenario(self) -> int | None:
        """Number of its scenario, if it is of one."""
        return self.place.get(SCENARIO)

    @property
    def within_scenario(self) -> str:
        """Its label, but for the scenario."""
        place = {dim: k for dim, k in self.place.items() if dim != SCENARIO}
        return label(str(self.variable.name), self.variable, place)


def positions(
    dataset: xr.Dataset, role: str, asked: str | Sequence[str] | None = None
) -> list[Position]:
    """Return the positions that are random, of all variables of a role or of those asked for.

    Raises
    ------
    KeyError
        If a name is none of a variable nor the label of a position.
    ValueError
        If what is asked for is the same in all draws, or if nothing is random.
    """
    if asked is None:
        of_role = [v for v in dataset.data_vars.values() if v.attrs.get("role") == role]
        found = [one for variable in of_role for one in _positions(variable)]
        if not found:
            msg = f"no {role} differs between draws"
            raise ValueError(msg)
        return found
    names = [asked] if isinstance(asked, str) else asked
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        msg = f"{role}s are asked for by name, or by a list of names, got {asked!r:.80}"
        raise TypeError(msg)
    if not names:
        msg = f"no {role} is asked for: the list of names is empty"
        raise ValueError(msg)
    found = [one for name in names for one in _named(dataset, name)]
    return list({one.label: one for one in found}.values())


def single(dataset: xr.Dataset, role: str, asked: str | None, argument: str) -> Position:
    """Return the one position of that label; that of the first of its role if none is given."""
    if asked is None:
        asked = str(positions(dataset, role)[0].variable.name)
    found = positions(dataset, role, asked)
    if len(found) > 1:
        msg = f"{asked!r} has {len(found)} positions; give as {argument} one of {_some(found)}"
        raise ValueError(msg)
    return found[0]


def nothing_known(output: Position) -> str:
    """Say that there is no input to compare an output with."""
    return f"no input asked for differs between the draws of {output.label}"


class Sample:
    """The draws that count: all, or once there is evidence those that have a weight.

    Attributes
    ----------
    weights : ndarray or None
        Their weights, which sum to 1; None if all are equal.
    """

    def __init__(self, dataset: xr.Dataset) -> None:
        self.weights: Floats | None = None
        self._kept: NDArray[np.bool_] | None = None
        self._replicates = int(dataset.attrs.get("replicates", 0))
        if WEIGHT in dataset.coords:
            weights = np.asarray(dataset.coords[WEIGHT].values, dtype=float)
            self._kept = weights > 0
            self.weights = normalized(weights[self._kept])

    def draws(self, one: Position) -> Floats:
        """Return the draws of one position, in its unit."""
        values = np.ascontiguousarray(one.variable.isel(one.place).values, dtype=float)
        return values if self._kept is None else values[self._kept]

    def replicates(self, draws: int) -> list[NDArray[np.intp]]:
        """Return which of these draws belong to each replicate; none where there are none."""
        numbers = np.arange(draws) if self._kept is None else np.flatnonzero(self._kept)
        return [np.flatnonzero(numbers % self._replicates == k) for k in range(self._replicates)]


def _positions(variable: xr.DataArray) -> Iterator[Position]:
    if DRAW in variable.dims:
        for text, place in places(variable, without=DRAW):
            yield Position(text, variable, place)


def _named(dataset: xr.Dataset, name: str) -> list[Position]:
    known = {str(key): variable for key, variable in dataset.data_vars.items()}
    # A label begins with the name of its variable.
    name = name if name in known else tidy(name)
    about = [name] if name in known else [one for one in known if name.startswith(f"{one}[")]
    if not about:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        msg = f"no variable {name!r}; {hint}there are {', '.join(known)}"
        raise KeyError(msg)
    found = [one for key in about for one in _positions(known[key])]
    if not found:
        msg = f"{name!r} is the same in all draws"
        raise ValueError(msg)
    if name in known:
        return found
    chosen = [one for one in found if one.label == name]
    if len(chosen) > 1:
        msg = f"{len(chosen)} positions are called {name!r}; relabel them"
        raise ValueError(msg)
    if not chosen:
        msg = f"no position {name!r}; there are {_some(found)}"
        raise KeyError(msg)
    return chosen


def _some(found: Sequence[Position]) -> str:
    """Return the first labels, and say how many more there are."""
    shown = ", ".join(one.label for one in found[:4])
    return f"{shown} and {len(found) - 4} more" if len(found) > 4 else shown
