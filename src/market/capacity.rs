//! How much capacity to hold against uncertain demand, and whether to buy now or later.

use crate::bridge::{Kernel, elementwise, elementwise_slow};
use crate::domain::within;

const TABLE: &[Kernel] = &[
    elementwise(c"critical_ratio", critical_ratio),
    elementwise(c"mismatch_cost", mismatch_cost),
    elementwise(c"earnings", earnings),
    elementwise(c"value_of_waiting", value_of_waiting),
    elementwise_slow(c"first_wait", first_wait),
    elementwise_slow(c"break_even_wait", break_even_wait),
];

/// Chance of enough capacity at which a further unit costs as much as it saves.
fn critical_ratio(underage: f64, overage: f64) -> f64 {
    let domain = underage >= 0.0 && overage >= 0.0;
    let sum = underage + overage;
    let ratio = if sum < f64::INFINITY { underage / sum } else { 1.0 / (1.0 + overage / underage) };
    within(domain, ratio)
}

/// Cost of what is missing or idle.
#[inline(always)]
fn mismatch_cost(capacity: f64, demand: f64, underage: f64, overage: f64) -> f64 {
    let domain = (underage >= 0.0) & (overage >= 0.0);
    let missing = demand - capacity;
    let (price, units) = if missing < 0.0 { (overage, -missing) } else { (underage, missing) };
    // Without end at no price is nothing, as is nothing at any price; what is missing is not known.
    let nothing = (price == 0.0) & !units.is_nan() | (units == 0.0);
    within(domain, if nothing { 0.0 } else { price * units })
}

/// Force of interest and of decline.
fn forces(discount_rate: f64, decline: f64) -> Option<(f64, f64)> {
    let domain = discount_rate > -1.0 && discount_rate < f64::INFINITY && decline < 1.0;
    let forces = (libm::log1p(discount_rate), -libm::log1p(-decline));
    (domain && forces.1.is_finite()).then_some(forces)
}

/// Present value of a margin that falls steadily, earned for so many years.
fn earnings(margin: f64, years: f64, discount_rate: f64, decline: f64) -> f64 {
    let Some((interest, fall)) = forces(discount_rate, decline) else { return f64::NAN };
    let force = interest + fall;
    // So small a force changes nothing, and would lose its digits below.
    let factor = if force == 0.0 || libm::fabs(force * years) < f64::EPSILON {
        years
    } else if years == f64::INFINITY && force < 0.0 {
        f64::INFINITY
    } else {
        -libm::expm1(-force * years) / force
    };
    let value = if margin == 0.0 { 0.0 } else { margin * factor };
    within(years >= 0.0 && !margin.is_nan(), value)
}

/// Present value of the right to buy after `wait` years what earns `earnings` if it earned at
/// today's margin, which falls meanwhile.
fn value_of_waiting(earnings: f64, cost: f64, wait: f64, discount_rate: f64, decline: f64) -> f64 {
    let Some((interest, fall)) = forces(discount_rate, decline) else { return f64::NAN };
    let domain = (0.0..f64::INFINITY).contains(&wait) && cost >= 0.0 && !earnings.is_nan();
    within(domain, waiting(earnings, cost, wait, interest, fall))
}

fn waiting(earnings: f64, cost: f64, wait: f64, interest: f64, fall: f64) -> f64 {
    let net = earnings * libm::exp(-fall * wait) - cost;
    if net > 0.0 { net * libm::exp(-interest * wait) } else { 0.0 }
}

/// What stands for no wait: NaN would be taken for arguments out of range.
const NONE: f64 = -1.0;

/// Shortest wait that is worth no less than buying now; -1 if none is.
fn first_wait(earnings: f64, cost: f64, now: f64, discount_rate: f64, decline: f64) -> f64 {
    paying_waits(earnings, cost, now, discount_rate, decline).0
}

/// Longest wait that is worth no less than buying now, which may be infinite; -1 if none is.
fn break_even_wait(earnings: f64, cost: f64, now: f64, discount_rate: f64, decline: f64) -> f64 {
    paying_waits(earnings, cost, now, discount_rate, decline).1
}

/// Shortest and longest wait that is worth no less than buying now: all between them are, too.
///
/// The value of waiting falls from the start or, with margins that rise, from some peak on; if they
/// rise as fast as interest, it never falls.
fn paying_waits(
    earnings: f64,
    cost: f64,
    now: f64,
    discount_rate: f64,
    decline: f64,
) -> (f64, f64) {
    let unknown = (f64::NAN, f64::NAN);
    let Some((interest, fall)) = forces(discount_rate, decline) else { return unknown };
    if earnings.is_nan() || now.is_nan() || !(cost >= 0.0 && interest >= 0.0) {
        return unknown;
    }
    if now <= 0.0 {
        return (0.0, f64::INFINITY);
    }
    if earnings.is_infinite() {
        return unknown;
    }
    // What waiting adds, as a sum of what it adds at once and what changes: so rounding does not
    // move where it begins to cost.
    let at_once = earnings - cost - now;
    let net = interest + fall;
    let adds = |wait: f64| {
        at_once + earnings * libm::expm1(-net * wait) - cost * libm::expm1(-interest * wait)
    };
    if net <= 0.0 {
        // It rises all the time, if it changes: without bound or to what it would be without cost.
        let limit = match (interest > 0.0, net < 0.0) {
            (_, true) => f64::INFINITY,
            (true, false) => at_once + cost,
            (false, false) => at_once,
        };
        if at_once >= 0.0 {
            return (0.0, f64::INFINITY);
        }
        if limit <= 0.0 {
            return (NONE, NONE);
        }
        return (root_after(0.0, |wait| adds(wait) >= 0.0), f64::INFINITY);
    }
    let top = interest * cost / (net * earnings);
    let peak = if fall < 0.0 && top > 1.0 { libm::log(top) / -fall } else { 0.0 };
    if at_once < 0.0 && (peak == 0.0 || adds(peak) < 0.0) {
        return (NONE, NONE);
    }
    let first = if at_once < 0.0 { root(0.0, peak, |wait| adds(wait) >= 0.0) } else { 0.0 };
    let last = if at_once == 0.0 && peak == 0.0 {
        0.0
    } else {
        root_after(peak, |wait| adds(wait) <= 0.0)
    };
    (first, last)
}

/// Where `holds` begins to, after `low`; infinite if that is further than any number of years.
fn root_after(low: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut step) = (low, 1.0);
    while !holds(low + step) {
        low += step;
        step *= 2.0;
        if low > 1e15 {
            return f64::INFINITY;
        }
    }
    root(low, low + step, holds)
}

/// Where `holds` begins to between `low` and `high`, where it does.
fn root(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    // A root close to 0 has as many digits as any other.
    for _ in 0..1_100 {
        let middle = low + 0.5 * (high - low);
        if middle <= low || middle >= high {
            break;
        }
        if holds(middle) { high = middle } else { low = middle }
    }
    high
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_and_costs() {
        assert_eq!(critical_ratio(3.0, 1.0), 0.75);
        assert_eq!(critical_ratio(1.5e308, 1.5e308), 0.5);
        assert!(critical_ratio(0.0, 0.0).is_nan() && critical_ratio(-1.0, 3.0).is_nan());
        assert_eq!(mismatch_cost(4.0, 6.0, 3.0, 1.0), 6.0);
        assert_eq!(mismatch_cost(6.0, 4.0, 3.0, 1.0), 2.0);
        assert_eq!(mismatch_cost(4.0, 4.0, f64::INFINITY, 1.0), 0.0);
        assert!(mismatch_cost(4.0, f64::NAN, 3.0, 1.0).is_nan());
    }

    #[test]
    fn earnings_without_interest_are_a_sum() {
        assert_eq!(earnings(2.0, 5.0, 0.0, 0.0), 10.0);
        assert_eq!(earnings(2.0, 5.0, 0.0, 5e-324), 10.0);
        // Half is left after each year: the whole is 1 / ln 2.
        let whole = earnings(1.0, f64::INFINITY, 0.0, 0.5);
        assert!((whole * 2f64.ln() - 1.0).abs() < 1e-15);
        assert!(earnings(1.0, 5.0, 0.1, 1.0).is_nan() && earnings(1.0, -1.0, 0.1, 0.1).is_nan());
    }

    #[test]
    fn at_break_even_waiting_is_worth_as_much() {
        let (gain, cost, rate) = (1.5, 100.0, 0.1);
        for decline in [0.3, 0.0, -0.05] {
            let now = earnings(40.0, 5.0, rate, decline) - cost;
            let later = earnings(gain * 40.0, 5.0, rate, decline);
            let wait = break_even_wait(later, cost, now, rate, decline);
            let worth = value_of_waiting(later, cost, wait, rate, decline);
            assert!(
                now <= 0.0 || (worth / now - 1.0).abs() < 1e-9,
                "{decline} {wait} {worth} {now}"
            );
        }
        assert_eq!(break_even_wait(150.0, 100.0, -1.0, 0.1, 0.3), f64::INFINITY);
        // Worth as much at once and less from then on, and less from the beginning.
        assert_eq!(break_even_wait(160.0, 100.0, 60.0, 0.1, 0.3), 0.0);
        assert_eq!(break_even_wait(150.0, 100.0, 60.0, 0.1, 0.3), NONE);
        // Margins that rise as fast as interest.
        assert_eq!(break_even_wait(150.0, 100.0, 50.0, 0.0, 0.0), f64::INFINITY);
    }

    #[test]
    fn a_poorer_generation_may_pay_between_two_waits() {
        let (earnings, cost, now, rate, decline) = (150.0, 100.0, 50.5, 0.1, -0.05);
        let first = first_wait(earnings, cost, now, rate, decline);
        let last = break_even_wait(earnings, cost, now, rate, decline);
        assert!(0.0 < first && first < last && last < f64::INFINITY);
        for wait in [first, last] {
            let worth = value_of_waiting(earnings, cost, wait, rate, decline);
            assert!((worth - now).abs() < 1e-12, "{wait} {worth}");
        }
        let between = value_of_waiting(earnings, cost, 0.5 * (first + last), rate, decline);
        assert!(between > now);
        assert_eq!(first_wait(earnings, cost, 80.0, rate, decline), NONE);
    }
}
