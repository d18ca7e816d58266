//! From orders to what arrives, what is still open and what is in service.

use crate::bridge::{Body, ByLag, Kernel, LANES, Lanes, rowwise, vectorized};
use crate::convolution::convolve;
use crate::domain::{TOLERANCE, share, within};

const TABLE: &[Kernel] = &[
    rowwise(c"deliveries", deliveries),
    rowwise(c"deliveries_in_part", deliveries_in_part),
    rowwise(c"backlog", backlog),
    rowwise(c"installed", installed),
    rowwise(c"slip", slip),
    rowwise(c"share_sum", share_sum),
];

/// Part of all orders by which rounding may make deliveries exceed them.
const ROUNDING: f64 = 1e-9;

/// Orders of each period spread over later ones by the chance of each lag; all of them arrive.
#[inline(always)]
fn deliveries(orders: &[Lanes], lead_time: ByLag<'_>, out: &mut [Lanes]) {
    let Shares { sums, rounded } = vectorized(Sum(lead_time.0));
    if rounded == Lanes::splat(0.0) {
        convolve(orders, lead_time.0, out);
    } else {
        let shares: Vec<Lanes> = lead_time.0.iter().map(|shares| shares.map(share)).collect();
        convolve(orders, &shares, out);
    }
    for lane in 0..LANES {
        if (sums.0[lane] - 1.0).abs() > TOLERANCE {
            out.iter_mut().for_each(|out| out.0[lane] = f64::NAN);
        }
    }
}

/// The same where some lags are not in the table.
#[inline(always)]
fn deliveries_in_part(orders: &[Lanes], lead_time: ByLag<'_>, out: &mut [Lanes]) {
    convolve(orders, lead_time.0, out);
}

/// What has been ordered and not delivered at the end of each period.
#[inline(always)]
fn backlog(orders: &[Lanes], deliveries: &[Lanes], opening: Lanes, out: &mut [Lanes]) {
    let (mut ordered, mut delivered) = (opening, Lanes::splat(0.0));
    for ((out, orders), deliveries) in out.iter_mut().zip(orders).zip(deliveries) {
        ordered += *orders;
        delivered += *deliveries;
        *out = ordered.zip(delivered, |ordered, delivered| {
            let open = ordered - delivered;
            let open = if open < 0.0 && -open <= ROUNDING * ordered { 0.0 } else { open };
            within(open >= 0.0, open)
        });
    }
}

/// Units in service on average over each period; each serves `life` periods, the last in part.
#[inline(always)]
fn installed(deliveries: &[Lanes], life: Lanes, out: &mut [Lanes]) {
    let share = |age: usize| life.map(|life| within(life >= 0.0, in_use(life - age as f64)));
    let shares: Vec<Lanes> = (0..deliveries.len()).map(share).collect();
    convolve(deliveries, &shares, out);
}

/// Part of a period in which what has `left` periods to go is in use.
#[inline(always)]
fn in_use(left: f64) -> f64 {
    left.clamp(0.0, 1.0)
}

/// What each period was to bring, so many periods later, a part of a period in proportion.
#[inline(always)]
fn slip(plan: &[Lanes], periods: &[Lanes], out: &mut [Lanes]) {
    out.fill(Lanes::splat(0.0));
    for (t, (plan, periods)) in plan.iter().zip(periods).enumerate() {
        for lane in 0..LANES {
            let (amount, later) = (plan.0[lane], periods.0[lane]);
            if !(amount.is_finite() && later >= 0.0) {
                // Where it would have come is not known, so nothing from here on is.
                out[t..].iter_mut().for_each(|out| out.0[lane] = f64::NAN);
                continue;
            }
            let whole = libm::floor(later);
            let part = later - whole;
            let left = (out.len() - t) as f64;
            if whole < left {
                let arrives = t + whole as usize;
                out[arrives].0[lane] += amount * (1.0 - part);
                if part > 0.0 && arrives + 1 < out.len() {
                    out[arrives + 1].0[lane] += amount * part;
                }
            }
        }
    }
}

/// Sum of shares; -1 if one of them is not from 0 to 1, NaN if one is missing.
fn share_sum(shares: &[Lanes]) -> Lanes {
    vectorized(Sum(shares)).sums
}

struct Shares {
    sums: Lanes,
    /// Not zero where a share is below 0 or above 1, if only by rounding.
    rounded: Lanes,
}

struct Sum<'a>(&'a [Lanes]);

impl Body for Sum<'_> {
    type Output = Shares;

    #[inline(always)]
    fn run(self) -> Shares {
        let (mut sum, mut least) = (Lanes::splat(0.0), Lanes::splat(0.0));
        let mut most = Lanes::splat(1.0);
        for given in self.0 {
            sum += given.map(share);
            // Comparisons with what is missing are false, and the sum tells of it.
            least = least.zip(*given, |least, given| if given < least { given } else { least });
            most = most.zip(*given, |most, given| if given > most { given } else { most });
        }
        let outside =
            least.zip(most, |least, most| f64::from(least < -TOLERANCE || most > 1.0 + TOLERANCE));
        let refused = sum.map(|sum| if sum.is_nan() { sum } else { -1.0 });
        let rounded = least.zip(most, |least, most| f64::from(least < 0.0 || most > 1.0));
        Shares { sums: Lanes::select(outside, refused, sum), rounded }
    }
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(row: &[f64]) -> Vec<Lanes> {
        row.iter().copied().map(Lanes::splat).collect()
    }

    #[test]
    fn orders_arrive_by_the_chance_of_each_lag() {
        let mut out = lanes(&[f64::NAN; 4]);
        let lead_time = lanes(&[0.0, 0.75, 0.25]);
        deliveries(&lanes(&[100.0, 0.0, 50.0, 0.0]), ByLag(&lead_time), &mut out);
        assert_eq!(out, lanes(&[0.0, 75.0, 25.0, 37.5]));
        let orders = lanes(&[100.0, 0.0, 50.0, 0.0]);
        for wrong in [&[0.5, 0.4][..], &[1.5, -0.5], &[]] {
            deliveries(&orders, ByLag(&lanes(wrong)), &mut out);
            assert!(out.iter().all(|lanes| lanes.0[0].is_nan()));
        }
        deliveries_in_part(&orders, ByLag(&lanes(&[0.5, 0.25])), &mut out);
        assert_eq!(out, lanes(&[50.0, 25.0, 25.0, 12.5]));
        // What only rounding has made less than nothing is nothing.
        let mut exact = out.clone();
        deliveries(&orders, ByLag(&lanes(&[0.0, 1.0, 0.0])), &mut exact);
        deliveries(&orders, ByLag(&lanes(&[-1e-10, 1.0 + 1e-10, -1e-10])), &mut out);
        assert_eq!(out, exact);
        // What is missing is not wrong.
        deliveries(&orders, ByLag(&lanes(&[0.5, f64::NAN])), &mut out);
        assert_eq!(out[0].0[0], 50.0);
    }

    #[test]
    fn shares_sum_unless_one_is_none() {
        assert_eq!(share_sum(&lanes(&[0.25, 0.75])), Lanes::splat(1.0));
        assert_eq!(share_sum(&lanes(&[1.5, -0.5])), Lanes::splat(-1.0));
        assert_eq!(share_sum(&lanes(&[-0.5, 0.5])), Lanes::splat(-1.0));
        assert!(share_sum(&lanes(&[2.0, f64::NAN])).0[0].is_nan());
        assert_eq!(share_sum(&[]), Lanes::splat(0.0));
        assert_eq!(share_sum(&lanes(&[-2.8e-17, 1.0])), Lanes::splat(1.0));
        assert_eq!(share_sum(&lanes(&[-2e-9, 1.0])), Lanes::splat(-1.0));
    }

    #[test]
    fn open_orders_are_never_below_zero() {
        let mut out = lanes(&[0.0; 3]);
        let orders = lanes(&[100.0, 0.0, 50.0]);
        backlog(&orders, &lanes(&[10.0, 75.0, 25.0]), Lanes::splat(10.0), &mut out);
        assert_eq!(out, lanes(&[100.0, 25.0, 50.0]));
        // 0.1 + 0.2 is more than 0.3 by rounding, 0.31 is not.
        let arrivals = lanes(&[0.1, 0.2, 0.0]);
        backlog(&lanes(&[0.3, 0.0, 0.0]), &arrivals, Lanes::splat(0.0), &mut out);
        assert_eq!(out[1], Lanes::splat(0.0));
        let more = lanes(&[0.31, 0.0, 0.0]);
        backlog(&lanes(&[0.3, 0.0, 0.0]), &more, Lanes::splat(0.0), &mut out);
        assert!(out[0].0[0].is_nan());
    }

    #[test]
    fn the_last_period_of_life_counts_in_part() {
        let mut out = lanes(&[0.0; 5]);
        installed(&lanes(&[100.0, 0.0, 10.0, 0.0, 0.0]), Lanes::splat(2.5), &mut out);
        assert_eq!(out, lanes(&[100.0, 100.0, 60.0, 10.0, 5.0]));
        installed(&lanes(&[1.0; 5]), Lanes::splat(f64::INFINITY), &mut out);
        assert_eq!(out, lanes(&[1.0, 2.0, 3.0, 4.0, 5.0]));
    }

    #[test]
    fn what_slips_comes_later_or_beyond_the_horizon() {
        let mut out = lanes(&[0.0; 4]);
        slip(&lanes(&[100.0, 40.0, 0.0, 8.0]), &lanes(&[1.25, 0.0, 0.0, 0.5]), &mut out);
        assert_eq!(out, lanes(&[0.0, 115.0, 25.0, 4.0]));
        slip(&lanes(&[1.0; 4]), &lanes(&[f64::INFINITY, 9.0, 1.0, 0.0]), &mut out);
        assert_eq!(out, lanes(&[0.0, 0.0, 0.0, 2.0]));
        slip(&lanes(&[1.0; 4]), &lanes(&[0.0, 0.0, -1.0, 0.0]), &mut out);
        assert_eq!(out[..2], lanes(&[1.0; 2]));
        assert!(out[2].0[0].is_nan() && out[3].0[0].is_nan());
    }
}
