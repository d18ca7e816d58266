//! When the capacity arrives: lead times from orders, schedules of tasks, deliveries.

pub(crate) mod delivery;
pub(crate) mod network;
mod schedule;
mod simulation;
pub(crate) mod survival;
