"""Adoption curves against their differential equations, and through given points."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import integrate, optimize

import overbuild as ob

market = ob.market
TIMES = np.linspace(0.0, 20.0, 41)


def solved(slope, start: float) -> np.ndarray:  # type: ignore[no-untyped-def]
    found = integrate.solve_ivp(
        slope, (0, 20), [start], t_eval=TIMES, rtol=1e-11, atol=1e-13, method="DOP853"
    )
    return found.y[0]


@pytest.mark.parametrize(("p", "q", "k"), [(0.03, 0.38, 1.0), (0.2, 0.0, 5.0), (0.001, 0.9, 0.4)])
def test_bass_solves_its_equation(p: float, q: float, k: float) -> None:
    exact = solved(lambda _, y: (p + q * y / k) * (k - y), 0.0)
    np.testing.assert_allclose(market.bass(TIMES, p, q, k), exact, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(market.bass(TIMES + 2015, p, q, k, launch=2015), exact, rtol=1e-7)


@pytest.mark.parametrize(("rate", "k"), [(0.2, 1.0), (0.7, 30.0), (-0.3, 1.0)])
def test_logistic_solves_its_equation(rate: float, k: float) -> None:
    start = market.logistic(0.0, 9.0, rate, k)
    exact = solved(lambda _, y: rate * y * (1 - y / k), start)
    np.testing.assert_allclose(market.logistic(TIMES, 9.0, rate, k), exact, rtol=1e-8)


@given(p=st.floats(1e-4, 0.1), q=st.floats(0.2, 0.9))
def test_bass_peaks_at_its_closed_form(p: float, q: float) -> None:
    curve = market.through(
        {5: market.bass(5, p, q), 6: market.bass(6, p, q)}, kind="bass", launch=0
    )
    exact = np.log(q / p) / (p + q)
    assert curve.peak == pytest.approx(exact, rel=1e-3)
    around = exact + np.array([-0.1, 0.0, 0.1])
    adoptions = market.bass(around + 1e-4, p, q) - market.bass(around - 1e-4, p, q)
    assert adoptions.argmax() == 1


@given(
    first=st.floats(0.001, 0.9),
    rise=st.floats(0.001, 0.999),
    age=st.floats(0.1, 30),
    years=st.floats(0.1, 30),
    ceiling=st.floats(0.1, 50),
)
def test_curves_go_exactly_through_their_points(
    first: float, rise: float, age: float, years: float, ceiling: float
) -> None:
    second = first + rise * (0.999 - first)
    points = {2000 + age: first * ceiling, 2000 + age + years: second * ceiling}
    for kind, launch in (("logistic", None), ("bass", 2000.0)):
        if kind == "bass":  # imitation must not be below 0
            assume(np.log1p(-second) / (age + years) < 1.001 * np.log1p(-first) / age)
        curve = market.through(points, kind=kind, ceiling=ceiling, launch=launch)  # type: ignore[arg-type]
        for time, share in points.items():
            assert curve.at(time) == pytest.approx(share, rel=1e-9)


def test_bass_coefficients_against_a_general_solver() -> None:
    curve = market.through({2024: 0.135, 2029: 0.34}, kind="bass", launch=2010)

    def misses(logs):  # type: ignore[no-untyped-def]
        p, q = np.exp(logs)
        e = np.exp(-(p + q) * np.array([14.0, 19.0]))
        return (1 - e) / (1 + q / p * e) - [0.135, 0.34]

    exact = np.exp(optimize.fsolve(misses, np.log([0.003, 0.2]), xtol=1e-13))
    found = [curve.parameters["innovation"], curve.parameters["imitation"]]
    np.testing.assert_allclose(found, exact, rtol=1e-8)


def test_a_point_in_between_follows_from_the_odds() -> None:
    curve = market.through([(2029, 0.30), (2024, 0.135)])
    odds = np.sqrt(0.3 / 0.7 * 0.135 / 0.865)
    assert curve.at(2026.5) == pytest.approx(odds / (1 + odds), rel=1e-12)
    assert curve.at(curve.parameters["midpoint"]) == pytest.approx(0.5, rel=1e-12)
    words = "logistic curve through points at 2024 and 2029: rate 0.202, midpoint 2033"
    assert repr(curve) == words
    assert pickle.loads(pickle.dumps(curve)).at(2029) == curve.at(2029)


def test_uncertain_points_are_met_draw_by_draw() -> None:
    points = {2024: ob.uniform(0.12, 0.15), 2029: ob.between(0.30, 0.40)}
    curve = market.through(points, draws=4096, seed=5)
    for time, distribution in points.items():
        found = curve.at(time)
        assert found.dims == ("draw",)
        shares = distribution.cdf(found)
        np.testing.assert_allclose(np.quantile(shares, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.01)
    path = curve.at([2024, 2027, 2029])
    assert path.sizes == {"period": 3, "draw": 4096}
    again = market.through(points, draws=4096, seed=5).at(2027)
    np.testing.assert_array_equal(again, path.isel(period=1))
    assert (market.through(points, draws=4096, seed=6).at(2027) != again).any()
    # An Input, a fixed point, and draws of one's own.
    mixed = market.through({2024: ob.Input(0.135), 2029: points[2029]}, draws=16)
    np.testing.assert_allclose(mixed.at(2024), 0.135)
    own = market.through({2024: [0.12, 0.15], 2029: 0.3})
    np.testing.assert_allclose(own.at(2024), [0.12, 0.15])


@pytest.mark.parametrize(("kind", "launch"), [("logistic", None), ("bass", 2010)])
def test_in_a_study(kind: str, launch: float | None) -> None:
    def model(share_2024, share_2029, years):  # type: ignore[no-untyped-def]
        points = {2024: share_2024, 2029: share_2029}
        curve = market.through(points, kind=kind, launch=launch)  # type: ignore[arg-type]
        return {"share": curve.at(years), "peak": curve.peak}

    inputs = {
        "share_2024": ob.uniform(0.12, 0.15),
        "share_2029": ob.between(0.30, 0.40),
        "years": xr.DataArray([2024.0, 2029.0], {"year": [2024, 2029]}, "year"),
    }
    data = ob.Study(model, inputs).run(2048, seed=1).dataset
    np.testing.assert_allclose(data["share"].sel(year=2024), data["share_2024"], rtol=1e-9)
    np.testing.assert_allclose(data["share"].sel(year=2029), data["share_2029"], rtol=1e-9)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ({2024: 0.1}, r"points must be two, at different times, got 1 \(at 2024\)"),
        ({}, "got 0"),
        ([(2024, 0.1), (2024, 0.2)], "at different times"),
        ({2024: 0.1, 2026: 0.2, 2029: 0.3}, "got 3"),
    ],
)
def test_points_that_are_not_two(points: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        market.through(points)


@pytest.mark.parametrize(
    "points", ["2024", 3.0, [1, 2], {"2024": 0.1, "2029": 0.3}, {2024: "a", 2029: 0.3}]
)
def test_what_is_no_point(points: object) -> None:
    with pytest.raises(TypeError, match="point"):
        market.through(points)


def test_wrong_arguments() -> None:
    points = {2024: 0.135, 2029: 0.3}
    with pytest.raises(ValueError, match="kind must be 'logistic' or 'bass', got 'gompertz'"):
        market.through(points, kind="gompertz")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a bass curve needs launch"):
        market.through(points, kind="bass")
    with pytest.raises(ValueError, match="a logistic curve has no launch"):
        market.through(points, launch=2010)
    with pytest.raises(ValueError, match="draws must be at least 1"):
        market.through({2024: ob.uniform(0.1, 0.2), 2029: 0.3}, draws=0)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_points_outside_of_the_curve() -> None:
    for points in ({2024: 0.0, 2029: 0.3}, {2024: 0.5, 2029: 1.2}, {2024: 12, 2029: 30}):
        assert np.isnan(market.through(points).at(2026))
    # Slower later on than before: no imitation does that.
    slowing = market.through({2024: 0.135, 2029: 0.30}, kind="bass", launch=2021)
    assert np.isnan(slowing.parameters["imitation"])
    assert np.isnan(market.bass(1.0, -0.1, 0.3))
    assert np.isnan(market.logistic(1.0, 0.0, 0.3, ceiling=-1.0))


def test_a_level_curve() -> None:
    curve = market.through({2024: 0.2, 2029: 0.2})
    assert (curve.parameters["rate"], curve.peak) == (0, np.inf)
    assert curve.at(2050) == pytest.approx(0.2)


def test_times_of_many_digits() -> None:
    # Both are 1.23457e+06 to six digits.
    curve = market.through({1_234_567: 0.1, 1_234_568: 0.3})
    odds = 0.3 / 0.7 * (0.3 / 0.7) / (0.1 / 0.9)
    assert curve.at(1_234_569) == pytest.approx(odds / (1 + odds), rel=1e-9)
    assert repr(curve).startswith("logistic curve through points at 1234567 and 1234568: ")
    unsure = market.through({20_240_601: ob.uniform(0.1, 0.2), 20_240_602.5: 0.5}, draws=64)
    assert unsure.at(20_240_602.5).values == pytest.approx(np.full(64, 0.5))


def test_labels_that_differ_are_those_of_points() -> None:
    shares = [pd.Series([0.1, 0.2], index=list(labels)) for labels in ("ab", "ba")]
    with pytest.raises(ValueError, match="point 2024 and point 2029 have different labels"):
        market.through({2024: shares[0], 2029: shares[1]})


def test_in_the_end() -> None:
    times = [-np.inf, np.inf]
    assert market.through({2024: 0.1, 2029: 0.3}, ceiling=0.8).at(times).tolist() == [0, 0.8]
    assert market.through({2024: 0.3, 2029: 0.1}, ceiling=0.8).at(times).tolist() == [0.8, 0]
    level = market.through({2024: 0.2, 2029: 0.2}).at(times)
    assert level == pytest.approx([0.2, 0.2])
    rising = market.through({2024: 0.1, 2029: 0.3}, kind="bass", launch=2020)
    assert rising.at(times).tolist() == [0, 1]


def test_points_of_a_series() -> None:
    series = pd.Series({2024: 0.135, 2029: 0.30})
    expected = market.through({2024: 0.135, 2029: 0.30})
    assert market.through(series).at(2034) == expected.at(2034)
    assert market.through(series[::-1]).parameters == expected.parameters
    unsure = pd.Series([ob.uniform(0.12, 0.15), 0.3], index=[2024, 2029])
    mapped = market.through({2024: ob.uniform(0.12, 0.15), 2029: 0.3}, draws=64)
    np.testing.assert_array_equal(market.through(unsure, draws=64).at(2027), mapped.at(2027))
    with pytest.raises(ValueError, match=r"points must be two, .* got 1 \(at 2024\)"):
        market.through(series[:1])
    with pytest.raises(TypeError, match=r"points must be at times .* got Timestamp"):
        market.through(pd.Series([0.1, 0.3], index=pd.to_datetime(["2024", "2029"])))


def test_a_range_is_not_taken_for_two_values() -> None:
    with pytest.raises(ValueError, match=r"point 2024 is two numbers, .*; write ob.between\(low"):
        market.through({2024: (0.12, 0.15), 2029: 0.3})
    np.testing.assert_allclose(market.through({1: (0.1, 0.2, 0.3), 2: 0.5}).at(1), [0.1, 0.2, 0.3])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"seed": "x"}, TypeError, "seed must be a whole number, got 'x'"),
        ({"seed": None}, TypeError, "seed must be a whole number, got None"),
        ({"draws": 0}, ValueError, "draws must be at least 1, got 0"),
    ],
)
def test_wrong_draws_are_said(changes: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        market.through({2024: ob.uniform(0.1, 0.2), 2029: 0.3}, **changes)
