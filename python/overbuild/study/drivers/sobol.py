"""Sobol' indices: what an input explains alone, and together with all others."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from overbuild.study.draws.sampling import Sampler
from overbuild.study.drivers.classes import Floats
from overbuild.study.execution.chunks import Work
from overbuild.study.inputs import DRAW, REPLICATES, SCENARIO
from overbuild.study.labels import places

if TYPE_CHECKING:
    from overbuild.study.running import Study

#: Fewest draws: with fewer, a replicate tells nothing.
_LEAST = 16 * REPLICATES

_COLUMNS = ["first_order", "SE first_order", "total_order", "SE total_order"]


def sobol(
    study: Study, draws: int, seed: int, chunk: int | None, outputs: str | Sequence[str] | None
) -> pd.DataFrame:
    """Estimate the indices of a study's outputs; see :meth:`overbuild.Study.sobol`."""
    if draws < _LEAST or draws & (draws - 1):
        msg = f"draws must be a power of two, at least {_LEAST}, got {draws}"
        raise ValueError(msg)
    if study.correlation is not None:
        names = ", ".join(study.correlation.labels)
        msg = (
            f"inputs are correlated ({names}): Sobol' indices share out the variance among inputs "
            "that vary on their own; Result.sensitivity takes correlated ones"
        )
        raise ValueError(msg)
    work = study.work(draws, seed)
    inputs = list(work.sampler.points)
    if not inputs:
        msg = f"no input of {work.model.name} is random: there is no variance to share out"
        raise ValueError(msg)
    known = _outputs(study, work)
    chosen = {label: known[label] for label in _chosen(known, outputs, work.model.name)}
    matrices = _evaluate(work, _mixed(inputs, draws, seed), chosen, chunk or work.at_once(draws))
    tables = {
        label: _table(matrices[label], inputs, list(work.tables[one.scenario]))
        for label, one in chosen.items()
    }
    table = pd.concat(tables, names=["output", "input"])
    table.attrs = {"units": {label: one.unit for label, one in chosen.items()}}
    return table


@dataclasses.dataclass(frozen=True)
class _Output:
    """What is known of a position of an output before the matrices are evaluated."""

    name: str
    unit: str
    scenario: str


def _outputs(study: Study, work: Work) -> dict[str, _Output]:
    """Return the outputs that differ by draw, by label; a few draws tell which there are."""
    found = {}
    has_scenarios = "" not in work.scenarios  # else the dimension is the model's own
    few = study._labelled(work(0, _LEAST))
    for name, value in few.items():
        if value.attrs["role"] != "output" or DRAW not in value.dims:
            continue
        for label, place in places(value.rename(name), without=DRAW):
            scenario = ""
            if has_scenarios and SCENARIO in place:
                scenario = str(value[SCENARIO].values[place[SCENARIO]])
            found[label] = _Output(name, value.attrs["unit"], scenario)
    return found


def _chosen(
    known: dict[str, _Output], asked: str | Sequence[str] | None, model: str
) -> dict[str, None]:
    """Return the labels asked for, by name of an output or by label."""
    if not known:
        msg = f"no output of {model} differs between draws"
        raise ValueError(msg)
    if asked is None:
        return dict.fromkeys(known)
    if not isinstance(asked, str | list | tuple):
        msg = f"outputs are asked for by name, or by a list of names, got {asked!r:.80}"
        raise TypeError(msg)
    found: dict[str, None] = {}
    for name in [asked] if isinstance(asked, str) else asked:
        labels = [label for label, one in known.items() if name in (label, one.name)]
        if not labels:
            msg = f"no output {name!r} that differs between draws; there are {', '.join(known)}"
            raise KeyError(msg)
        found.update(dict.fromkeys(labels))
    return found


def _mixed(inputs: Sequence[str], draws: int, seed: int) -> Iterator[dict[str, Floats]]:
    """Yield the points of matrix A, of B, and for each input of A with that input from B."""
    sampler = Sampler.of([f"{which} {label}" for which in "AB" for label in inputs], draws, seed)
    points = {}
    for label, dimension in sampler.points.items():
        points[label] = np.empty(draws)
        dimension.points(0, points[label])
    first, second = ({label: points[f"{which} {label}"] for label in inputs} for which in "AB")
    yield first
    yield second
    for label in inputs:
        yield first | {label: second[label]}


def _evaluate(
    work: Work, mixed: Iterator[dict[str, Floats]], chosen: dict[str, _Output], chunk: int
) -> dict[str, Floats]:
    """Return for each label its draws for each of the matrices, shape (matrices, draws)."""
    found: dict[str, list[Floats]] = {label: [] for label in chosen}
    names = {one.name for one in chosen.values()}
    for points in mixed:
        draws = next(iter(points.values())).size
        parts: dict[str, list[Floats]] = {label: [] for label in chosen}
        for start in range(0, draws, chunk):
            n = min(chunk, draws - start)
            outcome = work.at({label: u[start : start + n] for label, u in points.items()}, n)
            for name in names:
                for label, place in places(outcome[name].rename(name), without=DRAW):
                    if label in chosen:
                        parts[label].append(outcome[name].isel(place).values.astype(float))
        for label, each in parts.items():
            found[label].append(np.concatenate(each))
            _check_finite(label, found[label][-1])
    return {label: np.stack(each) for label, each in found.items()}


def _check_finite(label: str, values: Floats) -> None:
    broken = int(values.size - np.isfinite(values).sum())
    if broken:
        msg = (
            f"output {label!r} is infinite or has no value in {broken:,} of {values.size:,} draws, "
            "so it has no variance to share out; let the model give something finite there, or "
            "use Result.sensitivity, whose ranks and medians take such draws"
        )
        raise ValueError(msg)


def _table(matrices: Floats, inputs: Sequence[str], random: Sequence[str]) -> pd.DataFrame:
    """Return the indices of one output, with their spread over the replicates.

    Inputs that are not `random` in the output's scenario are left out.
    """
    replicates = np.array([_indices(matrices[:, k::REPLICATES]) for k in range(REPLICATES)])
    errors = replicates.std(axis=0, ddof=1) / math.sqrt(REPLICATES)
    estimates = _indices(matrices)
    table = pd.DataFrame(
        np.stack([estimates[0], errors[0], estimates[1], errors[1]], axis=1),
        index=pd.Index(inputs, name="input"),
        columns=_COLUMNS,
    )
    return table.loc[list(random)].sort_values("total_order", ascending=False, kind="stable")


def _indices(matrices: Floats) -> Floats:
    """Return first-order and total indices from outputs of A, B and each A with one of B."""
    inputs = matrices.shape[0] - 2
    if matrices[:2].min() == matrices[:2].max():
        return np.full((2, inputs), math.nan)  # scipy would say 0
    # Variances of huge or tiny outputs must neither overflow nor vanish.
    scaled = matrices / np.abs(matrices).max()
    # Twice the same output, since scipy fails on a single index.
    a, b, mixed = scaled[0], scaled[1], scaled[2:]
    found = stats.sobol_indices(
        func={
            "f_A": np.stack([a, a]),
            "f_B": np.stack([b, b]),
            "f_AB": np.stack([mixed, mixed], axis=1),
        },
        n=a.size,
    )
    # It gives shape (outputs,) where there is one input.
    return np.array(
        [np.reshape(index, (2, inputs))[0] for index in (found.first_order, found.total_order)]
    )
