//! Internal rates of return: fast for investments that pay back, right for all other streams.
//!
//! Where flows change sign once, which is nearly always, there is one rate. With `P` and `N` the
//! present values of what comes in and what goes out, `ln P - ln N` is close to a straight line in
//! `x = ln(1 + r)`: its derivatives are, but for their signs, the differences of the cumulants of
//! the times of what comes in and what goes out. Four of them lead from zero to the rate in two or
//! three steps, eight rows at a time. Every other row goes to [`super::roots`].

use super::cumulants::{Moments, ORDER, Step, step};
use super::roots::Stream;
use crate::bridge::{Body, Kernel, LANES, Lanes, rowwise, vectorized};

const TABLE: &[Kernel] = &[
    rowwise(c"irr", irr),
    rowwise(c"irr_count", irr_count),
    rowwise(c"xirr", xirr),
    rowwise(c"xirr_count", xirr_count),
];

/// The rate at which the flows, one a period, have no present value; of several, as of `Rates`.
fn irr(flows: &[Lanes]) -> Lanes {
    vectorized(Conventional { flows, clock: Periods }).or_else_by_lane(|lane| {
        stream(flows, lane).map_or(f64::NAN, |stream| stream.rates().closest)
    })
}

/// How many rates above -1 there are at which the flows have no present value.
fn irr_count(flows: &[Lanes]) -> Lanes {
    let few = Signs::of(flows).changes.map(|n| if n <= 1.0 { n } else { f64::NAN });
    few.or_else_by_lane(|lane| count(stream(flows, lane)))
}

/// As [`irr`] for flows at the times `years`, which do not fall.
fn xirr(years: &[Lanes], flows: &[Lanes]) -> Lanes {
    let in_order = years.windows(2).fold(Lanes::splat(0.0), |fault, pair| {
        fault + pair[0].zip(pair[1], |a, b| if a <= b { 0.0 } else { f64::NAN })
    });
    let rate = vectorized(Conventional { flows, clock: Years(years) }) + in_order;
    rate.or_else_by_lane(|lane| {
        dated_stream(years, flows, lane).map_or(f64::NAN, |stream| stream.rates().closest)
    })
}

/// As [`irr_count`] for flows at the times `years`, which do not fall.
fn xirr_count(years: &[Lanes], flows: &[Lanes]) -> Lanes {
    Lanes::splat(f64::NAN).or_else_by_lane(|lane| count(dated_stream(years, flows, lane)))
}

fn count(stream: Option<Stream>) -> f64 {
    stream.map_or(f64::NAN, |stream| stream.rates().count as f64)
}

/// When flows come.
trait Clock: Copy {
    /// Adds the flow at `t` to sums of flows that come after it, discounted at `x = ln(1 + r)`.
    fn add(self, sums: &mut Moments, x: Discount, t: usize, flow: Lanes);

    /// What the sums of all flows stand for.
    fn moments(self, sums: Moments, x: Discount) -> Moments;

    /// Time from the first flow to the last one.
    fn span(self, flows: &[Lanes]) -> Lanes;
}

/// A rate as `x = ln(1 + r)` and as the weight `exp(-x)` of a period.
#[derive(Clone, Copy)]
enum Discount {
    /// Nothing is discounted.
    None,
    At {
        x: Lanes,
        period: Lanes,
    },
}

impl Discount {
    #[inline(always)]
    fn at(x: Lanes) -> Self {
        Discount::At { x, period: (-x).exp() }
    }
}

/// One flow a period: the sums are the present value as a polynomial in `exp(-x)`, and its first
/// derivatives over their factorials, by Horner's rule.
#[derive(Clone, Copy)]
struct Periods;

impl Clock for Periods {
    #[inline(always)]
    fn add(self, sums: &mut Moments, x: Discount, _t: usize, flow: Lanes) {
        let weight = match x {
            Discount::None => Lanes::splat(1.0),
            Discount::At { period, .. } => period,
        };
        for k in (1..ORDER).rev() {
            sums[k] = sums[k] * weight + sums[k - 1];
        }
        sums[0] = sums[0] * weight + flow;
    }

    #[inline(always)]
    fn moments(self, sums: Moments, x: Discount) -> Moments {
        let weight = match x {
            Discount::None => Lanes::splat(1.0),
            Discount::At { period, .. } => period,
        };
        // Sums over t, t (t - 1), t (t - 1) (t - 2), … in place of powers of t.
        let [total, first, second, third, fourth] = sums;
        let (square, c) = (weight * weight, Lanes::splat);
        let first = first * weight;
        let second = c(2.0) * second * square;
        let third = c(6.0) * third * square * weight;
        let fourth = c(24.0) * fourth * square * square;
        let powers = [second + first, third + c(3.0) * second + first];
        let last = fourth + c(6.0) * third + c(7.0) * second + first;
        [total, first, powers[0], powers[1], last]
    }

    #[inline(always)]
    fn span(self, flows: &[Lanes]) -> Lanes {
        Lanes::splat(flows.len() as f64)
    }
}

/// Flows at times of their own, in years.
#[derive(Clone, Copy)]
struct Years<'a>(&'a [Lanes]);

impl Clock for Years<'_> {
    #[inline(always)]
    fn add(self, sums: &mut Moments, x: Discount, t: usize, flow: Lanes) {
        let time = self.0[t] - self.0[0];
        let mut term = match x {
            Discount::None => flow,
            Discount::At { x, .. } => flow * (-(x * time)).exp(),
        };
        sums[0] += term;
        for sum in &mut sums[1..] {
            term = term * time;
            *sum += term;
        }
    }

    #[inline(always)]
    fn moments(self, sums: Moments, _x: Discount) -> Moments {
        sums
    }

    #[inline(always)]
    fn span(self, _flows: &[Lanes]) -> Lanes {
        let zero = Lanes::splat(0.0);
        self.0.last().map_or(zero, |last| *last - self.0[0])
    }
}

/// The rate of rows that change sign once; NaN for all other rows, and where it is far off.
struct Conventional<'a, C> {
    flows: &'a [Lanes],
    clock: C,
}

/// An error in `x` that is lost in rounding.
const LOST: f64 = 1e-16;

impl<C: Clock> Body for Conventional<'_, C> {
    type Output = Lanes;

    #[inline(always)]
    fn run(self) -> Lanes {
        const MOST_STEPS: usize = 30;
        let signs = Signs::of(self.flows);
        let once = signs.changes.map(|n| if n == 1.0 { 1.0 } else { 0.0 });
        let settled = signs.settled(once);
        let span = self.clock.span(self.flows);
        let mut x = once.map(|once| if once == 1.0 { 0.0 } else { f64::NAN });
        let mut open = once;
        let mut discount = Discount::None;
        for _ in 0..MOST_STEPS {
            let (net, gross) = self.discounted(discount, settled, signs.last);
            let Step { size, error } = step(net, gross, span);
            // A lane that has arrived stays where it is, so that it never depends on the others.
            x = Lanes::select(open, x + size, x);
            open = open.zip(error, |open, error| if error.abs() > LOST { open } else { 0.0 });
            if open.0 == [0.0; LANES] {
                break;
            }
            discount = Discount::at(x);
        }
        Lanes::select(open, Lanes::splat(f64::NAN), x.exp_m1())
    }
}

impl<C: Clock> Conventional<'_, C> {
    /// What comes in less what goes out, and both together.
    ///
    /// From `settled` on no flow changes sign, so that one sum serves for both. Latest first: the
    /// sums of a row are the same wherever its neighbours settle.
    #[inline(always)]
    fn discounted(&self, x: Discount, settled: usize, last: Lanes) -> (Moments, Moments) {
        let (early, late) = self.flows.split_at(settled);
        let mut net = [Lanes::splat(0.0); ORDER];
        for (t, flow) in late.iter().enumerate().rev() {
            self.clock.add(&mut net, x, settled + t, *flow);
        }
        let mut gross = net.map(|sum| sum * last);
        for (t, flow) in early.iter().enumerate().rev() {
            self.clock.add(&mut net, x, t, *flow);
            self.clock.add(&mut gross, x, t, flow.map(f64::abs));
        }
        (self.clock.moments(net, x), self.clock.moments(gross, x))
    }
}

/// The signs of eight rows.
struct Signs {
    /// How often each row changes its sign; NaN if it has a number that is not finite.
    changes: Lanes,
    /// Where it last does.
    at: Lanes,
    /// Its sign from there on.
    last: Lanes,
}

impl Signs {
    #[inline(always)]
    fn of(flows: &[Lanes]) -> Self {
        Signs::of_outlays(flows).unwrap_or_else(|| Signs::one_by_one(flows))
    }

    /// The signs where in every row the first flow has one and the others, if not zero, the other:
    /// the usual case, told by the least and the greatest of them.
    #[inline(always)]
    fn of_outlays(flows: &[Lanes]) -> Option<Self> {
        let (first, later) = flows.split_first()?;
        let start = (Lanes::splat(f64::INFINITY), Lanes::splat(f64::NEG_INFINITY), *first);
        let (low, high, sum) = later.iter().fold(start, |(low, high, sum), flow| {
            let low = low.zip(*flow, |low, c| if c < low { c } else { low });
            let high = high.zip(*flow, |high, c| if c > high { c } else { high });
            (low, high, sum + *flow)
        });
        let last = first.map(|c| if c < 0.0 { 1.0 } else { -1.0 });
        let once = (0..LANES).all(|k| {
            let (first, low, high) = (first.0[k], low.0[k], high.0[k]);
            let pays = first < 0.0 && low >= 0.0 && high > 0.0;
            let costs = first > 0.0 && high <= 0.0 && low < 0.0;
            // An infinite flow leaves no finite sum, and NaN none at all.
            (pays | costs) & sum.0[k].is_finite()
        });
        once.then(|| Signs { changes: Lanes::splat(1.0), at: Lanes::splat(1.0), last })
    }

    #[inline(always)]
    fn one_by_one(flows: &[Lanes]) -> Self {
        let zero = Lanes::splat(0.0);
        let (mut changes, mut at, mut last, mut finite) = (zero, zero, zero, zero);
        for (t, flow) in flows.iter().enumerate() {
            let sign = flow.map(|c| {
                let below = if c < 0.0 { -1.0 } else { 0.0 };
                if c > 0.0 { 1.0 } else { below }
            });
            let change = last.zip(sign, |last, sign| if last * sign < 0.0 { 1.0 } else { 0.0 });
            changes += change;
            at = Lanes::select(change, Lanes::splat(t as f64), at);
            last = last.zip(sign, |last, sign| if sign == 0.0 { last } else { sign });
            finite += *flow * zero;
        }
        Signs { changes: changes + finite, at, last }
    }

    /// From where on none of the `chosen` rows changes its sign.
    #[inline(always)]
    fn settled(&self, chosen: Lanes) -> usize {
        let at = Lanes::select(chosen, self.at, Lanes::splat(0.0));
        at.0.into_iter().fold(0.0, f64::max) as usize
    }
}

/// One row as a stream; none if a number is not finite.
#[cold]
fn stream(flows: &[Lanes], lane: usize) -> Option<Stream> {
    let row = || flows.iter().map(|flow| flow.0[lane]);
    row().all(f64::is_finite).then(|| Stream::periodic(row()))
}

/// One row as a stream; none if a number is not finite or the times fall.
#[cold]
fn dated_stream(years: &[Lanes], flows: &[Lanes], lane: usize) -> Option<Stream> {
    let row = || years.iter().zip(flows).map(|(year, flow)| (year.0[lane], flow.0[lane]));
    let in_order = row().zip(row().skip(1)).all(|(a, b)| a.0 <= b.0);
    let valid = in_order && row().all(|(year, flow)| year.is_finite() && flow.is_finite());
    valid.then(|| Stream::dated(row()))
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::Isa;

    fn lanes(row: &[f64]) -> Vec<Lanes> {
        row.iter().copied().map(Lanes::splat).collect()
    }

    #[test]
    fn both_ways_lead_to_the_same_rate() {
        for row in [
            &[-100.0, 39.0, 59.0, 55.0, 20.0][..],
            &[100.0, -30.0, -90.0],
            &[0.0, -1e-9, 0.0, 3e-9],
            &[-1.0, 0.2, 0.1],
        ] {
            let fast = irr(&lanes(row)).0[3];
            let sure = Stream::periodic(row.iter().copied()).rates().closest;
            assert!((fast - sure).abs() <= 1e-13 * (1.0 + sure), "{row:?} {fast} {sure}");
            let years: Vec<f64> = (0..row.len()).map(|t| 5.0 + t as f64).collect();
            let dated = xirr(&lanes(&years), &lanes(row)).0[0];
            assert!((dated - sure).abs() <= 1e-13 * (1.0 + sure));
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let flows = lanes(&[-100.0, 39.0, 59.0, 55.0, 20.0]);
        let years = lanes(&[0.0, 0.7, 1.9, 2.2, 7.3]);
        for isa in Isa::available() {
            let found = isa.run(Conventional { flows: &flows, clock: Periods });
            assert_eq!(found, irr(&flows));
            let found = isa.run(Conventional { flows: &flows, clock: Years(&years) });
            assert_eq!(found, xirr(&years, &flows));
        }
    }

    #[test]
    fn a_lane_does_not_depend_on_its_neighbours() {
        let mut flows = lanes(&[-100.0, 39.0, 59.0, 55.0, 20.0]);
        let alone = irr(&flows).0[0];
        flows[4].0[1] = 1e6;
        flows[1].0[2] = -1e6;
        flows[2].0[3] = f64::NAN;
        let together = irr(&flows);
        assert_eq!(together.0[0].to_bits(), alone.to_bits());
        assert!(together.0[3].is_nan() && together.0[1] > 1.0);
    }

    #[test]
    fn times_that_fall_are_refused() {
        let years = lanes(&[0.0, 2.0, 1.0]);
        assert!(xirr(&years, &lanes(&[-1.0, 1.0, 1.0])).0[0].is_nan());
        assert!(xirr_count(&years, &lanes(&[-1.0, 1.0, 1.0])).0[0].is_nan());
    }
}
