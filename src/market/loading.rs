//! Parameters on their way into lanes: of each row, or shared by all.

use super::cycle::{Parameters, gap_of};
use crate::bridge::{Body, LANES, Lanes, vectorized};
use crate::domain::share;

/// Numbers of a parameter, of each row or of all of them: number `k` of row `i` stands at
/// `i * row + k * step`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand<'a> {
    pub(super) values: &'a [f64],
    /// Zero if all rows have the same.
    pub(super) row: usize,
    pub(super) step: usize,
    pub(super) len: usize,
}

impl Operand<'_> {
    /// Puts rows from `start` on into lanes; lanes without a row repeat the last one.
    #[inline]
    fn load(&self, start: usize, rows: usize, lanes: &mut [Lanes]) {
        for (k, lanes) in lanes.iter_mut().enumerate() {
            let first = k * self.step;
            if self.row == 1 && rows == LANES {
                let from = first + start;
                lanes.0.copy_from_slice(&self.values[from..from + LANES]);
            } else {
                let at = |lane: usize| first + (start + lane.min(rows - 1)) * self.row;
                *lanes = Lanes(std::array::from_fn(|lane| self.values[at(lane)]));
            }
        }
    }
}

/// Parameters that are numbers, those that go by period, and shares by lag.
pub(super) const NUMBERS: usize = 22;
pub(super) const BY_PERIOD: usize = 4;
pub(super) const BY_LAG: usize = 2;

/// In the order of the fields of [`Parameters`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Operands<'a> {
    pub(super) numbers: [Operand<'a>; NUMBERS],
    pub(super) by_period: [Operand<'a>; BY_PERIOD],
    pub(super) by_lag: [Operand<'a>; BY_LAG],
}

/// What follows from the series alone.
struct Prepared {
    drift: Vec<Lanes>,
    log_intensity: Vec<Lanes>,
    gaps: Vec<Lanes>,
}

impl Prepared {
    fn new(periods: usize) -> Self {
        let room = || vec![Lanes::splat(0.0); periods];
        Prepared { drift: room(), log_intensity: room(), gaps: room() }
    }
}

struct Prepare<'a> {
    by_period: &'a [Vec<Lanes>; BY_PERIOD],
    prepared: &'a mut Prepared,
}

impl Body for Prepare<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let [growth, intensity, funding, order_change] = self.by_period;
        let mut before = Lanes::splat(1.0);
        for t in 0..growth.len() {
            let change = intensity[t] / before;
            before = intensity[t];
            self.prepared.drift[t] = (Lanes::splat(1.0) + growth[t]) * change;
            self.prepared.log_intensity[t] = intensity[t].ln();
            let demand = gap_of(growth[t]) + gap_of(intensity[t]);
            self.prepared.gaps[t] = demand + gap_of(funding[t]) + gap_of(order_change[t]);
        }
    }
}

/// Eight rows of all operands.
pub(super) struct Loaded {
    numbers: [Lanes; NUMBERS],
    by_period: [Vec<Lanes>; BY_PERIOD],
    by_lag: [Vec<Lanes>; BY_LAG],
    prepared: Prepared,
}

impl Loaded {
    pub(super) fn new(operands: &Operands<'_>) -> Self {
        let room = |operand: Operand<'_>| vec![Lanes::splat(0.0); operand.len];
        Loaded {
            numbers: [Lanes::splat(0.0); NUMBERS],
            by_period: operands.by_period.map(room),
            by_lag: operands.by_lag.map(room),
            prepared: Prepared::new(operands.by_period[0].len),
        }
    }

    /// What all rows share is loaded for the `first` of a chunk.
    pub(super) fn load(&mut self, operands: &Operands<'_>, start: usize, rows: usize, first: bool) {
        let numbers = self.numbers.iter_mut().map(std::slice::from_mut);
        let series = self.by_period.iter_mut().chain(&mut self.by_lag).map(Vec::as_mut_slice);
        let given = operands.numbers.iter().chain(&operands.by_period).chain(&operands.by_lag);
        for (lanes, operand) in numbers.chain(series).zip(given) {
            if first || operand.row != 0 {
                operand.load(start, rows, lanes);
            }
        }
        for shares in self.by_lag.iter_mut().flatten() {
            *shares = shares.map(share);
        }
        if first || operands.by_period.iter().any(|series| series.row != 0) {
            vectorized(Prepare { by_period: &self.by_period, prepared: &mut self.prepared });
        }
    }

    pub(super) fn parameters(&self) -> Parameters<'_> {
        let [
            capacity,
            demand,
            opening_growth,
            life,
            elasticity,
            adjustment_speed,
            target_utilization,
            utilization_cap,
            price,
            full_cost,
            price_response,
            price_reversion,
            gap_correction,
            supply_line_weight,
            planning_horizon,
            smoothing,
            fear_of_missing_out,
            order_response,
            chip_cost,
            power_cost,
            cost_growth,
            reinvestment,
        ] = self.numbers;
        let [_, _, funding, order_change] = &self.by_period;
        let [chips, power] = &self.by_lag;
        Parameters {
            capacity,
            demand,
            opening_growth,
            life,
            elasticity,
            adjustment_speed,
            target_utilization,
            utilization_cap,
            price,
            full_cost,
            price_response,
            price_reversion,
            gap_correction,
            supply_line_weight,
            planning_horizon,
            smoothing,
            fear_of_missing_out,
            order_response,
            chip_cost,
            power_cost,
            cost_growth,
            reinvestment,
            drift: &self.prepared.drift,
            log_intensity: &self.prepared.log_intensity,
            funding,
            order_change,
            gaps: &self.prepared.gaps,
            chips,
            power,
        }
    }

    /// Whether a number of a row is missing.
    pub(super) fn misses(&self, lane: usize) -> bool {
        let series = self.by_period.iter().chain(&self.by_lag).flatten();
        self.numbers.iter().chain(series).any(|lanes| lanes.0[lane].is_nan())
    }
}
