//! How a technology spreads: curves, and those of them that go through two points.

use crate::bridge::{Kernel, elementwise, elementwise_slow};
use crate::domain::within;

const TABLE: &[Kernel] = &[
    elementwise(c"logistic", logistic),
    elementwise(c"logistic_through", logistic_through),
    elementwise(c"logistic_rate", logistic_rate),
    elementwise(c"logistic_midpoint", logistic_midpoint),
    elementwise(c"bass", bass),
    elementwise_slow(c"bass_sum", bass_sum),
    elementwise(c"bass_innovation", bass_innovation),
    elementwise(c"bass_through", bass_through),
    elementwise(c"bass_peak", bass_peak),
];

/// Adopters at a time, of `ceiling` in the end.
fn logistic(time: f64, midpoint: f64, rate: f64, ceiling: f64) -> f64 {
    within(ceiling >= 0.0, ceiling * expit(rate * (time - midpoint)))
}

fn expit(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// Logarithm of the odds that `share` is of `ceiling`; NaN unless it lies between.
fn log_odds(share: f64, ceiling: f64) -> f64 {
    let inside = share > 0.0 && share < ceiling;
    within(inside, libm::log(share / (ceiling - share)))
}

/// The logistic curve through two points: its log odds lie on a straight line.
fn logistic_through(time: f64, t1: f64, y1: f64, t2: f64, y2: f64, ceiling: f64) -> f64 {
    let part = (time - t1) / (t2 - t1);
    let (first, second) = (log_odds(y1, ceiling), log_odds(y2, ceiling));
    let line = match part.is_infinite() {
        true if first == second => first,
        true => (second - first) * part,
        false => first * (1.0 - part) + second * part,
    };
    within(t1 < t2, ceiling * expit(line))
}

fn logistic_rate(t1: f64, y1: f64, t2: f64, y2: f64, ceiling: f64) -> f64 {
    within(t1 < t2, (log_odds(y2, ceiling) - log_odds(y1, ceiling)) / (t2 - t1))
}

/// When half of the ceiling is reached; never, if the points are level.
fn logistic_midpoint(t1: f64, y1: f64, t2: f64, y2: f64, ceiling: f64) -> f64 {
    let (first, second) = (log_odds(y1, ceiling), log_odds(y2, ceiling));
    let midpoint = t1 - first * ((t2 - t1) / (second - first));
    let level = first == second;
    within(
        t1 < t2 && !(first.is_nan() || second.is_nan()),
        if level { f64::INFINITY } else { midpoint },
    )
}

/// Adopters some time after launch, of whom each period a part of the rest comes by itself
/// (`innovation`) and a part in proportion to those who have adopted already (`imitation`).
fn bass(time: f64, innovation: f64, imitation: f64, ceiling: f64, launch: f64) -> f64 {
    let domain = innovation >= 0.0 && imitation >= 0.0 && ceiling >= 0.0;
    let age = time - launch;
    let left = libm::exp(-(innovation + imitation) * age);
    let gone = -libm::expm1(-(innovation + imitation) * age);
    let reached = innovation * gone / (innovation + imitation * left);
    let begun = age > 0.0 && innovation > 0.0;
    within(domain && !age.is_nan(), if begun { ceiling * reached } else { 0.0 })
}

/// Sum of both coefficients of the Bass curve through two points.
///
/// With `a` the sum and `o` the odds at age `t`, `o (1 + q/p) = exp(a t) - 1`. So the ratio of
/// `exp(a t) - 1` at the two ages is that of the odds; it rises with `a`, and is at least
/// `exp(a (t2 - t1))`. Imitation is at least 0 if the average rate at which the rest adopts is no
/// less at the second point than at the first; then `a` is no less than that.
fn bass_sum(t1: f64, y1: f64, t2: f64, y2: f64, ceiling: f64, launch: f64) -> f64 {
    let (t1, t2) = (t1 - launch, t2 - launch);
    let (log_odds1, log_odds2) = (log_odds(y1, ceiling), log_odds(y2, ceiling));
    if !(t1 > 0.0 && t2 > t1 && t2 < f64::INFINITY && log_odds1 < log_odds2) {
        return f64::NAN;
    }
    let hazard = |share: f64, age: f64| -libm::log1p(-share / ceiling) / age;
    let (hazard1, hazard2) = (hazard(y1, t1), hazard(y2, t2));
    if libm::fabs(hazard2 - hazard1) <= 4.0 * f64::EPSILON * hazard1 {
        return hazard1;
    }
    if hazard2 < hazard1 {
        return f64::NAN;
    }
    let target = log_odds2 - log_odds1;
    let (mut low, mut high) = (hazard2, target / (t2 - t1));
    let mut sum = high;
    loop {
        let excess = log_exp_m1(sum * t2) - log_exp_m1(sum * t1) - target;
        if excess < 0.0 {
            low = sum
        } else {
            high = sum
        }
        let slope = t2 / -libm::expm1(-sum * t2) - t1 / -libm::expm1(-sum * t1);
        let newton = sum - excess / slope;
        if libm::fabs(newton - sum) <= f64::EPSILON * sum {
            return sum;
        }
        let middle = low + 0.5 * (high - low);
        if !(low < middle && middle < high) {
            return middle;
        }
        sum = if low < newton && newton < high { newton } else { middle };
    }
}

/// ln(exp(x) - 1); minus infinity from 0 downwards.
fn log_exp_m1(x: f64) -> f64 {
    match x {
        _ if x > 1.0 => x + libm::log1p(-libm::exp(-x)),
        _ if x <= 0.0 => f64::NEG_INFINITY,
        _ => libm::log(libm::expm1(x)),
    }
}

/// ln(1 + q/p) of the Bass curve through a point.
fn log_of_both(t1: f64, y1: f64, sum: f64, ceiling: f64, launch: f64) -> f64 {
    let log = log_exp_m1(sum * (t1 - launch)) - log_odds(y1, ceiling);
    within(t1 > launch && sum > 0.0, if log < 0.0 { 0.0 } else { log })
}

fn bass_innovation(t1: f64, y1: f64, sum: f64, ceiling: f64, launch: f64) -> f64 {
    sum * libm::exp(-log_of_both(t1, y1, sum, ceiling, launch))
}

/// The Bass curve through a point, by its odds: innovation may be too small for a number.
fn bass_through(time: f64, t1: f64, y1: f64, sum: f64, ceiling: f64, launch: f64) -> f64 {
    let age = time - launch;
    let log_odds = log_exp_m1(sum * age) - log_of_both(t1, y1, sum, ceiling, launch);
    within(!age.is_nan(), ceiling * expit(log_odds))
}

/// When most adopt at once on the Bass curve through a point: at its launch if they only fall.
fn bass_peak(t1: f64, y1: f64, sum: f64, ceiling: f64, launch: f64) -> f64 {
    let log = log_of_both(t1, y1, sum, ceiling, launch);
    let age = log_exp_m1(log) / sum;
    within(!log.is_nan(), if age > 0.0 { launch + age } else { launch })
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_pass_through_their_points() {
        let at = |time| logistic_through(time, 2024.0, 0.135, 2029.0, 0.3, 1.0);
        assert!((at(2024.0) - 0.135).abs() < 1e-15 && (at(2029.0) - 0.3).abs() < 1e-15);
        for (y1, y2) in [(0.135, 0.3), (1e-6, 0.5), (0.2, 0.999), (0.9, 0.995)] {
            let (t1, t2) = if y1 == 0.9 { (1.0, 1.2) } else { (5.0, 10.0) };
            let sum = bass_sum(t1, y1, t2, y2, 1.0, 0.0);
            let p = bass_innovation(t1, y1, sum, 1.0, 0.0);
            for (time, share) in [(t1, y1), (t2, y2)] {
                let found = bass_through(time, t1, y1, sum, 1.0, 0.0);
                assert!((found / share - 1.0).abs() < 1e-13, "{y1} {y2}: {found}");
                let found = bass(time, p, sum - p, 1.0, 0.0);
                assert!((found / share - 1.0).abs() < 1e-12, "{y1} {y2}: {found}");
            }
        }
    }

    #[test]
    fn in_the_end_all_or_nobody_has_it() {
        let at = |time, y2| logistic_through(time, 2024.0, 0.1, 2029.0, y2, 0.8);
        assert_eq!((at(f64::INFINITY, 0.3), at(f64::NEG_INFINITY, 0.3)), (0.8, 0.0));
        assert_eq!(at(f64::INFINITY, 0.05), 0.0);
        assert!((at(f64::INFINITY, 0.1) - 0.1).abs() < 1e-15);
        assert!(at(f64::INFINITY, 0.9).is_nan() && at(f64::NAN, 0.3).is_nan());
    }

    #[test]
    fn a_constant_hazard_needs_no_imitation() {
        let share = |t: f64| -libm::expm1(-0.25 * t);
        let sum = bass_sum(2.0, share(2.0), 7.0, share(7.0), 1.0, 0.0);
        assert!((sum - 0.25).abs() < 1e-12);
        assert!((bass_innovation(2.0, share(2.0), sum, 1.0, 0.0) - sum).abs() < 1e-12);
        // More than that early on would take imitation below zero.
        assert!(bass_sum(2.0, 0.5, 7.0, 0.6, 1.0, 0.0).is_nan());
    }

    #[test]
    fn nothing_before_launch() {
        assert_eq!(bass(2.0, 0.03, 0.4, 1.0, 3.0), 0.0);
        assert_eq!(bass_through(2.0, 5.0, 0.1, 0.4, 1.0, 3.0), 0.0);
        assert_eq!(bass(9.0, 0.0, 0.4, 1.0, 3.0), 0.0);
        assert!((bass(1e3, 0.03, 0.4, 0.8, 3.0) - 0.8).abs() < 1e-15);
        let peak = bass_peak(5.0, bass(5.0, 0.03, 0.38, 1.0, 0.0), 0.41, 1.0, 0.0);
        assert!((peak - (0.38f64 / 0.03).ln() / 0.41).abs() < 1e-12);
        let falling = bass(5.0, 0.4, 0.3, 1.0, 1.0);
        assert_eq!(bass_peak(5.0, falling, 0.7, 1.0, 1.0), 1.0);
    }
}
