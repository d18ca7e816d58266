//! Demand, what capacity to hold against it, and the cycle that they make.

pub(crate) mod adoption;
pub(crate) mod capacity;
mod cycle;
pub(crate) mod demand;
pub(crate) mod evidence;
mod loading;
mod opening;
pub(crate) mod paths;
mod pricing;
pub(crate) mod regions;
