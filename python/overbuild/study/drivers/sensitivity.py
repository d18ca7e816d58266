"""What drives what: the part each input has in each output, from the draws already made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import xarray as xr

from overbuild._core import get_num_threads
from overbuild.study.drivers.association import Driver, Response, first_order, rank_correlation
from overbuild.study.drivers.classes import Floats, normalized
from overbuild.study.drivers.levelling import Window, quantiles
from overbuild.study.drivers.selecting import Position, Sample, nothing_known, positions
from overbuild.study.inputs import SCENARIO

#: Quantiles of an input where it is taken to be low and high.
LOW, HIGH = 0.1, 0.9

_COLUMNS = ["rank_correlation", "first_order", "low", "high", "swing"]


def sensitivity(
    dataset: xr.Dataset,
    outputs: str | Sequence[str] | None = None,
    inputs: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Compare each input with each output; see :meth:`overbuild.Result.sensitivity`."""
    sample = Sample(dataset)
    asked, known = positions(dataset, "output", outputs), positions(dataset, "input", inputs)
    with ThreadPoolExecutor(get_num_threads()) as pool:
        made = list(pool.map(lambda one: _Input(one, sample), known))
        drivers = [one for one in made if not one.is_constant]
        tables = list(pool.map(lambda one: _table(one, drivers, sample), asked))
    if all(table.empty for table in tables):
        raise ValueError(nothing_known(asked[0]))
    if isinstance(outputs, str) and len(asked) == 1:
        return tables[0]
    labels = [one.label for one in asked]
    told = [table.attrs for table in tables]
    for table in tables:
        table.attrs = {}
    joined = pd.concat(tables, keys=labels, names=["output", "input"])
    joined.attrs = {
        "units": {one["output"]: one["unit"] for one in told},
        "centres": {one["output"]: one["centre"] for one in told},
    }
    return joined


class _Input:
    """An input made ready, without the draws that have no value."""

    def __init__(self, position: Position, sample: Sample) -> None:
        self.position = position
        draws, weights = sample.draws(position), sample.weights
        missing = np.isnan(draws)
        self.kept = ~missing if missing.any() else None
        if self.kept is not None:
            draws = draws[self.kept]
            weights = None if weights is None else normalized(weights[self.kept])
        self.weights = weights
        self.is_constant = draws.size == 0 or bool(draws.min() == draws.max())
        if not self.is_constant:
            self.driver = Driver(draws, weights)
            self.windows = [Window(self.driver.ordered, p) for p in (LOW, HIGH)]


def _table(output: Position, inputs: Sequence[_Input], sample: Sample) -> pd.DataFrame:
    """Return one output's table, the input that swings it most first."""
    draws = sample.draws(output)
    response = Response(draws, sample.weights)
    rows = {}
    for one in inputs:
        if SCENARIO not in output.place:
            name = one.position.label
        elif one.position.scenario in (None, output.scenario):
            name = one.position.within_scenario
        else:
            continue
        if one.kept is None:
            rows[name] = _row(one, response, draws)
        else:
            rest = draws[one.kept]
            rows[name] = _row(one, Response(rest, one.weights), rest)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=_COLUMNS, dtype=float)
    table.index.name = "input"
    centre = _median(response)
    table = table.loc[_reach(table, centre).sort_values(ascending=False, kind="stable").index]
    table.attrs = {"output": output.label, "unit": output.unit, "centre": centre}
    return table


def _reach(table: pd.DataFrame, centre: float) -> pd.Series[float]:
    """Return how far each input swings the output; from the middle, where one end is not known."""
    ends = table[["low", "high"]]
    one_end = (ends - centre).abs().max(axis=1).where(ends.isna().any(axis=1))
    return table["swing"].abs().fillna(one_end)


def _row(one: _Input, response: Response, draws: Floats) -> list[float]:
    low, high = (window.median(draws) for window in one.windows)
    # Two infinities of one sign have no difference.
    swing = high - low if math.isfinite(low) or math.isfinite(high) or low == -high else math.nan
    driver = one.driver
    return [rank_correlation(driver, response), first_order(driver, response), low, high, swing]


def _median(response: Response) -> float:
    used = response.used
    weights = None if response.weights is None else response.weights[used]
    return float(quantiles(response.values[used], np.array([0.5]), weights)[0])
