"""A schedule over draws of its durations: when it ends, and what decides that."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd
import xarray as xr

from overbuild._core import QuantileTable, SobolPoints
from overbuild.study.draws.sampling import Sampler, tabulate_all
from overbuild.study.inputs import Input, settled
from overbuild.study.statistics.rows import quantiles_of
from overbuild.study.statistics.summaries import QUANTILES, checked


@dataclasses.dataclass(frozen=True, eq=False)
class Simulation:
    """What a network does over draws; times in the unit of the durations.

    Attributes
    ----------
    makespan : DataArray
        When the last task is finished, over ``draw``.
    finish : DataArray
        When each ``milestone`` is finished, over ``draw``.
    criticality : Series
        Share of draws in which each task is critical.
    correlation : Series
        Correlation of each task's duration with the makespan; NaN where it is a constant.
    """

    makespan: xr.DataArray
    finish: xr.DataArray
    criticality: pd.Series[float]
    correlation: pd.Series[float]

    def summary(self, quantiles: Sequence[float] = QUANTILES) -> pd.DataFrame:
        """Quantiles of the makespan and of each milestone's finish.

        Parameters
        ----------
        quantiles : sequence of float
            Rising probabilities, fractions from 0 to 1.

        Returns
        -------
        DataFrame
            One row a milestone, the makespan last; columns ``P5`` and so on, and ``mean``, in the
            unit of the durations.

        Raises
        ------
        ValueError
            If `quantiles` are no rising probabilities.
        """
        probabilities = checked(quantiles)
        rows = [*self.finish.values, self.makespan.values]
        names = [*self.finish["milestone"].values.tolist(), "makespan"]
        return pd.DataFrame(
            [[*quantiles_of(values, probabilities), values.mean()] for values in rows],
            index=pd.Index(names, name="milestone"),
            columns=[*(f"P{100 * p:.10g}" for p in probabilities), "mean"],
        )

    def drivers(self) -> pd.DataFrame:
        """Tasks by what they have to do with the end, the most critical first.

        Returns
        -------
        DataFrame
            One row a task: ``criticality``, a share of draws, and ``correlation``.
        """
        table = pd.DataFrame({"criticality": self.criticality, "correlation": self.correlation})
        return table.sort_values(["criticality", "correlation"], ascending=False, kind="stable")

    def __repr__(self) -> str:
        title = f"{self.makespan.sizes['draw']:,} draws of a network"
        times = self.summary().round(1).to_string()
        return f"{title}\n{times}\n\n{self.drivers().round(3).to_string()}"


#: A number, or what it is drawn from: a table and the Sobol' dimension to draw with.
Duration = float | tuple[QuantileTable, SobolPoints]


def drawn_durations(given: Mapping[Hashable, Any], draws: int, seed: int) -> list[Duration]:
    """Return the durations of tasks as the core takes them; tasks in turn get a dimension."""
    values = {
        task: settled(str(task), one.value if isinstance(one, Input) else one)
        for task, one in given.items()
    }
    for task, value in values.items():
        if isinstance(value, xr.DataArray):
            msg = f"duration of {task!r} must be a number or a frozen distribution, got an array"
            raise TypeError(msg)
        if isinstance(value, float) and value < 0:
            msg = f"duration of {task!r} must not be negative, got {value:g}"
            raise ValueError(msg)
    random = {str(task): one for task, one in values.items() if not isinstance(one, float)}
    tables = tabulate_all(random)
    points = Sampler.of(tables, draws, seed).points
    return [
        value if isinstance(value, float) else (tables[name], points[name])
        for name, value in zip(map(str, values), values.values(), strict=True)
    ]
