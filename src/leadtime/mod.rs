//! When ordered capacity arrives.

pub(crate) mod curves;
mod families;
mod gamma_tails;
mod jet;
mod likelihood;
mod observations;
mod special;
pub(crate) mod survival;
mod weibull;
