//! Utilization, prices and break-even implied by what a company discloses.

use crate::bridge::{Kernel, Lanes, elementwise, rowwise};
use crate::domain::within;

const TABLE: &[Kernel] = &[
    elementwise(c"fleet_ramp_linear", ramp_linear),
    elementwise(c"fleet_ramp_exponential", ramp_exponential),
    rowwise(c"fleet_hours", fleet_hours),
    elementwise(c"implied", implied),
    elementwise(c"implied_by_revenue", implied_by_revenue),
    elementwise(c"implied_price", implied_price),
    elementwise(c"break_even", break_even),
];

/// Mean over period `period` (from 0) of a straight line from `opening` to `closing`.
#[inline(always)]
fn ramp_linear(period: f64, periods: f64, opening: f64, closing: f64) -> f64 {
    let middle = (period + 0.5) / periods;
    within((opening >= 0.0) & (closing >= 0.0), opening * (1.0 - middle) + closing * middle)
}

/// Mean over period `period` (from 0) of growth at a constant rate from `opening` to `closing`.
///
/// With `g` the logarithm of growth in a period, the mean of `exp(g x)` over `x` in 0..1 is
/// `expm1(g) / g`.
#[inline(always)]
fn ramp_exponential(period: f64, periods: f64, opening: f64, closing: f64) -> f64 {
    let ratio = closing / opening;
    let growth = match ratio {
        f64::MIN_POSITIVE..=f64::MAX => libm::log(ratio),
        _ => libm::log(closing) - libm::log(opening),
    };
    let g = growth / periods;
    let mean = if g == 0.0 { 1.0 } else { libm::expm1(g) / g };
    within((opening > 0.0) & (closing > 0.0), opening * libm::exp(g * period) * mean)
}

/// Sum over periods of GPUs in service times hours.
#[inline(always)]
fn fleet_hours(gpus: &[Lanes], hours: &[Lanes]) -> Lanes {
    gpus.iter().zip(hours).fold(Lanes::splat(0.0), |sum, (gpus, hours)| {
        sum + gpus.zip(*hours, |g, h| within((g >= 0.0) & (h >= 0.0), g * h))
    })
}

/// Customer's hours over its share, over capacity.
#[inline(always)]
fn implied(customer_hours: f64, customer_share: f64, fleet_hours: f64) -> f64 {
    let domain = (customer_hours >= 0.0)
        & (customer_share > 0.0)
        & (customer_share <= 1.0)
        & (fleet_hours > 0.0);
    within(domain, customer_hours / customer_share / fleet_hours)
}

/// Hours that the revenue pays for, over capacity.
#[inline(always)]
fn implied_by_revenue(revenue: f64, price: f64, fleet_hours: f64) -> f64 {
    let domain = (revenue >= 0.0) & (price > 0.0) & (fleet_hours > 0.0);
    within(domain, revenue / price / fleet_hours)
}

/// Customer's revenue over its hours.
#[inline(always)]
fn implied_price(customer_share: f64, revenue: f64, customer_hours: f64) -> f64 {
    let domain = (customer_share > 0.0)
        & (customer_share <= 1.0)
        & (revenue >= 0.0)
        & (customer_hours >= 0.0);
    within(domain, customer_share * revenue / customer_hours)
}

/// Hours that earn the fixed cost, over capacity; infinite if an hour earns nothing.
#[inline(always)]
fn break_even(fixed_cost: f64, variable_cost: f64, price: f64, fleet_hours: f64) -> f64 {
    let domain = (fixed_cost >= 0.0) & (variable_cost >= 0.0) & (price > 0.0) & (fleet_hours > 0.0);
    let margin = price - variable_cost;
    let hours = if fixed_cost == 0.0 {
        0.0
    } else if margin > 0.0 {
        fixed_cost / margin
    } else {
        f64::INFINITY
    };
    within(domain, hours / fleet_hours)
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-14 * b.abs()
    }

    #[test]
    fn the_known_answers() {
        assert!((implied(3e8, 0.62, 250_000.0 * 8_760.0) - 0.220946).abs() < 5e-7);
        assert!((implied_price(0.62, 1.9154e9, 3e8) - 3.9585).abs() < 5e-5);
    }

    #[test]
    fn both_ramps_keep_the_mean_of_their_path() {
        let mean = |ramp: fn(f64, f64, f64, f64) -> f64| {
            (0..12).map(|k| ramp(f64::from(k), 12.0, 5e4, 25e4)).sum::<f64>() / 12.0
        };
        assert!(close(mean(ramp_linear), 15e4));
        assert!(close(mean(ramp_exponential), 20e4 / 5f64.ln()));
        assert_eq!(ramp_exponential(3.0, 12.0, 7.0, 7.0), 7.0);
    }

    #[test]
    fn at_break_even_revenue_is_cost() {
        let (fixed, variable, price, capacity) = (1.6e9, 0.11, 2.75, 1.3e9);
        let sold = break_even(fixed, variable, price, capacity) * capacity;
        assert!(close(sold * price, fixed + sold * variable));
    }

    #[test]
    fn no_price_below_the_variable_cost_breaks_even() {
        assert_eq!(break_even(1.0, 3.0, 2.0, 1.0), f64::INFINITY);
        assert_eq!(break_even(0.0, 3.0, 2.0, 1.0), 0.0);
        assert!(break_even(-1.0, 1.0, 2.0, 1.0).is_nan());
    }
}
