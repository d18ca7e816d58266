"""What is left of a lead time against high-precision arithmetic and plain conditional shares."""

from __future__ import annotations

import pickle

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import overbuild as ob

remaining = ob.leadtime.remaining

DISTRIBUTIONS = {
    "weibull": stats.weibull_min(2.3, scale=50.0),
    "shifted weibull": stats.weibull_min(2.3, loc=10.0, scale=50.0),
    "lognormal": stats.lognorm(0.4, scale=50.0),
    "gamma": stats.gamma(4.0, scale=12.0),
    "exponential": stats.expon(scale=50.0),
    "loglogistic": stats.fisk(3.1, scale=50.0),
    "normal": stats.norm(50.0, 15.0),
    "uniform": stats.uniform(20.0, 80.0),
    "triangular": ob.triangular(20.0, 40.0, 100.0),
}
each = pytest.mark.parametrize("name", DISTRIBUTIONS)


@each
@pytest.mark.parametrize("elapsed", [0.0, 5.0, 30.0, 70.0])
def test_it_is_the_conditional_distribution(name: str, elapsed: float) -> None:
    whole = DISTRIBUTIONS[name]
    left = remaining(whole, elapsed)
    p = np.array([1e-9, 0.01, 0.3, 0.5, 0.8, 0.99, 1 - 1e-9])
    x = left.ppf(p)
    assert (np.diff(x) > 0).all()
    share = 1 - whole.sf(elapsed + x) / whole.sf(elapsed)
    np.testing.assert_allclose(share, p, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(left.cdf(x), p, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(left.sf(x), 1 - p, rtol=1e-6)
    np.testing.assert_allclose(left.isf(1 - p[1:-1]), x[1:-1], rtol=1e-9)
    np.testing.assert_allclose(left.pdf(x), whole.pdf(elapsed + x) / whole.sf(elapsed), rtol=1e-9)
    slope = (left.cdf(x[2:-2] + 1e-4) - left.cdf(x[2:-2] - 1e-4)) / 2e-4
    np.testing.assert_allclose(left.pdf(x[2:-2]), slope, rtol=1e-5)
    assert (left.cdf(-1.0), left.sf(-1.0), left.pdf(-1.0)) == (0.0, 1.0, 0.0)
    assert left.interval(0.9) == pytest.approx((left.ppf(0.05), left.isf(0.05)))
    assert left.median() == left.ppf(0.5)
    # The mean over many even steps of probability.
    steps = left.ppf((np.arange(400_000) + 0.5) / 400_000)
    assert left.mean() == pytest.approx(steps.mean(), rel=3e-4 if name == "loglogistic" else 1e-5)


@given(scale=st.floats(1e-6, 1e6), elapsed=st.floats(0, 1e9), p=st.floats(1e-12, 1 - 1e-12))
def test_of_an_exponential_it_is_itself(scale: float, elapsed: float, p: float) -> None:
    whole = stats.expon(scale=scale)
    left = remaining(whole, elapsed)
    assert left.ppf(p) == pytest.approx(whole.ppf(p), rel=1e-14)
    assert left.isf(p) == pytest.approx(whole.isf(p), rel=1e-14)
    assert left.median() == pytest.approx(whole.median(), rel=1e-14)


def exact_rest(name: str, shape: float, scale: float, elapsed: float, q: float) -> float:
    """The time x with S(e + x) = q S(e), with 400 digits."""
    with mpmath.workdps(400):
        k, s, e, q = (mpmath.mpf(value) for value in (shape, scale, elapsed, q))
        if name == "weibull":
            return float(s * ((e / s) ** k - mpmath.log(q)) ** (1 / k) - e)
        if name == "loglogistic":
            return float(s * ((1 + (e / s) ** k) / q - 1) ** (1 / k) - e)

        def off(log_t):
            return mpmath.log(mpmath.erfc((log_t - mpmath.log(s)) / k / mpmath.sqrt(2))) - goal

        goal = 0
        goal = off(mpmath.log(e)) + mpmath.log(q)
        low, high = mpmath.log(e), mpmath.log(e) + 20
        for _ in range(300):
            middle = (low + high) / 2
            low, high = (middle, high) if off(middle) > 0 else (low, middle)
        return float(mpmath.exp(low) - e)


@pytest.mark.parametrize("q", [1 - 2.0**-30, 0.9, 0.5, 1e-3, 1e-12])
@pytest.mark.parametrize("times", [0.1, 1.0, 3.0, 20.0, 1e3])
@pytest.mark.parametrize(
    ("name", "shape"), [("weibull", 3.0), ("loglogistic", 4.0), ("lognormal", 0.5)]
)
def test_far_out_it_is_exact(name: str, shape: float, times: float, q: float) -> None:
    whole = {"weibull": stats.weibull_min, "loglogistic": stats.fisk, "lognormal": stats.lognorm}[
        name
    ](shape, scale=50.0)
    left = remaining(whole, 50.0 * times)
    exact = exact_rest(name, shape, 50.0, 50.0 * times, q)
    assert left.isf(q) == pytest.approx(exact, rel=1e-11)
    assert left.logsf(exact) == pytest.approx(np.log(q), rel=1e-11)


@each
def test_the_ends(name: str) -> None:
    whole = DISTRIBUTIONS[name]
    left = remaining(whole, 30.0)
    low, high = left.support()
    assert left.ppf(0.0) == pytest.approx(low, abs=1e-9)
    assert left.isf(1.0) == pytest.approx(low, abs=1e-9)
    assert left.ppf(1.0) == left.isf(0.0) == high
    assert np.isnan(left.ppf([-0.1, 1.1, np.nan])).all()
    assert np.isnan(left.isf([-0.1, 1.1, np.nan])).all()


def test_it_goes_into_a_study() -> None:
    left = remaining(stats.weibull_min(3.0, scale=60.0), 52.0)
    study = ob.Study(lambda weeks: {"late": weeks > 26.0}, {"weeks": left})
    draws = study.run(draws=2**14, seed=1).dataset["weeks"].values
    assert draws.min() >= 0
    assert (draws > 26.0).mean() == pytest.approx(left.sf(26.0), abs=2e-3)
    assert pickle.loads(pickle.dumps(left)).ppf(0.3) == left.ppf(0.3)
    again = remaining(left, 10.0)
    assert again.ppf(0.4) == pytest.approx(
        remaining(stats.weibull_min(3.0, scale=60.0), 62.0).ppf(0.4), rel=1e-9
    )


def test_many_orders_at_once() -> None:
    whole = stats.weibull_min(3.0, scale=60.0)
    elapsed = np.array([0.0, 20.0, 90.0])
    left = remaining(whole, elapsed)
    np.testing.assert_array_equal(left.median(), [remaining(whole, e).median() for e in elapsed])
    assert (np.diff(left.median()) < 0).all()
    np.testing.assert_allclose(left.mean(), [remaining(whole, e).mean() for e in elapsed])
    assert left.mean()[0] == pytest.approx(whole.mean(), rel=1e-9)
    draws = left.rvs((50_000, 3), random_state=1)
    np.testing.assert_allclose(draws.mean(axis=0), left.mean(), rtol=0.02)
    assert left.rvs(random_state=1).shape == (3,)
    with pytest.raises(ValueError, match="shape"):
        ob.Study(lambda x: x, {"x": left})


def test_a_heavy_tail_has_no_mean() -> None:
    assert remaining(stats.fisk(0.9, scale=10.0), 5.0).mean() == np.inf
    # The longer a Pareto time has lasted, the longer it will: (scale + elapsed) / (b - 1).
    for b in (1.02, 1.5, 4.0):
        left = remaining(stats.lomax(b, scale=10.0), 5.0)
        assert left.mean() == pytest.approx(15.0 / (b - 1), rel=1e-8)
    for c in (1.02, 1.5, 4.0):
        whole = stats.fisk(c, scale=10.0)
        assert remaining(whole, 0.0).mean() == pytest.approx(whole.mean(), rel=1e-8)


def test_means_in_closed_form() -> None:
    for whole in (
        stats.gamma(3.0, scale=7.0),
        stats.lognorm(0.8, scale=30.0),
        stats.expon(scale=9),
    ):
        assert remaining(whole, 0.0).mean() == pytest.approx(whole.mean(), rel=1e-9)
    assert remaining(stats.uniform(0, 10), 4.0).mean() == pytest.approx(3.0, rel=1e-9)
    assert remaining(stats.expon(scale=9.0), 1e4).mean() == pytest.approx(9.0, rel=1e-9)


def test_a_discrete_lead_time() -> None:
    whole = stats.poisson(20.0)
    left = remaining(whole, 15.0)
    k = np.arange(1, 12)
    np.testing.assert_allclose(left.sf(k), whole.sf(15 + k) / whole.sf(15))
    assert left.ppf(left.cdf(k) - 1e-9).tolist() == k.tolist()
    for method in (left.mean, lambda: left.pdf(1.0)):
        with pytest.raises(TypeError, match="must have a density"):
            method()


def test_missing_times_stay_missing() -> None:
    for whole in (stats.weibull_min(2, scale=60), stats.expon(scale=9), stats.gamma(3, scale=9)):
        left = remaining(whole, 5.0)
        assert np.isnan(left.cdf([10.0, np.nan])).tolist() == [False, True]
        assert np.isnan(left.sf(np.nan))


@pytest.mark.parametrize("whole", [stats.weibull_min(-1), stats.expon(scale=-2), stats.lognorm(-1)])
def test_impossible_distributions_are_refused(whole: object) -> None:
    with pytest.raises(ValueError, match="possible parameters"):
        remaining(whole, 1.0)


@pytest.mark.parametrize(
    ("distribution", "elapsed", "error", "message"),
    [
        (stats.expon(scale=5.0), -1.0, ValueError, "elapsed must be at least 0"),
        (stats.expon(scale=5.0), np.nan, ValueError, "elapsed"),
        (stats.expon(scale=5.0), np.inf, ValueError, "elapsed"),
        (stats.expon(scale=5.0), "long", TypeError, "elapsed must be a number"),
        (stats.uniform(0, 10), 10.0, ValueError, "no probability of lasting beyond 10"),
        (stats.uniform(0, 10), [1.0, 11.0], ValueError, "beyond 11"),
        (stats.expon, 1.0, TypeError, "frozen"),
        (5.0, 1.0, TypeError, "frozen distribution"),
        (None, 1.0, TypeError, "frozen distribution"),
    ],
)
def test_broken_calls(distribution, elapsed, error, message) -> None:
    with pytest.raises(error, match=message):
        remaining(distribution, elapsed)
