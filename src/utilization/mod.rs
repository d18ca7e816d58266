//! How much of the capacity is used: from disclosures, from job logs, from queueing theory.

pub(crate) mod disclosure;
mod joblog;
pub(crate) mod occupancy;
pub(crate) mod queueing;
