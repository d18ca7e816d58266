//! The natural logarithm over lanes: it vectorises, and has the same bits everywhere.
//!
//! Source: the method and the coefficients are those of `e_log.c` in Sun's fdlibm (1993). The error
//! is below 1 unit in the last place.

use super::lanes::Lanes;

/// ln 2 in two parts; the first has so few digits that whole multiples of it are exact.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];

/// The logarithm of `(1 + s) / (1 - s)`, less `2 s`, over `s`: terms in s^2, s^6, … and s^4, s^8, …
const ODD: [f64; 4] = [
    6.666_666_666_666_735e-1,
    2.857_142_874_366_239e-1,
    1.818_357_216_161_805e-1,
    1.479_819_860_511_658_6e-1,
];
const EVEN: [f64; 3] =
    [3.999_999_999_940_942e-1, 2.222_219_843_214_978_4e-1, 1.531_383_769_920_937_3e-1];

const MANTISSA: u64 = (1 << 52) - 1;

/// High word of the root of one half: a mantissa lies between that and twice as much.
const ROOT_HALF: u64 = 0x3FE6_A09E << 32;
const ONE: u64 = 0x3FF0_0000 << 32;

/// A whole number below 2^52 in the last bits of 2^52 is that plus 2^52.
const TWO_TO_52: f64 = (1u64 << 52) as f64;
const BIAS: f64 = 1023.0;

const TWO_TO_54: f64 = (1u64 << 54) as f64;

impl Lanes {
    /// Natural logarithm of each lane; NaN below zero.
    #[inline(always)]
    pub(crate) fn ln(self) -> Self {
        self.map(ln)
    }
}

#[inline(always)]
fn ln(x: f64) -> f64 {
    let (normal, lifted) = if x < f64::MIN_POSITIVE { (x * TWO_TO_54, 54.0) } else { (x, 0.0) };
    let bits = normal.to_bits().wrapping_add(ONE - ROOT_HALF);
    let exponent = f64::from_bits(TWO_TO_52.to_bits() | (bits >> 52)) - TWO_TO_52;
    let twos = exponent - BIAS - lifted;
    let f = f64::from_bits((bits & MANTISSA) + ROOT_HALF) - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (EVEN[0] + w * (EVEN[1] + w * EVEN[2]));
    let odd = z * (ODD[0] + w * (ODD[1] + w * (ODD[2] + w * ODD[3])));
    let found =
        s * (half_square + (even + odd)) + twos * LN_2[1] - half_square + f + twos * LN_2[0];
    let found = if x == 0.0 { f64::NEG_INFINITY } else { found };
    let found = if x < 0.0 { f64::NAN } else { found };
    // Infinity and NaN are their own logarithms.
    if x < f64::INFINITY { found } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_libm_to_one_unit_in_the_last_place() {
        let near_one = (-3_000..3_000).map(|k| 1.0 + 1e-4 * f64::from(k) + 1e-7);
        let all = (-74_400..70_900).map(|k| libm::exp(0.01 * f64::from(k)));
        for x in near_one.chain(all).chain([5e-324, f64::MIN_POSITIVE, f64::MAX]) {
            let (found, exact) = (Lanes::splat(x).ln().0[3], libm::log(x));
            let apart = found.to_bits().abs_diff(exact.to_bits());
            assert!(apart <= 1, "ln({x}): {found} and {exact}");
        }
    }

    #[test]
    fn undoes_the_exponential() {
        for k in -7_000..7_000 {
            let x = f64::from(k) * 0.1;
            assert!((Lanes::splat(x).exp().ln().0[0] - x).abs() <= 4e-16 * x.abs().max(1.0));
        }
    }

    #[test]
    fn the_ends() {
        let at = |x: f64| Lanes::splat(x).ln().0[6];
        assert_eq!(at(1.0).to_bits(), 0.0f64.to_bits());
        assert_eq!((at(0.0), at(-0.0)), (f64::NEG_INFINITY, f64::NEG_INFINITY));
        assert_eq!(at(f64::INFINITY), f64::INFINITY);
        assert!(at(-1.0).is_nan() && at(f64::NEG_INFINITY).is_nan() && at(f64::NAN).is_nan());
    }
}
