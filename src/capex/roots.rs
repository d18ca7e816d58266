//! All rates above -1 at which a stream of payments has no present value.
//!
//! With the rate as `x = ln(1 + r)` the present value is `f(x) = Σ cₖ exp(-x tₖ)`. By Descartes'
//! rule `f` has at most as many zeros as its amounts change sign. `exp(a x) f(x)` has the same
//! zeros, and its derivative is the same kind of sum with amounts `cₖ (a - tₖ)`: for `a` between
//! the times of a change of sign that one change is gone. So there is a chain of sums, each with
//! one change of sign less, down to one with a single zero; and by Rolle's theorem each sum has at
//! most one zero between neighbouring zeros of the next. Every zero is bracketed before it is
//! looked for, and none is missed.
//!
//! Source: G. Pólya and G. Szegő, *Problems and Theorems in Analysis II* (1976), part V, 75-77.

/// Payments in the order of their times, no two at one time.
#[derive(Debug)]
pub(super) struct Stream {
    times: Vec<f64>,
    /// Whether times are 0, 1, 2, …: powers take no logarithm then.
    even: bool,
    amounts: Vec<f64>,
}

/// What is known of the rates of a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rates {
    /// How many there are; those that touch zero without crossing it count once.
    pub(super) count: usize,
    /// The one closest to zero in continuous terms, as `ln(1 + r)`; NaN if there is none.
    ///
    /// So a loss of nine tenths a period is as far away as growth to ten times; of two as far away
    /// it is the gain.
    pub(super) closest: f64,
}

/// How far a rate `x = ln(1 + r)` is from zero, a gain a little less than a loss.
pub(super) fn distance(x: f64) -> f64 {
    if x > 0.0 { x * (1.0 - 1e-9) } else { -x }
}

impl Stream {
    /// A payment each period.
    pub(super) fn periodic(amounts: impl Iterator<Item = f64>) -> Self {
        let amounts: Vec<f64> = amounts.collect();
        Stream { times: (0..amounts.len()).map(|t| t as f64).collect(), even: true, amounts }
    }

    /// Payments at times that do not fall; those at one time are added up.
    pub(super) fn dated(payments: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut stream = Stream { times: Vec::new(), even: false, amounts: Vec::new() };
        for (time, amount) in payments {
            match (stream.times.last(), stream.amounts.last_mut()) {
                (Some(last), Some(sum)) if *last == time => *sum += amount,
                _ => {
                    stream.times.push(time);
                    stream.amounts.push(amount);
                }
            }
        }
        stream
    }

    /// Counts the rates above -1 without present value, and finds the one closest to zero.
    pub(super) fn rates(&self) -> Rates {
        let zeros = self.zeros();
        let closest = zeros.iter().copied().min_by(|a, b| distance(*a).total_cmp(&distance(*b)));
        Rates { count: zeros.len(), closest: closest.map_or(f64::NAN, libm::expm1) }
    }

    /// All `x = ln(1 + r)` without present value, rising.
    pub(super) fn zeros(&self) -> Vec<f64> {
        let mut chain = vec![Sum { stream: self, amounts: self.amounts.clone() }];
        while let Some(change) = chain.last().and_then(Sum::change_of_sign) {
            let last = &chain[chain.len() - 1];
            chain.push(last.without(change));
        }
        // The last sum has no change of sign and no zero.
        chain.iter().rev().skip(1).fold(Vec::new(), |zeros, sum| sum.zeros_between(&zeros))
    }
}

/// A sum of exponentials at the times of a stream.
struct Sum<'a> {
    stream: &'a Stream,
    amounts: Vec<f64>,
}

impl Sum<'_> {
    /// A time between two payments of different signs.
    fn change_of_sign(&self) -> Option<f64> {
        let mut payments = self.stream.times.iter().zip(&self.amounts).filter(|(_, c)| **c != 0.0);
        let (mut last, first) = payments.next()?;
        for (time, amount) in payments {
            if (*amount > 0.0) != (*first > 0.0) {
                return Some(0.5 * (last + time));
            }
            last = time;
        }
        None
    }

    /// The sum whose zeros part those of this one, without the change of sign at time `at`.
    fn without(&self, at: f64) -> Self {
        let paired = self.stream.times.iter().zip(&self.amounts);
        let mut amounts: Vec<f64> = paired.map(|(t, c)| c * (t - at)).collect();
        let most = amounts.iter().fold(0.0f64, |most, c| most.max(c.abs()));
        amounts.iter_mut().for_each(|c| *c /= most);
        Sum { stream: self.stream, amounts }
    }

    /// The zeros of this sum, given those of the one behind it in the chain.
    fn zeros_between(&self, parting: &[f64]) -> Vec<f64> {
        let nonzero = || self.amounts.iter().filter(|c| **c != 0.0);
        let (Some(first), Some(last)) = (nonzero().next(), nonzero().next_back()) else {
            return Vec::new();
        };
        let mut zeros = Vec::new();
        // Far to the left the last payment decides, far to the right the first one.
        let mut left = (f64::NEG_INFINITY, last.signum());
        for x in parting {
            let sign = self.settled_sign(*x);
            if left.1 * sign < 0.0 {
                zeros.push(self.zero_in((left.0, *x), left.1));
            }
            if sign == 0.0 {
                zeros.push(*x);
            }
            left = (*x, sign);
        }
        if left.1 * first.signum() < 0.0 {
            zeros.push(self.zero_in((left.0, f64::INFINITY), left.1));
        }
        zeros
    }

    /// The sum at `x`, divided by the weight of its largest term so that nothing overflows.
    fn at(&self, x: f64) -> f64 {
        self.total(x, |c| c)
    }

    /// Its sign there, but zero where that is within rounding.
    fn settled_sign(&self, x: f64) -> f64 {
        let (value, gross) = (self.at(x), self.total(x, f64::abs));
        let rounding = 2.0 * f64::EPSILON * self.amounts.len() as f64 * gross;
        if value.abs() <= rounding { 0.0 } else { value.signum() }
    }

    fn total(&self, x: f64, of: impl Fn(f64) -> f64) -> f64 {
        let (times, amounts) = (&self.stream.times, self.amounts.iter().map(|c| of(*c)));
        if self.stream.even {
            let weight = libm::exp(-x.abs());
            let add = |sum: f64, c: f64| sum * weight + c;
            return if x < 0.0 { amounts.fold(0.0, add) } else { amounts.rev().fold(0.0, add) };
        }
        let origin = if x < 0.0 { times[times.len() - 1] } else { times[0] };
        times.iter().zip(amounts).fold(0.0, |sum, (t, c)| sum + c * libm::exp(-x * (t - origin)))
    }

    /// The zero in an interval where this sum has exactly one; `sign` is its sign on the left.
    fn zero_in(&self, (left, right): (f64, f64), sign: f64) -> f64 {
        let (mut low, mut high) = match (left.is_finite(), right.is_finite()) {
            (true, true) => (left, right),
            (true, false) => (left, self.walk(left, 1.0, -sign)),
            (false, true) => (self.walk(right, -1.0, sign), right),
            (false, false) if self.at(0.0) * sign > 0.0 => (0.0, self.walk(0.0, 1.0, -sign)),
            (false, false) => (self.walk(0.0, -1.0, sign), 0.0),
        };
        // Chandrupatla's choice between inverse quadratic interpolation and bisection.
        let (mut at_low, mut at_high) = (self.at(low), self.at(high));
        let mut part = 0.5;
        for _ in 0..200 {
            let x = low + part * (high - low);
            let y = self.at(x);
            let tolerance = 0.5 * f64::EPSILON * x.abs() + 1e-300;
            if y == 0.0 || (high - low).abs() <= 2.0 * tolerance {
                return x;
            }
            let old = if (y > 0.0) == (at_low > 0.0) {
                (low, at_low)
            } else {
                let old = (high, at_high);
                (high, at_high) = (low, at_low);
                old
            };
            (low, at_low) = (x, y);
            part = chandrupatla((low, at_low), (high, at_high), old);
            let least = tolerance / (high - low).abs();
            part = part.clamp(least.min(0.5), 1.0 - least.min(0.5));
        }
        low
    }

    /// Walks from `x` in steps that double until the sum has `sign`.
    fn walk(&self, x: f64, direction: f64, sign: f64) -> f64 {
        let mut step = 0.25;
        // In the end all weights but one are zero, and that payment has the sign.
        while self.at(x + direction * step) * sign <= 0.0 && step < 1e9 {
            step *= 2.0;
        }
        x + direction * step
    }
}

/// Which part of the way from `a` (the newest point) to `b` (of the other sign) to go next.
///
/// Source: T. R. Chandrupatla, *Advances in Engineering Software* 28 (1997), 145-149.
fn chandrupatla(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> f64 {
    let xi = (a.0 - b.0) / (c.0 - b.0);
    let phi = (a.1 - b.1) / (c.1 - b.1);
    if phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
        let (ba, ca) = (b.1 - a.1, c.1 - a.1);
        a.1 / ba * (c.1 / (b.1 - c.1))
            + (c.0 - a.0) / (b.0 - a.0) * (a.1 / ca) * (b.1 / (c.1 - b.1))
    } else {
        0.5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(amounts: &[f64]) -> Rates {
        Stream::periodic(amounts.iter().copied()).rates()
    }

    /// Coefficients, constant first, of the product of `v - root` over the roots in `v`.
    fn with_roots(roots: &[f64]) -> Vec<f64> {
        roots.iter().fold(vec![1.0], |product, root| {
            let mut next = vec![0.0; product.len() + 1];
            for (k, c) in product.iter().enumerate() {
                next[k] -= root * c;
                next[k + 1] += c;
            }
            next
        })
    }

    #[test]
    fn all_rates_are_counted_and_the_closest_is_found() {
        for expected in [vec![0.1], vec![0.1, 0.5], vec![-0.5, 0.3, 2.0], vec![0.05, 0.1, 0.4, 3.0]]
        {
            let discounts: Vec<f64> = expected.iter().map(|r| 1.0 / (1.0 + r)).collect();
            let found = rates(&with_roots(&discounts));
            let far = |r: &f64| r.ln_1p().abs();
            let closest = expected.iter().copied().min_by(|a, b| far(a).total_cmp(&far(b)));
            assert_eq!(found.count, expected.len());
            assert!((found.closest - closest.unwrap()).abs() < 1e-12, "{found:?} {expected:?}");
        }
    }

    #[test]
    fn streams_without_a_rate_have_none() {
        for amounts in [&[][..], &[0.0], &[1.0, 2.0], &[-1.0, 0.0, -1.0], &[1.0, -1.0, 1.0]] {
            let found = rates(amounts);
            assert!(found.count == 0 && found.closest.is_nan(), "{amounts:?} {found:?}");
        }
    }

    #[test]
    fn a_rate_that_touches_zero_counts_once() {
        let found = rates(&[1.0, -2.2, 1.21]);
        assert_eq!(found.count, 1);
        assert!((found.closest - 0.1).abs() < 1e-7);
    }

    #[test]
    fn a_large_gain_is_closer_than_a_near_total_loss() {
        // A good project whose last payment is a small cost: 118% and -99% both fit.
        let found = rates(&[-100.0, 120.0, 120.0, 120.0, 120.0, 120.0, -1.0]);
        assert_eq!(found.count, 2);
        assert!((found.closest - 1.1752).abs() < 1e-4);
        let golden = 0.5 * (1.0 + 5f64.sqrt());
        assert!((rates(&[-1.0, 2.0, 2.0, -1.0]).closest - golden).abs() < 1e-12);
    }

    #[test]
    fn extreme_rates() {
        assert!((rates(&[-1e-9, 1.0]).closest - (1e9 - 1.0)).abs() < 1e-6);
        assert!((rates(&[-1e9, 1.0]).closest - (1e-9 - 1.0)).abs() < 1e-15);
        assert!((rates(&[-1.0, 1.0 + 1e-12]).closest - 1e-12).abs() < 1e-16);
    }

    #[test]
    fn payments_at_one_time_are_one_payment() {
        let days = [0.0, 0.0, 1.0, 1.0];
        let found = Stream::dated(days.into_iter().zip([-2.0, 1.0, 0.6, 0.5])).rates();
        assert_eq!(found.count, 1);
        assert!((found.closest - 0.1).abs() < 1e-15);
    }
}
