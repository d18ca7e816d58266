//! The critical path method, eight schedules at a time.
//!
//! A link lets the start or the finish of a task come no earlier than the start or the finish of
//! another one, and a lag. Going forward through the tasks gives the earliest times, going back
//! the latest ones that do not delay the end of it all.
//!
//! Source: J. E. Kelley, M. R. Walker, *Critical-path planning and scheduling*, Proc. Eastern Joint
//! Computer Conference (1959), 160-173; links with lags: J. W. Fondahl, *A non-computer approach to
//! the critical path method for the construction industry* (1961).

use super::network::{Event, Network};
use crate::bridge::{Body, Failure, LANES, Lanes, allocate, map_columns, vectorized};

/// Times of all tasks in eight schedules.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) early_start: Vec<Lanes>,
    pub(crate) early_finish: Vec<Lanes>,
    pub(crate) late_start: Vec<Lanes>,
    pub(crate) late_finish: Vec<Lanes>,
    pub(crate) total_float: Vec<Lanes>,
    pub(crate) free_float: Vec<Lanes>,
    pub(crate) makespan: Lanes,
}

impl Schedule {
    pub(crate) fn new(tasks: usize) -> Self {
        let times = || vec![Lanes::splat(0.0); tasks];
        Schedule {
            early_start: times(),
            early_finish: times(),
            late_start: times(),
            late_finish: times(),
            total_float: times(),
            free_float: times(),
            makespan: Lanes::splat(0.0),
        }
    }

    /// All times but the makespan, kind by kind.
    fn columns(&self) -> impl Iterator<Item = &Lanes> {
        let starts = self.early_start.iter().chain(&self.early_finish);
        let late = self.late_start.iter().chain(&self.late_finish);
        starts.chain(late).chain(&self.total_float).chain(&self.free_float)
    }
}

/// Fills a schedule for the durations of all tasks; all of it is NaN where one duration is.
pub(crate) struct Solve<'a> {
    pub(crate) network: &'a Network,
    pub(crate) durations: &'a [Lanes],
    pub(crate) schedule: &'a mut Schedule,
}

impl Body for Solve<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Solve { network, durations, schedule } = self;
        let zero = Lanes::splat(0.0);
        let missing = durations.iter().fold(zero, |sum, duration| sum + *duration * zero);
        forward(network, durations, missing, schedule);
        backward(network, durations, schedule);
        free(network, schedule);
    }
}

/// The same for durations that are all there, without free floats.
#[inline(always)]
pub(super) fn solve_complete(network: &Network, durations: &[Lanes], schedule: &mut Schedule) {
    forward(network, durations, Lanes::splat(0.0), schedule);
    backward(network, durations, schedule);
}

/// The later of two times, `b` if that is NaN.
#[inline(always)]
fn later(a: Lanes, b: Lanes) -> Lanes {
    a.zip(b, |a, b| if a > b { a } else { b })
}

#[inline(always)]
fn earlier(a: Lanes, b: Lanes) -> Lanes {
    a.zip(b, |a, b| if a < b { a } else { b })
}

#[inline(always)]
fn forward(network: &Network, durations: &[Lanes], missing: Lanes, schedule: &mut Schedule) {
    let mut makespan = missing;
    for &task in &network.order {
        let duration = durations[task];
        let mut start = Lanes::splat(network.not_before[task]) + missing;
        for link in network.into.of(task) {
            let awaited = match link.awaited {
                Event::Start => schedule.early_start[link.from],
                Event::Finish => schedule.early_finish[link.from],
            };
            let time = awaited + Lanes::splat(link.lag);
            let time = match link.waiting {
                Event::Start => time,
                Event::Finish => time - duration,
            };
            start = later(time, start);
        }
        let finish = start + duration;
        schedule.early_start[task] = start;
        schedule.early_finish[task] = finish;
        makespan = later(finish, makespan);
    }
    schedule.makespan = makespan;
}

/// Floats below this share of the makespan come from rounding.
const ROUNDING: f64 = 1e-12;

/// A float, or zero if it is but rounding.
#[inline(always)]
fn settled(float: Lanes, makespan: Lanes) -> Lanes {
    let least = makespan * Lanes::splat(ROUNDING);
    // NaN is not below anything.
    float.zip(least, |float, least| if float <= least { 0.0 } else { float })
}

#[inline(always)]
fn backward(network: &Network, durations: &[Lanes], schedule: &mut Schedule) {
    for &task in network.order.iter().rev() {
        let duration = durations[task];
        let mut latest = schedule.makespan;
        for link in network.out_of.of(task) {
            let late = match link.waiting {
                Event::Start => schedule.late_start[link.to],
                Event::Finish => schedule.late_finish[link.to],
            };
            let time = late - Lanes::splat(link.lag);
            let time = match link.awaited {
                Event::Start => time + duration,
                Event::Finish => time,
            };
            latest = earlier(time, latest);
        }
        let (start, finish) = (schedule.early_start[task], schedule.early_finish[task]);
        let total = settled(latest - finish, schedule.makespan);
        schedule.total_float[task] = total;
        // Late times of critical tasks are the early ones, to the last bit.
        schedule.late_start[task] = start + total;
        schedule.late_finish[task] = finish + total;
    }
}

#[inline(always)]
fn free(network: &Network, schedule: &mut Schedule) {
    for (task, total) in schedule.total_float.iter().enumerate() {
        let (start, finish) = (schedule.early_start[task], schedule.early_finish[task]);
        let mut free = schedule.makespan - finish;
        for link in network.out_of.of(task) {
            let early = match link.waiting {
                Event::Start => schedule.early_start[link.to],
                Event::Finish => schedule.early_finish[link.to],
            };
            let own = match link.awaited {
                Event::Start => start,
                Event::Finish => finish,
            };
            free = earlier(early - Lanes::splat(link.lag) - own, free);
        }
        schedule.free_float[task] = earlier(settled(free, schedule.makespan), *total);
    }
}

/// Columns of times, one number a schedule: of each kind in [`Schedule`] all tasks in turn.
type Columns = Vec<Vec<f64>>;

/// Schedules in a chunk.
const GRAIN: usize = 1 << 10;

/// Solves for `rows` sets of durations, those of one task side by side; gives six kinds of times,
/// laid out alike, and the makespans.
pub(crate) fn solve_all(
    network: &Network,
    durations: &[f64],
    rows: usize,
) -> Result<(Columns, Vec<f64>), Failure> {
    let tasks = network.len();
    let mut times: Columns =
        (0..6).map(|_| allocate(tasks * rows)).collect::<Result<_, Failure>>()?;
    let mut makespan = allocate(rows)?;
    if rows > 0 {
        let mut columns: Vec<&mut [f64]> = vec![&mut makespan];
        columns.extend(times.iter_mut().flat_map(|kind| kind.chunks_mut(rows)));
        map_columns(rows, GRAIN, columns, |range, columns| {
            let mut lanes = vec![Lanes::splat(0.0); tasks];
            let mut schedule = Schedule::new(tasks);
            for start in range.clone().step_by(LANES) {
                let len = LANES.min(range.end - start);
                for (task, lanes) in lanes.iter_mut().enumerate() {
                    let first = task * rows + start;
                    lanes.0[..len].copy_from_slice(&durations[first..first + len]);
                }
                let solve = Solve { network, durations: &lanes, schedule: &mut schedule };
                vectorized(solve);
                let here = start - range.start..start - range.start + len;
                columns[0][here.clone()].copy_from_slice(&schedule.makespan.0[..len]);
                for (column, lanes) in columns[1..].iter_mut().zip(schedule.columns()) {
                    column[here.clone()].copy_from_slice(&lanes.0[..len]);
                }
            }
        })?;
    }
    Ok((times, makespan))
}

#[cfg(test)]
mod tests {
    use super::super::network::Link;
    use super::*;
    use crate::bridge::Isa;

    fn link(from: usize, to: usize, awaited: Event, waiting: Event, lag: f64) -> Link {
        Link { from, to, awaited, waiting, lag }
    }

    fn then(from: usize, to: usize) -> Link {
        link(from, to, Event::Finish, Event::Start, 0.0)
    }

    fn solve(network: &Network, durations: &[f64]) -> Schedule {
        let durations: Vec<_> = durations.iter().copied().map(Lanes::splat).collect();
        let mut schedule = Schedule::new(durations.len());
        vectorized(Solve { network, durations: &durations, schedule: &mut schedule });
        schedule
    }

    fn first(times: &[Lanes]) -> Vec<f64> {
        times.iter().map(|lanes| lanes.0[0]).collect()
    }

    #[test]
    fn a_diamond_by_hand() {
        let links = [then(0, 1), then(0, 2), then(1, 3), then(2, 3)];
        let network = Network::new(vec![0.0; 4], &links).unwrap();
        let found = solve(&network, &[2.0, 5.0, 3.0, 1.0]);
        assert_eq!(first(&found.early_start), [0.0, 2.0, 2.0, 7.0]);
        assert_eq!(first(&found.late_finish), [2.0, 7.0, 7.0, 8.0]);
        assert_eq!(first(&found.total_float), [0.0, 0.0, 2.0, 0.0]);
        assert_eq!(first(&found.free_float), [0.0, 0.0, 2.0, 0.0]);
        assert_eq!(found.makespan.0[0], 8.0);
    }

    #[test]
    fn each_link_by_hand() {
        use Event::{Finish, Start};
        for (awaited, waiting, expected) in
            [(Finish, Start, 5.0), (Start, Start, 1.0), (Finish, Finish, 3.0), (Start, Finish, 0.0)]
        {
            let links = [link(0, 1, awaited, waiting, 1.0)];
            let network = Network::new(vec![0.0; 2], &links).unwrap();
            let found = solve(&network, &[4.0, 2.0]);
            assert_eq!(found.early_start[1].0[0], expected, "{awaited:?} {waiting:?}");
        }
    }

    #[test]
    fn nothing_starts_before_its_day_or_the_beginning() {
        let links = [link(0, 1, Event::Finish, Event::Start, -10.0)];
        let network = Network::new(vec![3.0, 0.0], &links).unwrap();
        let found = solve(&network, &[4.0, 2.0]);
        assert_eq!(first(&found.early_start), [3.0, 0.0]);
        assert_eq!(first(&found.total_float), [0.0, 5.0]);
    }

    #[test]
    fn a_missing_duration_leaves_its_own_schedule_alone_unknown() {
        let network = Network::new(vec![0.0; 2], &[then(0, 1)]).unwrap();
        let mut durations = [Lanes::splat(2.0), Lanes::splat(3.0)];
        durations[1].0[4] = f64::NAN;
        let mut schedule = Schedule::new(2);
        for isa in Isa::available() {
            isa.run(Solve { network: &network, durations: &durations, schedule: &mut schedule });
            for times in [&schedule.early_start, &schedule.late_finish, &schedule.free_float] {
                assert!(times[0].0[4].is_nan() && times[1].0[4].is_nan());
                assert!(!times[0].0[3].is_nan() && !times[1].0[5].is_nan());
            }
            assert!(schedule.makespan.0[4].is_nan());
            assert_eq!(schedule.makespan.0[5], 5.0);
        }
    }
}
