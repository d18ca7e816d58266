//! Demand, what capacity to hold against it, and the cycle that they make.

pub(crate) mod adoption;
pub(crate) mod capacity;
mod cycle;
pub(crate) mod demand;
pub(crate) mod evidence;
mod opening;
pub(crate) mod paths;
pub(crate) mod regions;
