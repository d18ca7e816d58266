//! Scrambled Sobol' points: point `i` from `i` alone, so that chunks and machines cannot matter.
//!
//! Several scrambles of one sequence, the replicates, are dealt out in turn: point `i` belongs to
//! replicate `i` modulo their number. What a statistic spreads by over them is its error.

use super::quantile::{BLOCK, Table};

/// One dimension of all replicates.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sobol {
    /// The digital shift of each replicate; a power of two of them, at most [`BLOCK`].
    shifts: Vec<u32>,
    /// What bit `b` of the Gray code of a point's index in its replicate adds.
    directions: Vec<u32>,
    /// What places in a block add, above what the first one does.
    places: [u32; BLOCK],
}

impl Sobol {
    /// A dimension, or none if the numbers of shifts and directions are impossible.
    pub(crate) fn new(shifts: Vec<u32>, directions: Vec<u32>) -> Option<Self> {
        let replicates = shifts.len();
        if !replicates.is_power_of_two() || replicates > BLOCK || directions.len() > 32 {
            return None;
        }
        let mut sobol = Sobol { shifts, directions, places: [0; BLOCK] };
        for place in 0..BLOCK {
            sobol.places[place] =
                sobol.gray((place / replicates) as u64) ^ sobol.shifts[place % replicates];
        }
        Some(sobol)
    }

    /// How many points there are.
    pub(crate) fn len(&self) -> u64 {
        (self.shifts.len() as u64) << self.directions.len()
    }

    /// What the Gray code of `index` adds; bits without a direction add nothing.
    fn gray(&self, index: u64) -> u32 {
        let gray = index ^ (index >> 1);
        let ours = |b: &usize| gray >> b & 1 == 1;
        (0..self.directions.len()).filter(ours).fold(0, |x, b| x ^ self.directions[b])
    }

    /// Puts points `start`, `start + 1`, … into `out`, as probabilities.
    pub(crate) fn points(&self, start: u64, out: &mut [f64]) {
        let (mut begin, mut out) = (start, out);
        while !out.is_empty() {
            // Within a block that begins at a multiple of its length the first point's bits and
            // those of the place in the block add up, because their Gray codes do.
            let first = (begin % BLOCK as u64) as usize;
            let n = out.len().min(BLOCK - first);
            let bits = self.gray((begin - first as u64) / self.shifts.len() as u64);
            let (now, later) = out.split_at_mut(n);
            for (u, place) in now.iter_mut().zip(&self.places[first..first + n]) {
                // The middle of the 2^-32 wide interval: never 0, never 1.
                *u = (f64::from(bits ^ place) + 0.5) * (1.0 / (1u64 << 32) as f64);
            }
            (begin, out) = (begin + n as u64, later);
        }
    }

    /// Puts the quantiles at points `start`, `start + 1`, … into `out`.
    pub(crate) fn draw(&self, table: &Table, start: u64, out: &mut [f64]) {
        let mut u = [0.0; BLOCK];
        let (mut begin, mut out) = (start, out);
        while !out.is_empty() {
            let n = out.len().min(BLOCK - (begin % BLOCK as u64) as usize);
            let (now, later) = out.split_at_mut(n);
            self.points(begin, &mut u[..n]);
            table.quantiles(&u[..n], now);
            (begin, out) = (begin + n as u64, later);
        }
    }
}

#[cfg(feature = "python")]
pub(crate) use python::{SobolPoints, register};

#[cfg(feature = "python")]
mod python {
    use super::super::quantile::{GRAIN, QuantileTable};
    use super::Sobol;
    use crate::bridge::{detached, fill_chunks};
    use numpy::PyReadwriteArray1;
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    /// One dimension of scrambled Sobol' points, several scrambles in turn.
    #[pyclass(frozen, module = "overbuild._core")]
    #[derive(Debug)]
    pub(crate) struct SobolPoints(pub(crate) Sobol);

    impl SobolPoints {
        /// Fails if points `start` to `start + n` are not all there.
        pub(crate) fn check(&self, start: u64, n: usize) -> PyResult<()> {
            if start.saturating_add(n as u64) <= self.0.len() {
                return Ok(());
            }
            let [directions, shifts] = [self.0.directions.len(), self.0.shifts.len()];
            Err(PyValueError::new_err(format!(
                "{directions} directions of {shifts} scrambles do not reach point {start} + {n}"
            )))
        }
    }

    #[pymethods]
    impl SobolPoints {
        #[new]
        fn new(shifts: Vec<u32>, directions: Vec<u32>) -> PyResult<Self> {
            let wrong = || PyValueError::new_err("shifts must be 1, 2, 4 … 128, directions <= 32");
            Sobol::new(shifts, directions).map(SobolPoints).ok_or_else(wrong)
        }

        /// Fills `out` with quantiles of `table` at points `start`, `start + 1`, …
        fn draw(
            &self,
            py: Python<'_>,
            table: &Bound<'_, QuantileTable>,
            start: u64,
            mut out: PyReadwriteArray1<'_, f64>,
        ) -> PyResult<()> {
            let (table, out) = (&table.get().0, out.as_slice_mut()?);
            self.check(start, out.len())?;
            detached(py, || {
                fill_chunks(out, GRAIN, |first, out| self.0.draw(table, start + first as u64, out))
            })
        }

        /// Fills `out` with points `start`, `start + 1`, …: probabilities.
        fn points(
            &self,
            py: Python<'_>,
            start: u64,
            mut out: PyReadwriteArray1<'_, f64>,
        ) -> PyResult<()> {
            let out = out.as_slice_mut()?;
            self.check(start, out.len())?;
            detached(py, || {
                fill_chunks(out, GRAIN, |first, out| self.0.points(start + first as u64, out))
            })
        }

        fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyAny>, (Vec<u32>, Vec<u32>)) {
            let state = (self.0.shifts.clone(), self.0.directions.clone());
            (py.get_type::<Self>().into_any(), state)
        }
    }

    pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add_class::<SobolPoints>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_do_not_depend_on_where_they_begin() {
        let directions: Vec<u32> = (0..12).map(|b| (2 * b + 1) << (31 - b)).collect();
        let sobol = Sobol::new(vec![0x1234_5678, 9, 77, 1 << 30], directions).unwrap();
        let mut all = vec![0.0; 600];
        sobol.points(0, &mut all);
        for start in [0, 1, 3, 127, 128, 300, 599] {
            let mut some = vec![0.0; 600 - start];
            sobol.points(start as u64, &mut some);
            assert_eq!(some, all[start..]);
        }
    }

    #[test]
    fn replicates_are_the_same_sequence_under_other_shifts() {
        let directions = vec![1 << 31, 3 << 30, 5 << 29, 15 << 28];
        let both = Sobol::new(vec![7, 1 << 20], directions.clone()).unwrap();
        let mut mixed = [0.0; 32];
        both.points(0, &mut mixed);
        for (k, shift) in [7, 1 << 20].into_iter().enumerate() {
            let mut alone = [0.0; 16];
            Sobol::new(vec![shift], directions.clone()).unwrap().points(0, &mut alone);
            assert!(alone.iter().zip(mixed.iter().skip(k).step_by(2)).all(|(a, b)| a == b));
        }
    }

    #[test]
    fn impossible_numbers_of_shifts_are_refused() {
        assert!(Sobol::new(vec![], vec![]).is_none());
        assert!(Sobol::new(vec![1, 2, 3], vec![]).is_none());
        assert!(Sobol::new(vec![0; 256], vec![]).is_none());
        assert_eq!(Sobol::new(vec![0; 16], vec![1; 5]).unwrap().len(), 512);
    }
}
