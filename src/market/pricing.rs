//! What customers want at a price, what of it is served, and the price that follows.

use super::cycle::{Fleet, Parameters, splat};
use crate::bridge::Lanes;

/// Demand, utilization and price.
pub(super) struct Market {
    pub(super) demand: Lanes,
    pub(super) utilization: Lanes,
    pub(super) price: Lanes,
    /// Logarithm of the price as a multiple of the full cost, now and before the first period.
    margin: Lanes,
    opening_margin: Lanes,
    pub(super) expected_growth: Lanes,
    /// Capacity wanted for each unit of demand.
    pub(super) per_target: Lanes,
    /// Logarithm of the services used in the next period, beside what growth brings, and the factor
    /// by which they change until then.
    services: Lanes,
    services_change: Lanes,
    /// Factor by which the price moves the next orders.
    pub(super) order_response: Lanes,
    /// Cost as a multiple of the opening one, and its logarithm.
    cost: Lanes,
    log_cost: Lanes,
    cost_growth: Lanes,
    /// Paid for capacity in use.
    revenue: Lanes,
}

impl Market {
    #[inline(always)]
    pub(super) fn new(given: &Parameters<'_>) -> Self {
        let margin = (given.price / given.full_cost).ln();
        let used = given.capacity * utilization(given.demand, given.capacity, given);
        let mut market = Market {
            demand: given.demand,
            utilization: splat(0.0),
            price: given.price,
            margin,
            opening_margin: margin,
            expected_growth: given.opening_growth,
            per_target: splat(1.0) / given.target_utilization,
            services: splat(0.0),
            services_change: splat(1.0),
            order_response: splat(1.0),
            cost: splat(1.0),
            log_cost: splat(0.0),
            cost_growth: given.cost_growth.map(libm::log1p),
            revenue: given.price * used,
        };
        market.respond(given, 0);
        market
    }

    /// Orders, or what of them can be paid for.
    #[inline(always)]
    pub(super) fn affordable(&self, given: &Parameters<'_>, orders: Lanes, t: usize) -> Lanes {
        let funds = given.funding[t] + given.reinvestment * self.revenue;
        let unit =
            (given.chip_cost + given.power_cost) * self.cost * (splat(1.0) + given.cost_growth);
        let limit = funds / unit;
        let beyond = (orders * unit).zip(funds, |cost, funds| f64::from(cost > funds));
        Lanes::select(beyond, limit, orders)
    }

    /// Moves cost on by a period and returns it.
    #[inline(always)]
    pub(super) fn advance_cost(&mut self, given: &Parameters<'_>) -> Lanes {
        self.cost = self.cost * (splat(1.0) + given.cost_growth);
        self.cost
    }

    /// Demand at the last price, what of it is served, and the price that follows.
    #[inline(always)]
    pub(super) fn clear(&mut self, given: &Parameters<'_>, fleet: &Fleet, t: usize) {
        let factor = given.drift[t] * self.services_change;
        let growth = factor - splat(1.0);
        self.expected_growth += given.smoothing * (growth - self.expected_growth);
        self.demand = self.demand * factor;

        self.utilization = utilization(self.demand, fleet.capacity, given);
        self.log_cost += self.cost_growth;
        let tight = (self.utilization * self.per_target).ln();
        self.margin =
            (splat(1.0) - given.price_reversion) * self.margin + given.price_response * tight;
        self.price = given.full_cost * self.cost * self.respond(given, t + 1);
        self.revenue = self.price * self.utilization * fleet.capacity;
    }

    /// What customers and owners will do in period `t` at the last price, which is returned as a
    /// multiple of the full cost.
    #[inline(always)]
    fn respond(&mut self, given: &Parameters<'_>, t: usize) -> Lanes {
        let price = self.log_cost + self.margin - self.opening_margin;
        let intensity = given.log_intensity.get(t).copied().unwrap_or(splat(0.0));
        let wanted = given.elasticity * (intensity + price);
        let step = given.adjustment_speed * (wanted - self.services);
        self.services += step;
        let logarithms = [self.margin, given.order_response * self.margin, step];
        let [price, order_response, services_change] = Lanes::exp_each(logarithms);
        self.order_response = order_response;
        self.services_change = services_change;
        price
    }
}

/// Share of capacity in use, at most the cap.
#[inline(always)]
fn utilization(demand: Lanes, capacity: Lanes, given: &Parameters<'_>) -> Lanes {
    (demand / capacity)
        .zip(given.utilization_cap, |use_of, cap| if use_of > cap { cap } else { use_of })
}
