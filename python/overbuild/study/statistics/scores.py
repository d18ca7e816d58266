"""How well draws foretold what came: intervals that held it, and a proper score."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overbuild.study.inputs import DRAW, WEIGHT
from overbuild.study.labels import located, places
from overbuild.study.statistics.rows import statistics

#: Quantiles that are shown; the second and fourth hold half of the draws, the ends nine tenths.
PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)

_Floats = NDArray[np.float64]


def crps(draws: _Floats, outcome: float, weights: _Floats | None = None) -> float:
    r"""Continuous ranked probability score of draws: the area between two distribution functions.

    .. math:: \int \left(F(x) - [x \ge y]\right)^2 dx
              = E\,|X - y| - \tfrac12 E\,|X - X'|

    for draws with distribution function :math:`F` and outcome :math:`y`; exact, by the integral
    over the steps of :math:`F`, of which no term is negative. Draws that are NaN are left out.

    Source: T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and
    estimation", *Journal of the American Statistical Association* 102 (2007), 359-378.
    """
    weights = np.ones(draws.size) if weights is None else weights
    counts = ~np.isnan(draws) & (weights > 0)
    if np.isnan(outcome) or not counts.any():
        return np.nan
    draws, weights = draws[counts], weights[counts]
    if np.isinf(outcome) or np.isinf(draws).any():
        return np.nan if np.isinf(draws).any() and np.isinf(outcome) else np.inf
    order = np.argsort(draws, kind="stable")
    rising, below = draws[order], np.cumsum(weights[order])
    below /= below[-1]
    # With the outcome among them, the function is level between one point and the next.
    place = int(np.searchsorted(rising, outcome))
    points = np.insert(rising, place, outcome)
    levels = np.insert(below, place, below[place - 1] if place else 0.0)
    missed = np.where(np.arange(points.size) < place, levels, 1 - levels)
    return float(np.sum(np.diff(points) * missed[:-1] ** 2))


def score(dataset: xr.Dataset, outcomes: Mapping[str, float]) -> pd.DataFrame:
    """Return the table that `Result.score` describes."""
    if not isinstance(outcomes, Mapping | pd.Series) or len(outcomes) == 0:
        msg = "outcomes must be a mapping from label to number, and not empty"
        raise TypeError(msg)
    variables = {str(name): variable for name, variable in dataset.data_vars.items()}
    rows: dict[str, dict[str, Any]] = {}
    taken: dict[Any, str] = {}
    for label, outcome in outcomes.items():
        text = str(label)
        found = located(variables, text, without=DRAW)
        if isinstance(found, str):
            raise KeyError(found)
        name, place = found
        what = name, frozenset(place.items())
        if what in taken:
            msg = f"outcomes must be one for each position, got two: {taken[what]!r} and {text!r}"
            raise ValueError(msg)
        taken[what] = text
        rows[text] = _row(_one_position(variables[name].isel(place), text), text, outcome)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variable")


def _row(values: xr.DataArray, label: str, outcome: Any) -> dict[str, Any]:
    if not isinstance(outcome, numbers.Real):
        msg = f"the outcome of {label} must be a number, got {outcome!r}"
        raise TypeError(msg)
    y = float(outcome)
    weights = values[WEIGHT].values if WEIGHT in values.coords else None
    draws = values.values.astype(float)
    quantiles = statistics(values, PROBABILITIES, replicates=False).quantiles
    low, lower, _, upper, high = quantiles
    known = not np.isnan(y) and not np.isnan(lower)
    return {
        "outcome": y,
        **{f"P{100 * p:.0f}": x for p, x in zip(PROBABILITIES, quantiles, strict=True)},
        "in 50%": bool(lower <= y <= upper) if known else None,
        "in 90%": bool(low <= y <= high) if known else None,
        "below": _share_below(draws, y, weights),
        "CRPS": crps(draws, y, weights),
        "unit": values.attrs.get("unit", ""),
        "grade": values.attrs.get("grade", ""),
    }


def _one_position(values: xr.DataArray, text: str) -> xr.DataArray:
    if DRAW not in values.dims:
        values = values.expand_dims({DRAW: 1}, axis=-1)
    if values.ndim != 1:
        others = [str(dim) for dim in values.dims if dim != DRAW]
        first = next(label for label, _ in places(values, without=DRAW))
        msg = (
            f"{text!r} has more than one position; say which along {', '.join(others)}, "
            f"such as {first!r}"
        )
        raise ValueError(msg)
    return values


def _share_below(draws: _Floats, outcome: float, weights: _Floats | None) -> float:
    """Share of the draws that are below the outcome, and of half of those that equal it."""
    known = ~np.isnan(draws) if weights is None else ~np.isnan(draws) & (weights > 0)
    if np.isnan(outcome) or not known.any():
        return np.nan
    half = ((draws < outcome) + 0.5 * (draws == outcome))[known]
    return float(np.average(half, weights=None if weights is None else weights[known]))
