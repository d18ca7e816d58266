//! Loans: what is owed, what is paid, and whether income covers it.

use crate::bridge::{Kernel, Lanes, elementwise, rowwise};

const TABLE: &[Kernel] = &[
    elementwise(c"amortization_balance", amortization_balance),
    elementwise(c"amortization_interest", amortization_interest),
    elementwise(c"amortization_principal", amortization_principal),
    rowwise(c"delayed_draw_balance", delayed_draw_balance),
    rowwise(c"delayed_draw_principal", delayed_draw_principal),
    elementwise(c"interest_coverage", interest_coverage),
    elementwise(c"debt_service_coverage", debt_service_coverage),
];

/// Kinds of repayment, as numbers because kernels take nothing else.
const LEVEL: f64 = 0.0;
const LINEAR: f64 = 1.0;
const BULLET: f64 = 2.0;

/// Owed after `paid` of `periods` payments.
fn owed(paid: f64, principal: f64, rate: f64, periods: f64, kind: f64) -> f64 {
    let domain = paid >= 0.0 && principal >= 0.0 && rate > -1.0 && periods > 0.0;
    if !domain {
        return f64::NAN;
    }
    let left = (periods - paid).max(0.0);
    let share = if kind == LINEAR || (kind == LEVEL && rate == 0.0) {
        left / periods
    } else if kind == LEVEL {
        let continuous = libm::log1p(rate);
        libm::expm1(-left * continuous) / libm::expm1(-periods * continuous)
    } else if kind == BULLET {
        f64::from(left > 0.0)
    } else {
        f64::NAN
    };
    principal * share
}

/// Owed at the end of the period from `position`.
fn amortization_balance(position: f64, principal: f64, rate: f64, periods: f64, kind: f64) -> f64 {
    owed(position + 1.0, principal, rate, periods, kind)
}

/// Interest at the end of the period from `position`.
fn amortization_interest(position: f64, principal: f64, rate: f64, periods: f64, kind: f64) -> f64 {
    rate * owed(position, principal, rate, periods, kind)
}

/// Repaid at the end of the period from `position`.
fn amortization_principal(
    position: f64,
    principal: f64,
    rate: f64,
    periods: f64,
    kind: f64,
) -> f64 {
    owed(position, principal, rate, periods, kind)
        - owed(position + 1.0, principal, rate, periods, kind)
}

/// Repaid at the end of each period on loans drawn in each, in equal parts over `term` periods; a
/// draw after `availability` periods is none that the loan allows. Draws come at the end of a
/// period, or for `when` 1 at its beginning, and the first payment a period later.
#[inline(always)]
fn delayed_draw_principal(
    draws: &[Lanes],
    availability: Lanes,
    term: Lanes,
    when: Lanes,
    out: &mut [Lanes],
) {
    let inside = |draw: Lanes, t: usize| {
        let allowed = draw.zip(availability, |draw, periods| {
            if draw == 0.0 || (draw > 0.0 && (t as f64) < periods) { draw } else { f64::NAN }
        });
        // Any whole number of periods.
        allowed
            .zip(term, |draw, n| if n >= 1.0 && n == libm::floor(n) { draw / n } else { f64::NAN })
    };
    let known = when.map(|when| if when == 0.0 || when == 1.0 { 0.0 } else { f64::NAN })
        + availability * Lanes::splat(0.0);
    let zero = Lanes::splat(0.0);
    out.fill(known);
    for (t, draw) in draws.iter().enumerate() {
        let part = inside(*draw, t);
        out[t] += part * zero;
        for (age, out) in (0..).zip(&mut out[t..]) {
            let payment = when.map(|when| f64::from(age) + when);
            let due =
                payment.zip(term, |payment, term| f64::from(payment >= 1.0 && payment <= term));
            *out += Lanes::select(due, part, zero);
        }
    }
}

/// Owed at the end of each period on such loans.
#[inline(always)]
fn delayed_draw_balance(
    draws: &[Lanes],
    availability: Lanes,
    term: Lanes,
    when: Lanes,
    out: &mut [Lanes],
) {
    delayed_draw_principal(draws, availability, term, when, out);
    let mut owed = Lanes::splat(0.0);
    for (out, draw) in out.iter_mut().zip(draws) {
        owed += *draw - *out;
        // Rounding may leave less than nothing.
        *out = owed.map(|owed| if owed < 0.0 { 0.0 } else { owed });
    }
}

/// Income over interest; infinite without interest.
fn interest_coverage(operating_income: f64, interest: f64) -> f64 {
    if interest >= 0.0 { operating_income / interest } else { f64::NAN }
}

/// Cash over interest and repayment; infinite without either.
fn debt_service_coverage(cash_flow: f64, interest: f64, principal: f64) -> f64 {
    let domain = interest >= 0.0 && principal >= 0.0;
    if domain { cash_flow / (interest + principal) } else { f64::NAN }
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loan_ends_at_nothing_and_is_repaid() {
        for kind in [LEVEL, LINEAR, BULLET] {
            for rate in [0.0, 1e-9, 0.03] {
                assert_eq!(amortization_balance(11.0, 500.0, rate, 12.0, kind), 0.0);
                assert_eq!(owed(0.0, 500.0, rate, 12.0, kind), 500.0);
                let repaid =
                    (0..12).map(|k| amortization_principal(f64::from(k), 500.0, rate, 12.0, kind));
                assert!((repaid.sum::<f64>() - 500.0).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn a_level_loan_pays_the_same_each_period() {
        let paid = |k: f64| {
            amortization_interest(k, 500.0, 0.03, 12.0, LEVEL)
                + amortization_principal(k, 500.0, 0.03, 12.0, LEVEL)
        };
        for k in 1..12 {
            assert!((paid(f64::from(k)) - paid(0.0)).abs() < 1e-11);
        }
    }

    #[test]
    fn each_draw_is_repaid_over_its_own_term() {
        let lanes = |row: &[f64]| row.iter().copied().map(Lanes::splat).collect::<Vec<_>>();
        let mut out = lanes(&[0.0; 5]);
        let [availability, term, end, begin] = [2.0, 2.0, 0.0, 1.0].map(Lanes::splat);
        let draws = lanes(&[100.0, 40.0, 0.0, 0.0, 0.0]);
        delayed_draw_principal(&draws, availability, term, end, &mut out);
        assert_eq!(out, lanes(&[0.0, 50.0, 70.0, 20.0, 0.0]));
        delayed_draw_balance(&draws, availability, term, end, &mut out);
        assert_eq!(out, lanes(&[100.0, 90.0, 20.0, 0.0, 0.0]));
        delayed_draw_principal(&draws, availability, term, begin, &mut out);
        assert_eq!(out, lanes(&[50.0, 70.0, 20.0, 0.0, 0.0]));
        delayed_draw_balance(&draws, availability, term, begin, &mut out);
        assert_eq!(out, lanes(&[50.0, 20.0, 0.0, 0.0, 0.0]));
        let late = lanes(&[0.0, 0.0, 1.0]);
        delayed_draw_balance(&late, availability, term, end, &mut out[..3]);
        assert!(out[2].0[0].is_nan());
    }
}
