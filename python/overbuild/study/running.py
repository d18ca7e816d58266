"""A study: cited inputs and a model, run over draws."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import operator
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overbuild._core import QuantileTable
from overbuild.study.inputs import DRAW, as_inputs
from overbuild.study.results import Result
from overbuild.study.sampling import BITS, Sampler, tabulate_all
from overbuild.study.sobol import sobol

# Without ipywidgets a notebook gets the plain bar, not a warning on import.
if importlib.util.find_spec("ipywidgets"):
    from tqdm.auto import tqdm
else:
    from tqdm import tqdm

#: Draws that a model gets at once, unless told otherwise.
CHUNK = 2**17


class Study:
    """A model and its inputs, ready to be run.

    Parameters
    ----------
    model : callable
        A plain function of named inputs, or of ``**inputs``. A distribution comes as a DataArray
        of dimension ``draw``, a number as a float. It returns a dict from name to DataArray or
        number, a DataArray, or a Dataset, and works draw by draw: it must not sum or average
        over ``draw``.
    inputs : mapping
        For each name a number, an array, a DataArray, a frozen distribution of ``scipy.stats``,
        or an :class:`overbuild.Input` of one of these.
    units : mapping, optional
        Units of the outputs, by name; a unit that the model sets itself
        (``output.attrs["unit"]``) comes first.

    Raises
    ------
    ValueError
        If the model needs an input that is not given, or does not know one that is; if an input
        is impossible.
    TypeError
        If an input is no number, array or distribution.

    Examples
    --------
    >>> import overbuild as ob
    >>> def model(customer_hours, customer_share):
    ...     hours = 250_000 * 8_784
    ...     return {"utilization": ob.utilization.implied(customer_hours, customer_share, hours)}
    >>> study = ob.Study(model, {"customer_hours": ob.between(2.5e8, 3.5e8),
    ...                          "customer_share": 0.62})
    >>> study.run(draws=4096, seed=1).summary().loc["utilization", ["P5", "P50", "P95"]].round(3)
    P5     0.184
    P50    0.217
    P95    0.257
    Name: utilization, dtype: float64
    """

    def __init__(
        self,
        model: Callable[..., Any],
        inputs: Mapping[str, Any],
        units: Mapping[str, str] | None = None,
    ) -> None:
        if not callable(model):
            msg = f"model must be a function, got {type(model).__name__}"
            raise TypeError(msg)
        self.model = model
        self.inputs = as_inputs(inputs)
        self.units = dict(units or {})
        self.name = str(getattr(model, "__name__", type(model).__name__))
        _check_signature(self.name, model, self.inputs)

    def run(
        self,
        draws: int = 2**16,
        seed: int = 0,
        chunk: int | None = None,
        progress: bool | None = None,
    ) -> Result:
        """Draw the inputs, evaluate the model and label the outcome.

        Parameters
        ----------
        draws : int
            Number of draws, from 1 to 2**32; powers of two are best for Sobol' points.
        seed : int
            Seed of the scrambling, at least 0: the same seed gives the same numbers, whatever
            `chunk` and the number of threads.
        chunk : int, optional
            Draws that the model gets at once: less memory if smaller, less overhead if larger.
        progress : bool, optional
            Whether to show a progress bar; by default in a terminal or notebook, when a run
            takes more than a second.

        Returns
        -------
        Result
            With all inputs and outputs over dimension ``draw``.

        Raises
        ------
        ValueError
            If `draws`, `seed` or `chunk` is out of range, or an output is no array of numbers
            over the draws.
        TypeError
            If the model returns something else than named numbers.
        """
        draws = _whole("draws", draws, 1, 2**BITS)
        seed = _whole("seed", seed, 0, None)
        chunk = CHUNK if chunk is None else _whole("chunk", chunk, 1, None)
        sampler = Sampler.of(self._tables, draws, seed)
        columns = _Columns(draws)
        starts = tqdm(
            range(0, draws, chunk),
            desc=self.name,
            unit="chunk",
            delay=1.0 if progress is None else 0.0,
            disable=None if progress is None else not progress,
            leave=False,
        )
        for start in starts:
            n = min(chunk, draws - start)
            drawn = {
                name: _read_only(xr.DataArray(values, dims=DRAW))
                for name, values in sampler.draw(start, n).items()
            }
            outputs = self._evaluate(drawn, n)
            if start == 0:
                self._check_draw_by_draw(drawn, outputs, n)
            columns.add(start, n, drawn)
            columns.add(start, n, outputs)
        return self._label(columns, draws, seed)

    def sobol(
        self,
        draws: int = 2**13,
        seed: int = 0,
        outputs: str | Sequence[str] | None = None,
        chunk: int | None = None,
    ) -> pd.DataFrame:
        r"""Share out the variance of outputs: what each input explains, alone and in all.

        .. math::

            S_i = \frac{\operatorname{Var}(E[y \mid x_i])}{\operatorname{Var}(y)}, \quad
            T_i = 1 - \frac{\operatorname{Var}(E[y \mid x_{-i}])}{\operatorname{Var}(y)}

        Parameters
        ----------
        draws : int
            Draws of each of the two matrices that are mixed, a power of two, at least 256. The
            model is evaluated `draws` times the number of random inputs and two more; outputs
            asked for are kept in memory.
        seed : int
            Seed of the scrambling, at least 0.
        outputs : str or sequence of str, optional
            Names of outputs, or labels of their positions; all if not given.
        chunk : int, optional
            Draws that the model gets at once.

        Returns
        -------
        DataFrame
            Rows by output and input, for each output the input with most in all first. Columns
            ``first_order`` and ``total_order``, fractions of 1, each followed by its standard
            error over 16 independent scrambles (``SE first_order``, ``SE total_order``).
            ``attrs["units"]`` are the units of the outputs.

        Raises
        ------
        ValueError
            If `draws` is no power of two or too small, an output has a draw that is NaN or
            infinite, or no input is random.
        KeyError
            If there is no such output.

        Notes
        -----
        Where total and first order differ, an input acts together with others. An estimate can
        be slightly below 0. Indices of an output that is the same in all draws are NaN.

        Source: A. Saltelli et al., "Variance based sensitivity analysis of model output",
        *Computer Physics Communications* 181 (2010), 259-270, as in ``scipy.stats.sobol_indices``.

        Examples
        --------
        >>> import overbuild as ob
        >>> from scipy import stats
        >>> study = ob.Study(lambda a, b: {"product": a * b},
        ...                  {"a": stats.norm(1, 1), "b": stats.norm(1, 2)})
        >>> study.sobol(2**14)[["first_order", "total_order"]].loc["product"].round(1)
               first_order  total_order
        input
        b              0.4          0.9
        a              0.1          0.6
        """
        draws = _whole("draws", draws, 1, 2**BITS)
        seed = _whole("seed", seed, 0, None)
        chunk = CHUNK if chunk is None else _whole("chunk", chunk, 1, None)
        return sobol(self, draws, seed, chunk, outputs)

    @functools.cached_property
    def _tables(self) -> dict[str, QuantileTable]:
        return tabulate_all(self.inputs)

    def _evaluate(self, drawn: Mapping[str, xr.DataArray], n: int) -> dict[str, xr.DataArray]:
        given = {name: drawn.get(name, given.value) for name, given in self.inputs.items()}
        outputs = _name_outputs(self.model(**given), self.name)
        for name in outputs:
            if name in self.inputs:
                msg = f"output {name!r} of {self.name} has the name of an input"
                raise ValueError(msg)
        return {name: _check_output(name, value, n) for name, value in outputs.items()}

    def _check_draw_by_draw(
        self, drawn: Mapping[str, xr.DataArray], outputs: Mapping[str, xr.DataArray], n: int
    ) -> None:
        """Refuse an output that comes out otherwise when the model gets a few draws alone.

        The first and the last are tried, since a maximum over all may be among either.
        """
        few = min(n // 2, 64)
        if few == 0 or not drawn:
            return
        for part in (slice(0, few), slice(n - few, n)):
            fewer = self._evaluate({name: x[part] for name, x in drawn.items()}, few)
            for name, value in outputs.items():
                expected = value.isel(draw=part) if DRAW in value.dims else value
                alone = fewer.get(name)
                if alone is None or not np.array_equal(expected, alone, equal_nan=True):
                    msg = (
                        f"output {name!r} of a draw depends on the other draws: a model must work "
                        f"draw by draw, and not sum, average or compare over dimension {DRAW!r}"
                    )
                    raise ValueError(msg)

    def _label(self, columns: _Columns, draws: int, seed: int) -> Result:
        variables = {}
        for name, given in self.inputs.items():
            value = columns.arrays.pop(name) if given.is_random else xr.DataArray(given.value)
            variables[name] = value.assign_attrs(role="input", **given.labels)
        for name, value in columns.arrays.items():
            unit = str(value.attrs.get("unit", self.units.get(name, "")))
            source = f"computed by {self.name}"
            labels = {"role": "output", "unit": unit, "source": source, "grade": "derived"}
            variables[name] = value.assign_attrs(labels)
        if unknown := sorted(self.units.keys() - columns.arrays.keys()):
            msg = f"units are given for {', '.join(unknown)}, which {self.name} does not return"
            raise ValueError(msg)
        _check_dims(variables)
        dataset = xr.Dataset(variables, attrs={"model": self.name, "draws": draws, "seed": seed})
        return Result(dataset)


def _read_only(array: xr.DataArray) -> xr.DataArray:
    """Make a model that writes into its inputs fail, rather than change what is recorded."""
    array.values.flags.writeable = False
    return array


def _check_dims(variables: Mapping[str, xr.DataArray]) -> None:
    """Refuse what one data set cannot hold: names of dimensions, and labels that differ."""
    first: dict[Hashable, tuple[str, xr.DataArray]] = {}
    for name, value in variables.items():
        for dim in value.dims:
            if dim in variables:
                msg = f"{dim!r} is both a variable and a dimension of {name!r}; rename one"
                raise ValueError(msg)
            other_name, other = first.setdefault(dim, (name, value))
            if value.sizes[dim] != other.sizes[dim] or not _same_labels(value, other, dim):
                msg = (
                    f"{name!r} and {other_name!r} have different labels or lengths along "
                    f"dimension {dim!r}; rename the dimension of one, or reindex it"
                )
                raise ValueError(msg)


def _whole(name: str, value: Any, least: int, most: int | None) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        msg = f"{name} must be a whole number, got {value!r}"
        raise TypeError(msg) from None
    if number < least or (most is not None and number > most):
        span = f"at least {least}" if most is None else f"from {least} to {most}"
        msg = f"{name} must be {span}, got {number}"
        raise ValueError(msg)
    return number


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
            if not isinstance(name, str) or name == DRAW:
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
    selected = [label for label, coordinate in value.coords.items() if coordinate.ndim == 0]
    ordered: xr.DataArray = value.drop_vars(selected).transpose(DRAW, ..., missing_dims="ignore")
    return ordered


def _same_labels(one: xr.DataArray, other: xr.DataArray, dim: Hashable) -> bool:
    """Whether labels along a dimension agree, whatever else is attached to them."""
    return one[dim].reset_coords(drop=True).equals(other[dim].reset_coords(drop=True))


def _alike(whole: xr.DataArray, part: xr.DataArray) -> bool:
    """Whether both have the same dimensions and labels, draws apart."""
    others = [dim for dim in part.dims if dim != DRAW]
    return whole.dims == part.dims and all(
        whole.sizes[dim] == part.sizes[dim] and _same_labels(whole, part, dim) for dim in others
    )


class _Columns:
    """Arrays over all draws, filled chunk by chunk."""

    def __init__(self, draws: int) -> None:
        self.draws = draws
        self.arrays: dict[str, xr.DataArray] = {}

    def add(self, start: int, n: int, chunk: Mapping[str, xr.DataArray]) -> None:
        for name, part in chunk.items():
            if start == 0:
                self.arrays[name] = self._begin(part)
            whole = self.arrays.get(name)
            if whole is None or not _alike(whole, part):
                msg = f"output {name!r} changes its shape or labels, or comes and goes, by chunk"
                raise ValueError(msg)
            if DRAW in part.dims:
                whole.values[start : start + n] = part.values
            elif not np.array_equal(whole, part, equal_nan=True):
                msg = f"output {name!r} has no dimension {DRAW!r}, but differs between chunks"
                raise ValueError(msg)

    def _begin(self, part: xr.DataArray) -> xr.DataArray:
        if DRAW not in part.dims:
            return part.astype(float)
        values: NDArray[np.float64] = np.empty((self.draws, *part.shape[1:]))
        coords = {name: c for name, c in part.coords.items() if DRAW not in c.dims}
        return xr.DataArray(values, dims=part.dims, coords=coords, attrs=part.attrs)
