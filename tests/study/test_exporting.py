"""Results as files: all digits, all sources, and no text that becomes a formula."""

from __future__ import annotations

import csv
import io
import subprocess
import sys

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import overbuild as ob
from overbuild.study.showing.exporting import inputs_table

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x","y")',
    "＝1+1",
]
INPUTS = {
    "price": ob.Input(ob.between(2, 4), unit="USD/GPU-hour", source='quotes, "list"', grade="B"),
    "share": ob.Input(0.62, source="S-1 | p. 14\n<b>note</b>", grade="A", note="audited"),
}


def model(price, share):
    period = ob.utilization.fleet_ramp(price, 2.0, periods=3)
    return {"double": price * share, "ramp": period, "none": price * np.nan, "ever": price / 0}


RESULT = ob.Study(model, INPUTS, units={"double": "USD"}).run(256, seed=1)


def suspicious(text: str, place: str = "unit") -> ob.Result:
    given = {"a": ob.Input(stats.norm(), **{place: text})}
    return ob.Study(lambda a: {"b": a}, given).run(8)


class TestCsv:
    def test_numbers_come_back_bit_for_bit(self) -> None:
        found = pd.read_csv(io.StringIO(RESULT.to_csv()), index_col=0)
        expected = RESULT.summary()
        assert found.columns.tolist() == expected.columns.tolist()
        numbers = ["P5", "P50", "P95", "mean", "NaN draws"]
        np.testing.assert_array_equal(found[numbers], expected[numbers].astype(float))
        words = ["unit", "source", "grade"]
        assert found[words].astype(object).fillna("").equals(expected[words].astype(object))

    def first(self, result: ob.Result) -> dict[str, str]:
        """Return the first row below the header, which all rows are as long as."""
        rows = list(csv.reader(io.StringIO(result.to_csv(), newline="")))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert len(rows) == 3
        return dict(zip(rows[0], rows[1], strict=True))

    def test_a_file_has_the_same_text(self, tmp_path) -> None:
        path = tmp_path / "summary.csv"
        assert RESULT.to_csv(path) is None
        assert path.read_bytes().decode() == RESULT.to_csv()

    @pytest.mark.parametrize("text", FORMULAS)
    @pytest.mark.parametrize("place", ["unit", "source", "grade"])
    def test_no_text_becomes_a_formula(self, text, place) -> None:
        assert self.first(suspicious(text, place))[place] == f"'{text}".replace("\r", "\n")

    def test_names_of_outputs_neither(self) -> None:
        found = ob.Study(lambda a: {"=1+1": a}, {"a": stats.norm()}).run(8).to_csv()
        assert [row[0] for row in csv.reader(io.StringIO(found))][2] == "'=1+1"

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
    def test_any_text_comes_back(self, text: str) -> None:
        found = self.first(suspicious(text))["unit"]
        given = text.replace("\r\n", "\n").replace("\r", "\n")
        assert found in (given, f"'{given}")
        assert not found.lstrip().startswith(("=", "+", "-", "@"))
        assert not found.startswith(("\t", "\r", "\n"))


def written(result: ob.Result, tmp_path) -> openpyxl.Workbook:
    path = tmp_path / "result.xlsx"
    result.to_excel(path)
    return openpyxl.load_workbook(path)


class TestExcel:
    def test_numbers_come_back_bit_for_bit(self, tmp_path) -> None:
        sheet = written(RESULT, tmp_path)["summary"]
        expected = RESULT.summary()
        head, *rows = sheet.iter_rows(values_only=True)
        assert list(head) == ["variable", *expected.columns]
        for row, (name, numbers) in zip(rows, expected.iterrows(), strict=True):
            assert row[0] == name
            for cell, number in zip(row[1:5], numbers.iloc[:4], strict=True):
                shown = {"infinite": np.inf, None: np.nan}.get(cell, cell)
                np.testing.assert_equal(float(shown), number)

    def test_inputs_have_values_units_sources_grades_and_notes(self, tmp_path) -> None:
        head, price, share = written(RESULT, tmp_path)["inputs"].iter_rows(values_only=True)
        quantiles = RESULT.summary().loc["price", ["P5", "P50", "P95"]].tolist()
        expected = {
            "name": "price",
            "distribution": None,
            "value": None,
            **dict(zip(["P5", "P50", "P95"], quantiles, strict=True)),
            "unit": "USD/GPU-hour",
            "source": 'quotes, "list"',
            "grade": "B",
            "note": None,
        }
        assert dict(zip(head, price, strict=True)) == expected
        constant = dict(zip(head, share, strict=True))
        assert (constant["value"], constant["distribution"]) == (0.62, "constant")
        assert constant["note"] == "audited"

    def test_what_a_distribution_is_stands_there_where_known(self) -> None:
        known = RESULT.dataset.copy()
        known["price"].attrs["distribution"] = "lognormal, 90% from 2 to 4"
        table = inputs_table(known, RESULT.summary())
        assert table["distribution"].tolist() == ["lognormal, 90% from 2 to 4", "constant"]

    def test_it_looks_as_a_table_should(self, tmp_path) -> None:
        book = written(RESULT, tmp_path)
        assert book.sheetnames == ["summary", "inputs", "study"]
        sheet = book["summary"]
        assert all(cell.font.bold for cell in sheet[1])
        assert sheet.freeze_panes == "B2"
        assert sheet.column_dimensions["A"].width >= len("ramp[period=0]")
        assert sheet["B2"].number_format == "#,##0.000"
        assert book["study"]["A2"].value == "model: 256 draws, seed 1"

    @pytest.mark.parametrize("text", FORMULAS)
    def test_no_text_becomes_a_formula(self, text, tmp_path) -> None:
        for place in ("unit", "source", "grade", "note"):
            book = written(suspicious(text, place), tmp_path)
            cells = [cell for sheet in book for row in sheet for cell in row]
            assert not [cell for cell in cells if cell.data_type == "f"]
            kept = [cell for cell in cells if str(cell.value).strip() == text.strip()]
            assert kept
            assert all(cell.quotePrefix for cell in kept)

    def test_signs_that_no_workbook_holds_are_replaced(self, tmp_path) -> None:
        sheet = written(suspicious("a\x00b\x0bc"), tmp_path)["summary"]
        assert "a\ufffdb\ufffdc" in [cell.value for cell in sheet[2]]

    def test_without_openpyxl_the_error_says_what_to_install(self) -> None:
        code = (
            "import sys; sys.modules['openpyxl'] = None\n"
            "import overbuild as ob\n"
            "try: ob.Study(lambda a: {'b': a}, {'a': 1.0}).run(8).to_excel('never.xlsx')\n"
            "except ImportError as error: print(error)\n"
        )
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert "pip install 'overbuild[excel]'" in found.stdout


class TestMarkdown:
    def test_a_table_with_a_rule_and_equal_cells(self) -> None:
        title, known, blank, head, rule, *rows, end = RESULT.to_markdown().split("\n")
        assert (title, blank, end) == ("model: 256 draws, seed 1", "", "")
        assert known.startswith("largest standard error of a quantile: ")
        count = head.count("|")
        assert {line.replace("\\|", "").count("|") for line in (rule, *rows)} == {count}
        assert len({len(line) for line in (head, rule, *rows)}) == 1
        assert rule.count(":") == 5  # numbers to the right
        assert len(rows) == len(RESULT.summary())

    def test_signs_of_markdown_and_html_are_escaped(self) -> None:
        (line,) = [line for line in RESULT.to_markdown().splitlines() if line.startswith("| share")]
        assert "S-1 \\| p. 14 &lt;b&gt;note&lt;/b&gt;" in line
        text = suspicious("[x](http://y) `a` *b* _c_ d_e \\| ~f~").to_markdown()
        assert r"\[x\](http://y) \`a\` \*b\* \_c\_ d_e \\\| \~f\~" in text

    def test_a_file_has_the_same_text(self, tmp_path) -> None:
        path = tmp_path / "summary.md"
        assert RESULT.to_markdown(path) is None
        assert path.read_text(encoding="utf-8") == RESULT.to_markdown()


def test_a_workbook_is_not_called_otherwise(tmp_path) -> None:
    result = ob.Study(lambda a: {"y": a}, {"a": stats.norm()}).run(64)
    with pytest.raises(ValueError, match=r"ends in \.xlsx"):
        result.to_excel(tmp_path / "summary.csv")
    assert not list(tmp_path.iterdir())
