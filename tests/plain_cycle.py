"""The capacity cycle in plain Python, written from its docstring: one cycle, one number at a time.

The past is played out period by period instead of summed up: orders that grow, their chips and
power, and every vintage of the fleet with its age.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

#: How far back the past is played out.
LONG_AGO = 400


def by_period(value: Any, periods: int) -> list[float]:
    return np.broadcast_to(np.asarray(value, float), periods).tolist()


def in_service(age: int, life: float) -> float:
    """Part of a period, the one after so many others, that capacity serves."""
    return min(max(life - age, 0.0), 1.0)


def run(periods: int, **given: Any) -> dict[str, np.ndarray]:
    """Return what :func:`overbuild.market.cycle` does, for numbers and series."""
    p = {
        "growth": 0.0,
        "opening_growth": 0.0,
        "life": math.inf,
        "intensity": 1.0,
        "elasticity": 0.0,
        "adjustment_speed": 1.0,
        "target_utilization": 1.0,
        "utilization_cap": 1.0,
        "price": 1.0,
        "price_response": 0.0,
        "price_reversion": 0.0,
        "gap_correction": 0.0,
        "supply_line_weight": 0.0,
        "planning_horizon": 0.0,
        "smoothing": 0.0,
        "fear_of_missing_out": 0.0,
        "order_response": 0.0,
        "order_change": 0.0,
        "chip_lead_time": (1.0,),
        "power_lead_time": (1.0,),
        "chip_cost": 0.0,
        "power_cost": 0.0,
        "cost_growth": 0.0,
        "funding": math.inf,
        "reinvestment": 0.0,
    } | given
    p.setdefault("full_cost", p["price"])
    p.setdefault("demand", p["target_utilization"] * p["capacity"])
    growth, intensity = by_period(p["growth"], periods), by_period(p["intensity"], periods)
    funding, change = by_period(p["funding"], periods), by_period(p["order_change"], periods)
    chips, power = list(p["chip_lead_time"]), list(p["power_lead_time"])
    lags = max(len(chips), len(power))
    target, cap, life = p["target_utilization"], p["utilization_cap"], p["life"]

    # Vintages put in service before the first period: those of LONG_AGO and all in between.
    ages = range(LONG_AGO)
    grown = [(1 + p["opening_growth"]) ** -age for age in ages]
    serving = [in_service(age, life) for age in ages]
    rest = 0.0  # of a fleet that never retires, what is older still
    if life > LONG_AGO and p["opening_growth"] > 0:
        rest = grown[-1] / p["opening_growth"]
    endless = life == math.inf and p["opening_growth"] <= 0
    fleet = sum(map(math.prod, zip(grown, serving, strict=True))) + rest
    latest = 0.0 if endless else p["capacity"] / fleet
    vintages = {-1 - age: latest * grown[age] for age in ages}
    # Orders one of which brings the latest vintage.
    orders = {-1 - k: (1 + p["opening_growth"]) ** -k for k in range(lags + 1)}
    pipeline = [
        sum(orders[-1 - k] * sum(shares[k + 1 :]) for k in range(len(shares)))
        for shares in (chips, power)
    ]
    before = [x / (1 + p["opening_growth"]) for x in pipeline]
    brings = orders[-1] - max(pipeline) + max(before)
    scale = latest / brings
    orders = {s: scale * one for s, one in orders.items()}
    backlog = scale * max(pipeline)
    waiting = [backlog - scale * one for one in pipeline]
    # What owners are used to: orders for each unit in service, and on order for each order.
    habit = orders[-1] / latest if latest else 1 / brings
    on_order = max(before)

    capacity, demand, trend = p["capacity"], p["demand"], p["demand"]
    margin, expected, services = p["price"] / p["full_cost"], p["opening_growth"], 1.0
    price, revenue = p["price"], p["price"] * min(demand, cap * capacity)
    found: dict[str, list[float]] = {}
    for t in range(periods):
        cost = (1 + p["cost_growth"]) ** (t + 1)
        retired = 0.0
        for made, amount in vintages.items():
            left = in_service(t - 1 - made, life) - in_service(t - made, life)
            retired += amount * left
        sooner = 1 + (expected - p["opening_growth"]) * p["planning_horizon"]
        anchor = habit * (retired + expected * capacity) * max(sooner, 0)
        line = on_order * max(anchor, 0) - backlog
        gap = demand / target - capacity + p["supply_line_weight"] * line
        needed = max(anchor + p["gap_correction"] * gap, 0) * margin ** p["order_response"]
        fear = max(orders[t - 1] - (1 + expected) * orders[t - 2], 0)
        order = max(needed + p["fear_of_missing_out"] * fear + change[t], 0)
        unit = (p["chip_cost"] + p["power_cost"]) * cost
        funds = funding[t] + p["reinvestment"] * revenue
        orders[t] = funds / unit if order * unit > funds else order

        brought = []
        for k, shares in enumerate((chips, power)):
            brought.append(sum(orders[t - lag] * one for lag, one in enumerate(shares)))
            waiting[k] += brought[k]
        arrived = min(waiting)
        waiting = [one - arrived for one in waiting]
        backlog += orders[t] - arrived
        vintages[t] = arrived
        capacity = max(capacity + arrived - retired, 0.0)  # rounding could leave less than none

        services *= ((intensity[t] * price / p["price"]) ** p["elasticity"] / services) ** p[
            "adjustment_speed"
        ]
        trend *= 1 + growth[t]
        earlier, demand = demand, trend * intensity[t] * services
        expected += p["smoothing"] * (demand / earlier - 1 - expected)
        used = cap if capacity <= 0 else min(demand / capacity, cap)
        margin = margin ** (1 - p["price_reversion"]) * (used / target) ** p["price_response"]
        price = p["full_cost"] * cost * margin
        revenue = price * used * capacity
        capex = (p["chip_cost"] * brought[0] + p["power_cost"] * brought[1]) * cost
        for name, value in {
            "demand": demand,
            "orders": orders[t],
            "arrivals": arrived,
            "retirements": retired,
            "capacity": capacity,
            "backlog": backlog,
            "chips_waiting": waiting[0],
            "power_waiting": waiting[1],
            "utilization": used,
            "price": price,
            "capex": capex,
        }.items():
            found.setdefault(name, []).append(value)
    return {name: np.array(values) for name, values in found.items()}
