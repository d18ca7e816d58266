//! The computing core of `overbuild`: kernels by topic, and the bridge that makes ufuncs of them.
#![cfg_attr(not(feature = "python"), allow(dead_code))]

mod bridge;
mod capex;
mod convolution;
mod domain;
mod leadtime;
mod market;
mod study;
mod utilization;

#[cfg(feature = "python")]
#[pyo3::pymodule(gil_used = false)]
fn _core(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    use pyo3::types::PyModuleMethods;

    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    for register in [
        bridge::register,
        capex::annuity::register,
        capex::cashflow::register,
        capex::debt::register,
        capex::depreciation::register,
        capex::rate_of_return::register,
        capex::unit_cost::register,
        domain::register,
        leadtime::delivery::register,
        leadtime::network::register,
        leadtime::survival::register,
        leadtime::survival::curves::register,
        market::adoption::register,
        market::capacity::register,
        market::demand::register,
        market::evidence::register,
        market::regions::register,
        market::paths::register,
        study::copula::register,
        study::quantile::register,
        study::selection::register,
        study::sobol::register,
        utilization::disclosure::register,
        utilization::occupancy::register,
        utilization::queueing::register,
    ] {
        register(module)?;
    }
    Ok(())
}
