//! A schedule over many draws of its durations, made and solved in one pass.
//!
//! Durations are drawn a block at a time and never leave the cache: what is kept of a draw is the
//! makespan and when milestones are reached.

use super::network::Network;
use super::schedule::{Schedule, Solve, solve_complete};
use crate::bridge::{Body, Failure, LANES, Lanes, allocate, map_columns, vectorized};
use crate::study::quantile::Table;
use crate::study::sobol::Sobol;

/// How long a task takes.
#[derive(Debug)]
pub(crate) enum Duration<'a> {
    Known(f64),
    Drawn { table: &'a Table, points: &'a Sobol },
}

impl Duration<'_> {
    fn quantile(&self, probability: f64) -> f64 {
        match self {
            Duration::Known(value) => *value,
            Duration::Drawn { table, .. } => {
                let mut quantile = [0.0];
                table.quantiles(&[probability], &mut quantile);
                quantile[0]
            }
        }
    }

    fn draw(&self, start: usize, out: &mut [f64]) {
        match self {
            Duration::Known(value) => out.fill(*value),
            Duration::Drawn { table, points } => points.draw(table, start as u64, out),
        }
    }
}

/// What is kept of all draws.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) makespan: Vec<f64>,
    /// When each milestone is finished, one after the other in `makespan.len()` draws each.
    pub(crate) finish: Vec<f64>,
    /// For each task the share of draws in which it is critical …
    pub(crate) criticality: Vec<f64>,
    /// … and the correlation of its duration with the makespan; NaN where either is constant.
    pub(crate) correlation: Vec<f64>,
    /// Smallest duration drawn of each task that may be negative, infinite for others.
    pub(crate) least: Vec<f64>,
}

/// Draws in a chunk, and in a block that stays in the cache.
const GRAIN: usize = 1 << 13;
const BLOCK: usize = 512;

/// Draws all durations and solves the network for each draw.
pub(crate) fn simulate(
    network: &Network,
    durations: &[Duration<'_>],
    milestones: &[usize],
    draws: usize,
) -> Result<Outcome, Failure> {
    let (mut makespan, mut finish) = (allocate(draws)?, allocate(milestones.len() * draws)?);
    let centre = Centre::of(network, durations);
    let may_be_negative: Vec<bool> = durations.iter().map(|one| one.quantile(0.0) < 0.0).collect();
    let mut columns: Vec<&mut [f64]> = vec![&mut makespan];
    columns.extend(finish.chunks_mut(draws.max(1)));
    let parts = map_columns(draws, GRAIN, columns, |range, columns| {
        let mut workspace = Workspace::new(network.len());
        for start in range.clone().step_by(BLOCK) {
            let n = BLOCK.min(range.end - start);
            for (task, drawn) in workspace.drawn.chunks_mut(BLOCK).enumerate() {
                durations[task].draw(start, &mut drawn[..n]);
                if may_be_negative[task] {
                    let least = &mut workspace.sums.tasks[task].least;
                    *least = drawn[..n].iter().copied().fold(*least, smaller);
                }
            }
            let place = start - range.start;
            let block = &mut workspace;
            vectorized(Block { network, centre: &centre, milestones, block, columns, place, n });
        }
        workspace.sums
    })?;
    let mut total = Sums::new(network.len());
    parts.iter().for_each(|part| total.add(part));
    let least = total.tasks.iter().map(|task| task.least).collect();
    let criticality = total.tasks.iter().map(|task| sum(task.critical) / draws as f64).collect();
    let correlation = total.tasks.iter().map(|task| total.correlation(task)).collect();
    Ok(Outcome { makespan, finish, criticality, correlation, least })
}

/// What sums of squares are taken around, so that little cancels: the schedule of all medians.
struct Centre {
    durations: Vec<f64>,
    makespan: f64,
}

impl Centre {
    fn of(network: &Network, durations: &[Duration<'_>]) -> Self {
        let medians: Vec<f64> = durations.iter().map(|one| one.quantile(0.5)).collect();
        let lanes: Vec<Lanes> = medians.iter().copied().map(Lanes::splat).collect();
        let mut schedule = Schedule::new(network.len());
        vectorized(Solve { network, durations: &lanes, schedule: &mut schedule });
        Centre { durations: medians, makespan: schedule.makespan.0[0] }
    }
}

/// Sums over draws, in lanes, of deviations from the centre.
#[derive(Debug)]
struct Sums {
    draws: Lanes,
    makespan: Lanes,
    square: Lanes,
    tasks: Vec<TaskSums>,
}

#[derive(Clone, Debug)]
struct TaskSums {
    critical: Lanes,
    duration: Lanes,
    square: Lanes,
    /// Of duration and makespan.
    product: Lanes,
    least: f64,
}

/// The lanes added up in their order.
fn sum(lanes: Lanes) -> f64 {
    lanes.0.into_iter().sum()
}

impl Sums {
    fn new(tasks: usize) -> Self {
        let zero = Lanes::splat(0.0);
        let task = TaskSums {
            critical: zero,
            duration: zero,
            square: zero,
            product: zero,
            least: f64::INFINITY,
        };
        Sums { draws: zero, makespan: zero, square: zero, tasks: vec![task; tasks] }
    }

    fn add(&mut self, other: &Sums) {
        self.draws += other.draws;
        self.makespan += other.makespan;
        self.square += other.square;
        for (task, other) in self.tasks.iter_mut().zip(&other.tasks) {
            task.critical += other.critical;
            task.duration += other.duration;
            task.square += other.square;
            task.product += other.product;
            task.least = smaller(task.least, other.least);
        }
    }

    /// Covariance over both standard deviations.
    fn correlation(&self, task: &TaskSums) -> f64 {
        let (n, makespan, duration) = (sum(self.draws), sum(self.makespan), sum(task.duration));
        let spread = |square: Lanes, total: f64| sum(square) - total * total / n;
        let [ours, all] = [spread(task.square, duration), spread(self.square, makespan)];
        // What rounding leaves of a constant is none.
        let constant = |spread: f64, square: Lanes| spread <= 1e-12 * sum(square);
        if constant(ours, task.square) || constant(all, self.square) {
            return f64::NAN;
        }
        (sum(task.product) - duration * makespan / n) / libm::sqrt(ours * all)
    }
}

fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// What one chunk works with.
struct Workspace {
    /// A block of draws of each task.
    drawn: Vec<f64>,
    durations: Vec<Lanes>,
    schedule: Schedule,
    sums: Sums,
}

impl Workspace {
    fn new(tasks: usize) -> Self {
        Workspace {
            drawn: vec![0.0; tasks * BLOCK],
            durations: vec![Lanes::splat(0.0); tasks],
            schedule: Schedule::new(tasks),
            sums: Sums::new(tasks),
        }
    }
}

/// The `n` draws of a block, whose results go to the columns from `place` on.
struct Block<'a, 'c> {
    network: &'a Network,
    centre: &'a Centre,
    milestones: &'a [usize],
    block: &'a mut Workspace,
    columns: &'a mut [&'c mut [f64]],
    place: usize,
    n: usize,
}

impl Body for Block<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Block { network, centre, milestones, block, columns, place, n } = self;
        let Workspace { drawn, durations, schedule, sums } = block;
        for start in (0..n).step_by(LANES) {
            let len = LANES.min(n - start);
            for (duration, drawn) in durations.iter_mut().zip(drawn.chunks(BLOCK)) {
                // Lanes behind the last draw hold what is left of the block before.
                duration.0.copy_from_slice(&drawn[start..start + LANES]);
            }
            solve_complete(network, durations, schedule);
            tally(sums, durations, schedule, centre, len);
            let here = place + start..place + start + len;
            columns[0][here.clone()].copy_from_slice(&schedule.makespan.0[..len]);
            for (column, task) in columns[1..].iter_mut().zip(milestones) {
                let finish = &schedule.early_finish[*task];
                column[here.clone()].copy_from_slice(&finish.0[..len]);
            }
        }
    }
}

/// Counts the first `len` lanes of a schedule.
#[inline(always)]
fn tally(sums: &mut Sums, durations: &[Lanes], schedule: &Schedule, centre: &Centre, len: usize) {
    let zero = Lanes::splat(0.0);
    let counts = Lanes(std::array::from_fn(|k| if k < len { 1.0 } else { 0.0 }));
    let makespan = Lanes::select(counts, schedule.makespan - Lanes::splat(centre.makespan), zero);
    sums.draws += counts;
    sums.makespan += makespan;
    sums.square += makespan * makespan;
    for (task, sums) in sums.tasks.iter_mut().enumerate() {
        let deviation = durations[task] - Lanes::splat(centre.durations[task]);
        let deviation = Lanes::select(counts, deviation, zero);
        let critical = schedule.total_float[task]
            .zip(counts, |float, counts| if float == 0.0 { counts } else { 0.0 });
        sums.critical += critical;
        sums.duration += deviation;
        sums.square += deviation * deviation;
        sums.product += deviation * makespan;
    }
}
