"""Composites against scipy, closed forms and brute force."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import integrate, stats

import overbuild as ob

NORMAL = ob.between(-1, 3, kind="normal")
SAMPLE = [3.0, 1.0, 2.5, 2.5, 7.0, -1.0]

#: Each composite, and some made of composites.
COMPOSITES = {
    "choice": ob.choice([5, 1, 2], weights=[0.5, 0.2, 0.3]),
    "steps": ob.empirical(SAMPLE, weights=[1, 2, 3, 0, 5, 1]),
    "lines": ob.empirical(SAMPLE, kind="linear"),
    "mixture": ob.mixture([ob.between(1, 2), ob.between(5, 6, kind="normal")], [0.3, 0.7]),
    "gap": ob.mixture([ob.uniform(0, 1), ob.uniform(9, 10)], [0.5, 0.5]),
    "with numbers": ob.mixture([1.5, ob.between(1, 2), 8], [2, 5, 3]),
    "with counts": ob.mixture([stats.poisson(4), ob.uniform(0, 9)], [0.4, 0.6]),
    "with new": ob.mixture([stats.Normal(mu=1.0, sigma=2.0), ob.beta(0.2, 0.5)], [0.4, 0.6]),
    "zeros": ob.zero_inflated(ob.between(2, 4), 0.3),
    "zeros inside": ob.zero_inflated(NORMAL, 0.25),
    "truncated": ob.truncated(NORMAL, low=0, high=2.5),
    "tail": ob.truncated(stats.norm(), low=30),
    "lower tail": ob.truncated(stats.norm(), high=-12),
    "truncated counts": ob.truncated(stats.poisson(4), low=2.5, high=7),
    "truncated mixture": ob.truncated(ob.mixture([NORMAL, 1.0], [0.5, 0.5]), low=0, high=2),
    "truncated lines": ob.truncated(ob.empirical(SAMPLE, kind="linear"), low=1.5, high=5),
    "clipped": ob.clipped(NORMAL, low=0, high=2),
    "clipped above": ob.clipped(ob.between(1, 9), high=5),
    "clipped zeros": ob.clipped(ob.zero_inflated(ob.between(2, 4), 0.3), low=1),
    "truncated clipped": ob.truncated(ob.clipped(NORMAL, low=0, high=2), low=0, high=1),
}
SMOOTH = ("lines", "mixture", "gap", "with new", "truncated", "tail", "lower tail")

each = pytest.mark.parametrize("name", COMPOSITES)


def probabilities() -> np.ndarray:
    tails = 0.7 * 0.5 ** np.arange(1, 34)
    return np.concatenate([tails, 1 - tails, np.linspace(1e-6, 1 - 1e-6, 2_001)])


def before(x: np.ndarray) -> np.ndarray:
    return np.nextafter(x, -np.inf)


@each
def test_quantiles_invert_the_distribution_function(name: str) -> None:
    law, u = COMPOSITES[name], probabilities()
    x = law.ppf(u)
    slack = 1e-13
    assert (law.cdf(x + 4 * np.spacing(abs(x))) >= u - slack).all()
    assert (law.cdf(x - 4 * np.spacing(abs(x))) <= u + slack).all()
    assert (np.diff(law.ppf(np.sort(u))) >= -4 * np.spacing(abs(x).max())).all()


@each
def test_upper_quantiles_invert_the_upper_tail(name: str) -> None:
    law, u = COMPOSITES[name], probabilities()
    x = law.isf(u)
    slack = 1e-9 * u + 1e-15
    assert (law.sf(x + 4 * np.spacing(abs(x))) <= u + slack).all()
    assert (law.sf(x - 4 * np.spacing(abs(x))) >= u - slack).all()


@each
def test_both_tails_sum_to_one(name: str) -> None:
    law = COMPOSITES[name]
    x = np.concatenate([law.ppf(probabilities()), before(law.ppf(probabilities())), [-50, 50]])
    np.testing.assert_allclose(law.cdf(x) + law.sf(x), 1, rtol=0, atol=1e-13)


@each
def test_ends_and_outside(name: str) -> None:
    law = COMPOSITES[name]
    low, high = law.support()
    np.testing.assert_array_equal(law.ppf([0, 1, -0.1, 1.1, np.nan]), [low, high, *[np.nan] * 3])
    np.testing.assert_array_equal(law.isf([0, 1, -0.1, 1.1, np.nan]), [high, low, *[np.nan] * 3])
    np.testing.assert_array_equal(law.cdf([-np.inf, np.inf, np.nan]), [0, 1, np.nan])
    np.testing.assert_array_equal(law.sf([-np.inf, np.inf, np.nan]), [1, 0, np.nan])
    assert np.shape(law.ppf(0.5)) == ()
    assert law.ppf(np.full((2, 3), 0.5)).shape == (2, 3)
    assert law.ppf([]).shape == (0,)


@each
def test_moments_are_areas_beyond_the_distribution_function(name: str) -> None:
    law = COMPOSITES[name]
    low, high = law.ppf(1e-13), law.isf(1e-13)
    x = np.linspace(low, high, 2**17)
    # A jump within a step is half a step off at most.
    mean = low + np.trapezoid(law.sf(x), x)
    square = 2 * np.trapezoid((x - low) * law.sf(x), x)
    step = x[1] - x[0]
    assert law.mean() == pytest.approx(mean, rel=1e-9, abs=step)
    assert law.var() == pytest.approx(
        square - (mean - low) ** 2, rel=1e-6, abs=2 * step * (high - low)
    )
    assert law.std() == pytest.approx(math.sqrt(law.var()))
    assert law.median() == law.ppf(0.5)
    assert law.interval(0.8) == pytest.approx((law.ppf(0.1), law.isf(0.1)))


@each
def test_random_draws_have_the_distribution(name: str) -> None:
    law = COMPOSITES[name]
    x = law.rvs(size=4_000, random_state=7)
    assert x.shape == (4_000,)
    np.testing.assert_array_equal(x, law.rvs(4_000, np.random.default_rng(7)))
    at = np.unique(law.ppf(np.linspace(0.05, 0.95, 19)))
    shares = (x[:, np.newaxis] <= at).mean(axis=0)
    # Five standard deviations.
    np.testing.assert_allclose(shares, law.cdf(at), atol=5 * 0.5 / math.sqrt(4_000))
    assert np.shape(law.rvs(random_state=1)) == ()


@each
def test_densities_are_slopes_and_refused_at_jumps(name: str) -> None:
    law = COMPOSITES[name]
    if name in SMOOTH and law.has_density:
        a, b = law.ppf(0.2), law.ppf(0.45)
        found, _ = integrate.quad(law.pdf, a, b, epsabs=1e-12, limit=200)
        assert found == pytest.approx(0.25, rel=1e-6)
        x = law.ppf(np.linspace(0.1, 0.9, 9))
        np.testing.assert_allclose(np.exp(law.logpdf(x)), law.pdf(x))
        assert law.pdf(law.support()[0] - 1.0) == 0 or law.support()[0] == -np.inf
    else:
        with pytest.raises(ValueError, match="has no density"):
            law.pdf(1.0)
        with pytest.raises(ValueError, match="has no density"):
            law.logpdf(1.0)


@each
def test_pickles_are_equal_and_hash_alike(name: str) -> None:
    law = COMPOSITES[name]
    copy = pickle.loads(pickle.dumps(law))
    if name != "with new":  # of which scipy does not say whether two are equal
        assert copy == law
        assert hash(copy) == hash(law)
        assert repr(copy) == repr(law)
    u = probabilities()
    np.testing.assert_array_equal(copy.ppf(u), law.ppf(u))
    assert all(law != other for key, other in COMPOSITES.items() if key != name)


@each
def test_tables_keep_their_promise(name: str) -> None:
    law = COMPOSITES[name]
    u = probabilities()
    x = ob.study.tabulate(law).ppf(u)
    last = 4 * np.spacing(np.abs(x))
    assert (law.cdf(before(x - last)) - 1e-9 <= u).all()
    assert (u <= law.cdf(x + last) + 1e-9).all()
    low, high = law.support()
    assert ((x >= low) & (x <= high)).all()


def test_tables_give_single_values_themselves() -> None:
    u = np.random.default_rng(3).random(100_000)
    x = ob.study.tabulate(COMPOSITES["with numbers"]).ppf(u)
    for value, probability in ((1.5, 0.2), (8.0, 0.3)):
        assert (x == value).mean() == pytest.approx(probability, abs=0.008)
    x = ob.study.tabulate(COMPOSITES["clipped"]).ppf(u)
    assert (x == 0).mean() == pytest.approx(NORMAL.cdf(0), abs=0.008)
    assert (x == 2).mean() == pytest.approx(NORMAL.sf(2), abs=0.008)


def test_truncated_normals_are_those_of_scipy() -> None:
    for low, high in ((-1.0, 2.0), (3.0, 9.0), (-math.inf, 0.5), (10.0, math.inf), (-8.0, -6.0)):
        ours, theirs = ob.truncated(stats.norm(), low, high), stats.truncnorm(low, high)
        u = np.linspace(0.01, 0.99, 99)
        np.testing.assert_allclose(ours.ppf(u), theirs.ppf(u), rtol=1e-11, atol=1e-13)
        x = theirs.ppf(u)
        np.testing.assert_allclose(ours.cdf(x), u, rtol=1e-9)
        np.testing.assert_allclose(ours.pdf(x), theirs.pdf(x), rtol=1e-9)
        assert ours.mean() == pytest.approx(theirs.mean(), rel=1e-9)
        assert ours.var() == pytest.approx(theirs.var(), rel=1e-6)


def test_a_truncated_normal_far_out_against_its_expansion() -> None:
    # Beyond 30 a normal is nearly exponential with rate 30: x - 30 is about -ln(1 - u) / 30.
    law = COMPOSITES["tail"]
    assert law.sf(30.1) == pytest.approx(stats.norm.sf(30.1) / stats.norm.sf(30), rel=1e-12)
    assert law.isf(1e-6) == pytest.approx(stats.norm.isf(1e-6 * stats.norm.sf(30)), rel=1e-14)


def test_truncated_counts_have_their_shares() -> None:
    law, whole = COMPOSITES["truncated counts"], stats.poisson(4)
    values = np.arange(3, 8)
    shares = whole.pmf(values) / whole.pmf(values).sum()
    np.testing.assert_allclose(law.cdf(values) - law.cdf(values - 1), shares, rtol=1e-12)
    assert law.support() == (3.0, 7.0)
    assert law.mean() == pytest.approx(values @ shares)
    np.testing.assert_array_equal(law.ppf([0, 1e-12, 1 - 1e-12, 1]), [3, 3, 7, 7])


def test_moments_of_a_clipped_normal_in_closed_form() -> None:
    # Lower bound a, upper bound b of a standard normal.
    a, b = -0.4, 1.1
    cdf, pdf = stats.norm.cdf, stats.norm.pdf
    mean = a * cdf(a) + b * cdf(-b) + pdf(a) - pdf(b)
    square = a * a * cdf(a) + b * b * cdf(-b) + cdf(b) - cdf(a) + a * pdf(a) - b * pdf(b)
    law = ob.clipped(stats.norm(), a, b)
    assert law.mean() == pytest.approx(mean, rel=1e-10)
    assert law.var() == pytest.approx(square - mean**2, rel=1e-9)
    assert law.cdf(a) == cdf(a)
    assert law.cdf(before(a)) == 0
    assert law.sf(before(b)) == pytest.approx(cdf(-b), rel=1e-12)


def test_moments_of_heavy_tails_exist_or_are_nan() -> None:
    assert math.isnan(ob.truncated(stats.cauchy(), low=0).mean())
    pareto = ob.truncated(stats.pareto(1.5), low=2)  # again a Pareto one, with mean 2 * 1.5 / 0.5
    assert pareto.mean() == pytest.approx(6, rel=1e-9)
    assert math.isnan(pareto.var())


weights = st.floats(0.01, 1.0)


@given(
    centres=st.lists(st.floats(-5, 5), min_size=1, max_size=4),
    atom=st.floats(-5, 5),
    data=st.data(),
)
def test_a_mixture_is_a_weighted_sum(centres: list[float], atom: float, data) -> None:
    parts = [*(stats.norm(c, 0.5) for c in centres), atom]
    given_ = data.draw(st.lists(weights, min_size=len(parts), max_size=len(parts)))
    law, shares = ob.mixture(parts, given_), np.array(given_) / sum(given_)
    x = np.linspace(-8, 8, 41)
    expected = sum(w * stats.norm.cdf(x, c, 0.5) for w, c in zip(shares, centres, strict=False))
    np.testing.assert_allclose(law.cdf(x), expected + shares[-1] * (x >= atom), atol=1e-14)
    below, up_to = law.cdf(before(np.float64(atom))), law.cdf(atom)
    inside = below + (up_to - below) * np.array([1e-6, 0.5, 1 - 1e-6])
    np.testing.assert_array_equal(law.ppf(inside), atom)


@given(
    sample=st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=12),
    p=st.floats(0, 1),
    data=st.data(),
)
def test_empirical_quantiles_are_those_of_numpy(sample, p: float, data) -> None:
    heavy = data.draw(st.lists(st.integers(0, 5), min_size=len(sample), max_size=len(sample)))
    assume(sum(heavy) > 0)
    # At the very edge of a step the last place decides, in NumPy as here.
    edges = np.cumsum(np.array(heavy)[np.argsort(sample, kind="stable")]) / sum(heavy)
    assume(p > 0 and (np.abs(edges - p) > 1e-12).all())
    expected = np.quantile(sample, p, weights=heavy, method="inverted_cdf")
    assert ob.empirical(sample, heavy).ppf(p) == expected
    assert ob.choice(sample, heavy).isf(1 - p) == expected
    if len(set(sample)) > 1:
        lines = ob.empirical(sample, kind="linear")
        assert lines.ppf(p) == pytest.approx(np.quantile(sample, p), abs=1e-9)


@given(low=st.floats(-3, 2), width=st.floats(0.1, 4), inner=st.floats(-4, 4))
def test_bounds_of_bounds(low: float, width: float, inner: float) -> None:
    """A truncation of a truncation, and a clip of a clip, are one with the nearer bounds."""
    high = low + width
    whole = ob.between(-2, 2, kind="normal")
    assume(low + 0.05 < inner)
    u = np.linspace(0.01, 0.99, 33)
    twice = ob.truncated(ob.truncated(whole, low, high), high=inner)
    np.testing.assert_array_equal(twice.ppf(u), ob.truncated(whole, low, min(high, inner)).ppf(u))
    twice = ob.clipped(ob.clipped(whole, low, high), high=inner)
    np.testing.assert_array_equal(
        twice.ppf(u), np.minimum(ob.clipped(whole, low, high).ppf(u), inner)
    )


@given(low=st.floats(-3, 2), width=st.floats(0.1, 4), share=st.floats(0, 1))
def test_truncation_is_conditional_probability(low: float, width: float, share: float) -> None:
    high = low + width
    whole = ob.mixture([stats.norm(), 0.5, stats.poisson(2)], [0.5, 0.2, 0.3])
    law = ob.truncated(whole, low, high)
    x = low + share * width
    mass = whole.cdf(high) - whole.cdf(before(np.float64(low)))
    expected = (whole.cdf(x) - whole.cdf(before(np.float64(low)))) / mass
    assert law.cdf(x) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: ob.choice([]), ValueError, "values must be a list of numbers, at least one"),
        (lambda: ob.choice([[1, 2]]), ValueError, r"values must be a list.*got shape \(1, 2\)"),
        (lambda: ob.choice([1, math.nan]), ValueError, "values must be finite, got nan"),
        (lambda: ob.choice([1, 2], [1]), ValueError, "weights must be as many.*got 1 for 2"),
        (lambda: ob.choice([1, 2], [1, -1]), ValueError, "weights must not be negative, got -1"),
        (lambda: ob.choice([1, 2], [0, 0]), ValueError, "weights must not all be 0"),
        (lambda: ob.choice([1, 2], [1, math.inf]), ValueError, "weights must be finite"),
        (lambda: ob.empirical([]), ValueError, "sample must be a list"),
        (lambda: ob.empirical([2, 2], kind="linear"), ValueError, "two different values"),
        (lambda: ob.empirical([1, 2], [1, 2], kind="linear"), ValueError, "weights go with kind"),
        (lambda: ob.empirical([1, 2], kind="smooth"), ValueError, "kind must be 'steps' or"),
        (lambda: ob.mixture([], []), ValueError, "components must be at least one"),
        (lambda: ob.mixture("ab", [1, 2]), TypeError, "components must be a list"),
        (lambda: ob.mixture([1, "a"], [1, 2]), TypeError, "component 1 must be a distribution"),
        (lambda: ob.mixture([1, True], [1, 2]), TypeError, "component 1 must be a distribution"),
        (lambda: ob.mixture([1, math.nan], [1, 2]), ValueError, "component 1 must be finite"),
        (lambda: ob.mixture([1, stats.norm], [1, 2]), TypeError, "component 1: norm has no param"),
        (
            lambda: ob.mixture([stats.norm(scale=0)], [1]),
            ValueError,
            "component 0: an impossible distribution; its quantile at 0.01 is nan",
        ),
        (lambda: ob.mixture([stats.norm([1, 2])], [1]), ValueError, r"component 0: .*shape \(2,\)"),
        (lambda: ob.mixture([1, 2], [1]), ValueError, "weights must be as many"),
        (lambda: ob.zero_inflated(0.4, stats.norm()), TypeError, "share must be a number, got"),
        (lambda: ob.zero_inflated(stats.norm(), 1.5), ValueError, "share must be from 0 to 1"),
        (lambda: ob.zero_inflated(stats.norm(), math.nan), ValueError, "share must be from"),
        (lambda: ob.zero_inflated(stats.norm(), "half"), TypeError, "share must be a number"),
        (lambda: ob.zero_inflated(stats.norm(), [0.1, 0.2]), TypeError, "share must be a number"),
        (lambda: ob.clipped(stats.norm(), low="0"), TypeError, "low must be a number, got '0'"),
        (lambda: ob.truncated(stats.norm(), high=[1, 2]), TypeError, "high must be a number"),
        (lambda: ob.truncated(stats.norm()), ValueError, "give low, high or both"),
        (lambda: ob.truncated(stats.norm(), 2, 1), ValueError, "low must be below high"),
        (lambda: ob.truncated(stats.norm(), math.nan), ValueError, "low must be below high"),
        (lambda: ob.truncated(3.0, 1), TypeError, "distribution must be a distribution, got float"),
        (
            lambda: ob.truncated(ob.uniform(0, 1), low=2),
            ValueError,
            r"low = 2 and high = None leave a probability of 0; uniform\(loc=0, scale=1\) runs",
        ),
        (lambda: ob.truncated(stats.norm(), 0, 1e-9), ValueError, "leave a probability of"),
        (lambda: ob.truncated(ob.choice([1, 3]), 1.5, 2.5), ValueError, "leave a probability of 0"),
        (lambda: ob.clipped(stats.norm()), ValueError, "give low, high or both"),
        (lambda: ob.clipped(stats.norm(), 1, 1), ValueError, "low must be below high"),
        (
            lambda: ob.clipped(ob.uniform(0, 1), low=1),
            ValueError,
            "low = 1 and high = None leave nothing but 1; .* runs from 0 to 1",
        ),
        (lambda: ob.clipped(ob.uniform(0, 1), high=0), ValueError, "leave nothing but 0"),
        (lambda: ob.clipped(object(), low=0), TypeError, "distribution must be a distribution"),
    ],
)
def test_what_is_impossible_is_refused(make, error, message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_they_read_as_they_are_made() -> None:
    assert repr(ob.choice([1, 2.5])) == "choice([1, 2.5])"
    assert repr(ob.empirical(range(100))) == "choice of 100 values from 0 to 99"
    assert "empirical of 100 points from 0 to 99" in repr(ob.empirical(range(100), kind="linear"))
    assert repr(ob.zero_inflated(stats.norm(2, scale=0.5), 0.25)) == (
        "mixture([0, norm(2, scale=0.5)], weights=[0.25, 0.75])"
    )
    assert repr(ob.clipped(ob.truncated(stats.expon(), high=9), low=1)) == (
        "clipped(truncated(expon(), high=9), low=1)"
    )


def test_only_ratios_of_weights_count() -> None:
    assert ob.choice([1, 2], [1e308, 1e308]).cdf(1) == 0.5
    assert ob.choice([1, 2, 3], [1, 0, 3]).support() == (1.0, 3.0)
    assert ob.choice([1, 2, 3], [1, 0, 3]).cdf([1, 2, 3]).tolist() == [0.25, 0.25, 1.0]
    assert ob.choice([2, 1, 2]).probabilities.tolist() == [1 / 3, 2 / 3]


def test_tables_of_values_of_scipy_keep_their_values() -> None:
    table = stats.rv_discrete(values=([1, 2.5, 7], [0.2, 0.3, 0.5]))
    for given_, values in ((table, [1, 2.5, 7]), (table(), [1, 2.5, 7]), (table(1), [2, 3.5, 8])):
        law = ob.zero_inflated(given_, 0.5)
        np.testing.assert_array_equal(law.ppf([0.55, 0.7, 0.9]), values)
        found = ob.study.tabulate(given_).ppf(np.array([0.1, 0.3, 0.9]))
        np.testing.assert_array_equal(found, values)


def test_certainty_and_impossibility_of_zero() -> None:
    assert ob.zero_inflated(ob.uniform(1, 2), 0).support() == (1.0, 2.0)
    assert ob.zero_inflated(ob.uniform(1, 2), 1).support() == (0.0, 0.0)


def test_equality_sees_what_scipy_hides() -> None:
    histograms = [stats.rv_histogram(([1, n], [0, 1, 2]), density=False) for n in (1, 5)]
    one, other = (ob.clipped(histogram, low=0.5) for histogram in histograms)
    assert one != other
    assert ob.clipped(stats.norm(0, 1), low=0) != ob.clipped(stats.norm(0, 2), low=0)
    assert ob.clipped(stats.norm(0, 1), low=0) == ob.clipped(stats.norm(0, 1), low=0)
