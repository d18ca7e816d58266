//! What hardware loses in book value: the functions of spreadsheets, schedules, and vintages.

use crate::bridge::{Kernel, Lanes, elementwise, elementwise_slow, rowwise};
use crate::convolution::convolve;
use crate::domain::within;

const TABLE: &[Kernel] = &[
    elementwise(c"sln", sln),
    elementwise(c"syd", syd),
    elementwise(c"db", db),
    elementwise(c"ddb", ddb),
    elementwise_slow(c"vdb", vdb),
    elementwise_slow(c"vdb_no_switch", vdb_no_switch),
    elementwise(c"straight_line", straight_line),
    elementwise_slow(c"declining_balance", declining_balance),
    elementwise(c"sum_of_years_digits", sum_of_years_digits),
    elementwise(c"change_of_life", change_of_life),
    rowwise(c"units_of_production", units_of_production),
    rowwise(c"vintages", vintages),
    rowwise(c"book_value", book_value),
];

/// More periods than this are no useful life; the sums below would take seconds.
const MOST_PERIODS: f64 = 100_000.0;

/// Straight line, a period.
fn sln(cost: f64, salvage: f64, life: f64) -> f64 {
    within(life > 0.0, (cost - salvage) / life)
}

/// Sum of the years' digits, period `per` from 1.
fn syd(cost: f64, salvage: f64, life: f64, per: f64) -> f64 {
    let share = 2.0 * (life - per + 1.0) / (life * (life + 1.0));
    within((1.0..=life).contains(&per), (cost - salvage) * share)
}

/// Whether a method that takes a share of what is left can be used.
fn can_decline(cost: f64, salvage: f64, life: f64) -> bool {
    salvage >= 0.0 && cost >= salvage && cost.is_finite() && life > 0.0 && life <= MOST_PERIODS
}

/// Fixed declining balance at a rate of three digits; the first year has `month` months.
fn db(cost: f64, salvage: f64, life: f64, period: f64, month: f64) -> f64 {
    let last = if month < 12.0 { life + 1.0 } else { life };
    let domain = can_decline(cost, salvage, life)
        && (1.0..=12.0).contains(&month)
        && period >= 1.0
        && period <= last;
    if !domain {
        return f64::NAN;
    }
    if cost == 0.0 {
        return 0.0;
    }
    let rate = libm::round(1e3 * (1.0 - libm::pow(salvage / cost, 1.0 / life))) / 1e3;
    let (period, first) = (libm::floor(period), rate * month / 12.0);
    if period == 1.0 {
        return cost * first;
    }
    let part = if period > life { (12.0 - month) / 12.0 } else { 1.0 };
    cost * (1.0 - first) * libm::pow(1.0 - rate, period - 2.0) * rate * part
}

/// Declining balance at `factor` over life, down to the salvage value.
fn ddb(cost: f64, salvage: f64, life: f64, period: f64, factor: f64) -> f64 {
    let domain =
        can_decline(cost, salvage, life) && (1.0..=life.max(1.0)).contains(&period) && factor > 0.0;
    within(domain, declined(cost, salvage, life, period, factor))
}

fn declined(cost: f64, salvage: f64, life: f64, period: f64, factor: f64) -> f64 {
    let rate = factor / life;
    let left = |periods: f64| match (rate >= 1.0, periods == 0.0) {
        (true, true) => cost,
        (true, false) => 0.0,
        _ => cost * libm::pow(1.0 - rate, periods),
    };
    (left(period - 1.0) - left(period).max(salvage)).max(0.0)
}

/// Declining balance over a span of time, switching to straight line where that is more; of a
/// period its part.
fn vdb(cost: f64, salvage: f64, life: f64, start: f64, end: f64, factor: f64) -> f64 {
    if !is_span(cost, salvage, life, start, end, factor) {
        return f64::NAN;
    }
    switching(cost, salvage, life, end, factor) - switching(cost, salvage, life, start, factor)
}

fn is_span(cost: f64, salvage: f64, life: f64, start: f64, end: f64, factor: f64) -> bool {
    can_decline(cost, salvage, life) && factor > 0.0 && start >= 0.0 && end >= start && end <= life
}

/// Depreciation from 0 to `end`.
fn switching(cost: f64, salvage: f64, life: f64, end: f64, factor: f64) -> f64 {
    let (mut total, mut left, mut straight) = (0.0, cost - salvage, None);
    let last = libm::ceil(end);
    let mut period = 1.0;
    while period <= last {
        let amount = straight.unwrap_or_else(|| {
            let declining = declined(cost, salvage, life, period, factor);
            let line = left / (life - (period - 1.0));
            if line > declining {
                straight = Some(line);
                return line;
            }
            left -= declining;
            declining
        });
        total += if period == last { amount * (end + 1.0 - last) } else { amount };
        period += 1.0;
    }
    total
}

/// Declining balance over a span of time without a switch.
fn vdb_no_switch(cost: f64, salvage: f64, life: f64, start: f64, end: f64, factor: f64) -> f64 {
    if !is_span(cost, salvage, life, start, end, factor) {
        return f64::NAN;
    }
    let mut total = 0.0;
    let mut period = libm::floor(start) + 1.0;
    while period < end + 1.0 {
        let part = end.min(period) - start.max(period - 1.0);
        total += part * declined(cost, salvage, life, period, factor);
        period += 1.0;
    }
    total
}

/// Part of the period from `position` to the next whole number that lies between two times.
fn overlap(position: f64, from: f64, to: f64) -> f64 {
    ((position + 1.0).min(to) - position.max(from)).max(0.0)
}

/// Straight line in the period from `position`; the last one may be used in part.
fn straight_line(position: f64, cost: f64, salvage: f64, life: f64) -> f64 {
    within(position >= 0.0 && life > 0.0, (cost - salvage) / life * overlap(position, 0.0, life))
}

/// Declining balance with a switch, in the period from `position`.
fn declining_balance(position: f64, cost: f64, salvage: f64, life: f64, factor: f64) -> f64 {
    let (start, end) = (position.min(life), (position + 1.0).min(life));
    if position >= 0.0 { vdb(cost, salvage, life, start, end, factor) } else { f64::NAN }
}

/// Sum of the years' digits in the period from `position`; life in whole periods.
fn sum_of_years_digits(position: f64, cost: f64, salvage: f64, life: f64) -> f64 {
    let domain = life >= 1.0 && life == libm::floor(life);
    let later = if position >= life && !(cost - salvage).is_nan() { 0.0 } else { f64::NAN };
    within(domain, if position < life { syd(cost, salvage, life, position + 1.0) } else { later })
}

/// Straight line over one life until `change`, and what is left over the rest of another.
fn change_of_life(position: f64, cost: f64, salvage: f64, life: f64, new: f64, change: f64) -> f64 {
    if !(position >= 0.0 && life > 0.0 && change >= 0.0 && change <= life && new > change) {
        return f64::NAN;
    }
    let before = (cost - salvage) / life;
    let after = (cost - salvage - before * change) / (new - change);
    before * overlap(position, 0.0, change) + after * overlap(position, change, new)
}

/// Cost less salvage by units made, until the total is reached.
#[inline(always)]
fn units_of_production(
    units: &[Lanes],
    cost: Lanes,
    salvage: Lanes,
    total: Lanes,
    out: &mut [Lanes],
) {
    let base = cost - salvage;
    let mut made = Lanes::splat(0.0);
    for (out, units) in out.iter_mut().zip(units) {
        let before = made.zip(total, |made, total| if made < total { made } else { total });
        made = made.zip(*units, |made, units| if units >= 0.0 { made + units } else { f64::NAN });
        let after = made.zip(total, |made, total| if made > total { total } else { made });
        let share = (after - before) / total;
        *out = base * total.zip(share, |total, share| within(total > 0.0, share));
    }
}

/// Sum over purchases of what each loses by its age.
#[inline(always)]
fn vintages(capex: &[Lanes], schedule: &[Lanes], out: &mut [Lanes]) {
    convolve(capex, schedule, out);
}

/// What is left of all purchases at the end of each period.
#[inline(always)]
fn book_value(capex: &[Lanes], schedule: &[Lanes], out: &mut [Lanes]) {
    vintages(capex, schedule, out);
    let mut value = Lanes::splat(0.0);
    for (out, capex) in out.iter_mut().zip(capex) {
        value += *capex - *out;
        *out = value;
    }
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(found: f64, printed: f64) {
        assert!((found - printed).abs() <= 0.005, "{found} {printed}");
    }

    #[test]
    fn the_examples_of_spreadsheets() {
        cents(sln(30e3, 7_500.0, 10.0), 2_250.0);
        cents(syd(30e3, 7_500.0, 10.0, 1.0), 4_090.91);
        cents(syd(30e3, 7_500.0, 10.0, 10.0), 409.09);
        cents(ddb(2_400.0, 300.0, 3_650.0, 1.0, 2.0), 1.32);
        cents(ddb(2_400.0, 300.0, 10.0, 2.0, 1.5), 306.0);
        cents(ddb(2_400.0, 300.0, 10.0, 10.0, 2.0), 22.12);
        cents(vdb(2_400.0, 300.0, 3_650.0, 0.0, 1.0, 2.0), 1.32);
        cents(vdb(2_400.0, 300.0, 10.0, 0.0, 1.0, 2.0), 480.0);
        cents(vdb(2_400.0, 300.0, 120.0, 6.0, 18.0, 2.0), 396.31);
        cents(vdb(2_400.0, 300.0, 120.0, 6.0, 18.0, 1.5), 311.81);
        cents(vdb(2_400.0, 300.0, 10.0, 0.0, 0.875, 1.5), 315.0);
        let years =
            [186_083.33, 259_639.42, 176_814.44, 120_410.64, 81_999.64, 55_841.76, 15_845.10];
        for (year, printed) in (1..).zip(years) {
            cents(db(1e6, 1e5, 6.0, f64::from(year), 7.0), printed);
        }
    }

    #[test]
    fn every_schedule_sums_to_cost_less_salvage() {
        let sum = |kernel: &dyn Fn(f64) -> f64| (0..40).map(|k| kernel(f64::from(k))).sum::<f64>();
        let close = |found: f64| assert!((found - 900.0).abs() < 1e-9, "{found}");
        for life in [1.0, 5.0, 7.0, 31.0] {
            close(sum(&|k| sum_of_years_digits(k, 1e3, 1e2, life)));
            for life in [life, life + 0.5] {
                close(sum(&|k| straight_line(k, 1e3, 1e2, life)));
                close(sum(&|k| declining_balance(k, 1e3, 1e2, life, 2.0)));
                close(sum(&|k| change_of_life(k, 1e3, 1e2, life, life + 2.5, 0.75 * life)));
            }
        }
    }

    #[test]
    fn vintages_are_a_convolution() {
        let lanes = |row: &[f64]| row.iter().copied().map(Lanes::splat).collect::<Vec<_>>();
        let (capex, schedule) = (lanes(&[100.0, 0.0, 50.0]), lanes(&[0.5, 0.3, 0.2]));
        let mut out = lanes(&[0.0; 3]);
        vintages(&capex, &schedule, &mut out);
        assert_eq!(out, lanes(&[50.0, 30.0, 45.0]));
        book_value(&capex, &schedule, &mut out);
        assert_eq!(out, lanes(&[50.0, 20.0, 25.0]));
    }

    #[test]
    fn what_no_method_allows() {
        assert!(ddb(100.0, 200.0, 5.0, 1.0, 2.0).is_nan());
        assert!(sln(1.0, 0.0, -3.0).is_nan());
        assert!(syd(1.0, 0.0, 3.0, 4.0).is_nan());
        assert!(db(1.0, 0.1, 3.0, 1.0, 13.0).is_nan());
        assert!(vdb(1.0, 0.1, 3.0, 2.0, 1.0, 2.0).is_nan());
    }
}
