//! Distributions of lead times from orders that are partly still open, row by row.

pub(crate) mod curves;
mod families;
mod gamma_tails;
mod jet;
mod likelihood;
mod observations;
mod special;
mod weibull;

use self::families::Family;
use self::likelihood::Peak;
use self::observations::{Observations, Row, Status};
use crate::bridge::{Failure, map_chunks};

/// What a row gives: parameters are NaN where the status is not `Ok`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fitted {
    pub(crate) status: Status,
    pub(crate) family: Family,
    /// scipy's shape and scale.
    pub(crate) parameters: [f64; 2],
    /// Covariance of their logarithms: shape twice, both, scale twice.
    pub(crate) covariance: [f64; 3],
    pub(crate) log_likelihood: f64,
    /// Orders of some weight, and those of them that have ended.
    pub(crate) counts: [usize; 2],
}

impl Fitted {
    fn without(status: Status, family: Family, counts: [usize; 2]) -> Self {
        let nan = f64::NAN;
        let (parameters, covariance) = ([nan; 2], [nan; 3]);
        Fitted { status, family, parameters, covariance, log_likelihood: nan, counts }
    }

    /// Akaike's criterion; the least is the best.
    fn aic(&self) -> f64 {
        2.0 * self.family.free() as f64 - 2.0 * self.log_likelihood
    }
}

/// Fits the best of some families to a row; the first of equals.
pub(crate) fn fit_row(families: &[Family], row: &Row<'_>) -> Fitted {
    let data = match Observations::new(row) {
        Ok(data) => data,
        Err((status, counts)) => return Fitted::without(status, families[0], counts),
    };
    let mut best = fit_family(families[0], &data);
    for family in &families[1..] {
        let other = fit_family(*family, &data);
        if other.status == Status::Ok && (best.status != Status::Ok || other.aic() < best.aic()) {
            best = other;
        }
    }
    best
}

fn fit_family(family: Family, data: &Observations) -> Fitted {
    let without = |status| Fitted::without(status, family, data.counts);
    let fault = data.fault(family);
    if fault != Status::Ok {
        return without(fault);
    }
    let found = if family == Family::Weibull && data.is_plain {
        weibull::maximise(data)
    } else {
        likelihood::maximise(family, data)
    };
    let Some(Peak { at: [location, log_shape], log_likelihood, information }) = found else {
        return without(Status::NotConverged);
    };
    let (parameters, by_point) = family.parameters([location + data.centre, log_shape]);
    Fitted {
        status: Status::Ok,
        family,
        parameters,
        covariance: carried(inverse(information, family.free()), by_point),
        log_likelihood: log_likelihood - data.centre * data.exact,
        counts: data.counts,
    }
}

fn inverse([aa, ab, bb]: [f64; 3], free: usize) -> [f64; 3] {
    if free == 1 {
        return [1.0 / aa, 0.0, 0.0];
    }
    let determinant = aa * bb - ab * ab;
    [bb / determinant, -ab / determinant, aa / determinant]
}

/// Covariance of what depends on two numbers in this (linear) way.
fn carried([aa, ab, bb]: [f64; 3], by: [[f64; 2]; 2]) -> [f64; 3] {
    let between = |p: [f64; 2], q: [f64; 2]| {
        p[0] * q[0] * aa + (p[0] * q[1] + p[1] * q[0]) * ab + p[1] * q[1] * bb
    };
    [between(by[0], by[0]), between(by[0], by[1]), between(by[1], by[1])]
}

/// Columns of many rows, one behind the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a> {
    pub(crate) columns: Row<'a>,
    pub(crate) rows: usize,
    pub(crate) length: usize,
}

/// Orders in a chunk of rows.
const GRAIN: usize = 2_048;

pub(crate) fn fit_rows(families: &[Family], table: &Table<'_>) -> Result<Vec<Fitted>, Failure> {
    let Table { columns, rows, length } = *table;
    let grain = (GRAIN / length.max(1)).max(1);
    let chunks = map_chunks(rows, grain, |range| {
        let one = |k: usize| {
            let part = k * length..(k + 1) * length;
            let row = Row {
                lower: &columns.lower[part.clone()],
                upper: &columns.upper[part.clone()],
                entry: columns.entry.map(|column| &column[part.clone()]),
                weight: columns.weight.map(|column| &column[part.clone()]),
            };
            fit_row(families, &row)
        };
        range.map(one).collect::<Vec<_>>()
    })?;
    Ok(chunks.concat())
}

#[cfg(feature = "python")]
pub(crate) use python::register;

#[cfg(feature = "python")]
mod python {
    use super::{Family, Row, Table, fit_rows};
    use crate::bridge::detached;
    use numpy::{IntoPyArray, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    type Columns<'py> = PyReadonlyArray2<'py, f64>;

    /// Numbers that a row of the result has; `overbuild.leadtime.results` knows their order.
    const FIELDS: usize = 10;

    /// Fit the best of `families` to each row of lower and upper bounds.
    ///
    /// Columns of the result: status, family, shape, scale, three covariances of their logarithms,
    /// log-likelihood, orders, orders that have ended.
    #[pyfunction]
    fn fit_lead_times<'py>(
        py: Python<'py>,
        families: Vec<usize>,
        lower: Columns<'py>,
        upper: Columns<'py>,
        entry: Option<Columns<'py>>,
        weight: Option<Columns<'py>>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let families: Option<Vec<Family>> =
            families.iter().map(|k| Family::ALL.get(*k).copied()).collect();
        let families = families
            .filter(|families| !families.is_empty())
            .ok_or_else(|| PyValueError::new_err("families must be known, and one at least"))?;
        let (rows, length) = (lower.shape()[0], lower.shape()[1]);
        let others = [Some(&upper), entry.as_ref(), weight.as_ref()];
        if others.into_iter().flatten().any(|other| other.shape() != [rows, length]) {
            return Err(PyValueError::new_err("columns must have one shape"));
        }
        let columns = Row {
            lower: lower.as_slice()?,
            upper: upper.as_slice()?,
            entry: entry.as_ref().map(|column| column.as_slice()).transpose()?,
            weight: weight.as_ref().map(|column| column.as_slice()).transpose()?,
        };
        let table = Table { columns, rows, length };
        let fitted = detached(py, || fit_rows(&families, &table))?;
        let mut flat = Vec::with_capacity(rows * FIELDS);
        for one in fitted {
            flat.extend([f64::from(one.status as u8), f64::from(one.family as u8)]);
            flat.extend(one.parameters.into_iter().chain(one.covariance));
            flat.push(one.log_likelihood);
            flat.extend(one.counts.map(|count| count as f64));
        }
        flat.into_pyarray(py).reshape([rows, FIELDS])
    }

    pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add_function(wrap_pyfunction!(fit_lead_times, module)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: f64 = f64::INFINITY;

    fn fitted(family: Family, lower: &[f64], upper: &[f64]) -> Fitted {
        fit_row(&[family], &Row { lower, upper, entry: None, weight: None })
    }

    #[test]
    fn an_exponential_scale_is_time_over_ends() {
        let found = fitted(Family::Exponential, &[1.0, 2.0, 6.0], &[1.0, 2.0, OPEN]);
        assert_eq!(found.status, Status::Ok);
        assert!((found.parameters[1] - 4.5).abs() < 1e-14);
        assert_eq!(found.counts, [3, 2]);
        // The variance of a logarithm is one over the number of ends.
        assert!((found.covariance[2] - 0.5).abs() < 1e-14);
    }

    #[test]
    fn a_lognormal_one_has_the_moments_of_logarithms() {
        let times = [2.0, 3.0, 8.0, 30.0];
        let logs = times.map(f64::ln);
        let mean = logs.iter().sum::<f64>() / 4.0;
        let variance = logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4.0;
        let found = fitted(Family::Lognormal, &times, &times);
        assert!((found.parameters[0] - variance.sqrt()).abs() < 1e-13);
        assert!((found.parameters[1] - mean.exp()).abs() < 1e-12);
    }

    #[test]
    fn equal_orders_count_as_one_of_their_weight() {
        let (lower, upper) = ([5.0, 2.0, 9.0, 5.0, 9.0, 9.0], [5.0, 2.0, OPEN, 5.0, OPEN, 11.0]);
        let entry = [0.0, 0.0, 1.0, 0.0, 1.0, 1.0];
        let row = Row { lower: &lower, upper: &upper, entry: Some(&entry), weight: None };
        let data = Observations::new(&row).unwrap();
        let weights: Vec<f64> = data.distinct().iter().map(|one| one.weight).collect();
        assert_eq!(weights, [1.0, 2.0, 1.0, 2.0]);
        // Given once with that weight, they have the same fit.
        let (lower, upper) = ([9.0, 9.0, 2.0, 5.0], [11.0, OPEN, 2.0, 5.0]);
        let (entry, weight) = ([1.0, 1.0, 0.0, 0.0], [1.0, 2.0, 1.0, 2.0]);
        let once = Row { lower: &lower, upper: &upper, entry: Some(&entry), weight: Some(&weight) };
        for family in Family::ALL {
            let (many, few) = (fit_row(&[family], &row), fit_row(&[family], &once));
            for k in 0..2 {
                assert!((many.parameters[k] / few.parameters[k] - 1.0).abs() < 1e-12);
            }
            assert_eq!((many.status, many.counts[0], few.counts[0]), (Status::Ok, 6, 4));
        }
    }

    #[test]
    fn what_cannot_be_fitted_says_why() {
        for family in Family::ALL {
            let status = |lower: &[f64], upper: &[f64]| fitted(family, lower, upper).status;
            assert_eq!(status(&[], &[]), Status::FewerThanTwo);
            assert_eq!(status(&[1.0], &[1.0]), Status::FewerThanTwo);
            assert_eq!(status(&[1.0, 2.0], &[OPEN, OPEN]), Status::NoEvent);
            assert_eq!(status(&[1.0, -2.0], &[1.0, OPEN]), Status::NegativeTime);
            assert_eq!(status(&[f64::NAN, -2.0], &[1.0, OPEN]), Status::Missing);
            assert_eq!(status(&[0.0, 2.0], &[0.0, 2.0]), Status::EventAtZero);
            assert_eq!(status(&[3.0, 2.0], &[2.0, 2.0]), Status::BoundsReversed);
            assert_eq!(status(&[0.0, 0.0], &[1.0, 2.0]), Status::TimesEqual);
            let equal = status(&[2.0, 2.0, 1.0], &[2.0, 2.0, OPEN]);
            let expected =
                if family == Family::Exponential { Status::Ok } else { Status::TimesEqual };
            assert_eq!(equal, expected);
        }
    }

    #[test]
    fn rows_do_not_depend_on_each_other() {
        let lower: Vec<f64> = (0..6_000).map(|k| f64::from(k % 97) + 1.0).collect();
        let columns = Row { lower: &lower, upper: &lower, entry: None, weight: None };
        let all = fit_rows(&Family::ALL, &Table { columns, rows: 60, length: 100 }).unwrap();
        for (k, found) in all.iter().enumerate() {
            let part = &lower[100 * k..100 * (k + 1)];
            let row = Row { lower: part, upper: part, entry: None, weight: None };
            let alone = fit_row(&Family::ALL, &row);
            assert_eq!(found.parameters, alone.parameters);
            assert_eq!(found.family, alone.family);
        }
    }
}
