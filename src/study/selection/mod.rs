//! Quantiles and means of many draws, of all of them and of each replicate, exact.

mod cuts;
mod draws;
mod memory;
mod resolve;
mod sampling;
mod scan;

#[cfg(feature = "python")]
pub(crate) use python::register;

#[cfg(feature = "python")]
mod python {
    use super::memory::{Rows, Statistics, Wanted, statistics};
    use super::resolve::groups;
    use super::sampling::Weights;
    use crate::bridge::detached;
    use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyArrayMethods};
    use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    type Columns<'py> =
        (Bound<'py, PyArray3<f64>>, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<u64>>);

    /// Quantiles, means and numbers of NaN of rows; see `overbuild.study.statistics`.
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
            let weights = weights.map(Weights::new);
            statistics(rows, weights.as_ref(), wanted)
        })?;
        columns(py, found, wanted)
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
        found: Vec<Statistics>,
        wanted: Wanted<'_>,
    ) -> PyResult<Columns<'py>> {
        let shape = [found.len(), groups(wanted.replicates), wanted.probabilities.len()];
        let flat = |row: &Statistics| row.quantiles.concat();
        let quantiles: Vec<f64> = found.iter().flat_map(flat).collect();
        let means: Vec<f64> = found.iter().flat_map(|row| row.means.clone()).collect();
        let missing: Vec<u64> = found.iter().map(|row| row.missing).collect();
        Ok((
            quantiles.into_pyarray(py).reshape(shape)?,
            means.into_pyarray(py).reshape([shape[0], shape[1]])?,
            missing.into_pyarray(py),
        ))
    }

    pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add_function(wrap_pyfunction!(row_statistics, module)?)
    }
}
