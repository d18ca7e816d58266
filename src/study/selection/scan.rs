//! One look at a block of draws: sums, counts by class, and the draws of classes that are kept.

use super::cuts::Cuts;
use super::draws::{Draw, LANES, Masses, STRIP};
use crate::bridge::{Body, vectorized};

/// Draws in a block: what one thread looks at, and what is summed on its own.
pub(super) const BLOCK: usize = 1 << 14;

/// Draws that go through the loops at once, in the first-level cache.
const TILE: usize = 1024;

/// Sums and counts by lane.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) sums: [f64; LANES],
    /// Mass of draws that have a value.
    pub(super) mass: [u64; LANES],
    /// Mass of those above each cut.
    pub(super) above: Vec<[u64; LANES]>,
    /// Draws without a value.
    pub(super) missing: u64,
}

impl Tally {
    pub(super) fn new(cuts: &Cuts) -> Self {
        let above = vec![[0; LANES]; cuts.values.len()];
        Tally { sums: [0.0; LANES], mass: [0; LANES], above, missing: 0 }
    }

    /// Adds what comes next; sums depend on the order.
    pub(super) fn add(&mut self, next: &Tally) {
        self.missing += next.missing;
        for lane in 0..LANES {
            self.sums[lane] += next.sums[lane];
            self.mass[lane] += next.mass[lane];
        }
        for (above, next) in self.above.iter_mut().zip(&next.above) {
            (0..LANES).for_each(|lane| above[lane] += next[lane]);
        }
    }
}

/// What a block has shown.
#[derive(Clone, Debug)]
pub(super) struct Seen<D> {
    pub(super) tally: Tally,
    /// Draws of the classes that are kept, by class and then by lane.
    draws: Vec<D>,
    /// Where the draws of each class and lane begin, and the end.
    starts: Vec<usize>,
}

impl<D: Draw> Seen<D> {
    /// The kept draws of a class that are in some of the lanes.
    pub(super) fn draws(&self, slot: usize, lanes: std::ops::Range<usize>) -> &[D] {
        let first = slot * LANES;
        &self.draws[self.starts[first + lanes.start]..self.starts[first + lanes.end]]
    }
}

/// Looks at the values of a block, which begins at a multiple of its length.
pub(super) fn scan<M: Masses>(values: &[f64], masses: M, cuts: &Cuts) -> Seen<M::Draw> {
    let mut tally = Tally::new(cuts);
    let mut found = Vec::new();
    let look = if cuts.values.len() < FEW_CUTS { look_few } else { look_many };
    let (tiles, rest) = values.split_at(values.len() / STRIP * STRIP);
    let mut look = |values: &[f64], masses: M| {
        vectorized(Add { values, masses, tally: &mut tally });
        look(values, masses, cuts, &mut tally.above, &mut found);
    };
    for (k, tile) in tiles.chunks(TILE).enumerate() {
        look(tile, masses.from(k * TILE));
    }
    if !rest.is_empty() {
        let mut last = [f64::NAN; STRIP];
        last[..rest.len()].copy_from_slice(rest);
        look(&last, masses.from(tiles.len()));
        tally.missing -= (STRIP - rest.len()) as u64;
    }
    let (draws, starts) = by_bucket(&found, cuts.kept * LANES);
    Seen { tally, draws, starts }
}

/// Sums over a tile, whose length is a multiple of a strip.
struct Add<'a, M> {
    values: &'a [f64],
    masses: M,
    tally: &'a mut Tally,
}

impl<M: Masses> Body for Add<'_, M> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Add { values, masses, tally } = self;
        let (mut sums, mut total, mut missing) = ([0.0; STRIP], [0; STRIP], [0; STRIP]);
        for (strip, x) in values.as_chunks::<STRIP>().0.iter().enumerate() {
            let mass = masses.strip(strip);
            for k in 0..STRIP {
                let counts = !x[k].is_nan() & (mass[k] > 0);
                sums[k] += if counts { M::weigh(x[k], mass[k]) } else { 0.0 };
                total[k] += if counts { mass[k] } else { 0 };
                missing[k] += u64::from(x[k].is_nan());
            }
        }
        (0..STRIP).for_each(|k| tally.sums[k % LANES] += sums[k]);
        (0..STRIP).for_each(|k| tally.mass[k % LANES] += total[k]);
        tally.missing += missing.iter().sum::<u64>();
    }
}

/// Draws with the number of their class and lane.
type Found<M> = Vec<(u32, <M as Masses>::Draw)>;

/// Fewer cuts than this are compared with one after the other.
const FEW_CUTS: usize = 32;

/// The class of draws that count for nothing; all of them are at or above it.
const NO_CLASS: u8 = FEW_CUTS as u8;

/// Adds to the mass above each cut, and to the draws that are kept.
fn look_few<M: Masses>(
    values: &[f64],
    masses: M,
    cuts: &Cuts,
    above: &mut [[u64; LANES]],
    found: &mut Found<M>,
) {
    let (mut classes, mut kept) = ([0; TILE], [0; TILE]);
    let (classes, kept) = (&mut classes[..values.len()], &mut kept[..values.len()]);
    vectorized(Classify { values, masses, cuts, above, classes, kept });
    for (strip, kept) in kept.as_chunks::<STRIP>().0.iter().enumerate() {
        let mass = masses.strip(strip);
        let mut rest = bits(kept);
        while rest != 0 {
            let k = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let place = strip * STRIP + k;
            let slot = cuts.slot(usize::from(classes[place])).expect("its class is kept");
            let draw = M::Draw::new(values[place], mass[k]);
            found.push(((slot * LANES + k % LANES) as u32, draw));
        }
    }
}

/// One bit for each of the bytes, which are 0 or 1.
fn bits(bytes: &[u8; STRIP]) -> u64 {
    // The product brings the lowest bits of eight bytes together in the highest one.
    let of_eight =
        |bytes: &[u8; 8]| u64::from_le_bytes(*bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    let (eights, _) = bytes.as_chunks::<8>();
    eights.iter().enumerate().map(|(k, bytes)| of_eight(bytes) << (8 * k)).sum()
}

/// The class of each draw of a tile, whether it is kept, and the mass above each cut.
struct Classify<'a, M> {
    values: &'a [f64],
    masses: M,
    cuts: &'a Cuts,
    above: &'a mut [[u64; LANES]],
    classes: &'a mut [u8],
    kept: &'a mut [u8],
}

impl<M: Masses> Body for Classify<'_, M> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Classify { values, masses, cuts, above, classes, kept } = self;
        let bit = |class: usize| u64::from(cuts.slot(class).is_some()) << class;
        let kept_classes: u64 = (0..cuts.classes()).map(bit).sum();
        let (classes, _) = classes.as_chunks_mut::<STRIP>();
        let (kept, _) = kept.as_chunks_mut::<STRIP>();
        let strips = values.as_chunks::<STRIP>().0.iter().zip(classes.iter_mut()).zip(kept);
        for (strip, ((x, narrow), kept)) in strips.enumerate() {
            let mass = masses.strip(strip);
            let mut class = [0u64; STRIP];
            for k in 0..STRIP {
                let counts = !x[k].is_nan() & (mass[k] > 0);
                class[k] = if counts { 0 } else { u64::from(NO_CLASS) };
            }
            for cut in &cuts.values {
                for k in 0..STRIP {
                    class[k] += u64::from(x[k] > *cut);
                }
            }
            for k in 0..STRIP {
                narrow[k] = class[k] as u8;
                kept[k] = (kept_classes >> (class[k] & 63) & 1) as u8;
            }
        }
        let none = by_lane(M::reaching(classes, masses, NO_CLASS));
        for (cut, above) in above.iter_mut().enumerate() {
            let reaching = by_lane(M::reaching(classes, masses, cut as u8 + 1));
            (0..LANES).for_each(|lane| above[lane] += reaching[lane] - none[lane]);
        }
    }
}

/// The sum of each lane in a strip.
fn by_lane(strip: [u64; STRIP]) -> [u64; LANES] {
    std::array::from_fn(|lane| strip.iter().skip(lane).step_by(LANES).sum())
}

/// As `look_few`, by a search among the cuts.
fn look_many<M: Masses>(
    values: &[f64],
    masses: M,
    cuts: &Cuts,
    above: &mut [[u64; LANES]],
    found: &mut Found<M>,
) {
    // First the mass just above each cut, then sums from the top.
    let mut just_above = vec![[0; LANES]; above.len()];
    for (strip, x) in values.as_chunks::<STRIP>().0.iter().enumerate() {
        let mass = masses.strip(strip);
        for k in (0..STRIP).filter(|k| !x[*k].is_nan() && mass[*k] > 0) {
            let lane = k % LANES;
            let class = cuts.values.partition_point(|cut| *cut < x[k]);
            if class > 0 {
                just_above[class - 1][lane] += mass[k];
            }
            if let Some(slot) = cuts.slot(class) {
                found.push(((slot * LANES + lane) as u32, M::Draw::new(x[k], mass[k])));
            }
        }
    }
    let mut so_far = [0; LANES];
    for (above, just_above) in above.iter_mut().zip(just_above).rev() {
        for lane in 0..LANES {
            so_far[lane] += just_above[lane];
            above[lane] += so_far[lane];
        }
    }
}

/// Draws by the bucket before them, and where each bucket begins.
fn by_bucket<D: Draw>(found: &[(u32, D)], buckets: usize) -> (Vec<D>, Vec<usize>) {
    let mut starts = vec![0; buckets + 1];
    for (bucket, _) in found {
        starts[*bucket as usize + 1] += 1;
    }
    for bucket in 0..buckets {
        starts[bucket + 1] += starts[bucket];
    }
    let mut next = starts.clone();
    let mut draws = vec![D::new(0.0, 0); found.len()];
    for (bucket, draw) in found {
        let place = &mut next[*bucket as usize];
        draws[*place] = *draw;
        *place += 1;
    }
    (draws, starts)
}

#[cfg(test)]
mod tests {
    use super::super::draws::Given;
    use super::*;

    #[test]
    fn bits_are_in_the_order_of_bytes() {
        let every_third: [u8; STRIP] = std::array::from_fn(|k| u8::from(k % 3 == 1));
        let expected = (0..STRIP).map(|k| u64::from(k % 3 == 1) << k).sum::<u64>();
        assert_eq!(bits(&every_third), expected);
        assert_eq!((bits(&[1; STRIP]), bits(&[0; STRIP])), (u64::MAX, 0));
    }

    #[test]
    fn many_cuts_are_looked_at_as_few_are() {
        let values: Vec<f64> = (0..500).map(|k| f64::from(k * 37 % 500) - 250.0).collect();
        let values = [&values[..], &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]].concat();
        let masses: Vec<u64> = (0..512).map(|k| if k < 503 { k % 5 } else { 0 }).collect();
        let sample: Vec<f64> = (-200..200).map(f64::from).collect();
        let brackets = [(Cuts::none().bracket(0), sample)];
        let many = scan(&values, Given(&masses), &Cuts::within(&brackets));
        for (cut, above) in Cuts::within(&brackets).values.iter().zip(&many.tally.above) {
            let one = [(Cuts::none().bracket(0), vec![*cut])];
            let few = Cuts::within(&one);
            let place = few.values.iter().position(|value| value == cut).unwrap();
            let few = scan(&values, Given(&masses), &few);
            assert_eq!(few.tally.above[place], *above);
            assert_eq!((few.tally.mass, few.tally.missing), (many.tally.mass, 1));
            assert_eq!(few.tally.sums.map(f64::to_bits), many.tally.sums.map(f64::to_bits));
        }
    }
}
