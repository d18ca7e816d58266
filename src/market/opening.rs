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
    /// Mean lead time of the part that takes longer.
    pub(super) lead_time: Lanes,
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
        let backlog = later(chips.weighted, power.weighted);
        let orders = arrivals / (one - backlog * given.opening_growth * before);
        Opening {
            orders,
            backlog: orders * backlog,
            chips_waiting: orders * (backlog - chips.weighted),
            power_waiting: orders * (backlog - power.weighted),
            lead_time: later(chips.mean, power.mean),
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

/// Orders of the past that are still open, as multiples of the last ones.
struct Open {
    /// Of orders that grew.
    weighted: Lanes,
    /// Of orders that were always the same: the mean lead time.
    mean: Lanes,
}

/// Goes through the lags from the longest on; an order of one period earlier was less by `before`.
#[inline(always)]
fn open(shares: &[Lanes], before: Lanes) -> Open {
    let zero = Lanes::splat(0.0);
    let (mut due, mut weighted, mut mean) = (zero, zero, zero);
    for share in shares.iter().skip(1).rev() {
        due += *share;
        mean += due;
        weighted = weighted * before + due;
    }
    Open { weighted, mean }
}
