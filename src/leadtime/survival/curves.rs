//! Lead times without a family: the shares that are open and delivered at each length of time.

use crate::bridge::{Failure, allocate};

/// Orders with the time each has lasted, what ended it, and what it counts for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Orders<'a> {
    pub(crate) duration: &'a [f64],
    /// 0 for an order that is open, else the number of what ended it, from 1.
    pub(crate) cause: &'a [u32],
    /// An order is known of because it lasted beyond this; it counts from then on.
    pub(crate) entry: Option<&'a [f64]>,
    pub(crate) weight: Option<&'a [f64]>,
}

/// What happened at each length of time, in rising order, column by column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    pub(crate) time: Vec<f64>,
    /// Weight of the orders that had begun to count and were still open just before.
    pub(crate) at_risk: Vec<f64>,
    /// Weight of those that ended then, by cause: all times of the first cause, then the next.
    pub(crate) ended: Vec<f64>,
    /// Weight of those that had lasted so long, and are open.
    pub(crate) open: Vec<f64>,
}

impl Events {
    pub(crate) fn of(orders: &Orders<'_>, causes: usize) -> Result<Self, Failure> {
        let n = orders.duration.len();
        let weight = |k: usize| orders.weight.map_or(1.0, |weight| weight[k]);
        let by_time = sorted(orders.duration)?;
        let by_entry = orders.entry.map(sorted).transpose()?;

        let mut time: Vec<f64> = Vec::new();
        for k in &by_time {
            let duration = orders.duration[*k];
            if time.last() != Some(&duration) {
                time.push(duration);
            }
        }
        let times = time.len();
        let mut at_risk = allocate::<f64>(times)?;
        let mut ended = allocate::<f64>(times * causes)?;
        let mut open = allocate::<f64>(times)?;
        let mut place = 0;
        for k in by_time.iter().copied() {
            if time[place] < orders.duration[k] {
                place += 1;
            }
            match orders.cause[k] as usize {
                0 => open[place] += weight(k),
                cause => ended[(cause - 1) * times + place] += weight(k),
            }
        }
        // Summed from the last on, so that few orders left are few to the last digit; of those
        // that have lasted so long some had not begun to count.
        let mut leaving = 0.0;
        for place in (0..times).rev() {
            leaving += open[place];
            for cause in 0..causes {
                leaving += ended[cause * times + place];
            }
            at_risk[place] = leaving;
        }
        if let (Some(order), Some(entry)) = (by_entry, orders.entry) {
            let (mut late, mut last) = (0.0, n);
            for place in (0..times).rev() {
                while last > 0 && entry[order[last - 1]] >= time[place] {
                    last -= 1;
                    late += weight(order[last]);
                }
                at_risk[place] -= late;
            }
        }
        Ok(Events { time, at_risk, ended, open })
    }

    fn all_ended(&self, place: usize) -> f64 {
        let times = self.time.len();
        (0..self.ended.len() / times).map(|cause| self.ended[cause * times + place]).sum()
    }

    /// Share still open after each time (Kaplan and Meier), and the variance of its logarithm
    /// (Greenwood).
    pub(crate) fn survival(&self) -> (Vec<f64>, Vec<f64>) {
        let (mut share, mut variance) = (1.0, 0.0);
        let step = |place: usize| {
            let (risk, ended) = (self.at_risk[place], self.all_ended(place));
            if ended > 0.0 {
                let rest = left(risk, ended);
                share *= rest / risk;
                variance += ended / (risk * rest);
            }
            (share, if share > 0.0 { variance } else { f64::INFINITY })
        };
        (0..self.time.len()).map(step).unzip()
    }

    /// Share that a cause has ended by each time (Aalen and Johansen), and its variance.
    ///
    /// Source of the variance: D. Collett, *Modelling Survival Data in Medical Research* (3rd
    /// edition, 2015), section 12.2; here with running sums, none of which cancels.
    pub(crate) fn incidence(&self, cause: usize, survival: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let times = self.time.len();
        let mut share = 0.0;
        // Σ a, Σ (F - F_i) a and Σ (F - F_i)² a with a = d / n (n - d) of all causes; Σ of the
        // cause's own variance; Σ b and Σ (F - F_i) b with b = S d / n² of the cause.
        let mut moments = [0.0; 3];
        let mut own = 0.0;
        let mut cross = [0.0; 2];
        let step = |place: usize| {
            let before = if place == 0 { 1.0 } else { survival[place - 1] };
            let (risk, all) = (self.at_risk[place], self.all_ended(place));
            let ours = self.ended[cause * times + place];
            if all > 0.0 {
                let rise = before * ours / risk;
                share += rise;
                moments[2] += rise * (2.0 * moments[1] + rise * moments[0]);
                moments[1] += rise * moments[0];
                cross[1] += rise * cross[0];
                // After the last order nothing rises any more.
                if left(risk, all) > 0.0 {
                    moments[0] += all / (risk * left(risk, all));
                }
                own += before * before * ours * (risk - ours) / (risk * risk * risk);
                cross[0] += before * ours / (risk * risk);
            }
            (share, (moments[2] + own - 2.0 * cross[1]).max(0.0))
        };
        (0..times).map(step).unzip()
    }
}

/// What of `risk` has not ended; none where only rounding is left.
fn left(risk: f64, ended: f64) -> f64 {
    let rest = risk - ended;
    if rest > 1e-13 * risk { rest } else { 0.0 }
}

/// Places of `values` in rising order; equal ones as they come.
fn sorted(values: &[f64]) -> Result<Vec<usize>, Failure> {
    let mut places = allocate::<usize>(values.len())?;
    places.iter_mut().enumerate().for_each(|(k, place)| *place = k);
    places.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    Ok(places)
}

/// Ends of an interval around a share that stays between 0 and 1, from its variance: normal on the
/// scale of log(-log share), `z` standard deviations to either side.
pub(crate) fn log_log_band(share: f64, variance: f64, z: f64) -> [f64; 2] {
    if share <= 0.0 || share >= 1.0 {
        return [share.clamp(0.0, 1.0); 2];
    }
    let log = libm::log(share);
    let spread = libm::exp(z * variance.sqrt() / (share * -log));
    [libm::exp(log * spread), libm::exp(log / spread)]
}

#[cfg(feature = "python")]
pub(crate) use python::register;

#[cfg(feature = "python")]
mod python {
    use super::{Events, Orders, log_log_band};
    use crate::bridge::{Failure, detached};
    use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    type Column<'py> = PyReadonlyArray1<'py, f64>;
    type Arrays<'py> = Vec<Bound<'py, PyArray1<f64>>>;

    /// Lengths of time with at-risk, ended (by cause) and open weights; share open, its two bounds;
    /// share ended by each cause, its variance and two bounds.
    #[pyfunction]
    #[pyo3(signature = (duration, cause, causes, entry, weight, z))]
    fn lead_time_curves<'py>(
        py: Python<'py>,
        duration: Column<'py>,
        cause: PyReadonlyArray1<'py, u32>,
        causes: usize,
        entry: Option<Column<'py>>,
        weight: Option<Column<'py>>,
        z: f64,
    ) -> PyResult<(Arrays<'py>, Vec<Bound<'py, PyArray2<f64>>>)> {
        let orders = Orders {
            duration: duration.as_slice()?,
            cause: cause.as_slice()?,
            entry: entry.as_ref().map(|column| column.as_slice()).transpose()?,
            weight: weight.as_ref().map(|column| column.as_slice()).transpose()?,
        };
        let n = orders.duration.len();
        let fits = orders.cause.len() == n
            && [orders.entry, orders.weight].into_iter().flatten().all(|column| column.len() == n)
            && orders.cause.iter().all(|cause| *cause as usize <= causes);
        if !fits || orders.duration.iter().any(|duration| duration.is_nan()) || causes == 0 {
            return Err(PyValueError::new_err("columns must have one entry for each order"));
        }
        let (events, curve, shares) = detached(py, || curves(&orders, causes, z))?;
        let times = events.time.len();
        let wide = |column: Vec<f64>| column.into_pyarray(py).reshape([causes, times]);
        let [ended, incidence, variance, lower, upper] = shares;
        let columns = [events.time, events.at_risk, events.open].into_iter().chain(curve);
        Ok((
            columns.map(|column| column.into_pyarray(py)).collect(),
            vec![wide(ended)?, wide(incidence)?, wide(variance)?, wide(lower)?, wide(upper)?],
        ))
    }

    type Curves = (Events, [Vec<f64>; 4], [Vec<f64>; 5]);

    fn curves(orders: &Orders<'_>, causes: usize, z: f64) -> Result<Curves, Failure> {
        let mut events = Events::of(orders, causes)?;
        let (share, log_variance) = events.survival();
        let band = |(share, log_variance): (&f64, &f64)| {
            <(f64, f64)>::from(log_log_band(*share, share * share * log_variance, z))
        };
        let (lower, upper) = share.iter().zip(&log_variance).map(band).unzip();
        let mut wide: [Vec<f64>; 5] = Default::default();
        for cause in 0..causes {
            let (incidence, variance) = events.incidence(cause, &share);
            for (share, variance) in incidence.iter().zip(&variance) {
                let [low, high] = log_log_band(*share, *variance, z);
                wide[3].push(low);
                wide[4].push(high);
            }
            wide[1].extend(incidence);
            wide[2].extend(variance);
        }
        wide[0] = std::mem::take(&mut events.ended);
        Ok((events, [share, log_variance, lower, upper], wide))
    }

    pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add_function(wrap_pyfunction!(lead_time_curves, module)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders<'a>(duration: &'a [f64], cause: &'a [u32], entry: Option<&'a [f64]>) -> Orders<'a> {
        Orders { duration, cause, entry, weight: None }
    }

    #[test]
    fn a_share_falls_by_those_who_end_among_those_at_risk() {
        let found = Events::of(&orders(&[3.0, 1.0, 2.0, 3.0], &[1, 1, 0, 1], None), 1).unwrap();
        assert_eq!(found.time, [1.0, 2.0, 3.0]);
        assert_eq!(found.at_risk, [4.0, 3.0, 2.0]);
        assert_eq!(found.ended, [1.0, 0.0, 2.0]);
        assert_eq!(found.open, [0.0, 1.0, 0.0]);
        assert_eq!(found.survival().0, [0.75, 0.75, 0.0]);
    }

    #[test]
    fn an_order_counts_only_after_its_entry() {
        let entry = [0.0, 1.0, 0.5];
        let found = Events::of(&orders(&[1.0, 2.0, 3.0], &[1, 1, 1], Some(&entry)), 1).unwrap();
        assert_eq!(found.at_risk, [2.0, 2.0, 1.0]);
    }

    #[test]
    fn causes_share_out_what_has_ended() {
        let cause = [1, 2, 0, 2, 1, 1];
        let found = Events::of(&orders(&[1.0, 2.0, 2.0, 3.0, 3.0, 4.0], &cause, None), 2).unwrap();
        let survival = found.survival().0;
        let (first, _) = found.incidence(0, &survival);
        let (second, _) = found.incidence(1, &survival);
        for (place, open) in survival.iter().enumerate() {
            assert!((first[place] + second[place] + open - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn with_one_cause_the_variance_is_greenwoods() {
        let cause = [1, 1, 0, 1, 0, 1, 1];
        let times = [1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 9.0];
        let found = Events::of(&orders(&times, &cause, None), 1).unwrap();
        let (survival, log_variance) = found.survival();
        let (_, variance) = found.incidence(0, &survival);
        for place in 0..variance.len() - 1 {
            let greenwood = survival[place] * survival[place] * log_variance[place];
            assert!((variance[place] - greenwood).abs() < 1e-15);
        }
    }
}
