"""What a study does for a chunk of its draws, on whatever machine."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild._core import QuantileTable
from overbuild.study.draws.sampling import Sampler
from overbuild.study.execution.evaluation import Model
from overbuild.study.inputs import DRAW, SCENARIO, Input
from overbuild.study.labels import places

#: Draws at once, unless told otherwise: the most and the least, and bytes that their numbers take.
#: Memory is claimed anew for each array that is large, which takes longer than to compute it.
MOST_AT_ONCE, LEAST_AT_ONCE, BYTES_AT_ONCE = 2**17, 2**12, 2**27

#: Draws that tell how many numbers a draw has.
_TRIED = 64

#: Arrays to be filled, by label.
Room = Mapping[str, NDArray[np.float64]]

#: Draws of each label, by scenario.
Drawn = Mapping[str, Mapping[str, NDArray[np.float64]]]

#: Gives the draws of labels from their tables.
Draw = Callable[[Mapping[str, QuantileTable]], dict[str, NDArray[np.float64]]]


@dataclasses.dataclass(frozen=True)
class Work:
    """A model, its inputs and its draws: all that a chunk's numbers depend on.

    It can be pickled if the model can, and gives the same bits wherever it is called.

    Attributes
    ----------
    model : Model
        What is evaluated.
    scenarios : mapping
        The inputs of each scenario; one called "" if the study has none.
    tables : mapping
        For each scenario the quantile tables of what is random, by label.
    sampler : Sampler
        Points for all these labels.
    """

    model: Model
    scenarios: Mapping[str, Mapping[str, Input]]
    tables: Mapping[str, Mapping[str, QuantileTable]]
    sampler: Sampler

    def __call__(self, start: int, n: int) -> dict[str, xr.DataArray]:
        """Return the random inputs and the outputs of draws `start` to ``start + n``."""
        return self.outcome(self.drawn(start, n), start, n)

    def at_once(self, draws: int) -> int:
        """Return how many draws to evaluate at once, if there are so many.

        It takes a trial with a few, unless there are few draws at all.
        """
        if draws <= LEAST_AT_ONCE:
            return MOST_AT_ONCE
        found = self._outcome(self.drawn(0, _TRIED), _TRIED, check=False)
        numbers = sum(value.size for value in found.values() if DRAW in value.dims) // _TRIED
        fitting = BYTES_AT_ONCE // (8 * max(1, numbers))
        return min(MOST_AT_ONCE, max(LEAST_AT_ONCE, 1 << (fitting.bit_length() - 1)))

    def drawn(self, start: int, n: int, room: Room | None = None) -> Drawn:
        """Return draws `start` to ``start + n`` of all that is random.

        Inputs that are in `room` are drawn into its arrays, where they are to stay.
        """
        together = self.sampler.together(start, n)
        return self._by_scenario(lambda tables: self.sampler.draw(tables, start, n, together, room))

    def alone(self) -> list[str]:
        """Return the inputs that are one draw each, the same in all scenarios, and independent."""
        correlation = self.sampler.correlation
        together = () if correlation is None else correlation.labels
        first = next(iter(self.scenarios.values()))
        return [
            name
            for name, given in first.items()
            if given.is_random and name not in self.varying and name in self.sampler.points
            if name not in together
        ]

    def at(self, points: Mapping[str, NDArray[np.float64]], n: int) -> dict[str, xr.DataArray]:
        """Return the same where each label has the probabilities in `points`, `n` of them."""
        drawn = self._by_scenario(
            lambda tables: {label: table.ppf(points[label]) for label, table in tables.items()}
        )
        return self._outcome(drawn, n, check=False)

    def outcome(self, drawn: Drawn, start: int, n: int) -> dict[str, xr.DataArray]:
        """Return the random inputs and the outputs of what was drawn for `start` to ``start + n``.

        The first draws of a study show whether its model works draw by draw.
        """
        return self._outcome(drawn, n, check=start == 0)

    def _by_scenario(self, draw: Draw) -> Drawn:
        """Return what is drawn in each scenario; what none overrides is drawn once for all."""
        shared: dict[str, NDArray[np.float64]] = {}
        drawn = {}
        for scenario, tables in self.tables.items():
            fresh = draw({label: table for label, table in tables.items() if label not in shared})
            drawn[scenario] = shared | fresh
            shared = {label: fresh[label] for label in self._shared if label in fresh} or shared
        return drawn

    def _outcome(self, drawn: Drawn, n: int, *, check: bool) -> dict[str, xr.DataArray]:
        parts: dict[str, dict[str, xr.DataArray]] = {}
        for scenario, inputs in self.scenarios.items():
            labels = self._labels[scenario]
            given = {
                name: _arranged(name, one.value, labels[name], drawn[scenario], n)
                for name, one in inputs.items()
            }
            outputs = self.model.evaluate(given, n)
            if check:
                self.model.check_draw_by_draw(given, outputs, n)
            parts[scenario] = {
                **{name: xr.DataArray(given[name]) for name in self._recorded},
                **outputs,
            }
        if "" in parts:
            return parts[""]
        return stacked(parts, shared=self._recorded.keys() - self.varying)

    def fingerprint(self) -> str:
        """Return what tells these inputs from others: a digest of all numbers but the model's."""
        digest = hashlib.sha256()
        for scenario, inputs in self.scenarios.items():
            for name, given in inputs.items():
                digest.update(repr((scenario, name)).encode())
                if not given.distributions(name):
                    digest.update(np.asarray(given.value, dtype=float).tobytes())
            for label, table in self.tables[scenario].items():
                state: Any = table.__reduce__()[1]
                nodes, *ends = state
                digest.update(repr((label, ends)).encode() + nodes.tobytes())
        correlation = self.sampler.correlation
        together = correlation and (correlation.labels, correlation.copula.lower())
        digest.update(repr((list(self.sampler.points), together)).encode())
        return digest.hexdigest()

    @functools.cached_property
    def _labels(self) -> dict[str, dict[str, list[str]]]:
        """What is random of each input, by scenario and name."""
        return {
            scenario: {name: list(given.distributions(name)) for name, given in inputs.items()}
            for scenario, inputs in self.scenarios.items()
        }

    @functools.cached_property
    def _shared(self) -> list[str]:
        """Labels of the inputs that no scenario overrides."""
        first = next(iter(self._labels.values()))
        return [
            label for name, labels in first.items() if name not in self.varying for label in labels
        ]

    @functools.cached_property
    def _recorded(self) -> dict[str, None]:
        """Inputs that differ by draw or by scenario, in their order."""
        every = self.scenarios.values()
        return {
            name: None
            for name in next(iter(every))
            if name in self.varying or any(labels[name] for labels in self._labels.values())
        }

    @functools.cached_property
    def varying(self) -> set[str]:
        """Names of inputs that some scenario overrides."""
        first, *others = self.scenarios.values()
        return {name for name in first if any(first[name] is not one[name] for one in others)}


def _arranged(
    name: str, value: Any, labels: list[str], drawn: Mapping[str, NDArray[np.float64]], n: int
) -> Any:
    """Return what the model gets for an input: a float, or an array that it must not change."""
    if name in labels:
        array = xr.DataArray(drawn[name], dims=DRAW)
    elif labels:
        array = _along_dims(value.rename(name), drawn, n)
    else:
        array = value
    # A model that writes into its inputs fails, rather than change what is recorded.
    if isinstance(array, xr.DataArray):
        array.values.flags.writeable = False
    return array


def _along_dims(
    array: xr.DataArray, drawn: Mapping[str, NDArray[np.float64]], n: int
) -> xr.DataArray:
    """Return draws of an array of distributions, each position contiguous in memory."""
    values = np.empty((*array.shape, n))
    for label, place in places(array, without=DRAW):
        at = tuple(place[dim] for dim in array.dims)
        values[at] = drawn[label] if label in drawn else array.values[at]
    whole = xr.DataArray(values, dims=(*array.dims, DRAW), coords=array.coords)
    return whole.transpose(DRAW, ...)


def stacked(
    parts: Mapping[str, Mapping[str, xr.DataArray]], shared: Any = ()
) -> dict[str, xr.DataArray]:
    """Return the variables of several scenarios along a dimension of their names.

    What is `shared` is the same in all, and is taken from the first.
    """
    first = next(iter(parts.values()))
    for scenario, variables in parts.items():
        if variables.keys() != first.keys():
            odd = ", ".join(sorted(variables.keys() ^ first.keys()))
            msg = f"scenario {scenario!r} differs from the others in what it returns: {odd}"
            raise ValueError(msg)
    return {
        name: value
        if name in shared
        else _stack(name, {scenario: variables[name] for scenario, variables in parts.items()})
        for name, value in first.items()
    }


def _stack(name: str, parts: Mapping[str, xr.DataArray]) -> xr.DataArray:
    if any(SCENARIO in part.dims for part in parts.values()):
        msg = (
            f"{name!r} has a dimension {SCENARIO!r} of its own in a study with scenarios; rename it"
        )
        raise ValueError(msg)
    try:
        aligned = xr.align(*parts.values(), join="exact", copy=False)
    except ValueError as error:
        msg = f"{name!r} has different labels or lengths in different scenarios: {error}"
        raise ValueError(msg) from error
    units = {scenario: str(array.attrs.get("unit", "")) for scenario, array in parts.items()}
    if len(set(units.values())) > 1:
        said = ", ".join(f"{scenario} {unit or 'none'}" for scenario, unit in units.items())
        msg = f"{name!r} has different units in different scenarios: {said}"
        raise ValueError(msg)
    arrays = [array.transpose(..., DRAW, missing_dims="ignore") for array in xr.broadcast(*aligned)]
    values = np.stack([array.values for array in arrays])
    whole = xr.DataArray(
        values,
        dims=(SCENARIO, *arrays[0].dims),
        coords={**arrays[0].coords, SCENARIO: list(parts)},
        attrs=aligned[0].attrs,
    )
    return whole.transpose(DRAW, SCENARIO, ..., missing_dims="ignore")
