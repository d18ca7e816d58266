//! What is bought at another price, and how soon.

use crate::bridge::{Kernel, Lanes, elementwise, rowwise};
use crate::domain::within;

const TABLE: &[Kernel] = &[
    elementwise(c"constant_elasticity", constant_elasticity),
    elementwise(c"constant_elasticity_spend", constant_elasticity_spend),
    elementwise(c"efficiency_price", efficiency_price),
    elementwise(c"in_part", in_part),
    rowwise(c"adjust_linear", adjust_linear),
    rowwise(c"adjust_log", adjust_log),
    elementwise(c"pain_length_linear", pain_length_linear),
    elementwise(c"pain_length_log", pain_length_log),
    elementwise(c"pain_depth_linear", pain_depth_linear),
    elementwise(c"pain_depth_log", pain_depth_log),
];

fn is_response(price_ratio: f64, elasticity: f64) -> bool {
    price_ratio > 0.0 && elasticity <= 0.0
}

/// Quantity after a change of price, over that before.
fn constant_elasticity(price_ratio: f64, elasticity: f64) -> f64 {
    within(is_response(price_ratio, elasticity), libm::pow(price_ratio, elasticity))
}

/// Spend after a change of price, over that before.
fn constant_elasticity_spend(price_ratio: f64, elasticity: f64) -> f64 {
    within(is_response(price_ratio, elasticity), libm::pow(price_ratio, 1.0 + elasticity))
}

/// Price of a task whose cost fell, over that before, if buyers get a share of the saving.
#[inline(always)]
fn efficiency_price(cost_ratio: f64, pass_through: f64) -> f64 {
    let domain = (cost_ratio > 0.0) & (0.0..=1.0).contains(&pass_through);
    within(domain, 1.0 - pass_through + pass_through * cost_ratio)
}

/// A whole of which a share becomes a multiple of itself, over that before.
#[inline(always)]
fn in_part(ratio: f64, share: f64) -> f64 {
    let domain = (ratio >= 0.0) & (0.0..=1.0).contains(&share);
    within(domain, 1.0 - share + share * ratio)
}

/// Each period closes a part of the gap to its target.
#[inline(always)]
fn adjust_linear(target: &[Lanes], speed: Lanes, initial: Lanes, out: &mut [Lanes]) {
    let speed = speed.map(|speed| within((0.0..=1.0).contains(&speed), speed));
    let kept = Lanes::splat(1.0) - speed;
    let mut level = initial;
    for (out, target) in out.iter_mut().zip(target) {
        level = level * kept + *target * speed;
        *out = level;
    }
}

/// The same for the logarithm of what adjusts.
#[inline(always)]
fn adjust_log(target: &[Lanes], speed: Lanes, initial: Lanes, out: &mut [Lanes]) {
    let speed = speed.map(|speed| within((0.0..=1.0).contains(&speed), speed));
    let kept = Lanes::splat(1.0) - speed;
    let mut level = initial.map(log_of_positive);
    for (out, target) in out.iter_mut().zip(target) {
        level = level * kept + target.map(log_of_positive) * speed;
        *out = level.exp();
    }
}

fn log_of_positive(value: f64) -> f64 {
    if value > 0.0 { libm::log(value) } else { f64::NAN }
}

fn is_fall(price_ratio: f64, elasticity: f64, speed: f64) -> bool {
    price_ratio > 0.0 && price_ratio <= 1.0 && elasticity <= 0.0 && (0.0..=1.0).contains(&speed)
}

/// Periods until the gap that is left is a share of the first one whose logarithm is given.
fn periods_until(log_left: f64, speed: f64) -> f64 {
    if speed == 0.0 { f64::INFINITY } else { log_left / libm::log1p(-speed) }
}

/// Periods after a fall of the price until spend is back where it was.
///
/// Spend ends at `p^(1+e)`, starts at `p`, and is back when of the gap between them there is left
/// what is above 1.
fn pain_length_linear(price_ratio: f64, elasticity: f64, speed: f64) -> f64 {
    if !is_fall(price_ratio, elasticity, speed) {
        return f64::NAN;
    }
    if price_ratio == 1.0 {
        return 0.0;
    }
    if elasticity >= -1.0 {
        return f64::INFINITY;
    }
    let log_price = libm::log(price_ratio);
    let gap = price_ratio * libm::expm1(elasticity * log_price);
    let closed = (1.0 - price_ratio) / gap;
    // What is small is computed, not what is left of 1.
    let log_left = if closed < 0.5 {
        libm::log1p(-closed)
    } else {
        libm::log(libm::expm1((1.0 + elasticity) * log_price) / gap)
    };
    periods_until(log_left, speed)
}

/// The same where the logarithm of quantity adjusts: the price cancels.
fn pain_length_log(price_ratio: f64, elasticity: f64, speed: f64) -> f64 {
    if !is_fall(price_ratio, elasticity, speed) {
        return f64::NAN;
    }
    if price_ratio == 1.0 {
        return 0.0;
    }
    if elasticity >= -1.0 {
        return f64::INFINITY;
    }
    let log_left = if elasticity < -2.0 {
        libm::log1p(1.0 / elasticity)
    } else {
        libm::log((1.0 + elasticity) / elasticity)
    };
    periods_until(log_left, speed)
}

/// Share of spend that is missing in the first period after the price has fallen, the worst one.
fn pain_depth_linear(price_ratio: f64, elasticity: f64, speed: f64) -> f64 {
    let ends = constant_elasticity_spend(price_ratio, elasticity);
    let gained = if speed == 0.0 { 0.0 } else { speed * (ends - price_ratio) };
    let missing = (1.0 - price_ratio) - gained;
    within(is_fall(price_ratio, elasticity, speed), if missing > 0.0 { missing } else { 0.0 })
}

fn pain_depth_log(price_ratio: f64, elasticity: f64, speed: f64) -> f64 {
    let exponent = if speed == 0.0 { 1.0 } else { 1.0 + speed * elasticity };
    let log_price = libm::log(price_ratio);
    let missing = if log_price == 0.0 { 0.0 } else { -libm::expm1(exponent * log_price) };
    within(is_fall(price_ratio, elasticity, speed), if missing > 0.0 { missing } else { 0.0 })
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(row: &[f64]) -> Vec<Lanes> {
        row.iter().copied().map(Lanes::splat).collect()
    }

    #[test]
    fn a_twentieth_of_the_cost() {
        assert!((constant_elasticity(0.05, -1.11) - 27.806).abs() < 5e-4);
        assert!((constant_elasticity_spend(0.05, -1.11) - 1.3903).abs() < 5e-5);
        assert_eq!(constant_elasticity_spend(0.05, -1.0), 1.0);
        assert!(constant_elasticity(0.05, 1.11).is_nan());
        assert!(constant_elasticity(1.0, f64::NAN).is_nan());
    }

    #[test]
    fn the_gap_closes_by_its_share() {
        let mut out = lanes(&[0.0; 3]);
        let (half, one) = (Lanes::splat(0.5), Lanes::splat(1.0));
        adjust_linear(&lanes(&[9.0, 9.0, 1.0]), half, one, &mut out);
        assert_eq!(out, lanes(&[5.0, 7.0, 4.0]));
        adjust_log(&lanes(&[16.0; 3]), half, one, &mut out);
        for (found, exact) in out.iter().zip([4.0, 8.0, 128f64.sqrt()]) {
            assert!((found.0[0] - exact).abs() < 1e-14);
        }
        adjust_linear(&lanes(&[3.0; 3]), Lanes::splat(1.5), one, &mut out);
        assert!(out.iter().all(|out| out.0[7].is_nan()));
    }

    #[test]
    fn elastic_demand_takes_its_time() {
        // 1 - 0.5^t is 1 / 1.25 when 0.5^t is 0.2, whatever the price.
        let exact = 0.2f64.ln() / 0.5f64.ln();
        assert!((pain_length_log(0.05, -1.25, 0.5) - exact).abs() < 1e-13);
        // Quantity runs from 1 to 16 and must reach 4.
        let exact = (12.0f64 / 15.0).ln() / 0.5f64.ln();
        assert!((pain_length_linear(0.25, -2.0, 0.5) - exact).abs() < 1e-13);
        for length in [pain_length_linear, pain_length_log] {
            assert_eq!(length(0.5, -1.0, 0.5), f64::INFINITY);
            assert_eq!(length(0.5, -2.0, 0.0), f64::INFINITY);
            assert_eq!(length(0.5, -2.0, 1.0), 0.0);
            assert_eq!(length(1.0, -0.5, 0.5), 0.0);
            assert!(length(1e-300, -1e300, 0.5) < 1e-290);
            assert!(length(1.5, -2.0, 0.5).is_nan() && length(0.5, 2.0, 0.5).is_nan());
        }
        assert_eq!(pain_depth_linear(0.25, -2.0, 0.1), 0.75 - 0.1 * 3.75);
        assert_eq!(pain_depth_linear(0.25, -2.0, 0.5), 0.0);
        assert!((pain_depth_log(0.25, -1.0, 0.5) - 0.5).abs() < 1e-15);
    }
}
