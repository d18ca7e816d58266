"""Sobol' indices: what an input explains alone, and together with all others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from overbuild.study.classes import Floats
from overbuild.study.inputs import DRAW, REPLICATES
from overbuild.study.labels import places
from overbuild.study.sampling import Sampler

if TYPE_CHECKING:
    from overbuild.study.running import Study

#: Fewest draws: with fewer, a replicate tells nothing.
_LEAST = 16 * REPLICATES

_COLUMNS = ["first_order", "SE first_order", "total_order", "SE total_order"]


def sobol(
    study: Study, draws: int, seed: int, chunk: int, outputs: str | Sequence[str] | None
) -> pd.DataFrame:
    """Estimate the indices of a study's outputs; see :meth:`overbuild.Study.sobol`."""
    if draws < _LEAST or draws & (draws - 1):
        msg = f"draws must be a power of two, at least {_LEAST}, got {draws}"
        raise ValueError(msg)
    inputs = list(study._tables)
    if not inputs:
        msg = f"no input of {study.name} is random: there is no variance to explain"
        raise ValueError(msg)
    replicates = [
        _evaluate(study, _matrices(study, draws // REPLICATES, seed * REPLICATES + k), chunk)
        for k in range(REPLICATES)
    ]
    chosen = _chosen(replicates[0], outputs, study.name)
    tables = {
        label: _table([values[label][1] for values in replicates], inputs, label)
        for label in chosen
    }
    table = pd.concat(tables, names=["output", "input"])
    table.attrs = {"units": {label: replicates[0][label][0] for label in chosen}}
    return table


def _matrices(study: Study, rows: int, seed: int) -> dict[str, Floats]:
    """Return draws of each input: of matrix A, of B, and of A with one input from B, in turn."""
    tables = study._tables
    doubled = {f"{which} {name}": table for which in "AB" for name, table in tables.items()}
    drawn = Sampler.of(doubled, rows, seed).draw(0, rows)
    return {
        name: np.concatenate(
            [drawn[f"{which} {name}"] for which in "AB"]
            + [drawn[f"{'B' if name == other else 'A'} {name}"] for other in tables]
        )
        for name in tables
    }


#: The unit of each position of the outputs, and its draws.
_Evaluated = dict[str, tuple[str, Floats]]


def _evaluate(study: Study, drawn: Mapping[str, Floats], chunk: int) -> _Evaluated:
    total = next(iter(drawn.values())).size
    parts: dict[str, list[Floats]] = {}
    units: dict[str, str] = {}
    for start in range(0, total, chunk):
        n = min(chunk, total - start)
        given = {
            name: xr.DataArray(x[start : start + n].copy(), dims=DRAW) for name, x in drawn.items()
        }
        for name, value in study._evaluate(given, n).items():
            if DRAW not in value.dims:
                continue
            for label, place in places(value.rename(name), without=DRAW):
                values = value.isel(place).values.astype(float)
                _check_finite(label, values)
                parts.setdefault(label, []).append(values)
                units[label] = str(value.attrs.get("unit", study.units.get(name, "")))
    return {label: (units[label], np.concatenate(each)) for label, each in parts.items()}


def _check_finite(label: str, values: Floats) -> None:
    broken = int(values.size - np.isfinite(values).sum())
    if broken:
        msg = (
            f"output {label!r} is infinite or has no value in {broken:,} of {values.size:,} draws, "
            "so it has no variance to share out; let the model give something finite there, or "
            "use Result.sensitivity, whose ranks and medians take such draws"
        )
        raise ValueError(msg)


def _chosen(known: _Evaluated, asked: str | Sequence[str] | None, model: str) -> list[str]:
    """Return the labels asked for, by name of an output or by label."""
    if asked is None:
        if not known:
            msg = f"no output of {model} differs between draws"
            raise ValueError(msg)
        return list(known)
    found: dict[str, None] = {}
    for name in [asked] if isinstance(asked, str) else asked:
        labels = [one for one in known if name in (one, one.partition("[")[0])]
        if not labels:
            msg = f"no random output {name!r}; there are {', '.join(known)}"
            raise KeyError(msg)
        found.update(dict.fromkeys(labels))
    return list(found)


def _table(replicates: Sequence[Floats], inputs: Sequence[str], label: str) -> pd.DataFrame:
    """Return the indices of one output, from all replicates, with their spread over them."""
    matrices = [values.reshape(len(inputs) + 2, -1) for values in replicates]
    every = np.concatenate(matrices, axis=1)
    estimates = _indices(every)
    apart = np.array([_indices(one) for one in matrices])
    errors = apart.std(axis=0, ddof=1) / math.sqrt(len(replicates))
    table = pd.DataFrame(
        np.stack([estimates[0], errors[0], estimates[1], errors[1]], axis=1),
        index=pd.Index(inputs, name="input"),
        columns=_COLUMNS,
    )
    return table.sort_values("total_order", ascending=False, kind="stable")


def _indices(values: Floats) -> Floats:
    """Return first-order and total indices from outputs of A, B and each A with one of B."""
    inputs = values.shape[0] - 2
    if values[:2].min() == values[:2].max():
        return np.full((2, inputs), math.nan)  # scipy would say 0
    # Variances of huge or tiny outputs must neither overflow nor vanish.
    values = values / np.abs(values).max()
    # Twice the same output, since scipy fails on a single index.
    first, second, mixed = values[0], values[1], values[2:]
    found = stats.sobol_indices(
        func={
            "f_A": np.stack([first, first]),
            "f_B": np.stack([second, second]),
            "f_AB": np.stack([mixed, mixed], axis=1),
        },
        n=values.shape[1],
    )
    return np.array(
        [np.reshape(index, (2, inputs))[0] for index in (found.first_order, found.total_order)]
    )
