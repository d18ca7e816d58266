"""Estimates in the forms they are given in: figures, ranges, draws and distributions."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from overbuild._calls import plain
from overbuild.study.distributions.discrete import empirical
from overbuild.study.distributions.laws import Law
from overbuild.study.distributions.parts import as_component
from overbuild.study.distributions.ranges import between, check_level, check_number
from overbuild.study.inputs import WEIGHT, Input

#: As many values stand for any number of draws: a study tabulates each of them.
_MOST_VALUES = 4_096


def as_laws(estimates: Any, spread: float | None, level: float) -> dict[str, Law]:
    """Return estimates as distributions, by their names or as ``estimate 0`` and so on."""
    if isinstance(estimates, pd.DataFrame):
        msg = "estimates must be a mapping or a list of estimates, got a DataFrame; "
        msg += "if each column has the draws of one, write dict(frame.items())"
        raise TypeError(msg)
    if isinstance(estimates, Mapping | pd.Series):
        names = [str(name) for name, _ in estimates.items()]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            msg = f"estimates must have names of their own, got twice: {', '.join(twice)}"
            raise ValueError(msg)
        named = {str(name): one for name, one in estimates.items()}
    elif isinstance(estimates, Iterable) and not isinstance(
        estimates, str | set | frozenset | np.ndarray
    ):
        named = {f"estimate {k}": one for k, one in enumerate(estimates)}
    else:
        msg = f"estimates must be a mapping or a list of estimates, got {estimates!r:.80}"
        raise TypeError(msg)
    if not named:
        msg = "estimates must be at least one, got none"
        raise ValueError(msg)
    check_level(level)
    if spread is not None:
        check_number("spread", spread)
    if spread is not None and not (0 < spread < math.inf):
        msg = f"spread must be above 0 and finite, a share of each figure, got {spread}"
        raise ValueError(msg)
    return {name: _law(name, one, spread, level) for name, one in named.items()}


def _law(name: str, given: Any, spread: float | None, level: float) -> Law:
    value = given.value if isinstance(given, Input) else given
    if isinstance(value, tuple | list):
        return as_component(name, _range(name, value, level))
    if hasattr(value, "__array__") and not isinstance(value, np.generic | xr.Dataset):
        if np.ndim(value):
            return _of_draws(name, value)
        value = float(value)
    if isinstance(value, numbers.Real) and not isinstance(value, bool) and spread is not None:
        figure = float(value)
        if figure == 0 or not math.isfinite(figure):
            msg = f"{name}: {figure:g} has no spread in proportion; give a distribution"
            raise ValueError(msg)
        return as_component(name, stats.norm(figure, spread * abs(figure)))
    return as_component(name, value)


def _range(name: str, ends: Any, level: float) -> Any:
    if len(ends) != 2:
        msg = f"{name} must be a range (low, high), got {len(ends)} numbers: {ends!r:.80}; "
        msg += "write ob.pert(low, mode, high) for three, and draws as an array"
        raise ValueError(msg)
    low, high = ends
    if not all(isinstance(end, numbers.Real) for end in ends):
        msg = f"{name} must be a range of two numbers, got {ends!r:.80}"
        raise TypeError(msg)
    try:
        return between(float(low), float(high), level)
    except ValueError as error:
        msg = f"{name}: {error}"
        raise ValueError(msg) from error


def _of_draws(name: str, draws: Any) -> Law:
    if np.ndim(draws) != 1:
        msg = f"{name} must be draws along one dimension, got shape {np.shape(draws)}"
        raise ValueError(msg)
    weights = None
    if isinstance(draws, xr.DataArray) and WEIGHT in draws.coords:
        weights = draws[WEIGHT].values
    values = np.asarray(plain(draws))
    try:
        if values.size > _MOST_VALUES:
            shares = (np.arange(_MOST_VALUES) + 0.5) / _MOST_VALUES
            values = np.quantile(values, shares, method="inverted_cdf", weights=weights)
            weights = None
        return empirical(values, weights)
    except (TypeError, ValueError) as error:
        msg = f"{name}: {error}"
        raise type(error)(msg) from error
