"""The industry with its cited inputs: draws by plain Python, probabilities, what moves them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import plain_cycle
import xarray as xr

import overbuild as ob
from overbuild.models._lead_times import WEEKS, even_shares

TABLE = pd.read_csv(ob.data.path("industry"))
INPUTS = ob.read_inputs(ob.data.path("industry"))


def test_events_are_what_the_paths_show() -> None:
    data = ob.Study(ob.models.industry, INPUTS).run(draws=512, seed=3).dataset
    orders, capex = data.orders.values, data.capex.values
    opening = float(TABLE.set_index("name").value["opening_capex"])
    for draw in range(0, 512, 7):
        peak, busts, row = opening, False, 0
        for spent, used in zip(capex[draw], data.utilization.values[draw], strict=True):
            peak = max(peak, spent)
            busts |= spent <= 0.5 * peak
            row = row + 1 if used < 0.4 else 0
            busts |= row == 8
        assert data.bust.values[draw] == busts
        # From the second year on, where a year ago is among the periods.
        lower = orders[draw, 4:] < orders[draw, :-4]
        pairs = lower[1:] & lower[:-1]
        np.testing.assert_array_equal(data.digesting.values[draw, 5:], pairs)
    assert 0.0 < float(data.digestion.mean()) < 1.0
    assert float(data.bust.mean()) < float(data.digestion.mean())


def test_the_cited_industry_is_plausible_before_it_begins() -> None:
    drawn = ob.Study(ob.models.industry, INPUTS).run(draws=2048, seed=2).dataset
    before = drawn.capacity - drawn.arrivals + drawn.retirements
    before = before.isel(period=0, drop=True)
    xr.testing.assert_allclose(before, drawn.opening_capacity)
    # No stock of chips as large as the fleet waits for power.
    assert (drawn.chips_waiting.isel(period=0, drop=True) / before).quantile(0.95) < 0.5
    # What was paid for a MW of all kinds, from ordinary servers (28 USD m) to AI (60).
    cost = drawn.opening_cost.quantile([0.25, 0.5, 0.75]).values
    assert 20 < cost[0] < cost[1] < cost[2] < 60
    # Of 2025: Amazon and Microsoft alone put some 3,800 and 2,000 MW into service in a year.
    comes = drawn.arrivals.isel(period=slice(4)).sum("period").median().item()
    assert 5_800 < comes < 2 * 5_800


def slower(**changes: Any) -> xr.Dataset:
    """The cited inputs, of which some are changed by draw."""
    base = ob.Study(ob.models.industry, INPUTS).run(draws=1024, seed=5).dataset
    inputs = {name: base[name] for name in TABLE.name}
    return ob.models.industry(**inputs | changes, periods=20)


def test_probabilities_move_as_they_should() -> None:
    growth = ob.Study(ob.models.industry, INPUTS).run(draws=1024, seed=5).dataset.demand_growth
    as_it_is, half, none = (slower(demand_growth=share * growth) for share in (1.0, 0.5, 0.0))
    for event in ("digestion", "bust"):
        found = [float(x[event].mean()) for x in (as_it_is, half, none)]
        assert found == sorted(found), event
        assert found[2] > found[0] + 0.2, event
    fearful, calm = (slower(fear_of_missing_out=share) for share in (0.9, 0.0))
    assert fearful.digestion.mean() > calm.digestion.mean()
    soon, late = (slower(power_weeks=weeks, chip_weeks=20.0) for weeks in (52.0, 208.0))
    assert late.lowest_utilization.mean() < soon.lowest_utilization.mean()
    # A cut of orders reaches capex sooner where chips are ordered with their site.
    at_once, with_power = (
        slower(chips_with_power=share, demand_growth=0.0) for share in (0.0, 1.0)
    )
    assert at_once.bust_of_capex.mean() > with_power.bust_of_capex.mean() + 0.1
    # But then more chips wait than serve.
    assert (at_once.chips_waiting / at_once.capacity).isel(period=0).median() > 1.0


def test_single_draws_by_plain_python() -> None:
    result = ob.Study(ob.models.industry, INPUTS).run(draws=512, seed=11).dataset
    both = result.digestion + 2 * result.bust
    # A few of each: neither, a digestion alone, and a bust.
    chosen = np.concatenate([np.flatnonzero(both == kind)[:3] for kind in (0, 1, 3)])
    assert len(chosen) >= 7
    for draw in chosen:
        one = result.isel(draw=draw)
        g = {name: float(one[name]) for name in TABLE.name}
        growth = (1 + g["capex_growth"]) ** 0.25 - 1
        weeks = {"chip": g["chip_weeks"], "power": g["power_weeks"]}
        lags = {
            name: even_shares(xr.DataArray(x / WEEKS), xr.DataArray(g["spread"])).values
            for name, x in weeks.items()
        }
        chips = g["chips_with_power"] * lags["power"]
        chips[: len(lags["chip"])] += (1 - g["chips_with_power"]) * lags["chip"]
        same = ["elasticity", "adjustment_speed", "target_utilization", "price_response"]
        same += ["price_reversion", "gap_correction", "supply_line_weight", "planning_horizon"]
        same += ["smoothing", "fear_of_missing_out", "order_response", "chip_cost", "power_cost"]
        path = plain_cycle.run(
            40,
            capacity=g["opening_capacity"],
            demand=g["opening_capacity"] * g["opening_utilization"],
            growth=(1 + g["demand_growth"]) ** 0.25 - 1,
            opening_growth=growth,
            life=min(4 * g["life"], g["generations"] * g["cadence"] / 3),
            full_cost=1 / g["price_over_cost"],
            cost_growth=(1 + g["cost_growth"]) ** 0.25 - 1,
            chip_lead_time=chips,
            power_lead_time=lags["power"],
            **{name: g[name] for name in same},
        )
        for name in ("orders", "utilization", "price"):
            np.testing.assert_allclose(one[name], path[name], rtol=1e-6, err_msg=name)
        # Before the first quarter all had grown evenly, and came to what was spent then.
        still = plain_cycle.run(
            1,
            capacity=1.0,
            growth=growth,
            opening_growth=growth,
            life=min(4 * g["life"], g["generations"] * g["cadence"] / 3),
            chip_lead_time=chips,
            power_lead_time=lags["power"],
            chip_cost=g["chip_cost"],
            power_cost=g["power_cost"],
        )
        per_mw = still["capex"][0] / (1 + growth) * g["opening_capacity"]
        capex = path["capex"] / per_mw * g["opening_capex"]
        np.testing.assert_allclose(one.capex, capex, rtol=1e-6)
        last = still["orders"][0] / (1 + growth) * g["opening_capacity"]
        orders = [last / (1 + growth) ** k for k in (3, 2, 1, 0)] + list(path["orders"])
        lower = [now < then for now, then in zip(orders[4:], orders, strict=False)]
        peak, idle, bust = g["opening_capex"], 0, False
        for spent, used in zip(capex, path["utilization"], strict=True):
            peak = max(peak, spent)
            idle = idle + 1 if used < 0.4 else 0
            bust |= spent <= peak / 2 or idle >= 8
        assert one.digestion == any(a and b for a, b in itertools.pairwise(lower))
        assert one.bust == bust


def test_a_study_gives_probabilities_with_errors_and_drivers() -> None:
    scenarios = {
        "shock": {"efficiency": 0.5, "efficiency_from": 4.0},
        "stop": {"funding_from": 4.0},
    }
    never = {"efficiency": 1.0, "efficiency_from": 99.0, "funding": 0.0, "funding_from": 99.0}
    base = INPUTS | never
    result = ob.Study(ob.models.industry, base, scenarios=scenarios).run(draws=2048, seed=1)
    table = result.summary()
    for event in ("digestion", "bust"):
        rows = table[table.index.str.startswith(f"{event}[")]
        assert len(rows) == 3
        assert ((rows["mean"] >= 0) & (rows["mean"] <= 1)).all()
        # No worse than draws that know nothing of each other.
        assert (rows["SE mean"] <= np.sqrt(rows["mean"] * (1 - rows["mean"]) / 2048) * 1.5).all()
    bust = result.dataset.bust.mean("draw")
    assert bust.sel(scenario="stop").item() == 1.0
    assert bust.sel(scenario="base").item() < 0.3
    assert result.dataset.digestion.mean("draw").sel(scenario="shock").item() > 0.6
    drivers = result.sensitivity()
    assert "demand_growth" in drivers.index.get_level_values("input")
