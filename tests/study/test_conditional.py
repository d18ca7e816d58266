"""Outputs given an input, and the value of learning it, against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from known_models import dataset, points, replicated
from scipy import stats

import overbuild as ob

P = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def result(inputs, outputs, weights=None, **attrs):
    return ob.Result(dataset(inputs, outputs, weights, **attrs))


class TestConditional:
    def test_a_line_and_normal_noise(self) -> None:
        z = stats.norm.ppf(points(2, 2**16))
        table = result({"a": z[0]}, {"y": 5 * z[0] + 2 * z[1]}).conditional(given="a")
        assert list(table) == ["P5", "P25", "P50", "P75", "P95"]
        assert table.index.name == "a"
        assert len(table) == 32
        assert table.attrs == {
            "output": "y",
            "input": "a",
            "output_unit": "USD",
            "input_unit": "h",
        }
        middles = stats.norm.ppf((np.arange(32) + 0.5) / 32)
        np.testing.assert_allclose(table.index, middles, atol=0.01)
        exact = 5 * table.index.to_numpy()[:, None] + 2 * stats.norm.ppf(P)
        # Standard errors of quantiles of 2048 draws are 0.06 at the median, 0.09 at P5.
        assert np.sqrt(np.mean((table - exact) ** 2)) < 0.08

    def test_without_noise_all_quantiles_are_the_curve(self) -> None:
        x = points(1, 2**14)[0]
        table = result({"a": x}, {"y": np.exp(3 * x)}).conditional("y", given="a")
        exact = np.exp(3 * table.index.to_numpy())
        for column in table:
            np.testing.assert_allclose(table[column], exact, rtol=2e-3)

    def test_a_choice_is_taken_by_its_values(self) -> None:
        x = np.resize([0.0, 10.0, 11.0], 3000)
        u = np.random.default_rng(1).uniform(size=3000)
        table = result({"a": x}, {"y": np.sqrt(x) + u}).conditional(given="a")
        assert list(table.index) == [0, 10, 11]
        np.testing.assert_allclose(table, np.sqrt([[0], [10], [11]]) + P, atol=0.06)

    def test_weights(self) -> None:
        x = -6 + 12 * points(2, 2**17)
        weights = stats.norm.pdf(x).prod(axis=0)
        made = result({"a": x[0]}, {"y": x[0] + x[1]}, weights / weights.sum())
        table = made.conditional(given="a")
        exact = table.index.to_numpy()[:, None] + stats.norm.ppf(P)
        assert np.sqrt(np.mean((table - exact) ** 2)) < 0.06
        assert table.index[0] == pytest.approx(stats.norm.ppf(0.5 / 32), abs=0.02)

    def test_missing_and_infinite_draws(self) -> None:
        u = points(2, 2**13)
        y = np.where(u[0] > 0.75, np.inf, np.where(u[0] < 0.25, np.nan, u[1]))
        table = result({"a": u[0]}, {"y": y}).conditional(given="a")
        assert table.index.min() > 0.25
        np.testing.assert_array_equal(table[table.index > 0.76], np.inf)
        assert table[table.index < 0.72].max(axis=None) < 1

    def test_what_is_asked_for_must_be_one_thing(self) -> None:
        u = points(2, 256)
        flow = xr.DataArray(u[1] * np.ones((3, 1)), dims=("period", "draw")).T
        made = result({"a": u[0], "fixed": np.ones(256)}, {"flow": flow})
        with pytest.raises(
            ValueError, match=r"'flow' has 3 positions; give as output one of flow\["
        ):
            made.conditional("flow", given="a")
        assert made.conditional("flow[period=2]", given="a").attrs["output"] == "flow[period=2]"
        with pytest.raises(ValueError, match="fixed is the same in all draws"):
            made.conditional("flow[period=2]", given="fixed")
        with pytest.raises(KeyError, match="no variable 'b'"):
            made.conditional("flow[period=0]", given="b")
        for ask in (made.voi, lambda: made.conditional(given="a")):
            with pytest.raises(ValueError, match=r"one of flow\[period=0\], flow\[period=1\]"):
                ask()

    def test_what_if_draws_the_table(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = result({"a": points(1, 256)[0]}, {"y": points(1, 256)[0]})
        drawn = []
        monkeypatch.setattr(
            ob.plot, "what_if", lambda table, ax=None: drawn.append((table, ax)), raising=False
        )
        made.what_if("a", "y", ax="here")
        pd.testing.assert_frame_equal(drawn[0][0], made.conditional("y", given="a"))
        assert drawn[0][0].attrs["input"] == "a"
        assert drawn[0][1] == "here"


class TestBranches:
    """Outputs that jump: a line through both branches belongs to neither."""

    @pytest.mark.parametrize("shares", [[0.5, 0.5], [0.4, 0.6]])
    def test_a_plant_that_runs_or_does_not(self, shares) -> None:
        study = ob.Study(
            lambda power, runs: {"output": power * runs},
            {"power": ob.between(90, 110), "runs": ob.choice([0, 1], shares)},
        )
        result = study.run(2**16, seed=1)
        table = result.conditional(given="power")
        np.testing.assert_array_equal(table["P5"], 0.0)
        # Within what the power varies by in a class of 1/32.
        inner = table.iloc[1:-1]
        np.testing.assert_allclose(inner["P95"], inner.index, rtol=0.01)
        # The interval runs from 0 to P95 now, and to the power itself if that were known.
        found = result.voi(inputs="power").loc["power"]
        power = stats.lognorm(np.log(11 / 9) / 2 / stats.norm.ppf(0.95), scale=np.sqrt(9900))
        now = power.ppf(1 - 0.05 / shares[1])
        assert found["width_reduction"] == pytest.approx(1 - power.mean() / now, abs=0.01)

    def test_values_between_branches_do_not_come_up(self) -> None:
        study = ob.Study(
            lambda x, z: {"y": x * np.sign(z - 0.5)},
            {"x": ob.pert(80, 100, 150), "z": ob.uniform(0, 1)},
        )
        table = study.run(2**16, seed=1).conditional(given="x").iloc[1:-1]
        np.testing.assert_allclose(table["P95"], table.index, rtol=0.02)
        np.testing.assert_allclose(table["P5"], -table.index, rtol=0.02)


class TestValueOfInformation:
    @pytest.mark.parametrize("level", [0.5, 0.9, 0.98])
    def test_normal_lines(self, level: float) -> None:
        z = stats.norm.ppf(points(3, 2**16))
        made = result({"a": z[0], "b": z[1], "useless": z[2]}, {"y": 0.6 * z[0] + 0.8 * z[1]})
        table = made.voi(level=level)
        assert list(table.index) == ["b", "a", "useless"]
        width = 2 * stats.norm.ppf((1 + level) / 2)
        np.testing.assert_allclose(table["width"], width, rtol=0.005)
        np.testing.assert_allclose(table["std"], 1, rtol=0.002)
        for column in ("width_reduction", "std_reduction"):
            np.testing.assert_allclose(table[column], [0.4, 0.2, 0], atol=0.01)
        np.testing.assert_allclose(
            table["expected_width"], table["width"] * (1 - table["width_reduction"])
        )
        assert table["SE width_reduction"].isna().all()
        assert table.attrs == {"output": "y", "unit": "USD", "level": level}

    def test_an_input_that_is_everything(self) -> None:
        u = points(1, 2**14)[0]
        made = result({"a": u}, {"line": 3 - u, "curve": np.exp(5 * u)})
        assert made.voi("line").loc["a", "width_reduction"] == pytest.approx(1, abs=1e-9)
        assert made.voi("curve").loc["a", "width_reduction"] == pytest.approx(1, abs=0.005)
        assert made.voi("curve").loc["a", "std_reduction"] == pytest.approx(1, abs=0.005)

    def test_what_an_input_decides_is_the_width(self) -> None:
        # y is z or 3 z, as a coin falls: knowing the coin leaves a width of 2 on average.
        u = points(2, 2**16)
        coin, z = u[0] < 0.5, stats.norm.ppf(u[1])
        table = result({"coin": coin * 1.0}, {"y": np.where(coin, z, 3 * z)}).voi()
        q = stats.norm.ppf(0.95)
        assert table.loc["coin", "expected_width"] == pytest.approx(4 * q, rel=0.005)
        assert table.loc["coin", "expected_std"] == pytest.approx(2, rel=0.005)
        assert table.loc["coin", "std"] == pytest.approx(math.sqrt(5), rel=0.005)

    @pytest.mark.parametrize("n", [64, 300, 1024, 4096])
    def test_learning_nothing_has_no_value_on_average(self, n: int) -> None:
        rng = np.random.default_rng(n)
        found = [
            result({"a": x}, {"y": y}).voi().loc["a", ["width_reduction", "std_reduction"]]
            for x, y in rng.normal(size=(100, 2, n))
        ]
        assert np.abs(np.mean(found, axis=0)).max() < 0.01

    @pytest.mark.parametrize("n", [64, 300, 1024, 4096])
    def test_few_draws_have_little_lean(self, n: int) -> None:
        rng = np.random.default_rng(n)
        found = [
            result({"a": x}, {"y": 0.8 * x + 0.6 * y}).voi().loc["a", "width_reduction"]
            for x, y in rng.normal(size=(100, 2, n))
        ]
        assert np.mean(found) == pytest.approx(0.4, abs=0.02)

    def test_weights(self) -> None:
        x = -6 + 12 * points(2, 2**17)
        weights = stats.norm.pdf(x).prod(axis=0)
        made = result(
            {"a": x[0], "b": x[1]}, {"y": 0.6 * x[0] + 0.8 * x[1]}, weights / weights.sum()
        )
        table = made.voi()
        np.testing.assert_allclose(table["width_reduction"], [0.4, 0.2], atol=0.015)
        np.testing.assert_allclose(table["std_reduction"], [0.4, 0.2], atol=0.015)
        np.testing.assert_allclose(table["width"], 2 * stats.norm.ppf(0.95), rtol=0.01)

    def test_standard_errors_are_the_spread_over_seeds(self) -> None:
        found = []
        for seed in range(30):
            z = stats.norm.ppf(replicated(3, 2**13, seed))
            made = result({"a": z[0]}, {"y": np.exp(0.5 * z[0]) + z[1] * z[2]}, replicates=16)
            found.append(made.voi().loc["a"])
        table = pd.DataFrame(found)
        for column in ("width_reduction", "std_reduction"):
            ratio = math.sqrt((table[f"SE {column}"] ** 2).mean()) / table[column].std()
            assert 0.6 < ratio < 1.8, column

    def test_rare_values_of_a_choice_do_not_narrow_it(self) -> None:
        rng = np.random.default_rng(2)
        x = np.zeros(20_000)
        x[:5] = [1, 1, 2, 2, 2]
        table = result({"a": x}, {"y": rng.normal(size=20_000)}).voi()
        assert table.loc["a", "width_reduction"] == pytest.approx(0, abs=1e-3)

    def test_infinite_widths_have_no_reduction(self) -> None:
        u = points(2, 2**12)
        table = result({"a": u[0]}, {"y": np.where(u[1] > 0.9, np.inf, u[0])}).voi()
        assert table.loc["a", "width"] == np.inf
        assert table.loc["a", ["width_reduction", "std", "std_reduction"]].isna().all()
        # At 50% there is a finite one.
        table = result({"a": u[0]}, {"y": np.where(u[1] > 0.9, np.inf, u[0])}).voi(level=0.5)
        assert table.loc["a", "width_reduction"] == pytest.approx(1, abs=0.01)

    def test_what_may_be_infinite_once_known_is_nothing_to_warn_of(self) -> None:
        study = ob.Study(
            lambda a, b: {"y": xr.where(a > 0.98, np.inf, b)},
            {"a": ob.uniform(0, 1), "b": ob.uniform(0, 1)},
        )
        table = study.run(2**14).voi()
        assert table.loc["a", "expected_width"] == np.inf
        assert table.loc["a", "width_reduction"] == -np.inf
        assert np.isnan(table.loc["a", "SE width_reduction"])
        assert table.loc["b", "width_reduction"] == pytest.approx(1, abs=0.01)

    def test_missing_draws(self) -> None:
        z = stats.norm.ppf(points(2, 2**14))
        y = np.where(z[1] > 1, np.nan, z[0])
        table = result({"a": z[0], "gone": np.full(2**14, np.nan)}, {"y": y}).voi()
        assert list(table.index) == ["a"]
        assert table.loc["a", "width_reduction"] == pytest.approx(1, abs=1e-9)

    def test_scenarios_and_positions(self) -> None:
        study = ob.Study(
            lambda a, b: {"y": a + b},
            {"a": stats.norm(), "b": stats.norm()},
            scenarios={"wide": {"a": stats.norm(0, 3)}, "known": {"a": 1.0}},
        )
        made = study.run(2**14, seed=1)
        wide = made.voi("y[scenario=wide]")
        assert wide.loc["a", "std_reduction"] == pytest.approx(1 - 1 / math.sqrt(10), abs=0.01)
        assert wide["SE std_reduction"].between(1e-6, 0.01).all()
        assert list(made.voi("y[scenario=known]").index) == ["b"]

    def test_bad_levels(self) -> None:
        made = result({"a": points(1, 64)[0]}, {"y": points(1, 64)[0]})
        for level in (0, 1, 90, math.nan):
            with pytest.raises(ValueError, match=f"level must be between 0 and 1, got {level}"):
                made.voi(level=level)


def test_an_output_without_values_is_told_from_an_input_that_is_constant() -> None:
    study = ob.Study(lambda a: {"y": a * np.nan}, {"a": stats.norm()})
    with pytest.raises(ValueError, match="no draw has a value of both y and a"):
        study.run(256).conditional("y", given="a")
