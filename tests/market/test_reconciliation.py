"""Routes to one quantity: a published meta-analysis, the formula by hand, and its limits."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import xarray as xr
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

import overbuild as ob

pool, reconcile = ob.market.pool, ob.market.reconcile

#: Tuberculosis among vaccinated and others, in 13 trials: cases and the rest (G. A. Colditz et
#: al., JAMA 271 (1994), 698-702).
BCG = np.array([
    [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619],
    [33, 5036, 47, 5761], [180, 1361, 372, 1079], [8, 2537, 10, 619], [505, 87886, 499, 87892],
    [29, 7470, 45, 7232], [17, 1699, 65, 1600], [186, 50448, 141, 27197], [5, 2493, 3, 2338],
    [27, 16886, 29, 17825],
], dtype=float)  # fmt: skip


def test_a_published_meta_analysis() -> None:
    a, b, c, d = BCG.T
    log_ratio = np.log(a / (a + b) / (c / (c + d)))
    error = np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))
    found = reconcile([stats.norm(y, s) for y, s in zip(log_ratio, error, strict=True)])
    # As printed by the R package metafor: rma(yi, vi, data=dat, method="DL").
    assert found.pooled == pytest.approx(-0.7141, abs=5e-5)
    assert found.standard_error == pytest.approx(0.1787, abs=5e-5)
    assert found.between**2 == pytest.approx(0.3088, abs=5e-5)
    assert found.heterogeneity == pytest.approx(152.23, abs=5e-3)
    fixed = reconcile(
        [stats.norm(y, s) for y, s in zip(log_ratio, error, strict=True)], random=False
    )
    assert (fixed.pooled, fixed.standard_error) == pytest.approx((-0.4303, 0.0405), abs=5e-5)


routes = st.lists(st.tuples(st.floats(-50, 50), st.floats(0.05, 20)), min_size=2, max_size=6)


@given(routes=routes)
def test_by_hand(routes: list[tuple[float, float]]) -> None:
    found = reconcile([stats.norm(y, s) for y, s in routes])
    total = sum(s**-2 for _, s in routes)
    mean = sum(y * s**-2 for y, s in routes) / total
    q = sum((y - mean) ** 2 * s**-2 for y, s in routes)
    excess = (q - (len(routes) - 1)) / (total - sum(s**-4 for _, s in routes) / total)
    variance = max(excess, 0.0)
    weights = [1 / (s**2 + variance) for _, s in routes]
    pooled = sum(w * y for w, (y, _) in zip(weights, routes, strict=True)) / sum(weights)
    assert found.heterogeneity == pytest.approx(q, rel=1e-9, abs=1e-12)
    assert found.between**2 == pytest.approx(variance, rel=1e-6, abs=1e-9)
    assert found.pooled == pytest.approx(pooled, rel=1e-8, abs=1e-9)
    assert found.standard_error == pytest.approx(sum(weights) ** -0.5, rel=1e-8)
    y, s = np.array(routes).T
    np.testing.assert_allclose(found.routes["distance"], (y - found.pooled) / s, rtol=1e-12)
    assert found.routes["weight"].sum() == pytest.approx(1)
    assert y.min() - 1e-9 <= found.pooled <= y.max() + 1e-9


@given(routes=routes, shift=st.floats(-100, 100), scale=st.floats(0.1, 10))
def test_units_do_not_matter(routes: list[tuple[float, float]], shift: float, scale: float) -> None:
    one = reconcile([stats.norm(y, s) for y, s in routes])
    other = reconcile([stats.norm(shift + scale * y, scale * s) for y, s in routes])
    assert other.pooled == pytest.approx(shift + scale * one.pooled, rel=1e-6, abs=1e-6)
    np.testing.assert_allclose(
        other.routes["distance"], one.routes["distance"], rtol=1e-5, atol=1e-6
    )


def test_logarithms() -> None:
    found = reconcile({"capex": (4.2, 7.6), "racks": (3.0, 5.4)}, kind="log")
    z = stats.norm.ppf(0.95)
    y = np.log([4.2 * 7.6, 3.0 * 5.4]) / 2
    s = np.log([7.6 / 4.2, 5.4 / 3.0]) / 2 / z
    plain = reconcile([stats.norm(*one) for one in zip(y, s, strict=True)])
    assert found.pooled == pytest.approx(np.exp(plain.pooled), rel=1e-9)
    assert found.standard_error == pytest.approx(plain.standard_error, rel=1e-9)
    np.testing.assert_allclose(found.routes["estimate"], np.exp(y), rtol=1e-9)
    np.testing.assert_allclose(found.routes["distance"], plain.routes["distance"], rtol=1e-8)
    exact = np.exp(plain.distribution.ppf([0.05, 0.95]))
    np.testing.assert_allclose(found.distribution.ppf([0.05, 0.95]), exact, rtol=1e-9)


@pytest.mark.parametrize("kind", ["linear", "log"])
def test_draws(kind: str) -> None:
    random = np.random.default_rng(4)
    draws = [np.exp(random.normal(m, s, 20_000)) for m, s in ((1.5, 0.2), (1.2, 0.4))]
    found = reconcile({"a": draws[0], "b": xr.DataArray(draws[1][:4000], dims="draw")}, kind=kind)  # type: ignore[arg-type]
    values = [np.log(d) if kind == "log" else d for d in (draws[0], draws[1][:4000])]
    errors = [v.std() for v in values]
    np.testing.assert_allclose(found.routes["standard_error"], errors, rtol=5e-3)
    centres = [np.exp(v.mean()) if kind == "log" else v.mean() for v in values]
    np.testing.assert_allclose(found.routes["estimate"], centres, rtol=2e-3)


def test_after_a_study() -> None:
    def model(capex, per_gw, racks, kw):  # type: ignore[no-untyped-def]
        return {"by_capex": capex / per_gw, "by_racks": racks * kw / 1e6}

    inputs = {"capex": ob.between(150, 200), "per_gw": ob.between(30, 45),
              "racks": ob.between(25e3, 35e3), "kw": ob.between(120, 145)}  # fmt: skip
    result = ob.Study(model, inputs).run(8192)
    data = result.dataset
    found = reconcile({name: data[name] for name in ("by_capex", "by_racks")}, kind="log")
    again = ob.Study(lambda gw: {"gpus": gw * 6e5}, {"gw": found}).run(1024)
    assert float(again.dataset["gw"].median()) == pytest.approx(found.pooled, rel=1e-3)
    assert "from 2 routes" in repr(found)


def test_one_route_is_itself() -> None:
    found = reconcile([stats.norm(4.4, 0.5)])
    assert (found.pooled, found.standard_error, found.between) == pytest.approx((4.4, 0.5, 0))
    assert np.isnan(found.p_value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({},), "estimates must be at least one"),
        (({"a": 4.4},), "a is a figure without a spread"),
        (({"a": stats.cauchy()},), "a must have a finite mean and variance"),
        (({"a": stats.norm(1, 1)}, "log"), "a may be 0 or less"),
        (({"a": (1, 2)}, "geometric"), "kind must be 'linear' or 'log'"),
        (({"a": np.array([4.0])},), "a is a figure without a spread"),
    ],
)
def test_errors(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        reconcile(*arguments)  # type: ignore[arg-type]


def test_logarithms_of_a_pool_are_those_of_its_parts() -> None:
    experts = [(3.0, 5.0), (4.0, 9.0), stats.uniform(2, 3)]
    pooled = pool(experts, [1, 2, 1])
    x = np.geomspace(0.5, 60, 400_001)
    log_x, density = np.log(x), pooled.pdf(x)
    mean = integrate.trapezoid(density * log_x, x)
    variance = integrate.trapezoid(density * (log_x - mean) ** 2, x)
    route = reconcile({"said": pooled, "leases": (3.0, 6.0)}, kind="log").routes.loc["said"]
    assert route["estimate"] == pytest.approx(math.exp(mean), rel=1e-5)
    assert route["standard_error"] == pytest.approx(math.sqrt(variance), rel=1e-4)


def polygamma(order: int, x: float) -> float:
    return float(mpmath.polygamma(order, x))


def log_gamma_ratio(a: float, b: float) -> tuple[float, float]:
    """Mean and variance of the logarithm of a gamma variable over an independent one."""
    return (
        polygamma(0, a) - polygamma(0, b),
        polygamma(1, a) + polygamma(1, b),
    )


@settings(deadline=None, max_examples=40)
@given(a=st.floats(0.04, 200), b=st.floats(0.04, 200), scale=st.floats(1e-6, 1e6))
@example(a=0.05, b=0.05, scale=1.0)
@example(a=1.5, b=2.0, scale=1.0)
@example(a=2.0, b=0.25, scale=1.0)  # the last step of a tail goes beyond all numbers
@example(a=0.5, b=2.0, scale=1.0)  # scipy does not find all quantiles
@example(a=0.0633, b=23.0, scale=1.0)  # numbers with few digits
@example(a=1.0, b=0.06, scale=1.0)  # numbers end where the tail begins
def test_logarithms_of_heavy_distributions(a: float, b: float, scale: float) -> None:
    mean, variance = log_gamma_ratio(a, b)
    # (distribution, mean and variance of its logarithm)
    cases = [
        (stats.betaprime(a, b, scale=scale), (mean + math.log(scale), variance)),
        (stats.f(2 * a, 2 * b), (mean + math.log(b / a), variance)),
        (stats.gamma(a, scale=scale), (polygamma(0, a) + math.log(scale), polygamma(1, a))),
        (stats.invgamma(a, scale=scale), (math.log(scale) - polygamma(0, a), polygamma(1, a))),
        (stats.pareto(a, scale=scale), (1 / a + math.log(scale), a**-2)),
        (stats.lognorm(a, scale=scale), (math.log(scale), a**2)),
    ]
    for law, (centre, square) in cases:
        route = reconcile({"a": law}, kind="log").routes.loc["a"]
        error = math.sqrt(square)
        assert np.log(route["estimate"]) == pytest.approx(centre, abs=1e-7 * error, rel=1e-12), law
        assert route["standard_error"] == pytest.approx(error, rel=1e-7), law


def test_the_logarithm_of_a_distance() -> None:
    # Rice's distribution without a line of sight is Rayleigh's: half of log(2 E).
    route = reconcile({"a": stats.rice(1e-9)}, kind="log").routes.loc["a"]
    assert np.log(route["estimate"]) == pytest.approx((math.log(2) - np.euler_gamma) / 2)
    assert route["standard_error"] == pytest.approx(math.pi / math.sqrt(24))
    law = stats.rice(2)
    mean = integrate.quad(lambda x: np.log(x) * law.pdf(x), 0, np.inf)[0]
    square = integrate.quad(lambda x: (np.log(x) - mean) ** 2 * law.pdf(x), 0, np.inf)[0]
    route = reconcile({"a": law}, kind="log").routes.loc["a"]
    assert np.log(route["estimate"]) == pytest.approx(mean, rel=1e-7)
    assert route["standard_error"] == pytest.approx(math.sqrt(square), rel=1e-7)


@given(width=st.floats(1e-14, 1e-3), place=st.floats(1e-3, 1e6))
@example(width=1e-12, place=1.0)
@example(width=5.960464477539063e-08, place=418087.3177614764)
@example(width=1.4773776525985096e-07, place=418087.3177614764)
@settings(deadline=None)
def test_narrow_ranges(width: float, place: float) -> None:
    normal, uniform = stats.norm(place, place * width), stats.uniform(place, place * width)
    for law, error in ((normal, width), (uniform, width / math.sqrt(12))):
        route = reconcile({"a": law}, kind="log").routes.loc["a"]
        # log(1 + w) is w but for a part of its size.
        assert route["standard_error"] == pytest.approx(error, rel=2 * width + 1e-6)
        assert route["estimate"] == pytest.approx(place, rel=2 * width)
    high = place * (1 + width)
    if high > place:
        found = reconcile({"a": (place, high)}, kind="log").routes.loc["a"]
        exact = math.log1p((high - place) / place) / 2 / stats.norm.ppf(0.95)
        rounding = 1e-15 * (1 + abs(math.log(place)))
        assert found["standard_error"] == pytest.approx(exact, rel=1e-9, abs=rounding)


@pytest.mark.parametrize(
    "law", [stats.randint(1, 7), stats.poisson(5, loc=1), ob.choice([1, 2, 9])]
)
def test_logarithms_of_single_values(law) -> None:  # type: ignore[no-untyped-def]
    values = np.arange(1, 100)
    chances = np.diff(law.cdf(values), prepend=0.0)
    mean = chances @ np.log(values)
    route = reconcile({"a": law}, kind="log").routes.loc["a"]
    assert np.log(route["estimate"]) == pytest.approx(mean)
    variance = chances @ (np.log(values) - mean) ** 2
    assert route["standard_error"] == pytest.approx(math.sqrt(variance))


def test_logarithms_of_clipped_and_normal_figures() -> None:
    law = stats.rice(2)
    found = reconcile({"a": ob.clipped(law, low=0.5)}, kind="log").routes.loc["a"]
    inside = [
        law.expect(lambda x: np.log(x), lb=0.5), law.expect(lambda x: np.log(x) ** 2, lb=0.5)
    ]  # fmt: skip
    mean, square = (part + law.cdf(0.5) * math.log(0.5) ** k for k, part in enumerate(inside, 1))
    assert np.log(found["estimate"]) == pytest.approx(mean)
    assert found["standard_error"] == pytest.approx(math.sqrt(square - mean**2))
    # Six and two thirds standard deviations above 0, less is not counted.
    normal = stats.norm(1, 0.15)
    found = reconcile({"a": 1.0}, kind="log", spread=0.15).routes.loc["a"]
    mean = integrate.quad(lambda x: np.log(x) * normal.pdf(x), 1e-12, 4, points=[1])[0]
    assert np.log(found["estimate"]) == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize("law", [stats.gamma(0.01), stats.pareto(0.01), stats.gamma(1e10)])
def test_what_floating_point_numbers_cannot_hold_is_refused_with_the_reason(law) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"a has no mean and variance of its log.*adds up to"):
        reconcile({"a": law}, kind="log")


def test_random_is_true_or_false() -> None:
    routes = [stats.norm(1, 1), stats.norm(9, 1)]
    assert reconcile(routes, random=np.bool_(False)).between == 0.0
    with pytest.raises(TypeError, match="random must be True or False, got 'no'"):
        reconcile(routes, random="no")  # type: ignore[arg-type]
