"""Scores of forecasts: exact for draws, and right for laws that have closed forms."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import overbuild as ob
from overbuild.study.statistics.scores import crps

NUMBERS = st.floats(-1e6, 1e6)
DRAWS = st.lists(NUMBERS, min_size=1, max_size=12).map(np.array)


def by_pairs(draws, outcome, weights):
    """E|X - y| - E|X - X'| / 2, over all pairs, with an exact sum."""
    share = weights / math.fsum(weights)
    near = math.fsum(share * np.abs(draws - outcome))
    apart = np.abs(np.subtract.outer(draws, draws)) * np.multiply.outer(share, share)
    return near - math.fsum(apart.ravel()) / 2


def normal_score(mean, sd, outcome):
    """T. Gneiting et al., Monthly Weather Review 133 (2005), 1098-1118, equation 5."""
    z = (outcome - mean) / sd
    return sd * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / math.sqrt(math.pi))


class TestCrps:
    @given(DRAWS, NUMBERS, st.data())
    def test_is_that_of_all_pairs(self, draws, outcome, data) -> None:
        floats = st.floats(1e-3, 1e3)
        weights = np.array(data.draw(st.lists(floats, min_size=draws.size, max_size=draws.size)))
        scale = np.abs(draws).max() + abs(outcome) + 1
        for given_weights in (None, weights):
            used = np.ones(draws.size) if given_weights is None else given_weights
            found = crps(draws, outcome, given_weights)
            assert found >= 0
            assert found == pytest.approx(by_pairs(draws, outcome, used), abs=1e-12 * scale)

    @given(DRAWS, NUMBERS)
    def test_laws(self, draws, outcome) -> None:
        found = crps(draws, outcome)
        assert crps(draws[:1], outcome) == abs(draws[0] - outcome)
        assert crps(np.repeat(draws, 3), outcome) == pytest.approx(found, rel=1e-9, abs=1e-6)
        assert crps(-draws, -outcome) == pytest.approx(found, rel=1e-9, abs=1e-6)
        # Weight 0 is as good as not drawn.
        weights = np.append(np.ones(draws.size), 0.0)
        assert crps(np.append(draws, 1e9), outcome, weights) == pytest.approx(found)
        # Equal weights are none, and a whole weight is that many draws.
        twice = np.append(draws, draws[0])
        weights = np.ones(draws.size)
        weights[0] = 2
        assert crps(twice, outcome) == pytest.approx(crps(draws, outcome, weights), abs=1e-6)

    @pytest.mark.parametrize("outcome", [-3.0, 0.0, 1.0, 2.5, 9.0])
    def test_the_closed_form_of_a_normal(self, outcome: float) -> None:
        n = 2**16
        draws = stats.norm(1, 2).ppf((np.arange(n) + 0.5) / n)
        expected = normal_score(1, 2, outcome)
        assert crps(draws, outcome) == pytest.approx(expected, rel=1e-4)

    @pytest.mark.parametrize("outcome", [-1.0, 0.3, 2.0])
    def test_the_closed_form_of_a_uniform(self, outcome: float) -> None:
        # Over 0 to 1, by the integral itself: inside y^3/3 + (1 - y)^3/3, outside the distance too.
        inside = min(max(outcome, 0), 1)
        expected = (inside**3 + (1 - inside) ** 3) / 3 + abs(outcome - inside)
        draws = (np.arange(2**16) + 0.5) / 2**16
        assert crps(draws, outcome) == pytest.approx(expected, rel=1e-6)

    def test_telling_the_truth_is_best(self) -> None:
        n = 4000
        even = (np.arange(n) + 0.5) / n
        came = stats.norm.ppf((np.arange(200) + 0.5) / 200)
        means = {
            sd: np.mean([crps(stats.norm(0, sd).ppf(even), y) for y in came])
            for sd in (0.5, 0.8, 1.0, 1.25, 2.0)
        }
        assert min(means, key=means.__getitem__) == 1.0

    def test_odd_numbers(self) -> None:
        some = np.array([1.0, 2.0])
        assert crps(np.array([1.0, np.nan, 2.0]), 1.5) == crps(some, 1.5) == 0.25
        assert math.isnan(crps(some, math.nan))
        assert math.isnan(crps(np.array([np.nan]), 1.0))
        assert crps(np.array([1.0, np.inf]), 1.0) == math.inf
        assert crps(some, math.inf) == math.inf
        assert math.isnan(crps(np.array([np.inf]), math.inf))
        assert crps(np.array([1e308, -1e308]), 0.0) == pytest.approx(5e307)


def model(a, b):
    """Two outputs, one along a dimension."""
    steps = xr.DataArray([1.0, 2.0], {"year": [2025, 2026]}, dims="year")
    return {"sum": a + b, "growth": a * steps}


STUDY = ob.Study(
    model,
    {"a": ob.Input(stats.norm(1, 2), unit="MW", grade="unverified"), "b": 3.0},
    units={"sum": "MW", "growth": "MW"},
)


class TestScore:
    def test_a_row_for_each_outcome(self) -> None:
        result = STUDY.run(2**14, seed=1)
        table = result.score({"sum": 4.5, "growth[year=2026]": 9.0, "b": 3.5, "a": math.nan})
        summary = result.summary([0.05, 0.25, 0.5, 0.75, 0.95])
        for label in ("sum", "growth[year=2026]", "b"):
            for column in ("P5", "P25", "P50", "P75", "P95"):
                assert table.loc[label, column] == summary.loc[label, column]
        assert table.loc["sum", "in 50%"]
        assert table.loc["sum", "in 90%"]
        assert not table.loc["growth[year=2026]", "in 90%"]
        assert table.loc["sum", "below"] == pytest.approx(stats.norm(4, 2).cdf(4.5), abs=1e-3)
        assert table.loc["sum", "CRPS"] == pytest.approx(normal_score(4, 2, 4.5), rel=1e-3)
        assert table.loc["growth[year=2026]", "CRPS"] == pytest.approx(
            normal_score(2, 4, 9), rel=1e-3
        )
        assert table.loc["b", "CRPS"] == 0.5
        assert table.loc["sum", "unit"] == "MW"
        assert table.loc["sum", "grade"] == "derived from unverified"
        assert table.loc["a", ["CRPS", "below"]].isna().all()
        assert table.loc["a", "in 50%"] is None

    def test_spaces_in_labels_do_not_matter(self) -> None:
        def sites(a):  # type: ignore[no-untyped-def]
            by = {"city": ["Reno, NV", "Paris"], "year": [2025, 2026]}
            return {"load": a * xr.DataArray([[1.0, 2.0], [3.0, 4.0]], by, ("city", "year"))}

        result = ob.Study(sites, {"a": stats.norm(1, 2)}).run(256, seed=1)
        exact = result.score({"load[city=Reno, NV, year=2026]": 2.0})
        for label in (
            "load[city=Reno, NV,year=2026]", "load [ year = 2026 , city = Reno, NV ]",
            "load[year=2026,city=Reno, NV]",
        ):  # fmt: skip
            found = result.score({label: 2.0})
            assert list(found.index) == [label]
            np.testing.assert_array_equal(found["CRPS"], exact["CRPS"])
        assert exact["P50"].iloc[0] == pytest.approx(2.0, abs=0.1)

    def test_ties_count_half_in_what_is_below(self) -> None:
        counts = ob.Study(lambda n: {"n2": n}, {"n": ob.choice([1, 2, 3, 4])}).run(1024, seed=1)
        below = [counts.score({"n2": y}).loc["n2", "below"] for y in (0, 1, 2, 2.5, 4, 5)]
        np.testing.assert_allclose(below, [0, 0.125, 0.375, 0.5, 0.875, 1])

    def test_evidence_weighs(self) -> None:
        result = STUDY.run(2**14, seed=1)
        after = result.given(a=stats.norm(2, 1))
        # The posterior of a normal mean: precisions 1/4 and 1.
        mean, sd = (0.25 * 1 + 2) / 1.25, 1.25**-0.5
        found = after.score({"a": 3.0}).loc["a"]
        assert found["CRPS"] == pytest.approx(normal_score(mean, sd, 3.0), rel=0.02)
        assert found["below"] == pytest.approx(stats.norm(mean, sd).cdf(3.0), abs=0.01)

    def test_draws_without_a_value_foretell_nothing(self) -> None:
        study = ob.Study(lambda a: {"y": xr.where(a > 0, a, np.nan)}, {"a": stats.norm()})
        result = study.run(2**12, seed=1)
        nothing = result.given(a=(None, -1e-9))
        for outcome in (1.0, -5.0):
            row = nothing.score({"y": outcome}).loc["y"]
            assert row["in 50%"] is None
            assert row["in 90%"] is None
            assert row[["below", "CRPS", "P50"]].isna().all()

    def test_scenarios(self) -> None:
        study = ob.Study(model, STUDY.inputs, scenarios={"wide": {"a": stats.norm(1, 4)}})
        result = study.run(2**12, seed=1)
        table = result.score(pd.Series({"sum[scenario=base]": 4.0, "sum[scenario=wide]": 4.0}))
        assert table["CRPS"].iloc[1] == pytest.approx(2 * table["CRPS"].iloc[0], rel=1e-6)

    def test_faults(self) -> None:
        result = STUDY.run(64, seed=1)
        with pytest.raises(KeyError, match="no variable 'total'; there are a, b, sum, growth"):
            result.score({"total": 1.0})
        with pytest.raises(ValueError, match="more than one position; say which along year"):
            result.score({"growth": 1.0})
        for label, reason in {
            "growth[year=2030]": r"no position year=2030; along year there are 2025, 2026",
            "growth[yaer=2026]": "'growth' has no dimension 'yaer'; it has year",
            "sum[year=2026]": "'sum' has no dimension 'year'; it has none",
            "sum[draw=3]": "'sum' has no dimension 'draw'",
            "growth[2026]": "'2026' is no position, such as year=2025",
            "growth[year=2026": "bracket that is not closed",
            "growth[year=2025, year=2026]": "has dimension 'year' twice",
        }.items():
            with pytest.raises(KeyError, match=reason):
                result.score({label: 1.0})
        with pytest.raises(ValueError, match=r"such as 'growth\[year=2025\]'"):
            result.score({"growth": 1.0})
        twice = pd.Series([1.0, 2.0], index=["sum", "sum"])
        for outcomes in (twice, {"growth[year=2026]": 1.0, "growth[ year = 2026 ]": 2.0}):
            with pytest.raises(ValueError, match=r"one for each position, got two: '.*' and '.*'"):
                result.score(outcomes)
        with pytest.raises(TypeError, match="outcome of sum must be a number, got '1'"):
            result.score({"sum": "1"})
        for empty in ({}, [1.0]):
            with pytest.raises(TypeError, match="mapping from label to number, and not empty"):
                result.score(empty)
