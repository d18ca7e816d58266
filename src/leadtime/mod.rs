//! When the capacity arrives.

pub(crate) mod delivery;
