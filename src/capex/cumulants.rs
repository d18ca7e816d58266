//! How far a rate of return is, from the times of what comes in and what goes out.
//!
//! With `P` and `N` the present values of both, the derivatives of `ln P - ln N` by
//! `x = ln(1 + r)` are, but for their signs, the differences of the cumulants of their times.

use crate::bridge::Lanes;

/// How many sums of flows, by powers of their times, are looked at.
pub(super) const ORDER: usize = 5;

/// Sums of discounted flows, each times 1, its time, the time's square, and so on.
pub(super) type Moments = [Lanes; ORDER];

/// How far to go from a rate, and how wrong that is at the most.
pub(super) struct Step {
    pub(super) size: Lanes,
    pub(super) error: Lanes,
}

/// The way to where `ln P - ln N` is zero, from its cumulants.
#[inline(always)]
pub(super) fn step(net: Moments, gross: Moments, span: Lanes) -> Step {
    let c = Lanes::splat;
    let inflow = Cumulants::of(std::array::from_fn(|k| c(0.5) * (gross[k] + net[k])));
    let outflow = Cumulants::of(std::array::from_fn(|k| c(0.5) * (gross[k] - net[k])));
    // ln P - ln N is twice the inverse hyperbolic tangent of this.
    let ratio = net[0] / gross[0];
    let square = ratio * ratio;
    let height =
        (ratio + ratio) * polynomial([1.0, 3.0, 5.0, 7.0, 9.0].map(|k| c(1.0 / k)), square);

    // In units of the slope it is line - s + b2 s² - b3 s³ + b4 s⁴ at a distance s from here.
    let per_slope = c(1.0) / (inflow.mean - outflow.mean);
    let line = height * per_slope;
    let b2 = (inflow.variance - outflow.variance) * per_slope * c(1.0 / 2.0);
    let b3 = (inflow.third - outflow.third) * per_slope * c(1.0 / 6.0);
    let b4 = (inflow.fourth - outflow.fourth) * per_slope * c(1.0 / 24.0);
    // The zero as a series in the line's, by Lagrange's inversion.
    let cubic = c(2.0) * b2 * b2 - b3;
    let quartic = c(5.0) * b2 * (b2 * b2 - b3) + b4;
    let size = line * polynomial([c(1.0), b2, cubic, quartic], line);
    let left = line - size * polynomial([c(1.0), -b2, b3, -b4], size);

    // Too far away for a series the line is safer.
    let near = (size - line).zip(line, |off, line| f64::from(off.abs() <= 0.5 * line.abs()));
    // What is left out: the fifth cumulants, of times within a span at most a quarter of its fifth
    // power each, and the logarithm's term of order eleven.
    let reach = size * span;
    let fifth = reach * reach * reach * reach * reach * c(1.0 / 240.0);
    let log = ratio * square * square * square * square * square;
    let error = left.map(f64::abs) + ((fifth + log) * per_slope).map(f64::abs);
    Step {
        size: Lanes::select(near, size, line),
        error: Lanes::select(near, error, c(f64::INFINITY)),
    }
}

/// `c[0] + c[1] x + …`
#[inline(always)]
fn polynomial<const N: usize>(c: [Lanes; N], x: Lanes) -> Lanes {
    c.into_iter().rev().fold(Lanes::splat(0.0), |sum, c| sum * x + c)
}

/// The first cumulants of the times of flows.
struct Cumulants {
    mean: Lanes,
    variance: Lanes,
    third: Lanes,
    fourth: Lanes,
}

impl Cumulants {
    #[inline(always)]
    fn of([total, first, second, third, fourth]: Moments) -> Self {
        let (whole, c) = (Lanes::splat(1.0) / total, Lanes::splat);
        let mean = first * whole;
        let (second, third, fourth) = (second * whole, third * whole, fourth * whole);
        let square = mean * mean;
        let variance = second - square;
        let skew = third - mean * (c(3.0) * variance + square);
        let around = c(4.0) * skew + mean * (c(6.0) * variance + square);
        let spread = fourth - mean * around;
        Cumulants { mean, variance, third: skew, fourth: spread - c(3.0) * variance * variance }
    }
}
