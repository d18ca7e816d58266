//! Statistics of rows that are in memory.

use super::cuts::{Cuts, Precision};
use super::draws::{Draw, Equal, Given, LANES, Masses};
use super::resolve::{Search, groups, lanes, mean};
use super::sampling::{Points, WHOLE, Weights, even_places, points_for};
use super::scan::{BLOCK, Seen, Tally, scan};
use crate::bridge::{Failure, map_chunks};
use std::ops::Range;

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

impl Statistics {
    /// From searches that are over.
    pub(super) fn new<M: Masses>(searches: &[Search], tally: &Tally) -> Self {
        Statistics {
            quantiles: searches.iter().map(Search::quantiles).collect(),
            means: (0..searches.len()).map(|group| mean::<M>(tally, group)).collect(),
            missing: tally.missing,
        }
    }
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
            let places = even_places(&mut Points::new(points, rows.n as f64), 0, rows.n);
            of_rows(rows, Equal, &places, rows.n as f64, wanted)
        }
        Some(Weights { masses, scale }) => {
            let places = Points::new(points, scale.total).places(masses, &mut 0);
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
    let searches = (0..groups(wanted.replicates)).map(|group| {
        let mut search = Search::new::<M>(&seen.tally, group, wanted.probabilities);
        search
            .learn(&seen.tally, &cuts, group, |slot| Some(seen.draws(slot, lanes(group)).to_vec()));
        search
    });
    Statistics::new::<M>(&searches.collect::<Vec<_>>(), &seen.tally)
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
    let blocks = rows[0].len().div_ceil(BLOCK);
    let mut found: Vec<Option<Statistics>> = vec![None; rows.len()];
    let mut searches: Vec<Vec<Search>> = vec![Vec::new(); rows.len()];
    let mut open: Vec<usize> = (0..rows.len()).collect();
    while !open.is_empty() {
        let seen = map_chunks(open.len() * blocks, 1, |range| {
            let (row, start) = (open[range.start / blocks], range.start % blocks * BLOCK);
            let values = &rows[row][start..rows[row].len().min(start + BLOCK)];
            scan(values, masses.from(start), &cuts[row])
        })?;
        let looks: Vec<Look<'_, M::Draw>> = seen
            .chunks(blocks)
            .zip(&open)
            .map(|(seen, row)| Look::new(seen, &cuts[*row]))
            .collect();
        let learnt = map_chunks(open.len() * groups, 1, |range| {
            let (look, group) = (&looks[range.start / groups], range.start % groups);
            let before = searches[open[range.start / groups]].get(group).cloned();
            let mut search = before
                .unwrap_or_else(|| Search::new::<M>(&look.tally, group, wanted.probabilities));
            let brackets = search
                .learn(&look.tally, look.cuts, group, |slot| Some(look.draws(slot, lanes(group))));
            (search, brackets)
        })?;
        let tallies: Vec<Tally> = looks.into_iter().map(|look| look.tally).collect();
        let mut learnt = learnt.into_iter();
        let mut missed = Vec::new();
        for (row, tally) in open.iter().zip(&tallies) {
            let (known, again): (Vec<_>, Vec<_>) = learnt.by_ref().take(groups).unzip();
            let again = again.concat();
            if again.is_empty() {
                found[*row] = Some(Statistics::new::<M>(&known, tally));
            } else {
                // All draws of these brackets are kept.
                let again: Vec<_> = again.into_iter().map(|one| (one, Vec::new())).collect();
                cuts[*row] = Cuts::within(&again);
                searches[*row] = known;
                missed.push(*row);
            }
        }
        open = missed;
    }
    Ok(found.into_iter().flatten().collect())
}

/// What the blocks of a row have shown.
struct Look<'a, D> {
    blocks: &'a [Seen<D>],
    cuts: &'a Cuts,
    tally: Tally,
}

impl<'a, D: Draw> Look<'a, D> {
    fn new(blocks: &'a [Seen<D>], cuts: &'a Cuts) -> Self {
        let mut tally = Tally::new(cuts);
        blocks.iter().for_each(|block| tally.add(&block.tally));
        Look { blocks, cuts, tally }
    }

    fn draws(&self, slot: usize, lanes: Range<usize>) -> Vec<D> {
        let parts = self.blocks.iter().map(|block| block.draws(slot, lanes.clone()));
        parts.collect::<Vec<_>>().concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_misses_costs_another_look_and_no_more() {
        let n = 3 * BLOCK + 5;
        let values: Vec<f64> = (0..n).map(|k| ((k * 7919) % n) as f64).collect();
        let wanted = Wanted { probabilities: &[0.0, 0.3, 0.5, 1.0], replicates: true };
        let precision = Precision { sample: 1e4, draws: 1e4 };
        let found = |sample: &[f64]| {
            let cuts = Cuts::around(sample, wanted.probabilities, precision);
            of_long_rows(&[&values], Equal, vec![cuts], wanted).unwrap()[0].quantiles.clone()
        };
        let sorted: Vec<f64> = (0..n).map(|k| k as f64).collect();
        let expected = found(&sorted);
        assert_eq!(expected[0], [0.0, 0.3, 0.5, 1.0].map(|p| p * (n - 1) as f64));
        for misleading in [vec![-1.0; 100], vec![1e9; 100], sorted[..n / 3].to_vec()] {
            assert_eq!(found(&misleading), expected);
        }
    }
}
