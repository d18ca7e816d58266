"""Quantiles and means of many draws, with and without their standard errors."""

from __future__ import annotations

import numpy as np
import xarray as xr

from benches.timing import compare
from overbuild.study.statistics.rows import statistics


def summaries() -> None:
    """Three quantiles of 2^20 draws: of one variable, and of one with 40 periods."""
    draws, quantiles = 2**20, [0.05, 0.5, 0.95]
    rng = np.random.default_rng(0)
    for periods in (1, 40):
        # As a study keeps them: the draws of a period lie one after the other.
        array = xr.DataArray(rng.lognormal(size=(periods, draws)), dims=("period", "draw"))
        weights = rng.random(draws)
        runs = {
            "overbuild, with standard errors": lambda a=array: statistics(
                a, quantiles, replicates=True
            ),
            "overbuild, without": lambda a=array: statistics(a, quantiles),
            "overbuild, weighted, with": lambda a=array, w=weights: statistics(
                a, quantiles, w, replicates=True
            ),
            "numpy.quantile alone": lambda a=array: np.quantile(a.values, quantiles, axis=-1),
        }
        compare(f"summary of {draws:,} draws x {periods}", runs, rounds=5)
