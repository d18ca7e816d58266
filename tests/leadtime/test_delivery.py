"""From orders to arrivals: against NumPy's convolution and matrix product, and by law."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.linalg import toeplitz

import overbuild as ob

lead = ob.leadtime
RNG = np.random.default_rng(0)
SHARES = np.array([0.0, 0.5, 0.3, 0.15, 0.05])


@st.composite
def order_books(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    periods, lags = draw(st.integers(1, 20)), draw(st.integers(1, 25))
    orders = draw(arrays(float, periods, elements=st.floats(0, 1e6)))
    weights = draw(arrays(float, lags, elements=st.floats(0, 1)).filter(lambda w: w.sum() > 0.01))
    return orders, weights / weights.sum()


class TestDeliveries:
    @pytest.mark.parametrize(("periods", "lags"), [(1, 1), (7, 3), (24, 24), (5, 9), (60, 40)])
    def test_rows_are_numpys_convolutions(self, periods: int, lags: int) -> None:
        orders = RNG.uniform(0, 100, (19, periods))
        own = RNG.dirichlet(np.ones(lags), 19)
        pairs = zip(orders, own, strict=True)
        expected = [np.convolve(row, shares)[:periods] for row, shares in pairs]
        np.testing.assert_allclose(lead.deliveries(orders, own), expected, rtol=1e-13)
        column = np.zeros(periods)
        column[: min(lags, periods)] = own[0, :periods]
        matrix = toeplitz(column, np.zeros(periods)).T
        np.testing.assert_allclose(lead.deliveries(orders, own[0]), orders @ matrix, rtol=1e-13)

    def test_it_is_the_convolution_of_vintages(self) -> None:
        orders, shares = RNG.uniform(0, 100, (9, 12)), RNG.dirichlet(np.ones(5))
        assert (lead.deliveries(orders, shares) == ob.capex.vintages(orders, shares)).all()

    @given(order_books())
    def test_never_more_than_was_ordered_and_all_of_it_in_the_end(
        self, book: tuple[np.ndarray, np.ndarray]
    ) -> None:
        orders, shares = book
        later = np.append(orders, np.zeros(shares.size))
        found = lead.deliveries(later, shares)
        assert (found >= 0).all()
        assert (np.cumsum(found) <= np.cumsum(later) * (1 + 1e-12)).all()
        assert found.sum() == pytest.approx(orders.sum(), rel=1e-12)
        # A longer horizon does not change what comes within a shorter one.
        assert (lead.deliveries(orders, shares) == found[: orders.size]).all()
        assert (lead.backlog(later, found) >= 0).all()

    @given(order_books(), st.floats(0, 10), st.integers(0, 5))
    def test_linear_and_the_same_at_any_time(
        self, book: tuple[np.ndarray, np.ndarray], factor: float, shift: int
    ) -> None:
        orders, shares = book
        found, other = lead.deliveries(orders, shares), orders[::-1]
        np.testing.assert_allclose(
            lead.deliveries(factor * orders + other, shares),
            factor * found + lead.deliveries(other, shares),
            rtol=1e-9,
            atol=1e-6,
        )
        moved = lead.deliveries(np.append(np.zeros(shift), orders), shares)
        assert (moved[shift:] == found).all()
        assert (moved[:shift] == 0).all()

    def test_a_distribution_is_discretised(self) -> None:
        orders = RNG.uniform(0, 100, (3, 8))
        gamma = stats.gamma(4, scale=0.7)
        shares = np.diff(gamma.cdf(np.arange(9)))
        np.testing.assert_allclose(
            lead.deliveries(orders, gamma),
            [np.convolve(row, shares)[:8] for row in orders],
            rtol=1e-12,
        )

    def test_parameters_of_a_distribution_may_differ_by_row(self) -> None:
        scales = np.array([0.5, 1.0, 2.0])
        found = lead.deliveries([100, 50, 0, 0], stats.expon(scale=scales))
        for row, scale in zip(found, scales, strict=True):
            expected = lead.deliveries([100, 50, 0, 0], stats.expon(scale=scale))
            np.testing.assert_allclose(row, expected, rtol=1e-14)

    def test_simulated_orders_arrive_as_expected(self) -> None:
        rng = np.random.default_rng(1)
        orders = np.array([3_000, 0, 5_000, 1_000, 0, 0])
        placed = np.repeat(np.arange(6), orders)
        arrives = placed + np.floor(rng.weibull(1.8, placed.size) * 2.5).astype(int)
        counted = np.bincount(arrives, minlength=6)[:6]
        expected = lead.deliveries(orders, stats.weibull_min(1.8, scale=2.5))
        assert (np.abs(counted - expected) < 4 * np.sqrt(expected) + 1).all()

    @pytest.mark.parametrize(
        ("shares", "message"),
        [
            ([0.5, 0.4], r"lead_time must hold shares that sum to 1, got 0\.9$"),
            ([[0.5, 0.5], [0.5, 0.6]], r"sum to 1, got 1\.1 in 1 of 2 rows"),
            ([1.5, -0.5], r"shares from 0 to 1 by lag, got 1\.5"),
            ([], "sum to 1, got 0"),
            (stats.norm(3, 1), r"lead times below 0 a probability of 0\.00135"),
            (xr.DataArray([1.0], dims="age"), "must have dimension 'lag'; there are: age"),
        ],
    )
    def test_what_is_no_lead_time(self, shares: object, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            lead.deliveries(np.ones((2, 3)), shares)

    def test_rounding_makes_no_share_less_than_nothing(self) -> None:
        orders = [100.0, 1e300, 50.0, 0.0]
        exact = lead.deliveries(orders, [0.0, 0.25, 0.75, 0.0])
        for tiny in (-2.8e-17, -9e-10):
            table = np.array([0.0, 0.25, 0.75, tiny])
            for one in (table.tolist(), table, np.array([table] * 9), da.from_array(table)):
                found = np.asarray(lead.deliveries(orders, one))
                np.testing.assert_array_equal(found, np.broadcast_to(exact, found.shape))
            whole = lead.deliveries(orders, [1.0 - tiny, tiny])
            np.testing.assert_array_equal(whole, orders)
        with pytest.raises(ValueError, match="shares from 0 to 1 by lag, got -2e-09"):
            lead.deliveries(orders, [0.0, 0.25, 0.75, -2e-9])
        assert lead.order_by(10, [0.0, 1.0, -2.8e-17], confidence=0.9) == 9

    def test_shares_in_single_precision(self) -> None:
        orders = [100.0, 0.0, 50.0, 0.0]
        for shares in ([0.1, 0.2, 0.7], [0.1, 0.9, -6e-8]):
            expected = lead.deliveries(orders, np.maximum(shares, 0.0))
            table = np.array(shares, np.float32)
            for one in (table, np.array([table] * 2), da.from_array(table)):
                found = np.asarray(lead.deliveries(orders, one))
                np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=1e-6)
        with pytest.raises(ValueError, match="sum to 1"):
            lead.deliveries(orders, np.array([0.1, 0.2], np.float32))

    def test_an_infinite_order_is_no_fault_of_the_lead_time(self) -> None:
        with np.errstate(invalid="ignore"):
            found = lead.deliveries([[np.inf, 1.0]], [[0.0, 1.0]])
        np.testing.assert_array_equal(found, [[np.nan, np.inf]])
        with pytest.warns(RuntimeWarning, match="invalid value"):
            lead.deliveries([[np.inf, 1.0]], [[0.0, 1.0]])

    def test_a_lazy_order_book_has_its_lead_times_checked_at_once(self) -> None:
        with pytest.raises(ValueError, match=r"sum to 1, got 0\.9 in 2 of 2 rows"):
            lead.deliveries(da.ones((2, 3)), [[0.5, 0.4], [0.4, 0.5]])

    def test_what_is_no_lead_time_at_all(self) -> None:
        with pytest.raises(TypeError, match=r"lead_time must be a frozen distribution or shares"):
            lead.deliveries([1.0, 2.0], "soon")
        with pytest.raises(TypeError, match="distribution must be a frozen distribution"):
            lead.discretize(stats.gamma, 3)
        with pytest.raises(ValueError, match="dim is 'lag'"):
            lead.deliveries([1.0], [1.0], dim="lag")

    def test_missing_numbers_come_through_in_silence(self) -> None:
        found = lead.deliveries([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]], [1.0])
        np.testing.assert_array_equal(found, [[1, np.nan, 3], [1, 2, 3]])
        own = [[0.5, np.nan], [0.5, 0.5]]
        assert np.isnan(lead.deliveries([1.0, 2.0], own)).any(axis=1).tolist() == [True, False]

    def test_labels_stay_and_lags_are_no_periods(self) -> None:
        orders = xr.DataArray(
            RNG.uniform(0, 9, (2, 5)),
            coords={"site": ["a", "b"], "period": [2024, 2025, 2026, 2027, 2028]},
            dims=("site", "period"),
        )
        own = xr.DataArray(RNG.dirichlet(np.ones(3), 4), dims=("draw", "lag"))
        found = lead.deliveries(orders, own)
        assert dict(found.sizes) == {"site": 2, "draw": 4, "period": 5}
        assert found["period"].equals(orders["period"])
        np.testing.assert_allclose(
            found.sel(site="b")[2], np.convolve(orders[1], own[2])[:5], rtol=1e-14
        )
        np.testing.assert_array_equal(
            lead.deliveries(orders, own[0].values), found.isel(draw=0).transpose("site", "period")
        )
        for plan in (orders.T, orders.rename(period="month").T):
            dim = plan.dims[0]
            again = lead.deliveries(plan, own[0], dim=dim)
            np.testing.assert_array_equal(again, found.isel(draw=0))
        with pytest.raises(ValueError, match="lead_time is a table for all of 'period'"):
            lead.deliveries(orders, own.expand_dims(period=5))

    def test_frames_keep_their_labels(self) -> None:
        frame = pd.DataFrame([[8.0, 0, 4], [1, 2, 3]], index=["a", "b"], columns=[7, 8, 9])
        found = lead.deliveries(frame, [0.5, 0.5])
        expected = pd.DataFrame([[4.0, 4, 2], [0.5, 1.5, 2.5]], index=["a", "b"], columns=[7, 8, 9])
        pd.testing.assert_frame_equal(found, expected)
        own = pd.DataFrame([[1.0, 0.0], [0.0, 1.0]], index=["a", "b"])
        assert lead.deliveries(frame, own).loc["b"].tolist() == [0, 1, 2]
        with pytest.raises(ValueError, match="different labels for places"):
            lead.deliveries(frame, own.rename(index={"b": "c"}))
        series = lead.deliveries(frame.loc["a"], pd.Series([0.5, 0.5], index=["now", "later"]))
        assert series.to_dict() == {7: 4, 8: 4, 9: 2}

    def test_lazy_arrays_stay_lazy_and_are_checked_when_computed(self) -> None:
        orders, own = RNG.uniform(0, 9, (8, 6)), RNG.dirichlet(np.ones(4), 8)
        expected = lead.deliveries(orders, own)
        chunked = da.from_array(orders, chunks=(3, 2))
        for shares in (own, da.from_array(own, chunks=(3, 2))):
            found = lead.deliveries(chunked, shares)
            assert isinstance(found, da.Array)
            np.testing.assert_array_equal(found.compute(), expected)
        named = xr.DataArray(chunked, dims=("site", "period"))
        table = xr.DataArray(da.from_array(own, chunks=(3, 2)), dims=("site", "lag"))
        found = lead.deliveries(named, table)
        assert isinstance(found.data, da.Array)
        np.testing.assert_array_equal(found, expected)
        wrong = lead.deliveries(named, table * 2)
        with pytest.raises(ValueError, match=r"lead_time must hold shares"):
            wrong.compute()


class TestDiscretize:
    @pytest.mark.parametrize(
        "distribution",
        [stats.gamma(3), stats.lognorm(0.4, scale=6), stats.uniform(2, 3), stats.weibull_min(2)],
        ids=lambda frozen: frozen.dist.name,
    )
    @pytest.mark.parametrize("placed", [0.0, 0.25, 1.0])
    def test_shares_are_those_of_draws(self, distribution: object, placed: float) -> None:
        draws = distribution.rvs(200_000, random_state=1)
        counted = np.bincount(np.floor(draws + placed).astype(int), minlength=50)[:50] / draws.size
        found = lead.discretize(distribution, 50, placed=placed)
        np.testing.assert_allclose(found, counted, atol=0.004)
        assert found.sum() == pytest.approx(1 - distribution.sf(50 - placed), rel=1e-12)

    def test_whole_numbers_are_their_own_lags(self) -> None:
        poisson = stats.poisson(3)
        found = lead.discretize(poisson, 12)
        np.testing.assert_allclose(found, poisson.pmf(np.arange(12)), rtol=1e-12)
        # Late in its period, an order that takes two periods comes no later.
        found = lead.discretize(stats.randint(2, 3), 4, placed=0.9)
        assert found.tolist() == [0, 0, 1, 0]

    def test_far_tails_keep_their_digits(self) -> None:
        found = lead.discretize(stats.expon(), 60)
        expected = -np.expm1(-1.0) * np.exp(-np.arange(60.0))
        np.testing.assert_allclose(found, expected, rtol=1e-13)

    def test_arguments(self) -> None:
        for placed in (-0.1, 1.1, np.nan):
            with pytest.raises(ValueError, match="placed must be from 0 to 1"):
                lead.discretize(stats.expon(), 3, placed=placed)
        with pytest.raises(ValueError, match="lags must be at least 1"):
            lead.discretize(stats.expon(), 0)
        assert np.isnan(lead.discretize(stats.expon(scale=[1.0, np.nan]), 3)).any(-1).tolist() == [
            False,
            True,
        ]


class TestBacklog:
    def test_it_is_running_sums(self) -> None:
        orders, arrivals = RNG.uniform(5, 9, (3, 10)), RNG.uniform(0, 5, (3, 10))
        expected = 7 + np.cumsum(orders - arrivals, axis=1)
        np.testing.assert_allclose(lead.backlog(orders, arrivals, 7.0), expected, rtol=1e-12)

    @settings(max_examples=50)
    @example((np.array([5e-324]), np.array([0.5, 0.5])))
    @given(order_books())
    def test_after_the_longest_lead_time_nothing_is_open(
        self, book: tuple[np.ndarray, np.ndarray]
    ) -> None:
        orders, shares = book
        later = np.append(orders, np.zeros(shares.size))
        open_orders = lead.backlog(later, lead.deliveries(later, shares))
        assert (open_orders >= 0).all()
        # Each product of an order and a share is off by half the smallest number at the most.
        underflow = 0.5 * np.finfo(float).smallest_subnormal * orders.size * shares.size
        assert open_orders[-1] <= 1e-9 * orders.sum() + max(
            underflow, np.finfo(float).smallest_subnormal
        )

    def test_more_than_was_ordered_cannot_be_delivered(self) -> None:
        with pytest.warns(RuntimeWarning, match="invalid value"):
            found = lead.backlog([1.0, 1.0, 1.0], [0.0, 3.0, 0.0])
        np.testing.assert_array_equal(found, [1.0, np.nan, 0.0])
        assert lead.backlog([1.0, 1.0], [2.0, 0.0], opening=1.0).tolist() == [0, 1]


class TestInstalled:
    @pytest.mark.parametrize("life", [0.0, 0.4, 1.0, 2.5, 7.0, 100.0])
    def test_a_unit_serves_its_life(self, life: float) -> None:
        one = np.zeros(12)
        one[0] = 3.0
        found = lead.installed(one, life)
        assert found.sum() == pytest.approx(3.0 * min(life, 12), rel=1e-14)
        if life:
            schedule = ob.capex.straight_line(cost=3.0 * life, salvage=0, life=life, periods=12)
            np.testing.assert_allclose(found, schedule, rtol=1e-14)

    def test_without_a_life_all_stay(self) -> None:
        arrivals = RNG.uniform(0, 9, (4, 9))
        np.testing.assert_allclose(lead.installed(arrivals), np.cumsum(arrivals, axis=1))

    def test_lives_differ_by_row(self) -> None:
        lives = xr.DataArray([1.0, 2.5], dims="draw")
        found = lead.installed(xr.DataArray([8.0, 0, 4, 0, 0], dims="period"), lives)
        np.testing.assert_array_equal(
            found.transpose("draw", "period"), [[8, 0, 4, 0, 0], [8, 8, 8, 4, 2]]
        )

    def test_outside_of_the_domain(self) -> None:
        with pytest.warns(RuntimeWarning, match="invalid value"):
            assert np.isnan(lead.installed([1.0, 2.0], -1.0)).all()
        assert np.isnan(lead.installed([1.0, 2.0], np.nan)).all()
