//! Where demand goes that its own region cannot serve.

use crate::bridge::{Kernel, Lanes, rowwise};
use crate::domain::within;

const TABLE: &[Kernel] = &[
    rowwise(c"served", served),
    rowwise(c"moved_out", moved_out),
    rowwise(c"moved_in", moved_in),
    rowwise(c"unmet", unmet),
    rowwise(c"idle", idle),
];

/// A region by itself: what it serves of its own, what it lacks, what is ready to move of that,
/// and what stands idle.
#[derive(Clone, Copy)]
struct Region {
    own: Lanes,
    lacking: Lanes,
    ready: Lanes,
    spare: Lanes,
}

#[inline(always)]
fn alone(demand: Lanes, supply: Lanes, share: Lanes) -> Region {
    let demand = demand.map(|demand| within((0.0..f64::INFINITY).contains(&demand), demand));
    let supply = supply.map(|supply| within(supply >= 0.0, supply));
    let share = share.map(|share| within((0.0..=1.0).contains(&share), share));
    let excess = demand - supply;
    let lacking = excess.map(|excess| if excess < 0.0 { 0.0 } else { excess });
    Region {
        own: demand - lacking,
        lacking,
        ready: share * lacking,
        spare: excess.map(|excess| if excess > 0.0 { 0.0 } else { 0.0 - excess }),
    }
}

/// All regions together.
struct Total {
    ready: Lanes,
    spare: Lanes,
    /// Regions whose supply has no end.
    endless: Lanes,
    moves: Lanes,
}

#[inline(always)]
fn together(demand: &[Lanes], supply: &[Lanes], share: &[Lanes]) -> Total {
    let zero = Lanes::splat(0.0);
    let (mut ready, mut spare, mut endless) = (zero, zero, zero);
    for ((demand, supply), share) in demand.iter().zip(supply).zip(share) {
        let here = alone(*demand, *supply, *share);
        ready += here.ready;
        spare += here.spare;
        endless += here.spare.map(|spare| f64::from(spare == f64::INFINITY));
    }
    // Comparisons with what is missing are false; the sum tells of it.
    let moves = ready.zip(spare, |ready, spare| match spare < ready {
        true => spare,
        false if spare.is_nan() => spare,
        false => ready,
    });
    Total { ready, spare, endless, moves }
}

impl Total {
    /// What leaves a region, and what comes to it.
    #[inline(always)]
    fn flows(&self, here: Region) -> (Lanes, Lanes) {
        let part = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { part / whole };
        let gone = self.moves * here.ready.zip(self.ready, part);
        let ends = here.spare.zip(self.spare, part);
        let endless = here.spare.zip(self.endless, |spare, regions| {
            if spare == f64::INFINITY { 1.0 / regions } else { 0.0 * spare }
        });
        (gone, self.moves * Lanes::select(self.endless, endless, ends))
    }
}

/// What `f` gives for each region, with what leaves it and what comes to it.
#[inline(always)]
fn each(
    [demand, supply, share]: [&[Lanes]; 3],
    out: &mut [Lanes],
    f: impl Fn(Region, Lanes, Lanes) -> Lanes,
) {
    let total = together(demand, supply, share);
    for (((out, demand), supply), share) in out.iter_mut().zip(demand).zip(supply).zip(share) {
        let here = alone(*demand, *supply, *share);
        let (gone, come) = total.flows(here);
        *out = f(here, gone, come);
    }
}

#[inline(always)]
fn served(demand: &[Lanes], supply: &[Lanes], share: &[Lanes], out: &mut [Lanes]) {
    each([demand, supply, share], out, |here, _, come| here.own + come);
}

#[inline(always)]
fn moved_out(demand: &[Lanes], supply: &[Lanes], share: &[Lanes], out: &mut [Lanes]) {
    each([demand, supply, share], out, |_, gone, _| gone);
}

#[inline(always)]
fn moved_in(demand: &[Lanes], supply: &[Lanes], share: &[Lanes], out: &mut [Lanes]) {
    each([demand, supply, share], out, |_, _, come| come);
}

/// Rounding may take a little more out than there was.
#[inline(always)]
fn what_is_left(left: Lanes) -> Lanes {
    left.map(|left| if left < 0.0 { 0.0 } else { left })
}

#[inline(always)]
fn unmet(demand: &[Lanes], supply: &[Lanes], share: &[Lanes], out: &mut [Lanes]) {
    each([demand, supply, share], out, |here, gone, _| what_is_left(here.lacking - gone));
}

#[inline(always)]
fn idle(demand: &[Lanes], supply: &[Lanes], share: &[Lanes], out: &mut [Lanes]) {
    each([demand, supply, share], out, |here, _, come| what_is_left(here.spare - come));
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(row: &[f64]) -> Vec<Lanes> {
        row.iter().copied().map(Lanes::splat).collect()
    }

    type RowKernel = fn(&[Lanes], &[Lanes], &[Lanes], &mut [Lanes]);

    #[test]
    fn what_moves_out_moves_in() {
        let (demand, supply) = (lanes(&[10.0, 5.0, 5.0]), lanes(&[4.0, 6.0, 8.0]));
        let by = |share: f64, kernel: RowKernel| {
            let mut out = lanes(&[f64::NAN; 3]);
            kernel(&demand, &supply, &lanes(&[share; 3]), &mut out);
            out
        };
        assert_eq!(by(0.5, moved_out), lanes(&[3.0, 0.0, 0.0]));
        assert_eq!(by(0.5, moved_in), lanes(&[0.0, 0.75, 2.25]));
        assert_eq!(by(0.5, unmet), lanes(&[3.0, 0.0, 0.0]));
        assert_eq!(by(0.5, served), lanes(&[4.0, 5.75, 7.25]));
        assert_eq!(by(0.5, idle), lanes(&[0.0, 0.25, 0.75]));
        // More is ready than there is room for.
        assert_eq!(by(1.0, moved_in), lanes(&[0.0, 1.0, 3.0]));
        assert_eq!(by(1.0, unmet), lanes(&[2.0, 0.0, 0.0]));
    }

    #[test]
    fn supply_without_end_takes_all() {
        let (demand, supply) = (lanes(&[10.0, 5.0, 5.0]), lanes(&[4.0, f64::INFINITY, 8.0]));
        let mut out = lanes(&[0.0; 3]);
        moved_in(&demand, &supply, &lanes(&[1.0; 3]), &mut out);
        assert_eq!(out, lanes(&[0.0, 6.0, 0.0]));
        idle(&demand, &supply, &lanes(&[1.0; 3]), &mut out);
        assert_eq!(out, lanes(&[0.0, f64::INFINITY, 3.0]));
    }
}
