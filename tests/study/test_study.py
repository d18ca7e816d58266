"""Studies: reproducible draws, labelled results, errors that name the parameter."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import overbuild as ob

INPUTS = {
    "price": ob.Input(ob.between(2, 4), unit="USD/GPU-hour", source="quotes", grade="A"),
    "opening": ob.pert(40_000, 53_000, 80_000),
    "servers": stats.poisson(40),
    "revenue": 1.9e9,
    "hours": [2_184, 2_184, 2_208, 2_208],
}


def model(price, opening, servers, revenue, hours):
    gpus = ob.utilization.fleet_ramp(opening, 250_000, periods=4)
    capacity = ob.utilization.fleet_hours(gpus, hours)
    return {
        "gpus": gpus,
        "use": ob.utilization.implied_by_revenue(revenue, price, capacity),
        "waits": ob.utilization.erlang_c(30.0, servers),
        "hours_a_year": hours.sum(),
    }


STUDY = ob.Study(model, INPUTS, units={"use": "share"})


class TestRun:
    def test_chunks_and_threads_do_not_change_a_bit(self) -> None:
        expected = STUDY.run(5000, seed=1, chunk=5000).dataset
        for chunk, threads in ((1, 1), (7, 2), (64, 8), (4999, 2), (100_000, 1)):
            ob.set_num_threads(threads)
            draws = 300 if chunk == 1 else 5000
            found = STUDY.run(draws, seed=1, chunk=chunk).dataset
            for name in expected:
                whole = expected[name]
                part = whole.isel(draw=slice(draws)) if "draw" in whole.dims else whole
                np.testing.assert_array_equal(
                    np.asarray(found[name]).view(np.uint64), np.asarray(part).view(np.uint64)
                )

    def test_the_seed_decides(self) -> None:
        first, again, other = (STUDY.run(64, seed=seed).dataset for seed in (1, 1, 2))
        xr.testing.assert_identical(first, again)
        assert not first.price.equals(other.price)

    def test_the_data_set_is_labelled(self) -> None:
        dataset = STUDY.run(64).dataset
        assert dataset.gpus.dims == ("draw", "period")
        assert dataset.use.dims == ("draw",)
        assert dataset.hours.dims == ("period",)
        assert dataset.hours_a_year.dims == ()
        assert dataset.attrs["model"] == "model"
        assert dataset.price.attrs == {
            "role": "input",
            "unit": "USD/GPU-hour",
            "source": "quotes",
            "grade": "A",
        }
        assert dataset.use.attrs["unit"] == "share"
        assert dataset.use.attrs["role"] == "output"

    def test_the_numbers_are_the_models(self) -> None:
        dataset = STUDY.run(64).dataset
        for k in (0, 63):
            row = dataset.isel(draw=k)
            direct = model(
                float(row.price), float(row.opening), float(row.servers), 1.9e9, row.hours
            )
            for name in ("use", "waits"):
                assert float(row[name]) == float(direct[name])

    def test_a_model_may_take_anything_and_return_a_dataset(self) -> None:
        def everything(**inputs):
            return xr.Dataset({"sum": inputs["a"] + inputs["b"]}, attrs={"ignored": 1})

        dataset = ob.Study(everything, {"a": stats.norm(), "b": 1.0}).run(8).dataset
        np.testing.assert_array_equal(dataset["sum"], dataset.a + 1.0)

    def test_a_model_may_return_one_array(self) -> None:
        def double(a):
            return 2 * a

        assert "double" in ob.Study(double, {"a": stats.norm()}).run(8).dataset
        result = ob.Study(lambda a: (2 * a).rename("twice"), {"a": stats.norm()}).run(8)
        assert "twice" in result.dataset
        assert "output" in ob.Study(lambda a: 2 * a, {"a": stats.norm()}).run(8).dataset

    def test_a_model_may_work_on_plain_arrays(self) -> None:
        dataset = ob.Study(lambda a: {"b": a.values**2}, {"a": stats.norm()}).run(100, chunk=30)
        np.testing.assert_array_equal(dataset.dataset.b, dataset.dataset.a**2)

    def test_a_unit_that_the_model_sets_comes_first(self) -> None:
        def costs(a):
            return {"cost": (a * 2).assign_attrs(unit="USD")}

        study = ob.Study(costs, {"a": ob.Input(stats.norm(), unit="hour")}, units={"cost": "EUR"})
        assert study.run(8).dataset.cost.attrs["unit"] == "USD"
        plain = ob.Study(lambda a: {"b": 2 * a}, {"a": ob.Input(stats.norm(), unit="hour")})
        assert plain.run(8).dataset.b.attrs["unit"] == ""

    def test_constants_alone(self) -> None:
        summary = ob.Study(lambda a: {"b": 2 * a}, {"a": 3}).run(16).summary()
        assert summary.loc["b", "P5"] == summary.loc["b", "mean"] == 6.0

    def test_coordinates_of_the_model_are_kept(self) -> None:
        sites = xr.DataArray([1.0, 2.0], dims="site", coords={"site": ["east", "west"]})
        result = ob.Study(lambda a, s: {"b": a * s}, {"a": stats.norm(), "s": sites}).run(
            50, chunk=20
        )
        assert list(result.dataset.site.values) == ["east", "west"]
        assert "b[site=west]" in result.summary().index


class TestSummary:
    def test_one_row_a_variable(self) -> None:
        result = STUDY.run(1024, seed=1)
        summary = result.summary()
        assert list(summary.columns) == [
            "P5",
            "P50",
            "P95",
            "mean",
            "unit",
            "source",
            "grade",
            "NaN draws",
            "SE P5",
            "SE P50",
            "SE P95",
            "SE mean",
        ]
        assert summary.index.name == "variable"
        assert list(summary.index[:3]) == ["price", "opening", "servers"]
        assert "gpus[period=3]" in summary.index
        row = summary.loc["use"]
        values = result.dataset.use.values
        assert row["P5"] == np.quantile(values, 0.05)
        assert row["mean"] == pytest.approx(values.mean())
        assert (row["unit"], row["grade"], row["source"]) == (
            "share",
            "derived",
            "computed by model",
        )
        assert summary.loc["price", "grade"] == "A"
        assert list(result.summary(quantiles=(0.025, 0.5)).columns[:2]) == ["P2.5", "P50"]

    def test_replicates_give_standard_errors(self) -> None:
        result = STUDY.run(1024, seed=1)
        without = ob.study.Result(result.dataset.drop_attrs(deep=False)).summary()
        replicated = ob.study.Result(result.dataset.assign_attrs(replicates=16)).summary()
        errors = ["SE P5", "SE P50", "SE P95", "SE mean"]
        assert list(replicated.columns) == [*without.columns, *errors]
        pd.testing.assert_frame_equal(replicated[without.columns], without)
        use = result.dataset.use.values
        parts = np.array([np.quantile(use[k::16], 0.5) for k in range(16)])
        low, high = np.quantile(use, [0.5 - 2 / 1024, 0.5 + 2 / 1024])
        expected = max(parts.std(ddof=1) / 4, (high - low) / 2)
        assert replicated.loc["use", "SE P50"] == expected
        assert np.isnan(replicated.loc["revenue", "SE mean"])

    def test_weights_are_used(self) -> None:
        dataset = STUDY.run(1024, seed=1).dataset
        weights = np.random.default_rng(2).integers(0, 5, 1024) / 1.0
        weighted = ob.study.Result(dataset.assign_coords(draw_weight=("draw", weights))).summary()
        gpus = dataset.gpus.isel(period=3).values
        expected = np.quantile(gpus, 0.95, weights=weights, method="inverted_cdf")
        assert weighted.loc["gpus[period=3]", "P95"] == expected
        assert weighted.loc["gpus[period=3]", "mean"] == pytest.approx(
            np.average(gpus, weights=weights), rel=1e-12
        )
        assert weighted.loc["revenue", "P5"] == 1.9e9

    def test_a_lazy_result_has_the_same_summary(self) -> None:
        dataset = STUDY.run(5000, seed=1).dataset
        lazy = ob.study.Result(dataset.chunk(draw=700)).summary()
        pd.testing.assert_frame_equal(lazy, ob.study.Result(dataset).summary(), rtol=0)

    def test_nan_draws_are_counted(self) -> None:
        def half(a):
            return {"root": np.sqrt(a.where(a > 0)), "none": a * np.nan}

        result = ob.Study(half, {"a": stats.norm()}).run(1024)
        summary = result.summary()
        missing = int(np.isnan(result.dataset.root).sum())
        assert 400 < missing < 600
        assert summary.loc["root", "NaN draws"] == missing
        assert summary.loc["root", "P50"] == np.nanmedian(result.dataset.root)
        assert summary.loc["none", "NaN draws"] == 1024
        assert math.isnan(summary.loc["none", "P50"])
        assert "NaN draws" in repr(result)
        assert " 1,024\n" in repr(result) + "\n"
        assert "NaN draws" in result._repr_html_()

    def test_labels_that_repeat_have_rows_of_their_own(self) -> None:
        sites = xr.DataArray([1.0, 2.0, 3.0], dims="site", coords={"site": [0.1, 0.1, 0.3]})
        summary = ob.Study(lambda s: {"b": 2 * s}, {"s": sites}).run(8).summary()
        assert list(summary.loc["b[site=0.1]", "P50"]) == [2.0, 4.0]

    def test_infinite_draws_are_values(self) -> None:
        def level(price):
            return {"break_even": ob.utilization.break_even(1.0, 2.0, price, 1.0)}

        summary = ob.Study(level, {"price": ob.between(1.5, 4)}).run(1024).summary()
        row = summary.loc["break_even"]
        assert row["P95"] == math.inf
        assert 0 < row["P5"] < row["P50"] < math.inf
        assert row["NaN draws"] == 0

    @pytest.mark.parametrize("wrong", [[50], [-0.1], [[0.5]], [math.nan]])
    def test_quantiles_are_probabilities(self, wrong) -> None:
        with pytest.raises(ValueError, match="probabilities from 0 to 1"):
            STUDY.run(8).summary(quantiles=wrong)

    def test_html_is_escaped(self) -> None:
        sneaky = ob.Input(stats.norm(), source="<script>alert(1)</script>")
        html = ob.Study(lambda a: {"b": a}, {"a": sneaky}).run(8)._repr_html_()
        assert "<script>" not in html
        assert "&lt;script&gt;" in html

    def test_numbers_read_well(self) -> None:
        text = repr(STUDY.run(1024, seed=1))
        assert "1,900,000,000" in text
        assert "model: 1,024 draws, seed 1" in text
        assert "NaN draws" not in text


def bad(**changes):
    return {**INPUTS, **changes}


class TestErrors:
    @pytest.mark.parametrize(
        ("value", "error", "message"),
        [
            ("2 to 4", TypeError, "input 'price' must be a number.*'2 to 4'"),
            (None, TypeError, "input 'price' must be a number"),
            (math.nan, ValueError, "input 'price' must be finite, got nan"),
            (math.inf, ValueError, "input 'price' must be finite"),
            (stats.norm, TypeError, "input 'price': norm has no parameters yet"),
            (stats.beta, TypeError, "input 'price': beta has no parameters yet"),
            (stats.norm(scale=-1), ValueError, "input 'price': an impossible distribution"),
            (stats.norm([1, 2]), ValueError, r"input 'price': .* parameters of shape \(2,\)"),
            (
                stats.multivariate_normal([0, 0]),
                TypeError,
                "input 'price': .* no quantile function",
            ),
            (np.ones((2, 3)), ValueError, r"input 'price': an array of shape \(2, 3\)"),
            (["a", "b"], TypeError, "input 'price' must hold numbers"),
            (xr.DataArray([1.0], dims="draw"), ValueError, "input 'price': dimension 'draw'"),
            (1 + 2j, TypeError, "input 'price' must be a number"),
        ],
    )
    def test_values(self, value, error, message) -> None:
        with pytest.raises(error, match=message):
            ob.Study(model, bad(price=value))
        with pytest.raises(error, match=message):
            ob.Study(model, bad(price=ob.Input(value)))

    def test_names(self) -> None:
        without = {name: value for name, value in INPUTS.items() if name != "price"}
        with pytest.raises(ValueError, match="model model needs price, not among the inputs given"):
            ob.Study(model, without)
        with pytest.raises(
            ValueError, match="model model does not know input prize; it takes price"
        ):
            ob.Study(model, bad(prize=1.0))
        with pytest.raises(ValueError, match="'my price' cannot be the name"):
            ob.Study(model, bad(**{"my price": 1.0}))
        with pytest.raises(ValueError, match="'draw' cannot be the name"):
            ob.Study(lambda **x: x, {"draw": 1.0})
        with pytest.raises(TypeError, match="inputs must be a mapping"):
            ob.Study(model, [1, 2])
        with pytest.raises(TypeError, match="model must be a function"):
            ob.Study({}, INPUTS)

    @pytest.mark.parametrize(
        ("returned", "error", "message"),
        [
            (
                lambda a: {"b": np.ones((a.size, 2))},
                ValueError,
                r"'b' has shape \(16, 2\) where 16",
            ),
            (lambda a: {"b": np.ones(3)}, ValueError, r"'b' has shape \(3,\) where 16 draws"),
            (lambda a: {"b": a[:3]}, ValueError, "'b' has 3 draws where 16 were given"),
            (lambda a: {"b": "text"}, TypeError, "'b' must hold numbers"),
            (lambda a: {"b": a * 1j}, TypeError, "'b' must hold numbers"),
            (lambda a: {"b": None}, TypeError, "'b' must hold numbers"),
            (lambda a: {}, ValueError, "returned no outputs"),
            (lambda a: None, TypeError, "must return a dict, a DataArray or a Dataset"),
            (lambda a: 3.0, TypeError, "must return a dict, a DataArray or a Dataset, not float"),
            (lambda a: {"a": a}, ValueError, "output 'a' of .* has the name of an input"),
            (lambda a: {"b": a.mean()}, ValueError, "'b' of a draw depends on the other draws"),
            (lambda a: {"b": float(a[0])}, ValueError, "'b' of a draw depends"),
            (lambda a: {"b": a / a.max()}, ValueError, "'b' of a draw depends"),
            (lambda a: {"draw": a}, ValueError, "'draw' cannot be the name of an output"),
            (lambda a: {1: a}, ValueError, "1 cannot be the name of an output"),
            (lambda a: xr.Dataset(), ValueError, "returned no outputs"),
            (lambda a: {"b": a.__imul__(0)}, ValueError, "read-only"),
            (
                lambda a: {"x": a * xr.DataArray([1, 2], dims="y"), "y": a},
                ValueError,
                "'y' is both a variable and a dimension of 'x'",
            ),
        ],
    )
    def test_outputs(self, returned, error, message) -> None:
        with pytest.raises(error, match=message):
            ob.Study(returned, {"a": stats.norm()}).run(16)

    def test_outputs_that_change_between_chunks(self) -> None:
        sizes = itertools.chain([2, 2, 2, 2], itertools.repeat(3))

        def growing(a):
            return {"b": a * xr.DataArray(np.ones(next(sizes)), dims="site")}

        with pytest.raises(ValueError, match="'b' changes its shape"):
            ob.Study(growing, {"a": stats.norm()}).run(30, chunk=10)

    def test_labels_that_differ(self) -> None:
        def sites(*names):
            return xr.DataArray([1.0, 2.0], dims="site", coords={"site": list(names)})

        study = ob.Study(lambda a, b: {"y": a * 2}, {"a": sites("x", "y"), "b": sites("y", "z")})
        with pytest.raises(ValueError, match=r"'b' and 'a' have different labels.*'site'"):
            study.run(8)

    def test_parameters_without_names(self) -> None:
        with pytest.raises(ValueError, match="takes a by position only"):
            ob.Study(lambda a, /: {"b": a}, {"a": 1.0})

    def test_numbers_of_draws(self) -> None:
        for draws in (0, -5, 2**33):
            with pytest.raises(ValueError, match=f"draws must be from 1 to {2**32}, got {draws}"):
                STUDY.run(draws)
        with pytest.raises(TypeError, match=r"draws must be a whole number, got 1\.5"):
            STUDY.run(1.5)
        with pytest.raises(ValueError, match="seed must be at least 0"):
            STUDY.run(8, seed=-1)
        with pytest.raises(ValueError, match="chunk must be at least 1"):
            STUDY.run(8, chunk=0)
        assert STUDY.run(1).summary().loc["use", "NaN draws"] == 0

    def test_units_of_what_is_not_there(self) -> None:
        study = ob.Study(lambda a: {"b": a}, {"a": stats.norm()}, units={"c": "USD"})
        with pytest.raises(ValueError, match="units are given for c"):
            study.run(8)


def test_a_study_tells_its_inputs_and_scenarios() -> None:
    def margin(price, cost):
        return {"margin": price - cost}

    inputs = {"price": ob.between(2, 3), "cost": 1.0}
    assert repr(ob.Study(margin, inputs)) == "<Study of margin: price, cost>"
    several = ob.Study(margin, inputs, scenarios={"dear": {"cost": 2.0}})
    assert repr(several) == "<Study of margin: price, cost, in scenarios base, dear>"


class TestInput:
    def test_labels_are_what_is_given(self) -> None:
        given = ob.Input(1.0, unit="USD", source="S-1", grade="B", note="n", date="2024")
        assert given.labels == {
            "unit": "USD",
            "source": "S-1",
            "grade": "B",
            "note": "n",
            "date": "2024",
        }
        assert not given.is_random
        assert ob.Input(stats.norm()).is_random

    def test_is_written_as_a_person_would(self) -> None:
        price = ob.Input(stats.norm(2, scale=0.5), unit="USD", source="S-1")
        assert repr(price) == "Input(norm(2, scale=0.5), unit='USD', source='S-1')"
        assert repr(ob.Input(0.62)) == "Input(0.62)"
        settled = ob.Study(lambda a, b: {"y": a}, {"a": [stats.norm(), 2.0], "b": [1.0, 2.0, 3.0]})
        assert repr(settled.inputs["a"]) == "Input(<random array of period: 2>)"
        assert repr(settled.inputs["b"]) == "Input(<array of period: 3>)"

    def test_no_label_is_an_empty_one(self) -> None:
        for nothing in (None, math.nan, np.nan, pd.NA, pd.NaT, ""):
            given = ob.Input(stats.norm(), unit=nothing, source=nothing, grade=nothing)
            assert given == dataclasses.replace(given, unit="", source="", grade="")
            table = ob.Study(lambda a: {"y": a}, {"a": given}).run(64).summary()
            assert table.loc["a", ["unit", "source", "grade"]].to_list() == ["", "", ""]
            assert table.loc["y", "grade"] == "derived"

    def test_years_and_days_are_labels(self) -> None:
        day = datetime.date(2025, 3, 4)
        for value in (day, pd.Timestamp(day), np.datetime64(day), datetime.datetime(2025, 3, 4)):
            assert ob.Input(1.0, date=value).date == "2025-03-04"
        for year in (2024, np.int64(2024), 2024.0):
            assert ob.Input(1.0, date=year).date == "2024"

    @pytest.mark.parametrize("value", [["S-1"], 0.5, True, {"S-1": 1}, math.inf])
    def test_what_is_no_label(self, value) -> None:
        with pytest.raises(TypeError, match="source of an input must be text, got"):
            ob.Input(1.0, source=value)

    @pytest.mark.parametrize("unit", ["ns", "D", "Y"])
    def test_a_span_of_time_is_no_number(self, unit: str) -> None:
        for span in (np.timedelta64(3, unit), np.array(np.timedelta64(3, unit))):
            with pytest.raises(TypeError, match="'a' must be a number, an array or a distribution"):
                ob.Study(lambda a: {"y": a}, {"a": span})

    def test_forms_of_numbers(self) -> None:
        for value in (3, 3.0, np.float32(3), np.int64(3), np.array(3.0), True, np.True_):
            assert isinstance(ob.Study(lambda a: {"b": a}, {"a": value}).inputs["a"].value, float)
        for value in ([1, 2], (1, 2), np.array([1, 2]), pd.Series([1, 2])):
            settled = ob.Study(lambda a: {"b": a}, {"a": value}).inputs["a"].value
            assert settled.dims == ("period",)


@pytest.mark.parametrize(
    "model",
    [
        lambda a, b: {"high": a * b > (a * b).median()},
        lambda a, b: {"low": a - b <= float(np.mean(a - b))},
        lambda a, b: {"price": xr.where(a > a.quantile(0.95, "draw").item(), 3.0, 2.0) * b},
        lambda a, b: {"worst": stats.rankdata(a + b) > 0.99 * a.size},
        lambda a, b: {"win": a > a.median(), "lose": a <= a.median()},
        lambda a, b: {"worth": np.log(a), "high": a * b > (a * b).median()},
    ],
)
@pytest.mark.parametrize("draws", [16, 1000, 2**12])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_draw_is_not_compared_with_the_others(model, draws) -> None:
    """The first and the last draws alone have the median of all, as Sobol' points do."""
    study = ob.Study(model, {"a": stats.norm(), "b": ob.between(1, 9)})
    with pytest.raises(ValueError, match="of a draw depends on the other draws"):
        study.run(draws)


@pytest.mark.parametrize("inputs", ["of distributions", "drawn once"])
def test_sums_over_many_periods_are_of_one_draw(inputs) -> None:
    """Their last bits depend on how numbers lie in memory."""
    months = xr.DataArray(np.linspace(0.1, 7.3, 60), dims="period")
    one = ob.between(1, 9)

    def model(price):
        flows = np.sin(price * months)
        return {"sum": flows.sum("period"), "mean": price.mean("period"), "dot": flows @ months}

    if inputs == "drawn once":
        study = ob.Study(lambda p: model(p * months), {"p": one})
    else:
        study = ob.Study(model, {"price": [one] * 60})
    values = study.run(2**12).dataset
    assert np.unique(values["sum"]).size == 2**12


@pytest.mark.parametrize(
    "model", [lambda a: {"y": max(a, 0)}, lambda a: {"y": 1 if a > 0 else 2}, lambda a: math.exp(a)]
)
def test_a_model_for_one_number_is_told_of_arrays(model) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        ob.Study(model, {"a": stats.norm()}).run(64)
    assert any("np.maximum and np.minimum" in note for note in caught.value.__notes__)


def test_outputs_selected_at_different_places_go_together() -> None:
    sites = xr.DataArray([1.0, 2.0], dims="site", coords={"site": ["p", "q"]})

    def model(price):
        return {"first": (price * sites).isel(site=0), "second": (price * sites).sel(site="q")}

    data = ob.Study(model, {"price": ob.between(1, 2)}).run(draws=64).dataset
    np.testing.assert_array_equal(data["second"], 2 * data["first"])
    assert not data.coords


def test_a_label_that_repeats_tells_no_position() -> None:
    twice = pd.Series([1.0, 2.0], index=["Q1", "Q1"])
    result = ob.Study(lambda a, p: {"y": a * p}, {"a": stats.norm(), "p": twice}).run(64)
    for ask in (lambda name: result.score({name: 1.0}), result.plot):
        with pytest.raises(KeyError, match="'y' has 2 positions period=Q1"):
            ask("y[period=Q1]")
    for ask in (result.sensitivity, result.voi, lambda name: result.conditional(name, given="a")):
        with pytest.raises(ValueError, match=r"2 positions are called 'y\[period=Q1\]'"):
            ask("y[period=Q1]")
    with pytest.raises(ValueError, match=r"evidence on y\[period=Q1\]: 2 positions are called so"):
        result.given({"y[period=Q1]": (0, None)})


def test_spaces_in_a_label_do_not_matter() -> None:
    sites = xr.DataArray(
        [[1.0, 2.0], [3.0, 4.0]], {"site": ["a, b", "c"], "year": [1, 2]}, dims=["site", "year"]
    )
    result = ob.Study(lambda a: {"y": a * sites}, {"a": ob.uniform(0, 1)}).run(2**12)
    for name in ("y[site=a, b, year=2]", " y [ site = a, b,year= 2 ] "):
        assert result.sensitivity(name)["swing"].item() == pytest.approx(1.6, rel=0.01)
        assert result.given({name: (1, None)}).dataset.attrs["evidence"] == [
            "y[site=a, b, year=2] from 1 to inf"
        ]


def test_days_are_labels() -> None:
    quarters = pd.to_datetime(["2025-01-01", "2025-04-01"])
    price = pd.Series([ob.uniform(0, 1), ob.uniform(0, 2)], index=quarters)
    together = {("price[period=2025-01-01]", "price[period=2025-04-01]"): 1.0}
    study = ob.Study(lambda price: {"twice": 2 * price}, {"price": price}, correlation=together)
    result = study.run(2**12, seed=1)
    name = "twice[period=2025-04-01]"
    assert list(result.summary().index)[1:4:2] == ["price[period=2025-04-01]", name]
    assert result.score({name: 3.0}).loc[name, "below"] == pytest.approx(0.75, abs=1e-3)
    after = result.given({name: (2, None)}).dataset["price"].isel(period=0)
    assert after[after["draw_weight"] > 0].min() == pytest.approx(0.5, abs=1e-3)
    assert set(result.sensitivity(name)["rank_correlation"]) == {1.0}
    hours = pd.Series([1.0, 2.0], index=quarters + pd.Timedelta(hours=6))
    table = ob.Study(lambda p, a: {"y": a * p}, {"a": stats.norm(), "p": hours}).run(64).summary()
    assert "y[period=2025-01-01T06:00]" in table.index


@pytest.mark.parametrize("empty", [[], np.empty(0)])
def test_an_input_has_an_element(empty) -> None:
    with pytest.raises(ValueError, match=r"'b' has no element: its shape is \(0,\)"):
        ob.Study(lambda a, b: {"y": a}, {"a": stats.norm(), "b": empty})


@pytest.mark.parametrize("name", ["", " "])
def test_an_output_has_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of an output"):
        ob.Study(lambda a: {name: a}, {"a": stats.norm()}).run(64)


def test_units_have_names() -> None:
    with pytest.raises(TypeError, match="units must be a mapping"):
        ob.Study(lambda a: {"y": a}, {"a": stats.norm()}, units="USD")
