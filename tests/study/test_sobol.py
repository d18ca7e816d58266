"""Sobol' indices against closed forms and SALib."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from known_models import (
    ANGLE,
    G_FIRST,
    G_TOTAL,
    ISHIGAMI_FIRST,
    ISHIGAMI_TOTAL,
    ishigami,
    sobol_g,
)
from SALib.analyze import sobol as salib_analyze
from SALib.sample import sobol as salib_sample
from scipy import stats

import overbuild as ob

ISHIGAMI = ob.Study(
    lambda x1, x2, x3: {"y": ishigami(x1, x2, x3)}, dict.fromkeys(["x1", "x2", "x3"], ANGLE)
)
G_NAMES = [f"x{k}" for k in range(8)]
G = ob.Study(lambda **x: {"y": sobol_g(*x.values())}, dict.fromkeys(G_NAMES, stats.uniform()))


class TestIndices:
    @pytest.mark.parametrize("seed", range(3))
    def test_ishigami(self, seed: int) -> None:
        table = ISHIGAMI.sobol(2**16, seed=seed).loc["y"].loc[["x1", "x2", "x3"]]
        np.testing.assert_allclose(table["first_order"], ISHIGAMI_FIRST, atol=0.02)
        np.testing.assert_allclose(table["total_order"], ISHIGAMI_TOTAL, atol=0.02)

    @pytest.mark.parametrize("seed", range(3))
    def test_sobol_g(self, seed: int) -> None:
        table = G.sobol(2**16, seed=seed).loc["y"].loc[G_NAMES]
        np.testing.assert_allclose(table["first_order"], G_FIRST, atol=0.02)
        np.testing.assert_allclose(table["total_order"], G_TOTAL, atol=0.02)

    def test_salib_says_the_same(self) -> None:
        problem = {"num_vars": 3, "names": list("abc"), "bounds": [[0.0, 1.0]] * 3}
        x = salib_sample.sample(problem, 2**14, calc_second_order=False, seed=1).T

        def model(a, b, c):
            return np.exp(a) * b + np.sqrt(c) * (a > 0.3)

        theirs = salib_analyze.analyze(
            problem, model(*x), calc_second_order=False, num_resamples=2, seed=1
        )
        study = ob.Study(lambda **x: {"y": model(**x)}, dict.fromkeys("abc", stats.uniform()))
        ours = study.sobol(2**14).loc["y"].loc[list("abc")]
        np.testing.assert_allclose(ours["first_order"], theirs["S1"], atol=0.02)
        np.testing.assert_allclose(ours["total_order"], theirs["ST"], atol=0.02)

    def test_shares_of_a_sum_are_those_of_variance(self) -> None:
        study = ob.Study(
            lambda a, b, c: {"y": 2 * a + b, "z": c + 0 * a},
            {"a": stats.expon(), "b": stats.poisson(4), "c": stats.norm()},
        )
        table = study.sobol(2**14)
        assert table.loc["y"].index[2] == "c"
        rows = table.loc["y"].loc[["a", "b", "c"]]
        for column in ("first_order", "total_order"):
            np.testing.assert_allclose(rows[column], [0.5, 0.5, 0], atol=0.02)
        assert table.loc[("z", "c"), "total_order"] == pytest.approx(1, abs=0.02)
        assert table.loc[("z", "a"), "total_order"] == 0

    def test_standard_errors_are_the_spread_over_seeds(self) -> None:
        # Scrambles differ in how even they are, so many seeds are needed to see their spread.
        tables = [ISHIGAMI.sobol(2**10, seed=seed).loc["y"].loc[["x1", "x2"]] for seed in range(60)]
        for column, exact in (("first_order", ISHIGAMI_FIRST), ("total_order", ISHIGAMI_TOTAL)):
            found = np.array([table[column] for table in tables])
            errors = np.array([table[f"SE {column}"] for table in tables])
            ratio = np.sqrt((errors**2).mean(axis=0)) / found.std(axis=0)
            assert ((ratio > 0.6) & (ratio < 1.7)).all(), (column, ratio)
            off = np.abs(found.mean(axis=0) - exact[:2])
            assert (off < 4 * found.std(axis=0) / math.sqrt(60) + 0.01).all()

    def test_chunks_and_threads_do_not_change_a_bit(self) -> None:
        expected = G.sobol(256, seed=2)
        for chunk, threads in ((7, 2), (100, 1), (256, 3)):
            ob.set_num_threads(threads)
            found = G.sobol(256, seed=2, chunk=chunk)
            pd.testing.assert_frame_equal(found, expected, check_exact=True)
        assert not G.sobol(256, seed=3).equals(expected)


class TestTables:
    def test_positions_units_and_order(self) -> None:
        def model(a, b):
            flow = xr.DataArray([1.0, 3.0], dims="period", coords={"period": [2025, 2026]}) * a + b
            return {"flow": flow, "same": a * 0, "once": 4.0}

        study = ob.Study(model, {"a": stats.norm(), "b": stats.norm()}, units={"flow": "USD"})
        table = study.sobol(2**10)
        outputs = list(dict.fromkeys(table.index.get_level_values("output")))
        assert outputs == ["flow[period=2025]", "flow[period=2026]", "same"]
        assert table.index.names == ["output", "input"]
        assert table.attrs["units"] == dict(zip(outputs, ["USD", "USD", ""], strict=True))
        assert list(table) == ["first_order", "SE first_order", "total_order", "SE total_order"]
        assert list(table.loc["flow[period=2026]"].index) == ["a", "b"]
        assert table.loc["same"].isna().all(axis=None)
        one = study.sobol(2**10, outputs="flow[period=2026]")
        pd.testing.assert_frame_equal(one, table.loc[["flow[period=2026]"]])
        assert len(study.sobol(256, outputs=["flow"])) == 4

    def test_one_input(self) -> None:
        table = ob.Study(lambda a: {"y": a**3}, {"a": stats.norm()}).sobol(2**14)
        assert table.loc[("y", "a"), "first_order"] == pytest.approx(1, abs=0.05)
        assert table.loc[("y", "a"), "total_order"] == pytest.approx(1, abs=0.05)

    @pytest.mark.parametrize("scale", [1e-200, 1e200])
    def test_huge_and_tiny_outputs(self, scale: float) -> None:
        study = ob.Study(
            lambda a, b: {"y": scale * (a + 2 * b)}, {"a": stats.norm(), "b": stats.norm()}
        )
        table = study.sobol(2**12).loc["y"]
        np.testing.assert_allclose(table["total_order"], [0.8, 0.2], atol=0.02)

    def test_scenarios_have_their_own_inputs(self) -> None:
        study = ob.Study(
            lambda a, b: {"y": a + b},
            {"a": stats.norm(), "b": stats.norm()},
            scenarios={"wide": {"a": stats.norm(0, 3)}, "known": {"a": 1.0}},
        )
        table = study.sobol(2**12)["total_order"]
        assert table["y[scenario=base]", "a"] == pytest.approx(0.5, abs=0.02)
        assert table["y[scenario=wide]", "a"] == pytest.approx(0.9, abs=0.02)
        assert list(table["y[scenario=known]"].index) == ["b"]
        assert table["y[scenario=known]", "b"] == pytest.approx(1, abs=0.02)


class TestRefusals:
    def test_numbers_of_draws(self) -> None:
        for draws in (1, 128, 1000):
            with pytest.raises(ValueError, match=f"power of two, at least 256, got {draws}"):
                ISHIGAMI.sobol(draws)
        with pytest.raises(TypeError, match="draws must be a whole number"):
            ISHIGAMI.sobol(256.5)

    def test_correlated_inputs(self) -> None:
        study = ob.Study(
            lambda a, b: {"y": a + b},
            {"a": stats.norm(), "b": stats.norm()},
            correlation={("a", "b"): 0.5},
        )
        with pytest.raises(ValueError, match=r"correlated \(a, b\).*on their own"):
            study.sobol(256)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_outputs_without_a_variance(self, value: float) -> None:
        study = ob.Study(
            lambda a: {"fine": a, "y": xr.where(a > 0.75, value, a)}, {"a": stats.uniform()}
        )
        with pytest.raises(ValueError, match="output 'y' is infinite or has no value in 64 of 256"):
            study.sobol(256)
        assert study.sobol(256, outputs="fine").loc[("fine", "a"), "total_order"] > 0.9

    def test_nothing_random(self) -> None:
        with pytest.raises(ValueError, match="no input of <lambda> is random"):
            ob.Study(lambda a: {"y": a}, {"a": 1.0}).sobol(256)
        with pytest.raises(ValueError, match="no output of <lambda> differs"):
            ob.Study(lambda a: {"y": 1.0}, {"a": stats.norm()}).sobol(256)

    def test_unknown_outputs(self) -> None:
        with pytest.raises(KeyError, match="no output 'z' that differs between draws; there are y"):
            ISHIGAMI.sobol(256, outputs="z")

    def test_models_that_mix_draws(self) -> None:
        study = ob.Study(lambda a: {"y": a - a.mean()}, {"a": stats.norm()})
        with pytest.raises(ValueError, match="depends on the other draws"):
            study.sobol(256)


def test_a_dimension_called_scenario_can_be_the_model_s_own() -> None:
    places = xr.Variable("scenario", ["sum", "difference"])
    study = ob.Study(
        lambda a, b: {"y": xr.concat([3 * a + 4 * b, 3 * a - 4 * b], dim=places)},
        {"a": stats.norm(), "b": stats.norm()},
    )
    table = study.sobol(2**12)
    for place in ("sum", "difference"):
        found = table.loc[f"y[scenario={place}]", "first_order"]
        np.testing.assert_allclose(found[["a", "b"]], [9 / 25, 16 / 25], atol=0.02)


def test_outputs_are_asked_for_by_name() -> None:
    study = ob.Study(lambda a: {"y": a}, {"a": stats.norm()})
    with pytest.raises(TypeError, match="by name, or by a list of names, got 5"):
        study.sobol(256, outputs=5)
