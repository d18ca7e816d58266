//! Weibull distributions by the shape alone, where ends are exact or open.
//!
//! For a given shape k the best scale is known: scale^k = Σ w t^k / Σ w (of ended). What is left
//! is one equation whose left side only falls,
//!
//!   1/k + mean of log t of ended - Σ w t^k log t / Σ w t^k = 0.
//!
//! Source: J. F. Lawless, *Statistical Models and Methods for Lifetime Data* (2003), 5.2.

use super::likelihood::{Peak, log_shape_of_ended};
use super::observations::Observations;
use crate::bridge::{Body, LANES, Lanes, vectorized};

pub(super) fn maximise(data: &Observations) -> Option<Peak> {
    let most = data.all.iter().map(|each| each.lower).fold(f64::NEG_INFINITY, f64::max);
    let (mut logs, mut weights) = (Vec::new(), Vec::new());
    for part in data.all.chunks(LANES) {
        // Places without an order have no weight.
        let of = |k: usize| part.get(k).map_or([0.0, 0.0], |each| [each.lower - most, each.weight]);
        logs.push(Lanes(std::array::from_fn(|k| of(k)[0])));
        weights.push(Lanes(std::array::from_fn(|k| of(k)[1])));
    }
    let ended = data.all.iter().filter(|each| each.is_exact());
    let sum_ended = ended.map(|each| each.weight * (each.lower - most)).sum::<f64>();
    let (count, mean_ended) = (data.ended, sum_ended / data.ended);

    let sums_at = |shape| vectorized(Powers { logs: &logs, weights: &weights, shape });
    let mut shape = libm::exp(log_shape_of_ended(data));
    let (mut low, mut high) = (0.0f64, f64::INFINITY);
    let mut sums = sums_at(shape);
    for _ in 0..200 {
        let mean = sums[1] / sums[0];
        let left = 1.0 / shape + mean_ended - mean;
        if left > 0.0 {
            low = low.max(shape)
        } else {
            high = high.min(shape)
        }
        let falls = 1.0 / (shape * shape) + (sums[2] / sums[0] - mean * mean);
        let next = shape + left / falls;
        let inside = next > low && next < high;
        let found = (next - shape).abs() <= 1e-8 * shape;
        shape = match next {
            next if found || inside => next,
            _ if high == f64::INFINITY => 2.0 * shape,
            _ => 0.5 * (low + high),
        };
        if !(1e-13..1e13).contains(&shape) {
            return None;
        }
        sums = sums_at(shape);
        if !found {
            continue;
        }
        // e^z of z = shape (y - location) are parts of all ended.
        let location = libm::log(sums[0] / count) / shape;
        let [mean, square] = [sums[1] / sums[0], sums[2] / sums[0]];
        let z = count * shape * (mean - location);
        let z_squared =
            count * shape * shape * (square - 2.0 * mean * location + location * location);
        let log_likelihood = count * (libm::log(shape) - shape * location) + shape * sum_ended
            - count
            - (sum_ended + count * most);
        let information = [shape * shape * count, -shape * z, z_squared + count];
        let at = [location + most, libm::log(shape)];
        return Some(Peak { at, log_likelihood, information });
    }
    None
}

/// Σ w e^(k d), Σ w d e^(k d) and Σ w d² e^(k d) over log times d less their highest.
struct Powers<'a> {
    logs: &'a [Lanes],
    weights: &'a [Lanes],
    shape: f64,
}

impl Body for Powers<'_> {
    type Output = [f64; 3];

    #[inline(always)]
    fn run(self) -> [f64; 3] {
        let mut sums = [Lanes::splat(0.0); 3];
        let shape = Lanes::splat(self.shape);
        for (d, weight) in self.logs.iter().zip(self.weights) {
            let power = (*d * shape).exp() * *weight;
            let first = power * *d;
            sums[0] += power;
            sums[1] += first;
            sums[2] += first * *d;
        }
        sums.map(|lanes| lanes.0.into_iter().fold(0.0, |sum, x| sum + x))
    }
}

#[cfg(test)]
mod tests {
    use super::super::families::Family;
    use super::super::likelihood;
    use super::super::observations::Row;
    use super::*;

    #[test]
    fn agrees_with_the_general_way() {
        let lower: Vec<f64> = (1..30).map(|k| f64::from(k * k % 37) + 0.5).collect();
        let open = |k: usize| k.is_multiple_of(3);
        let upper: Vec<f64> =
            (0..29).map(|k| if open(k) { f64::INFINITY } else { lower[k] }).collect();
        let weight: Vec<f64> = (0..29).map(|k| f64::from(k % 4)).collect();
        let row = Row { lower: &lower, upper: &upper, entry: None, weight: Some(&weight) };
        let data = Observations::new(&row).unwrap();
        let fast = maximise(&data).unwrap();
        let slow = likelihood::maximise(Family::Weibull, &data).unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-11 * (1.0 + b.abs()), "{a} {b}");
        near(fast.log_likelihood, slow.log_likelihood);
        for k in 0..2 {
            near(fast.at[k], slow.at[k]);
        }
        for k in 0..3 {
            near(fast.information[k], slow.information[k]);
        }
    }
}
