"""Numbers as analysts write them."""

from __future__ import annotations

import contextlib
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overbuild.study.tables.cells import number, number_list


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1,000", 1e3),
        ("12,345,678.5", 12345678.5),
        ("+1,000e3", 1e6),
        ("62%", 0.62),
        ("7 %", 0.07),
        ("12.5%", 0.125),
        ("1e2%", 1.0),
        (" 3e8 ", 3e8),
        ("\N{MINUS SIGN}5", -5.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("007", 7.0),
        ("1000000", 1e6),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3.0),
    ],
)
def test_numbers_as_analysts_write_them(cell, value: float) -> None:
    assert number(cell) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_written_by_python_are_read_exactly(value: float) -> None:
    assert number(repr(value)) == value
    assert number(value) == value


@given(st.integers(-(10**15), 10**15), st.integers(0, 3))
def test_numbers_with_commas_and_percent(value: int, decimals: int) -> None:
    assert number(f"{value:,}") == value
    assert number(f"{value:,.{decimals}f}") == value
    assert number(f"{value}%") == value / 100


@given(st.text("0123456789,.eE+-% ", max_size=12) | st.text(max_size=6))
def test_other_text_is_refused_or_a_number(text: str) -> None:
    """What is read is what Python reads, but for commas, percent signs, typographic minus."""
    found = None
    with contextlib.suppress(ValueError):
        found = number(text)
    if found is not None:
        plain = text.strip().replace(",", "").replace("\N{MINUS SIGN}", "-")
        expected = float(plain.rstrip("% ")) / (100 if plain.endswith("%") else 1)
        assert found == pytest.approx(expected, rel=1e-15, abs=5e-324)
        assert "," not in text or re.search(r"[1-9][0-9]{0,2}(,[0-9]{3})+(?![0-9,])", text)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_lists_of_numbers(values: list[float]) -> None:
    assert number_list("; ".join(map(repr, values))) == values
    assert number_list(values) == values
    assert number_list(np.array(values)) == values
