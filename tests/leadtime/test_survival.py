"""Fitted lead times against lifelines, scipy, known values, and what must hold of any fit."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

with warnings.catch_warnings():
    # autograd, which lifelines is built on, uses names that NumPy has deprecated.
    warnings.simplefilter("ignore")
    import lifelines
    from lifelines.datasets import load_lung, load_waltons

import overbuild as ob

lead = ob.leadtime

FAMILIES = ("weibull", "lognormal", "gamma", "exponential", "loglogistic")
RIVALS = {
    "weibull": lifelines.WeibullFitter,
    "lognormal": lifelines.LogNormalFitter,
    "loglogistic": lifelines.LogLogisticFitter,
    "exponential": lifelines.ExponentialFitter,
}
SCIPY = {
    "weibull": stats.weibull_min,
    "lognormal": stats.lognorm,
    "gamma": stats.gamma,
    "exponential": stats.expon,
    "loglogistic": stats.fisk,
}
each_family = pytest.mark.parametrize("family", FAMILIES)


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


def some_orders(n: int = 300, seed: int = 5) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    times, ends = rng.gamma(3, 12, n), rng.uniform(5, 90, n)
    durations = np.minimum(times, ends)
    lower = np.floor(times / 10) * 10
    upper = np.where(lower >= 50, np.inf, lower + 10)
    exact = rng.random(n) < 0.2
    return {
        "times": times,
        "durations": durations,
        "observed": times <= ends,
        "entry": rng.uniform(0, 0.8, n) * durations,
        "weights": rng.integers(0, 4, n).astype(float),
        "lower": np.where(exact, times, lower),
        "upper": np.where(exact, times, upper),
    }


ORDERS = some_orders()


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


def log_likelihood(family: str, shape: float, scale: float, orders=ORDERS) -> float:
    frozen = SCIPY[family](*(() if family == "exponential" else (shape,)), scale=scale)
    ended = frozen.logpdf(orders["durations"])
    return np.where(orders["observed"], ended, frozen.logsf(orders["durations"])).sum()


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
@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1.0 / 7, 365.25, 1e6])
def test_the_unit_does_not_matter(family: str, factor: float) -> None:
    entry = ORDERS["entry"]
    first = lead.fit(ORDERS["durations"], ORDERS["observed"], family=family, entry=entry)
    other = lead.fit(
        factor * ORDERS["durations"], ORDERS["observed"], family=family, entry=factor * entry
    )
    assert other.status == "ok"
    assert other.parameters["shape"] == pytest.approx(first.parameters["shape"], rel=1e-9)
    assert other.parameters["scale"] == pytest.approx(factor * first.parameters["scale"], rel=1e-9)
    events = ORDERS["observed"].sum()
    shifted = first.log_likelihood - events * np.log(factor)
    assert other.log_likelihood == pytest.approx(shifted, rel=1e-11)


@each_family
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(3, 40))
def test_order_and_multiplicity(family: str, seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    durations = rng.lognormal(3, rng.uniform(0.1, 1.5), n)
    observed = rng.random(n) < 0.7
    observed[:2] = True
    weights = rng.integers(1, 4, n)
    found = lead.fit(durations, observed, family=family, weights=weights)
    shuffle = rng.permutation(n)
    shuffled = lead.fit(
        durations[shuffle], observed[shuffle], family=family, weights=weights[shuffle]
    )
    repeated = lead.fit(np.repeat(durations, weights), np.repeat(observed, weights), family=family)
    assert found.status == shuffled.status == repeated.status == "ok"
    for other in (shuffled, repeated):
        for name in ("shape", "scale"):
            assert other.parameters[name] == pytest.approx(found.parameters[name], rel=1e-8)
        errors = np.sqrt(np.diag(found.covariance))
        scale = np.where(errors > 0, errors, 1.0)
        near = np.abs(other.covariance - found.covariance) / np.outer(scale, scale)
        assert near.max() < 1e-6
    assert repeated.n == weights.sum()
    assert found.n == n


@each_family
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 60))
def test_no_point_nearby_is_higher(family: str, seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    times = rng.weibull(rng.uniform(0.4, 5), n) * 10 ** rng.uniform(-4, 4)
    as_of = np.quantile(times, rng.uniform(0.3, 1.0))  # one day of the count for all
    orders = {"durations": np.minimum(times, as_of), "observed": times <= as_of}
    found = lead.fit(orders["durations"], orders["observed"], family=family)
    assert found.status == "ok"
    at = found.parameters["shape"], found.parameters["scale"]
    highest = log_likelihood(family, *at, orders)
    assert highest == pytest.approx(found.log_likelihood, rel=1e-9, abs=1e-9)
    for shape_by, scale_by in [(1, 1.01), (1, 0.99), (1.01, 1), (0.99, 1), (2, 1), (0.5, 1)]:
        moved = at[0] * (1 if family == "exponential" else shape_by), at[1] * scale_by
        assert log_likelihood(family, *moved, orders) <= highest + 1e-9


@each_family
def test_parameters_are_recovered_at_nominal_coverage(family: str) -> None:
    rng = np.random.default_rng(11)
    rows, n, level_z = 1000, 200, 1.959963985
    shape, scale = (1.0 if family == "exponential" else 1.7), 40.0
    frozen = SCIPY[family](*(() if family == "exponential" else (shape,)), scale=scale)
    times = frozen.ppf(rng.random((rows, n)))
    as_of = frozen.ppf(0.7)
    found = lead.fit(np.minimum(times, as_of), times <= as_of, family=family)
    assert (found.status == "ok").all()
    errors = np.sqrt(found._log_covariance[:, [0, 1], [0, 1]])
    # Two-sided binomial limits at four standard deviations around 95%, and a little for n = 200.
    spread = 4 * np.sqrt(0.95 * 0.05 / rows) + 0.005
    for k, (name, truth) in enumerate({"shape": shape, "scale": scale}.items()):
        if errors[:, k].any():
            off = np.abs(np.log(found.parameters[name] / truth))
            assert np.mean(off <= level_z * errors[:, k]) == pytest.approx(0.95, abs=spread)
    band = found.quantile([0.5, 0.9])
    truth = frozen.ppf([0.5, 0.9])
    inside = ((band.lower <= truth) & (truth <= band.upper)).mean(axis=0)
    np.testing.assert_allclose(inside, 0.95, atol=spread)


@each_family
@pytest.mark.parametrize("spread", [1e-6, 1e-3, 3.0])
def test_times_all_but_equal_and_far_apart(family: str, spread: float) -> None:
    logs = spread * np.array([-1.3, -0.2, 0.1, 0.3, 0.9, 1.1])
    found = lead.fit(np.exp(3 + logs), [True, True, False, True, True, True], family=family)
    assert found.status == "ok"
    if family in ("weibull", "lognormal", "loglogistic"):
        # What is done to log time is done to its quantiles.
        unit = lead.fit(np.exp(logs / spread), [True, True, False, True, True, True], family=family)
        wide, narrow = unit.quantile([0.1, 0.9]).value, found.quantile([0.1, 0.9]).value
        np.testing.assert_allclose(np.log(narrow) - 3, spread * np.log(wide), rtol=1e-6)


def test_best_is_the_least_aic() -> None:
    rng = np.random.default_rng(3)
    rows = np.stack(
        [
            frozen.ppf(rng.random(400))
            for frozen in (
                stats.weibull_min(5, scale=30),
                stats.lognorm(0.8, scale=30),
                stats.fisk(4, scale=30),
                stats.gamma(1.9, scale=30),
                stats.expon(scale=30),
            )
        ]
    )
    best = lead.fit(rows, family="best")
    aics = np.stack([lead.fit(rows, family=family).aic for family in FAMILIES])
    np.testing.assert_array_equal(best.aic, aics.min(axis=0))
    assert best.family.tolist() == [FAMILIES[k] for k in aics.argmin(axis=0)]
    assert best.family[:3].tolist() == ["weibull", "lognormal", "loglogistic"]
    # Each row has the parameters and the distribution of its own family.
    for k, family in enumerate(best.family):
        alone = lead.fit(rows[k], family=family)
        assert best[k].parameters == alone.parameters
        assert best[k].distribution.dist.name == SCIPY[family].name
        np.testing.assert_allclose(
            best.quantile(0.9).value[k], alone.distribution.ppf(0.9), rtol=1e-12
        )


BROKEN = {
    "no event observed": ([3.0, 4.0], [False, False]),
    "all times equal": ([3.0, 3.0, 3.0], [True, True, True]),
    "fewer than two rows": ([3.0], [True]),
    "negative time": ([3.0, -4.0], [True, True]),
    "missing number": ([3.0, np.nan], [True, True]),
    "infinite time": ([3.0, np.inf], [True, False]),
    "event at time zero": ([3.0, 0.0], [True, True]),
}


@pytest.mark.parametrize("family", ["weibull", "lognormal", "gamma", "loglogistic", "best"])
@pytest.mark.parametrize("status", BROKEN)
def test_what_cannot_be_fitted_says_why(status: str, family: str) -> None:
    durations, observed = BROKEN[status]
    found = lead.fit(durations, observed, family=family)
    if family == "best" and status == "all times equal":
        assert (found.status, found.family) == ("ok", "exponential")
        return
    assert found.status == status
    assert np.isnan([*found.parameters.values(), found.log_likelihood, found.aic]).all()
    assert np.isnan(found.covariance).all()
    assert status in repr(found)
    for use in (lambda: found.distribution, lambda: found.draws(3, seed=1)):
        with pytest.raises(ValueError, match=status):
            use()


@each_family
@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        ("weights all zero", {"durations": [1.0, 2.0], "weights": [0.0, 0.0]}),
        ("weight negative or infinite", {"durations": [1.0, 2.0], "weights": [1.0, -1.0]}),
        ("weight negative or infinite", {"durations": [1.0, 2.0], "weights": [1.0, np.inf]}),
        ("missing number", {"durations": [1.0, 2.0], "weights": [1.0, np.nan]}),
        ("missing number", {"durations": [1.0, 2.0], "observed": [1.0, np.nan]}),
        ("fewer than two rows", {"durations": [1.0, 2.0], "weights": [1.0, 0.0]}),
        ("fewer than two rows", {"durations": []}),
        ("bounds reversed", {"interval": ([1.0, 5.0], [1.0, 4.0])}),
        ("entry not before the end", {"durations": [1.0, 5.0], "entry": [0.0, 5.0]}),
        ("negative time", {"durations": [1.0, 5.0], "entry": [-1.0, 0.0]}),
        ("infinite time", {"interval": ([np.inf, 5.0], [np.inf, 5.0])}),
        ("all times equal", {"interval": ([0.0, 0.0], [3.0, 5.0])}),
    ],
)
def test_what_cannot_be_fitted_says_why_in_all_forms(family, status, arguments) -> None:
    assert lead.fit(**arguments, family=family).status == status


@each_family
def test_a_broken_row_leaves_the_others_alone(family: str) -> None:
    rng = np.random.default_rng(2)
    rows = rng.weibull(2.0, (7, 30)) * 20
    rows[1, 3], rows[2, 4], rows[4] = np.nan, -1.0, 8.0
    found = lead.fit(rows, family=family)
    equal = "ok" if family == "exponential" else "all times equal"
    expected = ["ok", "missing number", "negative time", "ok", equal, "ok", "ok"]
    assert found.status.tolist() == expected
    assert len(found) == 7
    for k, one in enumerate(found):
        alone = lead.fit(rows[k], family=family)
        assert (one.status, one.n, one.events) == (alone.status, alone.n, alone.events)
        np.testing.assert_equal(dict(one.parameters), dict(alone.parameters))
        np.testing.assert_array_equal(one.covariance, alone.covariance)
    assert np.isnan(found.draws(4, seed=1)).all(axis=1).tolist() == [
        status != "ok" for status in expected
    ]


def test_what_has_no_weight_is_not_looked_at() -> None:
    full = lead.fit([3.0, 5.0, 9.0])
    padded = lead.fit([3.0, np.nan, 5.0, 9.0, -1.0], weights=[1, 0, 1, 1, 0])
    assert padded.parameters == full.parameters
    assert padded.n == 3


def test_threads_do_not_change_a_bit() -> None:
    rows = np.random.default_rng(0).weibull(1.5, (300, 64))
    results = []
    for threads in (1, 2, 8):
        ob.set_num_threads(threads)
        results.append(lead.fit(rows, rows < 1.2, family="best"))
    for other in results[1:]:
        np.testing.assert_array_equal(other.aic, results[0].aic)
        np.testing.assert_array_equal(other.covariance, results[0].covariance)


def test_an_interval_is_cut_at_its_entry() -> None:
    rng = np.random.default_rng(4)
    lower = rng.uniform(0, 30, 100)
    upper, entry = lower + rng.uniform(5, 30, 100), np.minimum(lower + 3, 10.0)
    found = lead.fit(interval=(lower, upper), entry=entry)
    cut = lead.fit(interval=(np.maximum(lower, entry), upper), entry=entry)
    assert found.parameters == cut.parameters


def test_named_dimensions() -> None:
    rng = np.random.default_rng(6)
    times = xr.DataArray(
        rng.weibull(2.0, (3, 50, 2)) * 40,
        dims=("site", "order", "scenario"),
        coords={"site": ["a", "b", "c"]},
    )
    found = lead.fit(times, times < 60, weights=np.ones(50))
    assert found.parameters["shape"].dims == ("site", "scenario")
    assert found.parameters["shape"].site.values.tolist() == ["a", "b", "c"]
    assert found.covariance.dims == ("site", "scenario", "parameter", "with_parameter")
    one = times.isel(site=1, scenario=0)
    alone = lead.fit(one.values, one.values < 60)
    assert found.parameters["scale"].isel(site=1, scenario=0) == alone.parameters["scale"]
    single = lead.fit(one, one < 60)
    assert single.distribution.mean() == alone.distribution.mean()
    with pytest.raises(ValueError, match="must have dimension 'order'"):
        lead.fit(times.rename(order="draw"))
    with pytest.raises(ValueError, match="different labels"):
        lead.fit(times, (times < 60).assign_coords(site=["a", "b", "d"]))


def test_pandas_and_what_it_holds_as_missing() -> None:
    durations = pd.Series([3.0, 5.0, 9.0, 4.0], index=list("wxyz"))
    observed = pd.Series([True, False, True, True], index=list("wxyz"))
    assert lead.fit(durations, observed).events == 3
    whole = pd.Series([3, 5, None, 4], dtype="Int64")
    assert lead.fit(whole).status == "missing number"
    assert lead.fit(whole, weights=[1, 1, 0, 1]).status == "ok"
    flags = pd.Series([True, False, None, True], dtype="boolean")
    assert lead.fit(durations, flags).status == "missing number"


def test_the_distribution_is_an_input_of_a_study() -> None:
    found = lead.fit(ORDERS["durations"], ORDERS["observed"], family="lognormal")
    study = ob.Study(lambda weeks: {"months": weeks / 4.348}, {"weeks": found.distribution})
    draws = study.run(draws=4096, seed=1).dataset["weeks"].values
    assert np.quantile(draws, 0.9) == pytest.approx(found.distribution.ppf(0.9), rel=5e-3)


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


def test_a_result_is_a_record() -> None:
    found = lead.fit(ORDERS["durations"], ORDERS["observed"])
    with pytest.raises(AttributeError):
        found.family = "gamma"
    with pytest.raises(TypeError):
        found.parameters["shape"] = 1.0
    again = pickle.loads(pickle.dumps(found))
    assert again.parameters == found.parameters
    assert repr(again) == repr(found)
    with pytest.raises(TypeError, match="one row"):
        found[0]
    with pytest.raises(TypeError, match="one row"):
        len(found)
    many = lead.fit(ORDERS["durations"].reshape(3, 100))
    assert repr(many) == "Fits of 3 rows in shape (3,): 3 ok"
    with pytest.raises(ValueError, match=r"fit\[0\]"):
        _ = many.distribution


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, TypeError, "either durations or interval"),
        ({"durations": [1.0], "interval": ([1.0], [1.0])}, TypeError, "either"),
        ({"interval": ([1.0], [1.0]), "observed": [True]}, TypeError, "observed"),
        ({"interval": 3.0}, TypeError, "pair"),
        ({"interval": ([1.0], [1.0], [1.0])}, TypeError, "pair"),
        ({"durations": 3.0}, ValueError, "axis of orders"),
        ({"durations": ["a", "b"]}, TypeError, "durations must be numbers"),
        ({"durations": np.array(["2024-01-01"], "M8[D]")}, TypeError, "durations must be numbers"),
        ({"durations": np.array([3, 4], "m8[D]")}, TypeError, "durations must be numbers"),
        ({"durations": [1.0, 2.0], "observed": [1.0, 2.0]}, ValueError, "true or false"),
        ({"durations": [1.0, 2.0], "observed": [True] * 3}, ValueError, "observed has shape"),
        ({"durations": [1.0, 2.0], "weights": [1.0] * 3}, ValueError, "weights has shape"),
        ({"durations": [1.0, 2.0], "family": "normal"}, ValueError, "family must be"),
    ],
)
def test_broken_calls(arguments, error, message) -> None:
    with pytest.raises(error, match=message):
        lead.fit(**arguments)
