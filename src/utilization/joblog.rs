//! A log of jobs, the bins to count them in, and how to count GPUs without rounding.
//!
//! Counts of GPUs are added as integers in units of a power of two, 2^-62 of all jobs' GPUs or
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
pub(super) trait Grid: Copy {
    /// Number of bins.
    fn count(&self) -> u32;

    /// Left edge of bin `k`; the last edge for `k` the number of bins.
    fn edge(&self, k: u32) -> f64;

    /// The bin that holds `time`, which is between the edges; the count of bins for the last edge.
    fn find(&self, time: f64) -> u32;

    /// The part of a job that lies between the first and the last edge; of no length if none does.
    #[inline(always)]
    fn clip(&self, start: f64, end: f64) -> (f64, f64) {
        let (first, last) = (self.edge(0), self.edge(self.count()));
        let end = if end.is_nan() { last } else { end.min(last) };
        let start = start.max(first);
        if start < end { (start, end) } else { (first, first) }
    }
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
    fn edge(&self, k: u32) -> f64 {
        self.first + f64::from(k) * self.width
    }

    #[inline(always)]
    fn find(&self, time: f64) -> u32 {
        // The quotient is off by one at the most, where a width is more than a few roundings.
        let mut bin = ((time - self.first) * self.per_unit).floor();
        bin -= if self.first + bin * self.width > time { 1.0 } else { 0.0 };
        bin += if self.first + (bin + 1.0) * self.width <= time { 1.0 } else { 0.0 };
        (bin as u32).min(self.count)
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

    fn edge(&self, k: u32) -> f64 {
        self.edges[k as usize]
    }

    fn find(&self, time: f64) -> u32 {
        self.edges.partition_point(|edge| *edge <= time) as u32 - 1
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
        match wide && (0..=count).all(|k| edges[k] == even.edge(k as u32)) {
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
        Counter { per_gpu: libm::ldexp(1.0, 61 - exponent) }
    }

    #[inline]
    pub(super) fn count(self, gpus: f64) -> i64 {
        (gpus * self.per_gpu) as i64
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
        for (k, edge) in (0..).zip(&edges) {
            assert_eq!((even.find(*edge), even.edge(k)), (k, *edge));
        }
    }

    #[test]
    fn only_edges_that_arithmetic_gives_exactly_count_as_even() {
        assert!(matches!(Bins::new(&[0.0, 60.0, 120.0]), Bins::Even(_)));
        assert!(matches!(Bins::new(&[0.0, 1.0, 2.0, 4.0]), Bins::Uneven(_)));
        assert!(matches!(Bins::new(&[0.0, 1.0 + 1e-15, 2.0]), Bins::Uneven(_)));
    }
}
