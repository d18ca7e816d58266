"""What an industry has behind it: from capex, what was ordered, is on order and in service."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr

from overbuild import capex as money
from overbuild._calls import within
from overbuild.models._lead_times import WEEKS, discounted, even_shares, later, mixed


def quarterly(growth: xr.DataArray) -> xr.DataArray:
    """Return the growth a quarter that makes a growth a year; roots have the same bits anywhere."""
    factor: Any = np.sqrt(np.sqrt(1.0 + growth))
    quarter: xr.DataArray = factor - 1.0
    return quarter


def past(given: SimpleNamespace) -> SimpleNamespace:
    """Work out from capex what was ordered, what is on order and what is in service."""
    growth = quarterly(given.capex_growth)
    life = within(
        np.minimum(4.0 * given.life, given.generations * given.cadence / 3.0), 1.0, np.inf
    )
    shares = _shares(given)
    spent, still_open = [], []
    for cost, share in zip((given.chip_cost, given.power_cost), shares.values(), strict=True):
        spent.append(cost * discounted(share, growth))
        still_open.append(discounted(later(share), growth))
    orders = 1e3 * given.opening_capex / (spent[0] + spent[1])
    backlog: Any = np.maximum(still_open[0], still_open[1])
    arrivals = orders * (1.0 - backlog * growth / (1.0 + growth))
    whole = np.floor(life)
    # Of each vintage as much is there as an annuity in advance is worth.
    fleet = -money.pv(growth, whole, 1.0, when="begin")
    fleet = fleet + (life - whole) * money.pv(growth, whole, 0.0, -1.0)
    capacity = arrivals * fleet
    # Of a fleet of another size the same money bought each MW at another cost.
    more = 1.0 if given.opening_capacity is None else given.opening_capacity / capacity
    return SimpleNamespace(
        growth=growth,
        life=life,
        orders=orders * more,
        capacity=capacity if given.opening_capacity is None else given.opening_capacity,
        chip_cost=given.chip_cost / more,
        power_cost=given.power_cost / more,
        **shares,
    )


def _shares(given: SimpleNamespace) -> dict[str, xr.DataArray]:
    """Return the shares of chips and of power that arrive by lag."""
    chips, power = (weeks / WEEKS for weeks in (given.chip_weeks, given.power_weeks))
    together: Any = np.maximum(chips, power)
    by_need = even_shares(together, given.spread)
    at_once = even_shares(chips, given.spread)
    return {
        "chips": mixed(at_once, by_need, given.chips_with_power),
        "power": even_shares(power, given.spread),
    }
