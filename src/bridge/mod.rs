//! All that knows NumPy and Python, and the only `unsafe` code of the crate.
//!
//! A topic writes plain functions and a table: `elementwise(c"implied", implied)`. From the
//! function's own type the bridge makes a loop over strided memory ([`elementwise`],
//! [`rowwise`]), which splits into ordered chunks ([`chunks`]) over this process's threads ([`pool`]),
//! runs code compiled for the instruction set at hand ([`isa`]) and reports through NumPy's
//! floating-point status ([`status`]).
#![allow(unsafe_code)]

mod chunks;
mod elementwise;
mod exponential;
mod failure;
mod isa;
mod lanes;
mod logarithm;
mod pool;
mod rowwise;
mod status;
#[cfg(feature = "python")]
mod testing;
mod transpose;
mod ufunc;

#[cfg(feature = "python")]
pub(crate) use chunks::fill_chunks;
pub(crate) use chunks::{map_chunks, map_columns};
pub(crate) use failure::{Failure, allocate};
#[cfg(test)]
pub(crate) use isa::Isa;
pub(crate) use isa::{Body, vectorized};
pub(crate) use lanes::{LANES, Lanes};
pub(crate) use rowwise::ByLag;
pub(crate) use ufunc::{Kernel, elementwise, elementwise_slow, rowwise};

#[cfg(feature = "python")]
pub(crate) use {failure::python::detached, ufunc::add_kernels};

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    pool::python::register(module)?;
    testing::register(module)
}
