"""Outputs given an input: exact for lines, close for curves, right for choices and infinities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from known_models import ANGLE, ishigami, points
from scipy import stats

from overbuild.study.drivers.classes import Ordered
from overbuild.study.drivers.levelling import Classes, Window, level, quantiles

P = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def at(x, y, probability, weights=None):
    if weights is not None:
        weights = weights / weights.sum()
    return Window(Ordered(x, weights), probability).median(y)


class TestQuantiles:
    @given(
        arrays.arrays(float, st.integers(1, 80), elements=st.floats(-1e6, 1e6)),
        arrays.arrays(float, 5, elements=st.floats(0, 1)),
    )
    def test_those_of_numpy(self, values: np.ndarray, p: np.ndarray) -> None:
        expected = np.quantile(values, p, method="median_unbiased")
        np.testing.assert_allclose(quantiles(values, p, None), expected, rtol=1e-12, atol=1e-9)
        equal = np.full(values.size, 0.7)
        np.testing.assert_allclose(quantiles(values, p, equal), expected, rtol=1e-7, atol=1e-3)

    def test_many_weighted_draws(self) -> None:
        rng = np.random.default_rng(3)
        x, weights = rng.normal(size=40_000), rng.uniform(0.1, 3, 40_000)
        expected = np.quantile(x, P, weights=weights, method="inverted_cdf")
        np.testing.assert_allclose(quantiles(x, P, weights), expected, atol=2e-3)

    def test_infinities(self) -> None:
        values = np.array([-np.inf, -np.inf, 1.0, np.inf, np.inf])
        for weights in (None, np.ones(5)):
            np.testing.assert_array_equal(
                quantiles(values, P, weights), [-np.inf, -np.inf, 1, np.inf, np.inf]
            )
        assert quantiles(np.array([-np.inf, np.inf]), P[2:3], None) == -np.inf

    def test_nothing(self) -> None:
        assert np.isnan(quantiles(np.empty(0), P, None)).all()

    def test_few_draws_have_no_lean(self) -> None:
        rng = np.random.default_rng(5)
        found = [quantiles(rng.uniform(size=64), P, None) for _ in range(4000)]
        np.testing.assert_allclose(np.median(found, axis=0), P, atol=0.002)
        weights = [rng.uniform(0.5, 1.5, 64) for _ in range(4000)]
        found = [quantiles(rng.uniform(size=64), P, one) for one in weights]
        np.testing.assert_allclose(np.median(found, axis=0), P, atol=0.003)


class TestLevel:
    @given(
        st.integers(3, 60),
        st.integers(0, 2**32),
        st.floats(-1e3, 1e3),
        st.floats(-1e3, 1e3),
        st.booleans(),
    )
    def test_a_line_becomes_level(self, n, seed, slope, start, weighted) -> None:
        rng = np.random.default_rng(seed)
        x = np.sort(rng.uniform(-5, 5, n))
        weights = rng.uniform(0, 2, n) if weighted else None
        moved, kept = level(x, start + slope * x, 1.5, weights)
        np.testing.assert_allclose(moved, start + slope * 1.5, atol=1e-6)
        assert moved.size == (n if weights is None else kept.size)

    def test_nothing_moves_without_a_line(self) -> None:
        x = np.arange(9.0)
        y = np.where(x > 1, np.inf, x)
        np.testing.assert_array_equal(level(x, y, 4.0, None)[0], y)
        noise = np.array([0.0, 3, 1, 2, 0, 3, 1, 2, 1])
        np.testing.assert_array_equal(level(x, noise, 4.0, None)[0], noise)
        np.testing.assert_array_equal(level(np.ones(9), x, 1.0, None)[0], x)
        np.testing.assert_array_equal(level(x[:2], x[:2], 1.0, None)[0], x[:2])

    def test_one_infinite_draw_stays_and_the_others_move(self) -> None:
        x = np.arange(9.0)
        y = np.where(x == 4, np.inf, 2 * x)
        expected = np.where(x == 4, np.inf, 10.0)
        np.testing.assert_allclose(level(x, y, 5.0, None)[0], expected)

    def test_missing_and_weightless_draws_go(self) -> None:
        x = np.arange(6.0)
        y = np.array([0, 1, np.nan, 3, 4, 1e9])
        moved, weights = level(x, y, 2.0, np.array([1, 1, 1, 1, 1, 0.0]))
        np.testing.assert_allclose(moved, 2.0)
        np.testing.assert_array_equal(weights, np.ones(4))


class TestWindow:
    @pytest.mark.parametrize("n", [3, 16, 100, 5000])
    @pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1.0])
    def test_a_line_is_exact(self, n: int, p: float) -> None:
        x = np.random.default_rng(n).lognormal(1, 2, n)
        value = np.quantile(x, p, method="inverted_cdf")
        assert at(x, 3 - 2 * x, p) == pytest.approx(3 - 2 * value, rel=1e-9)

    def test_a_line_and_noise(self) -> None:
        z = stats.norm.ppf(points(2, 2**16))
        for p in (0.1, 0.9):
            assert at(z[0], 5 * z[0] + z[1], p) == pytest.approx(5 * stats.norm.ppf(p), abs=0.06)

    def test_an_exponential(self) -> None:
        z = stats.norm.ppf(points(2, 2**16))
        for p in (0.1, 0.9):
            exact = math.exp(stats.norm.ppf(p))
            assert at(z[0], np.exp(z[0] + 0.5 * z[1]), p) == pytest.approx(exact, rel=0.03)
            # Without noise only the curve between the draws of the window is left.
            assert at(z[0], np.exp(z[0]), p) == pytest.approx(exact, rel=0.01)

    def test_ishigami(self) -> None:
        x = ANGLE.ppf(points(3, 2**18))
        grid = ANGLE.ppf((np.arange(600) + 0.5) / 600)
        one, other = np.meshgrid(grid, grid)
        for k, p in ((0, 0.1), (0, 0.9), (1, 0.1), (2, 0.9)):
            value = float(ANGLE.ppf(p))
            exact = np.median(ishigami(*np.insert([one, other], k, value, axis=0)))
            assert at(x[k], ishigami(*x), p) == pytest.approx(exact, abs=0.12)

    def test_weighted(self) -> None:
        # Uniform draws weighted to a normal density: P10 is that of the normal distribution.
        x = -6 + 12 * points(1, 2**16)[0]
        found = at(x, 2 * x + 1, 0.1, stats.norm.pdf(x))
        assert found == pytest.approx(1 + 2 * stats.norm.ppf(0.1), abs=1e-3)

    def test_a_choice_is_taken_by_its_values(self) -> None:
        rng = np.random.default_rng(1)
        x = rng.choice([1.0, 2.0, 3.0], size=3000, p=[0.2, 0.5, 0.3])
        y = np.select([x == 1, x == 2], [7.0, -3.0], 100.0)
        assert [at(x, y, p) for p in (0.1, 0.5, 0.9)] == [7.0, -3.0, 100.0]

    def test_an_atom_at_a_bound(self) -> None:
        x = np.maximum(stats.norm.ppf(points(1, 2**12)[0]), -0.5)
        assert at(x, np.where(x == -0.5, -9.0, x), 0.1) == -9.0

    def test_infinite_outputs(self) -> None:
        x = points(1, 2**12)[0]
        y = np.where(x > 0.8, np.inf, x)
        assert at(x, y, 0.9) == np.inf
        assert at(x, y, 0.1) == pytest.approx(0.1, abs=1e-3)

    def test_no_value_there(self) -> None:
        x = points(1, 2**12)[0]
        assert math.isnan(at(x, np.where(x > 0.5, np.nan, x), 0.9))


class TestClasses:
    @given(st.integers(1, 5000), st.integers(0, 2**32), st.integers(1, 3), st.booleans())
    def test_every_draw_is_in_one_class(self, n, seed, digits, weighted) -> None:
        rng = np.random.default_rng(seed)
        x = np.round(rng.normal(size=n), digits)
        weights = rng.uniform(0.01, 1, n) if weighted else None
        if weights is not None:
            weights /= weights.sum()
        classes = Classes(Ordered(x, weights))
        assert classes.weight.sum() == pytest.approx(1)
        assert (np.diff(classes.centres) > 0).all()
        assert classes.bounds[0] == 0
        assert classes.bounds[-1] == n
        assert (np.diff(classes.bounds) > 0).all()
        # Equal draws are never apart.
        rising = np.sort(x)
        inner = classes.bounds[1:-1]
        assert (rising[inner] > rising[inner - 1]).all()
        # None is much heavier than it should be, unless it is one value.
        for k in range(classes.centres.size):
            part = rising[classes.bounds[k] : classes.bounds[k + 1]]
            if part[0] < part[-1] and weights is None:
                assert part.size <= n / min(32, max(n // 256, min(n // 64, 4), 1)) * 2 + 1
