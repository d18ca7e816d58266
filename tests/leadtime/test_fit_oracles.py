"""Fitted lead times against lifelines, scipy and known values."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from fitting import ORDERS, SCIPY, each_family, log_likelihood
from scipy import stats

with warnings.catch_warnings():
    # autograd, which lifelines is built on, uses names that NumPy has deprecated.
    warnings.simplefilter("ignore")
    import lifelines
    from lifelines.datasets import load_lung, load_waltons

import overbuild as ob

lead = ob.leadtime

RIVALS = {
    "weibull": lifelines.WeibullFitter,
    "lognormal": lifelines.LogNormalFitter,
    "loglogistic": lifelines.LogLogisticFitter,
    "exponential": lifelines.ExponentialFitter,
}


@contextmanager
def rival_warnings_ignored() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def rival_parameters(family: str, fitter) -> tuple[float, float]:
    match family:
        case "weibull":
            return fitter.rho_, fitter.lambda_
        case "lognormal":
            return fitter.sigma_, np.exp(fitter.mu_)
        case "loglogistic":
            return fitter.beta_, fitter.alpha_
        case _:
            return 1.0, fitter.lambda_


def fitted_by_both(family: str, kind: str):
    durations, observed = ORDERS["durations"], ORDERS["observed"]
    rival = RIVALS[family]()
    match kind:
        case "right":
            rival.fit(durations, observed)
            return rival, lead.fit(durations, observed, family=family)
        case "entry":
            rival.fit(durations, observed, entry=ORDERS["entry"])
            return rival, lead.fit(durations, observed, family=family, entry=ORDERS["entry"])
        case "weights":
            kept = ORDERS["weights"] > 0
            rival.fit(durations[kept], observed[kept], weights=ORDERS["weights"][kept])
            ours = lead.fit(durations, observed, family=family, weights=ORDERS["weights"])
            return rival, ours
        case "left":
            known = ORDERS["times"] > 20
            times = np.maximum(ORDERS["times"], 20)
            rival.fit_left_censoring(times, known)
            return rival, lead.fit(family=family, interval=(np.where(known, times, 0), times))
        case _:
            bounds = ORDERS["lower"], ORDERS["upper"]
            # lifelines does not cut an interval at the entry.
            entry = np.minimum(ORDERS["entry"], 0.5 * bounds[0]) if "entry" in kind else None
            rival.fit_interval_censoring(*bounds, entry=entry)
            return rival, lead.fit(family=family, interval=bounds, entry=entry)


@pytest.mark.parametrize(
    "kind", ["right", "entry", "weights", "left", "interval", "interval and entry"]
)
@pytest.mark.parametrize("family", RIVALS)
def test_against_lifelines(family: str, kind: str) -> None:
    with rival_warnings_ignored():
        rival, ours = fitted_by_both(family, kind)
    assert ours.status == "ok"
    # lifelines stops a little below the highest point; we may not.
    assert ours.log_likelihood >= rival.log_likelihood_ - 1e-9
    assert ours.log_likelihood == pytest.approx(rival.log_likelihood_, rel=1e-8)
    assert [ours.parameters["shape"], ours.parameters["scale"]] == pytest.approx(
        rival_parameters(family, rival), rel=2e-5
    )
    if family in ("weibull", "loglogistic"):
        errors = np.sqrt(np.diag(ours.covariance))
        names = {"weibull": ["rho_", "lambda_"], "loglogistic": ["beta_", "alpha_"]}[family]
        np.testing.assert_allclose(errors, rival.summary.loc[names, "se(coef)"], rtol=1e-4)


@each_family
def test_against_scipy(family: str) -> None:
    ours = lead.fit(ORDERS["durations"], ORDERS["observed"], family=family)
    data = stats.CensoredData.right_censored(ORDERS["durations"], ~ORDERS["observed"])
    *shape, loc, scale = SCIPY[family].fit(data, floc=0)
    found = ours.parameters["shape"], ours.parameters["scale"]
    assert loc == 0
    assert found == pytest.approx((*(shape or [1.0]), scale), rel=1e-4)
    assert ours.log_likelihood == pytest.approx(log_likelihood(family, *found), rel=1e-12)
    assert ours.log_likelihood >= log_likelihood(family, *(shape or [1.0]), scale) - 1e-9
    assert ours.aic == 2 * (1 if family == "exponential" else 2) - 2 * ours.log_likelihood


@each_family
def test_information_is_the_curvature(family: str) -> None:
    """The covariance, inverted, against differences of a log-likelihood that scipy computes."""
    ours = lead.fit(ORDERS["durations"], ORDERS["observed"], family=family)
    at = np.array([ours.parameters["shape"], ours.parameters["scale"]])
    free = [1] if family == "exponential" else [0, 1]
    step = 1e-4 * at

    def moved(k, j):
        return log_likelihood(family, *(at + k * step * [1, 0] + j * step * [0, 1]))

    curve = np.array(
        [
            [
                moved(1, 0) - 2 * moved(0, 0) + moved(-1, 0),
                (moved(1, 1) - moved(1, -1) - moved(-1, 1) + moved(-1, -1)) / 4,
            ],
            [0, moved(0, 1) - 2 * moved(0, 0) + moved(0, -1)],
        ]
    )
    curve[1, 0] = curve[0, 1]
    information = -(curve / np.outer(step, step))[np.ix_(free, free)]
    found = np.linalg.inv(ours.covariance[np.ix_(free, free)])
    np.testing.assert_allclose(found, information, rtol=1e-4, atol=1e-4 * abs(information).max())


def test_waltons() -> None:
    # lifelines' documentation prints these.
    data = load_waltons()
    found = lead.fit(data["T"], data["E"])
    assert found.parameters["scale"] == pytest.approx(55.7331, abs=5e-5)
    assert found.parameters["shape"] == pytest.approx(3.4505, abs=5e-5)
    assert found.log_likelihood == pytest.approx(-672.062, abs=5e-4)
    assert (found.n, found.events) == (163, 156)


def test_lung() -> None:
    data = load_lung()
    found = lead.fit(data["time"], data["status"])
    assert (found.n, found.events) == (228, 165)
    with rival_warnings_ignored():
        rival = lifelines.WeibullFitter().fit(data["time"], data["status"])
    assert found.parameters["shape"] == pytest.approx(1.31684, abs=5e-6)
    # 417.759 to three decimals.
    assert found.parameters["scale"] == pytest.approx(417.759, abs=5e-4)
    assert found.parameters["scale"] == pytest.approx(rival.lambda_, rel=1e-5)


@each_family
def test_draws_hold_the_uncertainty_of_parameters(family: str) -> None:
    durations, observed = ORDERS["durations"][:40], ORDERS["observed"][:40]
    found = lead.fit(durations, observed, family=family)
    drawn = found.draws(100_000, seed=3)
    np.testing.assert_array_equal(drawn, found.draws(100_000, seed=3))
    # By the law of total variance, of log time: that of the family, and what its mean and spread
    # vary by (here by simulation, parameter by parameter).
    rng = np.random.default_rng(8)
    logs = np.log([found.parameters["shape"], found.parameters["scale"]])
    shapes, scales = np.exp(rng.multivariate_normal(logs, found._log_covariance, 2_000)).T
    arguments = () if family == "exponential" else (shapes[:, np.newaxis],)
    frozen = SCIPY[family](*arguments, scale=scales[:, np.newaxis])
    mixture = np.sort(frozen.ppf((np.arange(50) + 0.5) / 50).ravel())
    for q in (0.1, 0.5, 0.9):
        assert np.quantile(drawn, q) == pytest.approx(np.quantile(mixture, q), rel=0.03)
    assert np.log(drawn).std() > np.log(found.distribution.rvs(100_000, random_state=1)).std()


@each_family
def test_quantiles_and_their_bands(family: str) -> None:
    found = lead.fit(ORDERS["durations"], ORDERS["observed"], family=family)
    q = np.array([0.1, 0.5, 0.9])
    band = found.quantile(q)
    np.testing.assert_allclose(band.value, found.distribution.ppf(q), rtol=1e-12)
    # The delta method with plain differences of scipy's quantiles.
    at = np.array([found.parameters["shape"], found.parameters["scale"]])

    def log_quantile(shape, scale):
        return np.log(
            SCIPY[family](*(() if family == "exponential" else (shape,)), scale=scale).ppf(q)
        )

    slopes = [
        (log_quantile(*(at + 1e-5 * step)) - log_quantile(*(at - 1e-5 * step))) / 2e-5
        for step in np.eye(2)
    ]
    error = np.sqrt(np.einsum("iq,ij,jq->q", slopes, found.covariance, slopes))
    np.testing.assert_allclose(band.upper / band.value, np.exp(1.959963985 * error), rtol=1e-6)
    np.testing.assert_allclose(band.value / band.lower, np.exp(1.959963985 * error), rtol=1e-6)
    for wrong in (0.0, 1.0, [0.5, np.nan], -1):
        with pytest.raises(ValueError, match="q must lie between"):
            found.quantile(wrong)
    with pytest.raises(ValueError, match="level"):
        found.quantile(0.5, level=95)
