"""The capacity cycle: against plain Python, and by its laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import plain_cycle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import overbuild as ob

numbers = st.floats


@st.composite
def shares(draw: st.DrawFn) -> list[float]:
    """Shares by lag, some of them zero."""
    parts = draw(st.lists(st.sampled_from([0, 1, 2, 5]), min_size=1, max_size=9))
    parts[draw(st.integers(0, len(parts) - 1))] += 1
    return [part / sum(parts) for part in parts]


@st.composite
def parameters(draw: st.DrawFn, periods: int = 24) -> dict[str, Any]:
    """One cycle, each mechanism of which may be at work."""

    def maybe(neutral: float, low: float, high: float) -> float:
        return draw(st.just(neutral) | numbers(low, high))

    def series(neutral: float, low: float, high: float) -> Any:
        every = st.lists(numbers(low, high), min_size=periods, max_size=periods)
        return draw(st.just(neutral) | numbers(low, high) | every)

    cap = maybe(1.0, 0.5, 1.0)
    return {
        "capacity": draw(numbers(0.1, 1e4)),
        "demand": draw(numbers(0.1, 1e4)),
        "growth": series(0.0, -0.2, 0.3),
        "opening_growth": maybe(0.0, -0.1, 0.3),
        "life": draw(st.sampled_from([1.0, 4.0, 60.0, np.inf]) | numbers(1.0, 40.0)),
        "intensity": series(1.0, 0.05, 2.0),
        "elasticity": maybe(0.0, -2.0, 0.0),
        "adjustment_speed": maybe(1.0, 0.0, 1.0),
        "target_utilization": cap * draw(numbers(0.5, 1.0)),
        "utilization_cap": cap,
        "price": draw(numbers(0.1, 10.0)),
        "full_cost": draw(numbers(0.1, 10.0)),
        "price_response": maybe(0.0, 0.0, 1.0),
        "price_reversion": maybe(0.0, 0.0, 1.0),
        "gap_correction": maybe(0.0, 0.0, 1.0),
        "supply_line_weight": maybe(0.0, 0.0, 1.0),
        "planning_horizon": maybe(0.0, 0.0, 8.0),
        "smoothing": maybe(0.0, 0.0, 1.0),
        "fear_of_missing_out": maybe(0.0, 0.0, 1.0),
        "order_response": maybe(0.0, 0.0, 2.0),
        "order_change": series(0.0, -100.0, 100.0),
        "chip_lead_time": draw(shares()),
        "power_lead_time": draw(shares()),
        "chip_cost": maybe(0.0, 0.0, 50.0),
        "power_cost": maybe(0.0, 0.0, 20.0),
        "cost_growth": maybe(0.0, -0.1, 0.1),
        "funding": series(np.inf, 0.0, 1e5),
        "reinvestment": maybe(0.0, 0.0, 2.0),
    }


PERIODS = 24


def run(periods: int = PERIODS, **changes: Any) -> dict[str, np.ndarray]:
    return vars(ob.market.cycle(periods=periods, **changes))


def is_finite(drawn: dict[str, Any]) -> bool:
    """Whether a cycle stays within floating-point numbers, which some leave in a few years."""
    try:
        path = plain_cycle.run(PERIODS, **drawn)
    except OverflowError:
        return False
    return all(np.abs(values).max() < 1e150 for values in path.values())


cycles = parameters().filter(is_finite)

#: Prices double without end, and demand and orders with them, up and down.
EXPLOSIVE = {
    "capacity": 1.0,
    "demand": 1.0,
    "life": 1.0,
    "elasticity": -2.0,
    "target_utilization": 0.5,
    "price_response": 1.0,
    "smoothing": 0.5,
}


def test_what_explodes_ends_in_nan_and_says_so() -> None:
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = run(30, **EXPLOSIVE)
    for values in found.values():
        assert np.isfinite(values[0])
        assert np.isnan(values[-1])


def assert_close(found: Any, expected: Any, scale: Any, name: str = "") -> None:
    """Compare to rounding, as a part of what the numbers are made from."""
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10 * scale, err_msg=name)


@given(cycles)
@settings(max_examples=300)
def test_every_output_is_that_of_plain_python(drawn: dict[str, Any]) -> None:
    found, expected = run(**drawn), plain_cycle.run(PERIODS, **drawn)
    assert found.keys() == expected.keys()
    # Feedback can make much of a last digit, and so of what rounding leaves: as much is allowed as
    # a part in 1e12 of what is there at first makes.
    moved = [
        plain_cycle.run(PERIODS, **drawn | {name: drawn[name] * (1 + 1e-12)})
        for name in ("capacity", "demand")
    ]
    amounts = max(expected[name].max() for name in ("capacity", "backlog", "orders"))
    cost = drawn["chip_cost"] + drawn["power_cost"]
    dear = cost * max(1.0, 1.0 + drawn["cost_growth"]) ** PERIODS
    for name, values in found.items():
        scale = {"utilization": 1.0, "price": 1.0, "capex": dear * amounts}.get(name, amounts)
        made = np.max([np.abs(other[name] - expected[name]) for other in moved], axis=0)
        allowed = 1e-9 * np.abs(expected[name]) + 1e-10 * scale + np.maximum.accumulate(made)
        assert (np.abs(values - expected[name]) <= allowed).all(), name


@given(cycles)
def test_nothing_is_lost(drawn: dict[str, Any]) -> None:
    found = run(**drawn)
    amounts = max(found[name].max() for name in ("capacity", "backlog", "orders"))
    # Orders = arrivals + change of backlog; fleet change = arrivals - retirements.
    opened = np.diff(found["backlog"])
    assert_close(found["orders"][1:], found["arrivals"][1:] + opened, amounts)
    net = found["arrivals"] - found["retirements"]
    assert_close(np.diff(found["capacity"], prepend=drawn["capacity"]), net, amounts)
    # Whatever waits is on order, and one of both does not wait.
    waiting = np.stack([found["chips_waiting"], found["power_waiting"]])
    assert (waiting.min(axis=0) == 0).all() or waiting.min() <= 1e-12 * amounts
    assert (waiting <= found["backlog"] + 1e-10 * amounts).all()
    for name, values in found.items():
        assert (values >= 0).all(), name
    assert (found["utilization"] <= drawn["utilization_cap"]).all()


@given(cycles)
def test_what_is_paid_for_arrives(drawn: dict[str, Any]) -> None:
    found = run(**drawn | {"chip_cost": 3.0, "power_cost": 0.0, "cost_growth": 0.0})
    chips = found["arrivals"][1:] + np.diff(found["chips_waiting"])
    assert_close(found["capex"][1:], 3.0 * chips, 3.0 * found["backlog"].max() + 1.0)
    both = run(**drawn | {"chip_cost": 0.0, "power_cost": 2.0, "cost_growth": 0.5})
    power = both["arrivals"][1:] + np.diff(both["power_waiting"])
    dear = 2.0 * 1.5 ** np.arange(2, PERIODS + 1)
    assert_close(both["capex"][1:], dear * power, dear[-1] * (both["backlog"].max() + 1.0))


#: Every mechanism at work.
ACTIVE = {
    "elasticity": -1.3,
    "adjustment_speed": 0.3,
    "price_response": 0.7,
    "price_reversion": 0.1,
    "gap_correction": 0.9,
    "supply_line_weight": 0.4,
    "planning_horizon": 5.0,
    "smoothing": 0.4,
    "fear_of_missing_out": 0.8,
    "order_response": 1.5,
    "chip_cost": 2.0,
    "power_cost": 3.0,
}


def assert_at_rest(found: dict[str, np.ndarray], capacity: float, life: float) -> None:
    for name, values in found.items():
        scale = 1.0 if name in ("utilization", "price") else capacity
        assert_close(values, np.broadcast_to(values[0], values.shape), scale, name)
    assert_close(found["capacity"], capacity, capacity)
    assert_close(found["orders"], capacity / life, capacity)


@given(numbers(0.1, 1e6), numbers(1.0, 60.0) | st.just(np.inf), shares(), shares(), numbers(0.1, 1))
def test_neutral_parameters_stay_for_ever(
    capacity: float, life: float, chips: list[float], power: list[float], target: float
) -> None:
    lead = {"chip_lead_time": chips, "power_lead_time": power}
    found = run(200, capacity=capacity, life=life, target_utilization=target, **lead)
    assert_at_rest(found, capacity, life)


binary = st.sampled_from(
    [(1.0,), (0.0, 1.0), (0.5, 0.5), (0, 0.25, 0.5, 0.25), (0, 0, 0.5, 0, 0.5)]
)


@given(st.integers(-9, 9), st.integers(0, 6), binary, binary, st.sampled_from([0.25, 0.5, 1.0]))
def test_at_rest_no_mechanism_moves_anything(
    size: int, life: int, chips: list[float], power: list[float], target: float
) -> None:
    # Binary fractions leave no rounding, which would grow where rest is not stable.
    fleet = {"capacity": 2.0**size, "life": 2.0**life, "target_utilization": target}
    found = run(200, **fleet, **ACTIVE, chip_lead_time=chips, power_lead_time=power)
    assert_at_rest(found, 2.0**size, 2.0**life)


@given(numbers(-0.02, 0.2), shares(), shares(), numbers(1.0, 40.0), parameters())
@settings(max_examples=200)
def test_balanced_growth_goes_on(
    growth: float, chips: list[float], power: list[float], life: float, drawn: dict[str, Any]
) -> None:
    # Whatever the strength of each mechanism, and whichever of both binds.
    strengths = {name: drawn[name] for name in ACTIVE}
    found = run(
        12,
        **strengths,
        capacity=100.0,
        demand=60.0,
        target_utilization=0.6,
        growth=growth,
        opening_growth=growth,
        life=life,
        chip_lead_time=chips,
        power_lead_time=power,
    )
    path = (1 + growth) ** np.arange(12)
    assert found["utilization"] == pytest.approx(0.6, rel=1e-6)
    assert found["price"] == pytest.approx(1.0, rel=1e-6)
    for name in ("demand", "orders", "arrivals", "retirements", "capacity", "backlog"):
        assert found[name] == pytest.approx(found[name][0] * path, rel=1e-5, abs=1e-5), name
    assert found["capacity"][0] == pytest.approx(100.0 * (1 + growth))


#: Demand a fifth above what owners have, and a price that tells them.
BOOM = {
    "capacity": 100.0,
    "demand": 96.0,
    "life": 60.0,
    "target_utilization": 0.8,
    "utilization_cap": 1.0,
    "price_response": 0.4,
    "price_reversion": 0.2,
    "gap_correction": 0.5,
    "order_response": 0.5,
    "elasticity": -0.5,
    "adjustment_speed": 0.5,
}


def test_without_delay_the_cycle_settles_and_with_a_long_one_it_overshoots() -> None:
    soon = run(120, **BOOM)
    settled = soon["capacity"][-1]
    assert soon["capacity"].max() <= 1.03 * settled
    np.testing.assert_allclose(soon["capacity"][60:], settled, rtol=2e-3)
    late = run(120, **BOOM, chip_lead_time=np.eye(9)[8])
    assert late["capacity"].max() > 1.5 * settled
    assert late["utilization"].min() < 0.5
    assert late["orders"].min() == 0.0
    # Owners who reckon with what is on order overshoot less.
    aware = run(120, **BOOM, chip_lead_time=np.eye(9)[8], supply_line_weight=1.0)
    assert aware["capacity"].max() - settled < 0.5 * (late["capacity"].max() - settled)


@pytest.mark.parametrize("changes", [{"fear_of_missing_out": 0.6}, {"planning_horizon": 8.0}])
def test_fear_and_extrapolation_build_more(changes: dict[str, float]) -> None:
    given = BOOM | {"growth": 0.06, "opening_growth": 0.03, "smoothing": 0.5}
    given |= {"chip_lead_time": np.eye(5)[4]}
    calm, more = run(12, **given), run(12, **given, **changes)
    assert (more["orders"][:4] >= calm["orders"][:4]).all()
    assert (more["capacity"] >= calm["capacity"]).all()
    assert more["capacity"][-1] > 1.01 * calm["capacity"][-1]
    assert more["price"][-1] < calm["price"][-1]


def without_underflow(drawn: dict[str, Any]) -> dict[str, Any]:
    """Take numbers next to zero, which lose digits in another unit, for zero."""
    return {name: np.where(np.abs(x) < 1e-200, 0.0, x) for name, x in drawn.items()}


@given(cycles.map(without_underflow), st.sampled_from([0.25, 2.0, 1024.0]))
def test_the_unit_of_capacity_does_not_matter(drawn: dict[str, Any], factor: float) -> None:
    # Powers of two change no digit.
    unit = {"capacity", "demand", "order_change"}
    per_unit = {"price", "full_cost", "chip_cost", "power_cost"}
    changed = {name: np.multiply(drawn[name], factor) for name in unit}
    changed |= {name: drawn[name] / factor for name in per_unit}
    one, other = run(**drawn), run(**drawn | changed)
    for name, values in one.items():
        by = {"utilization": 1.0, "price": 1 / factor, "capex": 1.0}.get(name, factor)
        np.testing.assert_array_equal(other[name], values * by, err_msg=name)


@given(cycles.map(without_underflow), st.sampled_from([0.25, 2.0, 1024.0]))
def test_the_unit_of_money_does_not_matter(drawn: dict[str, Any], factor: float) -> None:
    money = ("price", "full_cost", "chip_cost", "power_cost", "funding")
    changed = {name: np.multiply(drawn[name], factor) for name in money}
    one, other = run(**drawn), run(**drawn | changed)
    for name, values in one.items():
        by = factor if name in ("price", "capex") else 1.0
        np.testing.assert_array_equal(other[name], values * by, err_msg=name)


@given(numbers(0.02, 1.0), numbers(-3.0, 0.0), numbers(0.05, 1.0))
def test_an_efficiency_shock_has_a_closed_form(share: float, e: float, speed: float) -> None:
    found = run(60, capacity=1.0, intensity=share, elasticity=e, adjustment_speed=speed)
    services = share ** (e * (1 - (1 - speed) ** np.arange(1, 61)))
    np.testing.assert_allclose(found["demand"], share * services, rtol=1e-10)


def test_five_percent_of_the_cost_at_an_elasticity_of_1_11() -> None:
    found = run(1, capacity=1.0, intensity=0.05, elasticity=-1.11)
    assert found["demand"][0] / 0.05 == pytest.approx(27.8, abs=0.05)
    assert found["demand"][0] == pytest.approx(1.39, abs=0.005)
    # With a lag there is a pain period first: less capacity is needed, then more.
    late = run(40, capacity=1.0, intensity=0.05, elasticity=-1.11, adjustment_speed=0.1)
    assert late["demand"][0] < 0.1
    assert late["demand"][-1] > 1.3
    even = run(1, capacity=1.0, intensity=0.05, elasticity=-1.0)
    assert even["demand"][0] == pytest.approx(1.0, rel=1e-14)


def test_the_later_of_chips_and_power_binds() -> None:
    ordered = {"capacity": 10.0, "order_change": [6.0, 0, 0, 0, 0, 0]}
    found = run(6, **ordered, chip_lead_time=[0, 0.5, 0.5], power_lead_time=[0, 0, 0, 0, 1])
    assert found["arrivals"].tolist() == [0, 0, 0, 0, 6, 0]
    assert found["chips_waiting"].tolist() == [0, 3, 6, 6, 0, 0]
    assert found["power_waiting"].tolist() == [0] * 6
    assert found["backlog"].tolist() == [6, 6, 6, 6, 0, 0]
    found = run(6, **ordered, power_lead_time=[0, 0.5, 0.5], chip_lead_time=[0, 0, 1])
    assert found["arrivals"].tolist() == [0, 0, 6, 0, 0, 0]
    assert found["power_waiting"].tolist() == [0, 3, 0, 0, 0, 0]


@given(shares(), shares(), st.lists(numbers(0.0, 10.0), min_size=12, max_size=12))
def test_a_longer_lead_time_brings_nothing_sooner(
    chips: list[float], power: list[float], orders: list[float]
) -> None:
    given = {"capacity": 1.0, "order_change": orders, "chip_lead_time": chips}
    soon = run(12, **given, power_lead_time=power)
    late = run(12, **given, power_lead_time=[0.0, *power])
    assert (late["capacity"] <= soon["capacity"] + 1e-9).all()
    assert (late["chips_waiting"] >= soon["chips_waiting"] - 1e-9).all()


def test_funding_that_stops_stops_orders_and_later_arrivals() -> None:
    money = np.where(np.arange(24) < 3, np.inf, 0.0)
    given = BOOM | {"chip_cost": 3.0, "chip_lead_time": np.eye(5)[4]}
    free, stopped = run(24, **given), run(24, **given, funding=money)
    assert (free["orders"][3:6] > 0).all()
    assert (stopped["orders"][3:] == 0).all()
    np.testing.assert_array_equal(stopped["orders"][:3], free["orders"][:3])
    assert (stopped["capex"][:7] > 0).all()
    assert (stopped["capex"][7:] == 0).all()
    assert (stopped["capacity"] <= free["capacity"]).all()
    assert (stopped["price"] >= free["price"]).all()
    assert stopped["price"][-1] > 1.05 * free["price"][-1]
    # What comes in goes out again.
    own = run(24, **given, funding=0.0, reinvestment=0.5)
    revenue = own["price"] * own["utilization"] * own["capacity"]
    assert (3.0 * own["orders"][1:] <= 0.5 * revenue[:-1] * (1 + 1e-12)).all()
    assert (own["orders"] <= free["orders"].max()).all()


def test_an_order_that_is_cut_is_missed_until_others_see_the_gap() -> None:
    cut = np.zeros(24)
    cut[2:6] = -0.5
    steady = {"capacity": 100.0, "life": 20.0, "chip_lead_time": np.eye(4)[3]}
    found = run(24, **steady, order_change=cut)
    assert found["orders"][2:6].tolist() == [4.5] * 4
    assert found["capacity"][8:19] == pytest.approx(98.0)
    seen = run(24, **steady, order_change=cut, gap_correction=0.3)
    assert seen["orders"][6:].max() > 5.0
    assert seen["capacity"][23] == pytest.approx(100.0, abs=0.7)


@given(numbers(0.0, 0.5), numbers(1.0, 30.0), numbers(0.5, 20.0))
def test_who_keeps_hardware_longer_orders_less(growth: float, life: float, longer: float) -> None:
    given = {"capacity": 5.0, "opening_growth": growth, "growth": growth}
    short, long = run(**given, life=life), run(**given, life=life + longer)
    assert long["retirements"][0] <= short["retirements"][0]
    assert long["orders"][0] <= short["orders"][0]


def test_vintages_retire_one_by_one() -> None:
    # A fleet that has doubled each period: 8, 4, 2 and 1 of 15. Demand goes on.
    gone = {"capacity": 15.0, "opening_growth": 1.0, "chip_cost": 1.0, "funding": 0.0}
    lead = {"chip_lead_time": [0, 1], "power_lead_time": [0, 1]}
    found = run(6, **gone, life=4.0, **lead)
    assert found["retirements"] == pytest.approx([1, 2, 4, 8, 16, 0])
    # The orders of the last period before the first arrive in it.
    assert found["arrivals"] == pytest.approx([16, 0, 0, 0, 0, 0])
    assert found["capacity"] == pytest.approx([30, 28, 24, 16, 0, 0], abs=1e-14)
    assert found["utilization"] == pytest.approx([0.5, 15 / 28, 15 / 24, 15 / 16, 1, 1])
    # Of a life of two periods and a half, half of a vintage leaves a period before the rest.
    part = run(4, **gone | {"capacity": 10.0, "opening_growth": 0.0}, life=2.5)
    assert part["retirements"] == pytest.approx([4, 4, 2, 0])
