//! Tasks that wait for each other, and an order in which to go through them.

use std::ops::Range;

/// Start or finish of a task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Event {
    Start,
    Finish,
}

/// `waiting` of task `to` comes no earlier than `awaited` of task `from` and the lag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) awaited: Event,
    pub(crate) waiting: Event,
    pub(crate) lag: f64,
}

/// Tasks in an order in which each comes behind those it waits for.
#[derive(Debug)]
pub(crate) struct Network {
    pub(super) order: Vec<usize>,
    /// Links into a task, and out of it, side by side.
    pub(super) into: Grouped,
    pub(super) out_of: Grouped,
    /// Earliest start of each task, at least 0.
    pub(super) not_before: Vec<f64>,
}

/// Links sorted by a task, and where those of each task are.
#[derive(Debug)]
pub(super) struct Grouped {
    links: Vec<Link>,
    of_task: Vec<Range<usize>>,
}

impl Grouped {
    fn new(tasks: usize, links: &[Link], key: impl Fn(&Link) -> usize) -> Self {
        let mut links = links.to_vec();
        links.sort_by_key(&key);
        let mut of_task = Vec::with_capacity(tasks);
        let mut end = 0;
        for task in 0..tasks {
            let start = end;
            end += links[start..].iter().take_while(|link| key(link) == task).count();
            of_task.push(start..end);
        }
        Grouped { links, of_task }
    }

    #[inline(always)]
    pub(super) fn of(&self, task: usize) -> &[Link] {
        &self.links[self.of_task[task].clone()]
    }
}

/// Tasks that wait for each other in a ring, each for the one before.
#[derive(Debug, PartialEq)]
pub(crate) struct Cycle(pub(crate) Vec<usize>);

impl Network {
    /// Orders the tasks `0..not_before.len()`; links are between such tasks.
    pub(crate) fn new(not_before: Vec<f64>, links: &[Link]) -> Result<Self, Cycle> {
        let tasks = not_before.len();
        let into = Grouped::new(tasks, links, |link| link.to);
        let out_of = Grouped::new(tasks, links, |link| link.from);
        let mut awaited: Vec<usize> = (0..tasks).map(|task| into.of(task).len()).collect();
        let mut order: Vec<usize> = (0..tasks).filter(|task| awaited[*task] == 0).collect();
        let mut done = 0;
        while let Some(task) = order.get(done).copied() {
            done += 1;
            for link in out_of.of(task) {
                awaited[link.to] -= 1;
                if awaited[link.to] == 0 {
                    order.push(link.to);
                }
            }
        }
        if done < tasks {
            return Err(cycle(&into, &awaited));
        }
        Ok(Network { order, into, out_of, not_before })
    }

    pub(crate) fn len(&self) -> usize {
        self.not_before.len()
    }
}

/// A ring among the tasks that still await others: going from each to one it awaits must close it.
fn cycle(into: &Grouped, awaited: &[usize]) -> Cycle {
    let mut seen = vec![usize::MAX; awaited.len()];
    let mut path = Vec::new();
    let mut task = awaited.iter().position(|count| *count > 0).expect("a task awaits others");
    while seen[task] == usize::MAX {
        seen[task] = path.len();
        path.push(task);
        let next = into.of(task).iter().find(|link| awaited[link.from] > 0);
        task = next.expect("what a task awaits awaits others").from;
    }
    path.drain(..seen[task]);
    path.reverse();
    Cycle(path)
}

#[cfg(feature = "python")]
pub(crate) use python::register;

#[cfg(feature = "python")]
mod python {
    use super::super::schedule::solve_all;
    use super::super::simulation::{Duration, simulate};
    use super::{Event, Link};
    use crate::bridge::detached;
    use crate::study::quantile::QuantileTable;
    use crate::study::sobol::SobolPoints;
    use numpy::PyUntypedArrayMethods;
    use numpy::{
        IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    };
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    /// Tasks that wait for each other.
    #[pyclass(frozen, module = "overbuild._core")]
    #[derive(Debug)]
    struct Network(super::Network);

    type Times<'py> = Bound<'py, PyArray2<f64>>;
    type Numbers<'py> = Bound<'py, PyArray1<f64>>;

    #[pymethods]
    impl Network {
        /// Links have a kind: 1 if the finish is awaited, and 2 more if the finish waits. A
        /// ValueError whose argument is a list of tasks tells of a cycle.
        #[new]
        fn new(
            not_before: PyReadonlyArray1<'_, f64>,
            from_: Vec<usize>,
            to: Vec<usize>,
            kind: Vec<u8>,
            lag: Vec<f64>,
        ) -> PyResult<Self> {
            let tasks = not_before.len();
            let event = |finish| if finish { Event::Finish } else { Event::Start };
            let complete = [to.len(), kind.len(), lag.len()] == [from_.len(); 3];
            if !complete || from_.iter().chain(&to).any(|task| *task >= tasks) {
                return Err(PyValueError::new_err("links must be between tasks"));
            }
            let links: Vec<Link> = (0..from_.len())
                .map(|k| Link {
                    from: from_[k],
                    to: to[k],
                    awaited: event(kind[k] & 1 == 1),
                    waiting: event(kind[k] & 2 == 2),
                    lag: lag[k],
                })
                .collect();
            let network = super::Network::new(not_before.to_vec()?, &links);
            network.map(Network).map_err(|cycle| PyValueError::new_err((cycle.0,)))
        }

        /// Early start and finish, late start and finish, total and free float, one row a task,
        /// and the makespan, for the durations in as many rows.
        fn solve<'py>(
            &self,
            py: Python<'py>,
            durations: PyReadonlyArray2<'py, f64>,
        ) -> PyResult<(Vec<Times<'py>>, Numbers<'py>)> {
            let shape = [self.0.len(), durations.shape()[1]];
            if durations.shape()[0] != shape[0] {
                let message =
                    format!("{} rows of durations, not {}", durations.shape()[0], shape[0]);
                return Err(PyValueError::new_err(message));
            }
            let values = durations.as_slice()?;
            let (times, makespan) = detached(py, || solve_all(&self.0, values, shape[1]))?;
            let times = times.into_iter().map(|column| column.into_pyarray(py).reshape(shape));
            Ok((times.collect::<PyResult<_>>()?, makespan.into_pyarray(py)))
        }

        /// Makespan, finish of each milestone (one a row), criticality, correlation and smallest
        /// duration of each task, over draws. A duration is a number, or a table and its Sobol'
        /// points.
        fn simulate<'py>(
            &self,
            py: Python<'py>,
            durations: Vec<DurationLike<'py>>,
            milestones: Vec<usize>,
            draws: usize,
        ) -> PyResult<(Numbers<'py>, Times<'py>, [Numbers<'py>; 3])> {
            let tasks = self.0.len();
            if durations.len() != tasks || milestones.iter().any(|task| *task >= tasks) {
                return Err(PyValueError::new_err("durations and milestones must be of the tasks"));
            }
            let given: Vec<Duration<'_>> =
                durations.iter().map(|one| one.given(draws)).collect::<PyResult<_>>()?;
            let found = detached(py, || simulate(&self.0, &given, &milestones, draws))?;
            let finish = found.finish.into_pyarray(py).reshape([milestones.len(), draws])?;
            let of_tasks = [found.criticality, found.correlation, found.least];
            let of_tasks = of_tasks.map(|values| values.into_pyarray(py));
            Ok((found.makespan.into_pyarray(py), finish, of_tasks))
        }
    }

    #[derive(FromPyObject)]
    enum DurationLike<'py> {
        Known(f64),
        Drawn(Bound<'py, QuantileTable>, Bound<'py, SobolPoints>),
    }

    impl DurationLike<'_> {
        fn given(&self, draws: usize) -> PyResult<Duration<'_>> {
            match self {
                DurationLike::Known(value) => Ok(Duration::Known(*value)),
                DurationLike::Drawn(table, points) => {
                    points.get().check(0, draws)?;
                    Ok(Duration::Drawn { table: &table.get().0, points: &points.get().0 })
                }
            }
        }
    }

    pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add_class::<Network>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn then(from: usize, to: usize) -> Link {
        Link { from, to, awaited: Event::Finish, waiting: Event::Start, lag: 0.0 }
    }

    #[test]
    fn each_task_comes_behind_those_it_waits_for() {
        let links = [then(3, 0), then(2, 3), then(2, 1), then(1, 0)];
        let network = Network::new(vec![0.0; 4], &links).unwrap();
        assert_eq!(network.order, [2, 3, 1, 0]);
        assert_eq!(network.into.of(0).len(), 2);
        assert_eq!(network.out_of.of(2).len(), 2);
        assert!(network.out_of.of(0).is_empty());
    }

    #[test]
    fn a_ring_is_found_and_named_in_its_order() {
        let links = [then(0, 1), then(1, 2), then(2, 3), then(3, 1), then(3, 4)];
        let Cycle(mut ring) = Network::new(vec![0.0; 5], &links).unwrap_err();
        let first = ring.iter().position(|task| *task == 1).unwrap();
        ring.rotate_left(first);
        assert_eq!(ring, [1, 2, 3]);
        assert_eq!(Network::new(vec![0.0], &[then(0, 0)]).unwrap_err(), Cycle(vec![0]));
    }
}
