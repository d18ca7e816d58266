//! From a function of rows to a loop over strided memory, eight rows at a time.

use super::chunks::map_chunks;
use super::failure::Failure;
use super::isa::{Body, Isa};
use super::lanes::{LANES, Lanes};
use super::transpose::{from_lanes, into_lanes};
use super::ufunc::Operand;
use std::ffi::CStr;
use std::marker::PhantomData;
use std::ops::Range;

/// A plain function of rows and numbers that gives a number or fills a row.
///
/// A row comes as a slice of [`Lanes`]: position `t` holds number `t` of eight rows. All rows have
/// one length; tables have another. `Args` tells rows, tables and numbers apart, inputs first, and
/// follows from the function's type.
pub(crate) trait Rowwise<Args>: Copy + Send + Sync + 'static {
    /// NumPy's signature, such as `(),(t)->()`.
    const SIGNATURE: &'static CStr;

    /// What each operand is, the output last.
    const CORES: &'static [Core];

    /// Computes eight rows; numbers are slices of length 1.
    fn call(self, inputs: &[&[Lanes]], out: &mut [Lanes]);
}

/// What a [`Rowwise`] function takes or gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Core {
    Number,
    /// As many numbers as there are periods, `t` in a signature.
    Row,
    /// As many numbers as there are lags, `k` in a signature.
    Table,
}

/// Stands for a row in the `Args` of a [`Rowwise`] function.
pub(crate) struct Row;

/// Stands for a table there.
pub(crate) struct Table;

/// Eight tables side by side: a type of its own, because their length is not that of the rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByLag<'a>(pub(crate) &'a [Lanes]);

/// Stands for a number there.
pub(crate) struct Number;

macro_rules! shape {
    ($signature:literal: $($x:ident $kind:ident),+ => Number) => {
        impl<F> Rowwise<($($kind,)+ Number)> for F
        where
            F: Fn($(taken!($kind)),+) -> Lanes + Copy + Send + Sync + 'static,
        {
            const SIGNATURE: &'static CStr = $signature;
            const CORES: &'static [Core] = &[$(Core::$kind,)+ Core::Number];

            #[inline(always)]
            fn call(self, inputs: &[&[Lanes]], out: &mut [Lanes]) {
                let [$($x),+] = inputs else { unreachable!("one slice for each input") };
                out[0] = self($(passed!($kind $x)),+);
            }
        }
    };
    ($signature:literal: $($x:ident $kind:ident),+ => Row) => {
        impl<F> Rowwise<($($kind,)+ Row)> for F
        where
            F: Fn($(taken!($kind)),+, &mut [Lanes]) + Copy + Send + Sync + 'static,
        {
            const SIGNATURE: &'static CStr = $signature;
            const CORES: &'static [Core] = &[$(Core::$kind,)+ Core::Row];

            #[inline(always)]
            fn call(self, inputs: &[&[Lanes]], out: &mut [Lanes]) {
                let [$($x),+] = inputs else { unreachable!("one slice for each input") };
                self($(passed!($kind $x)),+, out);
            }
        }
    };
}
macro_rules! taken {
    (Row) => {
        &[Lanes]
    };
    (Table) => {
        ByLag<'_>
    };
    (Number) => {
        Lanes
    };
}
macro_rules! passed {
    (Row $x:ident) => {
        $x
    };
    (Table $x:ident) => {
        ByLag($x)
    };
    (Number $x:ident) => {
        $x[0]
    };
}
shape!(c"(t)->()": a Row => Number);
shape!(c"(t),(t)->()": a Row, b Row => Number);
shape!(c"(t),(t),(t)->()": a Row, b Row, c Row => Number);
shape!(c"(),(t)->()": a Number, b Row => Number);
shape!(c"(),(t),(t)->()": a Number, b Row, c Row => Number);
shape!(c"(t),()->()": a Row, b Number => Number);
shape!(c"(t),(),()->()": a Row, b Number, c Number => Number);
shape!(c"(t),(t)->(t)": a Row, b Row => Row);
shape!(c"(t),(t),(t)->(t)": a Row, b Row, c Row => Row);
shape!(c"(t),(t),()->(t)": a Row, b Row, c Number => Row);
shape!(c"(t),(k)->(t)": a Row, b Table => Row);
shape!(c"(t),()->(t)": a Row, b Number => Row);
shape!(c"(t),(),()->(t)": a Row, b Number, c Number => Row);
shape!(c"(t),(),(),()->(t)": a Row, b Number, c Number, d Number => Row);

/// Most inputs among the shapes above.
const MAX_INPUTS: usize = 4;

/// One operand: how its rows lie, and how the numbers in a row do. A number is a row of one.
#[derive(Clone, Copy)]
pub(super) struct RowOperand {
    pub(super) rows: Operand,
    pub(super) len: usize,
    pub(super) step: isize,
}

impl RowOperand {
    fn is_contiguous(&self) -> bool {
        self.step == size_of::<f64>() as isize
    }

    /// Whether neighbours among rows are neighbours in memory: eight numbers for the lanes.
    fn is_side_by_side(&self) -> bool {
        self.rows.stride == size_of::<f64>() as isize
    }
}

/// Runs `kernel` over `n` rows; true if a NaN came out of a row without one. The grain counts
/// numbers, not rows.
///
/// # Safety
/// The operands hold one entry for each input and then the output. Each must be valid for `n`
/// rows of `len` aligned numbers at its strides, for reading or, the output, for writing; nobody
/// else may write to any of them meanwhile, and the output may not overlap an input: NumPy copies
/// operands of generalised ufuncs that do.
pub(super) unsafe fn run<F: Rowwise<A>, A>(
    kernel: F,
    operands: &[RowOperand],
    n: usize,
    grain: usize,
) -> Result<bool, Failure> {
    let len = operands.iter().map(|operand| operand.len).max().unwrap_or(0).max(1);
    let invalid = map_chunks(n, (grain / len).max(1).next_multiple_of(LANES), |range| {
        // SAFETY: the caller's promise, and chunks are disjoint.
        unsafe { by_lanes(kernel, operands, range, Isa::best()) }
    });
    Ok(invalid?.into_iter().any(|chunk| chunk))
}

/// # Safety
/// As for [`run`], with `range` within `0..n` and nobody else at work on it.
unsafe fn by_lanes<F: Rowwise<A>, A>(
    kernel: F,
    operands: &[RowOperand],
    range: Range<usize>,
    isa: Isa,
) -> bool {
    let (output, inputs) = operands.split_last().expect("a kernel has an output");
    let buffer = |operand: &RowOperand| vec![Lanes::splat(0.0); operand.len];
    let mut rows: Vec<Vec<Lanes>> = inputs.iter().map(buffer).collect();
    let mut out = buffer(output);
    let mut invalid = false;
    for start in range.clone().step_by(LANES) {
        let len = LANES.min(range.end - start);
        for (row, input) in rows.iter_mut().zip(inputs) {
            // A row shared by all is loaded once.
            if input.rows.stride != 0 || start == range.start {
                // SAFETY: rows `start..start + len` are in range and readable.
                unsafe { load(row, input, start, len, isa) };
            }
        }
        isa.run(EightRows { kernel, rows: &rows, out: &mut out, args: PhantomData });
        invalid |= settle_nans(&rows, &mut out, len);
        // SAFETY: rows `start..start + len` are in range and writable; no reference is held.
        unsafe { store(&out, output, start, len, isa) };
    }
    invalid
}

/// Transposes up to eight rows into lanes; lanes without a row repeat the last one.
///
/// # Safety
/// Rows `start..start + len` must be readable.
unsafe fn load(buffer: &mut [Lanes], input: &RowOperand, start: usize, len: usize, isa: Isa) {
    if input.is_side_by_side() && len == LANES {
        let first = Operand::new(input.rows.at(start).cast(), input.step);
        for (t, lanes) in buffer.iter_mut().enumerate() {
            // SAFETY: numbers `t` of eight rows are readable and lie one after the other.
            lanes.0 = unsafe { first.at(t).cast::<[f64; LANES]>().read() };
        }
        return;
    }
    if input.is_contiguous() {
        let rows =
            std::array::from_fn(|lane| input.rows.at(start + lane.min(len - 1)).cast_const());
        // SAFETY: the caller's promise: each row is readable and as long as the buffer.
        return unsafe { into_lanes(isa, rows, input.rows.stride * LANES as isize, buffer) };
    }
    for lane in 0..LANES {
        let row = Operand::new(input.rows.at(start + lane.min(len - 1)).cast(), input.step);
        for (t, lanes) in buffer.iter_mut().enumerate() {
            // SAFETY: the row is readable and has more than `t` numbers.
            lanes.0[lane] = unsafe { row.at(t).read() };
        }
    }
}

/// Transposes lanes into up to eight rows.
///
/// # Safety
/// Rows `start..start + len` must be writable and no reference to them be held.
unsafe fn store(buffer: &[Lanes], output: &RowOperand, start: usize, len: usize, isa: Isa) {
    if output.is_side_by_side() && len == LANES {
        let first = Operand::new(output.rows.at(start).cast(), output.step);
        for (t, lanes) in buffer.iter().enumerate() {
            // SAFETY: numbers `t` of eight rows are writable and lie one after the other.
            unsafe { first.at(t).cast::<[f64; LANES]>().write(lanes.0) };
        }
        return;
    }
    if output.is_contiguous() && len == LANES {
        let rows = std::array::from_fn(|lane| output.rows.at(start + lane));
        // SAFETY: the caller's promise: eight rows, writable, as long as the buffer.
        return unsafe { from_lanes(isa, buffer, rows) };
    }
    for lane in 0..len {
        let row = Operand::new(output.rows.at(start + lane).cast(), output.step);
        for (t, lanes) in buffer.iter().enumerate() {
            // SAFETY: the row is writable and has more than `t` numbers.
            unsafe { row.at(t).write(lanes.0[lane]) };
        }
    }
}

/// Eight rows in the compilation for an instruction set.
struct EightRows<'a, F, A> {
    kernel: F,
    rows: &'a [Vec<Lanes>],
    out: &'a mut [Lanes],
    args: PhantomData<A>,
}

impl<F: Rowwise<A>, A> Body for EightRows<'_, F, A> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut rows: [&[Lanes]; MAX_INPUTS] = [&[]; MAX_INPUTS];
        for (slice, buffer) in rows.iter_mut().zip(self.rows) {
            *slice = buffer;
        }
        self.kernel.call(&rows[..self.rows.len()], self.out);
    }
}

/// Gives every NaN the same bits; true if one stands in a row whose inputs had none.
fn settle_nans(rows: &[Vec<Lanes>], out: &mut [Lanes], len: usize) -> bool {
    // All numbers at once, which vectorises; most often there is no NaN.
    if !out.iter().fold(false, |any, lanes| lanes.0.iter().fold(any, |any, y| any | y.is_nan())) {
        return false;
    }
    let mut found = [false; LANES];
    for lanes in out {
        for (y, found) in lanes.0[..len].iter_mut().zip(&mut found) {
            if y.is_nan() {
                *y = f64::NAN;
                *found = true;
            }
        }
    }
    let given = |lane: usize| rows.iter().flatten().any(|lanes| lanes.0[lane].is_nan());
    (0..len).any(|lane| found[lane] && !given(lane))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(always)]
    fn dot(a: &[Lanes], b: &[Lanes]) -> Lanes {
        a.iter().zip(b).fold(Lanes::splat(0.0), |sum, (x, y)| sum + *x * *y)
    }

    #[test]
    fn every_instruction_set_gives_the_bits_of_the_plain_sum() {
        let (n, len) = (43, 12);
        let mut a: Vec<f64> = (0..n * len).map(|k| (k as f64).sin()).collect();
        let mut b: Vec<f64> = (0..len).map(|k| (k as f64 + 0.1).cos()).collect();
        let operand = |values: &mut Vec<f64>, stride, len| {
            let rows = Operand::new(values.as_mut_ptr().cast(), stride);
            RowOperand { rows, len, step: 8 }
        };
        for isa in Isa::available() {
            let mut out = vec![0.0; n];
            let operands = [
                operand(&mut a, 8 * len as isize, len),
                operand(&mut b, 0, len),
                operand(&mut out, 8, 1),
            ];
            // SAFETY: `n` rows of `len`, one row of `len`, and `n` results.
            let invalid = unsafe { by_lanes(dot, &operands, 0..n, isa) };
            assert!(!invalid);
            for (row, y) in out.iter().enumerate() {
                let plain = (0..len).fold(0.0, |sum, t| sum + a[row * len + t] * b[t]);
                assert_eq!(y.to_bits(), plain.to_bits());
            }
        }
    }

    #[test]
    fn a_table_has_a_length_of_its_own() {
        let steps = |row: &[Lanes], table: ByLag<'_>, out: &mut [Lanes]| {
            for (t, out) in out.iter_mut().enumerate() {
                *out = row[t] + table.0.get(t).copied().unwrap_or(Lanes::splat(0.0));
            }
        };
        for (n, periods, lags) in [(11, 5, 2), (3, 2, 6), (9, 4, 0)] {
            let mut row: Vec<f64> = (0..n * periods).map(|k| 100.0 * k as f64).collect();
            let mut table: Vec<f64> = (0..n * lags).map(|k| 1.0 + k as f64).collect();
            let mut out = vec![-1.0; n * periods];
            let at = |values: &mut Vec<f64>, len: usize| {
                let rows = Operand::new(values.as_mut_ptr().cast(), 8 * len as isize);
                RowOperand { rows, len, step: 8 }
            };
            let operands = [at(&mut row, periods), at(&mut table, lags), at(&mut out, periods)];
            // SAFETY: `n` rows of `periods`, `n` of `lags`, and `n` of `periods`.
            let invalid = unsafe { run(steps, &operands, n, 64) }.unwrap();
            assert!(!invalid);
            for k in 0..n * periods {
                let (place, t) = (k / periods, k % periods);
                let more = if t < lags { table[place * lags + t] } else { 0.0 };
                assert_eq!(out[k], row[k] + more);
            }
        }
    }

    #[test]
    fn rows_come_out_where_they_belong() {
        let scaled = |row: &[Lanes], factor: Lanes, shift: Lanes, out: &mut [Lanes]| {
            for (out, x) in out.iter_mut().zip(row) {
                *out = *x * factor + shift;
            }
        };
        let (n, len) = (11, 3);
        let mut row: Vec<f64> = (0..n * len).map(|k| k as f64).collect();
        let mut factor: Vec<f64> = (0..n).map(|k| 10f64.powi(k as i32)).collect();
        let mut shift = vec![0.5];
        let mut out = vec![-1.0; n * len];
        let at = |values: &mut Vec<f64>, stride: usize, len, step| {
            let rows = Operand::new(values.as_mut_ptr().cast(), 8 * stride as isize);
            RowOperand { rows, len, step }
        };
        // The result lies column by column.
        let operands = [
            at(&mut row, len, len, 8),
            at(&mut factor, 1, 1, 0),
            at(&mut shift, 0, 1, 0),
            at(&mut out, 1, len, 8 * n as isize),
        ];
        // SAFETY: `n` rows of `len`, `n` numbers, and `n` rows of `len` at those strides.
        let invalid = unsafe { run(scaled, &operands, n, 64) }.unwrap();
        assert!(!invalid);
        for k in 0..n * len {
            assert_eq!(out[k % len * n + k / len], row[k] * factor[k / len] + 0.5);
        }
    }
}
