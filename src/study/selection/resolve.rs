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

/// Quantiles of a group, or the brackets that must be looked at again.
///
/// `draws` gives the draws kept of a slot, if they are all there.
pub(super) fn quantiles<M: Masses>(
    tally: &Tally,
    cuts: &Cuts,
    group: usize,
    probabilities: &[f64],
    draws: impl Fn(usize) -> Option<Vec<M::Draw>>,
) -> Result<Vec<f64>, Vec<Bracket>> {
    let total: u64 = tally.mass[lanes(group)].iter().sum();
    if total == 0 {
        return Ok(vec![f64::NAN; probabilities.len()]);
    }
    let ranks: Vec<Rank> = probabilities.iter().map(|p| M::rank(total, *p)).collect();
    let mut masses: Vec<u64> = ranks.iter().flat_map(|rank| rank.masses).collect();
    masses.sort_unstable();
    masses.dedup();
    let through = |class: usize| match tally.above.get(class) {
        Some(above) => total - above[lanes(group)].iter().sum::<u64>(),
        None => total,
    };
    let (mut values, mut open) = (Vec::new(), Vec::new());
    let (mut rest, mut class) = (&masses[..], 0);
    while let Some(mass) = rest.first() {
        while through(class) < *mass {
            class += 1;
        }
        let (here, later) = rest.split_at(rest.partition_point(|mass| *mass <= through(class)));
        let before = class.checked_sub(1).map_or(0, through);
        let bracket = cuts.bracket(class);
        if let Some(value) = bracket.only() {
            values.extend(here.iter().map(|_| value));
        } else if let Some(mut draws) = cuts.slot(class).and_then(&draws) {
            debug_assert_eq!(M::Draw::total(&draws), through(class) - before);
            let here: Vec<u64> = here.iter().map(|mass| mass - before).collect();
            values.extend(values_at(&mut draws, &here));
        } else {
            open.push(bracket);
        }
        rest = later;
    }
    if !open.is_empty() {
        return Err(open);
    }
    let value = |mass| values[masses.partition_point(|one| *one < mass)];
    Ok(ranks.iter().map(|rank| between(rank.masses.map(value), rank.fraction)).collect())
}

/// Part of the way from `a` to `b`, rounded as NumPy does; the lower of two infinities.
fn between([a, b]: [f64; 2], fraction: f64) -> f64 {
    let step = b - a;
    let value = if fraction >= 0.5 { b - step * (1.0 - fraction) } else { a + step * fraction };
    if value.is_nan() { a } else { value }
}
