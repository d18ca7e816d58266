//! Internal rates of return: fast for investments that pay back, right for all other streams.
//!
//! Where flows change sign once, which is nearly always, there is one rate. With `P` and `N` the
//! present values of what comes in and what goes out, `ln P - ln N` is close to a straight line in
//! `x = ln(1 + r)`, with the distance between their mean times as its slope. Newton's method on it,
//! with `2 (P - N) / (P + N)` for the logarithm, settles from zero in a few steps, eight rows at a
//! time. Every other row goes to [`super::roots`].

use super::roots::Stream;
use crate::bridge::{Body, Kernel, LANES, Lanes, rowwise, vectorized};

const TABLE: &[Kernel] = &[
    rowwise(c"irr", irr),
    rowwise(c"irr_count", irr_count),
    rowwise(c"xirr", xirr),
    rowwise(c"xirr_count", xirr_count),
];

/// The rate closest to zero at which the flows, one a period, have no present value.
fn irr(flows: &[Lanes]) -> Lanes {
    vectorized(Conventional { flows, clock: Periods }).or_else_by_lane(|lane| {
        stream(flows, lane).map_or(f64::NAN, |stream| stream.rates().closest)
    })
}

/// How many rates above -1 there are at which the flows have no present value.
fn irr_count(flows: &[Lanes]) -> Lanes {
    let changes = changes_of_sign(flows);
    let few = changes.map(|n| if n <= 1.0 { n } else { f64::NAN });
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

/// Discounted flows added up.
#[derive(Clone, Copy)]
struct Sums {
    /// What comes in less what goes out, and both together.
    net: Lanes,
    gross: Lanes,
    /// The same, each flow times its time.
    timed_net: Lanes,
    timed_gross: Lanes,
}

impl Default for Sums {
    #[inline(always)]
    fn default() -> Self {
        let zero = Lanes::splat(0.0);
        Sums { net: zero, gross: zero, timed_net: zero, timed_gross: zero }
    }
}

impl Sums {
    #[inline(always)]
    fn add(&mut self, time: Lanes, discounted: Lanes) {
        let size = discounted.map(f64::abs);
        self.net += discounted;
        self.gross += size;
        self.timed_net += time * discounted;
        self.timed_gross += time * size;
    }
}

/// When flows come.
trait Clock: Copy {
    /// The flows discounted at `x = ln(1 + r)`, and added up.
    fn discounted(self, flows: &[Lanes], x: Lanes) -> Sums;

    /// Time from the first flow to the last one.
    fn span(self, flows: &[Lanes]) -> Lanes;
}

#[derive(Clone, Copy)]
struct Periods;

impl Clock for Periods {
    #[inline(always)]
    fn discounted(self, flows: &[Lanes], x: Lanes) -> Sums {
        let discount = (-x).exp();
        let mut weight = Lanes::splat(1.0);
        let mut sums = Sums::default();
        let mut time = 0.0;
        for flow in flows {
            sums.add(Lanes::splat(time), *flow * weight);
            weight = weight * discount;
            time += 1.0;
        }
        sums
    }

    #[inline(always)]
    fn span(self, flows: &[Lanes]) -> Lanes {
        Lanes::splat(flows.len() as f64)
    }
}

#[derive(Clone, Copy)]
struct Years<'a>(&'a [Lanes]);

impl Clock for Years<'_> {
    #[inline(always)]
    fn discounted(self, flows: &[Lanes], x: Lanes) -> Sums {
        let mut sums = Sums::default();
        let Some(origin) = self.0.first() else { return sums };
        for (year, flow) in self.0.iter().zip(flows) {
            let time = *year - *origin;
            sums.add(time, *flow * (-(x * time)).exp());
        }
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

/// Eight times an error in `x` that is lost in rounding.
const EIGHT_TIMES: f64 = 8e-15;

impl<C: Clock> Body for Conventional<'_, C> {
    type Output = Lanes;

    #[inline(always)]
    fn run(self) -> Lanes {
        const MOST_STEPS: usize = 30;
        let once = changes_of_sign(self.flows).map(|n| if n == 1.0 { 1.0 } else { 0.0 });
        let mut x = once.map(|once| if once == 1.0 { 0.0 } else { f64::NAN });
        let mut open = once;
        let span = self.clock.span(self.flows);
        for _ in 0..MOST_STEPS {
            let Sums { net, gross, timed_net, timed_gross } = self.clock.discounted(self.flows, x);
            let slope = (timed_gross + timed_net) / (gross + net)
                - (timed_gross - timed_net) / (gross - net);
            let ratio = (net + net) / gross;
            let step = ratio / slope;
            // A lane that has arrived stays where it is, so that it never depends on the others.
            x = Lanes::select(open, x + step, x);
            // Newton's error: a step's square, times half the difference of the variances of times
            // (at most an eighth of the span's square) over that of their means.
            let error = step * step * span * span / slope;
            open =
                open.zip(error, |open, error| if error.abs() > EIGHT_TIMES { open } else { 0.0 });
            if open.0 == [0.0; LANES] {
                break;
            }
        }
        Lanes::select(open, Lanes::splat(f64::NAN), x.exp_m1())
    }
}

/// How often each row changes its sign; NaN if it has a number that is not finite.
#[inline(always)]
fn changes_of_sign(flows: &[Lanes]) -> Lanes {
    let (mut changes, mut last) = (Lanes::splat(0.0), Lanes::splat(0.0));
    let mut finite = Lanes::splat(0.0);
    for flow in flows {
        let sign = flow.map(|c| {
            let below = if c < 0.0 { -1.0 } else { 0.0 };
            if c > 0.0 { 1.0 } else { below }
        });
        changes += last.zip(sign, |last, sign| if last * sign < 0.0 { 1.0 } else { 0.0 });
        last = last.zip(sign, |last, sign| if sign == 0.0 { last } else { sign });
        finite += *flow * Lanes::splat(0.0);
    }
    changes + finite
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
