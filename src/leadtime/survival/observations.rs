//! What is known of the lead times of one row, and whether a distribution can be fitted to it.

use super::families::Family;
use std::cell::OnceCell;
use std::cmp::Ordering;

/// Why a row has no fit; `Ok` if it has one. Python knows the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Ok = 0,
    Missing = 1,
    NegativeTime = 2,
    InfiniteTime = 3,
    EventAtZero = 4,
    BoundsReversed = 5,
    BadEntry = 6,
    BadWeight = 7,
    NoWeight = 8,
    FewerThanTwo = 9,
    NoEvent = 10,
    TimesEqual = 11,
    NotConverged = 12,
}

/// Columns of one row; an event lies in (lower, upper] and is exact where they are equal, and the
/// order is known of because it lasted beyond `entry`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) lower: &'a [f64],
    pub(crate) upper: &'a [f64],
    pub(crate) entry: Option<&'a [f64]>,
    pub(crate) weight: Option<&'a [f64]>,
}

/// One order's times as logarithms less `Observations::centre`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observation {
    /// Minus infinity where nothing is known.
    pub(super) lower: f64,
    /// Infinity where there is no end yet.
    pub(super) upper: f64,
    /// Minus infinity where every order is known of.
    pub(super) entry: f64,
    pub(super) weight: f64,
}

impl Observation {
    pub(super) fn is_exact(&self) -> bool {
        self.lower == self.upper
    }

    /// By times; weights say nothing on where an order comes.
    fn by_times(&self, other: &Self) -> Ordering {
        let times = |one: &Self| [one.lower, one.upper, one.entry];
        let pairs = times(self).into_iter().zip(times(other));
        pairs.fold(Ordering::Equal, |order, (a, b)| order.then_with(|| a.total_cmp(&b)))
    }
}

#[derive(Debug)]
pub(super) struct Observations {
    pub(super) all: Vec<Observation>,
    distinct: OnceCell<Vec<Observation>>,
    pub(super) centre: f64,
    /// Sums of weights: of all, of what has an end, of what is exact.
    pub(super) weight: f64,
    pub(super) ended: f64,
    pub(super) exact: f64,
    /// Rows of some weight, and those of them that have an end.
    pub(super) counts: [usize; 2],
    /// Only exact ends and none, and every order is known of.
    pub(super) is_plain: bool,
    /// One length of time, or one shorter than any, would explain them all.
    times_equal: bool,
    all_at_entry: bool,
}

impl Observations {
    pub(super) fn new(row: &Row<'_>) -> Result<Self, (Status, [usize; 2])> {
        let n = row.lower.len();
        let mut counts = [0, 0];
        let mut fault = Status::Ok;
        // The first fault in the order of the list counts, wherever in the row it is.
        let mut found = |status: Status| {
            if fault == Status::Ok || (status as u8) < (fault as u8) {
                fault = status;
            }
        };
        let mut all = Vec::with_capacity(n);
        let (mut weights, mut ended, mut exact) = (0.0, 0.0, 0.0);
        let (mut latest_lower, mut first_upper) = (0.0f64, f64::INFINITY);
        let (mut is_plain, mut all_at_entry) = (true, true);
        for k in 0..n {
            let weight = row.weight.map_or(1.0, |weight| weight[k]);
            if weight == 0.0 {
                continue;
            }
            let (lower, upper) = (row.lower[k], row.upper[k]);
            let entry = row.entry.map_or(0.0, |entry| entry[k]);
            if lower.is_nan() | upper.is_nan() | entry.is_nan() | weight.is_nan() {
                found(Status::Missing);
                continue;
            }
            let is_exact = lower == upper;
            let begin = lower.max(entry);
            let faults = [
                (lower < 0.0 || entry < 0.0, Status::NegativeTime),
                (lower == f64::INFINITY || entry == f64::INFINITY, Status::InfiniteTime),
                (is_exact && lower == 0.0, Status::EventAtZero),
                (lower > upper, Status::BoundsReversed),
                (entry >= upper || (upper == f64::INFINITY && entry > lower), Status::BadEntry),
                (weight < 0.0 || weight == f64::INFINITY, Status::BadWeight),
            ];
            if let Some((_, status)) = faults.iter().find(|(is_faulty, _)| *is_faulty) {
                found(*status);
                continue;
            }
            counts[0] += 1;
            weights += weight;
            if upper < f64::INFINITY {
                counts[1] += 1;
                ended += weight;
            }
            if is_exact {
                exact += weight;
            }
            is_plain &= entry == 0.0 && (is_exact || upper == f64::INFINITY);
            latest_lower = latest_lower.max(begin);
            first_upper = first_upper.min(upper);
            all_at_entry &= begin == entry;
            // Of an order just begun nothing is known.
            if begin > entry || upper < f64::INFINITY {
                let log = |time: f64| libm::log(time);
                let lower = log(begin);
                let upper = match upper {
                    _ if is_exact => lower,
                    f64::INFINITY => upper,
                    _ => log(upper),
                };
                let entry = if entry == 0.0 { f64::NEG_INFINITY } else { log(entry) };
                all.push(Observation { lower, upper, entry, weight });
            }
        }
        let late = [
            (counts[0] == 0, Status::NoWeight),
            (counts[0] < 2, Status::FewerThanTwo),
            (counts[1] == 0, Status::NoEvent),
        ];
        if fault == Status::Ok
            && let Some((_, status)) = late.iter().find(|(is_faulty, _)| *is_faulty)
        {
            fault = if n == 0 { Status::FewerThanTwo } else { *status };
        }
        if fault != Status::Ok {
            return Err((fault, counts));
        }
        let finite = |y: &f64| y.is_finite();
        let bounds = || all.iter().flat_map(|one| [one.lower, one.upper]).filter(finite);
        let centre = bounds().sum::<f64>() / bounds().count() as f64;
        for one in &mut all {
            one.lower -= centre;
            one.upper -= centre;
            one.entry -= centre;
        }
        Ok(Observations {
            all,
            distinct: OnceCell::new(),
            centre,
            weight: weights,
            ended,
            exact,
            counts,
            is_plain,
            times_equal: latest_lower <= first_upper,
            all_at_entry: all_at_entry && exact == 0.0,
        })
    }

    /// By times, orders of the same times as one with all their weight: in samples drawn with
    /// replacement, and where open orders share a day, there are far fewer than orders.
    pub(super) fn distinct(&self) -> &[Observation] {
        self.distinct.get_or_init(|| {
            let mut all = self.all.clone();
            all.sort_by(Observation::by_times);
            all.dedup_by(|next, kept| {
                let same = kept.by_times(next).is_eq();
                if same {
                    kept.weight += next.weight;
                }
                same
            });
            all
        })
    }

    /// Whether the likelihood of a family has a highest point that is not at a border.
    pub(super) fn fault(&self, family: Family) -> Status {
        let equal = match family {
            Family::Exponential => self.all_at_entry,
            _ => self.times_equal,
        };
        if equal { Status::TimesEqual } else { Status::Ok }
    }
}
