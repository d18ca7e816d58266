"""Scenarios: a study's inputs with some of them overridden, over the same draws."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any

import xarray as xr

from overbuild.study.inputs import SCENARIO, Input, as_inputs

#: The scenario that overrides nothing.
BASE = "base"


def as_scenarios(given: Any, inputs: Mapping[str, Input]) -> dict[str, dict[str, Input]]:
    """Return all inputs of each scenario; one called "" if none are given.

    The base comes first unless it is among those given.

    Raises
    ------
    ValueError, TypeError
        If a scenario overrides what is no input, or gives it another unit or an impossible value.
    """
    if given is None:
        return {"": dict(inputs)}
    if not isinstance(given, Mapping):
        msg = (
            "scenarios must be a mapping from name to what it overrides, or a table that "
            f"read_scenarios reads, got {type(given).__name__}"
        )
        raise TypeError(msg)
    scenarios = {} if BASE in given else {BASE: dict(inputs)}
    for name, overrides in given.items():
        if not (isinstance(name, str) and name.strip()):
            msg = f"{name!r} cannot be the name of a scenario"
            raise ValueError(msg)
        try:
            scenarios[name] = {**inputs, **_overridden(name, overrides, inputs)}
        except (ValueError, TypeError) as error:
            msg = f"scenario {name!r}: {error}"
            raise type(error)(msg) from error
    return scenarios


def _overridden(scenario: str, overrides: Any, inputs: Mapping[str, Input]) -> dict[str, Input]:
    changed = as_inputs(overrides)
    for name, given in changed.items():
        if name not in inputs:
            close = difflib.get_close_matches(name, inputs, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(inputs)}"
            msg = f"{name!r} is no input of the study; {hint}"
            raise ValueError(msg)
        base = inputs[name]
        if given.unit and base.unit and given.unit != base.unit:
            msg = f"{name!r} is in {given.unit}, but the study has it in {base.unit}"
            raise ValueError(msg)
        bare = not isinstance(overrides[name], Input)
        changed[name] = dataclasses.replace(
            given,
            unit=given.unit or base.unit,
            source=f"scenario {scenario}" if bare else given.source,
            grade="scenario" if bare else given.grade,
        )
    return changed


def labels_of(name: str, scenarios: Mapping[str, Mapping[str, Input]]) -> dict[str, str]:
    """Return unit, source and so on of an input, by scenario where they differ."""
    every = {scenario: inputs[name].labels for scenario, inputs in scenarios.items()}
    first = next(iter(every.values()))
    merged = {}
    for word in {word: None for labels in every.values() for word in labels}:
        texts = {scenario: labels.get(word, "") for scenario, labels in every.items()}
        distinct = list(dict.fromkeys(texts.values()))
        if len(distinct) == 1:
            merged[word] = first[word]
        else:
            told = [f"{scenario}: {text}" for scenario, text in texts.items() if text]
            merged[word] = "; ".join(told)
    return merged


def derived_grade(scenarios: Mapping[str, Mapping[str, Input]]) -> str:
    """Return the grade of what a model computes: it tells of inputs that nobody has verified."""
    grades = [given.grade.lower() for inputs in scenarios.values() for given in inputs.values()]
    return (
        "derived from unverified" if any("unverified" in grade for grade in grades) else "derived"
    )


def against(dataset: xr.Dataset, base: str, *, relative: bool) -> xr.Dataset:
    """Return a data set whose outputs are differences from those of one scenario."""
    if SCENARIO not in dataset.dims:
        msg = "the study has no scenarios to compare; give some: Study(..., scenarios={...})"
        raise ValueError(msg)
    names = list(dataset[SCENARIO].values)
    if base not in names:
        msg = f"no scenario {base!r}; there are {', '.join(names)}"
        raise KeyError(msg)
    if len(names) == 1:
        msg = f"there is no scenario but {base!r} to compare"
        raise ValueError(msg)
    others = dataset.sel({SCENARIO: [name for name in names if name != base]})
    compared = {}
    for name, variable in others.data_vars.items():
        if variable.attrs.get("role") != "output" or SCENARIO not in variable.dims:
            compared[name] = variable
            continue
        first = dataset[name].sel({SCENARIO: base}, drop=True)
        difference = variable - first
        attrs = {**variable.attrs, "source": f"{variable.attrs['source']}, less {base}"}
        if relative:
            difference = difference / first
            attrs |= {"unit": "share", "source": f"{attrs['source']}, over {base}"}
        compared[name] = difference.transpose(*variable.dims).assign_attrs(attrs)
    return xr.Dataset(compared, attrs={**dataset.attrs, "against": base}).assign_coords(
        others.coords
    )
