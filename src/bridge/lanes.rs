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
        Lanes(each(self.0, f))
    }

    /// Lanes of `chosen` where `condition` is not zero, of `other` elsewhere.
    #[inline(always)]
    pub(crate) fn select(condition: Self, chosen: Self, other: Self) -> Self {
        Lanes(std::array::from_fn(|k| if condition.0[k] != 0.0 { chosen.0[k] } else { other.0[k] }))
    }

    /// What `f` gives for each lane that is NaN, and the other lanes as they are.
    #[inline(always)]
    pub(crate) fn or_else_by_lane(mut self, f: impl Fn(usize) -> f64) -> Self {
        for lane in 0..LANES {
            if self.0[lane].is_nan() {
                self.0[lane] = f(lane);
            }
        }
        self
    }

    /// `f` of each pair of lanes.
    #[inline(always)]
    pub(crate) fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Lanes(both(self.0, other.0, f))
    }
}

/// `f` of each. A plain loop becomes better vectors than [`std::array::from_fn`].
#[inline(always)]
pub(super) fn each<T: Copy, const N: usize>(mut x: [T; N], f: impl Fn(T) -> T) -> [T; N] {
    for x in &mut x {
        *x = f(*x);
    }
    x
}

/// `f` of each pair.
#[inline(always)]
pub(super) fn both<T: Copy, const N: usize>(
    mut x: [T; N],
    y: [T; N],
    f: impl Fn(T, T) -> T,
) -> [T; N] {
    for k in 0..N {
        x[k] = f(x[k], y[k]);
    }
    x
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
