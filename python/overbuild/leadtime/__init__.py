"""When the capacity arrives: from orders to the day a campus is energised."""

from __future__ import annotations

from overbuild.leadtime._links import Link
from overbuild.leadtime.calendar import weeks_after, weeks_between
from overbuild.leadtime.curves import KaplanMeier, kaplan_meier
from overbuild.leadtime.delivery import backlog, deliveries, discretize, installed
from overbuild.leadtime.incidence import CumulativeIncidence, cumulative_incidence
from overbuild.leadtime.network import Network
from overbuild.leadtime.ordering import order_by
from overbuild.leadtime.orders import Orders, from_orders
from overbuild.leadtime.remaining import Remaining, remaining
from overbuild.leadtime.revision import Substitution, slip, substitute
from overbuild.leadtime.simulation import Simulation
from overbuild.leadtime.supply import Stranded, binding, in_service, stranded
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
    "Stranded",
    "Substitution",
    "backlog",
    "binding",
    "cumulative_incidence",
    "deliveries",
    "discretize",
    "fit",
    "from_orders",
    "in_service",
    "installed",
    "kaplan_meier",
    "order_by",
    "remaining",
    "slip",
    "stranded",
    "substitute",
    "weeks_after",
    "weeks_between",
]
