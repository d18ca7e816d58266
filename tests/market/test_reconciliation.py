"""Routes to one quantity: a published meta-analysis, the formula by hand, and its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
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
