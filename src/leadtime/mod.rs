//! When the capacity arrives: lead times from orders, schedules of tasks, deliveries.

pub(crate) mod curves;
pub(crate) mod delivery;
mod families;
mod gamma_tails;
mod jet;
mod likelihood;
pub(crate) mod network;
mod observations;
mod schedule;
mod simulation;
mod special;
pub(crate) mod survival;
mod weibull;
