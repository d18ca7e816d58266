//! Cycles of many parameter sets, eight at a time, with their paths written period by period.

use super::cycle::{Cycle, EIGHTS, OUTPUTS, Workspace};
use super::loading::{Loaded, Operands};
use crate::bridge::{Failure, LANES, Lanes, map_columns, vectorized};

/// Rows in a chunk, and in a block whose paths stay in the cache.
const GRAIN: usize = 1 << 10;
const BLOCK: usize = LANES * EIGHTS;

/// Fills the columns: of each output all periods in turn, `rows` numbers each. True if a NaN came
/// out of a row without one.
fn fill(
    operands: &Operands<'_>,
    rows: usize,
    periods: usize,
    columns: Vec<&mut [f64]>,
) -> Result<bool, Failure> {
    assert!(columns.len() == OUTPUTS * periods);
    let lags = operands.by_lag.iter().map(|table| table.len).max().unwrap_or(0);
    let invalid = map_columns(rows, GRAIN, columns, |range, columns| {
        let mut loaded = Loaded::new(operands);
        let mut workspace = Workspace::new(periods, lags);
        let mut invalid = false;
        for start in range.clone().step_by(BLOCK) {
            let end = range.end.min(start + BLOCK);
            for (place, first) in (start..end).step_by(LANES).enumerate() {
                let len = LANES.min(end - first);
                loaded.load(operands, first, len, first == range.start);
                let given = loaded.parameters();
                let cycle = Cycle { given: &given, workspace: &mut workspace, place };
                let missing = vectorized(cycle);
                for lane in (0..len).filter(|lane| missing.0[*lane].is_nan()) {
                    invalid |= workspace.settle_nans(place, lane) && !loaded.misses(lane);
                }
            }
            let here = start - range.start..end - range.start;
            for (column, path) in columns.iter_mut().zip(&workspace.paths) {
                copy(path, &mut column[here.clone()]);
            }
        }
        invalid
    })?;
    Ok(invalid.into_iter().any(|chunk| chunk))
}

/// Copies the first numbers of `lanes`, as many as there is room for.
fn copy(lanes: &[Lanes], out: &mut [f64]) {
    let (whole, rest) = out.as_chunks_mut::<LANES>();
    for (lanes, out) in lanes.iter().zip(&mut *whole) {
        *out = lanes.0;
    }
    if let Some(lanes) = lanes.get(whole.len()) {
        rest.copy_from_slice(&lanes.0[..rest.len()]);
    }
}

#[cfg(feature = "python")]
pub(crate) use python::register;

#[cfg(feature = "python")]
mod python {
    use super::super::loading::{BY_LAG, BY_PERIOD, NUMBERS, Operand, Operands};
    use super::{OUTPUTS, fill};
    use crate::bridge::detached;
    use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyReadwriteArray2, PyUntypedArrayMethods};
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    fn wrong(what: &str) -> PyErr {
        PyValueError::new_err(what.to_owned())
    }

    /// An operand of one or `rows` numbers.
    fn number<'a>(array: &'a PyReadonlyArray1<'_, f64>, rows: usize) -> PyResult<Operand<'a>> {
        let values = array.as_slice()?;
        let row = match values.len() {
            1 => 0,
            found if found == rows => 1,
            _ => return Err(wrong("a number must be one, or one for each row")),
        };
        Ok(Operand { values, row, step: 0, len: 1 })
    }

    /// An operand of one or `rows` series, contiguous in one of two orders.
    fn series<'a>(array: &'a PyReadonlyArray2<'_, f64>, rows: usize) -> PyResult<Operand<'a>> {
        let (found, len) = (array.shape()[0], array.shape()[1]);
        if found != 1 && found != rows {
            return Err(wrong("a series must be one, or one for each row"));
        }
        let (row, step) = if array.is_c_contiguous() { (len, 1) } else { (1, found) };
        let row = if found == 1 { 0 } else { row };
        Ok(Operand { values: array.as_slice()?, row, step, len })
    }

    /// Fill the paths of capacity cycles, each of shape (periods, rows); whether a NaN came out of
    /// a row without one. Operands are in the order of the fields of the core's `Parameters`.
    #[pyfunction]
    fn capacity_cycle(
        py: Python<'_>,
        numbers: Vec<PyReadonlyArray1<'_, f64>>,
        by_period: Vec<PyReadonlyArray2<'_, f64>>,
        by_lag: Vec<PyReadonlyArray2<'_, f64>>,
        mut out: Vec<PyReadwriteArray2<'_, f64>>,
    ) -> PyResult<bool> {
        let shape = out.first().map_or([0, 0], |one| [one.shape()[0], one.shape()[1]]);
        let [periods, rows] = shape;
        if out.len() != OUTPUTS || out.iter().any(|one| one.shape() != shape) {
            return Err(wrong("there must be one array for each output, all of one shape"));
        }
        let numbers: Vec<_> =
            numbers.iter().map(|array| number(array, rows)).collect::<PyResult<_>>()?;
        let by_period: Vec<_> =
            by_period.iter().map(|array| series(array, rows)).collect::<PyResult<_>>()?;
        let by_lag: Vec<_> =
            by_lag.iter().map(|array| series(array, rows)).collect::<PyResult<_>>()?;
        if by_period.iter().any(|one| one.len != periods) {
            return Err(wrong("series must be as long as the paths"));
        }
        let count = |_| wrong("a parameter is missing, or one too many is given");
        let operands = Operands {
            numbers: <[_; NUMBERS]>::try_from(numbers).map_err(count)?,
            by_period: <[_; BY_PERIOD]>::try_from(by_period).map_err(count)?,
            by_lag: <[_; BY_LAG]>::try_from(by_lag).map_err(count)?,
        };
        let mut columns = Vec::with_capacity(OUTPUTS * periods);
        if rows > 0 {
            for one in &mut out {
                columns.extend(one.as_slice_mut()?.chunks_mut(rows));
            }
        }
        if columns.is_empty() {
            return Ok(false);
        }
        detached(py, || fill(&operands, rows, periods, columns))
    }

    pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add_function(wrap_pyfunction!(capacity_cycle, module)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::loading::{BY_PERIOD, NUMBERS, Operand};
    use super::*;
    use crate::bridge::Isa;

    const ROWS: usize = 19;
    const PERIODS: usize = 14;
    /// A plain number in the middle of the range of each parameter, and by how much rows differ.
    const MIDDLES: [(f64, f64); NUMBERS] = [
        (100.0, 20.0),
        (70.0, 15.0),
        (0.05, 0.04),
        (6.0, 2.5),
        (-1.1, 0.5),
        (0.4, 0.3),
        (0.6, 0.1),
        (0.9, 0.05),
        (2.0, 0.5),
        (1.5, 0.3),
        (0.5, 0.4),
        (0.2, 0.2),
        (0.3, 0.2),
        (0.5, 0.5),
        (3.0, 2.0),
        (0.4, 0.3),
        (0.4, 0.4),
        (0.7, 0.6),
        (20.0, 5.0),
        (10.0, 3.0),
        (-0.02, 0.02),
        (0.5, 0.3),
    ];

    /// Numbers without a pattern, from -1 to 1.
    fn wave(k: usize) -> f64 {
        libm::sin(1.7 * k as f64 + 0.3)
    }

    /// Values of all operands, each row of its own.
    fn drawn() -> Vec<Vec<f64>> {
        let number = |(k, (middle, by)): (usize, &(f64, f64))| -> Vec<f64> {
            (0..ROWS).map(|row| middle + by * wave(31 * k + row)).collect()
        };
        let series = |middle: f64, by: f64| -> Vec<f64> {
            (0..ROWS * PERIODS).map(|k| middle + by * wave(k)).collect()
        };
        let shares = |table: &[f64]| -> Vec<f64> { table.repeat(ROWS) };
        let mut values: Vec<Vec<f64>> = MIDDLES.iter().enumerate().map(number).collect();
        values.extend([series(0.03, 0.05), series(1.0, 0.2), series(3e3, 2e3), series(0.0, 2.0)]);
        values.extend([shares(&[0.0, 0.5, 0.25, 0.25]), shares(&[0.25, 0.0, 0.25, 0.0, 0.5])]);
        values
    }

    fn operands(values: &[Vec<f64>]) -> Operands<'_> {
        let (numbers, rest) = values.split_at(NUMBERS);
        let (series, tables) = rest.split_at(BY_PERIOD);
        let number = |k: usize| Operand { values: &numbers[k], row: 1, step: 0, len: 1 };
        let of = |values: &'_ [f64]| values.len() / ROWS;
        let by_row = |all: &'_ [Vec<f64>], k: usize| (of(&all[k]), of(&all[k]));
        let series_at = |k: usize| {
            let (row, len) = by_row(series, k);
            Operand { values: &series[k], row, step: 1, len }
        };
        let table_at = |k: usize| {
            let (row, len) = by_row(tables, k);
            Operand { values: &tables[k], row, step: 1, len }
        };
        Operands {
            numbers: std::array::from_fn(number),
            by_period: std::array::from_fn(series_at),
            by_lag: std::array::from_fn(table_at),
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let values = drawn();
        let operands = operands(&values);
        let mut loaded = Loaded::new(&operands);
        let mut expected: Option<Vec<u64>> = None;
        for isa in Isa::available() {
            let mut workspace = Workspace::new(PERIODS, 5);
            let mut bits = Vec::new();
            for start in (0..ROWS).step_by(LANES) {
                loaded.load(&operands, start, LANES.min(ROWS - start), start == 0);
                let given = loaded.parameters();
                let any = isa.run(Cycle { given: &given, workspace: &mut workspace, place: 1 });
                assert_eq!(any, Lanes::splat(0.0));
                bits.extend(workspace.paths.iter().flat_map(|path| path[1].0.map(f64::to_bits)));
            }
            assert_eq!(*expected.get_or_insert(bits.clone()), bits, "{isa:?}");
        }
    }

    #[test]
    fn columns_hold_every_row_and_tell_of_nan() {
        let mut values = drawn();
        let filled = |values: &[Vec<f64>]| {
            let mut out = vec![-1.0; OUTPUTS * PERIODS * ROWS];
            let columns = out.chunks_mut(ROWS).collect();
            let invalid = fill(&operands(values), ROWS, PERIODS, columns).unwrap();
            (out, invalid)
        };
        let (out, invalid) = filled(&values);
        assert!(!invalid && out.iter().all(|value| *value >= 0.0));
        // Orders are arrivals and the change of the backlog.
        let at = |output: usize, t: usize, row: usize| out[(output * PERIODS + t) * ROWS + row];
        for (t, row) in (1..PERIODS).flat_map(|t| (0..ROWS).map(move |row| (t, row))) {
            let opened = at(5, t, row) - at(5, t - 1, row);
            assert!((at(1, t, row) - at(2, t, row) - opened).abs() < 1e-9);
        }
        // What is missing is no surprise; shares that do not sum to 1 are one.
        values[3][17] = f64::NAN;
        let (missing, invalid) = filled(&values);
        assert!(!invalid && missing.iter().filter(|value| value.is_nan()).count() > 0);
        values[NUMBERS + BY_PERIOD][5] += 0.5;
        let (wrong, invalid) = filled(&values);
        assert!(invalid);
        for (k, (one, other)) in wrong.iter().zip(&out).enumerate() {
            assert_eq!(one.is_nan(), [1, 17].contains(&(k % ROWS)));
            assert!(one.is_nan() || one == other);
        }
    }
}
