"""Depreciation by spreadsheet functions and by schedules."""

from __future__ import annotations

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


class TestMacrs:
    @pytest.mark.parametrize("years", [3, 5, 7, 10, 15, 20])
    def test_half_year_tables_follow_the_rule_to_the_last_digit_printed(self, years: int) -> None:
        factor = 2.0 if years <= 10 else 1.5
        self.check(cap.macrs(100, years), years, factor, 0.5)

    @pytest.mark.parametrize("years", [3, 5, 7])
    @pytest.mark.parametrize("quarter", [1, 2, 3, 4])
    def test_mid_quarter_tables_as_well(self, years: int, quarter: int) -> None:
        found = cap.macrs(100, years, "mid-quarter", quarter)
        self.check(found, years, 2.0, 1.125 - 0.25 * quarter)

    @staticmethod
    def check(table: np.ndarray, years: int, factor: float, first: float) -> None:
        assert table.size == years + 1
        assert table.sum() == pytest.approx(100, abs=1e-9)
        left, age, digit = 100.0, 0.0, 0.011 if years < 20 else 0.0011
        for k, printed in enumerate(table):
            part = first if k == 0 else min(1.0, years - age)
            amount = max(left * factor / years, left / (years - age)) * part
            amount = min(amount, left)
            assert printed == pytest.approx(amount, abs=2 * digit), k
            left, age = left - printed, age + part

    def test_printed_rows(self) -> None:
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
        with pytest.raises(ValueError, match=r"'mid-month'.*classes none"):
            cap.macrs(100, 5, "mid-month")
        with pytest.raises(ValueError, match="quarter 5"):
            cap.macrs(100, 5, "mid-quarter", 5)


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
