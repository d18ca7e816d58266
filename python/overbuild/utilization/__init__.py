"""How much of the capacity is used: from disclosures, from job logs, from queueing theory."""

from __future__ import annotations

from overbuild.utilization.disclosure import (
    break_even,
    fleet_hours,
    fleet_ramp,
    implied,
    implied_by_revenue,
    implied_price,
)
from overbuild.utilization.occupancy import occupancy, peak
from overbuild.utilization.queueing import carried_load, erlang_b, erlang_c

__all__ = [
    "break_even",
    "carried_load",
    "erlang_b",
    "erlang_c",
    "fleet_hours",
    "fleet_ramp",
    "implied",
    "implied_by_revenue",
    "implied_price",
    "occupancy",
    "peak",
]
