//! Special functions that likelihoods need, the same on every machine.
//!
//! Each states its error; the tests compare with values of 40 digits.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

const SQRT_2_OVER_PI: f64 = 0.797_884_560_802_865_4;

/// From here on the series in 1/a are exact to rounding.
const ASYMPTOTIC: f64 = 12.0;

/// log Γ(a) in another form, h(a) = a log a - a - log Γ(a), and its first and second derivative.
///
/// Relative error below 1e-13 for h and its derivatives, except of h near its zero.
/// Source: M. Abramowitz and I. Stegun, *Handbook of Mathematical Functions* (1964), 6.1.40,
/// 6.3.18, 6.4.12, and the recurrences 6.1.15, 6.3.5, 6.4.6.
pub(super) fn stirling(a: f64) -> [f64; 3] {
    let mut a = a;
    // Of the steps from a to a + 1: products and sums of their logarithms and powers.
    let (mut product, mut inverse, mut inverse_square) = (1.0, 0.0, 0.0);
    let first = a;
    while a < ASYMPTOTIC {
        product *= a;
        inverse += 1.0 / a;
        inverse_square += 1.0 / (a * a);
        a += 1.0;
    }
    let x = 1.0 / a;
    let x2 = x * x;
    let rest = x
        * (1.0 / 12.0
            - x2 * (1.0 / 360.0
                - x2 * (1.0 / 1_260.0
                    - x2 * (1.0 / 1_680.0
                        - x2 * (1.0 / 1_188.0 - x2 * (691.0 / 360_360.0 - x2 / 156.0))))));
    let rest_1 = x2
        * (1.0 / 12.0
            - x2 * (1.0 / 120.0
                - x2 * (1.0 / 252.0
                    - x2 * (1.0 / 240.0
                        - x2 * (1.0 / 132.0 - x2 * (691.0 / 32_760.0 - x2 / 12.0))))));
    let rest_2 = x2
        * x
        * (1.0 / 6.0
            - x2 * (1.0 / 30.0
                - x2 * (1.0 / 42.0
                    - x2 * (1.0 / 30.0
                        - x2 * (5.0 / 66.0 - x2 * (691.0 / 2_730.0 - x2 * 7.0 / 6.0))))));
    // log a - digamma(a) and 1/a - trigamma(a) where a is large.
    let h = 0.5 * libm::log(a * (0.5 / PI)) - rest;
    let h1 = 0.5 * x + rest_1;
    let h2 = -0.5 * x2 - rest_2;
    if first == a {
        return [h, h1, h2];
    }
    // With Γ(a + n) = product Γ(a) and so on.
    let log_ratio = libm::log(first / a);
    [
        h + libm::log(product) - (a * libm::log(a) - a) + (first * libm::log(first) - first),
        h1 + log_ratio + inverse,
        h2 + 1.0 / first - x - inverse_square,
    ]
}

/// Logarithm of the probability that a standard normal number lies above `z`, and the hazard:
/// density over that probability. Relative error below 1e-13.
///
/// Source: complementary error function; from 8 on Laplace's continued fraction, Abramowitz and
/// Stegun 26.2.14.
pub(super) fn normal_tail(z: f64) -> (f64, f64) {
    let log_density = -0.5 * z * z - 0.5 * libm::log(2.0 * PI);
    if z < 0.0 {
        let below = 0.5 * libm::erfc(-z * FRAC_1_SQRT_2);
        return (libm::log1p(-below), libm::exp(log_density) / (1.0 - below));
    }
    if z < 8.0 {
        let twice = libm::erfc(z * FRAC_1_SQRT_2);
        return (libm::log(0.5 * twice), SQRT_2_OVER_PI * libm::exp(-0.5 * z * z) / twice);
    }
    // z + 1/(z + 2/(z + 3/…)), from the inside out.
    let hazard = (1..=30).rev().fold(z, |rest, k| z + f64::from(k) / rest);
    (log_density - libm::log(hazard), hazard)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, exact: f64, tolerance: f64) {
        assert!((found - exact).abs() <= tolerance * exact.abs(), "{found} is not {exact}");
    }

    /// From mpmath with 40 digits: a, h, its derivatives.
    #[test]
    fn stirling_to_thirteen_digits() {
        for [a, h, h1, h2] in [
            [0.001, -6.915086640662836, 993.6678166528282, -999001.6425331958],
            [0.25, -1.8845961149780501, 2.8411591722563747, -13.197329154507111],
            [1.0, -1.0, 0.5772156649015329, -0.6449340668482264],
            [3.5, -0.31630321261328626, 0.14960632785012482, -0.04464347038594915],
            [11.9, 0.3123295108025349, 0.04260486323494624, -0.003629587744626035],
            [12.0, 0.31657195158211787, 0.042244969812188296, -0.0035685395384350573],
            [40.0, 0.923417903913993, 0.012552080079093177, -0.00031510384129102817],
            [1000000.0, 5.988816662444131, 5.000000833333334e-07, -5.000001666666667e-13],
        ] {
            let found = stirling(a);
            close(found[0], h, 1e-13);
            close(found[1], h1, 1e-13);
            close(found[2], h2, 1e-13);
        }
    }

    /// From mpmath with 40 digits: z, log of the tail, hazard.
    #[test]
    fn normal_tails_to_thirteen_digits() {
        for [z, log_tail, hazard] in [
            [-30.0, -4.906713927148187e-198, 1.4736461348785476e-196],
            [-8.5, -9.479534822203318e-18, 8.16623563166955e-17],
            [-1.0, -0.17275377902344988, 0.2875999709391784],
            [0.0, -std::f64::consts::LN_2, SQRT_2_OVER_PI],
            [0.5, -1.1759117615936185, 1.1410777703680646],
            [3.0, -6.607726221510349, 3.2830986549304364],
            [7.99, -34.93227276199891, 8.11151152584879],
            [8.0, -35.01343715991455, 8.121368112236112],
            [12.0, -75.4106730015688, 12.082214175254284],
            [38.5, -745.695270290411, 38.52593909685449],
            [10000.0, -50000010.12927891, 10000.000099999997],
        ] {
            let found = normal_tail(z);
            close(found.0, log_tail, 1e-13);
            close(found.1, hazard, 1e-13);
        }
    }
}
