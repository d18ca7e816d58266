//! Supply, demand and the cycle that they make.

mod cycle;
mod opening;
pub(crate) mod paths;
