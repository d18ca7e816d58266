//! The exponential function over lanes: it vectorises, and has the same bits everywhere.
//!
//! Sources: the reduction by two parts of ln 2 is that of W. J. Cody and W. Waite, *Software
//! Manual for the Elementary Functions* (1980), chapter 6; what remains is Taylor's series. The
//! error is below 2 units in the last place (see the tests).

use super::lanes::{Lanes, both, each};

/// ln 2 in two parts; the first has so few digits that whole multiples of it are exact.
const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];

/// Adding this rounds to a whole number and leaves it in the last bits.
const ROUND: f64 = 1.5 * (1u64 << 52) as f64;

/// Beyond these the result is zero or infinite to the last digit.
const LEAST: f64 = -750.0;
const MOST: f64 = 710.0;

const TWO_TO_53: f64 = (1u64 << 53) as f64;

/// 1/2!, 1/4!, … 1/12!, and 1/3!, 1/5!, … 1/13!.
const EVEN: [f64; 6] =
    [1.0 / 2.0, 1.0 / 24.0, 1.0 / 720.0, 1.0 / 40_320.0, 1.0 / 3_628_800.0, 1.0 / 479_001_600.0];
const ODD: [f64; 6] = [
    1.0 / 6.0,
    1.0 / 120.0,
    1.0 / 5_040.0,
    1.0 / 362_880.0,
    1.0 / 39_916_800.0,
    1.0 / 6_227_020_800.0,
];

impl Lanes {
    /// e to the power of each lane.
    #[inline(always)]
    pub(crate) fn exp(self) -> Self {
        let [exp] = Self::exp_each([self]);
        exp
    }

    /// e to the power of each lane of several that do not wait for one another: all take each step
    /// side by side, and a processor need not wait for the last one to end.
    #[inline(always)]
    pub(crate) fn exp_each<const N: usize>(x: [Self; N]) -> [Self; N] {
        reduce(x).exp()
    }

    /// e to the power of each lane, less one; exact to the last digits near zero as well.
    #[inline(always)]
    pub(crate) fn exp_m1(self) -> Self {
        let reduced = reduce([self]);
        let ([rest_m1], [half], [other_half]) = (reduced.rest_m1, reduced.half, reduced.other_half);
        let near = half * other_half - Lanes::splat(1.0) + rest_m1 * half * other_half;
        let [far] = reduced.exp();
        // From 2^53 on the one does not count, and the parts of `near` may overflow.
        let exp_m1 = far.zip(near, |far, near| if far > TWO_TO_53 { far } else { near });
        // Keeps the sign of zero.
        self.zip(exp_m1, |x, y| if x == 0.0 { x } else { y })
    }
}

/// `e^x` as `(rest_m1 + 1) · half · other_half`, the last two powers of two, for several `x`.
struct Reduced<const N: usize> {
    rest_m1: [Lanes; N],
    half: [Lanes; N],
    other_half: [Lanes; N],
}

impl<const N: usize> Reduced<N> {
    #[inline(always)]
    fn exp(&self) -> [Lanes; N] {
        let rest = each(self.rest_m1, |rest_m1| rest_m1 + Lanes::splat(1.0));
        product(product(rest, self.half), self.other_half)
    }
}

#[inline(always)]
fn reduce<const N: usize>(x: [Lanes; N]) -> Reduced<N> {
    let x = each(x, |x| {
        x.map(|x| {
            let x = if x < LEAST { LEAST } else { x };
            if x > MOST { MOST } else { x }
        })
    });
    let twos = each(x, |x| x.map(|x| (x * std::f64::consts::LOG2_E + ROUND) - ROUND));
    let rest = both(x, twos, |x, k| x.zip(k, |x, k| (x - k * LN_2[0]) - k * LN_2[1]));
    // Odd and even terms apart: two short chains instead of a long one.
    let square = product(rest, rest);
    let odd = product(polynomial(&ODD, square), rest);
    let series = sum(polynomial(&EVEN, square), odd);
    let rest_m1 = sum(rest, product(square, series));
    // Two factors, as one alone may be out of range where the result is not.
    let half = each(twos, |k| k.map(|k| (0.5 * k + ROUND) - ROUND));
    let other_half = both(twos, half, |twos, half| (twos - half).map(power_of_two));
    Reduced { rest_m1, half: each(half, |k| k.map(power_of_two)), other_half }
}

#[inline(always)]
fn sum<const N: usize>(x: [Lanes; N], y: [Lanes; N]) -> [Lanes; N] {
    both(x, y, |x, y| x + y)
}

#[inline(always)]
fn product<const N: usize>(x: [Lanes; N], y: [Lanes; N]) -> [Lanes; N] {
    both(x, y, |x, y| x * y)
}

#[inline(always)]
fn polynomial<const N: usize>(c: &[f64; 6], x: [Lanes; N]) -> [Lanes; N] {
    c.iter()
        .rev()
        .skip(1)
        .fold([Lanes::splat(c[5]); N], |sum, c| both(sum, x, |sum, x| sum * x + Lanes::splat(*c)))
}

/// 2 to the power of a whole number of at most three digits.
#[inline(always)]
fn power_of_two(k: f64) -> f64 {
    const BIAS: u64 = 1023;
    f64::from_bits((k + ROUND).to_bits().wrapping_add(BIAS) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units_in_the_last_place(found: f64, exact: f64) -> u64 {
        found.to_bits().abs_diff(exact.to_bits())
    }

    #[test]
    fn agrees_with_libm_to_two_units_in_the_last_place() {
        for k in -70_000..=70_000 {
            let x = f64::from(k) * 0.010_137;
            let found = Lanes::splat(x);
            assert!(units_in_the_last_place(found.exp().0[3], libm::exp(x)) <= 2, "exp({x})");
            let (found, exact) = (found.exp_m1().0[5], libm::expm1(x));
            assert!((found - exact).abs() <= 4e-16 * exact.abs(), "expm1({x}) {found} {exact}");
            let tiny = 1e-9 * x;
            let (found, exact) = (Lanes::splat(tiny).exp_m1().0[0], libm::expm1(tiny));
            assert!((found - exact).abs() <= 4e-16 * exact.abs());
        }
    }

    #[test]
    fn the_ends() {
        let at = |x: f64| (Lanes::splat(x).exp().0[0], Lanes::splat(x).exp_m1().0[0]);
        assert_eq!(at(0.0), (1.0, 0.0));
        assert_eq!(at(-0.0).0, 1.0);
        assert_eq!(at(f64::INFINITY), (f64::INFINITY, f64::INFINITY));
        assert_eq!(at(1e300), (f64::INFINITY, f64::INFINITY));
        assert_eq!(at(f64::NEG_INFINITY), (0.0, -1.0));
        assert_eq!(at(-800.0), (0.0, -1.0));
        assert!(at(f64::NAN).0.is_nan() && at(f64::NAN).1.is_nan());
    }
}
