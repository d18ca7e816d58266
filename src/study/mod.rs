//! What a study needs from the core: draws of any distribution at memory speed.

pub(crate) mod quantile;
mod tabulate;
