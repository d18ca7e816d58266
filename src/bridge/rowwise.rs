//! From a function of rows to a loop over strided memory, eight rows at a time.

use super::chunks::map_chunks;
use super::failure::Failure;
use super::isa::{Body, Isa};
use super::lanes::{LANES, Lanes};
use super::ufunc::Operand;
use std::marker::PhantomData;
use std::ops::Range;

/// A plain function of one to three rows that gives one number; `Args` counts the rows.
///
/// Rows come as slices of [`Lanes`]: position `t` holds number `t` of eight rows.
pub(crate) trait Rowwise<Args>: Copy + Send + Sync + 'static {
    /// Number of inputs.
    const NIN: usize;

    /// Computes eight rows.
    fn call(self, rows: &[&[Lanes]]) -> Lanes;
}

/// Stands for one row operand in the `Args` of a [`Rowwise`] function.
pub(crate) struct Row;

macro_rules! rowwise_arity {
    ($nin:literal: $($x:ident)+) => {
        impl<F> Rowwise<($(row!($x),)+)> for F
        where
            F: Fn($(lanes!($x)),+) -> Lanes + Copy + Send + Sync + 'static,
        {
            const NIN: usize = $nin;

            #[inline(always)]
            fn call(self, rows: &[&[Lanes]]) -> Lanes {
                let [$($x),+] = rows else { unreachable!("one slice for each input") };
                self($($x),+)
            }
        }
    };
}
macro_rules! row {
    ($x:ident) => {
        Row
    };
}
macro_rules! lanes {
    ($x:ident) => {
        &[Lanes]
    };
}
rowwise_arity!(1: a);
rowwise_arity!(2: a b);
rowwise_arity!(3: a b c);

/// One input: how its rows lie, and how the numbers in a row do.
#[derive(Clone, Copy)]
pub(super) struct RowOperand {
    pub(super) rows: Operand,
    pub(super) len: usize,
    pub(super) step: isize,
}

/// Runs `kernel` over `n` rows; true if a NaN came out of a row without one. The grain counts
/// numbers, not rows.
///
/// # Safety
/// Each input must be readable for `n` rows of `len` aligned numbers at its strides, the output
/// writable for `n` numbers, nobody else may write to any of them meanwhile, and the output may
/// not overlap an input: NumPy copies operands of generalised ufuncs that do.
pub(super) unsafe fn run<F: Rowwise<A>, A>(
    kernel: F,
    inputs: &[RowOperand],
    output: &Operand,
    n: usize,
    grain: usize,
) -> Result<bool, Failure> {
    let len = inputs.iter().map(|input| input.len).max().unwrap_or(0).max(1);
    let invalid = map_chunks(n, (grain / len).max(1).next_multiple_of(LANES), |range| {
        // SAFETY: the caller's promise, and chunks are disjoint.
        unsafe { by_lanes(kernel, inputs, output, range, Isa::best()) }
    });
    Ok(invalid?.into_iter().any(|chunk| chunk))
}

/// # Safety
/// As for [`run`], with `range` within `0..n` and nobody else at work on it.
unsafe fn by_lanes<F: Rowwise<A>, A>(
    kernel: F,
    inputs: &[RowOperand],
    output: &Operand,
    range: Range<usize>,
    isa: Isa,
) -> bool {
    let mut buffers: Vec<Vec<Lanes>> =
        inputs.iter().map(|input| vec![Lanes::splat(0.0); input.len]).collect();
    let mut invalid = false;
    for start in range.clone().step_by(LANES) {
        let len = LANES.min(range.end - start);
        for (buffer, input) in buffers.iter_mut().zip(inputs) {
            // A row shared by all is loaded once.
            if input.rows.stride != 0 || start == range.start {
                // SAFETY: rows `start..start + len` are in range and readable.
                unsafe { load(buffer, input, start, len) };
            }
        }
        let mut result = isa.run(EightRows { kernel, rows: &buffers, args: PhantomData });
        invalid |= settle_nans(&buffers, &mut result, len);
        // SAFETY: `start..start + len` is in range and writable; no reference to it is held.
        unsafe { output.store(start, &result.0[..len]) };
    }
    invalid
}

/// Transposes up to eight rows into lanes; lanes without a row repeat the last one.
///
/// # Safety
/// Rows `start..start + len` must be readable.
unsafe fn load(buffer: &mut [Lanes], input: &RowOperand, start: usize, len: usize) {
    let rows: [*const f64; LANES] =
        std::array::from_fn(|lane| input.rows.at(start + lane.min(len - 1)).cast_const());
    for (t, lanes) in buffer.iter_mut().enumerate() {
        let offset = t as isize * input.step;
        *lanes = Lanes(std::array::from_fn(|lane| {
            // SAFETY: the row is readable and has more than `t` numbers.
            unsafe { rows[lane].byte_offset(offset).read() }
        }));
    }
}

/// Eight rows in the compilation for an instruction set.
struct EightRows<'a, F, A> {
    kernel: F,
    rows: &'a [Vec<Lanes>],
    args: PhantomData<A>,
}

impl<F: Rowwise<A>, A> Body for EightRows<'_, F, A> {
    type Output = Lanes;

    #[inline(always)]
    fn run(self) -> Lanes {
        let mut rows: [&[Lanes]; 3] = [&[]; 3];
        for (slice, buffer) in rows.iter_mut().zip(self.rows) {
            *slice = buffer;
        }
        self.kernel.call(&rows[..self.rows.len()])
    }
}

/// Gives every NaN the same bits; true if one stands where the row had none.
fn settle_nans(rows: &[Vec<Lanes>], result: &mut Lanes, len: usize) -> bool {
    let mut invalid = false;
    for (lane, y) in result.0[..len].iter_mut().enumerate() {
        if y.is_nan() {
            *y = f64::NAN;
            invalid |= !rows.iter().flatten().any(|lanes| lanes.0[lane].is_nan());
        }
    }
    invalid
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
        let rows = |values: &mut Vec<f64>, stride| Operand::new(values.as_mut_ptr().cast(), stride);
        let inputs = [
            RowOperand { rows: rows(&mut a, 8 * len as isize), len, step: 8 },
            RowOperand { rows: rows(&mut b, 0), len, step: 8 },
        ];
        for isa in Isa::available() {
            let mut out = vec![0.0; n];
            // SAFETY: `n` rows of `len`, one row of `len`, and `n` results.
            let invalid = unsafe { by_lanes(dot, &inputs, &rows(&mut out, 8), 0..n, isa) };
            assert!(!invalid);
            for (row, y) in out.iter().enumerate() {
                let plain = (0..len).fold(0.0, |sum, t| sum + a[row * len + t] * b[t]);
                assert_eq!(y.to_bits(), plain.to_bits());
            }
        }
    }
}
