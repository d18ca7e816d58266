//! From a function of numbers to a loop over strided memory.

use super::chunks::{map_chunks, map_chunks_in_order};
use super::failure::Failure;
use super::isa::{Body, Isa};
use super::ufunc::Operand;
use std::marker::PhantomData;
use std::ops::Range;

/// Elements computed at once: inputs and output of a block stay in the first-level cache.
const BLOCK: usize = 256;

/// Below this many elements a loop of blocks costs more than it saves.
const FEW: usize = 16;

/// A plain function of one to six numbers; `Args` is its tuple of arguments.
pub(crate) trait Elementwise<Args>: Copy + Send + Sync + 'static {
    /// Number of inputs.
    const NIN: usize;

    /// Computes `out[i]` from element `i` of each input.
    fn map(self, inputs: &[&[f64]], out: &mut [f64]);
}

macro_rules! elementwise_arity {
    ($nin:literal: $($x:ident)+) => {
        impl<F> Elementwise<($(number!($x),)+)> for F
        where
            F: Fn($(number!($x)),+) -> f64 + Copy + Send + Sync + 'static,
        {
            const NIN: usize = $nin;

            #[inline(always)]
            fn map(self, inputs: &[&[f64]], out: &mut [f64]) {
                let [$($x),+] = inputs else { unreachable!("one slice for each input") };
                $(let $x = &$x[..out.len()];)+
                for i in 0..out.len() {
                    out[i] = self($($x[i]),+);
                }
            }
        }
    };
}
macro_rules! number {
    ($x:ident) => {
        f64
    };
}
elementwise_arity!(1: a);
elementwise_arity!(2: a b);
elementwise_arity!(3: a b c);
elementwise_arity!(4: a b c d);
elementwise_arity!(5: a b c d e);
elementwise_arity!(6: a b c d e f);

/// Most inputs a kernel may have.
pub(super) const MAX_INPUTS: usize = 6;

/// Runs `kernel` over `n` elements; true if a NaN came out where none went in.
///
/// # Safety
/// The operands hold one entry for each input and then the output. Each must be valid for `n`
/// aligned numbers at its stride, for reading or, the output, for writing, and nobody else may
/// write to any of them meanwhile. Operands may overlap.
pub(super) unsafe fn run<F: Elementwise<A>, A>(
    kernel: F,
    operands: &[Operand],
    n: usize,
    grain: usize,
) -> Result<bool, Failure> {
    let (output, inputs) = operands.split_last().expect("a kernel has an output");
    let ordered = inputs.iter().any(|input| input.feeds_back(output, n));
    // SAFETY: the caller's promise; elements are read and written one after the other.
    let singly = |range| unsafe { one_by_one(kernel, inputs, output, range) };
    let invalid = if ordered {
        map_chunks_in_order(n, grain, singly)
    } else if n.min(grain) < FEW {
        // As below, no thread reads what another one writes.
        map_chunks(n, grain, singly)
    } else {
        map_chunks(n, grain, |range| {
            // SAFETY: the caller's promise. Chunks are disjoint and the output meets an input
            // element for element or not at all, so no thread reads what another one writes.
            unsafe { by_blocks(kernel, inputs, output, range, Isa::best()) }
        })
    };
    Ok(invalid?.into_iter().any(|chunk| chunk))
}

/// # Safety
/// As for [`run`], with `range` within `0..n`.
unsafe fn one_by_one<F: Elementwise<A>, A>(
    kernel: F,
    inputs: &[Operand],
    output: &Operand,
    range: Range<usize>,
) -> bool {
    let mut invalid = false;
    let mut values = [0.0; MAX_INPUTS];
    for i in range {
        for (value, input) in values.iter_mut().zip(inputs) {
            // SAFETY: `i` is in range and the input readable.
            *value = unsafe { input.at(i).read() };
        }
        let slices: [&[f64]; MAX_INPUTS] =
            std::array::from_fn(|k| std::slice::from_ref(&values[k]));
        let mut result = [0.0];
        kernel.map(&slices[..inputs.len()], &mut result);
        invalid |= settle_nans(&slices[..inputs.len()], &mut result);
        // SAFETY: `i` is in range and the output writable; no reference to it is held.
        unsafe { output.at(i).write(result[0]) };
    }
    invalid
}

/// # Safety
/// As for [`run`], with `range` within `0..n`, nobody else at work on it, and no input that
/// overlaps the output other than element for element.
unsafe fn by_blocks<F: Elementwise<A>, A>(
    kernel: F,
    inputs: &[Operand],
    output: &Operand,
    range: Range<usize>,
    isa: Isa,
) -> bool {
    let mut gathered = [[0.0; BLOCK]; MAX_INPUTS];
    for (buffer, input) in gathered.iter_mut().zip(inputs) {
        if input.stride == 0 {
            // SAFETY: the range is not empty and the input readable.
            buffer.fill(unsafe { input.at(range.start).read() });
        }
    }
    let mut result = [0.0; BLOCK];
    let mut invalid = false;
    // Where no input shares memory with the output, results go there at once.
    let n = range.len();
    let direct = output.is_contiguous()
        && inputs.iter().all(|input| input.is_apart_from(output, range.start, n));
    let mut start = range.start;
    while start < range.end {
        let len = BLOCK.min(range.end - start);
        let mut slices: [&[f64]; MAX_INPUTS] = [&[]; MAX_INPUTS];
        for ((slice, buffer), input) in slices.iter_mut().zip(&mut gathered).zip(inputs) {
            *slice = if input.is_contiguous() {
                // SAFETY: aligned, readable, and written neither by others nor by this block:
                // its results go elsewhere, or to `result` first.
                unsafe { std::slice::from_raw_parts(input.at(start), len) }
            } else {
                if input.stride != 0 {
                    for (k, value) in buffer[..len].iter_mut().enumerate() {
                        // SAFETY: `start + k` is in range and the input readable.
                        *value = unsafe { input.at(start + k).read() };
                    }
                }
                &buffer[..len]
            };
        }
        let out = if direct {
            // SAFETY: aligned and writable, ours alone, and no input shares its memory.
            unsafe { std::slice::from_raw_parts_mut(output.at(start), len) }
        } else {
            &mut result[..len]
        };
        invalid |=
            isa.run(Block { kernel, inputs: &slices[..inputs.len()], out, args: PhantomData });
        if !direct {
            // SAFETY: the block is in range and writable, and no reference to it is held any more.
            unsafe { output.store(start, &result[..len]) };
        }
        start += len;
    }
    invalid
}

/// One block in the compilation for an instruction set.
struct Block<'a, F, A> {
    kernel: F,
    inputs: &'a [&'a [f64]],
    out: &'a mut [f64],
    args: PhantomData<A>,
}

impl<F: Elementwise<A>, A> Body for Block<'_, F, A> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        self.kernel.map(self.inputs, self.out);
        self.out.iter().fold(false, |any, y| any | y.is_nan()) && settle_nans(self.inputs, self.out)
    }
}

/// Gives every NaN the same bits; true if one stands where no input was NaN.
#[cold]
fn settle_nans(inputs: &[&[f64]], out: &mut [f64]) -> bool {
    let mut invalid = false;
    for (i, y) in out.iter_mut().enumerate() {
        if y.is_nan() {
            *y = f64::NAN;
            invalid |= !inputs.iter().any(|input| input[i].is_nan());
        }
    }
    invalid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(a: f64, b: f64, c: f64) -> f64 {
        a / b / c + (a * b - c).sqrt()
    }

    fn noise(n: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        let mut draw = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1u64 << 53) as f64 - 0.2
        };
        (0..n).map(|_| draw()).collect()
    }

    fn operand(values: &mut [f64], start: usize, stride: isize) -> Operand {
        Operand::new(values[start..].as_mut_ptr().cast(), stride * 8)
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let n = 3 * BLOCK + 7;
        let [mut a, mut b, mut c] = [1, 2, 3].map(|seed| noise(n, seed));
        let inputs = [operand(&mut a, 0, 1), operand(&mut b, n - 1, -1), operand(&mut c, 5, 0)];
        let results: Vec<Vec<u64>> = (Isa::available().into_iter())
            .map(|isa| {
                let mut out = vec![0.0; n];
                // SAFETY: four buffers of `n` numbers, walked at strides that stay inside.
                unsafe { by_blocks(ratio, &inputs, &operand(&mut out, 0, 1), 0..n, isa) };
                out.into_iter().map(f64::to_bits).collect()
            })
            .collect();
        for i in 0..n {
            let y = ratio(a[i], b[n - 1 - i], c[5]);
            let expected = if y.is_nan() { f64::NAN } else { y };
            assert!(results.iter().all(|bits| bits[i] == expected.to_bits()));
        }
    }

    #[test]
    fn an_accumulator_that_is_input_and_output_sees_each_step() {
        let n = 1000;
        let mut terms = vec![1.0; n];
        let mut total = vec![0.0];
        let accumulator = operand(&mut total, 0, 0);
        let operands = [accumulator, operand(&mut terms, 0, 1), accumulator];
        // SAFETY: one number at stride 0 and `n` at stride 1.
        let invalid = unsafe { run(|a: f64, b: f64| a + b, &operands, n, 64) }.unwrap();
        assert_eq!((invalid, total[0]), (false, n as f64));
    }

    #[test]
    fn a_running_sum_reads_what_the_step_before_wrote() {
        let n = 1000;
        let mut sums = vec![1.0; n + 1];
        let mut terms = vec![1.0; n];
        let operands =
            [operand(&mut sums, 0, 1), operand(&mut terms, 0, 1), operand(&mut sums, 1, 1)];
        // SAFETY: `n + 1` and `n` numbers at stride 1.
        unsafe { run(|a: f64, b: f64| a + b, &operands, n, 64) }.unwrap();
        assert_eq!(sums[n], n as f64 + 1.0);
    }
}
