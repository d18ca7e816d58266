//! Statistics of rows that are in memory.

use super::cuts::{Cuts, Precision};
use super::draws::{Equal, Given, LANES, Masses};
use super::resolve::{groups, lanes, mean, quantiles};
use super::sampling::{Points, WHOLE, Weights, points_for};
use super::scan::{BLOCK, Seen, Tally, scan};
use crate::bridge::{Failure, map_chunks};

/// Rows one after the other, each of `n` draws.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'a> {
    pub(super) values: &'a [f64],
    pub(super) n: usize,
    pub(super) count: usize,
}

impl<'a> Rows<'a> {
    fn row(&self, row: usize) -> &'a [f64] {
        &self.values[row * self.n..(row + 1) * self.n]
    }
}

/// What is asked of each row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// In rising order.
    pub(super) probabilities: &'a [f64],
    pub(super) replicates: bool,
}

/// Statistics of a row, for all draws and then for each replicate.
#[derive(Clone, Debug)]
pub(super) struct Statistics {
    pub(super) quantiles: Vec<Vec<f64>>,
    pub(super) means: Vec<f64>,
    pub(super) missing: u64,
}

/// Statistics of each row.
pub(super) fn statistics(
    rows: Rows<'_>,
    weights: Option<&Weights>,
    wanted: Wanted<'_>,
) -> Result<Vec<Statistics>, Failure> {
    let points = points_for(rows.n);
    match weights {
        None => {
            let places = Points::new(points, rows.n as f64).places();
            of_rows(rows, Equal, &places, rows.n as f64, wanted)
        }
        Some(Weights { masses, scale }) => {
            let places = Points::new(points, scale.total).places_among(masses);
            of_rows(rows, Given(masses), &places, scale.effective, wanted)
        }
    }
}

/// Draws at work on at a time, so that what is kept of them takes little memory.
const BATCH: usize = 1 << 24;

fn of_rows<M: Masses>(
    rows: Rows<'_>,
    masses: M,
    places: &[usize],
    effective: f64,
    wanted: Wanted<'_>,
) -> Result<Vec<Statistics>, Failure> {
    if rows.n <= BLOCK {
        let grain = (BLOCK / rows.n.max(1)).clamp(1, BLOCK);
        let chunks = map_chunks(rows.count, grain, |range| {
            range.map(|row| of_short_row(rows.row(row), masses, wanted)).collect::<Vec<_>>()
        })?;
        return Ok(chunks.into_iter().flatten().collect());
    }
    let precision = Precision {
        sample: (places.len() as f64).min(effective),
        draws: effective / groups(wanted.replicates).min(LANES) as f64,
    };
    let at_once = (BATCH / rows.n).max(1);
    let mut found = Vec::with_capacity(rows.count);
    for first in (0..rows.count).step_by(at_once) {
        let last = rows.count.min(first + at_once);
        let batch: Vec<&[f64]> = (first..last).map(|row| rows.row(row)).collect();
        let cuts = map_chunks(batch.len(), 1, |range| {
            windows(batch[range.start], places, wanted.probabilities, precision)
        })?;
        found.extend(of_long_rows(&batch, masses, cuts, wanted)?);
    }
    Ok(found)
}

fn of_short_row<M: Masses>(values: &[f64], masses: M, wanted: Wanted<'_>) -> Statistics {
    let cuts = Cuts::none();
    let seen = scan(values, masses, &cuts);
    let groups = groups(wanted.replicates);
    let quantiles = (0..groups).map(|group| {
        let draws = |slot| Some(seen.draws(slot, lanes(group)).to_vec());
        quantiles::<M>(&seen.tally, &cuts, group, wanted.probabilities, draws)
            .expect("all draws are kept")
    });
    Statistics {
        quantiles: quantiles.collect(),
        means: (0..groups).map(|group| mean::<M>(&seen.tally, group)).collect(),
        missing: seen.tally.missing,
    }
}

/// Windows around the quantiles, by the draws at `places`.
fn windows(values: &[f64], places: &[usize], probabilities: &[f64], precision: Precision) -> Cuts {
    if values.len() < WHOLE {
        return Cuts::none();
    }
    let mut sample: Vec<f64> =
        places.iter().map(|place| values[*place] + 0.0).filter(|x| !x.is_nan()).collect();
    sample.sort_unstable_by(f64::total_cmp);
    Cuts::around(&sample, probabilities, precision)
}

/// Looks at all rows block by block, and again at those whose windows have missed.
fn of_long_rows<M: Masses>(
    rows: &[&[f64]],
    masses: M,
    mut cuts: Vec<Cuts>,
    wanted: Wanted<'_>,
) -> Result<Vec<Statistics>, Failure> {
    let groups = groups(wanted.replicates);
    let mut found: Vec<Option<Statistics>> = vec![None; rows.len()];
    let mut open: Vec<usize> = (0..rows.len()).collect();
    while !open.is_empty() {
        let blocks = rows[0].len().div_ceil(BLOCK);
        let seen = map_chunks(open.len() * blocks, 1, |range| {
            let (row, start) = (open[range.start / blocks], range.start % blocks * BLOCK);
            let values = &rows[row][start..rows[row].len().min(start + BLOCK)];
            scan(values, masses.from(start), &cuts[row])
        })?;
        let seen: Vec<&[Seen<M::Draw>]> = seen.chunks(blocks).collect();
        let tallies: Vec<Tally> = seen
            .iter()
            .zip(&open)
            .map(|(blocks, row)| {
                let mut tally = Tally::new(&cuts[*row]);
                blocks.iter().for_each(|block| tally.add(&block.tally));
                tally
            })
            .collect();
        let mut outcomes = map_chunks(open.len() * groups, 1, |range| {
            let (k, group) = (range.start / groups, range.start % groups);
            let draws = |slot| {
                let parts: Vec<_> =
                    seen[k].iter().map(|block| block.draws(slot, lanes(group))).collect();
                Some(parts.concat())
            };
            quantiles::<M>(&tallies[k], &cuts[open[k]], group, wanted.probabilities, draws)
        })?
        .into_iter();
        let mut missed = Vec::new();
        for (row, tally) in open.iter().zip(&tallies) {
            let outcomes: Vec<_> = outcomes.by_ref().take(groups).collect();
            let again: Vec<_> = outcomes.iter().filter_map(|one| one.as_ref().err()).collect();
            if again.is_empty() {
                found[*row] = Some(Statistics {
                    quantiles: outcomes.into_iter().filter_map(Result::ok).collect(),
                    means: (0..groups).map(|group| mean::<M>(tally, group)).collect(),
                    missing: tally.missing,
                });
            } else {
                // All draws of the brackets are kept, those of the windows too.
                let cuts = &mut cuts[*row];
                let kept = (0..cuts.classes()).filter(|class| cuts.slot(*class).is_some());
                let kept = kept.map(|class| cuts.bracket(class));
                let brackets = again.into_iter().flatten().copied().chain(kept);
                *cuts = Cuts::within(&brackets.map(|one| (one, Vec::new())).collect::<Vec<_>>());
                missed.push(*row);
            }
        }
        open = missed;
    }
    Ok(found.into_iter().flatten().collect())
}
