//! Use over time from a job log: what was busy in each bin, on average and at the most.

use super::joblog::{Bins, Counter, Grid, Jobs, clip, index};
use crate::bridge::{Body, Failure, allocate, map_chunks, vectorized};
use std::ops::Range;

/// What a bin's jobs add up to.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    /// GPUs busy from the beginning of this bin on, less those busy until then.
    step: i64,
    /// GPU-time of jobs that cover the bin in part.
    partial: f64,
}

/// Average GPUs busy in each bin, row after row.
pub(crate) fn occupancy(
    jobs: &Jobs<'_>,
    bins: Bins<'_>,
    rows: usize,
    counter: Counter,
) -> Result<Vec<f64>, Failure> {
    match bins {
        Bins::Even(grid) => occupancy_on(grid, jobs, rows, counter),
        Bins::Uneven(grid) => occupancy_on(grid, jobs, rows, counter),
    }
}

fn occupancy_on(
    grid: impl Grid + Sync,
    jobs: &Jobs<'_>,
    rows: usize,
    counter: Counter,
) -> Result<Vec<f64>, Failure> {
    let count = grid.count() as usize;
    // One cell more in a row takes what ends at the last edge.
    let cells = rows * (count + 1);
    let part_cells = map_chunks(jobs.len(), jobs.part(cells), |range| {
        let mut cells = allocate::<Cell>(cells)?;
        let mut batch = Batch::default();
        for start in range.clone().step_by(BATCH) {
            let len = BATCH.min(range.end - start);
            vectorized(Place { jobs, grid, counter, start, len, batch: &mut batch });
            for (job, place) in (start..start + len).zip(0..) {
                let row = jobs.row(job) * (count + 1);
                batch.add(place, &mut cells[row..=row + count]);
            }
        }
        Ok(cells)
    })?;
    let part_cells = part_cells.into_iter().collect::<Result<Vec<_>, Failure>>()?;
    let mut out = allocate::<f64>(rows * count)?;
    for (row, out) in out.chunks_exact_mut(count).enumerate() {
        let mut busy = 0;
        for (bin, out) in out.iter_mut().enumerate() {
            let width = grid.edge(bin as f64 + 1.0) - grid.edge(bin as f64);
            let ours = part_cells.iter().map(|cells| &cells[row * (count + 1) + bin]);
            let (step, partial) = ours
                .fold((0, 0.0), |(step, partial), cell| (step + cell.step, partial + cell.partial));
            busy += step;
            *out = counter.gpus(busy) + partial / width;
        }
    }
    Ok(out)
}

/// Jobs placed among the bins at once: placing vectorises, and apart from it the adding up is
/// short enough for the processor to wait for many cells at a time.
const BATCH: usize = 256;

/// What some jobs add to which bins of their row.
struct Batch {
    /// Bins where the jobs begin, where they first cover a whole bin, and where they end.
    first: [u32; BATCH],
    full: [u32; BATCH],
    last: [u32; BATCH],
    /// GPU-time in the first and in the last bin.
    head: [f64; BATCH],
    tail: [f64; BATCH],
    /// GPUs from `full` until `last`.
    count: [i64; BATCH],
}

impl Default for Batch {
    fn default() -> Self {
        let (bins, time) = ([0; BATCH], [0.0; BATCH]);
        Batch { first: bins, full: bins, last: bins, head: time, tail: time, count: [0; BATCH] }
    }
}

impl Batch {
    #[inline(always)]
    fn add(&self, k: usize, row: &mut [Cell]) {
        row[self.first[k] as usize].partial += self.head[k];
        row[self.full[k] as usize].step += self.count[k];
        let last = &mut row[self.last[k] as usize];
        last.partial += self.tail[k];
        last.step -= self.count[k];
    }
}

/// Places jobs `start..start + len` in a batch.
struct Place<'a, G> {
    jobs: &'a Jobs<'a>,
    grid: G,
    counter: Counter,
    start: usize,
    len: usize,
    batch: &'a mut Batch,
}

impl<G: Grid> Body for Place<'_, G> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Place { jobs, grid, counter, start, len, batch } = self;
        let range = start..start + len;
        let (starts, ends) = (&jobs.start[range.clone()], &jobs.end[range.clone()]);
        let (gpus, borders) = (&jobs.gpus[range], grid.ends());
        assert!(len <= BATCH && starts.len() == len && ends.len() == len && gpus.len() == len);
        for k in 0..len {
            let (start, end) = clip(borders, starts[k], ends[k]);
            let (first, last) = (grid.find(start), grid.find(end));
            let inside = first == last;
            let on_edge = start == grid.edge(first);
            let head = if inside { end } else { grid.edge(first + 1.0) } - start;
            batch.first[k] = index(first);
            batch.full[k] = index(if on_edge { first } else { first + 1.0 });
            batch.last[k] = index(last);
            batch.head[k] = if on_edge & !inside { 0.0 } else { gpus[k] * head };
            batch.tail[k] = if inside { 0.0 } else { gpus[k] * (end - grid.edge(last)) };
            batch.count[k] = if inside { 0 } else { counter.count(gpus[k]) };
        }
    }
}

/// Something that happens to the count: at a time, GPUs added or (negative) given back.
#[derive(Clone, Copy, Debug, Default)]
struct Event {
    time: f64,
    change: f64,
}

impl Event {
    fn new(time: f64, change: f64) -> Self {
        // Adding zero makes -0.0 and 0.0 one moment.
        Event { time: time + 0.0, change }
    }
}

/// Events of some jobs, cell by cell in no order within a cell.
struct Events {
    sorted: Vec<Event>,
    /// Where each cell's events begin, and behind the last cell's where they end.
    begin: Vec<usize>,
}

impl Events {
    /// Sorts the events of `range` into `cells` cells by counting.
    fn of(
        jobs: &Jobs<'_>,
        grid: impl Grid + Sync,
        range: Range<usize>,
        cells: usize,
    ) -> Result<Self, Failure> {
        let borders = grid.ends();
        let visit = |see: &mut dyn FnMut(usize, Event)| {
            for job in range.clone() {
                let (start, end) = clip(borders, jobs.start[job], jobs.end[job]);
                if start == end {
                    continue;
                }
                let row = jobs.row(job) * grid.count() as usize;
                see(row + index(grid.find(start)) as usize, Event::new(start, jobs.gpus[job]));
                let last = index(grid.find(end));
                // What ends at the last edge never frees anything.
                if last < grid.count() {
                    see(row + last as usize, Event::new(end, -jobs.gpus[job]));
                }
            }
        };
        let mut begin = allocate::<usize>(cells + 1)?;
        visit(&mut |cell, _| begin[cell + 1] += 1);
        for cell in 0..cells {
            begin[cell + 1] += begin[cell];
        }
        let mut next = begin.clone();
        let mut sorted = allocate::<Event>(begin[cells])?;
        visit(&mut |cell, event| {
            sorted[next[cell]] = event;
            next[cell] += 1;
        });
        Ok(Events { sorted, begin })
    }

    fn in_cell(&self, cell: usize) -> &[Event] {
        &self.sorted[self.begin[cell]..self.begin[cell + 1]]
    }
}

/// Largest number of GPUs busy at once in each bin, row after row.
pub(crate) fn peak(
    jobs: &Jobs<'_>,
    bins: Bins<'_>,
    rows: usize,
    counter: Counter,
) -> Result<Vec<f64>, Failure> {
    match bins {
        Bins::Even(grid) => peak_on(grid, jobs, rows, counter),
        Bins::Uneven(grid) => peak_on(grid, jobs, rows, counter),
    }
}

fn peak_on(
    grid: impl Grid + Sync,
    jobs: &Jobs<'_>,
    rows: usize,
    counter: Counter,
) -> Result<Vec<f64>, Failure> {
    const GRAIN: usize = 256;
    let count = grid.count() as usize;
    let cells = rows * count;
    let parts =
        map_chunks(jobs.len(), jobs.part(cells), |range| Events::of(jobs, grid, range, cells))?;
    let parts = parts.into_iter().collect::<Result<Vec<_>, Failure>>()?;
    let in_cell = |cell: usize| parts.iter().flat_map(move |events| events.in_cell(cell));

    // The count before a bin's own events: changes of all bins before it in its row.
    let changes = map_chunks(cells, GRAIN, |range| {
        let change = |cell| in_cell(cell).map(|event| counter.count(event.change)).sum();
        range.map(change).collect::<Vec<i64>>()
    })?
    .concat();
    let mut busy_before = allocate::<i64>(cells)?;
    for cell in (0..cells).filter(|cell| cell % count > 0) {
        busy_before[cell] = busy_before[cell - 1] + changes[cell - 1];
    }

    let peaks = map_chunks(cells, GRAIN, |range| {
        let mut events = Vec::new();
        let mut highest_in = |cell: usize| {
            events.clear();
            events.extend(in_cell(cell).copied());
            let from = grid.edge((cell % count) as f64);
            counter.gpus(highest(&mut events, from, busy_before[cell], counter))
        };
        range.map(&mut highest_in).collect::<Vec<f64>>()
    })?;
    Ok(peaks.concat())
}

/// Highest count from time `from` on, when it was `busy` just before.
fn highest(events: &mut [Event], from: f64, busy: i64, counter: Counter) -> i64 {
    // At one time those that end come first: the next job may have their GPUs.
    let in_time =
        |a: &Event, b: &Event| a.time.total_cmp(&b.time).then(a.change.total_cmp(&b.change));
    events.sort_unstable_by(in_time);
    let at_from = events.partition_point(|event| event.time <= from);
    let step = |busy: i64, event: &Event| busy + counter.count(event.change);
    let mut busy = events[..at_from].iter().fold(busy, step);
    let mut highest = busy;
    for event in &events[at_from..] {
        busy = step(busy, event);
        highest = highest.max(busy);
    }
    highest
}

#[cfg(feature = "python")]
pub(crate) use python::register;

#[cfg(feature = "python")]
mod python {
    use super::super::joblog::{Bins, Counter, Faulty, Jobs, inspect};
    use super::Failure;
    use crate::bridge::detached;
    use numpy::{IntoPyArray, PyArray2, PyArrayMethods, PyReadonlyArray1};
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    type Column<'py> = PyReadonlyArray1<'py, f64>;
    type Rows<'py> = Option<PyReadonlyArray1<'py, u32>>;
    type Count = fn(&Jobs<'_>, Bins<'_>, usize, Counter) -> Result<Vec<f64>, Failure>;

    /// Average GPUs busy in each bin; one row of the result for each value of `row`.
    #[pyfunction]
    fn occupancy<'py>(
        py: Python<'py>,
        start: Column<'py>,
        end: Column<'py>,
        gpus: Column<'py>,
        row: Rows<'py>,
        rows: usize,
        edges: Column<'py>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        count(py, super::occupancy, [start, end, gpus, edges], row, rows)
    }

    /// Largest number of GPUs busy at once in each bin; rows as in `occupancy`.
    #[pyfunction]
    fn peak<'py>(
        py: Python<'py>,
        start: Column<'py>,
        end: Column<'py>,
        gpus: Column<'py>,
        row: Rows<'py>,
        rows: usize,
        edges: Column<'py>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        count(py, super::peak, [start, end, gpus, edges], row, rows)
    }

    fn count<'py>(
        py: Python<'py>,
        count: Count,
        columns: [Column<'py>; 4],
        row: Rows<'py>,
        rows: usize,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let [start, end, gpus, edges] = &columns;
        let (start, end, gpus, edges) =
            (start.as_slice()?, end.as_slice()?, gpus.as_slice()?, edges.as_slice()?);
        let row = row.as_ref().map(|row| row.as_slice()).transpose()?;
        let fits = |len: usize| len == start.len();
        let rows_fit = row.is_none_or(|row| row.iter().all(|row| (*row as usize) < rows));
        if !(fits(end.len())
            && fits(gpus.len())
            && row.is_none_or(|row| fits(row.len()))
            && rows_fit)
        {
            return Err(PyValueError::new_err("columns must have one entry for each job"));
        }
        if rows.checked_mul(edges.len() + 1).is_none() || edges.len() > u32::MAX as usize {
            return Err(PyValueError::new_err("too many labels and bins"));
        }
        if edges.len() < 2
            || !edges.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] < f64::INFINITY)
        {
            return Err(PyValueError::new_err("edges must be finite and increase"));
        }
        let jobs = Jobs { start, end, gpus, row };
        let counted = detached(py, || match inspect(&jobs)? {
            Ok(counter) => Ok(Ok(count(&jobs, Bins::new(edges), rows, counter)?)),
            Err(faulty) => Ok(Err(faulty)),
        })?;
        match counted {
            Ok(counts) => counts.into_pyarray(py).reshape([rows, edges.len() - 1]),
            Err(faulty) => {
                let Faulty { fault, job, jobs } = faulty;
                Err(PyValueError::new_err((fault.describe(), job, jobs)))
            }
        }
    }

    pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add_function(wrap_pyfunction!(occupancy, module)?)?;
        module.add_function(wrap_pyfunction!(peak, module)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::joblog::inspect;
    use super::*;

    const EDGES: [f64; 4] = [0.0, 1.0, 2.0, 4.0];

    fn jobs<'a>(start: &'a [f64], end: &'a [f64], gpus: &'a [f64]) -> Jobs<'a> {
        Jobs { start, end, gpus, row: None }
    }

    fn both(jobs: Jobs<'_>) -> [Vec<f64>; 2] {
        let counter = inspect(&jobs).unwrap().unwrap();
        [occupancy, peak].map(|count| count(&jobs, Bins::new(&EDGES), 1, counter).unwrap())
    }

    #[test]
    fn jobs_count_for_the_time_they_overlap() {
        let [mean, most] = both(jobs(&[0.5, -3.0, 1.25], &[1.5, 0.25, f64::NAN], &[8.0, 4.0, 2.0]));
        assert_eq!(mean, [5.0, 5.5, 2.0]);
        assert_eq!(most, [8.0, 10.0, 2.0]);
    }

    #[test]
    fn a_job_that_follows_another_takes_its_gpus() {
        let [_, most] = both(jobs(&[0.0, 0.5, 1.0], &[0.5, 1.0, 1.0], &[3.0, 3.0, 9.0]));
        assert_eq!(most, [3.0, 0.0, 0.0]);
    }

    #[test]
    fn tenths_of_gpus_leave_nothing_behind() {
        let n = 1000;
        let start = vec![0.1; n];
        let end = vec![1.0; n];
        let gpus: Vec<f64> = (0..n).map(|k| 0.1 * k as f64).collect();
        let [mean, most] = both(jobs(&start, &end, &gpus));
        assert_eq!([mean[1], mean[2], most[1], most[2]], [0.0; 4]);
    }
}
