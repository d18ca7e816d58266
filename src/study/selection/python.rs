//! What Python calls.

use super::draws::{Equal, EqualDraw, Given, WeightedDraw};
use super::memory::{Rows, Statistics, Wanted, statistics};
use super::resolve::groups;
use super::sampling::{Points, WeightSums, Weights, even_places, points_for};
use super::scan::BLOCK;
use super::stream::Stream;
use crate::bridge::detached;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyArrayMethods};
use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

type Columns<'py> =
    (Bound<'py, PyArray3<f64>>, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<u64>>);

/// Quantiles, means and numbers of NaN of rows; see `overbuild.study.statistics.rows`.
#[pyfunction]
#[pyo3(signature = (values, probabilities, weights, replicates))]
fn row_statistics<'py>(
    py: Python<'py>,
    values: PyReadonlyArray2<'py, f64>,
    probabilities: Vec<f64>,
    weights: Option<PyReadonlyArray1<'py, f64>>,
    replicates: bool,
) -> PyResult<Columns<'py>> {
    let [count, n] = [values.shape()[0], values.shape()[1]];
    let rows = Rows { values: values.as_slice()?, n, count };
    let weights = weights.as_ref().map(|weights| weights.as_slice()).transpose()?;
    if weights.is_some_and(|weights| weights.len() != n) {
        return Err(PyValueError::new_err(format!("weights must be {n} numbers")));
    }
    let wanted = Wanted { probabilities: checked(&probabilities)?, replicates };
    let found = detached(py, || {
        let weights = weights.map(Weights::new).transpose()?;
        statistics(rows, weights.as_ref(), wanted)
    })?;
    columns(py, &found, groups(replicates), probabilities.len())
}

/// Statistics of rows whose draws come a part at a time, several times over.
///
/// As long as `needs` says "weights" or "draws", give all of them, in parts of whole blocks of
/// `block` draws but for the last, and then call `end_pass`.
#[pyclass(module = "overbuild._core")]
#[derive(Debug)]
pub(crate) struct StatisticsStream {
    rows: Kind,
    count: usize,
    draws: usize,
    probabilities: usize,
    groups: usize,
    pass: Pass,
    /// Draws that have come in this pass.
    came: usize,
    sums: WeightSums,
}

#[derive(Debug)]
enum Kind {
    Equal(Stream<EqualDraw>),
    Weighted(Stream<WeightedDraw>),
}

#[derive(Debug)]
enum Pass {
    Weigh,
    /// The points left, and the mass before them.
    Sample(Points, u64),
    Look,
    Done,
}

#[pymethods]
impl StatisticsStream {
    #[new]
    fn new(
        count: usize,
        draws: usize,
        probabilities: Vec<f64>,
        weighted: bool,
        replicates: bool,
        limit: usize,
    ) -> PyResult<Self> {
        let p = checked(&probabilities)?;
        let limit = limit.max(1);
        let rows = if weighted {
            Kind::Weighted(Stream::new(count, p, replicates, limit))
        } else {
            Kind::Equal(Stream::new(count, p, replicates, limit))
        };
        let points = sample_size(count, draws);
        Ok(StatisticsStream {
            rows,
            count,
            draws,
            probabilities: probabilities.len(),
            groups: groups(replicates),
            pass: if weighted {
                Pass::Weigh
            } else {
                Pass::Sample(Points::new(points, draws as f64), 0)
            },
            came: 0,
            sums: WeightSums::default(),
        })
    }

    #[classattr]
    fn block() -> usize {
        BLOCK
    }

    /// What the next pass is over: "weights", "draws", or nothing any more.
    #[getter]
    fn needs(&self) -> &'static str {
        match self.pass {
            Pass::Weigh => "weights",
            Pass::Sample(..) | Pass::Look => "draws",
            Pass::Done => "",
        }
    }

    /// Takes the next part of the weights.
    fn weigh(&mut self, py: Python<'_>, weights: PyReadonlyArray1<'_, f64>) -> PyResult<()> {
        let weights = weights.as_slice()?;
        self.come(weights.len(), matches!(self.pass, Pass::Weigh))?;
        detached(py, || {
            weights.chunks(BLOCK).for_each(|block| self.sums.add(block));
            Ok(())
        })
    }

    /// Takes the next part of each row.
    #[pyo3(signature = (values, weights))]
    fn absorb(
        &mut self,
        py: Python<'_>,
        values: PyReadonlyArray2<'_, f64>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<()> {
        let [rows, draws] = [values.shape()[0], values.shape()[1]];
        let values = values.as_slice()?;
        let weights = weights.as_ref().map(|weights| weights.as_slice()).transpose()?;
        let fits = match (&self.rows, weights) {
            (Kind::Equal(_), None) => true,
            (Kind::Weighted(_), Some(weights)) => weights.len() == draws,
            _ => false,
        };
        let is_pass = matches!(self.pass, Pass::Sample(..) | Pass::Look);
        let start = self.come(draws, fits && is_pass && rows == self.count)?;
        let scale = self.sums.scale();
        detached(py, || {
            let masses = weights.map(|weights| scale.masses(weights));
            match (&mut self.rows, &mut self.pass, masses.as_deref()) {
                (Kind::Equal(rows), Pass::Sample(points, _), None) => {
                    rows.sample(values, draws, &even_places(points, start, start + draws));
                }
                (Kind::Weighted(rows), Pass::Sample(points, through), Some(masses)) => {
                    rows.sample(values, draws, &points.places(masses, through));
                }
                (Kind::Equal(rows), Pass::Look, None) => rows.look(values, draws, Equal)?,
                (Kind::Weighted(rows), Pass::Look, Some(masses)) => {
                    rows.look(values, draws, Given(masses))?;
                }
                _ => unreachable!("checked above"),
            }
            Ok(())
        })
    }

    /// Ends a pass over all draws or weights.
    fn end_pass(&mut self, py: Python<'_>) -> PyResult<()> {
        if self.came != self.draws {
            let message = format!("{} of {} draws have come", self.came, self.draws);
            return Err(PyValueError::new_err(message));
        }
        self.came = 0;
        let scale = self.sums.scale();
        let points = sample_size(self.count, self.draws);
        let draws = self.draws as f64;
        self.pass = detached(py, || {
            let open = match (&mut self.rows, &self.pass) {
                (_, Pass::Weigh) => return Ok(Pass::Sample(Points::new(points, scale.total), 0)),
                (Kind::Equal(rows), Pass::Sample(..)) => {
                    rows.end_sample(draws);
                    true
                }
                (Kind::Weighted(rows), Pass::Sample(..)) => {
                    rows.end_sample(scale.effective);
                    true
                }
                (Kind::Equal(rows), Pass::Look) => rows.end_look::<Equal>()?,
                (Kind::Weighted(rows), Pass::Look) => rows.end_look::<Given<'_>>()?,
                (_, Pass::Done) => false,
            };
            Ok(if open { Pass::Look } else { Pass::Done })
        })?;
        Ok(())
    }

    /// As `row_statistics`, once nothing is needed any more.
    fn result<'py>(&self, py: Python<'py>) -> PyResult<Columns<'py>> {
        let found = match &self.rows {
            Kind::Equal(rows) => rows.statistics::<Equal>(),
            Kind::Weighted(rows) => rows.statistics::<Given<'_>>(),
        };
        let found = found.ok_or_else(|| PyValueError::new_err("another pass is needed"))?;
        columns(py, &found, self.groups, self.probabilities)
    }
}

impl StatisticsStream {
    /// Counts the draws of a part, and gives the number of the first.
    fn come(&mut self, draws: usize, fits: bool) -> PyResult<usize> {
        let (start, end) = (self.came, self.came + draws);
        if !fits || end > self.draws || (end < self.draws && !draws.is_multiple_of(BLOCK)) {
            let message = format!("no such part is needed after {start} of {} draws", self.draws);
            return Err(PyValueError::new_err(message));
        }
        self.came = end;
        Ok(start)
    }
}

/// Points for each of several rows, whose samples are in memory together.
fn sample_size(rows: usize, draws: usize) -> usize {
    const TOGETHER: usize = 1 << 24;
    points_for(draws).min((TOGETHER / rows.max(1)).max(1 << 10))
}

fn checked(probabilities: &[f64]) -> PyResult<&[f64]> {
    let within = probabilities.iter().all(|p| (0.0..=1.0).contains(p));
    if within && probabilities.is_sorted() {
        Ok(probabilities)
    } else {
        Err(PyValueError::new_err("probabilities must rise from 0 to 1"))
    }
}

fn columns<'py>(
    py: Python<'py>,
    found: &[Statistics],
    groups: usize,
    probabilities: usize,
) -> PyResult<Columns<'py>> {
    let quantiles: Vec<f64> = found.iter().flat_map(|row| row.quantiles.concat()).collect();
    let means: Vec<f64> = found.iter().flat_map(|row| row.means.clone()).collect();
    let missing: Vec<u64> = found.iter().map(|row| row.missing).collect();
    Ok((
        quantiles.into_pyarray(py).reshape([found.len(), groups, probabilities])?,
        means.into_pyarray(py).reshape([found.len(), groups])?,
        missing.into_pyarray(py),
    ))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<StatisticsStream>()?;
    module.add_function(wrap_pyfunction!(row_statistics, module)?)
}
