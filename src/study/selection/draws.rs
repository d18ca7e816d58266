//! Draws as they are sorted, what each counts for, and the choice of some of them by rank.

use std::fmt::Debug;

/// Draws side by side in the loops. Draw `i` stands in lane `i % LANES`, its replicate.
pub(super) const LANES: usize = 16;

/// Draws that inner loops run over: several times the lanes, so that they vectorise.
pub(super) const STRIP: usize = 64;

/// What is kept of a draw that may be the one looked for.
pub(super) trait Draw: Copy + Send + Sync + Debug {
    fn new(value: f64, mass: u64) -> Self;
    fn key(&self) -> i64;
    fn value(&self) -> f64 {
        from_key(self.key())
    }
    fn mass(&self) -> u64;
    /// Mass of all of them.
    fn total(draws: &[Self]) -> u64;
    /// Where to split sorted draws so that the one that reaches `mass` is found soon.
    fn split(draws: &[Self], mass: u64) -> usize;
}

/// Number whose order as an integer is that of the values; both zeros have the same.
#[inline(always)]
fn to_key(value: f64) -> i64 {
    let bits = (value + 0.0).to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

fn from_key(key: i64) -> f64 {
    f64::from_bits((key ^ (((key >> 63) as u64) >> 1) as i64) as u64)
}

/// A draw among equally weighted ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct EqualDraw(i64);

impl Draw for EqualDraw {
    #[inline(always)]
    fn new(value: f64, _: u64) -> Self {
        EqualDraw(to_key(value))
    }

    #[inline(always)]
    fn key(&self) -> i64 {
        self.0
    }

    #[inline(always)]
    fn mass(&self) -> u64 {
        1
    }

    fn total(draws: &[Self]) -> u64 {
        draws.len() as u64
    }

    fn split(_: &[Self], mass: u64) -> usize {
        mass as usize - 1
    }
}

/// A draw with the weight it has.
#[derive(Clone, Copy, Debug)]
pub(super) struct WeightedDraw {
    key: i64,
    mass: u64,
}

impl Draw for WeightedDraw {
    #[inline(always)]
    fn new(value: f64, mass: u64) -> Self {
        WeightedDraw { key: to_key(value), mass }
    }

    #[inline(always)]
    fn key(&self) -> i64 {
        self.key
    }

    #[inline(always)]
    fn mass(&self) -> u64 {
        self.mass
    }

    fn total(draws: &[Self]) -> u64 {
        draws.iter().map(|draw| draw.mass).sum()
    }

    fn split(draws: &[Self], _: u64) -> usize {
        draws.len() / 2
    }
}

/// For each of the rising `masses` the smallest value with at least that mass at or below it.
///
/// No mass may be zero or more than that of all draws.
pub(super) fn values_at<D: Draw>(draws: &mut [D], masses: &[u64]) -> Vec<f64> {
    let mut found = Vec::with_capacity(masses.len());
    choose(draws, 0, masses, &mut found);
    found
}

/// Appends what is found in `draws`, before which `before` is.
fn choose<D: Draw>(draws: &mut [D], before: u64, masses: &[u64], found: &mut Vec<f64>) {
    if masses.is_empty() {
        return;
    }
    let at = D::split(draws, masses[masses.len() / 2] - before);
    let (left, middle, right) = draws.select_nth_unstable_by_key(at, D::key);
    let below = before + D::total(left);
    let through = below + middle.mass();
    let first = masses.partition_point(|mass| *mass <= below);
    let last = masses.partition_point(|mass| *mass <= through);
    choose(left, before, &masses[..first], found);
    found.extend(masses[first..last].iter().map(|_| middle.value()));
    choose(right, through, &masses[last..], found);
}

/// What the draws of a block, or of a whole row, count for.
pub(super) trait Masses: Copy + Send + Sync {
    type Draw: Draw;

    /// Masses of the draws of a strip.
    fn strip(&self, strip: usize) -> &[u64; STRIP];

    /// The masses from a draw on with which a strip begins.
    fn from(self, start: usize) -> Self;

    /// By place in the strip, the mass of draws whose class is at least this; at most 255 strips.
    fn reaching(classes: &[[u8; STRIP]], masses: Self, least: u8) -> [u64; STRIP];

    /// A value times its mass, in a unit that leaves room.
    fn weigh(value: f64, mass: u64) -> f64;

    /// The unit of `weigh`.
    const UNIT: f64;

    /// Where the quantile at `probability` is in draws of mass `total`, which is not zero.
    fn rank(total: u64, probability: f64) -> Rank;
}

/// A quantile: from the draw that reaches the first mass, a fraction of the way to the second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rank {
    pub(super) masses: [u64; 2],
    pub(super) fraction: f64,
}

/// Equally weighted draws.
#[derive(Clone, Copy, Debug)]
pub(super) struct Equal;

impl Masses for Equal {
    type Draw = EqualDraw;

    #[inline(always)]
    fn strip(&self, _: usize) -> &[u64; STRIP] {
        &[1; STRIP]
    }

    #[inline(always)]
    fn reaching(classes: &[[u8; STRIP]], _: Self, least: u8) -> [u64; STRIP] {
        let mut count = [0u8; STRIP];
        for class in classes {
            for k in 0..STRIP {
                count[k] += u8::from(class[k] >= least);
            }
        }
        count.map(u64::from)
    }

    fn from(self, _: usize) -> Self {
        self
    }

    #[inline(always)]
    fn weigh(value: f64, _: u64) -> f64 {
        value
    }

    const UNIT: f64 = 1.0;

    /// Linear interpolation between neighbours: type 7 of Hyndman and Fan.
    fn rank(total: u64, probability: f64) -> Rank {
        let last = total - 1;
        let place = last as f64 * probability;
        if place >= last as f64 {
            return Rank { masses: [total; 2], fraction: 0.0 };
        }
        let lower = place as u64;
        Rank { masses: [lower + 1, lower + 2], fraction: place - lower as f64 }
    }
}

/// Masses of draws, with zeros up to a whole strip.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a>(pub(super) &'a [u64]);

impl Masses for Given<'_> {
    type Draw = WeightedDraw;

    #[inline(always)]
    fn strip(&self, strip: usize) -> &[u64; STRIP] {
        self.0[strip * STRIP..].first_chunk().expect("masses come in whole strips")
    }

    #[inline(always)]
    fn reaching(classes: &[[u8; STRIP]], masses: Self, least: u8) -> [u64; STRIP] {
        let mut sum = [0; STRIP];
        for (strip, class) in classes.iter().enumerate() {
            let mass = masses.strip(strip);
            for k in 0..STRIP {
                sum[k] += if class[k] >= least { mass[k] } else { 0 };
            }
        }
        sum
    }

    fn from(self, start: usize) -> Self {
        Given(&self.0[start..])
    }

    #[inline(always)]
    fn weigh(value: f64, mass: u64) -> f64 {
        value * (mass as f64 * Self::UNIT)
    }

    const UNIT: f64 = 1.0 / (1u64 << 62) as f64;

    /// Inverse of the distribution function, as far as numbers tell its values apart.
    fn rank(total: u64, probability: f64) -> Rank {
        let reaches = |mass: u64| mass as f64 / total as f64 >= probability;
        let (mut short, mut enough) = (0, total);
        // The last draw is the quantile at 1, however little it counts for.
        while probability < 1.0 && enough - short > 1 {
            let middle = short + (enough - short) / 2;
            if reaches(middle) { enough = middle } else { short = middle }
        }
        Rank { masses: [enough; 2], fraction: 0.0 }
    }
}

/// How weights become masses: whole numbers, whose sums depend on no order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// Powers of two; one of them alone may be out of reach.
    factors: [f64; 2],
    /// About the mass of all draws, at most 2^62.
    pub(super) total: f64,
    /// How many equally weighted draws would tell as much (Kish).
    pub(super) effective: f64,
}

impl Scale {
    /// For weights with this sum that tell as much as this many draws.
    pub(super) fn new(sum: f64, effective: f64) -> Self {
        let (_, exponent) = libm::frexp(sum);
        let exponent = 62 - exponent;
        let factors = [exponent / 2, exponent - exponent / 2].map(|e| libm::scalbn(1.0, e));
        Scale { factors, total: sum * factors[0] * factors[1], effective }
    }

    /// Only a weight of zero has no mass.
    #[inline(always)]
    pub(super) fn mass(self, weight: f64) -> u64 {
        let mass = (weight * self.factors[0] * self.factors[1] + 0.5) as u64;
        mass.max(u64::from(weight > 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_values() {
        let values = [f64::NEG_INFINITY, -1e300, -1.0, -5e-324, 0.0, 5e-324, 1.0, f64::INFINITY];
        assert!(values.map(to_key).is_sorted());
        assert_eq!(values.map(to_key).map(from_key), values);
        assert_eq!(to_key(-0.0), to_key(0.0));
    }

    #[test]
    fn values_are_found_by_mass() {
        let draw = |(value, mass)| WeightedDraw::new(value, mass);
        let mut draws = [(3.0, 5), (1.0, 2), (2.0, 0), (4.0, 1), (1.0, 2)].map(draw);
        let masses = [1, 4, 5, 9, 10];
        assert_eq!(values_at(&mut draws, &masses), [1.0, 1.0, 3.0, 3.0, 4.0]);
        let mut draws = [5.0, 3.0, 4.0, 1.0, 2.0].map(|value| EqualDraw::new(value, 1));
        assert_eq!(values_at(&mut draws, &[1, 2, 4, 5]), [1.0, 2.0, 4.0, 5.0]);
    }

    #[test]
    fn a_quantile_at_a_step_is_the_lower_one() {
        let rank = |total, p| Given::rank(total, p).masses[0];
        assert_eq!([0.0, 0.1, 0.3, 0.5, 1.0].map(|p| rank(10, p)), [1, 1, 3, 5, 10]);
        assert_eq!(rank(1 << 62, 1.0), 1 << 62);
    }
}
