"""The capacity cycle as a delayed adjustment: where it overshoots and where it does not settle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import overbuild as ob

numbers = st.floats


def run(periods: int, **given: Any) -> dict[str, np.ndarray]:
    return vars(ob.market.cycle(periods=periods, **given))


LIFE = 400.0
FIRST = 1e-2 / LIFE


def distance(correction: float, delay: int, periods: int) -> np.ndarray:
    """Distance of capacity from its goal, first that before the first period, in units of it.

    It is small, so that orders never stop, and the fleet is of all ages, so that as much retires
    in each period.
    """
    assert periods < LIFE
    found = run(
        periods,
        capacity=1.0,
        demand=1.0 + FIRST,
        life=LIFE,
        gap_correction=correction,
        chip_lead_time=np.eye(delay + 1)[-1],
    )
    assert (found["orders"] > 0).all(), "linear only where orders do not stop"
    return (1.0 + FIRST - np.append(1.0, found["capacity"])) / FIRST


@given(numbers(0.01, 1.0), st.integers(0, 7))
def test_small_distances_follow_the_characteristic_polynomial(k: float, delay: int) -> None:
    # x(t) = x(t-1) - k x(t-1-n), so that z^(n+1) - z^n + k = 0; unstable ones not for long.
    periods = 40 if k <= 2 * np.sin(np.pi / (4 * delay + 2)) else 2 * delay + 4
    roots = np.roots([1.0, -1.0, *[0.0] * (delay - 1), k] if delay else [1.0, k - 1.0])
    if (
        roots.size > 1
        and np.abs(np.subtract.outer(roots, roots))[~np.eye(roots.size, dtype=bool)].min() < 1e-3
    ):
        return  # a double root has another solution
    weights = np.linalg.solve(np.vander(roots, increasing=True).T, np.ones(delay + 1))
    expected = (weights * roots ** np.arange(periods + 1)[:, np.newaxis]).sum(axis=1).real
    np.testing.assert_allclose(distance(k, delay, periods), expected, atol=1e-7, rtol=1e-7)


@pytest.mark.parametrize("delay", [1, 2, 5, 12])
def test_a_delay_overshoots_above_its_threshold_and_not_below(delay: int) -> None:
    threshold = delay**delay / (delay + 1) ** (delay + 1)
    below = distance(0.98 * threshold, delay, 300)
    assert below.min() > -1e-10
    assert np.diff(below).max() < 1e-10
    assert distance(1.1 * threshold, delay, 300).min() < -1e-9


@pytest.mark.parametrize("delay", [0, 1, 2, 5, 12])
def test_a_delay_does_not_settle_above_a_second_threshold(delay: int) -> None:
    threshold = 2 * np.sin(np.pi / (4 * delay + 2))
    settling = np.abs(distance(0.95 * threshold, delay, 300))
    first, second, third = (part.max() for part in np.array_split(settling, 3))
    assert third < 0.8 * second < 0.64 * first
    growing = np.abs(distance(1.02 * threshold, delay, 60))
    assert growing[-2 * delay - 2 :].max() > growing.max() - 1e-12 > 1.0


def test_many_short_periods_are_continuous_time() -> None:
    # x' = -k x(t - tau): no overshoot up to k tau = 1/e, no end of it above pi/2.
    delay = 60
    assert distance(0.97 / np.e / delay, delay, 399).min() > 0
    assert distance(1.2 / np.e / delay, delay, 399).min() < 0
    tail = np.abs(distance(0.92 * np.pi / 2 / delay, delay, 399))
    assert tail[300:].max() < tail[100:200].max()
    tail = np.abs(distance(1.08 * np.pi / 2 / delay, delay, 399))
    assert tail[300:].max() > tail[100:200].max()
