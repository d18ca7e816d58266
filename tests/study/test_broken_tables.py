"""What is wrong with a table, in words: each fault names the row, the column and the reason."""

from __future__ import annotations

import datetime
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import overbuild as ob

FIRST = {"name": "first", "distribution": "constant", "value": 1}
PRICE = {"name": "price", "distribution": "lognormal", "low": 2, "high": 4}
LIST = {"name": "price", "distribution": "choice", "values": "1; 2; 3"}


def price(**cells: object) -> dict[str, object]:
    return {**PRICE, **cells}


def choice(**cells: object) -> dict[str, object]:
    return {**LIST, **cells}


def named(*names: str, **cells: object) -> list[dict[str, object]]:
    return [{"name": name, "value": k, **cells} for k, name in enumerate(names, start=1)]


#: Faults of one row, the second one: its cells, the column, the reason.
ROWS: dict[str, tuple[dict[str, object], str, str]] = {
    "low above high": (price(low=5), "columns low, high", "low must be below high, got low = 5"),
    "low is high": (price(low=4), "columns low, high", "low must be below high"),
    "mode outside": (
        price(distribution="pert", mode=9),
        "low, mode, high",
        "mode must lie between",
    ),
    "mode below": (price(distribution="triangular", mode=1), "mode, high", "mode must lie between"),
    "level 0": (price(level=0), "column level", "level must be between 0 and 1, got 0"),
    "level 1": (price(level=1), "column level", "level must be between 0 and 1, got 1"),
    "level 2": (price(level=2), "column level", "level must be between 0 and 1"),
    "level in percent": (price(level=90), "column level", "got 90.0; write 90% as 0.9"),
    "negative lognormal": (price(low=-1), "column low", "must lie above 0, got low = -1"),
    "lognormal from 0": (price(low=0), "column low", "must lie above 0"),
    "gamma from 0": (price(distribution="gamma", low=0), "column low", "must lie above 0"),
    "weibull below 0": (price(distribution="weibull", low=-2), "column low", "must lie above 0"),
    "loguniform below 0": (price(distribution="loguniform", low=-2), "low", "must lie above 0"),
    "beta above 1": (price(distribution="beta", low=0.5), "low, high", "between 0 and 1"),
    "level of a uniform": (price(distribution="uniform", level=0.9), "column level", "uniform has"),
    "NaN in words": (price(low="NaN"), "column low", "not a number: 'NaN'; it must be finite"),
    "infinite": (price(high=np.inf), "column high", "not a finite number: inf"),
    "infinite in words": (price(high="inf"), "column high", "it must be finite"),
    "too large": (price(high="1e999"), "column high", "not a finite number: 1e999"),
    "too large a whole": (price(high=10**400), "column high", "not a finite number"),
    "text": (price(low="two"), "column low", "not a number: 'two'"),
    "a comma for a point": (price(low="1,5"), "column low", "'1,5'; a comma stands before a group"),
    "a comma after 0": (price(low="0,125"), "column low", "a comma stands before a group"),
    "points for commas": (price(high="1.234.567"), "column high", "points do not part thousands"),
    "one group too short": (price(high="1,23,456"), "column high", "a comma stands before"),
    "currency": (price(low="$2.50"), "column low", "write the currency in column unit"),
    "currency after": (price(low="2.50 USD"), "column low", "write the currency in column unit"),
    "millions": (price(high="3.5m"), "column high", "write it out, as in 2.5e6"),
    "billions": (price(high="4 bn"), "column high", "write it out, as in 2.5e6"),
    "accountant's minus": (price(low="(2)"), "column low", "with a minus sign"),
    "underscores": (price(high="1_000"), "column high", "not a number: '1_000'"),
    "several numbers": (price(low="1; 2"), "column low", "one number is expected, not several"),
    "a list": (price(low=[1, 2]), "column low", r"not a number: \[1, 2\]"),
    "a truth value": (price(low=True), "column low", "not a number: True; that is true or false"),
    "a truth value of NumPy": (price(low=np.bool_(True)), "column low", "that is true or false"),
    "a day": (price(high=datetime.date(2025, 1, 1)), "column high", "that is a date"),
    "a timestamp": (price(high=pd.Timestamp("2025-01-01")), "column high", "that is a date"),
    "a day in words": (price(high="2025-01-01"), "column high", "that is a date"),
    "a complex number": (price(high=1j), "column high", "not a number: 1j"),
    "code": (price(low="__import__('os')"), "column low", "not a number"),
    "a formula": (price(low="=A1*2"), "column low", "not a number: '=A1"),
    "no low": (price(low=None), "column low", "lognormal needs low"),
    "no ends": (price(low=None, high=" "), "columns low, high", "lognormal needs low and high"),
    "no mode": (price(distribution="pert"), "column mode", "pert needs mode"),
    "no value": ({"name": "price", "unit": "USD"}, "column value", "constant needs value"),
    "no word": (price(distribution=None), "column value", "name another in column distribution"),
    "a mode too much": (price(mode=3), "column mode", "lognormal has no mode"),
    "a value too much": (price(value=3), "column value", "lognormal has no value"),
    "weights too much": (price(weights="1; 2"), "column weights", "lognormal has no weights; they"),
    "unknown word": (price(distribution="logn"), "column distribution", "unknown distribution 'l"),
    "mixture by word": (price(distribution="mixture"), "distribution", "several rows of one name"),
    "no values": (choice(values=None), "column values", "choice needs values"),
    "an empty entry": (choice(values="1; ; 3"), "column values", "nothing at place 2 of 3"),
    "a semicolon at the end": (choice(values="1; 2;"), "column values", "nothing at place 3 of 3"),
    "commas between": (choice(values="1, 2, 3"), "column values", "semicolons"),
    "a word among values": (choice(values="1; b"), "column values", "'b', at place 2 of 2"),
    "an empty list": (choice(values=[]), "column values", "at least one"),
    "too few weights": (
        choice(weights="1; 2"),
        "weights",
        "as many as what they weigh, got 2 for 3",
    ),
    "a negative weight": (choice(weights="1; 2; -1"), "weights", "must not be negative, got -1"),
    "no weight at all": (choice(weights="0; 0; 0"), "weights", "must not all be 0"),
    "weights of a sample": (
        choice(distribution="empirical", weights="1"),
        "weights",
        "as many as what they weigh",
    ),
    "clip bounds reversed": (
        price(clip_low=3, clip_high=2),
        "columns clip_low, clip_high",
        "low must be below high, got low = 3",
    ),
    "all is clipped": (
        price(distribution="uniform", clip_low=4),
        "column clip_low",
        "leave nothing but 4",
    ),
    "all is clipped above": (
        price(distribution="uniform", clip_high=1),
        "column clip_high",
        "leave nothing but 1",
    ),
    "a constant beyond its clip": (
        {"name": "price", "value": 3, "clip_high": 2},
        "column clip_high",
        "the constant 3 lies beyond",
    ),
    "truncation bounds reversed": (
        price(truncate_low=3, truncate_high=3),
        "columns truncate_low, truncate_high",
        "low must be below high",
    ),
    "nothing left": (
        price(distribution="uniform", truncate_low=5),
        "column truncate_low",
        "leave a probability of 0",
    ),
    "nothing left between choices": (
        choice(truncate_low=1.2, truncate_high=1.8),
        "columns truncate_low, truncate_high",
        "leave a probability of 0",
    ),
    "a clip that is text": (price(clip_low="none"), "column clip_low", "not a number: 'none'"),
    "zero_share above 1": (price(zero_share=1.2), "column zero_share", "from 0 to 1, got 1.2"),
    "zero_share below 0": (price(zero_share=-0.1), "column zero_share", "from 0 to 1, got -0.1"),
    "no name": (price(name=None), "column name", "a name is missing"),
    "a number for a name": (price(name=3), "column name", "not a name: 3"),
    "a name of two words": (price(name="my price"), "column name", "'my price' cannot be the name"),
    "a hyphen": (price(name="h100-price"), "column name", "a name a function can take"),
    "a word of Python": (price(name="lambda"), "column name", "a word of Python itself"),
    "draw": (price(name="draw"), "column name", "'draw' cannot be the name of an input"),
    "scenario": (price(name="scenario"), "column name", "'scenario' cannot be the name"),
    "draw_weight": (price(name="draw_weight"), "column name", "'draw_weight' cannot be the name"),
    "no label": (price(name="price[quarter=]"), "column name", "'quarter=' is no position"),
    "no dimension": (price(name="price[3]"), "column name", "'3' is no position"),
    "nothing in brackets": (price(name="price[]"), "column name", "is no position"),
    "an open bracket": (price(name="price[quarter=1"), "column name", "brackets must be one pair"),
    "two pairs": (price(name="price[a=1][b=2]"), "column name", "brackets must be one pair"),
    "brackets first": (price(name="[a=1]price"), "column name", "brackets must be one pair"),
    "a dimension twice": (price(name="price[a=1, a=2]"), "column name", "'a' comes twice"),
    "a dimension called draw": (price(name="price[draw=1]"), "column name", "name of a dimension"),
    "a dimension of two words": (price(name="price[a b=1]"), "name", "'a b' cannot be the name"),
    "a dimension called as an input": (price(name="price[first=1]"), "name", "name of an input"),
    "the same name": (price(name="first"), "name, weights", "this name has a row already, row 1"),
}


@pytest.mark.parametrize(("cells", "column", "reason"), ROWS.values(), ids=ROWS)
def test_faults_of_a_row(cells, column: str, reason: str) -> None:
    frame = pd.DataFrame([FIRST, cells], dtype=object)
    with pytest.raises(ValueError, match=reason) as caught:
        ob.read_inputs(frame)
    where, _, _ = str(caught.value).partition(": ")
    name = cells["name"] if cells["name"] is not None else "no name"
    assert where.startswith(f"table, row 2 ({name}), column")
    assert where.endswith(column)
    # The same row in a scenario, and spelled out in a mapping.
    with pytest.raises(ValueError, match=reason):
        ob.read_scenarios(frame.assign(scenario="bear"))
    if isinstance(cells["name"], str) and cells["name"] != "first":
        spelled = {key: cell for key, cell in cells.items() if key != "name"}
        with pytest.raises(ValueError, match=reason) as again:
            ob.read_inputs({"first": 1, cells["name"]: spelled})
        assert str(again.value) == str(caught.value)


def in_a_file(cells: dict[str, object]) -> bool:
    """Whether a row is the same as text: one of NumPy's or of dates, say, is not."""
    return all(isinstance(cell, str | int | float | None) for cell in cells.values()) and not (
        cells["name"] == 3 or cells.get("low") is True or cells.get("high") == np.inf
    )


FILES = {name: row for name, row in ROWS.items() if in_a_file(row[0])}


@pytest.mark.parametrize(("cells", "column", "reason"), FILES.values(), ids=FILES)
def test_the_same_faults_in_a_file(cells, column: str, reason: str, tmp_path) -> None:
    file = tmp_path / "inputs.csv"
    pd.DataFrame([FIRST, cells], dtype=object).to_csv(file, index=False)
    with pytest.raises(ValueError, match=reason) as caught:
        ob.read_inputs(file)
    where, _, _ = str(caught.value).partition(": ")
    assert where.startswith(f"{file}, row 2 (")
    assert where.endswith(column)


#: Faults of rows that do not go together: the rows, where it shows, the reason.
TOGETHER: dict[str, tuple[list[dict[str, object]], str, str]] = {
    "a name twice": (
        named("price", "cost", "price"),
        "row 3 (price), columns name, weights",
        "this name has a row already, row 1; rows of a mixture each need a weight",
    ),
    "a mixture with a weight missing": (
        [price(weights=1), price(), price(weights=1)],
        "row 2 (price), columns name, weights",
        "a row already, row 1",
    ),
    "a mixture whose first weight is missing": (
        [price(), price(weights=1)],
        "row 1 (price), columns name, weights",
        "this name has another row, row 2",
    ),
    "a list for a mixture's weight": (
        [price(weights=1), choice(weights="1; 2; 3")],
        "row 2 (price), column weights",
        "one number is expected",
    ),
    "a negative weight of a mixture": (
        [price(weights=1), price(weights=-1)],
        "row 2 (price), column weights",
        "must not be negative, got -1",
    ),
    "a mixture without weight": (
        [price(weights=0), price(weights=0)],
        "row 2 (price), column weights",
        "are all 0",
    ),
    "a mixture of two units": (
        [price(weights=1, unit="USD"), price(weights=1, unit="EUR")],
        "row 2 (price), column unit",
        "'EUR' here, but 'USD' in row 1",
    ),
    "a mixture whose unit is in the second row": (
        [price(weights=1), price(weights=1, unit="EUR")],
        "row 2 (price), column unit",
        "'EUR' here, but '' in row 1",
    ),
    "a mixture of two sources": (
        [price(weights=1, source="a"), price(weights=1, source="b")],
        "row 2 (price), column source",
        "must agree",
    ),
    "a fault within a mixture": (
        [price(weights=1), price(weights=1, low=9)],
        "row 2 (price), columns low, high",
        "low must be below high",
    ),
    "a hole": (
        named("price[a=1, b=1]", "price[a=1, b=2]", "price[a=2, b=2]"),
        "row 3 (price[a=2, b=2]), column name",
        "there is no row price[a=2, b=1]",
    ),
    "a position twice": (
        named("price[a=1]", "price[a=2]", "price[a=1]"),
        "row 3 (price[a=1]), columns name, weights",
        "this name has a row already, row 1",
    ),
    "a position twice by number": (
        named("price[a=1]", "price[a=1.0]"),
        "row 2 (price[a=1.0]), columns name, weights",
        "this name has a row already, row 1",
    ),
    "with and without a position": (
        named("price", "price[a=1]"),
        "row 2 (price[a=1]), column name",
        "dimensions are a, but none in row 1",
    ),
    "other dimensions": (
        named("price[a=1]", "price[b=1]"),
        "row 2 (price[b=1]), column name",
        "dimensions are b, but a in row 1",
    ),
    "fewer dimensions": (
        named("price[a=1, b=1]", "price[a=2]"),
        "row 2 (price[a=2]), column name",
        "dimensions are a, but a, b in row 1",
    ),
    "units by position": (
        [*named("price[a=1]", unit="USD"), *named("price[a=2]", unit="EUR")],
        "row 2 (price[a=2]), column unit",
        "'EUR' here, but 'USD' in row 1",
    ),
}


@pytest.mark.parametrize(("rows", "where", "reason"), TOGETHER.values(), ids=TOGETHER)
def test_rows_that_do_not_go_together(rows, where: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)) as caught:
        ob.read_inputs(pd.DataFrame(rows, dtype=object))
    assert str(caught.value).startswith(f"table, {where}: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# only a comment\n\n", "is empty"),
        ("name,value\n", "has no rows"),
        ("name,value\n,\n,\n", "has no rows"),
        ("distribution,value\nconstant,1\n", "there is no column 'name'"),
        ("name,value,value\na,1,2\n", "column 'value' comes twice"),
        ("name,vlaue\na,1\n", r"column 'vlaue' \(filled first in row 1\): .* did you mean 'value'"),
        ("name,,value\na,,1\n", r"column '' \(filled in no row\): unknown column"),
        ("name,scenario,value\na,b,1\n", "a table with scenarios is for read_scenarios"),
        ("name,value\na,1,234\n", r"row 1 \(a\): 3 cells under 2 columns; is a comma not in quo"),
        ("name,value\na\n", r"row 1 \(a\): 1 cells under 2 columns"),
        ("name;value\na;1\n", "one column 'name;value'; are cells parted by something else"),
        ("name\tvalue\na\t1\n", "are cells parted by something else than commas"),
        ("name|value\na|1\n", "are cells parted by something else than commas"),
        ('name,value\na,1\nb,"1\n', "is no CSV table from row 2 on: .* is a quote not closed"),
        ('name,value\na,"1"2\n', "is no CSV table from row 1 on"),
    ],
)
def test_broken_files(tmp_path, text: str, message: str) -> None:
    file = tmp_path / "broken.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        ob.read_inputs(file)
    assert str(caught.value).startswith(str(file))


@pytest.mark.parametrize(
    "content", [bytes(range(256)), "name,value\ncaf\xe9,1\n".encode("latin-1"), b"\xff\xfen\x00"]
)
def test_files_that_are_not_utf_8(tmp_path, content: bytes) -> None:
    file = tmp_path / "binary.csv"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="is no CSV table"):
        ob.read_inputs(file)


def test_tables_that_are_none(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        ob.read_inputs(tmp_path / "missing.csv")
    with pytest.raises(TypeError, match="table must be a path, a DataFrame or a mapping, got list"):
        ob.read_inputs([PRICE])
    with pytest.raises(ValueError, match="table has no rows"):
        ob.read_inputs({})
    with pytest.raises(ValueError, match="table has no rows"):
        ob.read_inputs(pd.DataFrame({"name": []}))
    columns = pd.MultiIndex.from_tuples([("name", ""), ("value", "USD")])
    with pytest.raises(ValueError, match="must have one row of column names, got 2"):
        ob.read_inputs(pd.DataFrame([["a", 1]], columns=columns))
    with pytest.raises(ValueError, match=r"table, column 0 \(filled first in row 1\): unknown"):
        ob.read_inputs(pd.DataFrame([["a", 1]]))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("1", r"row 1 \(price\), column value: .* must be a number, an array or a distribution"),
        (None, r"row 1 \(price\), column value: .* must be a number"),
        (float("nan"), r"row 1 \(price\), column value: .* must be finite"),
        (stats.norm(scale=0), r"row 1 \(price\), column value: .* an impossible distribution"),
        (stats.norm, r"row 1 \(price\), column value: .* no parameters yet"),
        ({}, r"row 1 \(price\), column value: constant needs value"),
        ({"value": 1, "colour": "red"}, r"row 1 \(price\), column colour: unknown column"),
        ({"value": 1, "name": "price"}, r"row 1 \(price\), column name: unknown column"),
        ({"value": 1, 3: 4}, r"row 1 \(price\), column 3: unknown column"),
        ([{"value": 1}, {"value": 2}], r"row 2 \(price\), columns name, weights: this name has"),
        ([{"value": 1, "weights": 1}, 2], r"row 2 \(price\), column name: this name comes twice"),
    ],
)
def test_mappings_that_do_not_read(spec, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ob.read_inputs({"price": spec})


def test_ready_values_at_positions() -> None:
    with pytest.raises(
        ValueError, match=r"row 1 \(price\[a=1\]\), column name: a position has one"
    ):
        ob.read_inputs({"price[a=1]": [1.0, 2.0]})
    with pytest.raises(ValueError, match=r"row 1 \(no name\), column name: not a name: 3"):
        ob.read_inputs({3: 1.0})


def test_broken_scenarios() -> None:
    frame = pd.DataFrame([{"scenario": "bear", **PRICE}, {"scenario": " ", **PRICE}])
    with pytest.raises(
        ValueError, match=r"row 2 \(price\), column scenario: a scenario is missing"
    ):
        ob.read_scenarios(frame)
    with pytest.raises(ValueError, match="there is no column 'scenario'"):
        ob.read_scenarios(pd.DataFrame([PRICE]))
    with pytest.raises(TypeError, match="scenario 'bear' must be a mapping"):
        ob.read_scenarios({"bear": 1.0})
    with pytest.raises(ValueError, match="column scenario: a scenario is missing"):
        ob.read_scenarios({"": {"price": 1.0}})
