//! When the capacity arrives: schedules of tasks, and their draws.

pub(crate) mod network;
mod schedule;
mod simulation;
