"""When the capacity arrives: from orders to the day a campus is energised."""

from __future__ import annotations

from overbuild.leadtime._links import Link
from overbuild.leadtime.network import Network
from overbuild.leadtime.simulation import Simulation

__all__ = [
    "Link",
    "Network",
    "Simulation",
]
