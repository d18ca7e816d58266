//! Which draws are looked at first: points spread over the mass of all draws.

use super::draws::{STRIP, Scale};

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
    next: usize,
}

impl Points {
    pub(super) fn new(points: usize, total: f64) -> Self {
        Points { points, total, next: 0 }
    }

    fn at(&self, point: usize) -> f64 {
        let place = point as f64 + fraction(point as u64);
        place / self.points as f64 * self.total
    }

    /// How many points, from the one looked at last on, lie below `end`.
    pub(super) fn below(&mut self, end: f64) -> usize {
        let first = self.next;
        while self.next < self.points && self.at(self.next) < end {
            self.next += 1;
        }
        self.next - first
    }

    /// The numbers of the draws that points fall on, if all draws count the same.
    pub(super) fn places(&self) -> Vec<usize> {
        let last = (self.total as usize).saturating_sub(1);
        (0..self.points).map(|point| (self.at(point) as usize).min(last)).collect()
    }

    /// The numbers of the draws that points fall on: of a heavy draw several times.
    pub(super) fn places_among(mut self, masses: &[u64]) -> Vec<usize> {
        let (mut places, mut through) = (Vec::with_capacity(self.points), 0);
        for (place, mass) in masses.iter().enumerate() {
            through += mass;
            let times = if *mass > 0 { self.below(through as f64) } else { 0 };
            places.extend(std::iter::repeat_n(place, times));
        }
        places
    }
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
    pub(super) fn new(weights: &[f64]) -> Self {
        let mut sums = WeightSums::default();
        weights.chunks(super::scan::BLOCK).for_each(|block| sums.add(block));
        let scale = sums.scale();
        let mut masses: Vec<u64> = weights.iter().map(|weight| scale.mass(*weight)).collect();
        masses.resize(weights.len().next_multiple_of(STRIP), 0);
        Weights { masses, scale }
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
        Scale::new(self.sum, self.squares)
    }

    /// Whether weights with these sums tell how much draws count.
    pub(super) fn are_good(self) -> bool {
        self.sum > 0.0 && self.sum.is_finite()
    }
}
