"""What demand does, what experts say, how much to build, and the cycle that it all makes."""

from __future__ import annotations

from overbuild.market.adoption import Adoption, bass, logistic, through
from overbuild.market.capacity import Newsvendor, critical_ratio, mismatch_cost, newsvendor
from overbuild.market.cycle import Cycle, cycle
from overbuild.market.demand import (
    EfficiencyShock,
    PainPeriod,
    Response,
    adjust,
    constant_elasticity,
    efficiency_shock,
    pain_period,
)
from overbuild.market.evidence import pool, unanimous
from overbuild.market.reconciliation import Reconciliation, reconcile
from overbuild.market.regions import Allocation, Regional, regional
from overbuild.market.waiting import OptionToWait, option_to_wait

__all__ = [
    "Adoption",
    "Allocation",
    "Cycle",
    "EfficiencyShock",
    "Newsvendor",
    "OptionToWait",
    "PainPeriod",
    "Reconciliation",
    "Regional",
    "Response",
    "adjust",
    "bass",
    "constant_elasticity",
    "critical_ratio",
    "cycle",
    "efficiency_shock",
    "logistic",
    "mismatch_cost",
    "newsvendor",
    "option_to_wait",
    "pain_period",
    "pool",
    "reconcile",
    "regional",
    "through",
    "unanimous",
]
