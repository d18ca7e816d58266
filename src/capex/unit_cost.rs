//! From watts to dollars: power, energy, parts, and the price of a GPU-hour that covers it all.

use super::annuity::capital_recovery_factor;
use crate::bridge::{Kernel, Lanes, elementwise, rowwise};
use crate::domain::within;

const TABLE: &[Kernel] = &[
    elementwise(c"facility_power", facility_power),
    elementwise(c"energy_cost", energy_cost),
    rowwise(c"capex_per_mw", capex_per_mw),
    rowwise(c"tariffed", tariffed),
    elementwise(c"levelized_cost", levelized_cost),
    elementwise(c"learning_curve", learning_curve),
    elementwise(c"price_path", price_path),
    elementwise(c"exponential_value", exponential_value),
];

/// MW that GPUs of so many kW draw from the grid.
fn facility_power(gpus: f64, kw_per_gpu: f64, pue: f64) -> f64 {
    within(gpus >= 0.0 && kw_per_gpu >= 0.0 && pue >= 1.0, gpus * kw_per_gpu * pue / 1e3)
}

/// USD for energy.
fn energy_cost(power: f64, hours: f64, price: f64) -> f64 {
    within(power >= 0.0 && hours >= 0.0, power * hours * price)
}

/// Sum of a bill of materials over MW.
#[inline(always)]
fn capex_per_mw(costs: &[Lanes], power: Lanes) -> Lanes {
    let total = costs.iter().fold(Lanes::splat(0.0), |sum, cost| sum + *cost);
    total.zip(power, |total, power| within(power > 0.0, total / power))
}

/// Sum of a bill of materials, with a tariff on a share of each part.
#[inline(always)]
fn tariffed(costs: &[Lanes], shares: &[Lanes], rates: &[Lanes]) -> Lanes {
    let parts = costs.iter().zip(shares).zip(rates);
    parts.fold(Lanes::splat(0.0), |sum, ((cost, share), rate)| {
        let share = share.map(|share| within((0.0..=1.0).contains(&share), share));
        let rate = rate.map(|rate| within(rate >= 0.0, rate));
        sum + *cost * (Lanes::splat(1.0) + share * rate)
    })
}

/// Capital paid off in level amounts, and operation, over hours; all of one period.
fn levelized_cost(capex: f64, life: f64, rate: f64, opex: f64, gpu_hours: f64, when: f64) -> f64 {
    let domain = capex >= 0.0 && gpu_hours > 0.0 && (when == 0.0 || when == 1.0);
    let payment = capex * capital_recovery_factor(rate, life) / (1.0 + rate * when);
    within(domain, (payment + opex) / gpu_hours)
}

/// Cost that falls by a share with each doubling of what has been made.
fn learning_curve(initial: f64, made: f64, first_made: f64, learning_rate: f64) -> f64 {
    let domain = initial >= 0.0 && made > 0.0 && first_made > 0.0 && learning_rate < 1.0;
    within(domain, initial * libm::pow(made / first_made, libm::log2(1.0 - learning_rate)))
}

/// Price at the beginning of the period from `position`, after a steady decline.
fn price_path(position: f64, initial: f64, annual_decline: f64, periods_per_year: f64) -> f64 {
    let domain = initial >= 0.0 && annual_decline < 1.0 && periods_per_year > 0.0;
    let years = position / periods_per_year;
    within(domain, initial * libm::exp(years * libm::log1p(-annual_decline)))
}

/// Value of hardware that falls by so many orders of magnitude a year.
fn exponential_value(cost: f64, decline: f64, age: f64) -> f64 {
    within(cost >= 0.0 && age >= 0.0, cost * libm::exp10(-decline * age))
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubling_costs_a_share() {
        assert!((learning_curve(100.0, 8.0, 2.0, 0.2) - 64.0).abs() < 1e-12);
        assert!((price_path(8.0, 4.0, 0.25, 4.0) - 4.0 * 0.75 * 0.75).abs() < 1e-15);
        assert!((exponential_value(10.0, 0.5, 2.0) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_level_payment_repays_the_capital() {
        let (payment, rate) = (levelized_cost(1e3, 5.0, 0.08, 0.0, 1.0, 0.0), 0.08f64);
        let worth: f64 = (1..=5).map(|t| payment / (1.0 + rate).powi(t)).sum();
        assert!((worth - 1e3).abs() < 1e-10);
        let due = levelized_cost(1e3, 5.0, 0.08, 0.0, 1.0, 1.0);
        assert!((due * 1.08 - payment).abs() < 1e-12);
    }
}
