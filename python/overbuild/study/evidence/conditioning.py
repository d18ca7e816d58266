"""A study's draws, given evidence that weighting cannot reach."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special

from overbuild.study.evidence.observations import Observation, observations
from overbuild.study.evidence.tempering import Population, Standing, UnreachableError
from overbuild.study.execution.chunks import Work
from overbuild.study.inputs import REPLICATES
from overbuild.study.results import Result

Floats = NDArray[np.float64]

#: Draws that make their way together: fewer lose sight of the posterior.
_LEAST = 2_048

#: Probabilities beyond these are no longer told apart by tables of quantiles.
_TAIL = 2.0**-34


def conditioned(
    work: Work,
    labelled: Callable[[Mapping[str, xr.DataArray]], dict[str, xr.DataArray]],
    evidence: Mapping[str, Any],
    draws: int,
    seed: int,
) -> Result:
    """Return draws of the inputs and outputs, given evidence; see :meth:`Study.condition`."""
    # Two halves of each replicate take turns.
    n = -(-max(draws, _LEAST) // (2 * REPLICATES)) * 2 * REPLICATES
    labels = list(work.sampler.points)
    z = np.empty((len(labels), n))
    for row, label in zip(z, labels, strict=True):
        work.sampler.points[label].points(0, row)
    z = special.ndtri(z)
    prior = labelled(work.at(_probabilities(work, labels, z), n))
    found = observations(evidence, prior)
    spreads = [_spread(one, one.values(prior)) for one in found]

    def standing(z: Floats) -> Standing:
        outcome = work.at(_probabilities(work, labels, z), z.shape[1])
        return _standing(found, spreads, outcome)

    population = Population(
        z, _standing(found, spreads, prior), standing, np.random.default_rng(seed), REPLICATES
    )
    try:
        population.settle()
    except UnreachableError as error:
        raise ValueError(_unreached(found, prior, error.distance)) from None
    if population.memory > 0.3:
        msg = (
            f"draws still depend on where they began (correlation {population.memory:.2f}): "
            "quantiles may be off. Compare several seeds, or give less tight evidence"
        )
        warnings.warn(msg, stacklevel=3)
    points = _probabilities(work, labels, population.z[:, :draws])
    attrs = {
        "model": work.model.name,
        "draws": draws,
        "seed": seed,
        "replicates": REPLICATES,
        "evidence": [str(one) for one in found],
        "log_evidence": population.log_evidence,
    }
    return Result(xr.Dataset(labelled(work.at(points, draws)), attrs=attrs))


def _probabilities(work: Work, labels: list[str], z: Floats) -> dict[str, Floats]:
    """Return the probability of each label where inputs, independent yet, have values `z`."""
    z = z.copy()
    correlation = work.sampler.correlation
    if correlation is not None:
        together = [labels.index(label) for label in correlation.labels]
        # Not by a matrix product, whose sums come in another order on another machine.
        z[together] = np.einsum("ij,jn->in", np.array(correlation.copula.lower()), z[together])
    u = special.ndtr(z).clip(_TAIL, 1 - _TAIL)
    return dict(zip(labels, u, strict=True))


def _spread(one: Observation, values: Floats) -> float:
    """Return what distances of a variable are measured in: its range in the prior."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        msg = f"evidence on {one.label}: it has no value in any draw"
        raise ValueError(msg)
    spread = float(np.ptp(np.quantile(finite, [0.05, 0.95])) or np.ptp(finite))
    return spread or 1.0


def _standing(
    found: list[Observation], spreads: list[float], variables: Mapping[str, xr.DataArray]
) -> Standing:
    n = found[0].values(variables).size
    distance, log_likelihood = np.zeros(n), np.zeros(n)
    for one, spread in zip(found, spreads, strict=True):
        values = one.values(variables)
        off = np.maximum(one.low - values, values - one.high).clip(min=0) / spread
        distance = np.maximum(distance, np.where(np.isnan(off), math.inf, off))
        log_likelihood = log_likelihood + one.log_likelihood(values)
    return Standing(distance, log_likelihood)


def _unreached(found: list[Observation], prior: Mapping[str, xr.DataArray], distance: float) -> str:
    spans = []
    for one in found:
        values = one.values(prior)
        spans.append(f"{one} (without it {np.nanmin(values):.4g} to {np.nanmax(values):.4g})")
    return (
        f"no draws left: inputs that agree with {' and '.join(spans)} were not found; the closest "
        f"came within {distance:.2g} of the range. Is the unit right, is it possible at all?"
    )
