"""Studies: draws, model and summary together, and what a study adds to its model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import squigglepy as sq
import xarray as xr
from scipy import stats

import overbuild as ob
from benches.cases import coreweave, coreweave_numpy, neocloud_study
from benches.timing import compare

DRAWS = 2**20
INPUTS = ob.read_inputs(ob.data.path("coreweave_2024"))
CONSTANTS = {name: given.value for name, given in INPUTS.items() if not given.is_random}


def studies() -> None:
    """The CoreWeave study, and the same by hand: quantiles of all that is random."""
    study = ob.Study(coreweave, INPUTS)
    runs = {
        "overbuild, standard errors included": lambda: study.run(DRAWS, seed=1).summary(),
        "NumPy by hand": lambda: summarized(drawn_with_numpy()),
        "squigglepy": lambda: summarized(drawn_with_squigglepy()),
    }
    compare(f"a study of {DRAWS:,} draws with its summary", runs, rounds=7)
    runs = {
        "overbuild": lambda: study.run(DRAWS, seed=1),
        "NumPy by hand": lambda: coreweave_numpy(CONSTANTS | drawn_with_numpy()),
        "squigglepy": lambda: coreweave_numpy(CONSTANTS | drawn_with_squigglepy()),
    }
    compare(f"the same without a summary, {DRAWS:,} draws", runs, rounds=7)


def summarized(drawn: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Quantiles and mean of each input drawn and each output."""
    every = {**drawn, **coreweave_numpy(CONSTANTS | drawn)}
    return {
        name: np.append(np.quantile(values, [0.05, 0.5, 0.95]), values.mean())
        for name, values in every.items()
    }


def drawn_with_numpy() -> dict[str, np.ndarray]:
    """Pseudo-random draws of the inputs."""
    rng = np.random.default_rng(1)
    z = stats.norm.ppf(0.95)
    return {
        "customer_hours": rng.uniform(2.5e8, 3.5e8, DRAWS),
        "customer_share": rng.uniform(0.615, 0.625, DRAWS),
        "customer_price_ratio": 0.75 + 0.35 * rng.beta(1 + 4 * 5 / 7, 1 + 4 * 2 / 7, DRAWS),
        "opening_gpus": 4e4 + 4e4 * rng.beta(1 + 4 * 0.325, 1 + 4 * 0.675, DRAWS),
        "closing_gpus": rng.triangular(250_000, 250_000, 270_000, DRAWS),
        "price": rng.lognormal(np.log(8) / 2, np.log(2) / 2 / z, DRAWS),
    }


def drawn_with_squigglepy() -> dict[str, np.ndarray]:
    """The same as squigglepy draws them."""
    sq.set_seed(1)
    distributions = {
        "customer_hours": sq.uniform(2.5e8, 3.5e8),
        "customer_share": sq.uniform(0.615, 0.625),
        "customer_price_ratio": sq.pert(0.75, 1, 1.1),
        "opening_gpus": sq.pert(40_000, 53_000, 80_000),
        "closing_gpus": sq.triangular(250_000, 250_001, 270_000),
        "price": sq.lognorm(2, 4),
    }
    return {name: sq.sample(given, n=DRAWS) for name, given in distributions.items()}


def overhead() -> None:
    """What drawing, checking, chunks and labels add to a model on arrays that are there."""
    add_to_model("CoreWeave", ob.Study(coreweave, INPUTS), DRAWS)
    add_to_model("neocloud over 40 quarters", neocloud_study(), 2**16)


def add_to_model(name: str, study: ob.Study, draws: int) -> None:
    """Compare a study with its model alone."""
    dataset = study.run(draws, seed=1).dataset
    ready = {
        name: xr.DataArray(dataset[name].values, dims="draw") if given.is_random else given.value
        for name, given in study.inputs.items()
    }
    runs = {
        "the model on arrays that are there": lambda: study.model.function(**ready),
        "the study, draws included": lambda: study.run(draws, seed=1),
    }
    compare(f"what a study adds, {name}, {draws:,} draws", runs, rounds=9)


def clouds() -> None:
    """The income statement of a GPU cloud over ten years of quarters."""
    study = neocloud_study()
    compare(
        "neocloud, 65,536 draws of 40 quarters", {"overbuild": lambda: study.run(2**16)}, rounds=3
    )
