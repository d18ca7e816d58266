//! Which draws are looked at first: points spread over the mass of all draws.

use super::draws::{STRIP, Scale};
use super::scan::BLOCK;
use crate::bridge::{Failure, map_chunks};

/// Rows of fewer draws are looked at whole.
pub(super) const WHOLE: usize = 1 << 15;

/// How many points `n` draws get: enough that windows are narrow, few enough to sort.
pub(super) fn points_for(n: usize) -> usize {
    if n < WHOLE { 0 } else { (n / 128).clamp(1 << 13, 1 << 20) }
}

/// Points from 0 to `total`, one in each of equal intervals, at a place in it that looks random.
#[derive(Clone, Debug)]
pub(super) struct Points {
    points: usize,
    total: f64,
    /// How many have been passed, and where the next one is.
    passed: usize,
    next: f64,
}

impl Points {
    pub(super) fn new(points: usize, total: f64) -> Self {
        let mut points = Points { points, total, passed: 0, next: 0.0 };
        points.next = points.at(0);
        points
    }

    fn at(&self, point: usize) -> f64 {
        if point >= self.points {
            return f64::INFINITY;
        }
        (point as f64 + fraction(point as u64)) / self.points as f64 * self.total
    }

    /// How many points lie below `end`, from the one passed last on.
    #[inline]
    pub(super) fn below(&mut self, end: f64) -> usize {
        let before = self.passed;
        while self.next < end {
            self.passed += 1;
            self.next = self.at(self.passed);
        }
        self.passed - before
    }

    /// The numbers of the draws that points fall on: of a heavy draw several times.
    ///
    /// `through` is the mass of draws so far.
    pub(super) fn places(&mut self, masses: &[u64], through: &mut u64) -> Vec<usize> {
        let mut places = Vec::new();
        for (place, mass) in masses.iter().enumerate() {
            *through += mass;
            if *mass > 0 {
                places.extend(std::iter::repeat_n(place, self.below(*through as f64)));
            }
        }
        places
    }
}

/// The numbers of the draws from `start` up to `end` that points fall on, if all count the same.
pub(super) fn even_places(points: &mut Points, start: usize, end: usize) -> Vec<usize> {
    let mut places = Vec::new();
    while points.next < end as f64 {
        places.push(points.next as usize - start);
        points.passed += 1;
        points.next = points.at(points.passed);
    }
    places
}

/// A fraction from 0 to 1 that a number hashes to (SplitMix64).
fn fraction(number: u64) -> f64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Weights of draws, with what follows from all of them.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    /// With zeros up to a whole strip.
    pub(super) masses: Vec<u64>,
    pub(super) scale: Scale,
}

impl Weights {
    /// From weights that are finite, not negative and not all zero.
    pub(super) fn new(weights: &[f64]) -> Result<Self, Failure> {
        let mut sums = WeightSums::default();
        weights.chunks(BLOCK).for_each(|block| sums.add(block));
        let scale = sums.scale();
        let masses = map_chunks(weights.len(), BLOCK, |range| scale.masses(&weights[range]))?;
        Ok(Weights { masses: masses.concat(), scale })
    }
}

impl Scale {
    /// Masses with zeros up to a whole strip.
    pub(super) fn masses(self, weights: &[f64]) -> Vec<u64> {
        let mut masses = Vec::with_capacity(weights.len().next_multiple_of(STRIP));
        masses.extend(weights.iter().map(|weight| self.mass(*weight)));
        masses.resize(weights.len().next_multiple_of(STRIP), 0);
        masses
    }
}

/// Sum and sum of squares of weights, block by block.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WeightSums {
    sum: f64,
    squares: f64,
}

impl WeightSums {
    pub(super) fn add(&mut self, block: &[f64]) {
        self.sum += block.iter().sum::<f64>();
        self.squares += block.iter().map(|weight| weight * weight).sum::<f64>();
    }

    pub(super) fn scale(self) -> Scale {
        // Squares may be beyond all numbers, or nothing: then a draw alone is what counts.
        let effective = self.sum * (self.sum / self.squares);
        Scale::new(self.sum, if effective.is_finite() { effective.max(1.0) } else { 1.0 })
    }
}
