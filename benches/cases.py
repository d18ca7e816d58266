"""The CoreWeave model as a user would write it: with overbuild, in plain NumPy, in squigglepy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import overbuild as ob

use = ob.utilization


def coreweave(
    customer_hours: Any,
    customer_share: Any,
    customer_price_ratio: Any,
    opening_gpus: Any,
    closing_gpus: Any,
    hours: Any,
    revenue: Any,
    price: Any,
    operating_cost: Any,
    interest: Any,
    kw_per_gpu: Any,
    power_price: Any,
    committed_share: Any,
) -> dict[str, Any]:
    """Both routes to utilization, and break-even, as in ``examples/coreweave_2024.ipynb``."""
    fleet = use.fleet_ramp(opening_gpus, closing_gpus, periods=12)
    capacity = use.fleet_hours(fleet, hours / 12)
    share_of_hours = customer_share / customer_price_ratio
    by_revenue = use.implied_by_revenue(revenue, price, capacity)
    variable_cost = kw_per_gpu * power_price
    fixed_cost = operating_cost - variable_cost * revenue / price
    return {
        "by_hours": use.implied(customer_hours, share_of_hours, capacity),
        "by_revenue": by_revenue,
        "customer_price": use.implied_price(customer_share, revenue, customer_hours),
        "committed": committed_share * by_revenue,
        "break_even": use.break_even(fixed_cost, variable_cost, price, capacity),
        "break_even_interest": use.break_even(
            fixed_cost + interest, variable_cost, price, capacity
        ),
    }


def coreweave_numpy(x: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same in throw-away NumPy, without a check of any domain."""
    middles = (np.arange(12) + 0.5) / 12
    opening, closing = x["opening_gpus"], x["closing_gpus"]
    fleet = opening[:, np.newaxis] + (closing - opening)[:, np.newaxis] * middles
    capacity = (fleet * (x["hours"] / 12)).sum(axis=1)
    share_of_hours = x["customer_share"] / x["customer_price_ratio"]
    by_revenue = x["revenue"] / x["price"] / capacity
    variable_cost = x["kw_per_gpu"] * x["power_price"]
    fixed_cost = x["operating_cost"] - variable_cost * x["revenue"] / x["price"]
    margin = (x["price"] - variable_cost) * capacity
    return {
        "by_hours": x["customer_hours"] / share_of_hours / capacity,
        "by_revenue": by_revenue,
        "customer_price": x["customer_share"] * x["revenue"] / x["customer_hours"],
        "committed": x["committed_share"] * by_revenue,
        "break_even": fixed_cost / margin,
        "break_even_interest": (fixed_cost + x["interest"]) / margin,
    }
