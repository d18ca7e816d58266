"""Depreciation by spreadsheet functions and by schedules."""

from __future__ import annotations

import itertools
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import overbuild as ob

cap = ob.capex
costs = st.floats(1, 1e9)
shares = st.floats(0, 1)
lives = st.integers(1, 60)


def test_examples_of_spreadsheets() -> None:
    # Microsoft's documentation of the functions, and formulajs' tests.
    assert cap.sln(30_000, 7_500, 10) == 2_250
    assert cap.syd(30_000, 7_500, 10, [1, 10]).round(2).tolist() == [4090.91, 409.09]
    years = [333_333.33, 222_222.22, 148_148.15, 98_765.43, 65_843.62, 31_687.24]
    assert cap.ddb(1e6, 1e5, 6, range(1, 7)).round(2).tolist() == years
    years = [186_083.33, 259_639.42, 176_814.44, 120_410.64, 81_999.64, 55_841.76, 15_845.10]
    assert cap.db(1e6, 1e5, 6, range(1, 8), 7).round(2).tolist() == years
    for arguments, printed in {
        (3650, 0, 1): 1.32,
        (120, 0, 1): 40.00,
        (10, 0, 1): 480.00,
        (120, 6, 18): 396.31,
        (120, 6, 18, 1.5): 311.81,
        (10, 0, 0.875, 1.5): 315.00,
    }.items():
        assert cap.vdb(2_400, 300, *arguments).round(2) == printed
    assert cap.ddb(2_400, 300, 10, [1, 2, 10], [2, 1.5, 2]).round(2).tolist() == [480, 306, 22.12]


@given(cost=costs, share=shares, life=lives, factor=st.floats(0.1, 5))
def test_spans_add_up(cost: float, share: float, life: int, factor: float) -> None:
    salvage = cost * share
    for no_switch in (False, True):
        parts = cap.vdb(
            cost, salvage, life, np.arange(life), np.arange(life) + 1.0, factor, no_switch
        )
        whole = cap.vdb(cost, salvage, life, 0, life, factor, no_switch)
        assert parts.sum() == pytest.approx(float(whole), rel=1e-9, abs=1e-9 * cost)
    declining = cap.ddb(cost, salvage, life, np.arange(life) + 1.0, factor)
    np.testing.assert_allclose(parts, declining, atol=1e-12 * cost)


@given(cost=costs, share=shares, life=lives, extra=st.floats(0.1, 30), data=st.data())
def test_every_schedule_sums_to_cost_less_salvage(cost, share, life, extra, data) -> None:
    salvage = cost * share
    change = data.draw(st.floats(0, life))
    periods = life + 32
    for schedule in (
        cap.straight_line(cost, salvage, life - 0.25, periods),
        cap.declining_balance(cost, salvage, life - 0.25, periods),
        cap.declining_balance(cost, salvage, life, periods, factor=1.5),
        cap.sum_of_years_digits(cost, salvage, life, periods),
        cap.change_of_life(cost, salvage, life, change + extra, change, periods=life + 32),
    ):
        assert schedule.sum() == pytest.approx(cost - salvage, rel=1e-9, abs=1e-9 * cost)
        assert (schedule >= 0).all()


def test_a_change_of_life_is_prospective() -> None:
    # Four years, then six: half the cost is left after two, and lasts four more.
    found = cap.change_of_life(1_200, 0, life=4, new_life=6, change=2, periods=7)
    assert found.tolist() == [300, 300, 150, 150, 150, 150, 0]
    # Six years shortened to five and a half in the midst of a year.
    found = cap.change_of_life(6_600, 0, life=6, new_life=5.5, change=1.5, periods=6)
    after = (6_600 - 1_650) / 4
    assert found.tolist() == pytest.approx([1_100, 550 + after / 2, after, after, after, after / 2])


def macrs_by_rule(years: int, first: Fraction) -> list[Fraction]:
    """Percent of the cost in each year by 26 U.S.C. 168(b) and (d), without any rounding."""
    rate = (Fraction(2) if years <= 10 else Fraction(3, 2)) / years
    left, amounts = Fraction(100), []
    for k in range(years + 1):
        age = first + k - 1 if k else Fraction(0)
        part = first if k == 0 else min(Fraction(1), years - age)
        amounts.append(max(rate, 1 / (years - age)) * part * left)
        left -= amounts[-1]
    assert left == 0
    return amounts


#: Convention, quarter, and the share of the first year that counts.
KINDS = [
    ("half-year", None, Fraction(1, 2)),
    *(("mid-quarter", quarter, Fraction(9 - 2 * quarter, 8)) for quarter in (1, 2, 3, 4)),
]

#: Printed percentages that are off by more than one in the last digit, by quarter, class, year.
OFF = {(2, 7, 8): 3.34, (1, 20, 2): 7.000, (1, 20, 21): 0.565}


class TestMacrs:
    @pytest.mark.parametrize("years", [3, 5, 7, 10, 15, 20])
    @pytest.mark.parametrize(("convention", "quarter", "first"), KINDS)
    def test_every_table_follows_the_rule_to_the_last_digit_printed(
        self, convention: str, quarter: int | None, first: Fraction, years: int
    ) -> None:
        table = cap.macrs(100, years, convention, quarter)
        rule = np.array([float(amount) for amount in macrs_by_rule(years, first)])
        assert table.shape == rule.shape
        digits = 2 if years < 20 else 3
        np.testing.assert_allclose(table, table.round(digits), rtol=0, atol=1e-12)
        off = {
            year: printed
            for (of_quarter, of_years, year), printed in OFF.items()
            if (convention, quarter, years) == ("mid-quarter", of_quarter, of_years)
        }
        misses = np.flatnonzero(np.abs(table - rule) > 10.0**-digits) + 1
        assert misses.tolist() == list(off)
        assert table[misses - 1].tolist() == pytest.approx(list(off.values()), abs=1e-12)
        np.testing.assert_allclose(table, rule, rtol=0, atol=0.014)

    @pytest.mark.parametrize("years", [3, 5, 7, 10, 15, 20])
    @pytest.mark.parametrize(("convention", "quarter"), [key[:2] for key in KINDS])
    def test_every_table_sums_to_the_cost(
        self, convention: str, quarter: int | None, years: int
    ) -> None:
        shares = cap.macrs(100, years, convention, quarter)
        assert sum(Decimal(f"{share:.3f}") for share in shares) == 100
        assert cap.macrs(7e9, years, convention, quarter).sum() == pytest.approx(7e9, rel=1e-12)

    @pytest.mark.parametrize(
        ("convention", "quarter", "year", "printed"),
        [
            # IRS Publication 946 (2025), appendix A, tables, read across the classes.
            ("half-year", None, 1, [33.33, 20.00, 14.29, 10.00, 5.00, 3.750]),
            ("half-year", None, 4, [7.41, 11.52, 12.49, 11.52, 7.70, 6.177]),
            ("half-year", None, 8, [4.46, 6.55, 5.90, 4.522]),
            ("half-year", None, 16, [2.95, 4.461]),
            ("mid-quarter", 1, 1, [58.33, 35.00, 25.00, 17.50, 8.75, 6.563]),
            ("mid-quarter", 1, 2, [27.78, 26.00, 21.43, 16.50, 9.13, 7.000]),
            ("mid-quarter", 1, 8, [1.09, 6.55, 5.91, 4.459]),
            ("mid-quarter", 1, 11, [0.82, 5.90, 4.459]),
            ("mid-quarter", 1, 12, [5.91, 4.460]),
            ("mid-quarter", 1, 16, [0.74, 4.460]),
            ("mid-quarter", 1, 21, [0.565]),
            ("mid-quarter", 2, 1, [41.67, 25.00, 17.85, 12.50, 6.25, 4.688]),
            ("mid-quarter", 2, 4, [5.30, 11.37, 11.97, 11.20, 7.59, 6.116]),
            ("mid-quarter", 2, 8, [3.34, 6.55, 5.90, 4.478]),
            ("mid-quarter", 2, 14, [5.90, 4.463]),
            ("mid-quarter", 2, 15, [5.91, 4.462]),
            ("mid-quarter", 2, 16, [2.21, 4.463]),
            ("mid-quarter", 2, 21, [1.673]),
            ("mid-quarter", 3, 1, [25.00, 15.00, 10.71, 7.50, 3.75, 2.813]),
            ("mid-quarter", 3, 6, [7.06, 8.85, 7.58, 6.31, 5.336]),
            ("mid-quarter", 3, 8, [5.53, 6.55, 5.90, 4.566]),
            ("mid-quarter", 3, 11, [4.10, 5.91, 4.460]),
            ("mid-quarter", 3, 16, [3.69, 4.460]),
            ("mid-quarter", 3, 21, [2.788]),
            ("mid-quarter", 4, 1, [8.33, 5.00, 3.57, 2.50, 1.25, 0.938]),
            ("mid-quarter", 4, 4, [10.19, 13.68, 14.06, 12.48, 8.00, 6.357]),
            ("mid-quarter", 4, 9, [6.56, 5.90, 4.458]),
            ("mid-quarter", 4, 16, [5.17, 4.458]),
            ("mid-quarter", 4, 18, [4.459]),
            ("mid-quarter", 4, 21, [3.901]),
        ],
    )
    def test_rows_as_printed(
        self, convention: str, quarter: int | None, year: int, printed: list[float]
    ) -> None:
        tables = [cap.macrs(100, years, convention, quarter) for years in (3, 5, 7, 10, 15, 20)]
        found = [table[year - 1] for table in tables if table.size >= year]
        assert found == pytest.approx(printed, abs=1e-12)

    @pytest.mark.parametrize(
        ("convention", "quarter", "printed"),
        [
            # Same tables, read down: last digits of years 5-7, 7-10, 7-15 and 9-20.
            ("half-year", None, ["323", "5565", "001010101", "212121212121"]),
            ("mid-quarter", 1, ["545", "5565", "010101010", "999090909090"]),
            ("mid-quarter", 2, ["777", "5565", "101010101", "333333232323"]),
            ("mid-quarter", 3, ["056", "5565", "001010101", "000010101010"]),
            ("mid-quarter", 4, ["433", "5565", "000101010", "888888888989"]),
        ],
    )
    def test_where_the_odd_hundredth_goes(
        self, convention: str, quarter: int | None, printed: list[str]
    ) -> None:
        spans = {7: (5, 7, 2), 10: (7, 10, 2), 15: (7, 15, 2), 20: (9, 20, 3)}
        for digits, (years, (start, end, decimals)) in zip(printed, spans.items(), strict=True):
            part = cap.macrs(100, years, convention, quarter)[start - 1 : end]
            assert "".join(f"{share:.{decimals}f}"[-1] for share in part) == digits, years

    def test_five_years(self) -> None:
        assert cap.macrs(100, 5).tolist() == [20.0, 32.0, 19.2, 11.52, 11.52, 5.76]
        found = cap.macrs(xr.DataArray([100.0, 200.0], dims="site"), 5, "mid-quarter", 4)
        assert found.dims == ("site", "period")
        assert found[0].values.tolist() == [5.0, 38.0, 22.8, 13.68, 10.94, 9.58]

    def test_labels_and_errors(self) -> None:
        found = cap.macrs(pd.Series([100.0], index=["a"]), 5)
        assert found.loc["a"].tolist() == [20.0, 32.0, 19.2, 11.52, 11.52, 5.76]
        with pytest.raises(TypeError, match="cost must be a number"):
            cap.macrs("a", 5)

    def test_classes_that_do_not_exist(self) -> None:
        with pytest.raises(ValueError, match=r"recovery_years 6.*classes 3, 5, 7, 10, 15, 20"):
            cap.macrs(100, 6)
        with pytest.raises(ValueError, match=r"convention must be .*'mid-month'"):
            cap.macrs(100, 5, "mid-month")
        with pytest.raises(ValueError, match="quarter 5"):
            cap.macrs(100, 5, "mid-quarter", 5)
        with pytest.raises(ValueError, match="quarter 3 is given with 'half-year'"):
            cap.macrs(100, 5, quarter=3)
        with pytest.raises(TypeError, match="recovery_years must be a whole number"):
            cap.macrs(100, [3, 5])


class TestVintages:
    @given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.lists(shares, max_size=40))
    def test_are_a_convolution(self, capex: list[float], schedule: list[float]) -> None:
        found = cap.vintages(capex, schedule)
        expected = np.convolve(capex, schedule or [0.0])[: len(capex)]
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)
        book = cap.book_value(capex, schedule)
        np.testing.assert_allclose(book, np.cumsum(np.array(capex) - expected), atol=1e-5)

    def test_straight_lines_are_the_cumulative_sum_trick(self) -> None:
        capex = np.random.default_rng(0).uniform(0, 1e6, (50, 40))
        found = cap.vintages(capex, cap.straight_line(1, 0, life=16, periods=40))
        total = np.pad(np.cumsum(capex, axis=1), [(0, 0), (16, 0)])
        np.testing.assert_allclose(found, (total[:, 16:] - total[:, :40]) / 16, rtol=1e-12)

    def test_labels(self) -> None:
        frame = pd.DataFrame([[100.0, 0, 50]], index=["a"], columns=["q1", "q2", "q3"])
        found = cap.vintages(frame, [0.5, 0.5])
        expected = pd.DataFrame([[50.0, 50.0, 25.0]], index=frame.index, columns=frame.columns)
        pd.testing.assert_frame_equal(found, expected)
        series = cap.book_value(frame.loc["a"], [0.5, 0.5])
        assert series.to_dict() == {"q1": 50.0, "q2": 0.0, "q3": 25.0}
        array = xr.DataArray(frame.values, dims=["draw", "period"]).transpose()
        schedule = xr.DataArray([[0.5, 0.5], [1.0, 0.0]], dims=["kind", "period"])
        found = cap.vintages(array, schedule)
        assert set(found.dims) == {"draw", "kind", "period"}
        assert found.sel(draw=0, kind=0).values.tolist() == [50, 50, 25]
        lazy = cap.vintages(array.chunk(draw=1), schedule)
        assert lazy.chunks is not None
        np.testing.assert_array_equal(lazy, found)


def test_units_of_production_end_at_the_total() -> None:
    found = cap.units_of_production([30, 50, 40, 5], 1_000, 100, 100)
    assert found.tolist() == pytest.approx([270, 450, 180, 0])
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert np.isnan(cap.units_of_production([1, -1], 10, 0, 5)[1])


def test_what_is_out_of_range() -> None:
    for call in (
        lambda: cap.sln(1, 0, 0),
        lambda: cap.syd(1, 0, 5, 6),
        lambda: cap.db(100, 200, 5, 1),
        lambda: cap.ddb(100, 200, 5, 1),
        lambda: cap.vdb(100, 10, 5, 3, 2),
        lambda: cap.vdb(100, 10, 5, 0, 6),
        lambda: cap.straight_line(1, 0, -1, 1)[0],
        lambda: cap.change_of_life(1, 0, 4, 2, 3, 1)[0],
    ):
        with pytest.warns(RuntimeWarning, match="invalid value"):
            assert np.isnan(call())
    with pytest.raises(ValueError, match="periods must be at least 1, got 0"):
        cap.straight_line(1, 0, 1, 0)


@given(
    life=st.integers(1, 12),
    factor=st.floats(0.5, 3),
    cuts=st.lists(st.floats(0, 1), min_size=1, max_size=5),
)
def test_parts_of_a_span_add_up(life: int, factor: float, cuts: list[float]) -> None:
    ends = [0.0, *sorted(life * cut for cut in cuts), float(life)]
    parts = [cap.vdb(2_400, 300, life, a, b, factor) for a, b in itertools.pairwise(ends)]
    assert sum(parts) == pytest.approx(float(cap.vdb(2_400, 300, life, 0, life, factor)))
    # Half of the first year is half of its depreciation.
    assert cap.vdb(2_400, 300, 10, 0.5, 1, 1.0) == pytest.approx(120)


def test_no_switch_is_one_for_all() -> None:
    with pytest.raises(TypeError, match="no_switch must be True or False"):
        cap.vdb(1_000, 10, 5, 0, [5, 5], 1.0, [True, False])
