"""Families found from two quantiles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import overbuild as ob


@given(st.floats(1.000001, 1e6), st.floats(1e-9, 1e9), st.floats(0.05, 0.999))
def test_two_quantiles_of_gamma_and_weibull(factor: float, low: float, level: float) -> None:
    tail, high = (1 - level) / 2, low * factor
    assume(high > low)
    for make in (ob.gamma, ob.weibull):
        law = make(low, high, level)
        np.testing.assert_allclose([law.ppf(tail), law.isf(tail)], [low, high], rtol=1e-10)


@given(st.floats(1e-6, 1 - 1e-6), st.floats(1e-6, 1 - 1e-6), st.floats(0.05, 0.999))
def test_two_quantiles_of_beta(one: float, other: float, level: float) -> None:
    low, high = min(one, other), max(one, other)
    assume(low < high)
    tail = (1 - level) / 2
    try:
        law = ob.beta(low, high, level)
    except ValueError:
        assert high - low < 1e-3 * high  # the shapes are beyond what can be computed with
    else:
        found = [law.ppf(tail), law.isf(tail)]
        np.testing.assert_allclose(found, [low, high], rtol=0, atol=1.1e-8 * (high - low))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ob.beta(0, 0.5), "a beta interval must lie between 0 and 1, got low = 0"),
        (lambda: ob.beta(0.5, 1), "a beta interval must lie between 0 and 1"),
        (lambda: ob.beta(0.5, 0.4), "low must be below high"),
        (lambda: ob.beta(0.4, 0.5, level=1), "level must be between 0 and 1"),
        (lambda: ob.gamma(0, 1), "a gamma interval must lie above 0"),
        (lambda: ob.gamma(2, 1), "low must be below high"),
        (lambda: ob.gamma(1, np.nextafter(1, 2)), "no gamma distribution that can be computed"),
        (lambda: ob.weibull(-1, 1), "a Weibull interval must lie above 0"),
        (lambda: ob.weibull(1, math.nan), "must be finite"),
        (lambda: ob.uniform(2, 2), "low must be below high"),
        (lambda: ob.uniform(-1e308, 1e308), "must have a finite difference"),
        (lambda: ob.loguniform(0, 1), "a log-uniform interval must lie above 0"),
    ],
)
def test_impossible_short_forms(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
