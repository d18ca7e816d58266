"""Implied utilization, prices, break-even and fleets: known answers and laws."""

from __future__ import annotations

import itertools

import dask.array as da
import mpmath
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import overbuild as ob

use = ob.utilization
amounts = st.floats(1e-3, 1e12)
shares = st.floats(1e-6, 1.0)


def test_the_note() -> None:
    assert use.fleet_hours(250_000, 8_760) == 2.19e9
    assert use.implied(3e8, 0.62, 250_000 * 8_760) == pytest.approx(0.220946, abs=5e-7)
    assert use.implied_price(0.62, 1.9154e9, 3e8) == pytest.approx(3.9585, abs=5e-5)


@given(hours=amounts, share=shares, fleet=amounts)
def test_implied_against_mpmath(hours: float, share: float, fleet: float) -> None:
    exact = mpmath.mpf(hours) / mpmath.mpf(share) / mpmath.mpf(fleet)
    assert use.implied(hours, share, fleet) == pytest.approx(float(exact), rel=1e-15)


@given(share=shares, revenue=amounts, hours=amounts, fleet=amounts)
def test_both_routes_agree_at_the_implied_price(
    share: float, revenue: float, hours: float, fleet: float
) -> None:
    price = use.implied_price(share, revenue, hours)
    assert use.implied_by_revenue(revenue, price, fleet) == pytest.approx(
        float(use.implied(hours, share, fleet)), rel=1e-14
    )


@given(fixed=amounts, variable=amounts, margin=amounts, fleet=amounts, scale=st.floats(1e-6, 1e6))
def test_at_break_even_revenue_covers_cost_in_any_currency(
    fixed: float, variable: float, margin: float, fleet: float, scale: float
) -> None:
    price = variable + margin
    level = use.break_even(fixed, variable, price, fleet)
    hours = level * fleet
    # The margin is a difference of what is given, so it is known to the last bit of the price.
    assert hours * (price - variable) == pytest.approx(fixed, rel=1e-12)
    if margin > 1e-3 * variable:
        scaled = use.break_even(fixed * scale, variable * scale, price * scale, fleet)
        assert scaled == pytest.approx(float(level), rel=1e-10)


def test_a_utilization_above_one_is_returned() -> None:
    assert use.implied(3e9, 0.5, 1e9) == 6.0
    assert use.implied_by_revenue(9.0, 1.0, 3.0) == 3.0


def test_no_price_at_or_below_the_variable_cost_breaks_even() -> None:
    np.testing.assert_array_equal(
        use.break_even(1.0, 2.0, [1.0, 2.0, 3.0], 1.0), [np.inf, np.inf, 1.0]
    )
    assert use.break_even(0.0, 2.0, 1.0, 1.0) == 0.0


@pytest.mark.parametrize(
    ("function", "good", "bad"),
    [
        (use.implied, (1.0, 0.5, 1.0), {0: [-1e-300], 1: [0, -0.1, 1 + 2e-16, 62], 2: [0, -1]}),
        (use.implied_by_revenue, (1.0, 1.0, 1.0), {0: [-1], 1: [0, -1], 2: [0, -1]}),
        (use.implied_price, (0.5, 1.0, 1.0), {0: [0, 1.5], 1: [-1], 2: [-1]}),
        (use.break_even, (1.0, 0.5, 1.0, 1.0), {0: [-1], 1: [-1], 2: [0, -1], 3: [0, -1]}),
    ],
)
def test_domains(function, good, bad) -> None:
    assert np.isfinite(function(*good))
    for position, values in bad.items():
        for value in values:
            arguments = list(good)
            arguments[position] = value
            with pytest.warns(RuntimeWarning, match="invalid value"):
                assert np.isnan(function(*arguments))


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_nothing_used_is_no_utilization(zero: float) -> None:
    assert use.implied(zero, 0.5, 1.0) == 0
    assert use.implied_by_revenue(zero, 1.0, 1.0) == 0
    assert use.implied_price(0.5, zero, 1.0) == 0


def test_keywords_of_ufuncs_pass_through() -> None:
    out = np.zeros(3)
    assert use.implied(1.0, [0.5, 0.2, 0.1], 1.0, out=out, where=[True, False, True]) is out
    np.testing.assert_array_equal(out, [2.0, 0.0, 10.0])


class TestFleetRamp:
    @given(opening=amounts, closing=amounts, periods=st.integers(1, 60))
    def test_linear_is_the_trapezoid_of_each_period(
        self, opening: float, closing: float, periods: int
    ) -> None:
        ends = np.linspace(opening, closing, periods + 1)
        found = use.fleet_ramp(opening, closing, periods)
        np.testing.assert_allclose(found, (ends[1:] + ends[:-1]) / 2, rtol=1e-12)

    @given(opening=amounts, closing=amounts, periods=st.integers(1, 60))
    def test_exponential_is_the_logarithmic_mean_of_each_period(
        self, opening: float, closing: float, periods: int
    ) -> None:
        found = use.fleet_ramp(opening, closing, periods, kind="exponential")
        with mpmath.workdps(40):
            growth = mpmath.mpf(closing) / mpmath.mpf(opening)
            ends = [opening * growth ** (mpmath.mpf(k) / periods) for k in range(periods + 1)]
            exact = [
                float((b - a) / mpmath.log(b / a)) if opening != closing else opening
                for a, b in itertools.pairwise(ends)
            ]
        np.testing.assert_allclose(found, exact, rtol=1e-13)

    def test_growth_by_more_than_a_number_can_hold(self) -> None:
        found = use.fleet_ramp(1e-300, 1e300, 2, kind="exponential")
        assert np.isfinite(found).all()
        assert found[0] < found[1] < 1e300

    def test_a_fleet_that_stays(self) -> None:
        for kind in ("linear", "exponential"):
            np.testing.assert_array_equal(use.fleet_ramp(7, 7, 3, kind=kind), [7, 7, 7])

    def test_the_new_axis_is_last(self) -> None:
        opening = np.arange(1.0, 7.0).reshape(2, 3)
        found = use.fleet_ramp(opening, 10.0, periods=4)
        assert found.shape == (2, 3, 4)
        np.testing.assert_array_equal(found[1, 2], use.fleet_ramp(6.0, 10.0, periods=4))

    def test_labels_are_kept(self) -> None:
        array = xr.DataArray([1.0, 2.0], dims="draw", coords={"draw": [5, 6]})
        found = use.fleet_ramp(array, 10.0, periods=3)
        assert found.dims == ("draw", "period")
        assert list(found.draw.values) == [5, 6]
        assert use.fleet_ramp(array.chunk(draw=1), 10.0, periods=3).chunks is not None

        series = pd.Series([1.0, 2.0], index=["a", "b"])
        frame = use.fleet_ramp(series, 10.0, periods=3)
        assert isinstance(frame, pd.DataFrame)
        assert list(frame.index) == ["a", "b"]
        assert frame.columns.name == "period"
        np.testing.assert_array_equal(frame.to_numpy(), found.values)

        lazy = use.fleet_ramp(da.from_array(np.array([1.0, 2.0]), chunks=1), 10.0, periods=3)
        assert isinstance(lazy, da.Array)
        np.testing.assert_array_equal(lazy.compute(), found.values)

    def test_errors_name_the_argument(self) -> None:
        with pytest.raises(ValueError, match="periods must be at least 1, got 0"):
            use.fleet_ramp(1, 2, 0)
        with pytest.raises(TypeError):
            use.fleet_ramp(1, 2, 2.5)
        with pytest.raises(ValueError, match="kind must be 'linear' or 'exponential', got 'log'"):
            use.fleet_ramp(1, 2, 2, kind="log")
        with pytest.raises(ValueError, match="'period' is to be made, but opening_gpus"):
            use.fleet_ramp(xr.DataArray([1.0], dims="period"), 2, 2)
        other = pd.Series([1.0], index=["z"])
        with pytest.raises(ValueError, match="have different labels for places"):
            use.fleet_ramp(pd.Series([1.0], index=["a"]), other, 2)
        with pytest.warns(
            RuntimeWarning, match="invalid value encountered in fleet_ramp_exponential"
        ):
            assert np.isnan(use.fleet_ramp(0, 2, 2, kind="exponential")).all()


class TestFleetHours:
    @given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=30))
    def test_is_the_sum_of_products(self, pairs: list[tuple[float, float]]) -> None:
        gpus, hours = map(np.array, zip(*pairs, strict=True))
        exact = mpmath.fdot(gpus, hours)
        assert use.fleet_hours(gpus, hours) == pytest.approx(float(exact), rel=1e-14)

    def test_what_does_not_vary_is_repeated(self) -> None:
        assert use.fleet_hours([1.0, 2.0], 10.0) == 30.0
        assert use.fleet_hours(3.0, [1.0, 2.0]) == 9.0
        np.testing.assert_array_equal(use.fleet_hours(np.ones((2, 3)), [1, 2, 3]), [6, 6])
        assert use.fleet_hours([], 3.0) == 0.0

    def test_the_named_dimension_wherever_it_is(self) -> None:
        gpus = xr.DataArray(np.arange(6.0).reshape(3, 2), dims=["period", "draw"])
        np.testing.assert_array_equal(use.fleet_hours(gpus, 10.0), [60.0, 90.0])
        found = use.fleet_hours(gpus, xr.DataArray([1.0, 0.0, 2.0], dims="period"))
        np.testing.assert_array_equal(found, [8.0, 11.0])
        assert found.dims == ("draw",)
        np.testing.assert_array_equal(use.fleet_hours(gpus, [1.0, 0.0, 2.0]), [8.0, 11.0])
        np.testing.assert_array_equal(
            use.fleet_hours(gpus.rename(period="month"), 10.0, dim="month"), [60.0, 90.0]
        )

    def test_a_constant_fleet_has_one_period(self) -> None:
        fleet = xr.DataArray([1.0, 2.0], dims="draw")
        np.testing.assert_array_equal(use.fleet_hours(fleet, 8_760), [8_760, 17_520])
        np.testing.assert_array_equal(use.fleet_hours(fleet, [10, 20, 30]), [60, 120])
        with pytest.raises(ValueError, match="gpus must have dimension 'perid'"):
            use.fleet_hours(fleet, 8_760, dim="perid")
        with pytest.raises(ValueError, match="'period'; there are: month"):
            use.fleet_hours(fleet.rename(draw="month"), 8_760)

    def test_rows_of_a_frame(self) -> None:
        frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [10.0, 20.0, 30.0]}, index=list("xyz"))
        found = use.fleet_hours(frame, [1.0, 2.0])
        assert isinstance(found, pd.Series)
        pd.testing.assert_series_equal(found, pd.Series([21.0, 42.0, 63.0], index=list("xyz")))

    def test_labels_of_pandas_must_agree(self) -> None:
        frame = pd.DataFrame(np.ones((2, 3)), index=[0, 1])
        with pytest.raises(ValueError, match="gpus and hours have different labels for places"):
            use.fleet_hours(frame, frame.iloc[::-1])
        with pytest.raises(ValueError, match="gpus and hours have different labels for periods"):
            use.fleet_hours(frame, pd.Series([100.0, 10, 1], index=[2, 1, 0]))
        assert use.fleet_hours(frame, pd.Series([100.0, 10, 1])).tolist() == [111, 111]

    def test_dask_stays_lazy(self) -> None:
        gpus = xr.DataArray(np.ones((4, 6)), dims=["draw", "period"])
        for chunks in ({"draw": 2}, {"draw": 2, "period": 3}):
            lazy = use.fleet_hours(gpus.chunk(chunks), 2.0)
            assert lazy.chunks is not None
            np.testing.assert_array_equal(lazy, [12.0] * 4)
        plain = use.fleet_hours(da.ones((4, 6), chunks=(2, 3)), 2.0)
        assert isinstance(plain, da.Array)
        np.testing.assert_array_equal(plain.compute(), [12.0] * 4)

    def test_lengths_must_agree(self) -> None:
        with pytest.raises(ValueError, match="gpus has 12, hours has 4"):
            use.fleet_hours(np.ones(12), np.ones(4))
        array = xr.DataArray(np.ones(12), dims="period")
        with pytest.raises(ValueError, match="gpus has 12, hours has 4"):
            use.fleet_hours(array, np.ones(4))
        with pytest.raises(ValueError, match="axes without names"):
            use.fleet_hours(array, np.ones((2, 12)))
