//! Eight rows side by side: the number type of row kernels.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// How many rows a row kernel works on at once.
pub(crate) const LANES: usize = 8;

/// One number of each of eight rows. Operators work lane by lane and vectorise.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Lanes(pub(crate) [f64; LANES]);

impl Lanes {
    /// The same number in every lane.
    #[inline(always)]
    pub(crate) fn splat(value: f64) -> Self {
        Lanes([value; LANES])
    }

    /// `f` of each lane.
    #[inline(always)]
    pub(crate) fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Lanes(std::array::from_fn(|k| f(self.0[k])))
    }

    /// `f` of each pair of lanes.
    #[inline(always)]
    pub(crate) fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Lanes(std::array::from_fn(|k| f(self.0[k], other.0[k])))
    }
}

macro_rules! lanewise {
    ($($trait:ident $method:ident $op:tt),+) => {$(
        impl $trait for Lanes {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.zip(other, |a, b| a $op b)
            }
        }
    )+};
}
lanewise!(Add add +, Sub sub -, Mul mul *, Div div /);

impl AddAssign for Lanes {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Neg for Lanes {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|a| -a)
    }
}
