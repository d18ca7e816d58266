"""A model: a function of named arrays, and what it may take and return."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild.study.inputs import DRAW, RESERVED

#: What Python and NumPy say of an array where one number is needed.
_FOR_ONE_NUMBER = "truth value of an array|only (0-dimensional|length-1|size-1) arrays"


@dataclasses.dataclass(frozen=True)
class Model:
    """A function that a study calls, and what to call it in messages."""

    function: Callable[..., Any]
    name: str

    @classmethod
    def of(cls, function: Callable[..., Any], inputs: Mapping[str, Any]) -> Model:
        """Check that a function takes `inputs` by name."""
        if not callable(function):
            msg = f"model must be a function, got {type(function).__name__}"
            raise TypeError(msg)
        model = cls(function, str(getattr(function, "__name__", type(function).__name__)))
        _check_signature(model.name, function, inputs)
        return model

    def evaluate(self, given: Mapping[str, Any], n: int) -> dict[str, xr.DataArray]:
        """Return the outputs of `n` draws by name, or say what is wrong with them."""
        try:
            returned = self.function(**given)
        except (TypeError, ValueError) as error:
            if re.search(_FOR_ONE_NUMBER, str(error)):
                error.add_note(
                    f"{self.name} gets an array of draws for each input that is a distribution: "
                    "xr.where is an if of each draw, np.maximum and np.minimum are max and min, "
                    "np.exp is math.exp"
                )
            raise
        outputs = _name_outputs(returned, self.name)
        for name in outputs:
            if name in given:
                msg = f"output {name!r} of {self.name} has the name of an input"
                raise ValueError(msg)
        return {name: _check_output(name, value, n) for name, value in outputs.items()}

    def check_draw_by_draw(
        self, given: Mapping[str, Any], outputs: Mapping[str, xr.DataArray], n: int
    ) -> None:
        """Refuse an output that comes out otherwise when the model gets a few draws alone.

        The first and the last are tried, since a maximum over all may be among either; and
        those that come out highest, of which a median or a share is not that of all.
        """
        drawn = {
            name: value
            for name, value in given.items()
            if isinstance(value, xr.DataArray) and DRAW in value.dims
        }
        few = min(n // 2, 64)
        if few == 0 or not drawn:
            return
        for part in (np.arange(few), np.arange(n - few, n), _highest(outputs, n, few)):
            fewer = {**given, **{name: _at(value, part) for name, value in drawn.items()}}
            found = self.evaluate(fewer, few)
            for name, value in outputs.items():
                # Draws come first.
                expected = value.values[part] if DRAW in value.dims else value.values
                alone = found.get(name)
                if alone is None or not np.array_equal(expected, alone.values, equal_nan=True):
                    msg = (
                        f"output {name!r} of a draw depends on the other draws: a model must work "
                        f"draw by draw, and not sum, average or compare over dimension {DRAW!r}"
                    )
                    raise ValueError(msg)


def _highest(outputs: Mapping[str, xr.DataArray], n: int, few: int) -> NDArray[np.intp]:
    """Return which of the first thousand draws have the highest outputs, by a weighted sum."""
    m = min(n, 1024)
    columns = [
        value.values[:m].reshape(m, -1).astype(float)
        for value in outputs.values()
        if DRAW in value.dims
    ]
    if not columns:
        return np.arange(few)
    every = np.concatenate(columns, axis=1)
    every[~np.isfinite(every)] = 0.0
    with np.errstate(all="ignore"):
        standard = np.nan_to_num((every - every.mean(0)) / every.std(0), posinf=0.0, neginf=0.0)
    # Each weighs less than the one before, so that opposites such as a share and its rest do not
    # cancel.
    total = (standard / np.arange(1, every.shape[1] + 1)).sum(1)
    return np.sort(np.argsort(-total, kind="stable")[:few])


def _at(array: xr.DataArray, draws: NDArray[np.intp]) -> xr.DataArray:
    """Return some draws of an array, laid out in memory as it is: sums depend on that."""
    part = array.isel({DRAW: draws})
    whole = array.isel({DRAW: slice(len(draws))}).values
    values = np.empty_like(whole)
    values[...] = part.values
    values.flags.writeable = False
    return part.copy(data=values)


def _check_signature(name: str, model: Callable[..., Any], inputs: Mapping[str, Any]) -> None:
    try:
        parameters = inspect.signature(model).parameters
    except (TypeError, ValueError):
        return  # A function of C without a signature: the call itself will tell.
    kinds = inspect.Parameter
    if nameless := [
        key for key, parameter in parameters.items() if parameter.kind is kinds.POSITIONAL_ONLY
    ]:
        msg = (
            f"model {name} takes {', '.join(nameless)} by position only, but inputs come by name; "
            "wrap it in a function with named parameters"
        )
        raise ValueError(msg)
    by_name = {
        parameter.name: parameter
        for parameter in parameters.values()
        if parameter.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)
    }
    needed = [key for key, parameter in by_name.items() if parameter.default is kinds.empty]
    if missing := [key for key in needed if key not in inputs]:
        given = ", ".join(inputs) or "none"
        msg = f"model {name} needs {', '.join(missing)}, not among the inputs given: {given}"
        raise ValueError(msg)
    takes_any = any(parameter.kind is kinds.VAR_KEYWORD for parameter in parameters.values())
    if not takes_any and (unknown := [key for key in inputs if key not in by_name]):
        known = ", ".join(by_name) or "nothing"
        msg = f"model {name} does not know input {', '.join(unknown)}; it takes {known}"
        raise ValueError(msg)


def _name_outputs(returned: Any, model: str) -> dict[str, Any]:
    if isinstance(returned, xr.Dataset):
        returned = dict(returned.data_vars)
    if isinstance(returned, xr.DataArray):
        return {str(returned.name or (model if model.isidentifier() else "output")): returned}
    if isinstance(returned, Mapping):
        if not returned:
            msg = f"model {model} returned no outputs"
            raise ValueError(msg)
        for name in returned:
            if not isinstance(name, str) or not name.strip() or name in RESERVED:
                msg = f"{name!r} cannot be the name of an output of {model}"
                raise ValueError(msg)
        return dict(returned)
    what = type(returned).__name__
    msg = f"model {model} must return a dict, a DataArray or a Dataset, not {what}"
    raise TypeError(msg)


def _check_output(name: str, value: Any, n: int) -> xr.DataArray:
    if not isinstance(value, xr.DataArray):
        array = np.asarray(value)
        if array.ndim > 1 or (array.ndim == 1 and array.shape != (n,)):
            msg = (
                f"output {name!r} has shape {array.shape} where {n} draws were given; return an "
                "array of that length, or a DataArray with named dimensions"
            )
            raise ValueError(msg)
        value = xr.DataArray(array, dims=[DRAW] * array.ndim)
    if value.dtype.kind not in "iufb":
        msg = f"output {name!r} must hold numbers, got {value.dtype}"
        raise TypeError(msg)
    if DRAW in value.dims and value.sizes[DRAW] != n:
        msg = f"output {name!r} has {value.sizes[DRAW]} draws where {n} were given"
        raise ValueError(msg)
    # Where something was selected has no place in a data set with other outputs.
    if selected := [label for label, coordinate in value.coords.items() if coordinate.ndim == 0]:
        value = value.drop_vars(selected)
    if value.dims[:1] != (DRAW,):
        value = value.transpose(DRAW, ..., missing_dims="ignore")
    ordered: xr.DataArray = value
    return ordered
