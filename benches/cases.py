"""The CoreWeave model as a user would write it: with overbuild, in plain NumPy, in squigglepy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

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


def neocloud_study() -> ob.Study:
    """Ten years of quarters of a GPU cloud that grows for three."""
    deliveries = xr.DataArray(np.where(np.arange(40) < 12, 10_000.0, 0.0), dims="period")

    def model(first_price: Any, decline: Any, **inputs: Any) -> Any:
        price = ob.capex.price_path(first_price, decline, periods=40, periods_per_year=4)
        return ob.models.neocloud(deliveries=deliveries, price=price, **inputs)

    inputs = {
        "first_price": ob.between(2.0, 3.0),
        "decline": ob.pert(0.05, 0.2, 0.4),
        "cost_per_gpu": ob.between(40_000, 50_000),
        "life": ob.triangular(16, 20, 24),
        "hours": 2_190.0,
        "committed_share": ob.pert(0.5, 0.8, 0.96),
        "contract_term": 12.0,
        "contract_discount": 0.2,
        "on_demand_utilization": ob.pert(0.3, 0.5, 0.8),
        "kw_per_gpu": 1.44,
        "pue": 1.2,
        "power_price": ob.between(60, 90),
        "lease_per_mw": 400_000.0,
        "other_operating_cost": 3e7,
        "debt_share": 0.7,
        "debt_rate": ob.between(0.02, 0.035),
        "debt_term": 16.0,
    }
    return ob.Study(model, inputs)


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
