//! What a kernel takes and what it refuses: outside of its domain a result is NaN.

use crate::bridge::{Kernel, elementwise};

const TABLE: &[Kernel] = &[elementwise(c"within", between)];

/// `value` where the arguments are in the domain, NaN elsewhere; compiles to a select.
#[inline(always)]
pub(crate) fn within(domain: bool, value: f64) -> f64 {
    if domain { value } else { f64::NAN }
}

/// By how much rounding may make shares miss 0 or 1, and their sum 1.
pub(crate) const TOLERANCE: f64 = 1e-9;

/// A share, 0 or 1 where only rounding has made it less or more.
#[inline(always)]
pub(crate) fn share(value: f64) -> f64 {
    let value = if (-TOLERANCE..0.0).contains(&value) { 0.0 } else { value };
    if (1.0 < value) & (value <= 1.0 + TOLERANCE) { 1.0 } else { value }
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

    #[test]
    fn rounding_makes_no_share_less_than_nothing() {
        for (given, expected) in [(-2.8e-17, 0.0), (-1e-9, 0.0), (1.0 + 1e-15, 1.0), (0.3, 0.3)] {
            assert_eq!(share(given), expected);
        }
        assert_eq!((share(-1e-8), share(1.0 + 1e-8)), (-1e-8, 1.0 + 1e-8));
        assert!(share(f64::NAN).is_nan());
    }
}
