"""Elasticities, lags and what they do to spend, against closed forms and step by step."""

from __future__ import annotations

import dask.array as da
import mpmath
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st

import overbuild as ob

market = ob.market
falls = st.floats(1e-3, 0.999)
speeds = st.floats(0.01, 0.99)
kinds = st.sampled_from(["linear", "log"])


class TestElasticity:
    def test_a_twentieth_of_the_price(self) -> None:
        found = market.constant_elasticity(0.05, -1.11)
        assert found.quantity == pytest.approx(27.8, abs=0.05)
        assert found.spend == pytest.approx(1.39, abs=0.005)
        steep = market.constant_elasticity(0.05, -1.57)
        assert (steep.quantity, steep.spend) == pytest.approx((110.3, 5.5), rel=0.01)

    @given(price=st.floats(1e-6, 1e6), elasticity=st.floats(-5, 0))
    def test_laws(self, price: float, elasticity: float) -> None:
        found = market.constant_elasticity(price, elasticity)
        assert found.spend == pytest.approx(price * found.quantity, rel=1e-12)
        assert np.log(found.quantity) == pytest.approx(elasticity * np.log(price), abs=1e-9)
        # Two changes are one.
        twice = market.constant_elasticity(price**0.5, elasticity).quantity ** 2
        assert twice == pytest.approx(found.quantity, rel=1e-9)

    @given(price=st.floats(1e-300, 1e300))
    def test_at_minus_one_spend_stays_to_the_last_bit(self, price: float) -> None:
        assert market.constant_elasticity(price, -1).spend == 1.0
        assert market.constant_elasticity(price, 0).quantity == 1.0

    @pytest.mark.parametrize(("price", "elasticity"), [(0.05, 1.11), (0, -1), (-0.5, -1)])
    def test_what_is_no_fall_or_lacks_its_sign(self, price: float, elasticity: float) -> None:
        with pytest.warns(RuntimeWarning, match="invalid value"):
            found = market.constant_elasticity(price, elasticity)
        assert np.isnan(found.quantity)
        assert np.isnan(found.spend)

    def test_containers(self) -> None:
        index = pd.Index(["open", "closed"])
        found = market.constant_elasticity(0.25, pd.Series([-1.0, -2.0], index=index))
        pd.testing.assert_series_equal(found.quantity, pd.Series([4.0, 16.0], index=index))
        lazy = xr.DataArray(da.full(4, 0.25, chunks=2), dims="draw", attrs={"unit": "ratio"})
        spend = market.constant_elasticity(lazy, xr.DataArray([-1.0, -2.0], dims="case")).spend
        assert isinstance(spend.data, da.Array)
        assert spend.dims == ("draw", "case")
        assert spend.values.tolist() == [[1.0, 4.0]] * 4
        with pytest.raises(TypeError, match="elasticity must be a number"):
            market.constant_elasticity(0.5, "elastic")


class TestAdjust:
    @given(
        target=st.lists(st.floats(0.1, 10), min_size=1, max_size=8),
        speed=st.floats(0, 1),
        initial=st.floats(0.1, 10),
    )
    def test_step_by_step(self, target: list[float], speed: float, initial: float) -> None:
        level, log_level, exact, exact_log = initial, initial, [], []
        for aim in target:
            level += speed * (aim - level)
            log_level *= (aim / log_level) ** speed
            exact.append(level)
            exact_log.append(log_level)
        np.testing.assert_allclose(market.adjust(target, speed, initial), exact, rtol=1e-12)
        found = market.adjust(target, speed, initial, kind="log")
        np.testing.assert_allclose(found, exact_log, rtol=1e-12)

    def test_at_once_or_never(self) -> None:
        assert market.adjust([5, 7, 3], 1).tolist() == [5, 7, 3]
        assert market.adjust([5, 7, 3], 0).tolist() == [1, 1, 1]
        np.testing.assert_allclose(market.adjust([5, 7, 3], 1, kind="log"), [5, 7, 3], rtol=1e-14)

    def test_labels(self) -> None:
        speeds = xr.DataArray([0.5, 1.0], dims="draw")
        target = xr.DataArray([9.0, 9.0, 9.0], {"period": [1, 2, 3]}, "period")
        found = market.adjust(target, speeds)
        assert found.sel(draw=0).values.tolist() == [5, 7, 8]
        assert found["period"].values.tolist() == [1, 2, 3]
        table = pd.DataFrame([[9.0, 9.0], [3.0, 3.0]], index=["a", "b"], columns=["Q1", "Q2"])
        by_row = market.adjust(table, pd.Series([0.5, 1.0], index=["a", "b"]))
        expected = pd.DataFrame([[5.0, 7.0], [3.0, 3.0]], table.index, table.columns)
        pd.testing.assert_frame_equal(by_row, expected)
        by_year = market.adjust(target.rename(period="year"), 0.5, dim="year")
        assert by_year.dims == ("year",)

    def test_errors(self) -> None:
        with pytest.raises(ValueError, match="kind must be 'linear' or 'log', got 'cubic'"):
            market.adjust([1.0], 0.5, kind="cubic")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="speed is one number for all of 'period'"):
            market.adjust([1.0, 2.0], xr.DataArray([0.1, 0.2], dims="period"))
        for speed, kind, target in ((1.5, "linear", 1), (-0.1, "log", 1), (0.5, "log", 0)):
            with pytest.warns(RuntimeWarning, match="invalid value"):
                assert np.isnan(market.adjust([target], speed, kind=kind)).all()  # type: ignore[arg-type]
        found = market.adjust([9, np.nan, 9], 0.5)
        np.testing.assert_array_equal(found, [5, np.nan, np.nan])


class TestPainPeriod:
    @given(price=falls, elasticity=st.floats(-4, 0), speed=speeds, kind=kinds)
    def test_agrees_with_the_steps(
        self, price: float, elasticity: float, speed: float, kind: str
    ) -> None:
        assume(elasticity >= -1 or elasticity < -1.01)
        found = market.pain_period(price, elasticity, speed, kind=kind)  # type: ignore[arg-type]
        target = market.constant_elasticity(price, elasticity).quantity
        path = price * market.adjust(np.full(2_000, target), speed, kind=kind)  # type: ignore[arg-type]
        below = np.flatnonzero(path < 1 - 1e-12)
        assert found.depth == pytest.approx(max(1 - path.min(), 0), abs=1e-12)
        if elasticity >= -1:
            assert found.length == np.inf
        else:
            # At whole numbers of periods below the length, and at no others.
            assert below.size == (below[-1] + 1 if below.size else 0)
            assert below.size - 1e-6 <= found.length <= below.size + 1 + 1e-6

    @given(price=falls, elasticity=st.floats(-40, -1.000001), speed=st.floats(1e-6, 0.999))
    def test_closed_forms_in_high_precision(
        self, price: float, elasticity: float, speed: float
    ) -> None:
        with mpmath.workdps(60):
            p, e, log_kept = mpmath.mpf(price), mpmath.mpf(elasticity), mpmath.log1p(-speed)
            linear = mpmath.log((p ** (1 + e) - 1) / (p ** (1 + e) - p)) / log_kept
            log = mpmath.log(1 + 1 / e) / log_kept
        found = market.pain_period(price, elasticity, speed).length
        assert found == pytest.approx(float(linear), rel=1e-9)
        found = market.pain_period(price, elasticity, speed, kind="log").length
        assert found == pytest.approx(float(log), rel=1e-9)

    def test_with_logarithms_the_price_does_not_matter(self) -> None:
        found = market.pain_period([0.9, 0.5, 0.05], -1.25, 0.5, kind="log")
        np.testing.assert_allclose(found.length, np.log(0.2) / np.log(0.5), rtol=1e-12)

    def test_no_fall_no_pain(self) -> None:
        for kind in ("linear", "log"):
            found = market.pain_period(1.0, [-2.0, -1.0, 0.0], 0.5, kind=kind)  # type: ignore[arg-type]
            assert found.length.tolist() == found.depth.tolist() == [0, 0, 0]
            never = market.pain_period(0.5, -3.0, 0.0, kind=kind)  # type: ignore[arg-type]
            assert (never.length, never.depth) == (np.inf, 0.5)

    @pytest.mark.parametrize("wrong", [(1.5, -1.1, 0.5), (0.5, 1.1, 0.5), (0.5, -1.1, 1.5)])
    def test_errors(self, wrong: tuple[float, float, float]) -> None:
        with pytest.warns(RuntimeWarning, match="invalid value"):
            found = market.pain_period(*wrong)
        assert np.isnan(found.length)
        assert np.isnan(found.depth)
        with pytest.raises(ValueError, match="kind must be"):
            market.pain_period(0.5, -1.1, 0.5, kind="")  # type: ignore[arg-type]


class TestEfficiencyShock:
    def test_jevons(self) -> None:
        found = market.efficiency_shock(0.05, [-1.11, -1.0, -0.5])
        np.testing.assert_allclose(found.compute, 0.05 ** np.array([-0.11, 0.0, 0.5]), rtol=1e-12)
        np.testing.assert_array_equal(found.spend[1], 1.0)

    @given(
        cost=st.floats(0.01, 2),
        elasticity=st.floats(-3, 0),
        passed=st.floats(0, 1),
        affected=st.floats(0, 1),
    )
    def test_by_hand(self, cost: float, elasticity: float, passed: float, affected: float) -> None:
        found = market.efficiency_shock(cost, elasticity, passed, affected)
        price = 1 - passed * (1 - cost)
        tasks = price**elasticity
        exact = (
            price,
            tasks,
            1 + affected * (cost * tasks - 1),
            1 + affected * (price * tasks - 1),
        )
        given = (found.price, found.tasks, found.compute, found.spend)
        np.testing.assert_allclose(given, exact, rtol=1e-9)

    def test_a_saving_that_buyers_do_not_get_only_frees_compute(self) -> None:
        found = market.efficiency_shock(0.05, -3.0, pass_through=0.0)
        assert (found.price, found.tasks, found.compute, found.spend) == (1, 1, 0.05, 1)

    @pytest.mark.parametrize(
        "wrong",
        [{"cost_ratio": 0}, {"elasticity": 1.11}, {"pass_through": 1.1}, {"affected": -0.1}],
    )
    @pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
    def test_errors(self, wrong: dict[str, float]) -> None:
        found = market.efficiency_shock(**({"cost_ratio": 0.05, "elasticity": -1.11} | wrong))
        assert np.isnan(found.compute)


def test_in_a_study() -> None:
    def model(price_ratio, elasticity, speed):  # type: ignore[no-untyped-def]
        target = market.constant_elasticity(price_ratio, elasticity)
        path = market.adjust(xr.DataArray(np.ones(8), dims="period") * target.quantity, speed)
        return {
            "spend": target.spend,
            "path": path,
            "length": market.pain_period(price_ratio, elasticity, speed).length,
        }

    inputs = {
        "price_ratio": ob.between(0.03, 0.08),
        "elasticity": ob.uniform(-1.57, -1.08),
        "speed": ob.beta(0.1, 0.3),
    }
    result = ob.Study(model, inputs).run(4096, seed=3)
    data = result.dataset
    assert data["path"].dims == ("draw", "period")
    np.testing.assert_allclose(
        data["spend"], data["price_ratio"] ** (1 + data["elasticity"]), rtol=1e-12
    )
    assert (data["length"] > 0).all()
