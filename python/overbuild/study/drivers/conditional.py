"""What an output is where an input is known: its quantiles, and how much narrower it gets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overbuild._core import get_num_threads
from overbuild.study.drivers.classes import Floats, Ordered, effective, normalized
from overbuild.study.drivers.levelling import Classes, Part, quantiles
from overbuild.study.drivers.selecting import Position, Sample, nothing_known, positions, single
from overbuild.study.inputs import SCENARIO

#: Quantiles that a table of an output given an input has.
_SHOWN = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def conditional(dataset: xr.Dataset, output: str | None, given: str) -> pd.DataFrame:
    """Quantiles of an output by an input; see :meth:`overbuild.Result.conditional`."""
    sample = Sample(dataset)
    response = single(dataset, "output", output, "output")
    known = single(dataset, "input", given, "given")
    x, y, weights = _pair(sample.draws(known), sample.draws(response), sample.weights)
    if x.size == 0:
        msg = f"no draw has a value of both {response.label} and {known.label}"
        raise ValueError(msg)
    if x.min() == x.max():
        msg = f"{known.label} is the same in all draws with a value: there is nothing to compare"
        raise ValueError(msg)
    classes = Classes(Ordered(x, weights))
    rows = [
        quantiles(values, _SHOWN, own)
        for values, own in (classes.levelled(y, k) for k in range(classes.centres.size))
    ]
    table = pd.DataFrame(
        np.array(rows),
        index=pd.Index(classes.centres, name=known.label),
        columns=[f"P{100 * p:g}" for p in _SHOWN],
    )
    table.attrs = {
        "output": response.label,
        "input": known.label,
        "output_unit": response.unit,
        "input_unit": known.unit,
    }
    return table


def value_of_information(
    dataset: xr.Dataset,
    output: str | None,
    inputs: str | Sequence[str] | None,
    level: float,
) -> pd.DataFrame:
    """Width of an output if each input were known; see :meth:`overbuild.Result.voi`."""
    if not 0 < level < 1:
        msg = f"level must be between 0 and 1, got {level}"
        raise ValueError(msg)
    sample = Sample(dataset)
    response = single(dataset, "output", output, "output")
    y = sample.draws(response)
    parts = sample.replicates(y.size)

    def row(one: Position) -> list[float] | None:
        x = sample.draws(one)
        present = x[~np.isnan(x)]
        if present.size == 0 or present.min() == present.max():
            return None
        spread = _Spread(x, y, sample.weights, level)
        apart = [_Spread(x[p], y[p], _part(sample.weights, p), level) for p in parts]
        return [
            spread.width,
            spread.expected_width,
            _reduction(spread.width, spread.expected_width),
            _error([_reduction(part.width, part.expected_width) for part in apart]),
            spread.std,
            spread.expected_std,
            _reduction(spread.std, spread.expected_std),
            _error([_reduction(part.std, part.expected_std) for part in apart]),
        ]

    known = _alongside(response, positions(dataset, "input", inputs))
    with ThreadPoolExecutor(get_num_threads()) as pool:
        found = list(pool.map(row, known))
    names = [one.label if response.scenario is None else one.within_scenario for one in known]
    rows = {name: one for name, one in zip(names, found, strict=True) if one is not None}
    if not rows:
        raise ValueError(nothing_known(response))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=_COLUMNS, dtype=float)
    table.index.name = "input"
    table = table.sort_values("width_reduction", ascending=False, kind="stable")
    table.attrs = {"output": response.label, "unit": response.unit, "level": level}
    return table


_COLUMNS = [
    "width",
    "expected_width",
    "width_reduction",
    "SE width_reduction",
    "std",
    "expected_std",
    "std_reduction",
    "SE std_reduction",
]


class _Spread:
    """How wide an output is, now and where an input is known."""

    def __init__(self, x: Floats, y: Floats, weights: Floats | None, level: float) -> None:
        x, y, weights = _pair(x, y, weights)
        self.width = self.expected_width = self.std = self.expected_std = math.nan
        if x.size == 0:
            return
        ends = np.array([(1 - level) / 2, (1 + level) / 2])
        self.width, self.std = _width(y, ends, weights), _std(y, weights)
        classes = Classes(Ordered(x, weights))
        within = [classes.levelled(y, k) for k in range(classes.centres.size)]
        # The ends of few draws are too close, and one draw has no spread at all.
        draws = np.array([effective(_part(w, slice(None)), v.size) for v, w in within])
        width = np.array([_width(v, ends, w) for v, w in within])
        std = np.array([_std(v, w) for v, w in within])
        self.expected_width = _expected(width, classes.weight, draws * ends[0] > 2 / 3)
        self.expected_std = _expected(std, classes.weight, draws > 1.5)


def _pair(x: Floats, y: Floats, weights: Floats | None) -> tuple[Floats, Floats, Floats | None]:
    """Return the draws where both have a value."""
    kept = ~(np.isnan(x) | np.isnan(y))
    return (x, y, weights) if kept.all() else (x[kept], y[kept], _part(weights, kept))


def _part(weights: Floats | None, part: Part) -> Floats | None:
    return None if weights is None else normalized(weights[part])


def _alongside(response: Position, inputs: Sequence[Position]) -> list[Position]:
    """Return the inputs of the response's scenario."""
    if SCENARIO not in response.place:
        return list(inputs)
    return [one for one in inputs if one.scenario in (None, response.scenario)]


def _width(values: Floats, ends: Floats, weights: Floats | None) -> float:
    low, high = quantiles(values, ends, weights)
    return float(high - low) if math.isfinite(low) or math.isfinite(high) else math.nan


def _std(values: Floats, weights: Floats | None) -> float:
    """Return the standard deviation, corrected for that of the mean; NaN if one is infinite."""
    if values.size == 0 or not np.isfinite(values).all():
        return math.nan
    shares = np.full(values.size, 1 / values.size) if weights is None else weights / weights.sum()
    around = values - (shares * values).sum()
    free = 1 - float(np.square(shares).sum())
    return math.sqrt(float((shares * around**2).sum()) / free) if free > 1e-12 else math.nan


def _expected(spreads: Floats, weight: Floats, telling: NDArray[np.bool_]) -> float:
    """Return the mean over the classes that have draws enough to tell."""
    if not telling.any():
        return math.nan
    return float((spreads[telling] * weight[telling]).sum() / weight[telling].sum())


def _reduction(now: float, known: float) -> float:
    return 1 - known / now if now > 0 and math.isfinite(now) else math.nan


def _error(replicates: Sequence[float]) -> float:
    """Return the standard error of a mean of independent replicates."""
    if not replicates:
        return math.nan
    with np.errstate(invalid="ignore"):  # infinite ones have no spread
        return float(np.std(replicates, ddof=1) / math.sqrt(len(replicates)))
