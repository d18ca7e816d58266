//! Quantiles and means of many draws, of all of them and of each replicate, exact.
//!
//! A quantile needs no sorting: [`sampling`] and [`cuts`] tell windows that it lies in almost
//! surely, [`scan`] counts the draws below them and keeps those within, [`resolve`] finds the
//! quantile among these. In [`memory`] all blocks of a row are looked at at once; in a [`stream`]
//! they come one after the other.

mod cuts;
mod draws;
mod memory;
#[cfg(feature = "python")]
mod python;
mod resolve;
mod sampling;
mod scan;
mod stream;

#[cfg(feature = "python")]
pub(crate) use python::register;
