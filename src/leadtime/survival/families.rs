//! Families of lead times as functions of log time, a log location and a log shape.
//!
//! With y the logarithm of time: for all but gamma, z = (y - location) shape has one standard
//! distribution. Scale is e^location in scipy's sense; for gamma e^location is the mean, because
//! mean and shape hardly hang together, which keeps Newton's method on its way.

use super::gamma_tails::{deviance, log_upper};
use super::jet::Jet;
use super::special::{normal_tail, stirling};
use std::f64::consts::PI;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Weibull,
    Lognormal,
    Gamma,
    Exponential,
    Loglogistic,
}

/// Log location and log shape.
pub(super) type Point = [f64; 2];

impl Family {
    pub(crate) const ALL: [Family; 5] = [
        Family::Weibull,
        Family::Lognormal,
        Family::Gamma,
        Family::Exponential,
        Family::Loglogistic,
    ];

    /// How many parameters are free: an exponential distribution's shape is 1.
    pub(super) fn free(self) -> usize {
        if self == Family::Exponential { 1 } else { 2 }
    }

    /// Logarithm of the density of time at e^y.
    pub(super) fn log_density(self, y: f64, at: Point) -> Jet {
        if self == Family::Gamma {
            return gamma_log_density(y, at);
        }
        let scaled = Scaled::new(y, at);
        let z = scaled.z;
        let standard = match self {
            Family::Lognormal => scaled.jet(-0.5 * z * z - 0.5 * libm::log(2.0 * PI), -z, -1.0),
            Family::Loglogistic => {
                let (soft, up) = softplus(z);
                scaled.jet(z - 2.0 * soft, 1.0 - 2.0 * up, -2.0 * up * (1.0 - up))
            }
            _ => {
                let grown = libm::exp(z);
                scaled.jet(z - grown, 1.0 - grown, -grown)
            }
        };
        // Density of time is shape / time times density of z.
        standard + Jet { value: at[1] - y, slope: [0.0, 1.0], curve: [0.0; 3] }
    }

    /// Logarithm of the probability that time is beyond e^y.
    pub(super) fn log_survival(self, y: f64, at: Point) -> Jet {
        if self == Family::Gamma {
            return gamma_log_survival(y, at);
        }
        let scaled = Scaled::new(y, at);
        let z = scaled.z;
        match self {
            Family::Lognormal => {
                let (log_tail, hazard) = normal_tail(z);
                scaled.jet(log_tail, -hazard, -hazard * (hazard - z))
            }
            Family::Loglogistic => {
                let (soft, up) = softplus(z);
                scaled.jet(-soft, -up, -up * (1.0 - up))
            }
            _ => {
                let grown = libm::exp(z);
                scaled.jet(-grown, -grown, -grown)
            }
        }
    }

    /// scipy's shape and scale at a point, and what derivatives of their logarithms by the point's
    /// are: rows (log shape, log scale), columns (location, shape).
    pub(super) fn parameters(self, [location, log_shape]: Point) -> ([f64; 2], [[f64; 2]; 2]) {
        let shape = libm::exp(log_shape);
        match self {
            Family::Gamma => ([shape, libm::exp(location - log_shape)], [[0.0, 1.0], [1.0, -1.0]]),
            Family::Lognormal => {
                ([libm::exp(-log_shape), libm::exp(location)], [[0.0, -1.0], [1.0, 0.0]])
            }
            Family::Exponential => ([1.0, libm::exp(location)], [[0.0, 0.0], [1.0, 0.0]]),
            _ => ([shape, libm::exp(location)], [[0.0, 1.0], [1.0, 0.0]]),
        }
    }
}

/// A time as so many spreads from the location.
struct Scaled {
    z: f64,
    shape: f64,
}

impl Scaled {
    #[inline(always)]
    fn new(y: f64, [location, log_shape]: Point) -> Self {
        let shape = libm::exp(log_shape);
        Scaled { z: (y - location) * shape, shape }
    }

    /// A function of z as a function of location and log shape.
    #[inline(always)]
    fn jet(&self, value: f64, first: f64, second: f64) -> Jet {
        let Scaled { z, shape } = *self;
        let z = Jet { value: z, slope: [-shape, z], curve: [0.0, -shape, z] };
        z.chain(value, first, second)
    }
}

/// log(1 + e^z) and its derivative.
fn softplus(z: f64) -> (f64, f64) {
    let small = libm::exp(-z.abs());
    let up = 1.0 / (1.0 + small);
    (z.max(0.0) + libm::log1p(small), if z > 0.0 { up } else { small * up })
}

fn gamma_log_density(y: f64, [location, log_shape]: Point) -> Jet {
    let (v, a) = (y - location, libm::exp(log_shape));
    let (grown, [h, h1, h2]) = (libm::expm1(v), stirling(a));
    let by_shape = a * (h1 - deviance(v));
    Jet {
        value: h - a * deviance(v) - y,
        slope: [a * grown, by_shape],
        curve: [-a * (grown + 1.0), a * grown, by_shape + a * a * h2],
    }
}

fn gamma_log_survival(y: f64, [location, log_shape]: Point) -> Jet {
    let a = libm::exp(log_shape);
    let [value, by_v, by_a, vv, va, aa] = log_upper(y - location, a);
    Jet { value, slope: [-by_v, a * by_a], curve: [vv, -a * va, a * by_a + a * a * aa] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_agree_with_differences() {
        const STEP: f64 = 1e-5;
        for family in Family::ALL {
            for y in [-1.5, 0.2, 0.9, 2.0] {
                for at in [[0.3, 0.0], [0.1, 0.8], [0.7, -0.9]] {
                    for of in [Family::log_density, Family::log_survival] {
                        let jet = of(family, y, at);
                        let moved = |k: usize, by: f64| {
                            let mut at = at;
                            at[k] += by;
                            of(family, y, at)
                        };
                        let ups = [moved(0, STEP), moved(1, STEP)];
                        let downs = [moved(0, -STEP), moved(1, -STEP)];
                        let slope = |j: fn(&Jet) -> f64, k: usize| {
                            (j(&ups[k]) - j(&downs[k])) / (2.0 * STEP)
                        };
                        let pairs = [
                            (jet.slope[0], slope(|jet| jet.value, 0)),
                            (jet.slope[1], slope(|jet| jet.value, 1)),
                            (jet.curve[0], slope(|jet| jet.slope[0], 0)),
                            (jet.curve[1], slope(|jet| jet.slope[0], 1)),
                            (jet.curve[1], slope(|jet| jet.slope[1], 0)),
                            (jet.curve[2], slope(|jet| jet.slope[1], 1)),
                        ];
                        for (found, difference) in pairs {
                            let near = 1e-8 * (1.0 + found.abs());
                            assert!(
                                (found - difference).abs() < near,
                                "{family:?} at {y}, {at:?}: {found}, {difference}"
                            );
                        }
                    }
                }
            }
        }
    }
}
