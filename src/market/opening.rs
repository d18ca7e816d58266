//! What owners have behind them when a cycle begins: a fleet of some ages, orders under way.
//!
//! Until then orders grew at one rate, and so did all that follows from them. Amounts are as of the
//! end of the period before the first.

use super::cycle::Parameters;
use crate::bridge::Lanes;

pub(super) struct Opening {
    /// Ordered in the last period.
    pub(super) orders: Lanes,
    /// Ordered and not yet in service.
    pub(super) backlog: Lanes,
    /// Arrived and waiting for the other part.
    pub(super) chips_waiting: Lanes,
    pub(super) power_waiting: Lanes,
    /// Ordered in a period for each unit that was put in service in it …
    pub(super) habit: Lanes,
    /// … and on order before it for each unit that was ordered in it.
    pub(super) on_order: Lanes,
    /// What was put in service a life before the first period, and before that.
    pub(super) aged: Lanes,
    pub(super) aged_before: Lanes,
}

impl Opening {
    #[inline(always)]
    pub(super) fn new(given: &Parameters<'_>) -> Self {
        let one = Lanes::splat(1.0);
        let growth = given.opening_growth.map(libm::log1p);
        let life = given.life.map(libm::floor);
        let part = given.life.zip(life, |all, whole| if all == whole { 0.0 } else { all - whole });
        // The oldest of the fleet: all arrivals as multiples of the one whose life ends next.
        let ages = sum_of_powers(growth, life);
        let before = one / (one + given.opening_growth);
        let aged = given.capacity / (ages + part * before);
        // What serves for ever has no last period, however old the fleet is.
        let aged =
            aged.zip(given.life, |aged, life| if life == f64::INFINITY { 0.0 } else { aged });
        // The youngest of it: all arrivals as multiples of the last one.
        let older = (-growth * life).exp().zip(part, |x, part| if part == 0.0 { 0.0 } else { x });
        let arrivals = given.capacity / (sum_of_powers(-growth, life) + part * older);

        let (chips, power) = (open(given.chips, before), open(given.power, before));
        let backlog = later(chips, power);
        let brings = one - backlog * given.opening_growth * before;
        let orders = arrivals / brings;
        Opening {
            orders,
            backlog: orders * backlog,
            chips_waiting: orders * (backlog - chips),
            power_waiting: orders * (backlog - power),
            habit: one / brings,
            on_order: backlog * before,
            aged,
            aged_before: aged * before,
        }
    }
}

/// The larger of both; NaN if one is.
#[inline(always)]
fn later(a: Lanes, b: Lanes) -> Lanes {
    a.zip(b, |a, b| if a > b || a.is_nan() { a } else { b })
}

/// Sum of `exp(k rate)` over whole numbers `k` from 0 to below `terms`.
#[inline(always)]
fn sum_of_powers(rate: Lanes, terms: Lanes) -> Lanes {
    let sum = (rate * terms).exp_m1() / rate.exp_m1();
    sum.zip(
        rate.zip(terms, |rate, terms| if rate == 0.0 { terms } else { f64::NAN }),
        |sum, flat| {
            if flat.is_nan() { sum } else { flat }
        },
    )
}

/// Orders of the past that are still open, as multiples of the last ones: from the longest lag on,
/// and an order of one period earlier was less by `before`.
#[inline(always)]
fn open(shares: &[Lanes], before: Lanes) -> Lanes {
    let (mut due, mut open) = (Lanes::splat(0.0), Lanes::splat(0.0));
    for share in shares.iter().skip(1).rev() {
        due += *share;
        open = open * before + due;
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_add_up() {
        for (rate, terms) in [(0.0, 7.0), (0.3, 7.0), (-0.3, 7.0), (1e-12, 5.0), (0.2, 0.0)] {
            let plain: f64 = (0..terms as i32).map(|k| libm::exp(f64::from(k) * rate)).sum();
            let found = sum_of_powers(Lanes::splat(rate), Lanes::splat(terms)).0[2];
            assert!((found - plain).abs() <= 1e-14 * plain, "{rate} {terms}: {found} {plain}");
        }
        let endless = |rate| sum_of_powers(Lanes::splat(rate), Lanes::splat(f64::INFINITY)).0[0];
        assert_eq!((endless(0.0), endless(0.1)), (f64::INFINITY, f64::INFINITY));
        assert!((endless(-0.1) - 1.0 / (1.0 - libm::exp(-0.1))).abs() < 1e-13);
        assert!(endless(f64::NAN).is_nan());
    }

    #[test]
    fn what_is_open_of_the_past() {
        // Lead times of 0, 1 and 3 periods: of the last orders 3/4 are open, then 1/4 and 1/4.
        let shares = [0.25, 0.5, 0.0, 0.25].map(Lanes::splat);
        let (same, grown) = (Lanes::splat(1.0), Lanes::splat(0.5));
        assert_eq!(open(&shares, same), Lanes::splat(1.25));
        assert_eq!(open(&shares, grown), Lanes::splat(0.75 + 0.5 * 0.25 + 0.25 * 0.25));
        assert_eq!(open(&shares[..1], grown), Lanes::splat(0.0));
    }
}
