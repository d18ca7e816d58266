//! A log of jobs, the bins to count them in, and how to count GPUs without rounding.
//!
//! Counts of GPUs are added as integers in units of a power of two, 2^-60 of all jobs' GPUs or
//! finer: whole GPUs and common fractions are exact, and what a job adds it takes away again to
//! the last bit. So counts come down to exactly zero, and the order of jobs does not matter.

use crate::bridge::{Failure, map_chunks};

/// Jobs, one an index; times are in one unit and origin with [`Bins`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jobs<'a> {
    pub(crate) start: &'a [f64],
    /// NaN for a job that still runs.
    pub(crate) end: &'a [f64],
    pub(crate) gpus: &'a [f64],
    /// Row of the result that the job counts in; `None` if there is one row only.
    pub(crate) row: Option<&'a [u32]>,
}

impl Jobs<'_> {
    pub(super) fn len(&self) -> usize {
        self.start.len()
    }

    pub(super) fn row(&self, job: usize) -> usize {
        self.row.map_or(0, |row| row[job] as usize)
    }

    /// How many jobs to add up in one part. Each part has cells of its own, and all parts
    /// together must take no more memory than the jobs.
    pub(super) fn part(&self, cells: usize) -> usize {
        const MOST_PARTS: usize = 8;
        let parts = (self.len() / (8 * cells.max(1))).clamp(1, MOST_PARTS);
        self.len().div_ceil(parts).max(1)
    }
}

/// Half-open bins between rising edges.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bins<'a> {
    Even(Even),
    Uneven(Uneven<'a>),
}

/// How to go from a time to its bin and from a bin to its times.
///
/// Bins are counted in whole `f64`, because so the arithmetic vectorises.
pub(super) trait Grid: Copy {
    /// Number of bins.
    fn count(&self) -> u32;

    /// Left edge of a bin; the last edge for the number of bins.
    fn edge(&self, bin: f64) -> f64;

    /// The bin that holds `time`, which is between the edges; the count of bins for the last edge.
    fn find(&self, time: f64) -> f64;

    /// First and last edge.
    #[inline(always)]
    fn ends(&self) -> (f64, f64) {
        (self.edge(0.0), self.edge(f64::from(self.count())))
    }
}

/// The part of a job that lies between the edges `first` and `last`; of no length if none does.
#[inline(always)]
pub(super) fn clip((first, last): (f64, f64), start: f64, end: f64) -> (f64, f64) {
    // A job without an end runs on: NaN is not below the last edge.
    let end = if end < last { end } else { last };
    let start = if start > first { start } else { first };
    if start < end { (start, end) } else { (first, first) }
}

/// Adding this leaves a whole number from 0 to 2^52 in the last bits.
const ROUND: f64 = (1u64 << 52) as f64;

/// A bin as an index; a plain cast would also look for numbers that are too large.
#[inline(always)]
pub(super) fn index(bin: f64) -> u32 {
    (bin + ROUND).to_bits() as u32
}

/// Bins where each edge is exactly the first one plus whole widths: arithmetic, which vectorises.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Even {
    first: f64,
    width: f64,
    per_unit: f64,
    count: u32,
}

impl Grid for Even {
    #[inline(always)]
    fn count(&self) -> u32 {
        self.count
    }

    #[inline(always)]
    fn edge(&self, bin: f64) -> f64 {
        self.first + bin * self.width
    }

    #[inline(always)]
    fn find(&self, time: f64) -> f64 {
        // The nearest edge is off by one at the most, as a width is more than a few roundings.
        let near = ((time - self.first) * self.per_unit + ROUND) - ROUND;
        let bin = near - if self.edge(near) > time { 1.0 } else { 0.0 };
        let bin = bin + if self.edge(bin + 1.0) <= time { 1.0 } else { 0.0 };
        let count = f64::from(self.count);
        if bin < count { bin } else { count }
    }
}

/// Bins of any widths.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uneven<'a> {
    edges: &'a [f64],
}

impl Grid for Uneven<'_> {
    fn count(&self) -> u32 {
        (self.edges.len() - 1) as u32
    }

    fn edge(&self, bin: f64) -> f64 {
        self.edges[bin as usize]
    }

    fn find(&self, time: f64) -> f64 {
        (self.edges.partition_point(|edge| *edge <= time) - 1) as f64
    }
}

impl<'a> Bins<'a> {
    /// From at least two edges, strictly rising and finite, and fewer than 2^32.
    pub(crate) fn new(edges: &'a [f64]) -> Self {
        let count = edges.len() - 1;
        let width = (edges[count] - edges[0]) / count as f64;
        let even = Even { first: edges[0], width, per_unit: 1.0 / width, count: count as u32 };
        let most = edges[0].abs().max(edges[count].abs());
        let wide = width > 16.0 * f64::EPSILON * most && even.per_unit.is_finite();
        match wide && (0..=count).all(|k| edges[k] == even.edge(k as f64)) {
            true => Bins::Even(even),
            false => Bins::Uneven(Uneven { edges }),
        }
    }
}

/// Why a job log makes no sense.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    StartMissing,
    EndBeforeStart,
    GpusNegative,
    GpusNoNumber,
}

/// More than any job can hold; counts of such jobs would drown the others'.
const MOST_GPUS: f64 = 1e12;

impl Fault {
    fn of(start: f64, end: f64, gpus: f64) -> Option<Fault> {
        if start.is_nan() {
            Some(Fault::StartMissing)
        } else if end < start {
            Some(Fault::EndBeforeStart)
        } else if gpus < 0.0 {
            Some(Fault::GpusNegative)
        } else if gpus.is_nan() || gpus > MOST_GPUS {
            Some(Fault::GpusNoNumber)
        } else {
            None
        }
    }

    pub(super) fn describe(self) -> &'static str {
        match self {
            Fault::StartMissing => "start is missing",
            Fault::EndBeforeStart => "end is before start",
            Fault::GpusNegative => "gpus is negative",
            Fault::GpusNoNumber => "gpus is missing or above 1e12",
        }
    }
}

/// What is wrong with a job log: the first fault, its job, and the number of faulty jobs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Faulty {
    pub(crate) fault: Fault,
    pub(crate) job: usize,
    pub(crate) jobs: usize,
}

/// A first look at a job log: how to count its GPUs, if all jobs make sense.
pub(crate) fn inspect(jobs: &Jobs<'_>) -> Result<Result<Counter, Faulty>, Failure> {
    const GRAIN: usize = 1 << 16;
    let fault = |job: usize| Fault::of(jobs.start[job], jobs.end[job], jobs.gpus[job]);
    let looks = map_chunks(jobs.len(), GRAIN, |range| {
        let total: f64 = jobs.gpus[range.clone()].iter().sum();
        (total, range.filter(|job| fault(*job).is_some()).count())
    })?;
    let faulty = looks.iter().map(|(_, faulty)| faulty).sum();
    let first = (0..jobs.len()).filter(|_| faulty > 0).find_map(|job| Some((fault(job)?, job)));
    Ok(match first {
        Some((fault, job)) => Err(Faulty { fault, job, jobs: faulty }),
        None => Ok(Counter::for_total(looks.iter().map(|(total, _)| total).sum())),
    })
}

/// Counts of GPUs as integers in units of a power of two: exact sums in any order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counter {
    per_gpu: f64,
}

impl Counter {
    /// The finest unit in which all jobs together stay within 62 bits.
    fn for_total(total: f64) -> Self {
        let exponent = libm::ilogb(total.max(f64::MIN_POSITIVE)).max(-900);
        Counter { per_gpu: libm::ldexp(1.0, 60 - exponent) }
    }

    /// The nearest whole number of units, of either sign.
    ///
    /// In two halves of 31 bits, each rounded by an addition: so it vectorises, as a cast does
    /// not everywhere.
    #[inline(always)]
    pub(super) fn count(self, gpus: f64) -> i64 {
        const HALF: f64 = (1u64 << 31) as f64;
        const ROUND: f64 = 1.5 * (1u64 << 52) as f64;
        let rounded = |x: f64| (x + ROUND).to_bits().wrapping_sub(ROUND.to_bits()) as i64;
        let units = gpus * self.per_gpu;
        let high = (units / HALF + ROUND) - ROUND;
        (rounded(high) << 31) + rounded(units - high * HALF)
    }

    #[inline]
    pub(super) fn gpus(self, count: i64) -> f64 {
        count as f64 / self.per_gpu
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fault_is_named_and_all_are_counted() {
        let nan = f64::NAN;
        let (start, end) = ([0.0, 3.0, nan, 4.0], [1.0, 2.0, 1.0, 1.0]);
        let log = Jobs { start: &start, end: &end, gpus: &[1.0, 1.0, 1.0, -1.0], row: None };
        let expected = Faulty { fault: Fault::EndBeforeStart, job: 1, jobs: 3 };
        assert_eq!(inspect(&log).unwrap().unwrap_err(), expected);
    }

    #[test]
    fn even_edges_are_found_as_uneven_ones_are() {
        let edges: Vec<f64> = (0..=100).map(|k| 0.3 + 0.1 * f64::from(k)).collect();
        let even = Even { first: 0.3, width: 0.1, per_unit: 1.0 / 0.1, count: 100 };
        let searched = Uneven { edges: &edges };
        for k in 0..=1000 {
            let time = (0.3 + 0.01 * f64::from(k)).min(edges[100]);
            assert_eq!(even.find(time), searched.find(time));
        }
        for (k, edge) in edges.iter().enumerate() {
            assert_eq!((even.find(*edge), even.edge(k as f64)), (k as f64, *edge));
        }
    }

    #[test]
    fn counts_are_the_nearest_whole_numbers() {
        for total in [1e-300, 0.7, 1.0, 3e8, 1e19] {
            let counter = Counter::for_total(total);
            for share in [0.0, 1e-18, 1e-9, 0.1, 1.0 / 3.0, 0.999_999, 1.0] {
                let units = share * total * counter.per_gpu;
                assert!(units < 2f64.powi(62));
                assert_eq!(counter.count(share * total), units.round_ties_even() as i64);
                assert_eq!(counter.count(-share * total), -counter.count(share * total));
            }
        }
    }

    #[test]
    fn only_edges_that_arithmetic_gives_exactly_count_as_even() {
        assert!(matches!(Bins::new(&[0.0, 60.0, 120.0]), Bins::Even(_)));
        assert!(matches!(Bins::new(&[0.0, 1.0, 2.0, 4.0]), Bins::Uneven(_)));
        assert!(matches!(Bins::new(&[0.0, 1.0 + 1e-15, 2.0]), Bins::Uneven(_)));
    }
}
