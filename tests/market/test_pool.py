"""Pooled experts against closed forms, quadrature and the mixture that a study has."""

from __future__ import annotations

import pickle
from typing import Any

import dask.array as da
import mpmath
import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

import overbuild as ob

pool = ob.market.pool
SHARES = np.array([1e-12, 1e-6, 0.01, 0.3, 0.5, 0.9, 0.999])


class Mirrored:
    """The distribution of what is the negative of another."""

    def __init__(self, law: Any) -> None:
        self.law = law

    def ppf(self, q: Any) -> Any:
        return -self.law.isf(q)

    def isf(self, q: Any) -> Any:
        return -self.law.ppf(q)

    def cdf(self, x: Any) -> Any:
        return self.law.sf(-np.asarray(x))

    def sf(self, x: Any) -> Any:
        return self.law.cdf(-np.asarray(x))

    def pdf(self, x: Any) -> Any:
        return self.law.pdf(-np.asarray(x))

    def logpdf(self, x: Any) -> Any:
        return self.law.logpdf(-np.asarray(x))

    def support(self) -> tuple[float, float]:
        low, high = self.law.support()
        return -high, -low


class TestLinear:
    def test_is_a_mixture(self) -> None:
        found = pool({"a": (3, 4), "b": stats.norm(8, 1)}, weights={"b": 1, "a": 3})
        assert found == ob.mixture([ob.between(3, 4), stats.norm(8, 1)], [3, 1])
        assert pool([3.2, 8.0]).ppf([0.4, 0.6]).tolist() == [3.2, 8.0]

    def test_names_of_a_series(self) -> None:
        named = pd.Series({"low": 3.2, "high": 8.0})
        assert pool(named, weights={"high": 1, "low": 3}).mean() == pytest.approx(4.4)

    def test_figures_with_a_spread(self) -> None:
        found = pool([3.2, -8.0], spread=0.1)
        assert found == ob.mixture([stats.norm(3.2, 0.1 * 3.2), stats.norm(-8, 0.8)], [1, 1])
        assert pool([ob.Input(3.2, unit="GW")], spread=0.1).mean() == pytest.approx(3.2)

    def test_draws(self) -> None:
        draws = np.random.default_rng(0).gamma(3, size=50_000)
        found = pool({"model": xr.DataArray(draws, dims="draw"), "expert": (1, 2)}, weights=[1, 0])
        np.testing.assert_allclose(
            found.ppf(SHARES[2:-1]), np.quantile(draws, SHARES[2:-1]), rtol=2e-2
        )
        weights = np.where(draws > 2, 1.0, 0.0)
        weighted = xr.DataArray(draws, {"draw_weight": ("draw", weights)}, "draw")
        assert pool([weighted]).support()[0] >= 2
        assert pool([weighted[:1000]]).support()[0] >= 2


class TestLogarithmic:
    @settings(deadline=None, max_examples=30)
    @given(
        experts=st.lists(
            st.tuples(st.floats(-50, 50), st.floats(0.05, 20), st.floats(0.05, 5)),
            min_size=1,
            max_size=4,
        )
    )
    @example(experts=[(14.0, 3.0, 3.0), (-15.0, 0.5, 1.0)])  # much lies beyond their own tails
    @example(experts=[(0.0, 0.0625, 1.0), (22.0, 1.0, 2.0)])  # a tail at the end of a wide cell
    def test_normals_pool_by_precision(self, experts: list[tuple[float, float, float]]) -> None:
        mean, std, weight = np.array(experts).T
        precision = weight / weight.sum() / std**2
        exact = stats.norm(precision @ mean / precision.sum(), precision.sum() ** -0.5)
        found = pool([stats.norm(m, s) for m, s in zip(mean, std, strict=True)], weight, "log")
        scale = exact.std()
        np.testing.assert_allclose(found.ppf(SHARES), exact.ppf(SHARES), rtol=0, atol=1e-6 * scale)
        np.testing.assert_allclose(found.isf(SHARES), exact.isf(SHARES), rtol=0, atol=1e-6 * scale)
        x = exact.mean() + scale * np.array([-9, -3, -0.1, 0, 1, 4, 9])
        np.testing.assert_allclose(found.cdf(x), exact.cdf(x), rtol=1e-6, atol=1e-18)
        np.testing.assert_allclose(found.sf(x), exact.sf(x), rtol=1e-6, atol=1e-18)
        np.testing.assert_allclose(found.pdf(x), exact.pdf(x), rtol=1e-8)
        assert found.mean() == pytest.approx(exact.mean(), abs=1e-8 * scale)
        assert found.std() == pytest.approx(scale, rel=1e-8)

    def test_experts_far_apart_meet_in_the_middle(self) -> None:
        # There, their densities are e^-5000: no floating-point number.
        found = pool([stats.norm(0, 0.1), stats.norm(20, 0.1)], kind="log")
        np.testing.assert_allclose(found.ppf(SHARES), stats.norm(10, 0.1).ppf(SHARES), rtol=1e-9)

    def test_lognormals_pool_by_precision_of_logarithms(self) -> None:
        found = pool([(3, 5), (4, 9)], weights=[2, 1], kind="log")
        z = stats.norm.ppf(0.95)
        mean = np.log([15, 36]) / 2
        std = np.log([5 / 3, 9 / 4]) / 2 / z
        # x^-1 of each density is left over in the product once.
        precision = np.array([2, 1]) / 3 / std**2
        exact = stats.lognorm(
            precision.sum() ** -0.5, scale=np.exp(precision @ mean / precision.sum())
        )
        np.testing.assert_allclose(found.ppf(SHARES), exact.ppf(SHARES), rtol=1e-9)

    def test_others_against_quadrature(self) -> None:
        laws = [
            stats.beta(2, 5, scale=10),
            stats.gamma(3),
            ob.mixture([(a := stats.norm(3, 1)), a], [1, 1]),
        ]
        weights = np.array([0.5, 0.2, 0.3])

        def product(x: float) -> float:
            return float(np.prod([law.pdf(x) ** w for law, w in zip(laws, weights, strict=True)]))

        whole = integrate.quad(product, 0, 10, epsabs=0, epsrel=1e-12)[0]
        found = pool(laws, weights, kind="log")
        for x in (0.1, 1.0, 2.5, 6.0, 9.9):
            exact = integrate.quad(product, 0, x, epsabs=0, epsrel=1e-12)[0] / whole
            assert found.cdf(x) == pytest.approx(exact, rel=1e-9)
        assert found.support() == (0, 10)
        assert (found.ppf(0), found.ppf(1)) == (0, 10)
        assert (found.cdf(-1.0), found.cdf(11.0), found.pdf(-1.0)) == (0, 1, 0)

    @pytest.mark.parametrize(
        "law",
        [stats.cauchy(), stats.expon(), stats.beta(0.3, 2), stats.t(2.5), stats.uniform(1, 2),
         stats.lognorm(3), stats.pareto(1.5)],
        ids=lambda law: law.dist.name,
    )  # fmt: skip
    def test_those_who_agree_change_nothing(self, law) -> None:  # type: ignore[no-untyped-def]
        found = pool([law, law, law], weights=[1, 2, 3], kind="log")
        np.testing.assert_allclose(found.cdf(law.ppf(SHARES)), SHARES, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(law.cdf(found.ppf(SHARES)), SHARES, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(law.sf(found.isf(SHARES)), SHARES, rtol=1e-6, atol=1e-9)

    def test_a_density_without_bound_at_one(self) -> None:
        # The last numbers below 1 are 1e-16 apart, and what lies between 1 - 1e-14 and 1 has a
        # probability of 2e-6: no floating-point quantile is better than a part of that.
        law = stats.beta(0.3, 0.4)
        found = pool([law], kind="log")
        np.testing.assert_allclose(found.cdf(law.ppf(SHARES)), SHARES, rtol=1e-6, atol=5e-7)
        assert found.mean() == pytest.approx(law.mean(), rel=1e-6)
        assert found.var() == pytest.approx(law.var(), rel=1e-5)

    @pytest.mark.parametrize(
        "law",
        [stats.cauchy(), stats.cauchy(3, 2), stats.pareto(0.9), stats.pareto(1.5), stats.pareto(2),
         stats.t(1.5), stats.t(2), stats.levy(), stats.halfcauchy(), stats.invgamma(1.7)],
        ids=lambda law: f"{law.dist.name}{law.args}",
    )  # fmt: skip
    def test_moments_that_do_not_exist_are_as_in_scipy(self, law) -> None:  # type: ignore[no-untyped-def]
        found = pool([law, law], kind="log")
        np.testing.assert_allclose(
            [found.mean(), found.var()], [law.mean(), law.var()], rtol=1e-9, atol=1e-12
        )
        downwards = pool([Mirrored(law)], kind="log")
        np.testing.assert_allclose(
            [downwards.mean(), downwards.var()], [-law.mean(), law.var()], rtol=1e-9, atol=1e-12
        )

    @settings(deadline=None)
    @given(
        parts=st.lists(
            st.tuples(st.floats(0.2, 6), st.floats(0.01, 100), st.floats(0.05, 5)),
            min_size=1,
            max_size=3,
        )
    )
    @example(parts=[(2.2, 1.0, 1.0)])
    @example(parts=[(3.0, 2.0, 1.0), (1.02, 5.0, 1.0)])
    def test_inverse_gammas_pool_by_their_parameters(
        self, parts: list[tuple[float, float, float]]
    ) -> None:
        shape, scale, weight = np.array(parts).T
        weight = weight / weight.sum()
        a, b = mpmath.mpf(float(weight @ shape)), mpmath.mpf(float(weight @ scale))
        assume(min(abs(a - 1), abs(a - 2)) > 1e-5)  # between finite and infinite by rounding
        laws = [stats.invgamma(a, scale=b) for a, b in zip(shape, scale, strict=True)]
        found = pool(laws, weight, kind="log")
        mean = b / (a - 1) if a > 1 else mpmath.inf
        var = b**2 / ((a - 1) ** 2 * (a - 2)) if a > 2 else mpmath.inf
        assert found.mean() == pytest.approx(float(mean), rel=1e-8)
        assert found.var() == pytest.approx(float(var), rel=1e-7)

    @pytest.mark.parametrize("power", [2.01, 2.5, 3.0, 8.0])
    def test_a_heavy_tail_against_quadrature(self, power: float) -> None:
        # A Student's t and a Pareto distribution, of which the one is heavier and starts lower.
        laws, weights = [stats.t(power), stats.pareto(power, loc=-1.5)], [0.25, 0.75]

        def product(x):  # type: ignore[no-untyped-def]
            student = (1 + x * x / power) ** (-(power + 1) / 2)
            return student**0.25 * (x + 1.5) ** (-0.75 * (power + 1))

        ends = [-0.5, 0, 1, 10, mpmath.mpf(10) ** 3, mpmath.mpf(10) ** 6]

        def moment(k: int):  # type: ignore[no-untyped-def]
            near = mpmath.quad(lambda x: x**k * product(x), ends)
            # x = e^s makes what is left of a power an exponential.
            start = mpmath.log(ends[-1])
            far = [start, start + 10, start + 100, start + 1000, start + 10000]
            return near + mpmath.quad(
                lambda s: mpmath.exp((k + 1) * s) * product(mpmath.exp(s)), far
            )

        whole, first, second = (moment(k) for k in range(3))
        found = pool(laws, weights, kind="log")
        assert found.mean() == pytest.approx(float(first / whole), rel=1e-8)
        assert found.var() == pytest.approx(float(second / whole - (first / whole) ** 2), rel=1e-7)

    def test_a_density_that_rounding_makes_rough(self) -> None:
        # Terms of 1e8 cancel in it, so that it has 8 digits, of however narrow cells.
        law = stats.gamma(1e8, scale=1e-8)
        found = pool([law, law], kind="log")
        assert found.mean() == pytest.approx(1, rel=1e-9)
        assert found.std() == pytest.approx(1e-4, rel=1e-6)
        with pytest.raises(ValueError, match=r"rounding leaves too few digits.*very large shape"):
            pool([stats.gamma(1e16), stats.gamma(1e16)], kind="log")

    def test_one_who_rules_out_decides(self) -> None:
        found = pool([stats.uniform(0, 5), stats.uniform(4, 6)], kind="log")
        assert found.support() == (4, 5)
        np.testing.assert_allclose(found.ppf([0.25, 0.5]), [4.25, 4.5])

    def test_errors(self) -> None:
        with pytest.raises(ValueError, match="a has no density, which a logarithmic pool needs"):
            pool({"a": 3.2, "b": (4, 5)}, kind="log")
        gap = ob.mixture([stats.uniform(0, 1), stats.uniform(9, 1)], [1, 1])
        with pytest.raises(ValueError, match="no value in common: the product"):
            pool([gap, stats.uniform(3, 2)], kind="log")
        with pytest.raises(ValueError, match=r"no value in common.*estimate 0 0 to 1"):
            pool([stats.uniform(0, 1), stats.uniform(2, 1)], kind="log")

    def test_it_is_a_value(self) -> None:
        found = pool([(3, 5), (4, 9)], kind="log")
        assert found == pool([(3, 5), (4, 9)], kind="log")
        assert found != pool([(3, 5), (4, 9)], [1, 2], kind="log")
        assert pickle.loads(pickle.dumps(found)) == found
        assert "kind='log'" in repr(found)


@pytest.mark.parametrize("kind", ["linear", "log"])
def test_as_input_of_a_study(kind: str) -> None:
    found = pool({"low": 3.2, "high": 8, "most": (4, 5)}, [1, 1, 4], kind, spread=0.1)  # type: ignore[arg-type]
    data = ob.Study(lambda gigawatts: {"racks": gigawatts * 1e3}, {"gigawatts": found}).run(4096)
    shares = [0.05, 0.5, 0.95]
    np.testing.assert_allclose(
        np.quantile(data.dataset["gigawatts"], shares), found.ppf(shares), rtol=5e-3
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "estimates must be at least one"),
        (([3.2], None, "geometric"), "kind must be 'linear' or 'log', got 'geometric'"),
        (([3.2, 8], [1]), "weights must be as many as what they weigh, got 1 for 2"),
        (([3.2, 8], [1, -1]), "weights must not be negative"),
        (([3.2, 8], [0, 0]), "weights must not all be 0"),
        (({"a": 3.2}, {"b": 1}), "weights must be for a, got b"),
        (([(5, 4)],), "estimate 0: low must be below high"),
        (([(3, 4, 5)],), r"estimate 0 must be a range \(low, high\), got 3 numbers"),
        (([[3, 4, 5]],), "draws as an array"),
        (([(-1, 2)],), "estimate 0: a lognormal interval must lie above 0"),
        (([float("nan")],), "estimate 0 must be finite"),
        (([0.0], None, "linear", 0.1), "estimate 0: 0 has no spread in proportion"),
        (([3.2], None, "linear", -0.1), "spread must be above 0"),
        (([(3, 4)], None, "linear", None, 90), "level must be between 0 and 1, got 90"),
        (([np.ones((2, 2))],), r"draws along one dimension, got shape \(2, 2\)"),
        (([np.array([1.0, np.nan])],), "estimate 0: "),
        (([stats.norm(0, -1)],), "estimate 0: an impossible distribution"),
    ],
)
def test_what_is_impossible(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pool(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "estimates",
    ["4 to 5", 4.5, {3.2, 8.0}, ["4 to 5"], [("a", "b")], [None], [stats.norm], np.ones(3)],
)
def test_what_is_no_estimate(estimates: object) -> None:
    with pytest.raises(TypeError, match="estimate"):
        pool(estimates)


class TestUnanimous:
    @pytest.mark.parametrize("n", [1, 2, 5, 12, 100, 3_000])
    @pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
    def test_against_the_exact_interval(self, n: int, level: float) -> None:
        exact = stats.binomtest(n, n, alternative="greater").proportion_ci(level, "exact").low
        assert ob.market.unanimous(n, level) == pytest.approx(exact, rel=1e-12)
        two_sided = stats.binomtest(n, n).proportion_ci(level, "exact").low
        assert ob.market.unanimous(n, (1 + level) / 2) == pytest.approx(two_sided, rel=1e-12)

    def test_the_ends(self) -> None:
        assert ob.market.unanimous(0) == 0
        assert ob.market.unanimous(np.inf) == 1
        for wrong in ((2.5, 0.95), (-1, 0.95), (5, 0), (5, 1), (5, 95)):
            with pytest.warns(RuntimeWarning, match="invalid value"):
                assert np.isnan(ob.market.unanimous(*wrong))
        with pytest.raises(TypeError, match="n must be a number"):
            ob.market.unanimous("all")


def test_weights_in_a_series_go_by_name() -> None:
    said = {"a": (1, 2), "b": (10, 20)}
    by_name = pool(said, {"b": 1, "a": 3})
    assert pool(said, pd.Series({"b": 1, "a": 3})).mean() == by_name.mean()
    assert pool(said, pd.Series([3, 1])).mean() == by_name.mean()
    with pytest.raises(ValueError, match="weights must be for a, b"):
        pool(said, pd.Series({"b": 1, "c": 3}))


@pytest.mark.parametrize(
    "said", [pd.Series([3.0, 5.0, 9.0], index=["a", "a", "b"]), {1: (1, 2), "1": (1.5, 30)}]
)
def test_two_estimates_of_one_name_are_refused(said) -> None:
    with pytest.raises(ValueError, match="names of their own"):
        pool(said, spread=0.1)


def test_masked_draws_are_no_values() -> None:
    with pytest.raises(ValueError, match="estimate 0"):
        pool([np.ma.array([1.0, 2.0, 900.0], mask=[0, 0, 1]), (1, 2)])


@pytest.mark.parametrize("call", [ob.market.pool, ob.market.reconcile])
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"spread": "x"}, TypeError, "spread must be a number, got 'x'"),
        ({"spread": [0.1, 0.2]}, TypeError, "spread must be a number, got"),
        ({"level": "a"}, TypeError, "level must be a number, got 'a'"),
        ({"level": 90}, ValueError, "level must be between 0 and 1, got 90; write 90% as 0.9"),
    ],
)
def test_wrong_options_are_said(
    call: Any, changes: dict[str, Any], error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        call([(3, 4), (3, 5)], **changes)
    with pytest.raises(error, match=message):  # whether they are needed or not
        call([stats.norm(3, 1), stats.norm(4, 1)], **changes)


def test_weights_that_are_no_numbers_are_said() -> None:
    with pytest.raises(TypeError, match=r"weights must be a list of numbers, got \[1, 'x'\]"):
        ob.market.pool([3, 4], weights=[1, "x"])


def test_draws_in_any_array() -> None:
    draws = [1.0, 2.0, 6.0]
    for kind in (np.array, pd.Series, pl.Series, lambda x: da.from_array(np.array(x))):
        assert ob.market.pool([kind(draws), 9.0], [1, 3]).mean() == pytest.approx(7.5)


def test_a_table_is_refused_with_what_to_do() -> None:
    frame = pd.DataFrame({"a": [3.0, 4.0], "b": [5.0, 6.0]})
    with pytest.raises(TypeError, match=r"got a DataFrame; .* write dict\(frame.items\(\)\)"):
        ob.market.pool(frame)
    assert ob.market.pool(dict(frame.items())).mean() == 4.5
    with pytest.raises(TypeError, match="estimate 0 must be a distribution"):
        ob.market.pool([frame.to_xarray()])
