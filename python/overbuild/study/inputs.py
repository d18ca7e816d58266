"""Inputs of a study: a value or a distribution, and where it comes from."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from overbuild.study.labels import places

#: The dimension that random draws run along.
DRAW = "draw"

#: The coordinate of draws that holds their weights, once there is evidence.
WEIGHT = "draw_weight"

#: The dimension that scenarios run along.
SCENARIO = "scenario"

#: Names that no input or output may have.
RESERVED = (DRAW, SCENARIO, WEIGHT)

#: Independent scrambles of the Sobol' sequence, dealt out in turn: draw i is of replicate i % 16.
REPLICATES = 16


@dataclasses.dataclass(frozen=True)
class Input:
    """One assumption: a value or a distribution, with its unit, source and grade.

    Parameters
    ----------
    value : number, array, DataArray or distribution
        What the model gets. A distribution is any frozen one of ``scipy.stats``; draws have
        dimension ``draw``. A DataArray keeps its dimensions; a one-dimensional array is taken to
        run along ``period``.
    unit : str
        Unit of the value, such as ``"USD/GPU-hour"``.
    source : str
        Where the figure is stated.
    grade : str
        How good the source is: ``A`` a primary document, ``B`` press, ``C`` a blog, or a word
        such as ``unverified``.
    note : str
        What a reader should know about the choice.
    date : str
        The day or period that the figure is for.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.Input(0.62, unit="share", source="S-1", grade="B").grade
    'B'
    """

    value: Any
    unit: str = ""
    source: str = ""
    grade: str = ""
    note: str = ""
    date: str = ""

    @property
    def is_random(self) -> bool:
        """Whether the value is a distribution."""
        return _quantile_functions(self.value) is not None

    def quantile_functions(self) -> tuple[Any, Any]:
        """Functions from a tail probability to the value with that probability below and above."""
        functions = _quantile_functions(self.value)
        if functions is None:
            msg = "the value is not a distribution"
            raise TypeError(msg)
        return functions

    def distributions(self, name: str) -> dict[str, Any]:
        """Return the distributions of an input called `name`, by the labels of their positions."""
        if self.is_random:
            return {name: self.value}
        if isinstance(self.value, xr.DataArray) and self.value.dtype == object:
            array = self.value.rename(name)
            found = {at: array.isel(place).item() for at, place in places(array, without=DRAW)}
            return {at: one for at, one in found.items() if not isinstance(one, float)}
        return {}

    @property
    def labels(self) -> dict[str, str]:
        """All but the value."""
        fields = dataclasses.asdict(dataclasses.replace(self, value=None))
        return {name: text for name, text in fields.items() if name != "value" and text}


def _quantile_functions(value: Any) -> tuple[Any, Any] | None:
    for lower, upper in (("ppf", "isf"), ("icdf", "iccdf")):
        if hasattr(value, lower):
            below = getattr(value, lower)
            return below, getattr(value, upper, None) or (lambda tail, below=below: below(1 - tail))
    return None


def as_inputs(values: Mapping[str, Any]) -> dict[str, Input]:
    """Check the inputs of a study and bring their values into one of three forms.

    After that a value is a float, a DataArray or a distribution.

    Raises
    ------
    ValueError, TypeError
        If a name is no identifier or a value is nothing that a model can get; the message names
        the input.
    """
    if not isinstance(values, Mapping):
        msg = f"inputs must be a mapping from name to value, got {type(values).__name__}"
        raise TypeError(msg)
    inputs = {}
    for name, value in values.items():
        if not (isinstance(name, str) and name.isidentifier()) or name in RESERVED:
            msg = f"{name!r} cannot be the name of an input: it must be a name a function can take"
            raise ValueError(msg)
        given = value if isinstance(value, Input) else Input(value)
        inputs[name] = dataclasses.replace(given, value=settled(name, given.value))
    return inputs


def settled(name: str, value: Any) -> Any:
    """Return a value as a float, a DataArray or a distribution, or say what is wrong with it."""
    if isinstance(value, stats.rv_continuous | stats.rv_discrete):
        msg = f"input {name!r}: {value.name} has no parameters yet; call it to freeze it"
        raise TypeError(msg)
    if _quantile_functions(value) is not None and not isinstance(value, np.ndarray | xr.DataArray):
        _check_distribution(name, value)
        return value
    if isinstance(value, xr.DataArray):
        if DRAW in value.dims:
            msg = f"input {name!r}: dimension {DRAW!r} is kept for the draws of the study"
            raise ValueError(msg)
        return _numeric(name, value)
    if isinstance(value, numbers.Real):
        return _finite(name, float(value))
    if isinstance(value, np.ndarray | list | tuple | pd.Series):
        array = np.asarray(value)
        if array.ndim == 0:
            return settled(name, array[()])
        if array.ndim > 1:
            msg = (
                f"input {name!r}: an array of shape {array.shape} has axes without names; "
                "make it an xarray.DataArray"
            )
            raise ValueError(msg)
        return _numeric(name, xr.DataArray(array, dims="period"))
    what = type(value).__name__
    if callable(getattr(value, "rvs", None)):
        msg = f"input {name!r}: {what} has no quantile function (ppf), so it cannot be drawn from"
        raise TypeError(msg)
    msg = f"input {name!r} must be a number, an array or a distribution, got {what}: {value!r}"
    raise TypeError(msg)


def _finite(name: str, value: float) -> float:
    if not math.isfinite(value):
        msg = f"input {name!r} must be finite, got {value}"
        raise ValueError(msg)
    return value


def _numeric(name: str, array: xr.DataArray) -> xr.DataArray:
    if array.dtype.kind not in "iufb":
        msg = f"input {name!r} must hold numbers, got an array of {array.dtype}"
        raise TypeError(msg)
    # A model's arithmetic would hand a unit on to what no longer has it.
    return array.astype(float).drop_attrs().rename(None)


def _check_distribution(name: str, value: Any) -> None:
    functions = _quantile_functions(value)
    assert functions is not None  # noqa: S101 - for the type checker
    median = np.asarray(functions[0](0.5))
    if median.ndim > 0:
        msg = (
            f"input {name!r}: a distribution with parameters of shape {median.shape}; "
            "give one distribution with single numbers"
        )
        raise ValueError(msg)
    if not np.isfinite(median):
        msg = f"input {name!r}: an impossible distribution; its median is {median}"
        raise ValueError(msg)
