"""When ordered capacity arrives: lead times from orders, of which some are still open."""

from __future__ import annotations

from overbuild.leadtime.curves import KaplanMeier, kaplan_meier
from overbuild.leadtime.incidence import CumulativeIncidence, cumulative_incidence
from overbuild.leadtime.orders import Orders, from_orders
from overbuild.leadtime.remaining import Remaining, remaining
from overbuild.leadtime.survival import Band, Fit, fit

__all__ = [
    "Band",
    "CumulativeIncidence",
    "Fit",
    "KaplanMeier",
    "Orders",
    "Remaining",
    "cumulative_incidence",
    "fit",
    "from_orders",
    "kaplan_meier",
    "remaining",
]
