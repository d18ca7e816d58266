//! What a study needs from the core: draws of any distribution, and their statistics, at memory speed.

pub(crate) mod quantile;
pub(crate) mod selection;
mod tabulate;
