//! What a kernel takes and what it refuses: outside of its domain a result is NaN.

use crate::bridge::{Kernel, elementwise};

const TABLE: &[Kernel] = &[elementwise(c"within", between)];

/// `value` where the arguments are in the domain, NaN elsewhere; compiles to a select.
#[inline(always)]
pub(crate) fn within(domain: bool, value: f64) -> f64 {
    if domain { value } else { f64::NAN }
}

/// A value that may not leave a range.
#[inline(always)]
fn between(value: f64, low: f64, high: f64) -> f64 {
    within((low <= value) & (value <= high), value)
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_belong_to_a_range() {
        assert_eq!(between(0.0, 0.0, 1.0), 0.0);
        assert_eq!(between(1.0, 0.0, 1.0), 1.0);
        assert!(between(1.0 + 1e-15, 0.0, 1.0).is_nan());
        assert!(between(0.5, f64::NAN, 1.0).is_nan());
    }
}
