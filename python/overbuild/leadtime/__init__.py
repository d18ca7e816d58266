"""When the capacity arrives: from orders to the day a campus is energised."""

from __future__ import annotations

from overbuild.leadtime._links import Link
from overbuild.leadtime.curves import KaplanMeier, kaplan_meier
from overbuild.leadtime.incidence import CumulativeIncidence, cumulative_incidence
from overbuild.leadtime.network import Network
from overbuild.leadtime.orders import Orders, from_orders
from overbuild.leadtime.remaining import Remaining, remaining
from overbuild.leadtime.simulation import Simulation
from overbuild.leadtime.survival import Band, Fit, fit

__all__ = [
    "Band",
    "CumulativeIncidence",
    "Fit",
    "KaplanMeier",
    "Link",
    "Network",
    "Orders",
    "Remaining",
    "Simulation",
    "cumulative_incidence",
    "fit",
    "from_orders",
    "kaplan_meier",
    "remaining",
]
