//! A value with its first and second derivatives by two parameters.

use std::ops::{Add, AddAssign, Mul, Neg, Sub};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Jet {
    pub(super) value: f64,
    /// Derivatives by the first and by the second parameter.
    pub(super) slope: [f64; 2],
    /// By the first twice, by both, by the second twice.
    pub(super) curve: [f64; 3],
}

impl Jet {
    /// A function of this one, from its value and derivatives there.
    #[inline(always)]
    pub(super) fn chain(self, value: f64, first: f64, second: f64) -> Self {
        let [a, b] = self.slope;
        let [aa, ab, bb] = self.curve;
        Jet {
            value,
            slope: [first * a, first * b],
            curve: [
                second * a * a + first * aa,
                second * a * b + first * ab,
                second * b * b + first * bb,
            ],
        }
    }

    /// log(1 - e^-self), for what is above zero.
    pub(super) fn log_one_minus_exp_neg(self) -> Self {
        let grown = libm::expm1(self.value);
        let value = match self.value {
            small if small < 0.5 => libm::log(-libm::expm1(-small)),
            large => libm::log1p(-libm::exp(-large)),
        };
        // e^x / (e^x - 1)^2, also where e^x is infinite.
        let first = 1.0 / grown;
        self.chain(value, first, -first * (1.0 + first))
    }
}

impl Add for Jet {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Jet {
            value: self.value + other.value,
            slope: std::array::from_fn(|k| self.slope[k] + other.slope[k]),
            curve: std::array::from_fn(|k| self.curve[k] + other.curve[k]),
        }
    }
}

impl Neg for Jet {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self * -1.0
    }
}

impl Sub for Jet {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul<f64> for Jet {
    type Output = Self;
    #[inline(always)]
    fn mul(self, by: f64) -> Self {
        Jet {
            value: self.value * by,
            slope: self.slope.map(|x| x * by),
            curve: self.curve.map(|x| x * by),
        }
    }
}

impl AddAssign for Jet {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
