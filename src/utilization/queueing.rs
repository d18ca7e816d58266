//! Erlang's formulas: why a pool of servers cannot run at 100% and serve at once.
//!
//! Source: A. K. Erlang (1917); the recurrences as in R. B. Cooper, *Introduction to Queueing
//! Theory*, 2nd ed. (1981), chapter 3.

use crate::bridge::{Kernel, elementwise_slow};

const TABLE: &[Kernel] = &[
    elementwise_slow(c"erlang_b", erlang_b),
    elementwise_slow(c"erlang_c", erlang_c),
    elementwise_slow(c"carried_load", carried_load),
];

/// Above this many servers the sums below would take seconds.
const MOST_SERVERS: f64 = 1e9;

fn in_domain(load: f64, servers: f64) -> bool {
    load >= 0.0 && (0.0..=MOST_SERVERS).contains(&servers) && servers == servers.trunc()
}

/// Probability that a job finds all servers busy and is lost (M/M/n/n).
fn erlang_b(load: f64, servers: f64) -> f64 {
    if in_domain(load, servers) { 1.0 / reciprocal_b(load, servers) } else { f64::NAN }
}

/// Probability that a job finds all servers busy and waits (M/M/n).
fn erlang_c(load: f64, servers: f64) -> f64 {
    if in_domain(load, servers) { wait_probability(load, servers) } else { f64::NAN }
}

/// 1 / B(load, servers): the sum over k of n (n-1) … (n-k+1) / load^k.
///
/// It is the recurrence 1/B(n) = 1 + n/load · 1/B(n-1) unrolled from n downwards. All terms are
/// positive, so nothing cancels; they end where they stop to matter, after some multiples of the
/// square root of n unless the load is light. An overflow says that B is below 1e-308.
fn reciprocal_b(load: f64, servers: f64) -> f64 {
    let (mut sum, mut term, mut left) = (1.0, 1.0, servers);
    while left > 0.0 {
        let ratio = left / load;
        term *= ratio;
        sum += term;
        left -= 1.0;
        // From here on the terms fall at least as fast as a geometric series.
        if sum == f64::INFINITY || (ratio < 1.0 && term < 1e-18 * sum * (1.0 - ratio)) {
            break;
        }
    }
    sum
}

/// C = n B / (n - load (1 - B)), written without a difference that cancels.
fn wait_probability(load: f64, servers: f64) -> f64 {
    if load >= servers {
        return 1.0;
    }
    // In shares of the servers, so that nothing overflows before 1 / B does.
    1.0 / (load / servers + (servers - load) / servers * reciprocal_b(load, servers))
}

/// Highest utilization at which no more than a share `wait` of the jobs waits.
///
/// The wait probability rises from 0 to 1 with the load, so the root is bracketed throughout;
/// a secant on its logarithm against that of the load, with bisection where that stalls.
fn carried_load(servers: f64, wait: f64) -> f64 {
    if !(in_domain(0.0, servers) && servers > 0.0 && (0.0..=1.0).contains(&wait)) {
        return f64::NAN;
    }
    if wait == 0.0 || wait == 1.0 || servers == 1.0 {
        return wait;
    }
    let target = libm::log(wait);
    let excess = |x: f64| libm::log(wait_probability(servers * libm::exp(x), servers)) - target;
    // x is the logarithm of utilization. C(a, 1) = a and C falls with n at a given utilization.
    let (mut low, mut high) = (target, 0.0);
    let (mut below, mut above) = (excess(low), -target);
    let mut width = high - low;
    while high - low > 4.0 * f64::EPSILON * libm::fabs(low).max(f64::EPSILON) {
        let secant = (low * above - high * below) / (above - below);
        let middle = 0.5 * (low + high);
        let halved = high - low <= 0.5 * width;
        width = high - low;
        let x = if halved && low < secant && secant < high { secant } else { middle };
        if x <= low || x >= high {
            break;
        }
        let y = excess(x);
        if y > 0.0 {
            (high, above) = (x, y);
        } else {
            (low, below) = (x, y);
        }
    }
    libm::exp(low)
}

#[cfg(feature = "python")]
pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    crate::bridge::add_kernels(module, TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_loses_load_over_one_plus_load() {
        assert!((erlang_b(0.5, 1.0) - 1.0 / 3.0).abs() < 1e-16);
        assert!((erlang_c(0.5, 1.0) - 0.5).abs() < 1e-16);
    }

    #[test]
    fn the_sum_agrees_with_the_recurrence() {
        for (load, servers) in [(0.01, 3), (7.0, 10), (95.0, 100), (2e3, 1e3 as u32), (9e3, 9001)] {
            let mut reciprocal = 1.0;
            for n in 1..=servers {
                reciprocal = 1.0 + reciprocal * f64::from(n) / load;
            }
            let b = erlang_b(load, f64::from(servers));
            assert!((b * reciprocal - 1.0).abs() < 1e-12, "{load} {servers} {b}");
        }
    }

    #[test]
    fn the_ends_of_the_domain() {
        assert_eq!(erlang_b(0.0, 4.0), 0.0);
        assert_eq!(erlang_b(3.0, 0.0), 1.0);
        assert_eq!(erlang_b(f64::INFINITY, 4.0), 1.0);
        assert_eq!(erlang_b(1.0, 1e6), 0.0);
        assert_eq!(erlang_c(0.0, 4.0), 0.0);
        assert_eq!(erlang_c(4.0, 4.0), 1.0);
        assert!(erlang_b(1.0, 2.5).is_nan() && erlang_c(-1.0, 2.0).is_nan());
    }

    #[test]
    fn carried_load_inverts_erlang_c() {
        for servers in [1.0, 2.0, 10.0, 1e3, 1e5] {
            for wait in [1e-9, 1e-3, 0.2, 0.999] {
                let load = carried_load(servers, wait) * servers;
                let back = erlang_c(load, servers);
                assert!((back / wait - 1.0).abs() < 1e-8, "{servers} {wait} {back}");
            }
        }
    }
}
