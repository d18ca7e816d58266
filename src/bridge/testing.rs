//! Kernels that exist to prove the bridge: a sum whose reductions are known, and a panic.

use super::{Kernel, Lanes, add_kernels, detached, elementwise, rowwise};
use pyo3::prelude::*;

const TABLE: &[Kernel] = &[
    elementwise(c"_test_add", add),
    elementwise(c"_test_panic", panic_above_one),
    rowwise(c"_test_row_panic", row_panic_above_one),
];

#[inline]
fn add(a: f64, b: f64) -> f64 {
    a + b
}

#[inline]
fn panic_above_one(x: f64) -> f64 {
    assert!(x <= 1.0, "deliberate, x = {x}");
    x
}

#[inline]
fn row_panic_above_one(row: &[Lanes]) -> Lanes {
    row.iter().fold(Lanes::splat(0.0), |sum, x| sum + x.map(panic_above_one))
}

/// What a function that is no ufunc does with a panic.
#[pyfunction]
fn _test_detached_panic(py: Python<'_>) -> PyResult<()> {
    detached(py, || panic!("deliberate, x = 2"))
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_test_detached_panic, module)?)?;
    add_kernels(module, TABLE)
}
