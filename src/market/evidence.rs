//! What agreement of a few is worth.

use crate::bridge::{Kernel, elementwise};
use crate::domain::within;

const TABLE: &[Kernel] = &[elementwise(c"unanimous", unanimous)];

/// Least share of all that agrees if `n` of `n` do: with less, that has a chance below 1 - level.
fn unanimous(n: f64, level: f64) -> f64 {
    let domain = n >= 0.0 && n == libm::trunc(n) && level > 0.0 && level < 1.0;
    within(domain, libm::exp(libm::log1p(-level) / n))
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_agreements_has_the_chance_that_is_left() {
        assert!((unanimous(10.0, 0.95).powi(10) - 0.05).abs() < 1e-15);
        assert_eq!(unanimous(0.0, 0.95), 0.0);
        assert!(unanimous(2.5, 0.95).is_nan() && unanimous(5.0, 1.0).is_nan());
    }
}
