"""Capacity cycles: a kernel over lanes against the loops that one would write."""

from __future__ import annotations

from typing import Any, Literal

import numba
import numpy as np

import overbuild as ob
from benches.timing import compare

ROWS, PERIODS = 65_536, 40


def parameter_sets(rows: int) -> dict[str, Any]:
    """Draw parameter sets of an industry that grows by about a fifth a year, by quarters."""
    rng = np.random.default_rng(0)
    uniform = rng.uniform
    return {
        "capacity": np.full(rows, 100.0),
        "demand": uniform(55, 75, rows),
        "opening_growth": uniform(0.0, 0.05, rows),
        "life": uniform(12.0, 24.0, rows),
        "elasticity": -uniform(0.5, 1.5, rows),
        "adjustment_speed": uniform(0.1, 0.6, rows),
        "target_utilization": uniform(0.6, 0.7, rows),
        "utilization_cap": np.full(rows, 0.95),
        "price": np.full(rows, 1.0),
        "full_cost": uniform(0.8, 1.0, rows),
        "price_response": uniform(0.1, 0.8, rows),
        "price_reversion": uniform(0.0, 0.2, rows),
        "gap_correction": uniform(0.05, 0.3, rows),
        "supply_line_weight": uniform(0.0, 1.0, rows),
        "planning_horizon": uniform(0.0, 6.0, rows),
        "smoothing": uniform(0.1, 0.5, rows),
        "fear_of_missing_out": uniform(0.0, 0.5, rows),
        "order_response": uniform(0.0, 1.0, rows),
        "chip_cost": uniform(15.0, 25.0, rows),
        "power_cost": uniform(8.0, 15.0, rows),
        "cost_growth": -uniform(0.0, 0.03, rows),
        "reinvestment": uniform(0.2, 0.6, rows),
        "growth": np.full(PERIODS, 0.05),
        "intensity": np.full(PERIODS, 1.0),
        "funding": np.full(PERIODS, 1e3),
        "order_change": np.zeros(PERIODS),
        "chip_lead_time": rng.dirichlet(np.ones(6), rows),
        "power_lead_time": rng.dirichlet(np.ones(16), rows),
    }


def past(x: Any, n: Any, part: Any, chips: Any, power: Any) -> tuple[Any, ...]:
    """Fleet and orders that have grown at one rate: what a cycle begins with."""
    rate = np.log1p(x["opening_growth"])
    oldest = x["capacity"] / (np.expm1(rate * n) / np.expm1(rate) + part * np.exp(-rate))
    newest = x["capacity"] / (np.expm1(-rate * n) / np.expm1(-rate) + part * np.exp(-rate * n))
    open_chips = 1.0 - np.cumsum(chips, axis=0)
    open_power = 1.0 - np.cumsum(power, axis=0)
    weights = np.exp(-np.outer(np.arange(power.shape[0]), rate))
    of_chips = (open_chips * weights[: chips.shape[0]]).sum(axis=0)
    of_power = (open_power * weights).sum(axis=0)
    more = np.maximum(of_chips, of_power)
    brings = 1.0 + more * np.expm1(-rate)
    orders = newest / brings
    waiting = (orders * more, orders * (more - of_chips), orders * (more - of_power))
    return (
        oldest,
        orders,
        1.0 / brings,
        more * np.exp(-rate),
        *waiting,
        weights[: power.shape[0] - 1][::-1] * orders,
    )


def with_numpy(x: Any, layout: Literal["C", "F"] = "C") -> dict[str, Any]:
    """Run all cycles at once, period after period, without a check of any domain.

    Arrays are (periods, rows) in the `layout` given: "F" is what (rows, periods) are in memory, as
    one would first write it; "C" is faster.
    """
    rows, n = x["capacity"].size, np.floor(x["life"]).astype(np.int64)
    part = x["life"] - n
    chips, power = (x[name].T.copy(layout) for name in ("chip_lead_time", "power_lead_time"))
    oldest, last, habit, on_order, backlog, chips_waiting, power_waiting, before = past(
        x, n, part, chips, power
    )
    expected = x["opening_growth"]
    lags = power.shape[0] - 1
    orders = np.empty((lags + PERIODS, rows), order=layout)
    orders[:lags] = before
    names = ("demand", "arrivals", "retirements", "capacity", "backlog", "chips_waiting")
    names += ("power_waiting", "utilization", "price", "capex")
    out = {name: np.empty((PERIODS, rows), order=layout) for name in names}
    arrivals, place = out["arrivals"], np.arange(rows)
    growing, aged = 1.0 + x["opening_growth"], oldest / (1.0 + x["opening_growth"])
    last_before = last / growing
    capacity, demand, trend = x["capacity"], x["demand"], x["demand"]
    margin = opening_margin = np.log(x["price"] / x["full_cost"])
    target, cap = x["target_utilization"], x["utilization_cap"]
    revenue = x["price"] * np.minimum(demand, cap * capacity)
    services, cost, log_cost = 0.0, 1.0, 0.0
    for t in range(PERIODS):
        old = np.where(t >= n, arrivals[np.maximum(t - n, 0), place], oldest)
        retired = (1.0 - part) * old + part * aged
        oldest, aged = oldest * growing, old

        faster = (expected - x["opening_growth"]) * x["planning_horizon"]
        ahead = habit * np.maximum(1.0 + faster, 0.0)
        anchor = (retired + expected * capacity) * ahead
        line = on_order * np.maximum(anchor, 0.0) - backlog
        gap = demand / target - capacity + x["supply_line_weight"] * line
        needed = np.maximum(anchor + x["gap_correction"] * gap, 0.0)
        fear = np.maximum(last - last_before * (1.0 + expected), 0.0)
        wanted = needed * np.exp(x["order_response"] * margin) + x["fear_of_missing_out"] * fear
        cost = cost * (1.0 + x["cost_growth"])
        funds = x["funding"][t] + x["reinvestment"] * revenue
        most = funds / ((x["chip_cost"] + x["power_cost"]) * cost)
        order = np.minimum(np.maximum(wanted + x["order_change"][t], 0.0), most)
        last_before, last = last, order
        orders[lags + t] = order

        recent = orders[: lags + t + 1][::-1]
        new_chips = np.einsum("kr,kr->r", recent[: chips.shape[0]], chips)
        new_power = np.einsum("kr,kr->r", recent[: power.shape[0]], power)
        chips_waiting, power_waiting = chips_waiting + new_chips, power_waiting + new_power
        arrived = np.minimum(chips_waiting, power_waiting)
        chips_waiting, power_waiting = chips_waiting - arrived, power_waiting - arrived
        backlog = np.maximum(backlog + order - arrived, 0.0)
        arrivals[t] = arrived
        capacity = np.maximum(capacity + arrived - retired, 0.0)

        last_price = log_cost + margin - opening_margin
        wanted_services = x["elasticity"] * (np.log(x["intensity"][t]) + last_price)
        services = services + x["adjustment_speed"] * (wanted_services - services)
        trend = trend * (1.0 + x["growth"][t])
        demand, demand_before = trend * x["intensity"][t] * np.exp(services), demand
        expected = expected + x["smoothing"] * (demand / demand_before - 1.0 - expected)
        used = np.minimum(demand / capacity, cap)
        log_cost = log_cost + np.log1p(x["cost_growth"])
        margin = (1.0 - x["price_reversion"]) * margin + x["price_response"] * np.log(used / target)
        price = x["full_cost"] * cost * np.exp(margin)
        revenue = price * used * capacity
        capex = (x["chip_cost"] * new_chips + x["power_cost"] * new_power) * cost
        kept = (demand, arrived, retired, capacity, backlog, chips_waiting, power_waiting)
        for name, value in zip(names, (*kept, used, price, capex), strict=True):
            out[name][t] = value
    return out | {"orders": orders[lags:]}


@numba.njit(parallel=True)
def fused(  # type: ignore[no-untyped-def]
    x, growth, intensity, funding, order_change, chips, power, periods
):
    """Run the cycles row by row, as one would in numba; `x` has a column for each parameter."""
    rows, lags = x.shape[0], power.shape[1] - 1
    out = np.empty((11, rows, periods))
    for row in numba.prange(rows):
        (capacity, demand, opening, life, elasticity, speed, target, cap) = x[row, :8]
        (price, full, response, reversion, correction, weight, horizon, smooth) = x[row, 8:16]
        (fear, by_price, chip_cost, power_cost, cost_growth, reinvest) = x[row, 16:22]
        n = int(np.floor(life))
        part = life - n
        rate = np.log1p(opening)
        oldest = capacity / (np.expm1(rate * n) / np.expm1(rate) + part * np.exp(-rate))
        newest = capacity / (np.expm1(-rate * n) / np.expm1(-rate) + part * np.exp(-rate * n))
        due, of_chips = 0.0, 0.0
        for k in range(chips.shape[1] - 1, 0, -1):
            due += chips[row, k]
            of_chips = of_chips / (1.0 + opening) + due
        due, of_power = 0.0, 0.0
        for k in range(power.shape[1] - 1, 0, -1):
            due += power[row, k]
            of_power = of_power / (1.0 + opening) + due
        more = max(of_chips, of_power)
        habit, on_order = 1.0 / (1.0 - more * opening / (1.0 + opening)), more / (1.0 + opening)
        last = newest * habit
        backlog = last * more
        chips_waiting, power_waiting = last * (more - of_chips), last * (more - of_power)
        orders = np.empty(lags + periods)
        order = last
        for k in range(lags - 1, -1, -1):
            orders[k] = order
            order /= 1.0 + opening
        aged, last_before = oldest / (1.0 + opening), last / (1.0 + opening)
        margin = np.log(price / full)
        opening_margin = margin
        revenue = price * min(demand, cap * capacity)
        services, cost, log_cost, trend, expected = 0.0, 1.0, 0.0, demand, opening
        for t in range(periods):
            old = out[2, row, t - n] if t >= n else oldest
            retired = (1.0 - part) * old + part * aged
            oldest *= 1.0 + opening
            aged = old
            ahead = habit * max(1.0 + (expected - opening) * horizon, 0.0)
            anchor = (retired + expected * capacity) * ahead
            gap = demand / target - capacity
            line = on_order * max(anchor, 0.0) - backlog
            needed = max(anchor + correction * (gap + weight * line), 0.0)
            more = max(last - last_before * (1.0 + expected), 0.0)
            wanted = needed * np.exp(by_price * margin) + fear * more + order_change[t]
            cost *= 1.0 + cost_growth
            most = (funding[t] + reinvest * revenue) / ((chip_cost + power_cost) * cost)
            order = min(max(wanted, 0.0), most)
            last_before, last = last, order
            orders[lags + t] = order
            new_chips, new_power = 0.0, 0.0
            for k in range(chips.shape[1]):
                new_chips += orders[lags + t - k] * chips[row, k]
            for k in range(power.shape[1]):
                new_power += orders[lags + t - k] * power[row, k]
            chips_waiting += new_chips
            power_waiting += new_power
            arrived = min(chips_waiting, power_waiting)
            chips_waiting -= arrived
            power_waiting -= arrived
            backlog = max(backlog + order - arrived, 0.0)
            capacity = max(capacity + arrived - retired, 0.0)
            wanted_services = elasticity * (
                np.log(intensity[t]) + log_cost + margin - opening_margin
            )
            services += speed * (wanted_services - services)
            trend *= 1.0 + growth[t]
            before = demand
            demand = trend * intensity[t] * np.exp(services)
            expected += smooth * (demand / before - 1.0 - expected)
            used = min(demand / capacity, cap)
            log_cost += np.log1p(cost_growth)
            margin = (1.0 - reversion) * margin + response * np.log(used / target)
            price = full * cost * np.exp(margin)
            revenue = price * used * capacity
            out[0, row, t], out[1, row, t], out[2, row, t] = demand, order, arrived
            out[3, row, t], out[4, row, t], out[5, row, t] = retired, capacity, backlog
            out[6, row, t], out[7, row, t] = chips_waiting, power_waiting
            out[8, row, t], out[9, row, t] = used, price
            out[10, row, t] = (chip_cost * new_chips + power_cost * new_power) * cost
    return out


def cycles() -> None:
    """Every row has parameters and lead times of its own; all outputs are kept."""
    sets = parameter_sets(ROWS)
    *columns, growth, intensity, funding, order_change, chips, power = sets.values()
    x = np.stack(columns, axis=1)
    series = (growth, intensity, funding, order_change)
    ours = ob.market.cycle(periods=PERIODS, **sets)
    for name, expected in with_numpy(sets).items():
        np.testing.assert_allclose(getattr(ours, name).T, expected, rtol=1e-9, atol=1e-9)
    with_numba = fused(x, *series, chips, power, PERIODS)
    np.testing.assert_allclose(ours.capex, with_numba[10], rtol=1e-9, atol=1e-9)
    del ours, with_numba
    runs = {
        "overbuild": lambda: ob.market.cycle(periods=PERIODS, **sets),
        "numba, parallel, row by row": lambda: fused(x, *series, chips, power, PERIODS),
        "NumPy over rows, arrays (periods, rows)": lambda: with_numpy(sets),
        "NumPy over rows, arrays (rows, periods)": lambda: with_numpy(sets, "F"),
    }
    compare(f"capacity cycles, {ROWS:,} rows x {PERIODS} periods, 11 outputs", runs, rounds=5)
