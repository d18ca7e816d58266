"""Draws weighted by evidence, against closed forms, rejection and simulated truths."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import overbuild as ob
from overbuild.study.inputs import WEIGHT
from overbuild.study.labels import selected


def total(a, b):
    return {"sum": a + b, "parts": a * xr.DataArray([1.0, 2.0], dims="period"), "fixed": 3.0}


STUDY = ob.Study(total, {"a": stats.norm(1, 2), "b": stats.norm(0, 1)})
RESULT = STUDY.run(2**17, seed=3)


def moments(result, name):
    weight, values = result.dataset[WEIGHT].values, result.dataset[name].values
    mean = (weight * values).sum()
    return mean, math.sqrt((weight * (values - mean) ** 2).sum())


class TestClosedForms:
    def test_normal_prior_and_normal_observation(self) -> None:
        mean, deviation = moments(RESULT.given(a=stats.norm(2, 1)), "a")
        assert mean == pytest.approx(1.8, abs=1e-4)  # (1/4 + 2) / (1/4 + 1)
        assert deviation == pytest.approx(math.sqrt(1 / 1.25), abs=1e-4)

    def test_two_inputs_with_an_observed_sum(self) -> None:
        result = RESULT.given(sum=stats.norm(4, 0.5))
        gain = 4 / (5 + 0.25)
        mean, deviation = moments(result, "a")
        assert mean == pytest.approx(1 + gain * 3, abs=2e-3)
        assert deviation == pytest.approx(math.sqrt(4 - gain * 4), abs=2e-3)
        weight = result.dataset[WEIGHT].values
        a, b = (result.dataset[name].values for name in "ab")
        centred = (a - (weight * a).sum()) * (b - (weight * b).sum())
        assert (weight * centred).sum() == pytest.approx(-4 * 1 / 5.25, abs=5e-3)

    def test_a_range_is_a_truncation(self) -> None:
        mean, deviation = moments(RESULT.given(a=(0.0, 2.0)), "a")
        exact = stats.truncnorm(-0.5, 0.5, loc=1, scale=2)
        assert mean == pytest.approx(exact.mean(), abs=1e-4)
        assert deviation == pytest.approx(exact.std(), abs=1e-4)

    def test_an_open_end(self) -> None:
        mean, _ = moments(RESULT.given(a=(1.0, None)), "a")
        assert mean == pytest.approx(1 + 2 * math.sqrt(2 / math.pi), abs=1e-3)

    def test_evidence_multiplies_whatever_its_order(self) -> None:
        one = RESULT.given(a=(0, 3), sum=stats.norm(2, 1))
        other = RESULT.given(sum=stats.norm(2, 1)).given({"a": (0, 3)})
        np.testing.assert_allclose(one.dataset[WEIGHT], other.dataset[WEIGHT], rtol=1e-12)
        assert len(one.dataset.attrs["evidence"]) == len(other.dataset.attrs["evidence"]) == 2

    def test_a_discrete_observation_counts_by_its_probabilities(self) -> None:
        study = ob.Study(lambda n: {"y": 2 * n}, {"n": stats.randint(0, 4)})
        for seen in (stats.binom(3, 0.5), stats.Binomial(n=3, p=0.5)):
            result = study.run(2**12).given(n=seen)
            for value, probability in enumerate([1, 3, 3, 1]):
                found = result.dataset[WEIGHT].values[result.dataset.n.values == value].sum()
                assert found == pytest.approx(probability / 8, abs=1e-3)

    def test_the_effective_sample_size_is_that_of_kish(self) -> None:
        result = RESULT.given(a=(0.0, 2.0))
        inside = ((RESULT.dataset.a >= 0) & (RESULT.dataset.a <= 2)).sum().item()
        assert result.effective_sample_size == pytest.approx(inside)
        assert RESULT.effective_sample_size == pytest.approx(2**17)


class TestRejection:
    def test_a_plain_rejection_sampler_finds_the_same(self) -> None:
        def disclosed(fleet, use, price):
            return {"revenue": fleet * 8_784 * use * price, "power": 1.44e-3 * fleet}

        inputs = {
            "fleet": ob.between(8e4, 3e5),
            "use": stats.beta(2, 2),
            "price": ob.between(1.5, 4.5),
        }
        seen = {"revenue": (1.8e9, 2.0e9), "power": (200.0, 300.0)}
        result = ob.Study(disclosed, inputs).run(2**18, seed=1).given(seen)

        rng = np.random.default_rng(7)
        n = 4_000_000
        fleet, use, price = (inputs[name].rvs(n, random_state=rng) for name in inputs)
        revenue, power = fleet * 8_784 * use * price, 1.44e-3 * fleet
        kept = (revenue > 1.8e9) & (revenue < 2.0e9) & (power > 200) & (power < 300)
        table = result.summary((0.1, 0.5, 0.9))
        for name, values in {"fleet": fleet, "use": use, "price": price}.items():
            exact = np.quantile(values[kept], [0.1, 0.5, 0.9])
            spread = exact[2] - exact[0]
            # 4.5 standard errors of quantiles from some 9,000 and 50,000 draws.
            np.testing.assert_allclose(
                table.loc[name, ["P10", "P50", "P90"]].astype(float), exact, atol=0.03 * spread
            )


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Of 200 truths 90% are in 90% intervals; a binomial count is outside 1 in 10,000 times."""

    def disclosed(fleet, use, price):
        return {"hours": fleet * use, "revenue": fleet * use * price}

    inputs = {
        "fleet": ob.between(80, 300),
        "use": stats.beta(4, 3),
        "price": ob.between(1.5, 4.5),
    }
    result = ob.Study(disclosed, inputs).run(2**16, seed=5)
    rng = np.random.default_rng(11)
    truths = {name: one.rvs(200, random_state=rng) for name, one in inputs.items()}
    revenue = truths["fleet"] * truths["use"] * truths["price"]
    seen = revenue * np.exp(rng.normal(0, 0.1, 200))
    inside = {"fleet": 0, "use": 0, "price": 0, "hours": 0}
    truths["hours"] = truths["fleet"] * truths["use"]
    for k in range(200):
        # What was seen is off by a lognormal error: its density at the true value.
        error = stats.lognorm(0.1, scale=seen[k] * math.exp(0.01))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # some truths lie far out
            table = result.given(revenue=error).summary((0.05, 0.95))
        for name in inside:
            low, high = table.loc[name, ["P5", "P95"]]
            inside[name] += low <= truths[name][k] <= high
    least, most = stats.binom(200, 0.9).ppf([5e-5, 1 - 5e-5])
    for count in inside.values():
        assert least <= count <= most


def test_a_count_can_be_known_exactly() -> None:
    """Beta and binomial: after 7 of 10 the share is beta(1 + 7, 1 + 3)."""

    def count(share, u):
        return {"hits": xr.DataArray(stats.binom(10, share.values).ppf(u.values), dims="draw")}

    study = ob.Study(count, {"share": stats.uniform(), "u": stats.uniform()})
    mean, deviation = moments(study.run(2**16).given(hits=(7, 7)), "share")
    assert mean == pytest.approx(8 / 12, abs=2e-3)
    assert deviation == pytest.approx(stats.beta(8, 4).std(), abs=2e-3)


class TestMessages:
    def test_few_draws_that_agree_are_warned_of(self) -> None:
        with pytest.warns(
            UserWarning, match=r"leaves \d+ of 131,072 .* run [\d,]+ draws, or use S"
        ):
            RESULT.given(a=(8.0, 8.1))

    def test_no_draw_that_agrees(self) -> None:
        with pytest.raises(ValueError, match=r"no draws left: none of 131,072 agrees with a from"):
            RESULT.given(a=(100, 200))
        with pytest.raises(ValueError, match="no draws left"):
            RESULT.given(a=(0, 1)).given(a=(2, 3))

    @pytest.mark.parametrize(
        ("evidence", "error", "message"),
        [
            ({}, ValueError, "no evidence is given"),
            ({"a": 3.0}, TypeError, "evidence on a: 3.0 does not say how well it is known"),
            ({"a": (2, 1)}, ValueError, "evidence on a: the range from 2 to 1 tells nothing"),
            ({"a": (None, None)}, ValueError, "from -inf to inf tells nothing"),
            ({"a": (1, 1)}, ValueError, "no draws left"),
            ({"a": (math.nan, 1)}, TypeError, "evidence on a: a range has two numbers"),
            ({"a": ("x", 1)}, TypeError, "evidence on a: a range has two numbers"),
            ({"a": None}, TypeError, "'a' must be a number, an array or a distribution"),
            ({"a": "high"}, TypeError, "^evidence on a: 'a' must be a number"),
            ({"sum": stats.norm}, TypeError, "^evidence on sum: norm has no parameters yet|'sum'"),
            ({"z": (1, 2)}, ValueError, "evidence on z: no such variable; there are a, b, sum"),
            ({"parts": (1, 2)}, ValueError, r"parts: it has 2 positions; name one, such as given"),
            ({"fixed": (1, 2)}, ValueError, "fixed: it is the same in all draws"),
        ],
    )
    def test_what_is_no_evidence(self, evidence, error, message) -> None:
        with pytest.raises(error, match=message):
            RESULT.given(evidence)

    def test_a_position_and_an_array_of_evidence(self) -> None:
        by_label = RESULT.given({"parts[period=1]": (0.0, 4.0)})
        assert by_label.effective_sample_size == RESULT.given(a=(0.0, 2.0)).effective_sample_size
        both = xr.DataArray([stats.norm(1, 1), stats.norm(2, 1)], dims="period")
        found = RESULT.given(parts=both).dataset[WEIGHT]
        labels = {"parts[period=0]": stats.norm(1, 1), "parts[period=1]": stats.norm(2, 1)}
        np.testing.assert_array_equal(found, RESULT.given(labels).dataset[WEIGHT])

    def test_draws_without_a_value_do_not_agree(self) -> None:
        study = ob.Study(lambda a: {"root": np.sqrt(a.where(a > 0))}, {"a": stats.norm()})
        result = study.run(2**14).given(root=(None, 10))
        assert (result.dataset[WEIGHT].values[result.dataset.a.values <= 0] == 0).all()


def test_a_picture_of_one_scenario_keeps_the_weights() -> None:
    study = ob.Study(
        lambda a, b: {"y": a + b * xr.DataArray([1.0, 2.0, 3.0], dims="period")},
        {"a": stats.norm(), "b": 1.0},
        scenarios={"more": {"b": 2.0}},
    )
    result = study.run(2**12).given(a=(0.0, None))
    part = selected({"y": result.dataset["y"]}, "y[scenario=more]")
    assert part.dims == ("draw", "period")
    assert (part[WEIGHT].values > 0).mean() == pytest.approx(0.5, abs=0.01)
    assert result.plot("y[scenario=more]").get_ylabel() == "y[scenario=more]"
    one = selected({"y": result.dataset["y"]}, "y[scenario=base, period=1]")
    np.testing.assert_array_equal(one, result.dataset.a + 2)
    for wrong, reason in {
        "y[scenario=less]": "no position scenario=less; along scenario there are base, more",
        "y[site=1]": "'y' has no dimension 'site'; it has",
        "y[scenario=more": "a bracket that is not closed",
        "z[scenario=more]": "no variable 'z'; there are",
    }.items():
        with pytest.raises(KeyError, match=reason):
            result.plot(wrong)


def test_evidence_has_names() -> None:
    study = ob.Study(lambda a: {"y": a}, {"a": stats.norm()})
    with pytest.raises(TypeError, match="evidence must be a mapping"):
        study.run(256).given("y")
    with pytest.raises(TypeError, match="evidence must be a mapping"):
        study.condition(5)


def test_an_output_without_values_agrees_with_nothing() -> None:
    study = ob.Study(lambda a: {"y": a * np.nan}, {"a": stats.norm()})
    with pytest.raises(ValueError, match="no draw has a value"):
        study.run(256).given(y=(0, 1))
