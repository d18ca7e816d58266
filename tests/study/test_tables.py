"""Inputs from tables: what is read, and what is wrong with a table in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import overbuild as ob

GOOD = """\
# a comment, with a comma
name,distribution,value,low,mode,high,level,unit,date,source,grade,note
price,lognormal,,2,,4,0.8,USD/GPU-hour,2024,"Lambda, archived",A,"quotes, #1"
share,normal,,0.5,,0.7,,share,,S-1,B,
gpus,pert,,4e4,53000,80000,,GPU,,,unverified,
delay,triangular,,1,1,9,,week,,,,
ratio,uniform,,0.9,,1.1,,,,,,
hours,constant,8784,,,,,hour,,,,
"""


def test_a_table_of_each_kind(tmp_path) -> None:
    file = tmp_path / "inputs.csv"
    file.write_text("\ufeff" + GOOD, encoding="utf-8")
    inputs = ob.read_inputs(file)
    assert list(inputs) == ["price", "share", "gpus", "delay", "ratio", "hours"]
    price = inputs["price"]
    assert price.value.interval(0.8) == pytest.approx((2, 4))
    assert (price.unit, price.date, price.grade) == ("USD/GPU-hour", "2024", "A")
    assert (price.source, price.note) == ("Lambda, archived", "quotes, #1")
    assert inputs["share"].value.interval(0.9) == pytest.approx((0.5, 0.7))
    assert inputs["gpus"].value.mean() == pytest.approx((4e4 + 4 * 53e3 + 8e4) / 6)
    assert inputs["delay"].value.mean() == pytest.approx(11 / 3)
    assert inputs["ratio"].value.support() == pytest.approx((0.9, 1.1))
    assert inputs["hours"].value == 8784.0
    assert ob.read_inputs(str(file)).keys() == inputs.keys()


def test_a_frame_reads_as_the_file_does(tmp_path) -> None:
    file = tmp_path / "inputs.csv"
    file.write_text(GOOD)
    frame = pd.read_csv(file, comment=None, skiprows=1)
    inputs = ob.read_inputs(frame)
    assert inputs["price"].value.interval(0.8) == pytest.approx((2, 4))
    assert inputs["share"].note == ""
    few = ob.read_inputs(pd.DataFrame({"name": ["a"], "value": [3]}))
    assert few["a"].value == 3.0
    assert few["a"].unit == ""


def row(**cells: object) -> pd.DataFrame:
    base = {"name": "price", "distribution": "lognormal", "low": 2, "high": 4}
    cells = {**base, **cells}
    return pd.DataFrame([{"name": "first", "distribution": "constant", "value": 1}, cells])


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"low": 5}, r"table, row 2 \(price\): low must be below high, got low = 5.0"),
        ({"low": -1}, r"row 2 \(price\): a lognormal interval must lie above 0"),
        ({"low": "two"}, r"row 2 \(price\): low is not a number: 'two'"),
        ({"low": np.inf}, r"row 2 \(price\): low is not a number"),
        ({"low": None}, r"row 2 \(price\): lognormal needs low"),
        ({"low": None, "high": " "}, r"row 2 \(price\): lognormal needs low and high"),
        ({"mode": 3}, r"row 2 \(price\): lognormal has no mode"),
        ({"level": 90}, r"row 2 \(price\): level must be between 0 and 1"),
        ({"distribution": "pert", "mode": 9}, r"row 2 \(price\): mode must lie between"),
        (
            {"distribution": "logn"},
            r"row 2 \(price\): unknown distribution 'logn'; it can be constant",
        ),
        ({"distribution": "uniform", "low": 4}, r"row 2 \(price\): low must be below high"),
        ({"name": None}, r"row 2 \(no name\): a name is missing"),
        ({"name": "first"}, r"row 2 \(first\): this name has a row already"),
        ({"hihg": 4}, r"unknown column 'hihg' \(filled first in row 2\); did you mean 'high'\?"),
        ({"colour": "red"}, r"unknown column 'colour' \(filled first in row 2\); columns are name"),
    ],
)
def test_faults_name_row_and_parameter(cells, message) -> None:
    with pytest.raises(ValueError, match=message):
        ob.read_inputs(row(**cells))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("distribution,value\nconstant,1\n", "there is no column 'name'"),
        ("name,value,value\na,1,2\n", "column 'value' comes twice"),
        ("name,value\na,1,234\n", r"row 1 \(a\): 3 cells under 2 columns"),
        ("name,value\na\n", r"row 1 \(a\): 1 cells under 2 columns"),
        ('name,value\na,"1\n', "is no CSV table"),
        ("name,value\na,1_000x\n", "value is not a number: '1_000x'"),
    ],
)
def test_broken_files(tmp_path, text, message) -> None:
    file = tmp_path / "broken.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        ob.read_inputs(file)


def test_files_that_are_no_text(tmp_path) -> None:
    file = tmp_path / "binary.csv"
    file.write_bytes(bytes(range(256)))
    with pytest.raises(ValueError, match="is no CSV table"):
        ob.read_inputs(file)
    with pytest.raises(FileNotFoundError):
        ob.read_inputs(tmp_path / "missing.csv")


@pytest.mark.parametrize("name", ob.data.names())
def test_packaged_figures_are_cited(name: str) -> None:
    grades = {"A", "B", "C", "derived", "unverified", "seed", "assumption"}
    table = pd.read_csv(ob.data.path(name), dtype=str)
    assert set(table["grade"]) <= grades
    assert table[["unit", "source"]].notna().all(axis=None)


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(ValueError, match=r"no table 'coreweave'; there are .*coreweave_2024"):
        ob.data.path("coreweave")
