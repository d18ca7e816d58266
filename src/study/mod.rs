//! What a study needs from the core: draws of any distribution, and their statistics, at memory speed.

pub(crate) mod copula;
pub(crate) mod quantile;
pub(crate) mod selection;
pub(crate) mod sobol;
mod tabulate;
