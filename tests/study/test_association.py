"""Rank correlations and shares of variance against closed forms, scipy and SALib."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from known_models import ANGLE, G_FIRST, ISHIGAMI_FIRST, ishigami, points, sobol_g
from SALib.analyze import delta
from scipy import stats

from overbuild.study.drivers.association import Driver, Response, first_order, rank_correlation


def share(x, y, weights=None):
    if weights is not None:
        weights = weights / weights.sum()
    return first_order(Driver(np.asarray(x, float), weights), Response(y, weights))


def correlation(x, y, weights=None):
    if weights is not None:
        weights = weights / weights.sum()
    return rank_correlation(Driver(x, weights), Response(y, weights))


class TestFirstOrder:
    @pytest.mark.parametrize("seed", range(3))
    def test_ishigami(self, seed: int) -> None:
        x = ANGLE.ppf(points(3, 2**16, seed))
        found = [share(one, ishigami(*x)) for one in x]
        np.testing.assert_allclose(found, ISHIGAMI_FIRST, atol=0.003)

    @pytest.mark.parametrize("seed", range(3))
    def test_sobol_g(self, seed: int) -> None:
        x = points(8, 2**16, seed)
        found = [share(one, sobol_g(*x)) for one in x]
        np.testing.assert_allclose(found, G_FIRST, atol=0.003)

    def test_weighted_draws_of_another_distribution(self) -> None:
        # Beta draws, weighted back to uniform ones.
        law = stats.beta(1.5, 1.2)
        for model, exact, dims, scale in (
            (ishigami, ISHIGAMI_FIRST, 3, ANGLE.ppf),
            (sobol_g, G_FIRST, 8, lambda u: u),
        ):
            u = points(dims, 2**16)
            u[:2] = law.ppf(u[:2])
            weights = 1 / law.pdf(u[:2]).prod(axis=0)
            x = scale(u)
            found = [share(one, model(*x), weights) for one in x]
            np.testing.assert_allclose(found, exact, atol=0.02)

    def test_salib_says_much_the_same(self) -> None:
        rng = np.random.default_rng(4)
        x = rng.normal(size=(4, 4096))
        y = np.exp(0.5 * x[0]) + x[1] * x[2]
        problem = {"num_vars": 4, "names": list("abcd"), "bounds": [[-5, 5]] * 4}
        theirs = delta.analyze(problem, x.T, y, num_resamples=2, seed=1, method="sobol")["S1"]
        ours = [share(one, y) for one in x]
        # Theirs is not corrected for the noise of its classes.
        np.testing.assert_allclose(ours, theirs, atol=0.02)
        assert ours[3] < theirs[3]

    @pytest.mark.parametrize("n", [16, 64, 256, 2048])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_what_does_not_matter_has_a_share_of_0_on_average(self, n, weighted) -> None:
        rng = np.random.default_rng(n)
        found = []
        for _ in range(300):
            x, y = rng.normal(size=(2, n))
            found.append(share(x, y, rng.uniform(0.2, 1.8, n) if weighted else None))
        error = np.std(found) / math.sqrt(300)
        assert abs(np.mean(found)) < 4 * error
        assert error < 0.03

    def test_a_share_is_right_on_average_with_few_draws(self) -> None:
        rng = np.random.default_rng(2)
        draws = rng.normal(size=(400, 2, 128))
        found = [share(x, x + y) for x, y in draws]
        assert np.mean(found) == pytest.approx(0.5, abs=0.015)

    def test_heavy_tails_of_an_input(self) -> None:
        x = stats.lognorm(2.0).ppf(points(1, 2**14)[0])
        assert share(x, 3 * x - 1) == pytest.approx(1, abs=1e-9)

    @pytest.mark.parametrize("n", [16, 100, 4096])
    def test_values_of_a_choice_are_taken_one_by_one(self, n: int) -> None:
        rng = np.random.default_rng(n)
        x = np.array([3.0, 1.0, 2.0])[rng.permutation(np.arange(n) % 3)]
        y = np.select([x == 1, x == 2, x == 3], [10.0, -5.0, 0.5])
        assert share(x, y) == pytest.approx(1, abs=1e-9)

    def test_a_choice_with_noise(self) -> None:
        rng = np.random.default_rng(8)
        x = rng.choice([0.0, 1.0, 7.0], size=2**16, p=[0.9, 0.09, 0.01])
        effect = np.select([x == 1, x == 7], [1.0, -4.0], 0.0)
        mean = 0.09 - 0.04
        explained = 0.09 + 0.16 - mean**2
        found = share(x, effect + rng.normal(size=x.size))
        assert found == pytest.approx(explained / (explained + 1), abs=0.01)

    def test_an_atom_in_a_continuous_input(self) -> None:
        x = np.maximum(stats.norm.ppf(points(1, 2**14)[0]), 0.2)
        assert share(x, x + 5 * (x == 0.2)) == pytest.approx(1, abs=1e-6)

    def test_correlated_inputs_both_explain_what_they_share(self) -> None:
        rng = np.random.default_rng(1)
        x, z = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=2**16).T
        # E[y | x] = 1.8 x, and Var(y) = 2 + 1.6.
        assert share(x, x + z) == pytest.approx(1.8**2 / 3.6, abs=0.01)
        assert share(z, x + z) == pytest.approx(1.8**2 / 3.6, abs=0.01)

    def test_draws_without_a_value_are_left_out(self) -> None:
        rng = np.random.default_rng(5)
        x, z = rng.normal(size=(2, 5000))
        y = x + z
        y[::3] = np.nan
        kept = ~np.isnan(y)
        assert share(x, y) == pytest.approx(share(x[kept], y[kept]), abs=0.005)
        assert correlation(x, y) == pytest.approx(stats.spearmanr(x[kept], y[kept])[0], abs=1e-12)

    def test_draws_without_a_weight_do_not_count(self) -> None:
        rng = np.random.default_rng(6)
        x, z = rng.normal(size=(2, 4000))
        y = x + z
        weights = np.where(np.arange(4000) < 2000, 1.0, 0.0)
        y[2000:] = np.resize([np.nan, np.inf, 1e300], 2000)
        assert share(x, y, weights) == pytest.approx(share(x[:2000], y[:2000]), abs=0.01)
        expected = stats.spearmanr(x[:2000], y[:2000])[0]
        assert correlation(x, y, weights) == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize("scale", [1e-300, 1e-12, 1e300])
    @pytest.mark.parametrize("shift", [0.0, 1e6])
    def test_units_do_not_matter(self, scale: float, shift: float) -> None:
        rng = np.random.default_rng(7)
        x, z = rng.normal(size=(2, 2000))
        y = np.sin(x) + z
        expected = share(x, y)
        assert share(x, (y + shift) * scale) == pytest.approx(expected, abs=1e-8)
        assert share((x + shift) * scale, y) == pytest.approx(expected, abs=1e-8)

    def test_outputs_without_a_variance_have_no_share(self) -> None:
        x = np.arange(64.0)
        assert math.isnan(share(x, np.ones(64)))
        assert math.isnan(share(x, np.full(64, np.nan)))
        assert math.isnan(share(x, np.where(x > 60, np.inf, x)))
        assert math.isnan(share(np.ones(64), x))
        for n in (1, 2):
            assert math.isnan(share(np.arange(float(n)), np.arange(float(n))))

    def test_numbers_of_draws_must_agree(self) -> None:
        with pytest.raises(ValueError, match="input of 3 draws, an output of 4"):
            first_order(Driver(np.arange(3.0)), Response(np.arange(4.0)))

    @given(st.integers(16, 400), st.integers(0, 2**32), st.integers(1, 30))
    @example(150, 74209, 4)  # a value has just the weight of a class
    def test_laws(self, n: int, seed: int, values: int) -> None:
        rng = np.random.default_rng(seed)
        x = rng.integers(0, values, n).astype(float)
        x[::2] += rng.normal(size=x[::2].size) * (seed % 2)
        y = np.cos(x) + rng.normal(size=n)
        found = share(x, y)
        assert math.isnan(found) == (x.min() == x.max())
        if math.isnan(found):
            return
        assert found <= 1
        order = rng.permutation(n)
        if np.unique(x).size == n:  # else equal draws may change places, but for rounding
            assert share(x[order], y[order]) == pytest.approx(found, abs=1e-9)
        assert share(x, -3 * y + 2) == pytest.approx(found, abs=1e-9)
        assert share(x, y, np.full(n, 0.3)) == pytest.approx(found, abs=1e-9)


class TestRankCorrelation:
    @given(
        arrays.arrays(float, st.tuples(st.just(2), st.integers(2, 60)), elements=st.integers(-9, 9))
    )
    def test_scipy_says_the_same(self, pair: np.ndarray) -> None:
        x, y = pair
        if x.min() == x.max() or y.min() == y.max():
            assert math.isnan(correlation(x, y))
        else:
            assert correlation(x, y) == pytest.approx(stats.spearmanr(x, y)[0], abs=1e-12)

    @given(st.integers(3, 40), st.integers(0, 2**32))
    def test_weights_count_draws(self, n: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        x, y = rng.integers(0, 6, (2, n)).astype(float)
        times = rng.integers(0, 4, n)
        times[0] = 1
        many = np.repeat(x, times), np.repeat(y, times)
        found = correlation(x, y, times.astype(float))
        if many[0].min() == many[0].max() or many[1].min() == many[1].max():
            assert math.isnan(found)
        else:
            assert found == pytest.approx(stats.spearmanr(*many)[0], abs=1e-12)

    def test_infinite_draws_have_a_rank(self) -> None:
        x = np.arange(10.0)
        assert correlation(x, np.where(x > 7, np.inf, x)) == pytest.approx(
            stats.spearmanr(x, np.minimum(x, 8))[0]
        )

    def test_normal_draws(self) -> None:
        # Pearson (1907): 6 / pi arcsin(rho / 2).
        z = stats.norm.ppf(points(2, 2**16))
        for rho in (-0.9, 0.3):
            y = rho * z[0] + math.sqrt(1 - rho**2) * z[1]
            exact = 6 / np.pi * math.asin(rho / 2)
            assert correlation(z[0], y) == pytest.approx(exact, abs=1e-3)


def test_every_pair_of_complete_and_incomplete_draws_agrees() -> None:
    rng = np.random.default_rng(9)
    x, z = rng.normal(size=(2, 1000))
    y = x + z
    whole = {"weights": [None, np.ones(1000)], "y": [y, np.where(x > 3.2, np.nan, y)]}
    for weights, values in itertools.product(*whole.values()):
        assert share(x, values, weights) == pytest.approx(0.5, abs=0.07)
