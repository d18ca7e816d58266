"""Fits of lead times to orders that are partly still open."""

from __future__ import annotations

import lifelines
import numpy as np

import overbuild as ob
from benches.timing import compare


def lead_time_fits() -> None:
    """Fits of 500 orders, and 1,000 of orders drawn with replacement."""
    n, rows = 500, 1_000
    rng = np.random.default_rng(0)
    times = 60.0 * rng.weibull(3.0, n)
    durations, observed = np.minimum(times, 65.0), times <= 65.0
    for family, rival in {
        "weibull": lifelines.WeibullFitter,
        "lognormal": lifelines.LogNormalFitter,
        "loglogistic": lifelines.LogLogisticFitter,
    }.items():
        # Ten in a row: one alone takes longer to get going than to compute.
        runs = {
            "overbuild": lambda family=family: [
                ob.leadtime.fit(durations, observed, family=family) for _ in range(10)
            ],
            f"lifelines.{rival.__name__}": lambda rival=rival: [
                rival().fit(durations, observed) for _ in range(10)
            ],
        }
        compare(f"10 fits, {family}, {n} orders", runs, rounds=5)

    drawn = rng.integers(0, n, (rows, n))
    sample, ended = durations[drawn], observed[drawn]
    for family in ("weibull", "lognormal", "gamma"):
        runs = {"overbuild": lambda f=family: ob.leadtime.fit(sample, ended, family=f)}
        compare(f"fit, {family}, {rows:,} bootstrap samples of {n} orders", runs)
    causes = observed * rng.integers(1, 3, n)
    runs = {
        "overbuild": lambda: ob.leadtime.kaplan_meier(durations, observed),
        "lifelines.KaplanMeierFitter": lambda: lifelines.KaplanMeierFitter().fit(
            durations, observed
        ),
    }
    compare(f"Kaplan-Meier, {n} orders", runs)
    runs = {
        "overbuild": lambda: ob.leadtime.cumulative_incidence(durations, causes),
        "lifelines.AalenJohansenFitter": lambda: lifelines.AalenJohansenFitter(seed=0).fit(
            durations, causes, event_of_interest=1
        ),
    }
    compare(f"Aalen-Johansen, {n} orders", runs, rounds=3)
