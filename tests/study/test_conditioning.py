"""Draws found by sequential Monte Carlo, against closed forms and plain weighting."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from scipy import integrate, stats

import overbuild as ob
from overbuild.study.evidence.tempering import Spread
from overbuild.study.inputs import REPLICATES

STUDY = ob.Study(lambda a, b: {"sum": a + b}, {"a": stats.norm(1, 2), "b": stats.norm(0, 1)})


def mean_and_error(values):
    by_replicate = values.values.reshape(-1, REPLICATES).mean(axis=0)
    return values.mean().item(), by_replicate.std(ddof=1) / math.sqrt(REPLICATES)


def test_a_sum_four_deviations_out_and_tight() -> None:
    seen = stats.norm(1 + 4 * math.sqrt(5), 0.01)
    gain = 4 / (5 + 0.01**2)
    result = STUDY.condition(sum=seen, draws=2**13, seed=1)
    mean, error = mean_and_error(result.dataset.a)
    assert error < 0.02
    assert mean == pytest.approx(1 + gain * 4 * math.sqrt(5), abs=5 * error)
    assert result.dataset.a.std().item() == pytest.approx(math.sqrt(4 - gain * 4), rel=0.03)
    assert result.dataset["sum"].mean().item() == pytest.approx(seen.mean(), abs=1e-3)
    exact = stats.norm(1, math.sqrt(5 + 0.01**2)).logpdf(seen.mean())
    assert result.dataset.attrs["log_evidence"] == pytest.approx(exact, abs=0.6)


def test_errors_are_what_seeds_differ_by() -> None:
    """The spread of 40 means is known to 11%, and the mean error better: within 45%."""
    found = [
        mean_and_error(STUDY.condition(sum=stats.norm(1, 0.5), draws=512, seed=seed).dataset.a)
        for seed in range(40)
    ]
    means, errors = np.array(found).T
    assert np.mean(means) == pytest.approx(1.0, abs=4.5 * means.std() / math.sqrt(40))
    assert means.std() == pytest.approx(errors.mean(), rel=0.45)


def test_a_tail_that_no_draw_reaches() -> None:
    result = STUDY.condition(sum=(1 + 4 * math.sqrt(5), None), draws=2**12, seed=2)
    assert result.dataset["sum"].min() >= 1 + 4 * math.sqrt(5)
    exact = 1 + math.sqrt(5) * stats.norm.pdf(4) / stats.norm.sf(4)
    mean, error = mean_and_error(result.dataset["sum"])
    assert mean == pytest.approx(exact, abs=5 * error)
    assert result.dataset.attrs["log_evidence"] == pytest.approx(
        math.log(stats.norm.sf(4)), abs=0.5
    )


def test_ranges_of_an_input_and_an_output_at_once() -> None:
    result = STUDY.condition({"sum": (3.0, 3.001)}, a=(1.5, 1.6), draws=2**12, seed=1)
    assert 1.5 <= result.dataset.a.min() < result.dataset.a.max() <= 1.6
    assert 3.0 <= result.dataset["sum"].min() < result.dataset["sum"].max() <= 3.001

    def density(a):
        return stats.norm(1, 2).pdf(a) * (stats.norm.cdf(3.001 - a) - stats.norm.cdf(3.0 - a))

    exact = integrate.quad(density, 1.5, 1.6)[0]
    assert result.dataset.attrs["log_evidence"] == pytest.approx(math.log(exact), abs=0.4)
    mean, error = mean_and_error(result.dataset.a)
    exact_mean = integrate.quad(lambda a: a * density(a), 1.5, 1.6)[0] / exact
    assert mean == pytest.approx(exact_mean, abs=5 * error)


def test_agrees_with_weighting_where_that_works() -> None:
    def revenue(fleet, use, price):
        return {"revenue": fleet * use * price}

    inputs = {"fleet": ob.between(80, 300), "use": stats.beta(4, 3), "price": ob.between(1.5, 4.5)}
    study = ob.Study(revenue, inputs, correlation={("use", "price"): -0.5})
    seen = ob.between(180, 220)
    weighted = study.run(2**18).given(revenue=seen).summary((0.1, 0.5, 0.9))
    found = study.condition(revenue=seen, draws=2**13, seed=4).summary((0.1, 0.5, 0.9))
    columns = ["P10", "P50", "P90"]
    for name in inputs:
        spread = weighted.loc[name, "P90"] - weighted.loc[name, "P10"]
        np.testing.assert_allclose(
            found.loc[name, columns].astype(float),
            weighted.loc[name, columns].astype(float),
            atol=0.04 * spread,
        )


def test_two_ways_to_agree_are_both_found() -> None:
    study = ob.Study(lambda a: {"square": a**2}, {"a": stats.norm()})
    result = study.condition(square=stats.norm(9, 0.05), draws=2**12, seed=1)
    above = (result.dataset.a > 0).mean().item()
    assert above == pytest.approx(0.5, abs=0.06)
    assert abs(result.dataset.a).mean().item() == pytest.approx(3, abs=0.01)


def test_leaps_are_drawn_from_the_density_that_they_are_weighed_by() -> None:
    rng = np.random.default_rng(5)
    shape = np.array([[1.0, 0.6, 0.0], [0.6, 2.0, -0.5], [0.0, -0.5, 0.5]])
    z = np.linalg.cholesky(shape) @ rng.standard_normal((3, 2_000)) + [[1.0], [-2.0], [0.5]]
    spread = Spread.of(z)
    drawn = spread.draw(rng, 400_000)
    exact = stats.multivariate_t(spread.center[:, 0], np.cov(z), df=8)
    off = spread.log_density(drawn[:, :1_000]) - exact.logpdf(drawn[:, :1_000].T)
    np.testing.assert_allclose(off, off[0], atol=1e-6)
    # The covariance of a Student distribution is its shape's, times 8 / 6.
    np.testing.assert_allclose(np.cov(drawn), 8 / 6 * np.cov(z), atol=0.03)
    np.testing.assert_allclose(drawn.mean(axis=1), spread.center[:, 0], atol=0.015)


def test_many_inputs_with_tight_evidence_are_those_of_the_closed_form() -> None:
    """A plane through twelve normal inputs, too thin for steps alone to get about in it."""
    names = [f"x{k}" for k in range(12)]
    study = ob.Study(
        lambda **x: {"sum": sum(x.values()), "first": x["x0"] - x["x1"]},
        {name: stats.norm(0, 1) for name in names},
    )
    evidence = {"sum": stats.norm(6, 0.01), "first": stats.norm(1, 0.01)}
    result = study.condition(evidence, draws=4096, seed=2)
    # Given both, the mean is 6/12 each, and 1/2 more and less for the two of the difference.
    for name, mean in {"x0": 1.0, "x1": 0.0, "x5": 0.5}.items():
        found, error = mean_and_error(result.dataset[name])
        assert abs(found - mean) < 5 * error + 1e-3
        exact = math.sqrt(1 - 1 / 12 - (1 / 2 if name != "x5" else 0))
        assert result.dataset[name].std().item() == pytest.approx(exact, rel=0.06)
    density = stats.norm(0, math.sqrt(12)).logpdf(6) + stats.norm(0, math.sqrt(2)).logpdf(1)
    assert result.dataset.attrs["log_evidence"] == pytest.approx(density, abs=0.5)


def test_arrays_of_inputs_scenarios_and_labels_are_those_of_a_run() -> None:
    sites = xr.DataArray([stats.norm(), 2.0, stats.norm()], dims="site")
    study = ob.Study(
        lambda x, c: {"y": x + c},
        {"x": ob.Input(sites, unit="MW", source="plan"), "c": 1.0},
        scenarios={"more": {"c": 2.0}},
    )
    result = study.condition({"y[scenario=more, site=0]": (4.0, 4.1)}, draws=600, seed=1)
    assert result.dataset.y.dims == study.run(16).dataset.y.dims
    assert result.dataset.sizes["draw"] == 600
    assert result.dataset.x.attrs["unit"] == "MW"
    y = result.dataset.y.sel(scenario="more").isel(site=0)
    assert ((y >= 4.0) & (y <= 4.1)).all()
    assert result.dataset.attrs["evidence"] == ["y[scenario=more, site=0] from 4 to 4.1"]


def test_the_seed_decides() -> None:
    first, again, other = (
        STUDY.condition(sum=(3, 4), draws=512, seed=seed).dataset for seed in (1, 1, 2)
    )
    xr.testing.assert_identical(first, again)
    assert not first.a.equals(other.a)


def test_what_cannot_be() -> None:
    with pytest.raises(ValueError, match=r"inputs that agree with a from 100 to 101 .* closest"):
        STUDY.condition(a=(100, 101), draws=512)
    with pytest.raises(ValueError, match="draws must be from 512"):
        STUDY.condition(a=(0, 1), draws=10)
    with pytest.raises(ValueError, match="no evidence is given"):
        STUDY.condition()
    with pytest.raises(ValueError, match="y: it is the same in all draws"):
        ob.Study(lambda a: {"y": 2 * a}, {"a": 1.0}).condition(y=(1, 2))
    nothing = ob.Study(lambda a: {"y": a * np.nan}, {"a": stats.norm()})
    with pytest.raises(ValueError, match="evidence on y: it has no value in any draw"):
        nothing.condition(y=(1, 2))
    # A gap between two possible values.
    steps = ob.Study(lambda a: {"y": np.sign(a)}, {"a": stats.norm()})
    with pytest.raises(ValueError, match="no draws left"):
        steps.condition(y=(-0.5, 0.5))
