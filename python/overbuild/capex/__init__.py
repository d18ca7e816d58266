"""What the hardware costs, earns and loses."""

from __future__ import annotations

from overbuild.capex._errors import IterationsExceededError, NoRealSolutionError
from overbuild.capex.annuity import capital_recovery_factor, fv, nper, pmt, pv, rate
from overbuild.capex.cashflow import (
    discounted_payback,
    mirr,
    npv,
    payback,
    profitability_index,
    xnpv,
)
from overbuild.capex.debt import (
    Loan,
    amortization,
    debt_service_coverage,
    delayed_draw,
    interest_coverage,
)
from overbuild.capex.depreciation import db, ddb, sln, syd, vdb
from overbuild.capex.payments import ipmt, ppmt
from overbuild.capex.rate_of_return import irr, irr_report, xirr
from overbuild.capex.schedules import (
    change_of_life,
    declining_balance,
    macrs,
    straight_line,
    sum_of_years_digits,
    units_of_production,
)
from overbuild.capex.unit_cost import (
    capex_per_mw,
    energy_cost,
    exponential_value,
    facility_power,
    learning_curve,
    levelized_cost,
    price_path,
    tariffed,
)
from overbuild.capex.vintages import book_value, vintages

__all__ = [
    "IterationsExceededError",
    "Loan",
    "NoRealSolutionError",
    "amortization",
    "book_value",
    "capex_per_mw",
    "capital_recovery_factor",
    "change_of_life",
    "db",
    "ddb",
    "debt_service_coverage",
    "declining_balance",
    "delayed_draw",
    "discounted_payback",
    "energy_cost",
    "exponential_value",
    "facility_power",
    "fv",
    "interest_coverage",
    "ipmt",
    "irr",
    "irr_report",
    "learning_curve",
    "levelized_cost",
    "macrs",
    "mirr",
    "nper",
    "npv",
    "payback",
    "pmt",
    "ppmt",
    "price_path",
    "profitability_index",
    "pv",
    "rate",
    "sln",
    "straight_line",
    "sum_of_years_digits",
    "syd",
    "tariffed",
    "units_of_production",
    "vdb",
    "vintages",
    "xirr",
    "xnpv",
]
