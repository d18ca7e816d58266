//! What flows in now and comes out later: sums over earlier periods, each by its age.

use crate::bridge::{Body, Lanes, vectorized};
use std::ops::Range;

/// Outputs worked on together, so that each number read serves several of them.
const BLOCK: usize = 4;

/// Sum over earlier periods of what came in, by the share for its age; no share, none.
///
/// Every sum starts with the oldest period, whatever the blocks, so the bits are those of the
/// plain loop.
pub(crate) fn convolve(inflow: &[Lanes], shares: &[Lanes], out: &mut [Lanes]) {
    vectorized(Convolution { inflow, shares, out });
}

struct Convolution<'a> {
    inflow: &'a [Lanes],
    shares: &'a [Lanes],
    out: &'a mut [Lanes],
}

impl Body for Convolution<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (inflow, shares) = (self.inflow, self.shares);
        // With fewer shares than outputs in a block, no period counts for all of them.
        let blocks = if shares.len() < BLOCK { 0 } else { self.out.len() / BLOCK };
        let (blocked, rest) = self.out.split_at_mut(BLOCK * blocks);
        for (block, out) in blocked.chunks_exact_mut(BLOCK).enumerate() {
            out.copy_from_slice(&sums(inflow, shares, BLOCK * block));
        }
        for (t, out) in (BLOCK * blocks..).zip(rest) {
            *out = add(Lanes::splat(0.0), inflow, shares, t, 0..t + 1);
        }
    }
}

/// The sums for `BLOCK` periods from `first` on.
#[inline(always)]
fn sums(inflow: &[Lanes], shares: &[Lanes], first: usize) -> [Lanes; BLOCK] {
    // Periods from here to `first` count for all of them.
    let common = (first + BLOCK).saturating_sub(shares.len());
    let before = |t: usize| add(Lanes::splat(0.0), inflow, shares, t, 0..common);
    // Variables of their own, not an array: those stay in registers.
    let (mut a, mut b) = (before(first), before(first + 1));
    let (mut c, mut d) = (before(first + 2), before(first + 3));
    let aged = shares[..first + BLOCK - common].windows(BLOCK).rev();
    for (x, shares) in inflow[common..=first].iter().zip(aged) {
        a += *x * shares[0];
        b += *x * shares[1];
        c += *x * shares[2];
        d += *x * shares[3];
    }
    let after = |sum: Lanes, t: usize| add(sum, inflow, shares, t, first + 1..t + 1);
    [a, after(b, first + 1), after(c, first + 2), after(d, first + 3)]
}

/// `sum` and what `periods` add to the output of period `t`, oldest first.
#[inline(always)]
fn add(sum: Lanes, inflow: &[Lanes], shares: &[Lanes], t: usize, periods: Range<usize>) -> Lanes {
    let oldest = periods.start.max((t + 1).saturating_sub(shares.len()));
    let aged = shares[t + 1 - periods.end..t + 1 - oldest].iter().rev();
    inflow[oldest..periods.end].iter().zip(aged).fold(sum, |sum, (x, share)| sum + *x * *share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::{Isa, LANES};

    /// Numbers without a pattern, so that another order of a sum would show.
    fn rows(len: usize, seed: f64) -> Vec<Lanes> {
        let number = |t: usize, lane: usize| (seed + 1.7 * t as f64 + 0.31 * lane as f64).sin();
        (0..len).map(|t| Lanes(std::array::from_fn(|lane| number(t, lane)))).collect()
    }

    #[test]
    fn blocks_and_instruction_sets_give_the_bits_of_the_plain_loop() {
        for (periods, lags) in (0..14).flat_map(|t| (0..14).map(move |k| (t, k))) {
            let (inflow, shares) = (rows(periods, 0.3), rows(lags, 2.1));
            let plain = |t: usize, lane: usize| {
                let ages = (0..=t).rev().zip(&inflow).filter(|(age, _)| *age < lags);
                ages.fold(0.0, |sum, (age, x)| sum + x.0[lane] * shares[age].0[lane])
            };
            for isa in Isa::available() {
                let mut out = vec![Lanes::splat(f64::NAN); periods];
                isa.run(Convolution { inflow: &inflow, shares: &shares, out: &mut out });
                for (t, lanes) in out.iter().enumerate() {
                    for lane in 0..LANES {
                        assert_eq!(lanes.0[lane].to_bits(), plain(t, lane).to_bits());
                    }
                }
            }
        }
    }

    #[test]
    fn a_missing_number_spoils_nothing_before_it_and_nothing_past_its_reach() {
        let mut inflow = rows(12, 0.3);
        inflow[3] = Lanes::splat(f64::NAN);
        let mut out = vec![Lanes::splat(0.0); 12];
        convolve(&inflow, &rows(5, 2.1), &mut out);
        let missing: Vec<_> = (0..12).filter(|t| out[*t].0[0].is_nan()).collect();
        assert_eq!(missing, [3, 4, 5, 6, 7]);
    }
}
