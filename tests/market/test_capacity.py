"""Capacity against uncertain demand: closed forms, sums, brute force."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

import overbuild as ob

market = ob.market
newsvendor = market.newsvendor
costs = st.floats(0.01, 100)


class TestCriticalRatio:
    @given(u=costs, o=costs)
    def test_laws(self, u: float, o: float) -> None:
        found = market.critical_ratio(u, o)
        assert found == u / (u + o)
        assert found + market.critical_ratio(o, u) == pytest.approx(1)

    def test_the_ends(self) -> None:
        assert market.critical_ratio([0, 1], [1, 0]).tolist() == [0, 1]
        for wrong in ((0, 0), (-1, 2), (2, -1)):
            with pytest.warns(RuntimeWarning, match="invalid value"):
                assert np.isnan(market.critical_ratio(*wrong))


class TestMismatchCost:
    @given(q=st.floats(-9, 9), d=st.floats(-9, 9), u=costs, o=costs)
    def test_by_hand(self, q: float, d: float, u: float, o: float) -> None:
        exact = u * max(d - q, 0) + o * max(q - d, 0)
        assert market.mismatch_cost(q, d, u, o) == pytest.approx(exact, rel=1e-12)

    def test_nothing_at_any_price(self) -> None:
        assert market.mismatch_cost(5, 5, np.inf, np.inf) == 0
        assert market.mismatch_cost(5, np.inf, 0, 1) == 0
        assert np.isnan(market.mismatch_cost(5, np.nan, 0, 1))


class TestDistributions:
    @given(low=st.floats(-50, 50), width=st.floats(0.1, 50), u=costs, o=costs)
    def test_uniform(self, low: float, width: float, u: float, o: float) -> None:
        found = newsvendor(stats.uniform(low, width), u, o)
        assert found.capacity == pytest.approx(low + width * u / (u + o))
        assert found.regret == pytest.approx(width / 2 * u * o / (u + o), rel=1e-9)
        assert found.shortage == pytest.approx(width / 2 * (o / (u + o)) ** 2, rel=1e-9)
        assert found.surplus == pytest.approx(width / 2 * (u / (u + o)) ** 2, rel=1e-9)

    @given(mean=st.floats(-50, 50), std=st.floats(0.1, 20), u=costs, o=costs)
    def test_normal(self, mean: float, std: float, u: float, o: float) -> None:
        found = newsvendor(stats.norm(mean, std), u, o)
        z = stats.norm.ppf(u / (u + o))
        assert found.capacity == pytest.approx(mean + z * std, rel=1e-9, abs=1e-9)
        assert found.regret == pytest.approx((u + o) * std * stats.norm.pdf(z), rel=1e-8)
        loss = std * (stats.norm.pdf(z) - z * stats.norm.sf(z))
        assert found.shortage == pytest.approx(loss, rel=1e-7, abs=1e-12 * std)

    @pytest.mark.parametrize("rate", [0.3, 4.0])
    def test_exponential(self, rate: float) -> None:
        found = newsvendor(stats.expon(scale=1 / rate), 9.0, 1.0)
        assert found.capacity == pytest.approx(np.log(10) / rate)
        assert found.shortage == pytest.approx(0.1 / rate, rel=1e-9)
        assert found.regret == pytest.approx(np.log(10) / rate, rel=1e-9)

    @pytest.mark.parametrize(
        "law", [ob.between(3, 8), ob.pert(3, 4, 8), stats.gamma(0.4), stats.t(3),
                ob.mixture([ob.between(3, 4), stats.norm(9, 1)], [3, 1])], ids=repr,
    )  # fmt: skip
    def test_no_other_capacity_costs_less(self, law) -> None:  # type: ignore[no-untyped-def]
        draws = law.ppf((np.arange(400_000) + 0.5) / 400_000)

        def cost(q: float) -> float:
            return float(market.mismatch_cost(q, draws, 3.0, 1.0).mean())

        found = newsvendor(law, 3.0, 1.0)
        best = optimize.minimize_scalar(cost, bounds=tuple(law.ppf([0.01, 0.99])), method="bounded")
        assert found.regret == pytest.approx(best.fun, rel=2e-3)
        assert cost(found.capacity) <= best.fun * (1 + 1e-6)

    @pytest.mark.parametrize(
        "law", [stats.poisson(7.3), stats.binom(9, 0.3), stats.geom(0.2), stats.poisson(900)]
    )
    def test_whole_numbers(self, law) -> None:  # type: ignore[no-untyped-def]
        values = np.arange(3_000)
        chances = law.pmf(values)
        each = market.mismatch_cost(values[:, None], values, 5.0, 2.0) @ chances
        found = newsvendor(law, 5.0, 2.0)
        assert found.capacity == values[each.argmin()]
        assert found.regret == pytest.approx(each.min(), rel=1e-9)

    def test_many_costs_at_once_and_their_labels(self) -> None:
        law, draws = ob.between(3, 8), np.random.default_rng(0).uniform(1, 9, 500)
        found = newsvendor(law, xr.DataArray(draws, dims="draw"), 1.0)
        assert found.regret.dims == ("draw",)
        for k in (0, 77):
            one = newsvendor(law, draws[k], 1.0)
            assert found.regret.values[k] == pytest.approx(one.regret, rel=1e-8)
            assert found.capacity.values[k] == one.capacity
        lazy = newsvendor(law, xr.DataArray(da.from_array(draws, 100), dims="draw"), 1.0).regret
        assert isinstance(lazy.data, da.Array)
        np.testing.assert_allclose(lazy, found.regret, rtol=1e-8)
        series = newsvendor(law, pd.Series([1.0, 3.0], index=["a", "b"]), 1.0)
        assert series.capacity.index.tolist() == series.regret.index.tolist() == ["a", "b"]

    # Quantiles at the tail 0.75 exp(-s) jump from 10 to 0, some just beyond s = 0.5, 1 or 2: there
    # a rule without nodes at the ends of its panels sees no jump.
    @pytest.mark.parametrize("jump", [0.1, 0.499, 0.5, 0.502, 0.999, 1.002, 2.005])
    def test_demand_that_may_not_come(self, jump: float) -> None:
        comes = 0.75 * math.exp(-jump)
        law = ob.zero_inflated(stats.uniform(10, 10), share=1 - comes)
        found = newsvendor(law, 1.0, 3.0)
        assert (found.capacity, found.surplus) == (0, 0)
        assert found.shortage == pytest.approx(15 * comes, rel=1e-9)

    @pytest.mark.parametrize("share", [0.2, 0.45, 0.7])
    def test_two_ranges_far_apart(self, share: float) -> None:
        law = ob.mixture([stats.uniform(0, 1), stats.uniform(50, 10)], [share, 1 - share])
        found = newsvendor(law, 9.0, 11.0)
        q = float(found.capacity)
        assert q == pytest.approx(0.45 / share if share > 0.45 else law.ppf(0.45))

        def beyond(low: float, width: float) -> float:
            inside = min(max(low + width - q, 0), width)
            return (inside**2 / 2 + max(low - q, 0) * width) / width

        short = share * beyond(0, 1) + (1 - share) * beyond(50, 10)
        mean = share * 0.5 + (1 - share) * 55
        assert found.shortage == pytest.approx(short, rel=1e-9)
        assert found.surplus == pytest.approx(q - mean + short, rel=1e-8, abs=1e-8)

    def test_figures_and_a_range(self) -> None:
        # Capacity is the highest figure, beyond which only a far tail lies.
        law = ob.market.pool([3.2, 8.0, (4, 5)])
        draws = law.ppf((np.arange(2**16) + 0.5) / 2**16)
        found = newsvendor(law, 3.0, 1.0)
        assert found.capacity == 8
        exact = market.mismatch_cost(8.0, draws, 3.0, 1.0).mean()
        assert found.regret == pytest.approx(exact, rel=1e-4)

    def test_the_ends(self) -> None:
        nothing = newsvendor(stats.uniform(2, 3), 0.0, 1.0)
        assert (nothing.capacity, nothing.shortage, nothing.regret) == pytest.approx((2, 1.5, 0))
        everything = newsvendor(stats.uniform(2, 3), 1.0, 0.0)
        assert (everything.capacity, everything.surplus, everything.regret) == pytest.approx(
            (5, 1.5, 0)
        )
        for u, o, end in ((0.0, 1.0, -np.inf), (1.0, 0.0, np.inf)):
            found = newsvendor(stats.norm(), u, o)
            assert (found.capacity, found.regret) == (end, 0)
        without_mean = newsvendor(stats.pareto(0.8), 3.0, 1.0)
        assert without_mean.capacity == pytest.approx(4 ** (1 / 0.8))
        assert without_mean.regret == np.inf


class TestDraws:
    @given(
        draws=st.lists(st.floats(-9, 9), min_size=1, max_size=12).map(np.array),
        u=st.floats(0.1, 9),
        o=st.floats(0.1, 9),
    )
    def test_no_other_capacity_costs_less(self, draws: np.ndarray, u: float, o: float) -> None:
        found = newsvendor(draws, u, o)
        each = [market.mismatch_cost(q, draws, u, o).mean() for q in draws]
        assert found.capacity in draws
        assert found.regret == pytest.approx(min(each), rel=1e-9, abs=1e-9)
        here = market.mismatch_cost(found.capacity, draws, u, o).mean()
        assert here == pytest.approx(found.regret, rel=1e-9, abs=1e-9)

    def test_agree_with_their_distribution(self) -> None:
        law = ob.between(3, 8)
        draws = law.ppf((np.arange(2**16) + 0.5) / 2**16)
        for u in (0.3, 3.0):
            one, other = newsvendor(law, u, 1.0), newsvendor(draws, u, 1.0)
            for part in ("capacity", "shortage", "surplus", "regret"):
                assert getattr(one, part) == pytest.approx(getattr(other, part), rel=1e-3)

    def test_after_a_study_and_after_evidence(self) -> None:
        def model(demand):  # type: ignore[no-untyped-def]
            return {"by_year": demand * xr.DataArray([1.0, 2.0], {"year": [2025, 2026]}, "year")}

        result = ob.Study(model, {"demand": ob.between(3, 8)}).run(4096)
        found = newsvendor(result.dataset["by_year"], 3.0, 1.0)
        assert found.capacity.dims == ("year",)
        exact = ob.between(3, 8).ppf(0.75)
        np.testing.assert_allclose(found.capacity, [exact, 2 * exact], rtol=5e-3)
        few = result.given(demand=(None, 4.0)).dataset["by_year"]
        after = newsvendor(few, 3.0, 1.0)
        share = ob.between(3, 8).cdf(4.0)
        np.testing.assert_allclose(
            after.capacity, ob.between(3, 8).ppf(0.75 * share) * np.array([1, 2]), rtol=5e-3
        )

    def test_weights_count_as_repetition(self) -> None:
        draws, counts = np.array([3.0, 1.0, 2.0, 9.0]), np.array([2, 1, 3, 0])
        weighted = xr.DataArray(draws, {"draw_weight": ("draw", counts / 6)}, "draw")
        for u in (0.2, 1.0, 5.0, 1e9):
            one = newsvendor(weighted, u, 1.0)
            other = newsvendor(np.repeat(draws, counts), u, 1.0)
            assert float(one.capacity) == other.capacity
            assert float(one.regret) == pytest.approx(other.regret)

    def test_draws_without_end(self) -> None:
        finite, endless = (
            newsvendor([1.0, 2.0, 3.0, np.inf], 1.0, 1.0),
            newsvendor([1.0, 2.0, np.inf], 3.0, 1.0),
        )
        assert (finite.capacity, finite.shortage, finite.regret) == (2, np.inf, np.inf)
        assert (endless.capacity, endless.surplus, endless.regret) == (np.inf, np.inf, np.inf)

    def test_missing_draws(self) -> None:
        found = newsvendor(np.array([[1.0, np.nan], [1.0, 2.0]]), 3.0, 1.0)
        np.testing.assert_array_equal(found.capacity, [np.nan, 2.0])

    def test_errors(self) -> None:
        with pytest.raises(ValueError, match="demand must have at least one draw"):
            newsvendor([], 3.0, 1.0)
        with pytest.raises(ValueError, match=r"write ob.between\(low, high\) for a range"):
            newsvendor((3.0, 8.0), 3.0, 1.0)
        with pytest.raises(ValueError, match=r"demand in shape \(2,\) does not go with"):
            newsvendor(np.ones((2, 5)), [3.0, 1.0, 2.0], 1.0)
        draws = xr.DataArray([1.0, 2.0], dims="draw")
        with pytest.raises(ValueError, match="demand must have dimension 'world'; there are: draw"):
            newsvendor(draws, 3.0, 1.0, dim="world")
        with pytest.raises(ValueError, match="underage and overage are one number for all of"):
            newsvendor(draws, draws, 1.0)
        for wrong in ("lots", None, stats.norm, ["a"], np.array(3.0)):
            with pytest.raises(TypeError, match="demand"):
                newsvendor(wrong, 3.0, 1.0)
        with pytest.raises(ValueError, match="demand: an impossible distribution"):
            newsvendor(stats.norm(0, -1), 3.0, 1.0)
        with pytest.warns(RuntimeWarning, match="invalid value"):
            assert np.isnan(newsvendor(stats.norm(), -3.0, 1.0).regret)


def test_too_little_costs_more_than_too_much() -> None:
    # With four to one, a fifth less than the best costs more than a fifth more.
    law = ob.between(3, 8)
    best = newsvendor(law, 4.0, 1.0)
    draws = law.ppf((np.arange(2**16) + 0.5) / 2**16)
    less, more = (
        market.mismatch_cost(factor * best.capacity, draws, 4.0, 1.0).mean()
        for factor in (0.8, 1.2)
    )
    assert less > more > best.regret


TAILS = [
    stats.f(29, 18),
    stats.f(5, 10),
    stats.rice(0.775),
    stats.pearson3(1.0),
    stats.betaprime(5, 6),
    stats.moyal(),
    stats.genlogistic(0.41),
    stats.invgauss(0.1455),
    stats.powernorm(4.4),
    stats.t(3),
    stats.weibull_min(0.3),
    stats.uniform(1e6, 1),
]


@pytest.mark.parametrize("law", TAILS, ids=lambda law: law.dist.name)
def test_tails_that_scipy_loses_are_not_followed(law) -> None:
    plan = newsvendor(law, 3.0, 1.0)
    q = float(plan.capacity)
    above = [q, *law.isf([0.2, 0.1, 1e-2, 1e-3, 1e-5, 1e-8, 1e-12])]
    below = [q, *law.ppf([0.5, 0.1, 1e-2, 1e-3, 1e-5, 1e-8, 1e-12])]
    short = sum(integrate.quad(law.sf, a, b)[0] for a, b in pairwise(above))
    idle = sum(integrate.quad(law.cdf, b, a)[0] for a, b in pairwise(below))
    assert plan.shortage == pytest.approx(short, rel=1e-6)
    assert plan.surplus == pytest.approx(idle, rel=1e-6)
    assert plan.regret == pytest.approx(3 * short + idle, rel=1e-6)


@pytest.mark.parametrize("law", [stats.alpha(3.57), stats.skewcauchy(0.5), stats.t(1.02)])
def test_what_has_no_known_mean_has_no_regret(law) -> None:
    assert not np.isfinite(newsvendor(law, 3.0, 1.0).regret)


def test_draws_that_do_not_count() -> None:
    masked = np.ma.array([1.0, 2.0, 900.0], mask=[0, 0, 1])
    assert np.isnan(newsvendor(masked, 1.0, 1.0).regret)
    weightless = xr.DataArray(
        np.arange(5.0), dims="draw", coords={"draw_weight": ("draw", np.zeros(5))}
    )
    with pytest.raises(ValueError, match="some weight"):
        newsvendor(weightless, 3.0, 1.0)


def test_costs_in_other_containers_beside_draws() -> None:
    draws = np.array([3.0, 4.0, 4.0, 5.0, 8.0])
    demand = xr.DataArray(draws, dims="draw")
    exact = [newsvendor(draws, u, 1.0).regret for u in (3.0, 0.5)]
    for kind in (list, np.array, pd.Series, lambda u: da.from_array(np.array(u))):
        found = newsvendor(demand, kind([3.0, 0.5]), 1.0).regret
        np.testing.assert_allclose(np.asarray(found), exact, rtol=1e-12)
    weighted = demand.assign_coords(draw_weight=("draw", [1.0, 0, 0, 0, 1]))
    assert newsvendor(weighted, [3.0, 0.5], 1.0).capacity.tolist() == [8, 3]
    sites = xr.DataArray([draws, 2 * draws], {"site": ["a", "b"]}, dims=("site", "draw"))
    exact[1] *= 2
    for cost in ([3.0, 0.5], pd.Series([3.0, 0.5], index=["a", "b"])):
        found = newsvendor(sites, cost, 1.0).regret
        np.testing.assert_allclose(found, exact, rtol=1e-12)
        assert found.dims == ("site",)
    with pytest.raises(ValueError, match="demand and underage have different labels"):
        newsvendor(sites, pd.Series([3.0, 0.5], index=["b", "a"]), 1.0)
    with pytest.raises(ValueError, match=r"underage in shape .* does not go along a DataArray"):
        newsvendor(sites, [3.0, 0.5, 1.0], 1.0)


def test_masked_costs_are_missing() -> None:
    costs = np.ma.MaskedArray([1.0, 99.0], mask=[False, True])
    for demand in (stats.norm(3, 1), np.array([1.0, 2.0, 3.0]), xr.DataArray([1, 2], dims="draw")):
        found = newsvendor(demand, costs, 1.0)
        for part in (found.capacity, found.shortage, found.surplus):
            assert np.isnan(part).tolist() == [False, True]


def test_lazy_costs_stay_lazy() -> None:
    costs = da.from_array(np.array([1.0, 3.0]), 1)
    found = newsvendor(stats.norm(3, 1), costs, 1.0)
    assert isinstance(found.capacity, da.Array)
    exact = 3 + stats.norm.ppf([0.5, 0.75])
    np.testing.assert_allclose(found.capacity.compute(), exact, rtol=1e-12)


def test_costs_of_other_labels_are_refused() -> None:
    demand = pd.DataFrame([[1.0, 2, 3], [10, 20, 30]], index=["x", "y"])
    with pytest.raises(ValueError, match="cannot be matched"):
        newsvendor(demand, pd.Series({"y": 9.0, "x": 1.0}), 1.0)


def zeta(s: float) -> float:
    return float(special.zeta(s))


@pytest.mark.parametrize(
    ("demand", "mean"),
    [
        (stats.zipf(4.0), zeta(3) / zeta(4)),
        (stats.zipf(6.0, loc=-3), zeta(5) / zeta(6) - 3),
        (stats.logser(0.5), 1 / math.log(2)),
        (stats.yulesimon(3.0), 1.5),
        (stats.skellam(10, 20), -10.0),
        (stats.betabinom(50, 2, 3), 20.0),
        (stats.zipfian(2.5, 1_000), None),
        (stats.hypergeom(200, 70, 30), 10.5),
    ],
)
@pytest.mark.parametrize("ratio", [0.2, 0.5, 0.75, 0.999])
def test_whole_numbers_that_scipy_searches(demand: Any, mean: float | None, ratio: float) -> None:
    found = newsvendor(demand, ratio, 1 - ratio)
    q = float(found.capacity)
    assert demand.cdf(q) >= ratio * (1 - 1e-12)
    assert demand.cdf(q - 1) < ratio
    # Their difference is the mean, and one of them a short sum.
    mean = float(demand.mean()) if mean is None else mean
    first = demand.support()[0] if np.isfinite(demand.support()[0]) else -200.0
    below = np.arange(first, q)
    surplus = float((q - below) @ demand.pmf(below))
    assert found.surplus == pytest.approx(surplus, rel=1e-9, abs=1e-12)
    assert found.shortage == pytest.approx(mean - q + surplus, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(
    "demand",
    [
        stats.zipf(1.01),
        stats.zipf(1.1),
        stats.zipf(1.5),
        stats.zipf(1.5, loc=7),
        stats.zipf(2.0),
        stats.zipf(3.0),
        stats.yulesimon(0.05),
        stats.yulesimon(0.5),
        stats.yulesimon(1.5),
        stats.betanbinom(5, 0.5, 0.5),
        stats.logser(0.999_999),
        stats.geom(1e-9),
        stats.randint(0, 10**9),
        stats.zipfian(1.2, 10**9),
    ],
    ids=lambda law: f"{law.dist.name}{law.args}",
)
def test_whole_numbers_without_end_are_refused(demand: Any) -> None:
    # For ever, once: each of them would be looked for beyond all that can be summed.
    with pytest.raises(ValueError, match=r"^demand.*; use a continuous distribution"):
        newsvendor(demand, 3.0, 1.0)
