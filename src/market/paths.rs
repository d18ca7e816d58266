//! Cycles of many parameter sets, eight at a time, with their paths written period by period.

use super::cycle::{Cycle, EIGHTS, OUTPUTS, Parameters, Workspace};
use crate::bridge::{Body, Failure, LANES, Lanes, map_columns, vectorized};

/// Numbers of a parameter, of each row or of all of them: number `k` of row `i` stands at
/// `i * row + k * step`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand<'a> {
    pub(crate) values: &'a [f64],
    /// Zero if all rows have the same.
    pub(crate) row: usize,
    pub(crate) step: usize,
    pub(crate) len: usize,
}

impl Operand<'_> {
    /// Puts rows from `start` on into lanes; lanes without a row repeat the last one.
    #[inline]
    fn load(&self, start: usize, rows: usize, lanes: &mut [Lanes]) {
        for (k, lanes) in lanes.iter_mut().enumerate() {
            let first = k * self.step;
            if self.row == 1 && rows == LANES {
                let from = first + start;
                lanes.0.copy_from_slice(&self.values[from..from + LANES]);
            } else {
                let at = |lane: usize| first + (start + lane.min(rows - 1)) * self.row;
                *lanes = Lanes(std::array::from_fn(|lane| self.values[at(lane)]));
            }
        }
    }
}

/// Parameters that are numbers, those that go by period, and shares by lag.
pub(crate) const NUMBERS: usize = 22;
pub(crate) const BY_PERIOD: usize = 4;
pub(crate) const BY_LAG: usize = 2;

/// In the order of the fields of [`Parameters`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operands<'a> {
    pub(crate) numbers: [Operand<'a>; NUMBERS],
    pub(crate) by_period: [Operand<'a>; BY_PERIOD],
    pub(crate) by_lag: [Operand<'a>; BY_LAG],
}

/// Which of the series is the intensity.
const INTENSITY: usize = 1;

/// Fills numbers with the logarithms of others.
struct Logarithms<'a>(&'a [Lanes], &'a mut [Lanes]);

impl Body for Logarithms<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (x, out) in self.0.iter().zip(self.1) {
            *out = x.ln();
        }
    }
}

/// Eight rows of all operands.
struct Loaded {
    numbers: [Lanes; NUMBERS],
    by_period: [Vec<Lanes>; BY_PERIOD],
    by_lag: [Vec<Lanes>; BY_LAG],
    /// Of the intensity.
    logarithms: Vec<Lanes>,
}

impl Loaded {
    fn new(operands: &Operands<'_>) -> Self {
        let room = |operand: Operand<'_>| vec![Lanes::splat(0.0); operand.len];
        Loaded {
            numbers: [Lanes::splat(0.0); NUMBERS],
            by_period: operands.by_period.map(room),
            by_lag: operands.by_lag.map(room),
            logarithms: room(operands.by_period[INTENSITY]),
        }
    }

    /// What all rows share is loaded for the `first` of a chunk.
    fn load(&mut self, operands: &Operands<'_>, start: usize, rows: usize, first: bool) {
        let numbers = self.numbers.iter_mut().map(std::slice::from_mut);
        let series = self.by_period.iter_mut().chain(&mut self.by_lag).map(Vec::as_mut_slice);
        let given = operands.numbers.iter().chain(&operands.by_period).chain(&operands.by_lag);
        for (lanes, operand) in numbers.chain(series).zip(given) {
            if first || operand.row != 0 {
                operand.load(start, rows, lanes);
            }
        }
        if first || operands.by_period[INTENSITY].row != 0 {
            vectorized(Logarithms(&self.by_period[INTENSITY], &mut self.logarithms));
        }
    }

    fn parameters(&self) -> Parameters<'_> {
        let [
            capacity,
            demand,
            opening_growth,
            life,
            elasticity,
            adjustment_speed,
            target_utilization,
            utilization_cap,
            price,
            full_cost,
            price_response,
            price_reversion,
            gap_correction,
            supply_line_weight,
            planning_horizon,
            smoothing,
            fear_of_missing_out,
            order_response,
            chip_cost,
            power_cost,
            cost_growth,
            reinvestment,
        ] = self.numbers;
        let [growth, intensity, funding, order_change] = &self.by_period;
        let [chips, power] = &self.by_lag;
        Parameters {
            capacity,
            demand,
            opening_growth,
            life,
            elasticity,
            adjustment_speed,
            target_utilization,
            utilization_cap,
            price,
            full_cost,
            price_response,
            price_reversion,
            gap_correction,
            supply_line_weight,
            planning_horizon,
            smoothing,
            fear_of_missing_out,
            order_response,
            chip_cost,
            power_cost,
            cost_growth,
            reinvestment,
            growth,
            intensity,
            log_intensity: &self.logarithms,
            funding,
            order_change,
            chips,
            power,
        }
    }

    /// Whether a number of a row is missing.
    fn misses(&self, lane: usize) -> bool {
        let series = self.by_period.iter().chain(&self.by_lag).flatten();
        self.numbers.iter().chain(series).any(|lanes| lanes.0[lane].is_nan())
    }
}

/// Rows in a chunk, and in a block whose paths stay in the cache.
const GRAIN: usize = 1 << 10;
const BLOCK: usize = LANES * EIGHTS;

/// Fills the columns: of each output all periods in turn, `rows` numbers each. True if a NaN came
/// out of a row without one.
pub(crate) fn fill(
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
                    workspace.settle_nans(place, lane);
                    invalid |= !loaded.misses(lane);
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
    for (lanes, out) in lanes.iter().zip(out.chunks_mut(LANES)) {
        out.copy_from_slice(&lanes.0[..out.len()]);
    }
}

#[cfg(feature = "python")]
pub(crate) use python::register;

#[cfg(feature = "python")]
mod python {
    use super::{BY_LAG, BY_PERIOD, NUMBERS, OUTPUTS, Operand, Operands, fill};
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
