//! Quantile functions as tables: any distribution, a few nanoseconds a draw.
//!
//! The exponent and the leading bits of `v = min(u, 1 - u)` name a cell, so cells narrow by half
//! with each octave towards either tail and no search is needed. A cell holds a polynomial, or
//! forks into halves where one polynomial would not do; `tabulate.rs` decides which.

use crate::bridge::{Body, vectorized};

/// Leading bits of the mantissa that name a cell: 2^3 cells an octave.
const CELL_BITS: u32 = 3;
pub(super) const CELLS_PER_OCTAVE: usize = 1 << CELL_BITS;

/// Octaves from 2^-34 to 1/2: beyond all draws, and negligible against the stated error.
const OCTAVES: usize = 33;
pub(super) const SMALLEST: f64 = 1.0 / (1u64 << 34) as f64;

/// Cells of one side; the last holds only `v = 1/2`.
pub(super) const SIDE: usize = OCTAVES * CELLS_PER_OCTAVE + 1;

pub(super) const DEGREE: usize = 5;

/// The node behind those of the cells is a fork, so that what has no cell takes the longer way.
pub(super) const NO_CELL: usize = 2 * SIDE;

/// A polynomial on one cell, or a fork to two halves. Exactly one cache line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Node {
    /// Coefficients in the cell's own coordinate from -1 to 1, constant first.
    pub(super) coefficients: [f64; DEGREE + 1],
    /// Quantiles at the ends, between which values are clamped; a fork has `high` minus infinity
    /// and its first half's index in `low`.
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Node {
    pub(super) fn fork(first_half: usize) -> Self {
        Node { coefficients: [0.0; DEGREE + 1], low: first_half as f64, high: f64::NEG_INFINITY }
    }

    pub(super) fn constant(value: f64) -> Self {
        let mut coefficients = [0.0; DEGREE + 1];
        coefficients[0] = value;
        Node { coefficients, low: value, high: value }
    }

    #[inline(always)]
    fn first_half(&self) -> Option<usize> {
        (self.high == f64::NEG_INFINITY).then_some(self.low as usize)
    }

    #[inline(always)]
    pub(super) fn at(&self, s: f64) -> f64 {
        let c = &self.coefficients;
        let s2 = s * s;
        let even = c[0] + s2 * (c[2] + s2 * c[4]);
        let odd = c[1] + s2 * (c[3] + s2 * c[5]);
        // Plain comparisons, because `max` and `min` would look for NaN as well.
        let y = even + s * odd;
        let y = if y > self.low { y } else { self.low };
        if y < self.high { y } else { self.high }
    }
}

/// The quantile function of one distribution.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    pub(super) nodes: Vec<Node>,
    /// Quantiles at probability 0 and 1: the ends of the support.
    pub(super) ends: [f64; 2],
}

impl Table {
    /// Puts the quantile at probability `u[i]` into `out[i]`; NaN outside 0 to 1.
    pub(crate) fn quantiles(&self, u: &[f64], out: &mut [f64]) {
        for (u, out) in u.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            vectorized(Quantiles { table: self, u, out });
        }
    }

    /// The quantile at probability `u`, wherever that is.
    #[cold]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        let (v, upper) = (u.min(1.0 - u), u > 0.5);
        if v == 0.0 {
            return self.ends[usize::from(upper)];
        }
        if v.is_nan() || v < 0.0 {
            return f64::NAN;
        }
        let (cell, rest) = locate(v.max(SMALLEST));
        self.descend(&self.nodes[cell + usize::from(upper) * SIDE], coordinate(rest))
    }

    /// The quantile at the coordinate `s` of a node that may be a fork.
    fn descend(&self, node: &Node, s: f64) -> f64 {
        let (mut node, mut s) = (node, s);
        while let Some(first_half) = node.first_half() {
            let upper = s >= 0.0;
            node = &self.nodes[first_half + usize::from(upper)];
            // Exact: a coordinate has bits to spare.
            s = 2.0 * s + if upper { -1.0 } else { 1.0 };
        }
        node.at(s)
    }
}

/// The cell on its side that holds `v`, and where in the cell: the mantissa's other bits.
#[inline(always)]
fn locate(v: f64) -> (usize, u64) {
    const FIRST: u64 = SMALLEST.to_bits() >> (52 - CELL_BITS);
    let bits = v.to_bits();
    ((bits >> (52 - CELL_BITS)).wrapping_sub(FIRST) as usize, bits << (12 + CELL_BITS))
}

/// A fraction of 2^64 as a number from -1 to 1.
#[inline(always)]
fn coordinate(fraction: u64) -> f64 {
    const TWO: u64 = 2f64.to_bits();
    f64::from_bits(TWO | (fraction >> 12)) - 3.0
}

/// Numbers transformed at once.
pub(super) const BLOCK: usize = 128;

/// A block of probabilities on its way to quantiles.
struct Quantiles<'a> {
    table: &'a Table,
    u: &'a [f64],
    out: &'a mut [f64],
}

impl Body for Quantiles<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut cells = [0; BLOCK];
        let mut coordinates = [0.0; BLOCK];
        for ((u, cell), s) in self.u.iter().zip(&mut cells).zip(&mut coordinates) {
            let v = if *u < 0.5 { *u } else { 1.0 - u };
            let (on_side, rest) = locate(v);
            let side = if *u > 0.5 { SIDE } else { 0 };
            *cell = if v >= SMALLEST { on_side + side } else { NO_CELL };
            *s = coordinate(rest);
        }
        for (((u, cell), s), out) in self.u.iter().zip(cells).zip(coordinates).zip(self.out) {
            let node = &self.table.nodes[cell];
            *out = match node.first_half() {
                None => node.at(s),
                Some(_) if cell == NO_CELL => self.table.quantile(*u),
                Some(_) => self.table.descend(node, s),
            };
        }
    }
}

/// Numbers in a chunk of a parallel transform.
#[cfg(feature = "python")]
pub(super) const GRAIN: usize = 1 << 14;

#[cfg(feature = "python")]
pub(crate) use python::{QuantileTable, register};

#[cfg(feature = "python")]
mod python {
    use super::super::tabulate::Fault;
    use super::{DEGREE, GRAIN, NO_CELL, Node, Table};
    use crate::bridge::{allocate, detached, fill_chunks};
    use numpy::{IntoPyArray, PyArray2};
    use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    /// The quantile function of one distribution, tabulated.
    ///
    /// `lower(p)` and `upper(p)` give, for an array of tail probabilities, the values with that
    /// probability below and above.
    #[pyclass(frozen, module = "overbuild._core")]
    #[derive(Debug)]
    pub(crate) struct QuantileTable(pub(crate) Table);

    #[pymethods]
    impl QuantileTable {
        #[new]
        fn new(lower: &Bound<'_, PyAny>, upper: &Bound<'_, PyAny>) -> PyResult<Self> {
            let py = lower.py();
            let built = Table::build(|tail, is_upper| {
                let quantile = if is_upper { upper } else { lower };
                let values = quantile.call1((PyArray1::from_slice(py, tail),))?;
                let values = values.extract::<PyReadonlyArray1<'_, f64>>()?.to_vec()?;
                if values.len() == tail.len() {
                    Ok(values)
                } else {
                    let [got, expected] = [values.len(), tail.len()];
                    Err(PyValueError::new_err(format!("{got} quantiles came, not {expected}")))
                }
            });
            built.map(QuantileTable).map_err(|fault| match fault {
                Fault::Quantile(error) => error,
                Fault::NotFinite { probability, value } => PyValueError::new_err(format!(
                    "its quantile at probability {probability} is {value}"
                )),
                Fault::Falls { from, to } => PyValueError::new_err(format!(
                    "its quantiles fall between probabilities {from} and {to}"
                )),
                Fault::TooFine => PyValueError::new_err(
                    "its quantile function has too many jumps to tabulate; use a continuous \
                     distribution and round in the model",
                ),
            })
        }

        /// Quantiles at the probabilities `u`; NaN outside 0 to 1.
        fn ppf<'py>(
            &self,
            py: Python<'py>,
            u: PyReadonlyArray1<'py, f64>,
        ) -> PyResult<Bound<'py, PyArray1<f64>>> {
            let u = u.as_slice()?;
            let out = detached(py, || {
                let mut out = allocate(u.len())?;
                fill_chunks(&mut out, GRAIN, |start, out| {
                    self.0.quantiles(&u[start..start + out.len()], out)
                })?;
                Ok(out)
            })?;
            Ok(out.into_pyarray(py))
        }

        /// What `_restore` needs: the nodes, one a row, and the ends of the support.
        fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, State<'py>)> {
            let row = |node: &Node| node.coefficients.into_iter().chain([node.low, node.high]);
            let flat: Vec<f64> = self.0.nodes.iter().flat_map(row).collect();
            let rows = [self.0.nodes.len(), DEGREE + 3];
            let nodes = flat.into_pyarray(py).reshape(rows)?;
            let [low, high] = self.0.ends;
            Ok((py.get_type::<Self>().getattr("_restore")?, (nodes, low, high)))
        }

        /// The inverse of `__reduce__`.
        #[staticmethod]
        fn _restore(nodes: PyReadonlyArray2<'_, f64>, low: f64, high: f64) -> PyResult<Self> {
            let nodes = nodes.as_array();
            let forks_go_forward = |(k, node): (usize, &Node)| {
                node.first_half().is_none_or(|first| match k {
                    NO_CELL => first == 0,
                    _ => k.max(NO_CELL) < first && first + 1 < nodes.nrows(),
                })
            };
            let broken = || PyValueError::new_err("this is no table of quantiles");
            if nodes.ncols() != DEGREE + 3 || nodes.nrows() <= NO_CELL {
                return Err(broken());
            }
            let nodes: Vec<Node> = (nodes.rows().into_iter())
                .map(|row| Node {
                    coefficients: std::array::from_fn(|k| row[k]),
                    low: row[DEGREE + 1],
                    high: row[DEGREE + 2],
                })
                .collect();
            if !nodes.iter().enumerate().all(forks_go_forward) {
                return Err(broken());
            }
            Ok(QuantileTable(Table { nodes, ends: [low, high] }))
        }
    }

    type State<'py> = (Bound<'py, PyArray2<f64>>, f64, f64);

    pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add_class::<QuantileTable>()
    }
}
