//! The same statistics of draws that come a part at a time, several times over.
//!
//! Each pass sees all draws, in whole blocks: first a sample is taken, then windows around the
//! quantiles are looked at as in memory. Where more draws lie in the windows than may be kept,
//! they are thinned out as they come, and what is left says where to cut for the next pass.

use super::cuts::{Bracket, Cuts, Precision};
use super::draws::{Draw, LANES, Masses};
use super::memory::Statistics;
use super::resolve::{Search, groups, lanes};
use super::scan::{BLOCK, Seen, Tally, scan};
use crate::bridge::{Failure, map_chunks};

/// Rows that are being looked at.
#[derive(Debug)]
pub(super) struct Stream<D> {
    probabilities: Vec<f64>,
    groups: usize,
    /// Most draws of a row that are kept.
    limit: usize,
    rows: Vec<Row<D>>,
}

/// What is known of a row.
#[derive(Debug)]
struct Row<D> {
    sample: Vec<f64>,
    cuts: Cuts,
    tally: Tally,
    kept: Kept<D>,
    /// What is known of each group, after the first look.
    searches: Vec<Search>,
    is_open: bool,
}

impl<D: Draw> Row<D> {
    fn look_at(&mut self, cuts: Cuts, limit: usize) {
        self.tally = Tally::new(&cuts);
        self.kept = Kept::new(cuts.kept, limit);
        self.cuts = cuts;
    }
}

impl<D: Draw> Stream<D> {
    pub(super) fn new(rows: usize, probabilities: &[f64], replicates: bool, limit: usize) -> Self {
        let groups = groups(replicates);
        let row = || Row {
            sample: Vec::new(),
            cuts: Cuts::none(),
            tally: Tally::new(&Cuts::none()),
            kept: Kept::new(1, limit),
            searches: Vec::new(),
            is_open: true,
        };
        let rows = std::iter::repeat_with(row).take(rows).collect();
        Stream { probabilities: probabilities.to_vec(), groups, limit, rows }
    }

    /// Takes the draws at some places of a part into the sample.
    pub(super) fn sample(&mut self, values: &[f64], draws: usize, places: &[usize]) {
        for (row, values) in self.rows.iter_mut().zip(values.chunks(draws.max(1))) {
            let sample = places.iter().map(|place| values[*place] + 0.0);
            row.sample.extend(sample.filter(|value| !value.is_nan()));
        }
    }

    /// Chooses windows by the sample, which ends there; `effective` draws count.
    pub(super) fn end_sample(&mut self, effective: f64) {
        for row in &mut self.rows {
            row.sample.sort_unstable_by(f64::total_cmp);
            let precision = Precision {
                sample: (row.sample.len() as f64).min(effective),
                draws: effective / self.groups.min(LANES) as f64,
            };
            let cuts = Cuts::around(&row.sample, &self.probabilities, precision);
            row.sample = Vec::new();
            row.look_at(cuts, self.limit);
        }
    }

    /// Looks at a part, which begins where a block does.
    pub(super) fn look<M: Masses<Draw = D>>(
        &mut self,
        values: &[f64],
        draws: usize,
        masses: M,
    ) -> Result<(), Failure> {
        let blocks = draws.div_ceil(BLOCK);
        let open: Vec<usize> = (0..self.rows.len()).filter(|k| self.rows[*k].is_open).collect();
        let seen = map_chunks(open.len() * blocks, 1, |range| {
            let (row, start) = (open[range.start / blocks], range.start % blocks * BLOCK);
            let values = &values[row * draws + start..row * draws + draws.min(start + BLOCK)];
            scan(values, masses.from(start), &self.rows[row].cuts)
        })?;
        for (k, seen) in seen.into_iter().enumerate() {
            let row = &mut self.rows[open[k / blocks]];
            row.tally.add(&seen.tally);
            row.kept.add(&seen);
        }
        Ok(())
    }

    /// Ends a look; whether another one must follow.
    pub(super) fn end_look<M: Masses<Draw = D>>(&mut self) -> Result<bool, Failure> {
        let limit = self.limit;
        for row in self.rows.iter_mut().filter(|row| row.is_open) {
            let learnt = map_chunks(self.groups, 1, |range| {
                let group = range.start;
                let before = row.searches.get(group).cloned();
                let mut search = before
                    .unwrap_or_else(|| Search::new::<M>(&row.tally, group, &self.probabilities));
                let brackets = search
                    .learn(&row.tally, &row.cuts, group, |slot| row.kept.all(slot, lanes(group)));
                (search, brackets)
            })?;
            let (searches, again): (_, Vec<_>) = learnt.into_iter().unzip();
            row.searches = searches;
            let mut again = again.concat();
            if again.is_empty() {
                row.is_open = false;
                row.kept = Kept::new(0, limit);
                continue;
            }
            again.sort_unstable_by(|a, b| a.upper.total_cmp(&b.upper));
            again.dedup();
            let again: Vec<_> = again.into_iter().map(|one| (one, row.sample_of(one))).collect();
            row.look_at(Cuts::within(&again), limit);
        }
        Ok(self.rows.iter().any(|row| row.is_open))
    }

    /// Statistics of each row, if no look must follow.
    pub(super) fn statistics<M: Masses>(&self) -> Option<Vec<Statistics>> {
        let of_row = |row: &Row<D>| Statistics::new::<M>(&row.searches, &row.tally);
        (!self.rows.iter().any(|row| row.is_open)).then(|| self.rows.iter().map(of_row).collect())
    }
}

impl<D: Draw> Row<D> {
    /// Some of the draws in a bracket, if they were kept.
    fn sample_of(&self, bracket: Bracket) -> Vec<f64> {
        let class = (0..self.cuts.classes()).find(|class| self.cuts.bracket(*class) == bracket);
        let slot = class.and_then(|class| self.cuts.slot(class));
        let mut sample: Vec<f64> =
            slot.map_or(Vec::new(), |slot| self.kept.some(slot).map(Draw::value).collect());
        sample.sort_unstable_by(f64::total_cmp);
        sample
    }
}

/// Draws of the classes that are kept, or evenly thinned where there are too many.
#[derive(Debug)]
struct Kept<D> {
    limit: usize,
    /// By class and then by lane: the draws, and how many came.
    buckets: Vec<(Vec<D>, usize)>,
    count: usize,
    /// Of so many draws that come one is kept.
    step: usize,
}

impl<D: Draw> Kept<D> {
    fn new(slots: usize, limit: usize) -> Self {
        Kept { limit, buckets: vec![(Vec::new(), 0); slots * LANES], count: 0, step: 1 }
    }

    fn add(&mut self, seen: &Seen<D>) {
        for (bucket, (draws, came)) in self.buckets.iter_mut().enumerate() {
            let (slot, lane) = (bucket / LANES, bucket % LANES);
            let new = seen.draws(slot, lane..lane + 1);
            let first = came.next_multiple_of(self.step) - *came;
            let before = draws.len();
            draws.extend(new.iter().skip(first).step_by(self.step));
            self.count += draws.len() - before;
            *came += new.len();
        }
        // One draw of each bucket stays, so that there is always something to cut at.
        while self.count > self.limit && self.buckets.iter().any(|(draws, _)| draws.len() > 1) {
            self.step *= 2;
            self.count = 0;
            for (draws, _) in &mut self.buckets {
                let mut place = 0;
                draws.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                draws.shrink_to_fit();
                self.count += draws.len();
            }
        }
    }

    /// The draws of a class in some of the lanes, unless they were thinned.
    fn all(&self, slot: usize, lanes: std::ops::Range<usize>) -> Option<Vec<D>> {
        let buckets = &self.buckets[slot * LANES..][lanes];
        (self.step == 1)
            .then(|| buckets.iter().map(|(draws, _)| &draws[..]).collect::<Vec<_>>().concat())
    }

    fn some(&self, slot: usize) -> impl Iterator<Item = &D> {
        self.buckets[slot * LANES..][..LANES].iter().flat_map(|(draws, _)| draws)
    }
}
