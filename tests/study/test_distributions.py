"""Short forms of distributions, and tables of quantiles against the distributions themselves."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import overbuild as ob

positive = st.floats(1e-9, 1e9)


@given(low=positive, factor=st.floats(1.001, 1e6), level=st.floats(0.01, 0.99))
def test_between_has_its_ends_at_the_level(low: float, factor: float, level: float) -> None:
    high = low * factor
    for kind in ("lognormal", "normal"):
        ends = ob.between(low, high, level, kind).interval(level)
        assert ends == pytest.approx((low, high), rel=1e-6)
    assert ob.between(low, high, level).median() == pytest.approx(math.sqrt(low * high))


@given(low=st.floats(-1e9, 1e9), width=st.floats(1e-3, 1e9), rise=st.floats(0, 1))
def test_means_of_pert_and_triangular(low: float, width: float, rise: float) -> None:
    high = low + width
    mode = min(max(low + rise * width, low), high)
    scale = 1e-9 * (abs(low) + width)
    assert ob.pert(low, mode, high).mean() == pytest.approx((low + 4 * mode + high) / 6, abs=scale)
    assert ob.triangular(low, mode, high).mean() == pytest.approx(
        (low + mode + high) / 3, abs=scale
    )
    for frozen in (ob.pert(low, mode, high), ob.triangular(low, mode, high)):
        assert frozen.support() == pytest.approx((low, high), abs=scale)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ob.between(2, 2), "low must be below high, got low = 2, high = 2"),
        (lambda: ob.between(3, 2), "low must be below high"),
        (lambda: ob.between(0, 2), "must lie above 0, got low = 0; try kind='normal'"),
        (lambda: ob.between(1, math.inf), "must be finite"),
        (lambda: ob.between(math.nan, 2), "must be finite"),
        (lambda: ob.between(1, 2, level=0), "level must be between 0 and 1"),
        (lambda: ob.between(1, 2, level=90), "level must be between 0 and 1, got 90"),
        (lambda: ob.between(1, 2, kind="gamma"), "kind must be"),
        (lambda: ob.pert(1, 3, 2), "mode must lie between low and high, got 3"),
        (lambda: ob.pert(2, 2, 2), "low must be below high"),
        (lambda: ob.triangular(1, 0, 2), "mode must lie between"),
        (lambda: ob.triangular(1, math.nan, 2), "mode must lie between"),
    ],
)
def test_impossible_ranges(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


CONTINUOUS = [
    stats.norm(),
    stats.norm(1e6, 1e-2),
    stats.norm(0, 1e-12),
    stats.lognorm(0.2),
    stats.lognorm(3),
    stats.beta(2, 5),
    stats.beta(0.3, 0.2),
    stats.gamma(0.05),
    stats.gamma(50, scale=1e9),
    stats.weibull_min(0.4),
    stats.weibull_min(3.6),
    stats.t(1.5),
    stats.cauchy(),
    stats.pareto(1.1),
    stats.expon(5),
    stats.uniform(-3, 9),
    stats.loguniform(1e-6, 1e6),
    stats.triang(0.3),
    stats.triang(0),
    stats.truncnorm(-0.5, 3),
    stats.skewnorm(4),
    stats.gumbel_r(),
    ob.pert(40_000, 53_000, 80_000),
    ob.triangular(250_000, 250_000, 270_000),
    stats.rv_histogram(
        np.histogram([1, 1, 2, 5, 5, 5, 9.5], bins=[0, 1.5, 4, 6, 10]), density=False
    ),
]


def probabilities() -> np.ndarray:
    tails = 0.7 * 0.5 ** np.arange(1, 33)
    return np.concatenate([tails, 1 - tails, np.linspace(1e-6, 1 - 1e-6, 50_001)])


def name(frozen) -> str:
    return f"{frozen.dist.name}{frozen.args}" if hasattr(frozen, "dist") else "histogram"


@pytest.mark.parametrize("frozen", CONTINUOUS, ids=name)
def test_probability_error_of_tables(frozen) -> None:
    u = probabilities()
    x = ob.study.tabulate(frozen).ppf(u)
    # No table can resolve the last places of x.
    last = 4 * np.spacing(np.abs(x))
    assert (frozen.cdf(x - last) - 1e-9 <= u).all()
    assert (u <= frozen.cdf(x + last) + 1e-9).all()
    low, high = frozen.support()
    assert (x >= low).all()
    assert (x <= high).all()
    assert (np.diff(x[-50_001:]) >= -8 * np.spacing(np.abs(x[-50_000:]))).all()


@pytest.mark.parametrize(
    "frozen",
    [
        stats.bernoulli(0.3),
        stats.binom(5, 0.3, loc=2),
        stats.poisson(30),
        stats.poisson(3_000),
        stats.randint(-4, 9),
        stats.geom(1e-3),
    ],
    ids=name,
)
def test_tables_of_discrete_distributions_give_their_values(frozen) -> None:
    table = ob.study.tabulate(frozen)
    u = np.random.default_rng(0).random(200_000)
    x, exact = table.ppf(u), frozen.ppf(u)
    assert (x == np.round(x)).all()
    assert (table.ppf(np.array([0.0, 1.0])) == frozen.ppf([0.0, 1.0])).all()
    off = x != exact
    assert off.mean() < 1e-4
    jumps = frozen.cdf(np.minimum(x, exact)[off])
    assert (np.abs(jumps - u[off]) < 1e-9).all()


class Mixture:
    """Two far points and a lump between: what has only a quantile function can be tabulated."""

    def ppf(self, u: np.ndarray) -> np.ndarray:
        u = np.asarray(u)
        middle = 5 + stats.norm.ppf(np.clip((u - 0.25) / 0.5, 1e-12, 1 - 1e-12)) / 10
        return np.where(u < 0.25, 0.0, np.where(u < 0.75, middle, 100.0))


def test_a_quantile_function_is_enough() -> None:
    x = ob.study.tabulate(Mixture()).ppf(np.array([0.0, 0.1, 0.24999, 0.5, 0.75001, 1.0]))
    np.testing.assert_allclose(x, [0, 0, 0, 5, 100, 100], atol=1e-8)


def test_where_numbers_end_before_probabilities_do() -> None:
    # Quantiles reach down to the smallest number there is, and up to 1 long before the end.
    x = ob.study.tabulate(stats.beta(0.01, 0.01)).ppf(np.array([0.1, 0.5, 0.9]))
    np.testing.assert_allclose(x, [0, 0.5, 1], atol=1e-6)


def test_ends_and_outside() -> None:
    table = ob.study.tabulate(stats.norm())
    with np.errstate(invalid="raise"):
        x = table.ppf(np.array([0.0, 1.0, -1e-9, 1 + 1e-9, np.nan, 0.5]))
    np.testing.assert_array_equal(x, [-np.inf, np.inf, np.nan, np.nan, np.nan, 0.0])
    assert table.ppf(np.empty(0)).shape == (0,)


def test_new_style_distributions() -> None:
    table = ob.study.tabulate(stats.Normal(mu=2.0, sigma=3.0))
    u = probabilities()
    np.testing.assert_allclose(table.ppf(u), stats.norm(2, 3).ppf(u), rtol=1e-6, atol=1e-7)


def test_a_table_can_be_pickled() -> None:
    table = ob.study.tabulate(stats.poisson(3))
    copy = pickle.loads(pickle.dumps(table))
    u = probabilities()
    np.testing.assert_array_equal(copy.ppf(u), table.ppf(u))


def test_a_broken_pickle_is_refused() -> None:
    table = ob.study.tabulate(stats.norm())
    restore, (nodes, low, high) = table.__reduce__()
    for broken in (nodes[:5], nodes[:, :5]):
        with pytest.raises(ValueError, match="no table of quantiles"):
            restore(np.ascontiguousarray(broken), low, high)
    fork = int(np.flatnonzero(nodes[:, -1] == -np.inf)[0])
    for target in (3, fork):
        endless = nodes.copy()
        endless[3, -1], endless[3, -2] = -np.inf, target
        endless[fork, -2] = 3
        with pytest.raises(ValueError, match="no table of quantiles"):
            restore(endless, low, high)


class Falling:
    def ppf(self, u: np.ndarray) -> np.ndarray:
        return 1 - np.asarray(u)


class FallingFarOut:
    def ppf(self, u: np.ndarray) -> np.ndarray:
        return 1e9 - np.asarray(u)


class Hole:
    def ppf(self, u: np.ndarray) -> np.ndarray:
        return np.where(np.asarray(u) > 0.7, np.nan, u)


@pytest.mark.parametrize(
    ("distribution", "message"),
    [
        (Falling(), "its quantiles fall between"),
        (FallingFarOut(), "its quantiles fall between probabilities 0.25 and 0.75"),
        (Hole(), "its quantile at probability 1 is NaN"),
        (stats.norm(scale=-1), "is NaN"),
        (stats.zipf(2.5), "too many steps"),
        (stats.poisson(1e12), "too many steps"),
    ],
)
def test_what_is_no_distribution_is_refused(distribution, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ob.study.tabulate(distribution)
    with pytest.raises(ValueError, match=r"'price'.*(impossible|cannot be drawn)"):
        ob.Study(lambda price: {"x": price}, {"price": distribution}).run(16)


@pytest.mark.parametrize("law", [stats.zipf(1.1), stats.zipf(1.01)])
def test_quantiles_that_scipy_never_finds_are_said(law: Any) -> None:
    # For zipf it sums without end: the 99% quantile of zipf(1.1) is beyond 1e19.
    with pytest.raises(ValueError, match=r"^distribution: .*; use a continuous distribution"):
        ob.truncated(law, high=100)
    near = stats.zipfian(1.2, 10**9)  # whose sums scipy knows
    assert ob.truncated(near, high=100).support() == (1.0, 100.0)
