//! Level payments: the time value of money as spreadsheets and numpy-financial define it.
//!
//! All follow from one balance, with `when` 1 for payments at the beginning of a period and 0 for
//! those at its end:
//!
//! `fv + pv (1 + r)^n + pmt (1 + r when) ((1 + r)^n - 1) / r = 0`
//!
//! Powers less one are computed as such, so that small rates keep their digits.

use super::roots::{Stream, distance};
use crate::bridge::{Kernel, elementwise, elementwise_slow};

const TABLE: &[Kernel] = &[
    elementwise(c"fv", fv),
    elementwise(c"pv", pv),
    elementwise(c"pmt", pmt),
    elementwise(c"nper", nper),
    elementwise(c"ipmt", ipmt),
    elementwise(c"ppmt", ppmt),
    elementwise_slow(c"rate", rate),
    elementwise(c"capital_recovery_factor", capital_recovery_factor),
];

/// NaN unless the rate is above -1 and `when` is 0 or 1.
fn checked(rate: f64, when: f64, value: impl FnOnce() -> f64) -> f64 {
    if rate > -1.0 && (when == 0.0 || when == 1.0) { value() } else { f64::NAN }
}

/// `(1 + r)^n - 1`.
fn growth_m1(rate: f64, periods: f64) -> f64 {
    libm::expm1(periods * libm::log1p(rate))
}

/// `(1 + r)^n`.
fn growth(rate: f64, periods: f64) -> f64 {
    libm::exp(periods * libm::log1p(rate))
}

/// What payments of one are worth at the end.
fn worth_at_end(rate: f64, periods: f64, when: f64) -> f64 {
    if rate == 0.0 {
        return periods;
    }
    (1.0 + rate * when) * (growth_m1(rate, periods) / rate)
}

/// What payments of one are worth at the beginning.
fn worth_at_beginning(rate: f64, periods: f64, when: f64) -> f64 {
    if rate == 0.0 {
        return periods;
    }
    (1.0 + rate * when) * (-growth_m1(rate, -periods) / rate)
}

/// An amount by a factor that may be infinite: nothing stays nothing.
fn times(amount: f64, factor: f64) -> f64 {
    if amount == 0.0 && !factor.is_nan() { 0.0 } else { amount * factor }
}

/// Value at the end of payments and a value at the beginning.
fn fv(rate: f64, nper: f64, pmt: f64, pv: f64, when: f64) -> f64 {
    let value = || times(pv, growth(rate, nper)) + times(pmt, worth_at_end(rate, nper, when));
    checked(rate, when, || -value())
}

/// Value at the beginning of payments and a value at the end.
fn pv(rate: f64, nper: f64, pmt: f64, fv: f64, when: f64) -> f64 {
    let value =
        || times(fv, growth(rate, -nper)) + times(pmt, worth_at_beginning(rate, nper, when));
    checked(rate, when, || -value())
}

/// Payment that takes a value at the beginning to one at the end.
fn pmt(rate: f64, nper: f64, pv: f64, fv: f64, when: f64) -> f64 {
    if nper == 0.0 {
        return f64::NAN;
    }
    // Powers of the smaller side, so that none overflows.
    let value = || {
        if rate * nper > 0.0 {
            (pv + times(fv, growth(rate, -nper))) / worth_at_beginning(rate, nper, when)
        } else {
            (times(pv, growth(rate, nper)) + fv) / worth_at_end(rate, nper, when)
        }
    };
    checked(rate, when, || -value())
}

/// Number of payments that do so.
fn nper(rate: f64, pmt: f64, pv: f64, fv: f64, when: f64) -> f64 {
    checked(rate, when, || {
        if rate == 0.0 {
            return if pmt == 0.0 { f64::NAN } else { -(fv + pv) / pmt };
        }
        let perpetual = pmt * (1.0 + rate * when) / rate;
        libm::log1p(-(fv + pv) / (perpetual + pv)) / libm::log1p(rate)
    })
}

/// Interest in payment `per`, the first one is 1: on what is owed after the payments before.
fn ipmt(rate: f64, per: f64, nper: f64, pv: f64, fv: f64, when: f64) -> f64 {
    if !(per >= 1.0 && per <= nper) {
        return f64::NAN;
    }
    if when == 1.0 && per == 1.0 {
        return checked(rate, when, || 0.0 * (pv + fv));
    }
    // The balance as a mean of both values: nothing cancels.
    let (paid, left) = (per - 1.0, nper - (per - 1.0));
    let balance = if rate == 0.0 {
        (fv * paid - pv * left) / nper
    } else {
        let whole = growth_m1(rate, -nper);
        let of_fv = growth(rate, -left) * growth_m1(rate, -paid) / whole;
        fv * of_fv - pv * (growth_m1(rate, -left) / whole)
    };
    checked(rate, when, || balance * rate / (1.0 + rate * when))
}

/// Repayment in payment `per`: grows from the first one on as the debt would.
fn ppmt(rate: f64, per: f64, nper: f64, pv: f64, fv: f64, when: f64) -> f64 {
    if !(per >= 1.0 && per <= nper) {
        return f64::NAN;
    }
    if when == 1.0 && per == 1.0 {
        return pmt(rate, nper, pv, fv, when);
    }
    let share = if rate == 0.0 {
        1.0 / nper
    } else {
        -rate * growth(rate, per - 1.0 - nper) / growth_m1(rate, -nper)
    };
    checked(rate, when, || -(pv + fv) * share / (1.0 + rate * when))
}

/// More periods than this are no schedule of payments.
const MOST_PERIODS: f64 = 100_000.0;

/// The rate that satisfies the balance; of two, as of [`super::roots::Rates`].
fn rate(nper: f64, pmt: f64, pv: f64, fv: f64, when: f64) -> f64 {
    let finite = pmt.is_finite() && pv.is_finite() && fv.is_finite();
    let periods = nper > 0.0 && nper <= MOST_PERIODS;
    if !(finite && periods && (when == 0.0 || when == 1.0)) {
        return f64::NAN;
    }
    if nper != nper.trunc() {
        return rate_over_part_of_a_period(nper, pmt, pv, fv, when);
    }
    let last = nper as usize;
    let flow = |t: usize| {
        let paid = if when == 1.0 { t < last } else { t > 0 };
        let (first, end) = (if t == 0 { pv } else { 0.0 }, if t == last { fv } else { 0.0 });
        first + end + if paid { pmt } else { 0.0 }
    };
    Stream::periodic((0..=last).map(flow)).rates().closest
}

/// The same where the number of periods is not whole, so that there is no stream of payments.
///
/// The balance times the rate is a sum of four powers of `1 + r`. Its zeros are those of the
/// balance and zero; near that one it has few digits, so that each zero is settled on the balance.
fn rate_over_part_of_a_period(nper: f64, pmt: f64, pv: f64, fv: f64, when: f64) -> f64 {
    let (begin, end) = (pmt * when, pmt * (1.0 - when));
    let last = nper + 1.0;
    let mut terms = [(0.0, pv + begin), (1.0, end - pv), (nper, fv - begin), (last, -fv - end)];
    terms.sort_by(|a, b| a.0.total_cmp(&b.0));
    let zeros = Stream::dated(terms.into_iter()).zeros();
    // Powers of the smaller side, so that none overflows.
    let total = |rate: f64, pmt: f64, pv: f64, fv: f64| {
        if rate > 0.0 {
            fv * growth(rate, -nper) + pv + pmt * worth_at_beginning(rate, nper, when)
        } else {
            fv + pv * growth(rate, nper) + pmt * worth_at_end(rate, nper, when)
        }
    };
    let balance = |rate: f64| total(rate, pmt, pv, fv);
    let gross = |rate: f64| total(rate, pmt.abs(), pv.abs(), fv.abs());
    let settled = zeros.iter().map(|x| libm::expm1(*x)).chain([0.0]).map(|rate| {
        let (mut before, mut here) = (rate - 1e-7 * (1.0 + rate), rate);
        for _ in 0..50 {
            let (a, b) = (balance(before), balance(here));
            if b == 0.0 || a == b {
                break;
            }
            (before, here) = (here, here - b * (here - before) / (b - a));
        }
        here
    });
    let far = |rate: &f64| distance(libm::log1p(*rate));
    settled
        .filter(|rate| balance(*rate).abs() <= 1e-9 * gross(*rate))
        .min_by(|a, b| far(a).total_cmp(&far(b)))
        .unwrap_or(f64::NAN)
}

/// Level payment at the end of each period that repays one.
pub(super) fn capital_recovery_factor(rate: f64, periods: f64) -> f64 {
    if !(rate > -1.0 && periods > 0.0) {
        return f64::NAN;
    }
    if rate == 0.0 { 1.0 / periods } else { -rate / growth_m1(rate, -periods) }
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-12 * b.abs()
    }

    #[test]
    fn the_examples_of_numpy_financial() {
        assert!(close(pmt(0.075 / 12.0, 180.0, 200_000.0, 0.0, 0.0), -1854.0247200054619));
        assert!(close(fv(0.05 / 12.0, 120.0, -100.0, -100.0, 0.0), 15692.92889433575));
        assert!((nper(0.07 / 12.0, -150.0, 8_000.0, 0.0, 0.0) - 64.07335).abs() < 5e-6);
        let interest = |per| ipmt(0.0824 / 12.0, f64::from(per), 12.0, 2_500.0, 0.0, 0.0);
        assert!(((1..=12).map(interest).sum::<f64>() + 112.98).abs() < 5e-3);
    }

    #[test]
    fn each_undoes_the_others() {
        for when in [0.0, 1.0] {
            for r in [-0.2, -1e-9, 0.0, 1e-12, 0.004, 0.3] {
                let (n, p, start) = (36.0, -80.0, 2_000.0);
                let end = fv(r, n, p, start, when);
                assert!(close(pv(r, n, p, end, when), start));
                assert!(close(pmt(r, n, start, end, when), p));
                assert!(close(nper(r, p, start, end, when), n), "{r} {when}");
            }
        }
    }

    #[test]
    fn perpetuities_do_not_overflow() {
        assert_eq!(pv(0.1, 1e6, -1.0, 0.0, 0.0), 10.0);
        assert!(close(pmt(0.1, 1e6, -10.0, 0.0, 0.0), 1.0));
        assert_eq!(fv(0.1, 1e6, -1.0, 0.0, 0.0), f64::INFINITY);
    }

    #[test]
    fn the_rate_of_a_loan() {
        for r in [-0.01, 0.0, 1e-10, 0.006, 0.5] {
            for when in [0.0, 1.0] {
                let payment = pmt(r, 48.0, 1e4, -500.0, when);
                let found = rate(48.0, payment, 1e4, -500.0, when);
                assert!((found - r).abs() < 1e-13, "{r} {when} {found}");
            }
        }
        assert!(rate(10.0, 100.0, 1_000.0, 0.0, 0.0).is_nan());
    }

    #[test]
    fn the_rate_over_part_of_a_period() {
        for nper in [0.4, 1.5, 47.25, 900.5] {
            for r in [-0.3, -1e-9, 0.0, 1e-12, 1e-5, 0.006, 0.5] {
                for (when, left) in [(0.0, -500.0), (1.0, -500.0), (0.0, 0.0)] {
                    let payment = pmt(r, nper, 1e4, left, when);
                    let found = rate(nper, payment, 1e4, left, when);
                    assert!((found - r).abs() < 1e-12, "{nper} {r} {when} {found}");
                }
            }
        }
        assert!(rate(10.5, 100.0, 1_000.0, 0.0, 0.0).is_nan());
    }

    #[test]
    fn small_rates_keep_their_digits() {
        assert!(close(capital_recovery_factor(1e-15, 60.0), (1.0 + 61.0 / 2.0 * 1e-15) / 60.0));
        assert!(close(fv(1e-15, 60.0, -1.0, 0.0, 0.0), 60.0));
    }
}
