"""What demand does: prices and quantities, adoption, what experts say, how much to build."""

from __future__ import annotations

from overbuild.market.adoption import Adoption, bass, logistic, through
from overbuild.market.demand import (
    EfficiencyShock,
    PainPeriod,
    Response,
    adjust,
    constant_elasticity,
    efficiency_shock,
    pain_period,
)
from overbuild.market.regions import Allocation, Regional, regional

__all__ = [
    "Adoption",
    "Allocation",
    "EfficiencyShock",
    "PainPeriod",
    "Regional",
    "Response",
    "adjust",
    "bass",
    "constant_elasticity",
    "efficiency_shock",
    "logistic",
    "pain_period",
    "regional",
    "through",
]
