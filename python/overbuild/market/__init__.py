"""Supply, demand and the cycle that they make."""

from __future__ import annotations

from overbuild.market.cycle import Cycle, cycle

__all__ = ["Cycle", "cycle"]
