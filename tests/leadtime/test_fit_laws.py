"""What must hold of any fit of lead times: units, order, the highest point, coverage, threads."""

from __future__ import annotations

import numpy as np
import pytest
from fitting import FAMILIES, ORDERS, SCIPY, each_family, log_likelihood
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import overbuild as ob

lead = ob.leadtime


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
