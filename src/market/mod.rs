//! Demand, and what capacity to hold against it.

pub(crate) mod adoption;
pub(crate) mod capacity;
pub(crate) mod demand;
pub(crate) mod evidence;
pub(crate) mod regions;
