//! When the capacity arrives: lead times from orders, and schedules of tasks.

pub(crate) mod curves;
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
