//! Eight rows of contiguous numbers into lanes and back, which is half the time of a short kernel.

use super::isa::Isa;
use super::lanes::{LANES, Lanes};

/// Puts number `t` of row `k` into lane `k` of `lanes[t]`, and asks for the rows to come, which lie
/// `next` bytes on: the processor does not foresee eight streams at once.
///
/// # Safety
/// Each row must be readable for as many aligned numbers as there are lanes.
pub(super) unsafe fn into_lanes(
    isa: Isa,
    rows: [*const f64; LANES],
    next: isize,
    lanes: &mut [Lanes],
) {
    let done = match isa {
        Isa::Baseline => 0,
        // SAFETY: these variants are only made where AVX2 was seen; rows are as promised.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 | Isa::Avx512 => unsafe { avx2::into_lanes(rows, next, lanes) },
    };
    for (k, row) in rows.into_iter().enumerate() {
        for (t, lanes) in lanes.iter_mut().enumerate().skip(done) {
            // SAFETY: the row has more than `t` numbers.
            lanes.0[k] = unsafe { row.add(t).read() };
        }
    }
}

/// Puts lane `k` of `lanes[t]` into number `t` of row `k`.
///
/// # Safety
/// Each row must be writable for as many aligned numbers as there are lanes, no two may overlap,
/// and no reference to them be held.
pub(super) unsafe fn from_lanes(isa: Isa, lanes: &[Lanes], rows: [*mut f64; LANES]) {
    let done = match isa {
        Isa::Baseline => 0,
        // SAFETY: these variants are only made where AVX2 was seen; rows are as promised.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 | Isa::Avx512 => unsafe { avx2::from_lanes(lanes, rows) },
    };
    for (k, row) in rows.into_iter().enumerate() {
        for (t, lanes) in lanes.iter().enumerate().skip(done) {
            // SAFETY: the row has more than `t` numbers.
            unsafe { row.add(t).write(lanes.0[k]) };
        }
    }
}

/// Squares of four by four; both functions return how many lanes that served.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{LANES, Lanes};
    use std::arch::x86_64::{
        __m256d, _MM_HINT_T0, _mm_prefetch, _mm256_loadu_pd, _mm256_permute2f128_pd,
        _mm256_storeu_pd, _mm256_unpackhi_pd, _mm256_unpacklo_pd,
    };

    const SIDE: usize = 4;

    /// # Safety
    /// As for the function outside.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn into_lanes(
        rows: [*const f64; LANES],
        next: isize,
        lanes: &mut [Lanes],
    ) -> usize {
        let whole = lanes.len() / SIDE * SIDE;
        for (t, square) in (0..).step_by(SIDE).zip(lanes.chunks_exact_mut(SIDE)) {
            for half in [0, SIDE] {
                // SAFETY: rows have at least `t + SIDE` numbers, a `Lanes` has eight.
                unsafe {
                    let read = |k: usize| {
                        let row = rows[half + k].add(t);
                        // A hint: the address behind the last row may be any.
                        _mm_prefetch::<_MM_HINT_T0>(row.wrapping_byte_offset(next).cast());
                        _mm256_loadu_pd(row)
                    };
                    let columns = transposed([read(0), read(1), read(2), read(3)]);
                    for (lanes, column) in square.iter_mut().zip(columns) {
                        _mm256_storeu_pd(lanes.0.as_mut_ptr().add(half), column);
                    }
                }
            }
        }
        whole
    }

    /// # Safety
    /// As for the function outside.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn from_lanes(lanes: &[Lanes], rows: [*mut f64; LANES]) -> usize {
        let whole = lanes.len() / SIDE * SIDE;
        for (t, square) in (0..).step_by(SIDE).zip(lanes.chunks_exact(SIDE)) {
            for half in [0, SIDE] {
                // SAFETY: rows have at least `t + SIDE` numbers, a `Lanes` has eight.
                unsafe {
                    let read = |j: usize| _mm256_loadu_pd(square[j].0.as_ptr().add(half));
                    let columns = transposed([read(0), read(1), read(2), read(3)]);
                    for (k, column) in columns.into_iter().enumerate() {
                        _mm256_storeu_pd(rows[half + k].add(t), column);
                    }
                }
            }
        }
        whole
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn transposed([a, b, c, d]: [__m256d; SIDE]) -> [__m256d; SIDE] {
        let (ab, cd) = (_mm256_unpacklo_pd(a, b), _mm256_unpacklo_pd(c, d));
        let (ab_high, cd_high) = (_mm256_unpackhi_pd(a, b), _mm256_unpackhi_pd(c, d));
        [
            _mm256_permute2f128_pd::<0x20>(ab, cd),
            _mm256_permute2f128_pd::<0x20>(ab_high, cd_high),
            _mm256_permute2f128_pd::<0x31>(ab, cd),
            _mm256_permute2f128_pd::<0x31>(ab_high, cd_high),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_finds_its_lane_and_its_way_back() {
        for (isa, len) in
            Isa::available().into_iter().flat_map(|isa| (0..19).map(move |n| (isa, n)))
        {
            let number = |k: usize, t: usize| (100 * k + t) as f64;
            let rows: Vec<Vec<f64>> =
                (0..LANES).map(|k| (0..len).map(|t| number(k, t)).collect()).collect();
            let mut lanes = vec![Lanes::splat(-1.0); len];
            // SAFETY: eight rows of `len` numbers.
            unsafe { into_lanes(isa, std::array::from_fn(|k| rows[k].as_ptr()), 0, &mut lanes) };
            for (t, lanes) in lanes.iter().enumerate() {
                assert_eq!(lanes.0, std::array::from_fn(|k| number(k, t)));
            }
            let mut back = vec![vec![-1.0; len + 1]; LANES];
            let mut ends = back.iter_mut().map(|row| row.as_mut_ptr());
            let ends = std::array::from_fn(|_| ends.next().expect("eight rows"));
            // SAFETY: eight rows of more than `len` numbers, none of them borrowed.
            unsafe { from_lanes(isa, &lanes, ends) };
            for (row, back) in rows.iter().zip(back) {
                assert_eq!((row.as_slice(), back[len]), (&back[..len], -1.0));
            }
        }
    }
}
