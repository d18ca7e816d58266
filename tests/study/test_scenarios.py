"""Scenarios: the same draws with some inputs overridden, and differences from a base."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import overbuild as ob

INPUTS = {
    "price": ob.Input(
        ob.between(2, 4), unit="USD/GPU-hour", source="quotes", grade="B", note="monthly"
    ),
    "hours": ob.Input(stats.uniform(1_000, 500), unit="hour", source="log"),
    "fee": 100.0,
    "sites": xr.DataArray([1.0, 2.0], dims="site", coords={"site": ["x", "y"]}),
}


def income(price, hours, fee, sites):
    return {"income": (price * hours - fee).assign_attrs(unit="USD"), "by_site": sites * price}


SCENARIOS = {
    "cheap": {"price": ob.between(1, 3)},
    "fixed": {"price": 1.5, "fee": ob.Input(0.0, source="waiver", grade="A")},
    "same": {},
}


def study(scenarios=SCENARIOS, **changes) -> ob.Study:
    return ob.Study(income, INPUTS | changes, scenarios=scenarios)


@pytest.fixture(scope="module")
def result() -> ob.Result:
    return study().run(4_096, seed=2)


class TestDraws:
    def test_each_scenario_is_a_study_of_its_own(self, result) -> None:
        alone = {
            "base": {},
            "cheap": {"price": ob.between(1, 3)},
            "fixed": {"fee": 0.0},
            "same": {},
        }
        for name, overrides in alone.items():
            one = result.dataset.sel(scenario=name)
            expected = ob.Study(income, INPUTS | overrides).run(4_096, seed=2).dataset
            if name == "fixed":  # without a price to draw the points of others would differ
                exact = 1.5 * result.dataset.hours
                np.testing.assert_array_equal(one.income, exact)
                assert (one.price == 1.5).all()
                continue
            for output in ("income", "by_site", "price", "hours"):
                np.testing.assert_array_equal(one[output].values, expected[output].values)
        assert list(result.dataset.scenario.values) == ["base", "cheap", "fixed", "same"]

    def test_what_no_scenario_overrides_is_there_once(self, result) -> None:
        assert result.dataset.hours.dims == ("draw",)
        assert result.dataset.sites.dims == ("site",)
        assert result.dataset.fee.dims == ("scenario",)
        assert result.dataset.by_site.dims == ("draw", "scenario", "site")
        np.testing.assert_array_equal(result.dataset.fee, [100, 100, 0, 100])

    def test_quantiles_go_together(self, result) -> None:
        price = result.dataset.price
        base, cheap = price.sel(scenario="base"), price.sel(scenario="cheap")
        ranks = [np.argsort(np.argsort(one.values)) for one in (base, cheap)]
        np.testing.assert_array_equal(*ranks)

    def test_the_order_of_scenarios_changes_no_number(self, result) -> None:
        turned = study(dict(reversed(SCENARIOS.items()))).run(4_096, seed=2).dataset
        xr.testing.assert_equal(turned.sel(scenario=result.dataset.scenario), result.dataset)

    def test_a_base_may_be_given(self) -> None:
        dataset = study({"up": {"fee": 1.0}, "base": {"fee": 2.0}}).run(64).dataset
        assert list(dataset.scenario.values) == ["up", "base"]
        np.testing.assert_array_equal(dataset.fee, [1.0, 2.0])

    def test_an_input_may_be_random_in_one_scenario_only(self) -> None:
        dataset = study({"odd": {"fee": stats.norm(100, 10)}}).run(1_024).dataset
        assert dataset.fee.dims == ("draw", "scenario")
        assert (dataset.fee.sel(scenario="base") == 100).all()
        assert dataset.fee.sel(scenario="odd").std() == pytest.approx(10, rel=0.05)

    def test_an_array_may_become_random(self) -> None:
        grid = xr.DataArray([stats.norm(), 3.0], dims="site", coords={"site": ["x", "y"]})
        dataset = study({"odd": {"sites": grid}}).run(1_024).dataset
        assert set(dataset.sites.dims) == {"draw", "scenario", "site"}
        assert (dataset.sites.sel(scenario="odd", site="y") == 3).all()
        assert (dataset.sites.sel(scenario="base", site="y") == 2).all()
        assert dataset.sites.sel(scenario="odd", site="x").std() == pytest.approx(1, rel=0.05)


class TestLabels:
    def test_units_and_sources_say_whose_they_are(self, result) -> None:
        price, fee = result.dataset.price.attrs, result.dataset.fee.attrs
        assert price["unit"] == "USD/GPU-hour"
        assert price["source"] == (
            "base: quotes; cheap: scenario cheap; fixed: scenario fixed; same: quotes"
        )
        assert price["grade"] == "base: B; cheap: scenario; fixed: scenario; same: B"
        assert price["note"] == "base: monthly; same: monthly"
        assert fee["source"] == "fixed: waiver"
        assert fee["grade"] == "fixed: A"
        assert result.dataset.hours.attrs["source"] == "log"
        assert result.dataset.income.attrs["unit"] == "USD"

    def test_rows_of_the_summary(self, result) -> None:
        table = result.summary()
        for label in ("income[scenario=cheap]", "by_site[scenario=fixed, site=y]", "hours"):
            assert label in table.index
        assert table.loc["price[scenario=fixed]", "P95"] == 1.5


class TestAgainst:
    def test_differences_are_exact(self, result) -> None:
        found, whole = result.against("base").dataset, result.dataset
        assert list(found.scenario.values) == ["cheap", "fixed", "same"]
        for name in ("income", "by_site"):
            assert found[name].dims == whole[name].dims
            for scenario in found.scenario.values:
                difference = whole[name].sel(scenario=scenario).values - (
                    whole[name].sel(scenario="base").values
                )
                np.testing.assert_array_equal(found[name].sel(scenario=scenario), difference)
        assert (found.income.sel(scenario="same") == 0).all()
        assert found.income.attrs["source"] == "computed by income, less base"
        assert found.income.attrs["unit"] == "USD"

    def test_quantiles_are_those_of_the_differences(self, result) -> None:
        table = result.against("base").summary()
        difference = (
            result.dataset.income.sel(scenario="cheap").values
            - result.dataset.income.sel(scenario="base").values
        )
        row = table.loc["income[scenario=cheap]"]
        np.testing.assert_array_equal(
            row[["P5", "P50", "P95"]].astype(float), np.quantile(difference, [0.05, 0.5, 0.95])
        )
        assert row["mean"] == pytest.approx(difference.mean())
        before = result.summary().loc[["income[scenario=cheap]", "income[scenario=base]"], "P5"]
        assert row["P5"] != pytest.approx(before.iloc[0] - before.iloc[1], rel=0.05)

    def test_shares_of_another_base(self, result) -> None:
        found = result.against("fixed", relative=True).dataset
        assert list(found.scenario.values) == ["base", "cheap", "same"]
        fixed = result.dataset.income.sel(scenario="fixed").values
        cheap = result.dataset.income.sel(scenario="cheap").values
        np.testing.assert_array_equal(found.income.sel(scenario="cheap"), (cheap - fixed) / fixed)
        assert found.income.attrs["unit"] == "share"
        assert found.income.attrs["source"] == "computed by income, less fixed, over fixed"

    def test_inputs_stay_as_they_are(self, result) -> None:
        found = result.against("base").dataset
        np.testing.assert_array_equal(found.hours, result.dataset.hours)
        np.testing.assert_array_equal(
            found.price, result.dataset.price.sel(scenario=found.scenario)
        )

    def test_evidence_weighs_differences(self, result) -> None:
        weighted = result.given(hours=(1_300, None)).against("base")
        share = (result.dataset.hours > 1_300).mean()
        assert weighted.effective_sample_size == pytest.approx(4_096 * float(share))
        kept = result.dataset.hours >= 1_300
        difference = (
            result.dataset.income.sel(scenario="cheap") - result.dataset.income.sel(scenario="base")
        ).values[kept]
        row = weighted.summary().loc["income[scenario=cheap]"]
        assert row["mean"] == pytest.approx(difference.mean())
        assert row["P50"] == np.quantile(difference, 0.5, method="inverted_cdf")

    def test_what_cannot_be_compared(self, result) -> None:
        with pytest.raises(KeyError, match="no scenario 'dear'; there are base, cheap, fixed"):
            result.against("dear")
        with pytest.raises(ValueError, match="the study has no scenarios to compare"):
            study(None).run(64).against()
        with pytest.raises(ValueError, match="no scenario but 'base' to compare"):
            study({}).run(64).against()


class TestErrors:
    @pytest.mark.parametrize(
        ("scenarios", "error", "message"),
        [
            ({"s": {"prize": 1.0}}, ValueError, "'s': 'prize' is no input.*mean 'price'"),
            ({"s": {"power": 1.0}}, ValueError, "'s': 'power' is no input of the study"),
            ({"s": {"price": "low"}}, TypeError, "'s': input 'price' must be a number"),
            ({"s": {"price": np.nan}}, ValueError, "'s': input 'price' must be finite"),
            ({"s": 3.0}, TypeError, "'s': inputs must be a mapping"),
            (
                {"s": {"price": ob.Input(2.0, unit="EUR/GPU-hour")}},
                ValueError,
                "'s': 'price' is in EUR/GPU-hour, but the study has it in USD/GPU-hour",
            ),
            ({"": {}}, ValueError, "'' cannot be the name of a scenario"),
            ({3: {}}, ValueError, "3 cannot be the name of a scenario"),
            ([{"price": 1.0}], TypeError, "scenarios must be a mapping"),
        ],
    )
    def test_what_is_refused(self, scenarios, error, message) -> None:
        with pytest.raises(error, match=message):
            study(scenarios)

    def test_outputs_must_be_alike(self) -> None:
        def odd(a):
            return {"y": a, "z": a} if np.ndim(a) else {"y": a}

        with pytest.raises(ValueError, match=r"'flat' differs from the others .*: z"):
            ob.Study(odd, {"a": stats.norm()}, scenarios={"flat": {"a": 1.0}}).run(64)

        def units(a):
            return {"y": xr.DataArray(a).assign_attrs(unit="USD" if np.ndim(a) else "EUR")}

        with pytest.raises(ValueError, match=r"'y' has different units.*base USD, flat EUR"):
            ob.Study(units, {"a": stats.norm()}, scenarios={"flat": {"a": 1.0}}).run(64)

        sites = xr.DataArray([1.0, 2.0], dims="site", coords={"site": ["x", "z"]})
        with pytest.raises(ValueError, match="has different labels or lengths in different"):
            study({"s": {"sites": sites}}).run(64)


def test_a_dimension_of_that_name_is_in_the_way() -> None:
    sites = xr.DataArray([1.0, 2.0], dims="scenario")
    study = ob.Study(lambda a: {"y": a * sites}, {"a": stats.norm()}, scenarios={"s": {"a": 1.0}})
    with pytest.raises(ValueError, match="'y' has a dimension 'scenario' of its own"):
        study.run(16)
    alone = ob.Study(lambda a: {"y": a * sites}, {"a": stats.norm()})
    assert alone.run(16).dataset["y"].sizes["scenario"] == 2
