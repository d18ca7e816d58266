"""When the capacity arrives: from orders to what is delivered, in service, or idle meanwhile."""

from __future__ import annotations

from overbuild.leadtime.calendar import weeks_after, weeks_between
from overbuild.leadtime.delivery import backlog, deliveries, discretize, installed
from overbuild.leadtime.ordering import order_by
from overbuild.leadtime.revision import Substitution, slip, substitute
from overbuild.leadtime.supply import Stranded, binding, in_service, stranded

__all__ = [
    "Stranded",
    "Substitution",
    "backlog",
    "binding",
    "deliveries",
    "discretize",
    "in_service",
    "installed",
    "order_by",
    "slip",
    "stranded",
    "substitute",
    "weeks_after",
    "weeks_between",
]
