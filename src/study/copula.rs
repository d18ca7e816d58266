//! A Gaussian copula: points that go together, each uniform on its own.
//!
//! A correlation matrix `R = L L'` turns independent normal numbers `z` into `L z`, whose
//! probabilities are the points. Compare R. B. Nelsen, *An Introduction to Copulas* (2006), 2.3.

use super::quantile::{SMALLEST, Table};
use super::sobol::Sobol;
use std::f64::consts::FRAC_1_SQRT_2;

/// The lower triangle `L`, row after row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Copula {
    rows: Vec<Vec<f64>>,
}

/// A variance that rounding leaves of none.
const ROUNDING: f64 = 1e-12;

impl Copula {
    /// Cholesky's factor of a correlation matrix given row by row; none if it is not positive
    /// semidefinite.
    pub(crate) fn of(matrix: &[f64], size: usize) -> Option<Self> {
        if matrix.len() != size * size {
            return None;
        }
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(size);
        for i in 0..size {
            let mut row = vec![0.0; i + 1];
            for j in 0..=i {
                let other: &[f64] = if j < i { &rows[j] } else { &row };
                let explained: f64 = (0..j).map(|k| row[k] * other[k]).sum();
                let rest = matrix[i * size + j] - explained;
                row[j] = if j == i {
                    match rest {
                        rest if rest > ROUNDING => libm::sqrt(rest),
                        rest if rest > -ROUNDING => 0.0,
                        _ => return None,
                    }
                } else if rows[j][j] > 0.0 {
                    rest / rows[j][j]
                } else if rest.abs() <= libm::sqrt(ROUNDING) {
                    0.0
                } else {
                    return None;
                };
            }
            rows.push(row);
        }
        Some(Copula { rows })
    }

    /// Turns the independent points in `columns` into points that go together.
    ///
    /// `normal` is the quantile table of the standard normal distribution.
    fn correlate(&self, normal: &Table, columns: &mut [&mut [f64]]) {
        let mut normals = vec![0.0; columns.first().map_or(0, |column| column.len())];
        for column in columns.iter_mut() {
            normals.copy_from_slice(column);
            normal.quantiles(&normals, column);
        }
        // From the last on, so that those before are still independent.
        for (i, row) in self.rows.iter().enumerate().rev() {
            let (before, rest) = columns.split_at_mut(i);
            let last = &mut rest[0];
            last.iter_mut().for_each(|z| *z *= row[i]);
            for (column, weight) in before.iter().zip(row).rev() {
                for (sum, z) in last.iter_mut().zip(column.iter()) {
                    *sum += weight * z;
                }
            }
            for z in last.iter_mut() {
                let below = 0.5 * libm::erfc(-*z * FRAC_1_SQRT_2);
                *z = below.clamp(SMALLEST, 1.0 - SMALLEST);
            }
        }
    }

    /// Puts points `start`, `start + 1`, … into `columns`, one for each of `points`.
    pub(crate) fn points(
        &self,
        points: &[&Sobol],
        normal: &Table,
        start: u64,
        columns: &mut [&mut [f64]],
    ) {
        for (sobol, column) in points.iter().zip(columns.iter_mut()) {
            sobol.points(start, column);
        }
        self.correlate(normal, columns);
    }
}

#[cfg(feature = "python")]
pub(crate) use python::register;

#[cfg(feature = "python")]
mod python {
    use super::super::quantile::QuantileTable;
    use super::super::sobol::SobolPoints;
    use super::Copula;
    use crate::bridge::{detached, map_columns};
    use numpy::{PyReadwriteArray2, PyUntypedArrayMethods};
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    /// Points of a chunk, few enough to stay in the cache.
    const GRAIN: usize = 1 << 11;

    /// A Gaussian copula with a given correlation matrix.
    #[pyclass(frozen, module = "overbuild._core", name = "Copula")]
    #[derive(Debug)]
    pub(crate) struct PyCopula {
        factor: Copula,
        matrix: Vec<Vec<f64>>,
    }

    #[pymethods]
    impl PyCopula {
        #[new]
        fn new(matrix: Vec<Vec<f64>>) -> PyResult<Self> {
            let square = matrix.iter().all(|row| row.len() == matrix.len());
            Copula::of(&matrix.concat(), matrix.len())
                .filter(|_| square)
                .map(|factor| PyCopula { factor, matrix })
                .ok_or_else(|| PyValueError::new_err("the matrix is not positive semidefinite"))
        }

        /// Fills the rows of `out` with points `start`, `start + 1`, …, one row for each of
        /// `points`; `normal` is the table of the standard normal distribution.
        fn points(
            &self,
            py: Python<'_>,
            points: Vec<Bound<'_, SobolPoints>>,
            normal: &Bound<'_, QuantileTable>,
            start: u64,
            mut out: PyReadwriteArray2<'_, f64>,
        ) -> PyResult<()> {
            let [rows, n] = [out.shape()[0], out.shape()[1]];
            if rows != points.len() || rows != self.factor.rows.len() {
                return Err(PyValueError::new_err("one row and one dimension for each variable"));
            }
            points.iter().try_for_each(|one| one.get().check(start, n))?;
            let sobols: Vec<_> = points.iter().map(|one| &one.get().0).collect();
            let (normal, out) = (&normal.get().0, out.as_slice_mut()?);
            let columns = out.chunks_mut(n.max(1)).collect();
            detached(py, || {
                map_columns(n, GRAIN, columns, |range, columns| {
                    self.factor.points(&sobols, normal, start + range.start as u64, columns);
                })
                .map(|_| ())
            })
        }

        /// `L`: what makes independent normal numbers go together, times these.
        fn lower(&self) -> Vec<Vec<f64>> {
            let size = self.factor.rows.len();
            let filled = |row: &Vec<f64>| {
                let mut row = row.clone();
                row.resize(size, 0.0);
                row
            };
            self.factor.rows.iter().map(filled).collect()
        }

        fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyAny>, (Vec<Vec<f64>>,)) {
            (py.get_type::<Self>().into_any(), (self.matrix.clone(),))
        }
    }

    pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add_class::<PyCopula>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_gives_the_matrix_back() {
        let matrix = [1.0, 0.5, -0.3, 0.5, 1.0, 0.2, -0.3, 0.2, 1.0];
        let rows = Copula::of(&matrix, 3).unwrap().rows;
        for i in 0..3 {
            for j in 0..=i {
                let product: f64 = rows[i].iter().zip(&rows[j]).map(|(a, b)| a * b).sum();
                assert!((product - matrix[3 * i + j]).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn full_correlation_is_allowed_and_more_is_not() {
        assert!(Copula::of(&[1.0, 1.0, 1.0, 1.0], 2).is_some());
        assert!(Copula::of(&[1.0, 1.1, 1.1, 1.0], 2).is_none());
        assert!(Copula::of(&[1.0, 1.0, 0.0, 1.0, 1.0, 0.9, 0.0, 0.9, 1.0], 3).is_none());
    }
}
