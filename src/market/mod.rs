//! Supply, demand and the cycle that they make.

mod cycle;
mod loading;
mod opening;
pub(crate) mod paths;
mod pricing;
