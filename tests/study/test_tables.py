"""Inputs and scenarios from tables: what is read, and that all forms of a table read alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

import overbuild as ob

GOOD = """\
# a comment, with a comma and one "quote
name,distribution,value,low,mode,high,level,values,weights,unit,date,source,grade,note
price,lognormal,,2,,4,0.8,,,USD/GPU-hour,2024,"Lambda, archived",A,"quotes, #1"
share,normal,,50%,,0.7,,,,share,,S-1,B,
gpus,pert,,4e4,53000,"80,000",,,,GPU,,,unverified,"first line
# second line"
# another comment
delay,triangular,,1,1,9,,,,week,,,,
ratio,uniform,,0.9,,1.1,,,,,,,,

spend,loguniform,,1e6,,1e9,,,,USD,,,,
used, Beta ,,0.55,,0.7,80%,,,share,,,,
wait,gamma,,20,,60,,,,week,,,,
life,weibull,,3,,9,,,,year,,,,
sites,choice,,,,,,1; 2; 3,0.2; 0.3; 0.5,site,,,,
quotes,empirical,,,,,,2.0;2.2; 2.5;3.9,,USD/GPU-hour,,,,
hours,constant,"8,784",,,,,,,hour,,,,
plain,,.5,,,,,,,,,,,
,,,,,,,,,,,,,
"""


@pytest.fixture
def good(tmp_path):
    file = tmp_path / "inputs.csv"
    file.write_text("\ufeff" + GOOD, encoding="utf-8")
    return file


def test_a_table_of_each_kind(good) -> None:
    inputs = ob.read_inputs(good)
    price = inputs["price"]
    assert price.value.interval(0.8) == pytest.approx((2, 4))
    assert (price.unit, price.date, price.grade) == ("USD/GPU-hour", "2024", "A")
    assert (price.source, price.note) == ("Lambda, archived", "quotes, #1")
    assert inputs["share"].value.interval(0.9) == pytest.approx((0.5, 0.7))
    assert inputs["gpus"].value.mean() == pytest.approx((4e4 + 4 * 53e3 + 8e4) / 6)
    assert inputs["gpus"].note == "first line\n# second line"
    assert inputs["delay"].value.mean() == pytest.approx(11 / 3)
    assert inputs["ratio"].value.support() == pytest.approx((0.9, 1.1))
    assert inputs["spend"].value.median() == pytest.approx(10**7.5)
    assert inputs["used"].value.interval(0.8) == pytest.approx((0.55, 0.7))
    assert inputs["used"].value.support() == (0, 1)
    assert inputs["wait"].value.interval(0.9) == pytest.approx((20, 60))
    assert inputs["life"].value.interval(0.9) == pytest.approx((3, 9))
    assert inputs["sites"].value == ob.choice([1, 2, 3], [0.2, 0.3, 0.5])
    assert inputs["quotes"].value == ob.empirical([2, 2.2, 2.5, 3.9])
    assert inputs["hours"].value == 8784.0
    assert inputs["plain"].value == 0.5
    assert len(inputs) == 13
    assert ob.read_inputs(str(good)).keys() == inputs.keys()


def same(one: dict[str, ob.Input], other: dict[str, ob.Input]) -> bool:
    """Whether inputs have the same names, labels and quantiles."""
    p = np.linspace(0, 1, 21)

    def quantiles(given_: ob.Input) -> list[object]:
        if given_.is_random:
            return [law.ppf(p).tolist() for law in given_.distributions("x").values()]
        return np.asarray(given_.value).tolist()

    return list(one) == list(other) and all(
        one[name].labels == other[name].labels
        and list(one[name].distributions(name)) == list(other[name].distributions(name))
        and quantiles(one[name]) == quantiles(other[name])
        for name in one
    )


def test_a_frame_and_a_mapping_read_as_the_file_does(good) -> None:
    inputs = ob.read_inputs(good)
    frame = pd.read_csv(good, skiprows=1).dropna(how="all")
    frame = frame[frame["name"] != "# another comment"]
    assert same(ob.read_inputs(frame), inputs)
    assert same(ob.read_inputs(frame.set_index("name")), inputs)
    rows = frame.set_index("name").to_dict(orient="index")
    assert same(ob.read_inputs(rows), inputs)
    assert same(ob.read_inputs(inputs), inputs)


def test_numbers_of_a_frame_keep_their_words() -> None:
    frame = pd.DataFrame(
        {
            "name": ["a", "b"],
            "value": [np.int32(3), np.float32(0.5)],
            "date": [2024, np.nan],
            "note": [pd.Timestamp("2024-05-01"), pd.NaT],
        }
    )
    inputs = ob.read_inputs(frame)
    assert (inputs["a"].value, inputs["b"].value) == (3.0, 0.5)
    assert (inputs["a"].date, inputs["a"].note) == ("2024", "2024-05-01")
    assert inputs["b"].labels == {}


def test_a_mapping_of_anything() -> None:
    inputs = ob.read_inputs(
        {
            "rate": 0.1,
            "price": stats.norm(2, 0.5),
            "fleet": ob.Input([1, 2], unit="GPU"),
            "count": {"distribution": "choice", "values": [1, 2], "weights": (3, 1)},
            "cost": [{"value": 3, "weights": 1, "unit": "USD"}, {"value": 4, "weights": "300%"}],
            "load[site=a]": ob.Input(0.5, unit="share", source="a"),
            "load[site=b]": ob.Input(ob.uniform(0, 1), unit="share", source="b"),
        }
    )
    assert inputs["rate"].value == 0.1
    assert inputs["price"].value.ppf(0.5) == 2
    assert inputs["fleet"].value.values.tolist() == [1.0, 2.0]
    assert inputs["count"].value == ob.choice([1, 2], [3, 1])
    assert inputs["cost"].value == ob.mixture([3, 4], [1, 3])
    assert inputs["cost"].unit == "USD"
    assert list(inputs["load"].distributions("load")) == ["load[site=b]"]
    assert inputs["load"].labels == {"unit": "share", "source": "a; b"}


def test_bounds_and_zeros_in_their_order() -> None:
    low, high = 1.0, 5.0
    row = {"distribution": "normal", "low": low, "high": high}
    whole = ob.between(low, high, kind="normal")
    cases = {
        "truncated": ({"truncate_low": 2, "truncate_high": 4}, ob.truncated(whole, 2, 4)),
        "clipped": ({"clip_low": 0, "clip_high": 4}, ob.clipped(whole, 0, 4)),
        "half": ({"clip_low": 2}, ob.clipped(whole, low=2)),
        "zeros": ({"zero_share": "25%"}, ob.zero_inflated(whole, 0.25)),
        "all": (
            {"truncate_high": 6, "clip_low": 2, "zero_share": 0.1},
            ob.zero_inflated(ob.clipped(ob.truncated(whole, high=6), low=2), 0.1),
        ),
    }
    inputs = ob.read_inputs({name: {**row, **cells} for name, (cells, _) in cases.items()})
    for name, (_, expected) in cases.items():
        assert inputs[name].value == expected
    constant = ob.read_inputs({"a": {"value": 3, "clip_low": 3, "truncate_high": 3}})["a"]
    assert constant.value == 3.0
    sometimes = ob.read_inputs({"a": {"value": 3, "zero_share": 0.4}})["a"].value
    np.testing.assert_array_equal(sometimes.ppf([0.4, 0.41]), [0, 3])


def test_several_rows_are_a_mixture() -> None:
    frame = pd.DataFrame(
        {
            "name": ["price", "rate", "price", "price"],
            "distribution": ["lognormal", None, "choice", None],
            "low": [2, None, None, None],
            "high": [3, None, None, None],
            "values": [None, None, "5; 6", None],
            "value": [None, 0.1, None, 9],
            "clip_high": [2.8, None, None, None],
            "weights": [0.5, None, 0.3, 0.2],
            "unit": ["USD", None, "USD", None],
        }
    )
    inputs = ob.read_inputs(frame)
    expected = ob.mixture(
        [ob.clipped(ob.between(2, 3), high=2.8), ob.choice([5, 6]), 9], [0.5, 0.3, 0.2]
    )
    assert list(inputs) == ["price", "rate"]
    assert inputs["price"].unit == "USD"
    np.testing.assert_array_equal(
        inputs["price"].value.ppf(np.linspace(0, 1, 99)), expected.ppf(np.linspace(0, 1, 99))
    )


def test_positions_make_an_array() -> None:
    frame = pd.DataFrame(
        {
            "name": [
                "price[site=west, quarter=2025Q1]",
                "price [ quarter = 2025Q2 , site = west ]",
                "price[site=east, quarter=2025Q1]",
                "price[site=east, quarter=2025Q2]",
                "price[site=east, quarter=2025Q2]",
            ],
            "distribution": ["uniform", None, "uniform", None, None],
            "low": [1, None, 3, None, None],
            "high": [2, None, 4, None, None],
            "value": [None, 7, None, 8, 9],
            "weights": [None, None, None, 1, 3],
            "unit": ["USD", None, "USD", "USD", None],
            "source": ["S-1", "10-K", None, "S-1", None],
        }
    )
    given_ = ob.read_inputs(frame)["price"]
    assert given_.value.dims == ("site", "quarter")
    assert given_.value["site"].values.tolist() == ["west", "east"]
    assert given_.value["quarter"].values.tolist() == ["2025Q1", "2025Q2"]
    assert given_.value.sel(site="west", quarter="2025Q2").item() == 7.0
    laws = given_.distributions("price")
    assert list(laws) == [
        "price[site=west, quarter=2025Q1]",
        "price[site=east, quarter=2025Q1]",
        "price[site=east, quarter=2025Q2]",
    ]
    assert laws["price[site=east, quarter=2025Q1]"].support() == (3, 4)
    assert laws["price[site=east, quarter=2025Q2]"] == ob.mixture([8, 9], [1, 3])
    assert given_.labels == {"unit": "USD", "source": "S-1; 10-K"}


@pytest.mark.parametrize(
    ("labels", "coordinates"),
    [
        (["2025", "2026"], [2025, 2026]),
        (["-1", "0"], [-1, 0]),
        (["0.5", "1"], [0.5, 1.0]),
        (["01", "02"], ["01", "02"]),
        (["1e3", "2"], ["1e3", "2"]),
        (["nan", "inf"], ["nan", "inf"]),
        (["H100 SXM", "B200"], ["H100 SXM", "B200"]),
    ],
)
def test_labels_are_numbers_if_all_are_written_so(labels, coordinates) -> None:
    array = ob.read_inputs({f"a[b={label}]": k for k, label in enumerate(labels)})["a"].value
    assert array.dtype == float
    assert array["b"].values.tolist() == coordinates


def test_labels_written_by_a_study_are_read_again() -> None:
    dims, coords = ("site", "year"), {"site": ["a", "b"], "year": [2025, 2026]}
    array = xr.DataArray(np.arange(4.0).reshape(2, 2), dims=dims, coords=coords)
    summary = ob.Study(lambda x: {"y": x}, {"x": array}).run(256).summary()
    rows = summary.loc[[label for label in summary.index if label.startswith("x[")], "mean"]
    again = ob.read_inputs(rows.rename_axis("name").reset_index(name="value"))["x"].value
    xr.testing.assert_identical(again, array)


def test_a_table_of_arrays_is_a_study(tmp_path) -> None:
    file = tmp_path / "inputs.csv"
    file.write_text(
        "name,distribution,value,low,high,weights\n"
        "price[quarter=1],lognormal,,2,4,\n"
        "price[quarter=2],,2.5,,,\n"
        "fleet,uniform,,1,2,0.5\n"
        "fleet,,3,,,0.5\n"
    )
    study = ob.Study(lambda price, fleet: {"revenue": price * fleet}, ob.read_inputs(file))
    data = study.run(2**14, seed=1).dataset
    assert data["revenue"].sizes["quarter"] == 2
    assert float(data["price"].sel(quarter=1).quantile(0.95)) == pytest.approx(4, rel=1e-3)
    assert (data["fleet"] == 3).mean() == pytest.approx(0.5, abs=1e-3)


def test_scenarios_in_all_forms(tmp_path) -> None:
    text = (
        "scenario,name,distribution,value,low,high,unit\n"
        "base,,,,,,\n"
        "bear,price,,1.5,,,USD\n"
        "bull,price,lognormal,,3,5,USD\n"
        "bear,share,uniform,,0.3,0.4,\n"
        "bull,load[site=1],,0.8,,,\n"
        "bull,load[site=2],,0.9,,,\n"
    )
    file = tmp_path / "scenarios.csv"
    file.write_text(text)
    scenarios = ob.read_scenarios(file)
    assert {name: list(found) for name, found in scenarios.items()} == {
        "base": [],
        "bear": ["price", "share"],
        "bull": ["price", "load"],
    }
    assert scenarios["bear"]["price"].value == 1.5
    assert scenarios["bull"]["price"].value.interval(0.9) == pytest.approx((3, 5))
    assert scenarios["bull"]["load"].value.values.tolist() == [0.8, 0.9]
    frame = ob.read_scenarios(pd.read_csv(file))
    ready = ob.read_scenarios({name: dict(found) for name, found in scenarios.items()})
    spelled = ob.read_scenarios(
        {
            "base": {},
            "bear": {
                "price": {"value": 1.5, "unit": "USD"},
                "share": {"distribution": "uniform", "low": 0.3, "high": 0.4},
            },
            "bull": {
                "price": {"distribution": "lognormal", "low": 3, "high": 5, "unit": "USD"},
                "load[site=1]": 0.8,
                "load[site=2]": 0.9,
            },
        }
    )
    for other in (frame, ready, spelled):
        assert list(other) == list(scenarios)
        assert all(same(other[name], scenarios[name]) for name in scenarios)
    inputs = {
        "price": 2.0,
        "share": 0.5,
        "load": xr.DataArray([0.5, 0.5], dims="site", coords={"site": [1, 2]}),
    }
    study = ob.Study(
        lambda price, share, load: {"y": price * share * load}, inputs, scenarios=scenarios
    )
    data = study.run(1024, seed=1).dataset
    assert data["scenario"].values.tolist() == ["base", "bear", "bull"]
    assert float(data["y"].sel(scenario="base").mean()) == 0.5


TWO_ENDS = ("lognormal", "normal", "beta", "gamma", "weibull")


@st.composite
def rows(draw) -> dict[str, object]:
    """Draw a row of two ends and a level; a beta one lies within 0 to 1."""
    kind = draw(st.sampled_from(TWO_ENDS))
    level = draw(st.floats(0.05, 0.99))
    if kind == "beta":
        low, high = sorted(draw(st.lists(st.floats(0.01, 0.99), min_size=2, max_size=2)))
        assume(high - low > 0.01)
    else:
        low = draw(st.floats(1e-6, 1e9))
        high = low * draw(st.floats(1.05, 50))
    return {"distribution": kind, "low": low, "high": high, "level": level}


@given(table=st.lists(rows(), min_size=1, max_size=5))
def test_ends_have_their_probabilities_in_all_forms(tmp_path_factory, table) -> None:
    file = tmp_path_factory.mktemp("tables") / "inputs.csv"
    frame = pd.DataFrame([{"name": f"x{k}", **row} for k, row in enumerate(table)])
    frame.to_csv(file, index=False)
    mapping = {f"x{k}": row for k, row in enumerate(table)}
    read = ob.read_inputs(file)
    assert same(ob.read_inputs(frame), read)
    assert same(ob.read_inputs(mapping), read)
    for k, row in enumerate(table):
        law, tail = read[f"x{k}"].value, (1 - row["level"]) / 2
        assert law.cdf(row["low"]) == pytest.approx(tail, rel=1e-8)
        assert law.sf(row["high"]) == pytest.approx(tail, rel=1e-8)
        np.testing.assert_allclose(law.ppf([tail, 1 - tail]), [row["low"], row["high"]], rtol=1e-9)


def test_large_tables(tmp_path) -> None:
    n = 100_000
    file = tmp_path / "large.csv"
    lines = "".join(f"x[k={k}],{k},a note of some eighty characters {'.' * 50}\n" for k in range(n))
    file.write_text(f"name,value,note\n{lines}")
    assert file.stat().st_size > 8e6
    array = ob.read_inputs(file)["x"].value
    np.testing.assert_array_equal(array, np.arange(n))
    np.testing.assert_array_equal(array["k"], np.arange(n))
    values = "; ".join(map(str, range(20_000)))
    file.write_text(f"name,distribution,values\nx,empirical,{values}\n")
    assert ob.read_inputs(file)["x"].value == ob.empirical(range(20_000))
