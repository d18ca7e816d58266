//! Streams of payments: what they are worth today, and how soon they pay back.
//!
//! Flows come one a period, the first at time 0, or at times of their own.

use crate::bridge::{Kernel, Lanes, rowwise};

const TABLE: &[Kernel] = &[
    rowwise(c"npv", npv),
    rowwise(c"xnpv", xnpv),
    rowwise(c"mirr", mirr),
    rowwise(c"payback", payback),
    rowwise(c"discounted_payback", discounted_payback),
    rowwise(c"profitability_index", profitability_index),
];

/// `value` where the rate is above -1, NaN elsewhere.
#[inline(always)]
fn above_minus_one(rate: Lanes, value: Lanes) -> Lanes {
    rate.zip(value, |rate, value| if rate > -1.0 { value } else { f64::NAN })
}

#[inline(always)]
fn discount(rate: Lanes) -> Lanes {
    Lanes::splat(1.0) / (Lanes::splat(1.0) + rate)
}

/// Sum of the flows, each discounted for as many periods as it is away.
#[inline(always)]
fn npv(rate: Lanes, flows: &[Lanes]) -> Lanes {
    let discount = discount(rate);
    let sum = flows.iter().rev().fold(Lanes::splat(0.0), |sum, flow| sum * discount + *flow);
    above_minus_one(rate, sum)
}

/// Sum of the flows, each discounted for the years since the first of them.
#[inline(always)]
fn xnpv(rate: Lanes, years: &[Lanes], flows: &[Lanes]) -> Lanes {
    let x = rate.map(libm::log1p);
    let first = years.first().copied().unwrap_or(Lanes::splat(0.0));
    let sum = years
        .iter()
        .zip(flows)
        .fold(Lanes::splat(0.0), |sum, (year, flow)| sum + *flow * (-(x * (*year - first))).exp());
    above_minus_one(rate, sum)
}

/// The rate at which what goes out, financed at one rate, grows to what comes in, reinvested at
/// another.
#[inline(always)]
fn mirr(flows: &[Lanes], finance_rate: Lanes, reinvest_rate: Lanes) -> Lanes {
    let zero = Lanes::splat(0.0);
    let worth = |rate: Lanes, part: fn(f64) -> f64| {
        let discount = discount(rate);
        flows.iter().rev().fold(zero, |sum, flow| sum * discount + flow.map(part))
    };
    let gained = worth(reinvest_rate, |flow| if flow < 0.0 { 0.0 } else { flow });
    let spent = worth(finance_rate, |flow| if flow > 0.0 { 0.0 } else { -flow });
    let periods = flows.len() as f64 - 1.0;
    let growth = gained.zip(spent, |gained, spent| {
        let both = gained > 0.0 && spent > 0.0;
        if both { libm::pow(gained / spent, 1.0 / periods) } else { f64::NAN }
    });
    let rate = growth * (Lanes::splat(1.0) + reinvest_rate) - Lanes::splat(1.0);
    above_minus_one(finance_rate, above_minus_one(reinvest_rate, rate))
}

/// Periods until the flows first make up for what they have cost, in a straight line within a
/// period; 0 if they never cost anything, infinite if they never make up for it.
#[inline(always)]
fn payback(flows: &[Lanes]) -> Lanes {
    discounted_payback(Lanes::splat(0.0), flows)
}

/// The same for discounted flows.
#[inline(always)]
fn discounted_payback(rate: Lanes, flows: &[Lanes]) -> Lanes {
    let zero = Lanes::splat(0.0);
    let discount = discount(rate);
    let mut weight = Lanes::splat(1.0);
    let (mut sum, mut found, mut given) = (zero, zero, zero);
    for (t, flow) in flows.iter().enumerate() {
        let flow = *flow * weight;
        // Of this period, the part after the flow has made up for what was owed.
        let part = sum.zip(flow, |owed, flow| owed / flow + 1.0);
        let at = Lanes::splat(t as f64) - part;
        sum += flow;
        let state = sum.zip(found, |sum, found| match (sum < 0.0, found) {
            (true, 0.0) => OWING,
            (false, OWING) => PAID,
            _ => 0.0,
        });
        found = found.zip(state, |found, state| if state == OWING { OWING } else { found });
        found = Lanes::select(state.map(|state| f64::from(state == PAID)), at, found);
        weight = weight * discount;
        given += flow * zero;
    }
    above_minus_one(rate, found + given)
}

const OWING: f64 = f64::INFINITY;
const PAID: f64 = 1.0;

/// Present value of what comes after the first flow, as a multiple of it.
#[inline(always)]
fn profitability_index(rate: Lanes, flows: &[Lanes]) -> Lanes {
    let Some((first, later)) = flows.split_first() else { return Lanes::splat(f64::NAN) };
    let worth = npv(rate, later) * discount(rate);
    worth.zip(*first, |worth, first| if first < 0.0 { worth / -first } else { f64::NAN })
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

    fn rate(r: f64) -> Lanes {
        Lanes::splat(r)
    }

    #[test]
    fn the_examples_of_numpy_financial() {
        let flows = lanes(&[-40e3, 5e3, 8e3, 12e3, 30e3]);
        assert!((npv(rate(0.08), &flows).0[0] - 3065.22267).abs() < 5e-6);
        let found = mirr(&lanes(&[-100.0, 50.0, -60.0, 70.0]), rate(0.10), rate(0.12)).0[0];
        assert!((found + 0.03909366594356467).abs() < 1e-14);
    }

    #[test]
    fn dated_flows_a_year_apart_are_periodic_ones() {
        let flows = lanes(&[-40e3, 5e3, 8e3, 12e3, 30e3]);
        let years = lanes(&[7.0, 8.0, 9.0, 10.0, 11.0]);
        let (dated, periodic) = (xnpv(rate(0.08), &years, &flows), npv(rate(0.08), &flows));
        assert!((dated.0[0] - periodic.0[0]).abs() < 1e-10);
    }

    #[test]
    fn payback_is_a_straight_line_within_a_period() {
        assert_eq!(payback(&lanes(&[-100.0, 40.0, 40.0, 40.0])).0[0], 2.5);
        assert_eq!(payback(&lanes(&[-100.0, 40.0, 60.0, 0.0])).0[0], 2.0);
        assert_eq!(payback(&lanes(&[-100.0, 40.0])).0[0], f64::INFINITY);
        assert_eq!(payback(&lanes(&[5.0, -100.0])).0[0], f64::INFINITY);
        assert_eq!(payback(&lanes(&[5.0, 1.0])).0[0], 0.0);
        assert_eq!(payback(&lanes(&[0.0, -100.0, 50.0, 200.0, -300.0])).0[0], 2.25);
        assert!(payback(&lanes(&[-1.0, 2.0, f64::NAN])).0[0].is_nan());
        let found = discounted_payback(rate(0.25), &lanes(&[-100.0, 125.0])).0[0];
        assert_eq!(found, 1.0);
    }

    #[test]
    fn the_index_compares_with_the_first_flow() {
        let found = profitability_index(rate(0.1), &lanes(&[-100.0, 55.0, 121.0])).0[0];
        assert!((found - 1.5).abs() < 1e-15);
        assert!(profitability_index(rate(0.1), &lanes(&[100.0, 55.0])).0[0].is_nan());
    }
}
