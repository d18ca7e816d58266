//! The highest point of a likelihood, by Newton's method that only ever climbs.

use super::families::{Family, Point};
use super::jet::Jet;
use super::observations::{Observation, Observations};

/// Where the likelihood is highest, in logarithms, and how sharply it falls from there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peak {
    pub(super) at: Point,
    pub(super) log_likelihood: f64,
    /// Minus the second derivatives: location twice, both, shape twice.
    pub(super) information: [f64; 3],
}

/// Log-likelihood with its derivatives.
pub(super) fn log_likelihood(family: Family, data: &Observations, at: Point) -> Jet {
    let one = |each: &Observation| {
        let ends = if each.is_exact() {
            family.log_density(each.lower, at)
        } else if each.upper == f64::INFINITY {
            family.log_survival(each.lower, at)
        } else {
            let before_end = family.log_survival(each.upper, at);
            let after_lower = match each.lower {
                f64::NEG_INFINITY => Jet::default(),
                lower => family.log_survival(lower, at),
            };
            after_lower + (after_lower - before_end).log_one_minus_exp_neg()
        };
        let seen = match each.entry {
            f64::NEG_INFINITY => ends,
            entry => ends - family.log_survival(entry, at),
        };
        seen * each.weight
    };
    data.distinct().iter().fold(Jet::default(), |sum, each| sum + one(each))
}

/// Where to begin climbing when the one before led nowhere.
const STARTS: [f64; 4] = [0.0, -1.0, 1.0, -2.0];

/// The highest point, or none if climbing leads to the border or never ends.
pub(super) fn maximise(family: Family, data: &Observations) -> Option<Peak> {
    let first = log_shape_of_ended(data);
    STARTS.into_iter().find_map(|change| {
        let log_shape = if family.free() == 1 { 0.0 } else { first + change };
        climb(family, data, [location_for(data, log_shape), log_shape])
    })
}

/// The middle of what is known of an order that has ended.
fn middle(each: &Observation) -> f64 {
    match each.lower {
        f64::NEG_INFINITY => each.upper - 0.5,
        lower => 0.5 * (lower + each.upper),
    }
}

/// A first guess at the shape, from the spread of what has ended.
pub(super) fn log_shape_of_ended(data: &Observations) -> f64 {
    let ended = || data.all.iter().filter(|each| each.upper < f64::INFINITY);
    let mean = ended().map(|each| each.weight * middle(each)).sum::<f64>() / data.ended;
    let square = |each: &Observation| each.weight * (middle(each) - mean) * (middle(each) - mean);
    let variance = ended().map(square).sum::<f64>() / data.ended;
    let log_shape = 0.25 - 0.5 * libm::log(variance);
    if log_shape.is_finite() { log_shape } else { 0.0 }
}

/// The location that would fit a Weibull distribution of that shape.
fn location_for(data: &Observations, log_shape: f64) -> f64 {
    let shape = libm::exp(log_shape);
    let last = |each: &Observation| {
        if each.upper < f64::INFINITY { middle(each) } else { each.lower }
    };
    let most = data.all.iter().map(last).fold(f64::NEG_INFINITY, f64::max);
    let power = |each: &Observation| each.weight * libm::exp(shape * (last(each) - most));
    most + libm::log(data.all.iter().map(power).sum::<f64>() / data.ended) / shape
}

/// Steps are no longer than this, in logarithms.
const LONGEST: f64 = 2.0;

/// Beyond these the family has become another: all at one time, or spread without end.
const FARTHEST: [f64; 2] = [300.0, 30.0];

fn climb(family: Family, data: &Observations, start: Point) -> Option<Peak> {
    let mut at = start;
    let mut here = log_likelihood(family, data, at);
    for _ in 0..200 {
        let near = at.iter().zip(FARTHEST).all(|(x, far)| x.abs() < far);
        if !(here.value.is_finite() && near) {
            return None;
        }
        let step = uphill(&here, family.free());
        // Twice what the step gains if the likelihood is a parabola.
        let gain = step[0] * here.slope[0] + step[1] * here.slope[1];
        if gain <= 1e-16 * data.weight {
            let at = [at[0] + step[0], at[1] + step[1]];
            return peak(family, data, at);
        }
        let longest = step[0].abs().max(step[1].abs());
        let mut part = (LONGEST / longest).min(1.0);
        // What sums of so many numbers are off by anyway.
        let noise = 1e-13 * (data.weight + here.value.abs());
        loop {
            let next = [at[0] + part * step[0], at[1] + part * step[1]];
            let there = log_likelihood(family, data, next);
            if there.value >= here.value + 1e-4 * part * gain - noise {
                (at, here) = (next, there);
                break;
            }
            part *= 0.5;
            if part < 1e-12 {
                return None;
            }
        }
    }
    None
}

fn peak(family: Family, data: &Observations, at: Point) -> Option<Peak> {
    let Jet { value, curve: [aa, ab, bb], .. } = log_likelihood(family, data, at);
    let falls = match family.free() {
        1 => aa < 0.0,
        // Flat in some direction is no peak.
        _ => aa < 0.0 && bb < 0.0 && aa * bb - ab * ab > 1e-13 * aa * bb,
    };
    let information = [-aa, -ab, -bb];
    (value.is_finite() && falls).then_some(Peak { at, log_likelihood: value, information })
}

/// Newton's step where the likelihood is curved like a peak, else one that leads up all the same.
fn uphill(here: &Jet, free: usize) -> [f64; 2] {
    let [aa, ab, bb] = here.curve.map(|x| -x);
    let slope = here.slope;
    if free == 1 {
        return [slope[0] / aa.abs().max(f64::MIN_POSITIVE), 0.0];
    }
    // In units in which each parameter alone has curvature one: with times all but equal the
    // location is known that much better than the shape.
    let unit = |curvature: f64| if curvature == 0.0 { 1.0 } else { 1.0 / curvature.abs().sqrt() };
    let units = [unit(aa), unit(bb)];
    let (aa, ab, bb) =
        (aa * units[0] * units[0], ab * units[0] * units[1], bb * units[1] * units[1]);
    let slope = [slope[0] * units[0], slope[1] * units[1]];
    // Principal directions of curvature, their sizes taken as positive and not too unlike.
    let (middle, half) = (0.5 * (aa + bb), 0.5 * (aa - bb));
    let radius = libm::hypot(half, ab);
    let values = [middle + radius, middle - radius];
    let vector = if half >= 0.0 { [half + radius, ab] } else { [ab, radius - half] };
    let length = libm::hypot(vector[0], vector[1]);
    let [x, y] = if length > 0.0 { vector.map(|v| v / length) } else { [1.0, 0.0] };
    let largest = values[0].abs().max(values[1].abs()).max(f64::MIN_POSITIVE);
    let along = (x * slope[0] + y * slope[1]) / values[0].abs().max(1e-10 * largest);
    let across = (x * slope[1] - y * slope[0]) / values[1].abs().max(1e-10 * largest);
    [(x * along - y * across) * units[0], (y * along + x * across) * units[1]]
}
