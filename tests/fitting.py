"""Families in scipy's words, and orders of every kind, for the tests of fits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

FAMILIES = ("weibull", "lognormal", "gamma", "exponential", "loglogistic")

SCIPY = {
    "weibull": stats.weibull_min,
    "lognormal": stats.lognorm,
    "gamma": stats.gamma,
    "exponential": stats.expon,
    "loglogistic": stats.fisk,
}

each_family = pytest.mark.parametrize("family", FAMILIES)


def some_orders(n: int = 300, seed: int = 5) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    times, ends = rng.gamma(3, 12, n), rng.uniform(5, 90, n)
    durations = np.minimum(times, ends)
    lower = np.floor(times / 10) * 10
    upper = np.where(lower >= 50, np.inf, lower + 10)
    exact = rng.random(n) < 0.2
    return {
        "times": times,
        "durations": durations,
        "observed": times <= ends,
        "entry": rng.uniform(0, 0.8, n) * durations,
        "weights": rng.integers(0, 4, n).astype(float),
        "lower": np.where(exact, times, lower),
        "upper": np.where(exact, times, upper),
    }


ORDERS = some_orders()


def log_likelihood(family: str, shape: float, scale: float, orders=ORDERS) -> float:
    frozen = SCIPY[family](*(() if family == "exponential" else (shape,)), scale=scale)
    ended = frozen.logpdf(orders["durations"])
    return np.where(orders["observed"], ended, frozen.logsf(orders["durations"])).sum()
