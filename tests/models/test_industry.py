"""The industry's cycle: opening, events by hand, what may happen, what is cited."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import overbuild as ob
from overbuild.models._events import below_a_year_ago, fall_from_peak, in_a_row
from overbuild.models._lead_times import WEEKS, discounted, even_shares, later

TABLE = pd.read_csv(ob.data.path("industry"))

#: An industry in balanced growth of a fifth a year, on target and at cost.
BALANCED: dict[str, Any] = {
    "opening_capex": 70.0,
    "capex_growth": 0.2,
    "demand_growth": 0.2,
    "elasticity": -1.0,
    "adjustment_speed": 0.3,
    "opening_utilization": 0.6,
    "target_utilization": 0.6,
    "price_over_cost": 1.0,
    "price_response": 0.3,
    "price_reversion": 0.1,
    "chip_cost": 24.0,
    "power_cost": 11.0,
    "cost_growth": 0.0,
    "life": 5.0,
    "cadence": 24.0,
    "generations": 4.0,
    "chip_weeks": 40.0,
    "power_weeks": 110.0,
    "spread": 0.3,
    "gap_correction": 0.2,
    "supply_line_weight": 0.5,
    "planning_horizon": 4.0,
    "smoothing": 0.3,
    "fear_of_missing_out": 0.3,
    "order_response": 0.5,
}
QUARTER = 1.2**0.25


def industry(**changes: Any) -> xr.Dataset:
    return ob.models.industry(**BALANCED | changes)


def test_balanced_growth_goes_on_from_what_was_spent() -> None:
    found = industry()
    path = QUARTER ** np.arange(1, 41)
    np.testing.assert_allclose(found.capex, 70.0 * path, rtol=1e-6)
    np.testing.assert_allclose(found.utilization, 0.6, rtol=1e-6)
    np.testing.assert_allclose(found.price, 1.0, rtol=1e-6)
    np.testing.assert_allclose(found.capacity[1:] / found.capacity[:-1].values, QUARTER, rtol=1e-6)
    assert found.period.values[[0, 1, -1]].astype("M8[D]").astype(str).tolist() == [
        "2025-01-01",
        "2025-04-01",
        "2034-10-01",
    ]
    for name in ("digestion", "bust", "bust_of_capex", "bust_of_utilization"):
        assert found[name].item() == 0.0
    assert found.largest_fall.item() == pytest.approx(0.0, abs=1e-9)


def test_the_fleet_is_what_was_paid_for_and_has_not_retired() -> None:
    # Without lead times 70 bn a quarter at 35 m a MW bring 2,000 MW, and 20 quarters are in use.
    flat = {"capex_growth": 0.0, "demand_growth": 0.0, "chip_weeks": 0.0, "power_weeks": 0.0}
    found = industry(**flat)
    np.testing.assert_allclose(found.capacity, 40_000.0, rtol=1e-9)
    np.testing.assert_allclose(found.orders, 2_000.0, rtol=1e-9)
    # Where generations end hardware's life, the cadence counts: 3 x 16 months are 16 quarters.
    assert industry(**flat, cadence=16.0, generations=3.0).capacity[0] == pytest.approx(32_000.0)
    # With lead times, as much as was ordered a lead time ago, whatever the growth.
    growing = industry(spread=0.0, chip_weeks=WEEKS * 3, power_weeks=WEEKS * 3)
    spent = 70.0 / QUARTER ** np.arange(20)
    assert growing.capacity[0] == pytest.approx(QUARTER * spent.sum() * 1e3 / 35.0, rel=1e-9)


@given(st.floats(0.0, 15.0), st.floats(0.0, 1.0))
def test_even_shares_are_those_of_placed_and_waited_evenly(mean: float, spread: float) -> None:
    shares = even_shares(xr.DataArray(mean), xr.DataArray(spread)).values
    assert shares.sum() == pytest.approx(1.0, abs=1e-12)
    # Midpoints of both, a thousand each.
    even = (np.arange(1_000) + 0.5) / 1_000
    waits = mean * (1 - spread) + 2 * mean * spread * even
    taken = np.add.outer(even, waits)
    counted = np.bincount(np.floor(taken).astype(int).ravel(), minlength=shares.size) / 1e6
    np.testing.assert_allclose(shares, counted[: shares.size], atol=2.1e-3)
    assert counted[shares.size :].sum() == 0
    # A mean wait of what is asked for, from the middle of a quarter, shares in their middle.
    lag = np.arange(shares.size)
    assert (lag * shares).sum() == pytest.approx(mean, abs=1e-9)


@given(st.floats(0.0, 15.0), st.floats(0.0, 1.0), st.floats(-0.1, 0.3))
def test_shares_later_and_discounted(mean: float, spread: float, growth: float) -> None:
    shares = even_shares(xr.DataArray(mean), xr.DataArray(spread))
    left = 1.0 - np.cumsum(shares.values)
    np.testing.assert_allclose(later(shares), left, atol=1e-12)
    assert later(shares).sum().item() == pytest.approx(mean, abs=1e-9)
    worth = (shares.values * (1 + growth) ** -np.arange(shares.size)).sum()
    found = discounted(shares, xr.DataArray(growth))
    assert found.item() == pytest.approx(worth, rel=1e-12)


def flags(text: str) -> xr.DataArray:
    return xr.DataArray([letter == "x" for letter in text], dims="period")


@pytest.mark.parametrize(
    ("given", "count", "expected"),
    [
        ("x.xx.xxx", 1, "x.xx.xxx"),
        ("x.xx.xxx", 2, "...x..xx"),
        ("x.xx.xxx", 3, ".......x"),
        ("xx", 3, ".."),
        ("xxxx", 3, "..xx"),
    ],
)
def test_flags_in_a_row(given: str, count: int, expected: str) -> None:
    np.testing.assert_array_equal(in_a_row(flags(given), count), flags(expected))


@given(st.lists(st.booleans(), min_size=1, max_size=20), st.integers(1, 6))
def test_flags_in_a_row_by_looking_back(given: list[bool], count: int) -> None:
    found = in_a_row(xr.DataArray(given, dims="period"), count).values.tolist()
    assert found == [
        t + 1 >= count and all(given[t + 1 - count : t + 1]) for t in range(len(given))
    ]


def test_a_year_ago_reaches_into_the_past() -> None:
    # Orders of 10 in the quarter before, which had doubled each quarter: 1.25, 2.5, 5, 10.
    orders = xr.DataArray([1.0, 3.0, 4.0, 11.0, 0.5, 3.0], dims="period")
    found = below_a_year_ago(orders, xr.DataArray(10.0), xr.DataArray(1.0))
    assert found.values.tolist() == [True, False, True, False, True, False]
    short = below_a_year_ago(orders[:2], xr.DataArray(10.0), xr.DataArray(1.0))
    assert short.values.tolist() == [True, False]


def test_falls_count_from_the_peak_so_far() -> None:
    path = xr.DataArray([8.0, 12.0, 6.0, 15.0, 3.0], dims="period")
    found = fall_from_peak(path, xr.DataArray(10.0))
    assert found.values.tolist() == pytest.approx([0.2, 0.0, 0.5, 0.0, 0.8])
    assert np.isnan(fall_from_peak(path, xr.DataArray(np.nan))).all()


def test_definitions_are_arguments() -> None:
    # Demand that slows leaves a digestion, and no bust.
    slow = {"demand_growth": 0.13}
    found = industry(**slow)
    assert (found.digestion.item(), found.bust.item()) == (1.0, 0.0)
    longest = max(map(len, "".join("x" if d else "." for d in found.digesting.values).split(".")))
    assert industry(**slow, digestion_quarters=longest + 2).digestion.item() == 0.0
    fall = found.largest_fall.item()
    assert 0.0 < fall < 0.5
    milder = industry(**slow, bust_fall=0.99 * fall)
    assert (milder.bust_of_capex.item(), milder.bust_of_utilization.item()) == (1.0, 0.0)
    low = np.sort(found.utilization.values)
    idle = industry(**slow, bust_utilization=float(low[12]) + 1e-9, bust_quarters=2)
    assert (idle.bust.item(), idle.bust_of_utilization.item()) == (1.0, 1.0)
    with pytest.raises(ValueError, match="bust_quarters must be at least 1"):
        industry(bust_quarters=0)
    with pytest.raises(TypeError, match="digestion_quarters must be a whole number"):
        industry(digestion_quarters=1.5)


def test_limits_of_a_bust_are_fractions() -> None:
    # In percent nothing would fall so far, and all use would be too low.
    for name, wrong in (("bust_fall", 50.0), ("bust_utilization", 40.0), ("bust_fall", -0.1)):
        with pytest.warns(RuntimeWarning, match="invalid value"):
            found = industry(**{name: wrong})
        other = {"bust_fall": "bust_of_utilization", "bust_utilization": "bust_of_capex"}[name]
        assert np.isnan(found.bust)
        assert (found[other].item(), found.digestion.item()) == (0.0, 0.0)
    assert np.isnan(industry(bust_fall=np.nan).bust_of_capex)
    limits = xr.DataArray([0.01, 0.6], dims="limit")
    found = industry(demand_growth=0.13, bust_fall=limits)
    assert found.bust.values.tolist() == (found.largest_fall.item() >= limits).values.tolist()


def test_five_percent_of_the_cost_is_a_pain_period() -> None:
    calm = industry()
    shock = industry(efficiency=0.05, efficiency_from=4, elasticity=-1.11)
    before = slice(0, 4)
    np.testing.assert_allclose(shock.demand[before], calm.demand[before])
    assert shock.demand[4] < 0.2 * calm.demand[4]
    assert shock.lowest_utilization.item() < 0.4
    assert shock.bust.item() == 1.0
    # With time it comes back to more: 0.05^(1 - 1.11) = 1.39, and more as the price has fallen.
    held = {"price_response": 0.0, "efficiency": 0.05, "efficiency_from": 4}
    after = industry(**held, elasticity=-1.11)
    assert (after.demand[-1] / calm.demand[-1]).item() == pytest.approx(1.39, abs=0.01)


def test_demand_that_is_lost_and_orders_that_are_cut() -> None:
    still = {"gap_correction": 0.0, "smoothing": 0.0, "fear_of_missing_out": 0.0}
    still |= {"price_response": 0.0}
    calm = industry(**still)
    lost = industry(**still, demand_lost=0.2, demand_lost_from=2.5)
    ratio = (lost.demand / calm.demand).values
    assert ratio[:3] == pytest.approx(1.0)
    assert ratio[3:] == pytest.approx(0.8)
    cut = industry(**still, orders_cut=2_000.0, orders_cut_from=1, orders_cut_over=2)
    missing = (calm.orders - cut.orders).values
    assert missing[:4] == pytest.approx([0, 1_000, 1_000, 0], abs=1e-6)
    # What was not ordered does not come, and where nothing grows no more is missed than that.
    flat = still | {"capex_growth": 0.0, "demand_growth": 0.0, "orders_cut_over": 1}
    less = (
        industry(**flat).capacity - industry(**flat, orders_cut=1_000.0, orders_cut_from=1).capacity
    )
    assert less.max().item() == pytest.approx(1_000.0)
    assert less[:4].max().item() == pytest.approx(0.0, abs=1e-9)


def test_funding_that_stops_is_a_bust() -> None:
    stop = industry(funding=0.0, funding_from=6)
    assert (stop.orders[6:] == 0).all()
    assert (stop.orders[:6] > 0).all()
    assert stop.bust_of_capex.item() == 1.0
    assert stop.largest_fall.item() == pytest.approx(1.0)
    tight = industry(funding=80.0, funding_growth=0.1)
    spent = (tight.orders * 35.0 / 1e3).values
    assert (spent <= 80.0 * 1.1 ** (np.arange(40) / 4) * (1 + 1e-9)).all()
    assert spent[-1] == pytest.approx(80.0 * 1.1 ** (39 / 4))


def test_power_that_takes_longer_leaves_chips_waiting() -> None:
    at_once = {"chip_weeks": 52.0, "chips_with_power": 0.0}
    soon = industry(**at_once, power_weeks=52.0)
    late = industry(**at_once, power_weeks=208.0)
    assert (soon.chips_waiting < 1e-6 * soon.capacity).all()
    assert (late.chips_waiting > 0.3 * late.capacity).all()
    assert (late.power_waiting < 1e-6 * late.capacity).all()
    # Chips that are ordered to come with power do not wait; of a mix a share does.
    with_power = industry(chip_weeks=52.0, power_weeks=208.0)
    assert (abs(with_power.chips_waiting) < 1e-6 * with_power.capacity).all()
    mixed = industry(chip_weeks=52.0, power_weeks=208.0, chips_with_power=0.75)
    waiting = [(x.chips_waiting / x.capacity).values for x in (mixed, late)]
    assert waiting[0] == pytest.approx(0.25 * waiting[1], rel=1e-6)


def test_chips_that_take_longer_come_when_they_do() -> None:
    slow = {"chip_weeks": 104.0, "power_weeks": 52.0, "demand_growth": 0.05}
    for share in (0.0, 0.5):
        xr.testing.assert_allclose(industry(**slow, chips_with_power=share), industry(**slow))


def test_a_cut_of_orders_is_in_capex_when_chips_were_due() -> None:
    # Nothing is ordered from the fifth quarter on; chips take two quarters, power six.
    exact = {"spread": 0.0, "chip_weeks": 2 * WEEKS, "power_weeks": 6 * WEEKS}
    stop = exact | {"funding": 0.0, "funding_from": 4}
    at_once = industry(**stop, chips_with_power=0.0).capex
    assert at_once[5] == pytest.approx(industry(**exact, chips_with_power=0.0).capex[5])
    spent = 70.0 * QUARTER ** np.arange(1, 41)
    power = 11.0 / (11.0 + 24.0 * QUARTER**4)
    assert at_once[6:10].values == pytest.approx(spent[6:10] * power)
    with_power = industry(**stop).capex
    assert with_power[:10].values == pytest.approx(spent[:10])
    assert with_power[10:].values == pytest.approx(0.0)


def test_a_fleet_of_another_size_leaves_all_shares_as_they_are() -> None:
    change = {"demand_growth": 0.05, "opening_utilization": 0.7}
    found = industry(**change)
    before = (found.capacity - found.arrivals + found.retirements)[0].item()
    larger = industry(**change, opening_capacity=2.0 * before)
    for name in ("capex", "utilization", "price", "fall", "digesting", "digestion", "bust"):
        np.testing.assert_allclose(larger[name], found[name], rtol=1e-9, atol=1e-12, err_msg=name)
    for name in ("orders", "capacity", "demand"):
        np.testing.assert_allclose(larger[name], 2.0 * found[name], rtol=1e-9, err_msg=name)
    assert found.opening_cost.item() == 35.0
    assert larger.opening_cost.item() == pytest.approx(17.5)
    # A cut of so many MW is half as much of it.
    cut = {"orders_cut": 1_000.0, "orders_cut_over": 1}
    twice = {"orders_cut": 2_000.0, "orders_cut_over": 1, "opening_capacity": 2.0 * before}
    np.testing.assert_allclose(
        industry(**change, **twice).utilization, industry(**change, **cut).utilization, rtol=1e-9
    )


def test_draws_and_scenarios_are_dimensions() -> None:
    growth = xr.DataArray([0.0, 0.1, 0.4], dims="draw")
    weeks = xr.DataArray([60.0, 200.0], {"scenario": ["grid", "queue"]}, dims="scenario")
    found = industry(demand_growth=growth, power_weeks=weeks, periods=12)
    assert dict(found.sizes) == {"draw": 3, "scenario": 2, "period": 12}
    for draw, scenario in [(0, "grid"), (2, "queue")]:
        one = industry(
            demand_growth=float(growth[draw]),
            power_weeks=float(weeks.sel(scenario=scenario)),
            periods=12,
        )
        same = found.isel(draw=draw).sel(scenario=scenario, drop=True)
        for name in found:
            np.testing.assert_array_equal(same[name], one[name], err_msg=str(name))
            assert same[name].attrs == one[name].attrs
    # Growth may differ from quarter to quarter.
    series = xr.DataArray(np.where(np.arange(12) < 4, 0.2, 0.0), dims="period")
    changed, calm = industry(demand_growth=series, periods=12), industry(periods=12)
    np.testing.assert_allclose(changed.demand[:4], calm.demand[:4])
    assert changed.demand[8] < calm.demand[8]


@pytest.mark.parametrize("name", sorted(BALANCED))
def test_what_is_missing_is_missing(name: str) -> None:
    values = xr.DataArray([BALANCED[name], np.nan], dims="draw")
    found = industry(**{name: values}, periods=9)
    for output in found:
        assert np.isnan(found[output].isel(draw=1)).all(), output
        assert not np.isnan(found[output].isel(draw=0)).any(), output


@pytest.mark.parametrize(
    "name",
    ["efficiency_from", "demand_lost_from", "orders_cut_from", "funding_from", "orders_cut_over"],
)
def test_a_missing_quarter_is_missing(name: str) -> None:
    assert np.isnan(industry(**{name: np.nan}, periods=9).digestion)


def test_out_of_range_is_nan_with_a_warning() -> None:
    for name, wrong in {
        "opening_capex": -1.0,
        "spread": 1.5,
        "life": 0.0,
        "chip_weeks": 1e9,
        "demand_lost": 1.0,
        "chips_with_power": 1.5,
        "opening_capacity": 0.0,
        "target_utilization": 2.0,
    }.items():
        with pytest.warns(RuntimeWarning, match="invalid value"):
            found = industry(**{name: wrong}, periods=4)
        assert np.isnan(found.bust), name


def test_wrong_structure_is_said() -> None:
    with pytest.raises(ValueError, match="life is one number for all of 'period'"):
        industry(life=xr.DataArray([5.0] * 40, dims="period"))
    with pytest.raises(ValueError, match="demand_growth has 3 periods, but there are 40"):
        industry(demand_growth=xr.DataArray([0.1] * 3, dims="period"))
    with pytest.raises(ValueError, match="life has 1 axes without names"):
        industry(life=[4.0, 5.0])
    for start in ("x", "2025-02-15", None):
        with pytest.raises(ValueError, match=f"start must be the first day of a month.*{start}"):
            industry(start=start)
    with pytest.raises(TypeError, match="cadence must be a number"):
        industry(cadence="yearly")
    site = [xr.DataArray([5.0, 5.0], {"site": list(names)}, dims="site") for names in ("ab", "bc")]
    with pytest.raises(ValueError, match="different labels"):
        industry(life=site[0], chip_cost=site[1])


def test_every_input_is_cited() -> None:
    assert set(TABLE.name) == set(BALANCED) | {"chips_with_power", "opening_capacity"}
    assert TABLE[["unit", "date", "source", "grade"]].notna().all(axis=None)
    grades = {"A", "B", "C", "derived", "unverified", "assumption"}
    assert set(TABLE.grade) <= grades
    judged = TABLE.source.str.startswith("Judgement")
    assert (judged == (TABLE.grade == "assumption")).all()
    # The sum of four companies, and two growth rates of their yearly totals.
    opening = TABLE.set_index("name").loc["opening_capex"]
    assert opening.value == pytest.approx(15.80 + 14.28 + 27.83 + 14.43)
    growth = TABLE.set_index("name").loc["capex_growth"]
    assert (growth.low, growth.high) == (
        pytest.approx((228.3 / 151.3) ** 0.5 - 1, abs=0.005),
        pytest.approx(228.3 / 147.5 - 1, abs=0.005),
    )
    # Drawn by the four: 47 GW of all, 42.5% of it hyperscale, of that 59% and a tenth.
    fleet = TABLE.set_index("name").loc["opening_capacity"]
    assert fleet.low == pytest.approx(1e3 * 415_000 / 8_760 * 0.425 * 0.69, rel=0.07)
    assert fleet.high == pytest.approx(3 * 7_000 + 2_000)
    chips = TABLE.set_index("name").loc["chip_cost"]
    assert chips.low <= 35 - 11.7 <= 50 - 11.7 <= chips.high == pytest.approx(60 - 11.7, abs=0.5)
