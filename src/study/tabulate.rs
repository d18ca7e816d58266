//! Making a table of quantiles with a bound on the probability error.
//!
//! A cell gets the polynomial of degree five through the quantiles at Chebyshev–Lobatto points.
//! Where that misses the quantile function (a kink, a jump), the cell is halved until it fits or
//! is too narrow to matter. The test is on probability: the value at `v` must lie between the
//! exact quantiles at `v ± tolerance`.
//!
//! Compare G. Derflinger, W. Hörmann, J. Leydold, *Random variate generation by numerical
//! inversion when only the density is known*, ACM TOMACS 20 (2010), section 2: error control by
//! u-resolution.

use super::quantile::{CELLS_PER_OCTAVE, DEGREE, NO_CELL, Node, SIDE, SMALLEST, Table};
use std::ops::Range;

/// Stated bound on the probability error; [`TOLERANCE`] leaves a margin below it.
#[cfg(test)]
const PROBABILITY_ERROR: f64 = 1e-9;

/// Probability error allowed at the points where a cell is tested …
const TOLERANCE: f64 = 2e-10;

/// … and in the tails, relative to the tail probability.
const TAIL_TOLERANCE: f64 = 1e-6;

/// What many upper tails are off by, being computed from `1 - v`.
const ROUNDING: f64 = 1e-15;

/// Distributions with more jumps than fit here are not for tables.
const MAX_NODES: usize = 1 << 20;

/// Below this tail probability a quantile function that breaks down is continued flat.
const DEEP_TAIL: f64 = 1.0 / (1u64 << 30) as f64;

/// Chebyshev–Lobatto points cos(pi k / 5), rising, and the points half-way between.
const NODES: [f64; DEGREE + 1] = [
    -1.0,
    -0.809_016_994_374_947_5,
    -0.309_016_994_374_947_4,
    0.309_016_994_374_947_4,
    0.809_016_994_374_947_5,
    1.0,
];
const CHECKS: [f64; DEGREE] = [-0.92, -0.58, 0.0, 0.58, 0.92];

/// Why a distribution has no table.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault<E> {
    /// The quantile function itself failed.
    Quantile(E),
    /// It is not finite at this probability, or NaN at an end.
    NotFinite { probability: f64, value: f64 },
    /// It falls between these probabilities.
    Falls { from: f64, to: f64 },
    /// It jumps too often.
    TooFine,
}

/// A cell still to be fitted: `v` from `start` to `start + width`.
#[derive(Clone, Copy)]
struct Cell {
    node: usize,
    upper: bool,
    start: f64,
    width: f64,
}

impl Cell {
    fn at(&self, s: f64) -> f64 {
        self.start + self.width * (0.5 + 0.5 * s)
    }

    /// Probability that the value at `v` may be off.
    fn tolerance(v: f64) -> f64 {
        TOLERANCE.min(TAIL_TOLERANCE * v + ROUNDING)
    }

    /// Where the quantile function is needed: the nodes, then both sides of each check.
    fn points(&self) -> impl Iterator<Item = f64> + '_ {
        let nodes = NODES.iter().map(|s| self.at(*s));
        let checks = CHECKS.iter().flat_map(|s| {
            let v = self.at(*s);
            let tolerance = Self::tolerance(v);
            [(v - tolerance).max(0.5 * v), v + tolerance]
        });
        nodes.chain(checks)
    }

    fn probability(&self, v: f64) -> f64 {
        if self.upper { 1.0 - v } else { v }
    }
}

const POINTS: usize = NODES.len() + 2 * CHECKS.len();

impl Table {
    /// Tabulates a distribution from its quantile function, `quantile(tail, upper)`: the values
    /// exceeded with probability `tail` if `upper`, fallen short of otherwise.
    pub(crate) fn build<E>(
        mut quantile: impl FnMut(&[f64], bool) -> Result<Vec<f64>, E>,
    ) -> Result<Self, Fault<E>> {
        let mut at = |tail, upper| match quantile(&[tail], upper).map_err(Fault::Quantile)?[0] {
            value if value.is_nan() => {
                let probability = if upper { 1.0 - tail } else { tail };
                Err(Fault::NotFinite { probability, value })
            }
            value => Ok(value),
        };
        let ends = [at(0.0, false)?, at(0.0, true)?];
        let spread = at(0.25, true)? - at(0.25, false)?;
        if spread < 0.0 {
            return Err(Fault::Falls { from: 0.25, to: 0.75 });
        }
        let mut table = Table { nodes: vec![Node::constant(0.0); NO_CELL], ends };
        table.nodes.push(Node::fork(0));
        let mut cells: Vec<Cell> = [false, true].into_iter().flat_map(top_cells).collect();
        while !cells.is_empty() {
            let values = evaluate(&cells, &mut quantile).map_err(Fault::Quantile)?;
            let mut halves = Vec::new();
            for (cell, values) in cells.iter().zip(values.chunks_exact(POINTS)) {
                match fit(cell, values, spread)? {
                    Some(node) => table.nodes[cell.node] = node,
                    None => halves.extend(table.split(cell)),
                }
            }
            if table.nodes.len() > MAX_NODES {
                return Err(Fault::TooFine);
            }
            cells = halves;
        }
        table.continue_deep_tails();
        Ok(table)
    }

    fn split(&mut self, cell: &Cell) -> [Cell; 2] {
        let first = self.nodes.len();
        self.nodes.extend([Node::constant(0.0); 2]);
        self.nodes[cell.node] = Node::fork(first);
        let width = 0.5 * cell.width;
        let half = |k: usize| Cell {
            node: first + k,
            start: cell.start + k as f64 * width,
            width,
            ..*cell
        };
        [half(0), half(1)]
    }

    /// Replaces the unusable cells of the deep tails by the quantile where they begin.
    fn continue_deep_tails(&mut self) {
        for side in [0..SIDE, SIDE..2 * SIDE] {
            let inward = side.clone().rev();
            let mut last = self.nodes[side.end - 1].low;
            for k in inward {
                let node = &mut self.nodes[k];
                if node.low.is_nan() {
                    *node = Node::constant(last);
                }
                last = if side.start == 0 { node.low } else { node.high };
            }
        }
    }
}

fn top_cells(upper: bool) -> impl Iterator<Item = Cell> {
    (0..SIDE).map(move |k| {
        let octave = SMALLEST * (1u64 << (k / CELLS_PER_OCTAVE)) as f64;
        let width = octave / CELLS_PER_OCTAVE as f64;
        let start = octave + width * (k % CELLS_PER_OCTAVE) as f64;
        // The last cell begins at 1/2 and has nothing beyond.
        let width = if k == SIDE - 1 { 0.0 } else { width };
        Cell { node: k + if upper { SIDE } else { 0 }, upper, start, width }
    })
}

/// The quantiles at each cell's points, in the order of `cells`.
fn evaluate<E>(
    cells: &[Cell],
    quantile: &mut impl FnMut(&[f64], bool) -> Result<Vec<f64>, E>,
) -> Result<Vec<f64>, E> {
    let mut values = vec![f64::NAN; cells.len() * POINTS];
    for upper in [false, true] {
        let ours = || cells.iter().enumerate().filter(|(_, cell)| cell.upper == upper);
        let points: Vec<f64> = ours().flat_map(|(_, cell)| cell.points()).collect();
        if points.is_empty() {
            continue;
        }
        let found = quantile(&points, upper)?;
        for ((k, _), found) in ours().zip(found.chunks_exact(POINTS)) {
            let place: Range<usize> = k * POINTS..(k + 1) * POINTS;
            values[place].copy_from_slice(found);
        }
    }
    Ok(values)
}

/// The cell's polynomial, or `None` if it has to be halved.
fn fit<E>(cell: &Cell, values: &[f64], spread: f64) -> Result<Option<Node>, Fault<E>> {
    let (at_nodes, at_checks) = values.split_at(NODES.len());
    if let Some(k) = values.iter().position(|x| !x.is_finite()) {
        if cell.start < DEEP_TAIL {
            return Ok(Some(Node { low: f64::NAN, ..Node::constant(f64::NAN) }));
        }
        let probability = cell.probability(cell.points().nth(k).unwrap_or(cell.start));
        return Err(Fault::NotFinite { probability, value: values[k] });
    }
    let (first, last) = (at_nodes[0], at_nodes[DEGREE]);
    let (low, high) = if cell.upper { (last, first) } else { (first, last) };
    let rounding = 4.0 * f64::EPSILON * low.abs().max(high.abs());
    if low - high > (1e-6 * spread).max(rounding) && cell.start >= DEEP_TAIL {
        let [from, to] = [cell.start, cell.start + cell.width].map(|v| cell.probability(v));
        return Err(Fault::Falls { from: from.min(to), to: from.max(to) });
    }
    if low >= high {
        return Ok(Some(Node::constant(low)));
    }
    if cell.width <= 4.0 * Cell::tolerance(cell.start) {
        // Too narrow to matter, so there is a jump: give one of its values, none in the middle.
        return Ok(Some(Node::constant(high)));
    }
    let node = Node { coefficients: interpolate(at_nodes), low, high };
    let fits = CHECKS.iter().zip(at_checks.chunks_exact(2)).all(|(s, around)| {
        let (least, most) = (around[0].min(around[1]), around[0].max(around[1]));
        (least - rounding..=most + rounding).contains(&node.at(*s))
    });
    Ok(fits.then_some(node))
}

/// Coefficients, constant first, of the polynomial through `values` at [`NODES`] (Newton).
fn interpolate(values: &[f64]) -> [f64; DEGREE + 1] {
    let mut newton: [f64; DEGREE + 1] = std::array::from_fn(|k| values[k]);
    for order in 1..=DEGREE {
        for k in (order..=DEGREE).rev() {
            newton[k] = (newton[k] - newton[k - 1]) / (NODES[k] - NODES[k - order]);
        }
    }
    let mut coefficients = [0.0; DEGREE + 1];
    for k in (0..=DEGREE).rev() {
        // Multiply by (s - node) and add the next Newton coefficient.
        for power in (1..=DEGREE).rev() {
            coefficients[power] = coefficients[power - 1] - NODES[k] * coefficients[power];
        }
        coefficients[0] = newton[k] - NODES[k] * coefficients[0];
    }
    coefficients
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn table(lower: impl Fn(f64) -> f64, upper: impl Fn(f64) -> f64) -> Table {
        let quantile = |tail: &[f64], is_upper: bool| -> Result<Vec<f64>, Infallible> {
            Ok(tail.iter().map(|v| if is_upper { upper(*v) } else { lower(*v) }).collect())
        };
        Table::build(quantile).unwrap()
    }

    fn probabilities() -> impl Iterator<Item = f64> {
        let tails = (1..33).map(|k| 0.7 * 0.5f64.powi(k));
        let body = (1..20_000).map(|k| f64::from(k) / 20_000.0);
        tails.chain(body)
    }

    #[test]
    fn an_exponential_keeps_its_probabilities() {
        let table = table(|v| -libm::log1p(-v), |v| -libm::log(v));
        for u in probabilities() {
            let back = -libm::expm1(-table.quantile(u));
            assert!((back - u).abs() < PROBABILITY_ERROR.min(2e-6 * u + 1e-14), "{u} {back}");
        }
        assert_eq!(table.quantile(0.0), 0.0);
        assert_eq!(table.quantile(1.0), f64::INFINITY);
        assert!(table.quantile(-1e-9).is_nan() && table.quantile(f64::NAN).is_nan());
    }

    #[test]
    fn a_kink_inside_a_cell_is_found() {
        // Density 2 below 0.2, then 0.75: the quantile function bends at u = 0.4.
        let below = |u: f64| {
            if u < 0.4 { u / 2.0 } else { 0.2 + (u - 0.4) / 0.75 }
        };
        let table = table(below, |v| below(1.0 - v));
        for u in probabilities() {
            let x = table.quantile(u);
            let back = if x < 0.2 { 2.0 * x } else { 0.4 + 0.75 * (x - 0.2) };
            assert!((back - u).abs() < PROBABILITY_ERROR, "{u} {back}");
        }
    }

    #[test]
    fn a_discrete_distribution_gives_its_own_values_only() {
        let below = |u: f64| {
            if u <= 0.3 {
                1.0
            } else if u <= 0.75 {
                5.0
            } else {
                7.0
            }
        };
        let table = table(below, |v| below(1.0 - v));
        for u in probabilities().chain([0.3 - 1e-12, 0.3 + 1e-12, 0.75 + 1e-11]) {
            assert!([1.0, 5.0, 7.0].contains(&table.quantile(u)));
        }
        assert_eq!([0.3 - 1e-9, 0.3 + 1e-9].map(|u| table.quantile(u)), [1.0, 5.0]);
        assert_eq!([0.75 - 1e-9, 0.75 + 1e-9].map(|u| table.quantile(u)), [5.0, 7.0]);
    }

    #[test]
    fn what_is_no_quantile_function_is_refused() {
        let build = |f: fn(f64) -> f64| {
            Table::build(|tail: &[f64], upper| -> Result<Vec<f64>, Infallible> {
                Ok(tail.iter().map(|v| f(if upper { 1.0 - v } else { *v })).collect())
            })
        };
        assert!(matches!(build(|_| f64::NAN), Err(Fault::NotFinite { .. })));
        assert!(matches!(build(|u| 1.0 - u), Err(Fault::Falls { .. })));
        assert!(matches!(
            build(|u| if u > 0.6 { f64::INFINITY } else { u }),
            Err(Fault::NotFinite { .. })
        ));
    }
}
