"""Inputs of a study: a value or a distribution, and where it comes from."""

from __future__ import annotations

import dataclasses
import datetime
import keyword
import math
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overbuild.study.distributions.laws import describe, fault, is_family, quantile_functions
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
    value : number, distribution, or array of these
        What the model gets. A distribution is any short form such as :func:`overbuild.between`,
        any frozen one of ``scipy.stats`` or one of its newer kind, or what was fitted to lead
        times; draws have dimension ``draw``. A DataArray keeps its dimensions; a list or
        one-dimensional array is taken to run along ``period``, and the index of a Series gives
        labels. Each element that is a distribution is drawn on its own.
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
    published : str
        The day by which the figure was public.

    Raises
    ------
    TypeError
        If one of the labels is no text. None and NaN are no label; a year or a day is taken as it
        is written.

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
    published: str = ""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self)[1:]:
            label = _label(field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, label)

    def __repr__(self) -> str:
        value = self.value
        if isinstance(value, xr.DataArray):
            sizes = ", ".join(f"{dim}: {size}" for dim, size in value.sizes.items())
            told = f"<{'random ' if value.dtype == object else ''}array of {sizes}>"
        else:
            told = repr(value) if quantile_functions(value) is None else describe(value)
        labels = [f"{name}={text!r}" for name, text in self.labels.items()]
        return f"Input({', '.join([told, *labels])})"

    @property
    def is_random(self) -> bool:
        """Whether the value is a distribution, or an array with one among its elements."""
        return bool(self.distributions("value"))

    def quantile_functions(self) -> tuple[Any, Any]:
        """Functions from a tail probability to the value with that probability below and above."""
        functions = quantile_functions(self.value)
        if functions is None:
            msg = "the value is not a distribution"
            raise TypeError(msg)
        return functions

    def distributions(self, name: str) -> dict[str, Any]:
        """Return the distributions of an input called `name`, by the labels of their positions.

        Elements of an array that are numbers are not among them.
        """
        if quantile_functions(self.value) is not None:
            return {name: self.value}
        value = self.value if _is_settled(self.value) else settled(name, self.value)
        if isinstance(value, xr.DataArray) and value.dtype == object:
            array = value.rename(name)
            found = {at: array.isel(place).item() for at, place in places(array, without=DRAW)}
            return {at: one for at, one in found.items() if not isinstance(one, float)}
        return {} if isinstance(value, float | xr.DataArray) else {name: value}

    @property
    def labels(self) -> dict[str, str]:
        """All but the value."""
        fields = dataclasses.asdict(dataclasses.replace(self, value=None))
        return {name: text for name, text in fields.items() if name != "value" and text}


def as_inputs(values: Mapping[str, Any]) -> dict[str, Input]:
    """Check the inputs of a study and bring their values into one of four forms.

    After that a value is a float, a DataArray of floats, a distribution, or a DataArray of
    distributions and floats.

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
        if reason := fault_of_name(name):
            msg = f"{name!r} cannot be the name of an input: {reason}"
            raise ValueError(msg)
        given = value if isinstance(value, Input) else Input(value)
        inputs[name] = dataclasses.replace(given, value=settled(name, given.value))
    return inputs


def fault_of_name(name: Any) -> str | None:
    """Say why something cannot be the name of an input; None if it can."""
    if not (isinstance(name, str) and name.isidentifier()):
        return "it must be a name a function can take"
    if keyword.iskeyword(name):
        return "it is a word of Python itself, so no function can take it"
    if name in RESERVED:
        return f"{', '.join(RESERVED)} mean something else in a study"
    return None


def settled(name: str, value: Any) -> Any:
    """Return a value as a float, a distribution, or an array of these, or say what is wrong."""
    if isinstance(value, xr.DataArray):
        return _settled_array(name, value)
    if isinstance(value, np.ndarray | list | tuple | pd.Series | pd.Index):
        return _settled_list(name, value)
    # NumPy has a span of time for a whole number, and its truth values for none.
    if isinstance(value, numbers.Real | np.bool_) and not isinstance(value, np.timedelta64):
        return _finite(name, float(value))
    if is_family(value):
        msg = f"input {name!r}: {describe(value)} has no parameters yet; call it to freeze it"
        raise TypeError(msg)
    if quantile_functions(value) is not None:
        if reason := fault(value):
            msg = f"input {name!r}: {reason}"
            raise ValueError(msg)
        return value
    if (fitted := _fitted(name, value)) is not None:
        return settled(name, fitted)
    what = type(value).__name__
    if callable(getattr(value, "rvs", None)):
        msg = f"input {name!r}: {what} has no quantile function (ppf), so it cannot be drawn from"
        raise TypeError(msg)
    msg = f"input {name!r} must be a number, an array or a distribution, got {what}: {value!r:.80}"
    raise TypeError(msg)


def _label(name: str, value: Any) -> str:
    """Return a label of an input as text."""
    if isinstance(value, str):
        return str(value)
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return ""
    if isinstance(value, datetime.date | np.datetime64):
        return str(pd.Timestamp(value)).removesuffix(" 00:00:00")
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        number = float(value)  # a year, in a column with gaps
        if number.is_integer():
            return f"{number:.0f}"
    msg = f"{name} of an input must be text, got {value!r:.80}"
    raise TypeError(msg)


def _is_settled(value: Any) -> bool:
    """Whether a value is a number or an array of numbers, as most are: nothing to look into."""
    return isinstance(value, float) or (isinstance(value, xr.DataArray) and value.dtype == float)


def _fitted(name: str, value: Any) -> Any:
    """Return the distribution, or the array of them, that an object such as a fit has."""
    for attribute in ("distributions", "distribution"):
        try:
            found = getattr(value, attribute, None)
        except ValueError as error:  # there is none, because the fit failed
            msg = f"input {name!r}: {error}"
            raise ValueError(msg) from error
        if isinstance(found, np.ndarray | xr.DataArray) or quantile_functions(found) is not None:
            return found
    return None


def _settled_list(name: str, values: Any) -> Any:
    """Return what has one axis without a name as an array along ``period``."""
    if isinstance(values, np.ndarray) and values.ndim == 0:
        return settled(name, values[()])
    if isinstance(values, pd.Series):
        array = _by_index(name, values)
    else:
        array = xr.DataArray(_flat(name, values), dims="period")
    return _settled_array(name, array)


def _flat(name: str, values: Any) -> NDArray[Any]:
    """Return a list as an array of numbers, or of objects if there are distributions among them."""
    if not isinstance(values, np.ndarray):
        elements = list(values)
        if any(_is_element(one) for one in elements):
            # NumPy would look into elements that are sequences themselves.
            flat = np.empty(len(elements), dtype=object)
            for k, one in enumerate(elements):
                flat[k] = one
            return flat
        try:
            values = np.asarray(elements)
        except ValueError as error:
            msg = f"input {name!r} must be a list of numbers or distributions: {error}"
            raise ValueError(msg) from error
    if values.ndim != 1:
        msg = (
            f"input {name!r}: an array of shape {values.shape} has axes without names; "
            "make it an xarray.DataArray"
        )
        raise ValueError(msg)
    return np.asarray(values)


def _is_element(value: Any) -> bool:
    return quantile_functions(value) is not None or is_family(value) or isinstance(value, Input)


def _by_index(name: str, series: pd.Series[Any]) -> xr.DataArray:
    """Return a Series along ``period``, with its index as labels unless that only counts."""
    if isinstance(series.index, pd.MultiIndex):
        msg = f"input {name!r}: a Series with several levels of labels; make it a DataArray"
        raise ValueError(msg)
    flat = _flat(name, series.to_list())
    if isinstance(series.index, pd.RangeIndex):
        return xr.DataArray(flat, dims="period")
    index = series.index.to_numpy()
    if index.dtype == object:  # words, and periods of pandas as words
        index = index.astype(str)
    return xr.DataArray(flat, dims="period", coords={"period": index})


def _settled_array(name: str, array: xr.DataArray) -> Any:
    if DRAW in array.dims:
        msg = f"input {name!r}: dimension {DRAW!r} is kept for the draws of the study"
        raise ValueError(msg)
    if array.size == 0:
        msg = f"input {name!r} has no element: its shape is {array.shape}"
        raise ValueError(msg)
    # A model's arithmetic would hand a unit on to what no longer has it.
    bare = array.drop_attrs().rename(None)
    if array.dtype != object:
        if array.dtype.kind not in "iufb":
            msg = f"input {name!r} must hold numbers, got an array of {array.dtype}"
            raise TypeError(msg)
        return bare.astype(float)
    if array.ndim == 0:
        return settled(name, array.item())
    found: dict[str, Any] = {}
    elements = np.empty(array.shape, dtype=object)
    for label, place in places(array.rename(name), without=DRAW):
        if label in found:
            msg = f"input {name!r}: two of its positions are called {label}"
            raise ValueError(msg)
        found[label] = _settled_element(label, array.isel(place).item())
        elements[tuple(place[dim] for dim in array.dims)] = found[label]
    numeric = all(isinstance(one, float) for one in found.values())
    return bare.copy(data=elements.astype(float) if numeric else elements)


def _settled_element(label: str, value: Any) -> Any:
    if isinstance(value, Input):
        msg = f"input {label!r}: an Input within an array; give the array as one Input, or {label}"
        msg += " in a table that read_inputs reads"
        raise TypeError(msg)
    one = settled(label, value)
    if isinstance(one, xr.DataArray):
        msg = f"input {label!r} must be one number or distribution, got {type(value).__name__}"
        raise TypeError(msg)
    return one


def _finite(name: str, value: float) -> float:
    if not math.isfinite(value):
        msg = f"input {name!r} must be finite, got {value}"
        raise ValueError(msg)
    return value
