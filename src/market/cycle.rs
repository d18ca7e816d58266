//! The capacity cycle: demand, owners, lead times, retirement and the rental price, eight at a time.
//!
//! Sources: ordering by anchoring and adjustment with a supply line, and a price that moves with
//! utilization: J. D. Sterman, *Business Dynamics* (2000), chapters 17 and 20; demand of constant
//! elasticity with partial adjustment in logarithms: M. Nerlove, *Distributed Lags and Demand
//! Analysis* (1958).

use super::opening::Opening;
use super::pricing::Market;
use crate::bridge::{Body, LANES, Lanes};
use crate::domain::TOLERANCE;

/// What a cycle is made of; amounts are as of the period before the first, rates a period.
pub(super) struct Parameters<'a> {
    pub(super) capacity: Lanes,
    pub(super) demand: Lanes,
    pub(super) opening_growth: Lanes,
    pub(super) life: Lanes,
    pub(super) elasticity: Lanes,
    pub(super) adjustment_speed: Lanes,
    pub(super) target_utilization: Lanes,
    pub(super) utilization_cap: Lanes,
    pub(super) price: Lanes,
    pub(super) full_cost: Lanes,
    pub(super) price_response: Lanes,
    pub(super) price_reversion: Lanes,
    pub(super) gap_correction: Lanes,
    pub(super) supply_line_weight: Lanes,
    pub(super) planning_horizon: Lanes,
    pub(super) smoothing: Lanes,
    pub(super) fear_of_missing_out: Lanes,
    pub(super) order_response: Lanes,
    pub(super) chip_cost: Lanes,
    pub(super) power_cost: Lanes,
    pub(super) cost_growth: Lanes,
    pub(super) reinvestment: Lanes,
    /// By period: factor of demand at unchanged use of services, logarithm of the intensity.
    pub(super) drift: &'a [Lanes],
    pub(super) log_intensity: &'a [Lanes],
    pub(super) funding: &'a [Lanes],
    pub(super) order_change: &'a [Lanes],
    /// Zero, or NaN where one of them is missing.
    pub(super) gaps: &'a [Lanes],
    /// Shares by lag.
    pub(super) chips: &'a [Lanes],
    pub(super) power: &'a [Lanes],
}

/// Outputs, in the order in which they lie in a [`Workspace`].
pub(super) const OUTPUTS: usize = 11;

/// What is kept of eight cycles while they run.
#[derive(Debug)]
pub(super) struct Workspace {
    periods: usize,
    /// Orders of the past, as many as there are lags but one, and of all periods.
    orders: Vec<Lanes>,
    /// Put in service in each period.
    arrivals: Vec<Lanes>,
    /// Of as many cycles as a block has, eight side by side: all periods of each output in turn.
    pub(super) paths: Vec<[Lanes; EIGHTS]>,
}

/// Rows of eight in a block.
pub(super) const EIGHTS: usize = 8;

impl Workspace {
    pub(super) fn new(periods: usize, lags: usize) -> Self {
        let zeros = |n| vec![Lanes::splat(0.0); n];
        Workspace {
            periods,
            orders: zeros(lags.max(1) - 1 + periods),
            arrivals: zeros(periods),
            paths: vec![[Lanes::splat(0.0); EIGHTS]; OUTPUTS * periods],
        }
    }
}

impl Workspace {
    /// Gives every NaN of a lane the same bits; whether there is one.
    pub(super) fn settle_nans(&mut self, place: usize, lane: usize) -> bool {
        let mut found = false;
        for value in self.paths.iter_mut().map(|path| &mut path[place].0[lane]) {
            if value.is_nan() {
                *value = f64::NAN;
                found = true;
            }
        }
        found
    }
}

/// Fills a place of the paths of a workspace, which is made for as many lags as there are; gives
/// NaN where a number is, or is infinite, and zero elsewhere.
pub(super) struct Cycle<'a> {
    pub(super) given: &'a Parameters<'a>,
    pub(super) workspace: &'a mut Workspace,
    pub(super) place: usize,
}

impl Body for Cycle<'_> {
    type Output = Lanes;

    #[inline(always)]
    fn run(self) -> Lanes {
        let Cycle { given, workspace, place } = self;
        let Workspace { periods, orders, arrivals, paths } = workspace;
        let opening = Opening::new(given);
        let past = orders.len() - *periods;
        let before = Lanes::splat(1.0) / (Lanes::splat(1.0) + given.opening_growth);
        let mut earlier = opening.orders;
        for order in orders[..past].iter_mut().rev() {
            *order = earlier;
            earlier = earlier * before;
        }
        let mut fleet = Fleet::new(given, &opening);
        let mut owners = Owners::new(given, &opening);
        let mut supply = Supply::new(&opening);
        let mut market = Market::new(given);
        let (mut missing, mut any) = (missing_number(given), splat(0.0));
        for t in 0..*periods {
            missing += given.gaps[t];
            let retired = fleet.retire(arrivals, t);
            let order = owners.order(given, &market, &fleet, &supply, retired, t);
            orders[past + t] = order;
            let unit = market.advance_cost(given);
            let brought = supply.deliver(given, &orders[..past + t + 1]);
            arrivals[t] = brought.arrivals;
            fleet.add(brought.arrivals, retired);
            market.clear(given, &fleet, t);
            let capex = (given.chip_cost * brought.chips + given.power_cost * brought.power) * unit;
            let found: [Lanes; OUTPUTS] = [
                market.demand,
                order,
                brought.arrivals,
                retired,
                fleet.capacity,
                supply.backlog,
                supply.chips_waiting,
                supply.power_waiting,
                market.utilization,
                market.price,
                capex,
            ];
            for (path, value) in paths.chunks_exact_mut(*periods).zip(found) {
                let value = value + missing;
                path[t][place] = value;
                any += value * splat(0.0);
            }
        }
        any
    }
}

#[inline(always)]
pub(super) fn splat(value: f64) -> Lanes {
    Lanes::splat(value)
}

/// Zero, or NaN where a lane is missing; what is infinite is not.
#[inline(always)]
pub(super) fn gap_of(value: Lanes) -> Lanes {
    value.map(|value| if value.is_nan() { f64::NAN } else { 0.0 })
}

/// `value`, or zero if that is below; NaN stays.
#[inline(always)]
fn at_least_zero(value: Lanes) -> Lanes {
    value.map(|value| if value < 0.0 { 0.0 } else { value })
}

/// NaN in all periods where a number is missing or shares by lag are none.
#[inline(always)]
fn missing_number(given: &Parameters<'_>) -> Lanes {
    let whole = |shares: &[Lanes]| {
        let sum = shares.iter().fold(splat(0.0), |sum, share| {
            sum + share.map(|share| if share >= 0.0 { share } else { f64::NAN })
        });
        sum.map(|sum| if (sum - 1.0).abs() <= TOLERANCE { 0.0 } else { f64::NAN })
    };
    let demand = gap_of(given.demand) + gap_of(given.price) + gap_of(given.full_cost);
    let response = gap_of(given.elasticity) + gap_of(given.adjustment_speed);
    let pricing = gap_of(given.price_response) + gap_of(given.price_reversion);
    let fleet = gap_of(given.capacity) + gap_of(given.opening_growth) + gap_of(given.life);
    let use_of = gap_of(given.target_utilization) + gap_of(given.utilization_cap);
    let ordering = gap_of(given.gap_correction) + gap_of(given.supply_line_weight);
    let expecting = gap_of(given.planning_horizon) + gap_of(given.smoothing);
    let following = gap_of(given.fear_of_missing_out) + gap_of(given.order_response);
    let costs = gap_of(given.chip_cost) + gap_of(given.power_cost) + gap_of(given.cost_growth);
    let shares = whole(given.chips) + whole(given.power) + gap_of(given.reinvestment);
    demand + response + pricing + fleet + use_of + ordering + expecting + following + costs + shares
}

/// Capacity in service, by when it came.
pub(super) struct Fleet {
    pub(super) capacity: Lanes,
    /// Whole periods of life, and the part of another one in which it serves as well.
    life: [usize; LANES],
    part: Lanes,
    /// Arrivals of the past whose whole periods end next, and how they grow.
    past: Lanes,
    growth: Lanes,
    /// Arrivals whose whole periods ended last.
    aged: Lanes,
}

impl Fleet {
    #[inline(always)]
    fn new(given: &Parameters<'_>, opening: &Opening) -> Self {
        Fleet {
            capacity: given.capacity,
            // From float to whole number saturates, and gives 0 for NaN.
            life: given.life.0.map(|life| life as usize),
            part: given
                .life
                .map(|life| if life.is_finite() { life - libm::floor(life) } else { 0.0 }),
            past: opening.aged,
            growth: splat(1.0) + given.opening_growth,
            aged: opening.aged_before,
        }
    }

    /// What reaches the end of its life in period `t`.
    #[inline(always)]
    fn retire(&mut self, arrivals: &[Lanes], t: usize) -> Lanes {
        let mut aged = self.past;
        for lane in 0..LANES {
            if let Some(arrived) = t.checked_sub(self.life[lane].max(1)) {
                aged.0[lane] = arrivals[arrived].0[lane];
            }
        }
        let retired = (splat(1.0) - self.part) * aged + self.part * self.aged;
        self.past = self.past * self.growth;
        self.aged = aged;
        retired
    }

    #[inline(always)]
    fn add(&mut self, arrivals: Lanes, retired: Lanes) {
        // All that is left of a fleet may be rounding.
        self.capacity = at_least_zero(self.capacity + arrivals - retired);
    }
}

/// Those who order, with what they remember.
struct Owners {
    orders: Lanes,
    orders_before: Lanes,
    /// What they have ordered for each unit that came into service, and what was on order for each
    /// unit that they ordered.
    habit: Lanes,
    on_order: Lanes,
}

impl Owners {
    #[inline(always)]
    fn new(given: &Parameters<'_>, opening: &Opening) -> Self {
        let before = opening.orders / (splat(1.0) + given.opening_growth);
        Owners {
            orders: opening.orders,
            orders_before: before,
            habit: opening.habit,
            on_order: opening.on_order,
        }
    }

    /// What is ordered in period `t`, by what was seen in the one before.
    #[inline(always)]
    fn order(
        &mut self,
        given: &Parameters<'_>,
        market: &Market,
        fleet: &Fleet,
        supply: &Supply,
        retired: Lanes,
        t: usize,
    ) -> Lanes {
        let expected = market.expected_growth;
        let more = (expected - given.opening_growth) * given.planning_horizon;
        let ahead = self.habit * at_least_zero(splat(1.0) + more);
        let anchor = (retired + expected * fleet.capacity) * ahead;
        let gap = market.demand * market.per_target - fleet.capacity;
        let line = self.on_order * at_least_zero(anchor) - supply.backlog;
        let needed = anchor + given.gap_correction * (gap + given.supply_line_weight * line);
        let foreseen = self.orders_before * (splat(1.0) + expected);
        let fear = given.fear_of_missing_out * at_least_zero(self.orders - foreseen);
        let wanted = at_least_zero(needed) * market.order_response + fear + given.order_change[t];
        let order = market.affordable(given, at_least_zero(wanted), t);
        self.orders_before = self.orders;
        self.orders = order;
        order
    }
}

/// What has been ordered and does not serve yet.
struct Supply {
    backlog: Lanes,
    chips_waiting: Lanes,
    power_waiting: Lanes,
}

/// What comes in a period.
struct Brought {
    chips: Lanes,
    power: Lanes,
    /// Chips that have power, and so serve.
    arrivals: Lanes,
}

impl Supply {
    #[inline(always)]
    fn new(opening: &Opening) -> Self {
        Supply {
            backlog: opening.backlog,
            chips_waiting: opening.chips_waiting,
            power_waiting: opening.power_waiting,
        }
    }

    /// Brings chips and power of orders up to now; the one that comes later binds.
    #[inline(always)]
    fn deliver(&mut self, given: &Parameters<'_>, orders: &[Lanes]) -> Brought {
        let chips = due(orders, given.chips);
        let power = due(orders, given.power);
        let (chips_there, power_there) = (self.chips_waiting + chips, self.power_waiting + power);
        let arrivals = chips_there.zip(power_there, |chips, power| {
            // NaN of either is kept.
            if chips < power || chips.is_nan() { chips } else { power }
        });
        let ordered = orders.last().copied().unwrap_or(splat(0.0));
        self.backlog = at_least_zero(self.backlog + ordered - arrivals);
        self.chips_waiting = chips_there - arrivals;
        self.power_waiting = power_there - arrivals;
        Brought { chips, power, arrivals }
    }
}

/// What arrives of all orders up to the last, the oldest first.
#[inline(always)]
fn due(orders: &[Lanes], shares: &[Lanes]) -> Lanes {
    let recent = &orders[orders.len() - shares.len().min(orders.len())..];
    let aged = shares[..recent.len()].iter().rev();
    recent.iter().zip(aged).fold(splat(0.0), |sum, (order, share)| sum + *order * *share)
}
