//! From what was seen of a row to its statistics.

use super::cuts::{Bracket, Cuts};
use super::draws::{Draw, LANES, Masses, Rank, values_at};
use super::scan::Tally;
use std::ops::Range;

/// Sets of draws with statistics of their own: all, and then each replicate if they are wanted.
pub(super) fn groups(replicates: bool) -> usize {
    if replicates { 1 + LANES } else { 1 }
}

/// The lanes of a group.
pub(super) fn lanes(group: usize) -> Range<usize> {
    match group.checked_sub(1) {
        None => 0..LANES,
        Some(lane) => lane..lane + 1,
    }
}

/// Mean of a group.
pub(super) fn mean<M: Masses>(tally: &Tally, group: usize) -> f64 {
    let mass: u64 = tally.mass[lanes(group)].iter().sum();
    let sum: f64 = tally.sums[lanes(group)].iter().sum();
    if mass == 0 { f64::NAN } else { sum / (mass as f64 * M::UNIT) }
}

/// The quantiles of a group, as far as they are known.
#[derive(Clone, Debug)]
pub(super) struct Search {
    ranks: Vec<Rank>,
    /// Rising: what the ranks ask for.
    masses: Vec<u64>,
    /// For each of them the value that reaches it, once it is known.
    values: Vec<Option<f64>>,
}

impl Search {
    pub(super) fn new<M: Masses>(tally: &Tally, group: usize, probabilities: &[f64]) -> Self {
        let total: u64 = tally.mass[lanes(group)].iter().sum();
        let rank = |p: &f64| match total {
            0 => Rank { masses: [0; 2], fraction: 0.0 },
            _ => M::rank(total, *p),
        };
        let ranks: Vec<Rank> = probabilities.iter().map(rank).collect();
        let mut masses: Vec<u64> = ranks.iter().flat_map(|rank| rank.masses).collect();
        masses.sort_unstable();
        masses.dedup();
        // No draw reaches a mass where there is none.
        let values = masses.iter().map(|mass| (*mass == 0).then_some(f64::NAN)).collect();
        Search { ranks, masses, values }
    }

    /// Learns from a look; the brackets in which others are, that must be looked at again.
    ///
    /// `draws` gives the draws kept of a slot, if they are all there.
    pub(super) fn learn<D: Draw>(
        &mut self,
        tally: &Tally,
        cuts: &Cuts,
        group: usize,
        draws: impl Fn(usize) -> Option<Vec<D>>,
    ) -> Vec<Bracket> {
        let through = |class: usize| {
            let sum = |masses: &[u64; LANES]| masses[lanes(group)].iter().sum::<u64>();
            sum(&tally.mass) - tally.above.get(class).map_or(0, sum)
        };
        let unknown: Vec<usize> =
            (0..self.masses.len()).filter(|k| self.values[*k].is_none()).collect();
        let (mut rest, mut class, mut open) = (&unknown[..], 0, Vec::new());
        while let Some(first) = rest.first() {
            while through(class) < self.masses[*first] {
                class += 1;
            }
            let here = rest.partition_point(|k| self.masses[*k] <= through(class));
            let (here, later) = rest.split_at(here);
            let bracket = cuts.bracket(class);
            let found = if let Some(value) = bracket.only() {
                vec![value; here.len()]
            } else if let Some(mut draws) = cuts.slot(class).and_then(&draws) {
                let before = class.checked_sub(1).map_or(0, through);
                let masses: Vec<u64> = here.iter().map(|k| self.masses[*k] - before).collect();
                values_at(&mut draws, &masses)
            } else {
                open.push(bracket);
                Vec::new()
            };
            for (k, value) in here.iter().zip(found) {
                self.values[*k] = Some(value);
            }
            rest = later;
        }
        open
    }

    /// The quantiles, of which all must be known.
    pub(super) fn quantiles(&self) -> Vec<f64> {
        let value = |mass| {
            let place = self.masses.partition_point(|one| *one < mass);
            self.values[place].expect("the search is over")
        };
        self.ranks.iter().map(|rank| between(rank.masses.map(value), rank.fraction)).collect()
    }
}

/// Part of the way from `a` to `b`, rounded as NumPy does; the lower of two infinities.
fn between([a, b]: [f64; 2], fraction: f64) -> f64 {
    let step = b - a;
    let value = if fraction >= 0.5 { b - step * (1.0 - fraction) } else { a + step * fraction };
    if value.is_nan() { a } else { value }
}
