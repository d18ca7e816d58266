//! What the hardware costs, earns and loses.

pub(crate) mod annuity;
pub(crate) mod cashflow;
mod cumulants;
pub(crate) mod debt;
pub(crate) mod depreciation;
pub(crate) mod rate_of_return;
mod roots;
pub(crate) mod unit_cost;
