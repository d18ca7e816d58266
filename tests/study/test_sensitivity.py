"""What drives what: tables of results with weights, scenarios, positions and missing draws."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from known_models import ANGLE, ISHIGAMI_FIRST, dataset, ishigami, points
from scipy import stats

import overbuild as ob

NORMAL = {"a": stats.norm(), "b": stats.norm(), "useless": stats.norm()}


def model(a, b, useless, constant):
    by_period = xr.DataArray([1.0, 2.0], dims="period") * a + b
    return {"sum": 3 * a - 4 * b + constant, "flow": by_period, "same": 0 * a + 7, "once": 5.0}


STUDY = ob.Study(model, {**NORMAL, "constant": 10.0}, units={"sum": "USD"})
RESULT = STUDY.run(2**16, seed=3)


class TestTables:
    def test_one_output(self) -> None:
        table = RESULT.sensitivity("sum")
        assert list(table.index) == ["b", "a", "useless"]
        assert table.index.name == "input"
        assert list(table) == ["rank_correlation", "first_order", "low", "high", "swing"]
        assert table.attrs == {
            "output": "sum",
            "unit": "USD",
            "centre": pytest.approx(10, abs=0.01),
        }
        z = stats.norm.ppf(0.9)
        expected = pd.DataFrame(
            {
                "first_order": [0.64, 0.36, 0],
                "low": [10 + 4 * z, 10 - 3 * z, 10],
                "high": [10 - 4 * z, 10 + 3 * z, 10],
                "swing": [-8 * z, 6 * z, 0],
            },
            index=pd.Index(["b", "a", "useless"], name="input"),
        )
        np.testing.assert_allclose(table[list(expected)], expected, atol=0.2)
        np.testing.assert_allclose(table["first_order"], expected["first_order"], atol=0.005)
        ranks = [6 / np.pi * math.asin(rho / 2) for rho in (-0.8, 0.6, 0)]
        np.testing.assert_allclose(table["rank_correlation"], ranks, atol=0.005)

    def test_all_outputs(self) -> None:
        table = RESULT.sensitivity()
        assert table.index.names == ["output", "input"]
        outputs = list(dict.fromkeys(table.index.get_level_values("output")))
        assert outputs == ["sum", "flow[period=0]", "flow[period=1]", "same"]
        pd.testing.assert_frame_equal(
            table.loc["sum"], RESULT.sensitivity("sum"), check_names=False
        )
        assert table.attrs["units"] == {**dict.fromkeys(outputs, ""), "sum": "USD"}
        assert table.attrs["centres"]["same"] == 7
        np.testing.assert_allclose(
            table["first_order"][["flow[period=0]", "flow[period=1]"]].unstack()[["a", "b"]],
            [[0.5, 0.5], [0.8, 0.2]],
            atol=0.005,
        )
        assert table.loc["same", ["rank_correlation", "first_order"]].isna().all(axis=None)
        assert (table.loc["same", "swing"] == 0).all()

    def test_positions_are_chosen_by_name_or_label(self) -> None:
        both = RESULT.sensitivity("flow", inputs="a")
        assert list(both.index) == [("flow[period=0]", "a"), ("flow[period=1]", "a")]
        one = RESULT.sensitivity("flow[period=1]", inputs=["b", "a"])
        assert list(one.index) == ["a", "b"]
        assert one.attrs["output"] == "flow[period=1]"
        twice = RESULT.sensitivity(["flow[period=1]", "flow"])
        assert twice.index.is_unique

    def test_ishigami(self) -> None:
        study = ob.Study(
            lambda x1, x2, x3: {"y": ishigami(x1, x2, x3)}, dict.fromkeys(["x1", "x2", "x3"], ANGLE)
        )
        found = study.run(2**16).sensitivity("y")["first_order"]
        np.testing.assert_allclose(found.loc[["x1", "x2", "x3"]], ISHIGAMI_FIRST, atol=0.01)

    def test_threads_do_not_change_a_bit(self) -> None:
        expected = RESULT.sensitivity()
        for threads in (1, 2, 5):
            ob.set_num_threads(threads)
            pd.testing.assert_frame_equal(RESULT.sensitivity(), expected, check_exact=True)

    def test_what_is_not_there(self) -> None:
        with pytest.raises(KeyError, match="did you mean 'flow'"):
            RESULT.sensitivity("flows")
        with pytest.raises(KeyError, match=r"no position 'flow\[period=2\]'; there are flow"):
            RESULT.sensitivity("flow[period=2]")
        with pytest.raises(ValueError, match="'once' is the same in all draws"):
            RESULT.sensitivity("once")
        with pytest.raises(ValueError, match="'constant' is the same in all draws"):
            RESULT.sensitivity("sum", inputs="constant")
        with pytest.raises(ValueError, match="no output differs"):
            ob.Study(lambda a: {"y": a}, {"a": 1.0}).run(16).sensitivity()

    def test_one_draw_differs_from_no_other(self) -> None:
        with pytest.raises(ValueError, match="no input asked for differs"):
            STUDY.run(1).sensitivity("sum")

    @pytest.mark.parametrize("draws", [2, 3, 16])
    def test_few_draws(self, draws: int) -> None:
        table = STUDY.run(draws).sensitivity("sum")
        assert len(table) == 3
        if draws == 16:
            assert table.notna().all(axis=None)
            assert table["rank_correlation"].abs().max() <= 1


class TestDraws:
    def test_missing_draws_are_left_out(self) -> None:
        u = points(2, 2**14)
        y = np.where(u[0] < 0.25, np.nan, u[0] + u[1])
        table = ob.Result(dataset({"a": u[0], "b": u[1]}, {"y": y})).sensitivity("y")
        # Of what is left, a is uniform on 0.25 to 1.
        assert table.loc["a", "first_order"] == pytest.approx(0.75**2 / (0.75**2 + 1), abs=0.01)
        assert table.attrs["centre"] == pytest.approx(0.625 + 0.5, abs=0.01)
        assert math.isnan(table.loc["a", "low"])
        assert table.loc["a", "high"] == pytest.approx(0.9 + 0.5, abs=0.03)

    def test_an_input_without_a_value_at_one_end_is_ranked_by_the_other(self) -> None:
        u = points(3, 2**14)
        y = np.where(u[0] < 0.25, np.nan, 8 * u[0] + u[1] + 4 * u[2])
        data = dataset({"b": u[1], "a": u[0], "c": u[2]}, {"y": y})
        table = ob.Result(data).sensitivity("y")
        assert math.isnan(table.loc["a", "low"])
        assert math.isnan(table.loc["a", "swing"])
        # The other end is 8 (0.9 - 0.625) = 2.2 from the median; c swings 4 (0.9 - 0.1) = 3.2.
        assert table.loc["a", "high"] - table.attrs["centre"] == pytest.approx(2.2, abs=0.1)
        assert table.loc["c", "swing"] == pytest.approx(3.2, abs=0.1)
        assert list(table.index) == ["c", "a", "b"]
        # Upside down, and where both ends are missing.
        turned = ob.Result(dataset({"b": u[1], "a": 1 - u[0], "c": u[2]}, {"y": y}))
        assert list(turned.sensitivity("y").index) == ["c", "a", "b"]
        inner = np.where(np.abs(u[0] - 0.5) > 0.3, np.nan, 8 * u[0] + u[1] + 4 * u[2])
        missing = ob.Result(dataset({"a": u[0], "b": u[1], "c": u[2]}, {"y": inner}))
        assert list(missing.sensitivity("y").index) == ["c", "b", "a"]

    def test_an_input_may_miss_draws_too(self) -> None:
        u = points(2, 2**14)
        a = np.where(u[0] > 0.5, np.nan, u[0])
        table = ob.Result(dataset({"a": a, "b": u[1]}, {"y": 2 * u[0] + u[1]})).sensitivity("y")
        assert table.loc["a", "first_order"] == pytest.approx(0.5, abs=0.01)
        assert table.loc["a", "low"] == pytest.approx(2 * 0.05 + 0.5, abs=0.02)
        assert table.loc["b", "first_order"] == pytest.approx(0.2, abs=0.01)

    def test_infinite_outputs_have_ranks_and_medians(self) -> None:
        u = points(2, 2**14)
        y = np.where(u[0] > 0.8, np.inf, u[0] + 0.01 * u[1])
        table = ob.Result(dataset({"a": u[0], "b": u[1]}, {"y": y})).sensitivity("y")
        assert table["first_order"].isna().all()
        assert list(table.index) == ["a", "b"]
        assert table.loc["a", ["high", "swing"]].tolist() == [np.inf, np.inf]
        assert table.loc["a", "rank_correlation"] == pytest.approx(
            stats.spearmanr(u[0], y)[0], abs=1e-9
        )

    def test_weights_count_everywhere(self) -> None:
        # Uniform draws on -6 to 6, weighted to normal ones.
        x = -6 + 12 * points(2, 2**16)
        weights = stats.norm.pdf(x).prod(axis=0)
        weights /= weights.sum()
        made = dataset({"a": x[0], "b": x[1]}, {"y": 3 * x[0] + 4 * x[1]}, weights)
        table = ob.Result(made).sensitivity("y")
        np.testing.assert_allclose(table.loc[["a", "b"], "first_order"], [0.36, 0.64], atol=0.01)
        z = stats.norm.ppf(0.9)
        np.testing.assert_allclose(table.loc[["a", "b"], "high"], [3 * z, 4 * z], atol=0.3)
        ranks = [6 / np.pi * math.asin(rho / 2) for rho in (0.6, 0.8)]
        np.testing.assert_allclose(table.loc[["a", "b"], "rank_correlation"], ranks, atol=0.01)

    def test_draws_without_weight_are_as_if_not_there(self) -> None:
        u = points(2, 2**12)
        y = u[0] + u[1] ** 2
        kept = u[0] < 0.5
        weights = kept / kept.sum()
        y[~kept] = np.nan
        weighted = ob.Result(dataset({"a": u[0], "b": u[1]}, {"y": y}, weights))
        fewer = ob.Result(dataset({"a": u[0][kept], "b": u[1][kept]}, {"y": y[kept]}))
        pd.testing.assert_frame_equal(
            weighted.sensitivity("y"), fewer.sensitivity("y"), rtol=1e-6, atol=1e-6
        )

    def test_evidence_that_leaves_one_value_makes_an_input_constant(self) -> None:
        u = points(2, 2**10)
        a = np.round(u[0] * 3)
        weights = (a == 1) / (a == 1).sum()
        made = dataset({"a": a, "b": u[1]}, {"y": a + u[1]}, weights)
        table = ob.Result(made).sensitivity("y")
        assert list(table.index) == ["b"]
        assert table.loc["b", "first_order"] == pytest.approx(1, abs=1e-6)


class TestPositions:
    def test_each_position_of_an_input_has_a_row(self) -> None:
        u = points(3, 2**12)
        sites = xr.DataArray(u[:2].T, dims=("draw", "site"), coords={"site": ["west", "east"]})
        y = 2 * sites.sel(site="west", drop=True) + sites.sel(site="east", drop=True)
        table = ob.Result(dataset({"price": sites, "other": u[2]}, {"y": y})).sensitivity("y")
        assert list(table.index) == ["price[site=west]", "price[site=east]", "other"]
        np.testing.assert_allclose(table["first_order"], [0.8, 0.2, 0], atol=0.02)

    def test_names_may_have_brackets(self) -> None:
        def brackets(a):
            by_site = a * xr.DataArray([1.0, 2.0], dims="site")
            return {"y": a, "y[old]": by_site}

        study = ob.Study(brackets, {"a": stats.norm()})
        result = study.run(256)
        assert len(result.sensitivity("y[old]")) == 2
        assert len(result.sensitivity("y[old][site=1]")) == 1
        assert list(study.sobol(256, outputs="y[old][site=1]").index) == [("y[old][site=1]", "a")]
        assert list(study.sobol(256, outputs="y").index) == [("y", "a")]

    def test_an_output_has_the_inputs_of_its_scenario(self) -> None:
        study = ob.Study(
            lambda a, b: {"y": a + b, "flow": (a * xr.DataArray([1, 2], dims="period"))},
            {"a": stats.norm(), "b": stats.norm()},
            scenarios={"wide": {"a": stats.norm(0, 3)}, "known": {"a": 1.0}},
        )
        table = study.run(2**14).sensitivity(["y", "flow"])
        shares = table["first_order"]
        assert shares["y[scenario=base]", "a"] == pytest.approx(0.5, abs=0.01)
        assert shares["y[scenario=wide]", "a"] == pytest.approx(0.9, abs=0.01)
        assert list(table.loc["y[scenario=known]"].index) == ["b"]
        assert shares["flow[scenario=wide, period=1]", "a"] == pytest.approx(1, abs=0.001)
        one = study.run(2**12).sensitivity("y[scenario=wide]")
        assert list(one.index) == ["a", "b"]

    def test_differences_from_a_scenario(self) -> None:
        study = ob.Study(
            lambda a, b: {"y": a * b},
            {"a": stats.norm(), "b": stats.norm()},
            scenarios={"more": {"b": stats.norm(1)}},
        )
        table = study.run(2**12).against().sensitivity("y")
        # a (b + 1) - a b is a.
        assert table.attrs["output"] == "y[scenario=more]"
        assert table.loc["a", "first_order"] == pytest.approx(1, abs=1e-9)
        assert table.loc["b", "first_order"] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("method", ["sensitivity", "voi"])
def test_an_input_that_a_scenario_fixes_has_nothing_to_tell_there(method: str) -> None:
    inputs = {"a": stats.norm(), "b": stats.norm()}
    study = ob.Study(lambda a, b: {"y": a + b}, inputs, scenarios={"fixed": {"a": 1.0}})
    ask = getattr(study.run(1024), method)
    assert list(ask("y[scenario=fixed]").index) == ["b"]
    with pytest.raises(ValueError, match=r"no input asked for .* y\[scenario=fixed\]"):
        ask("y[scenario=fixed]", inputs="a")
