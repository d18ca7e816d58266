"""Present values and paybacks: against numpy-financial, pyxirr and mpmath."""

from __future__ import annotations

import datetime

import numpy as np
import numpy_financial as npf
import pandas as pd
import pytest
import pyxirr
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import overbuild as ob

cap = ob.capex
DAYS = ["2008-01-01", "2008-03-01", "2008-10-30", "2009-02-15", "2009-04-01"]
FLOWS = [-10_000, 2_750, 4_250, 3_250, 2_750]
streams = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)
COUNTS = {
    "act/365f": pyxirr.DayCount.ACT_365F,
    "act/360": pyxirr.DayCount.ACT_360,
    "act/act": pyxirr.DayCount.ACT_ACT_ISDA,
    "30e/360": pyxirr.DayCount.THIRTY_E_360,
}


@given(rate=st.floats(-0.5, 3), flows=streams)
def test_npv_is_numpy_financials(rate: float, flows: list[float]) -> None:
    size = sum(abs(c) * (1 + rate) ** -t for t, c in enumerate(flows))
    assert cap.npv(rate, flows) == pytest.approx(npf.npv(rate, flows), abs=1e-13 * size)


def test_printed_examples() -> None:
    found = cap.npv(0.08, [-40_000, 5_000, 8_000, 12_000, 30_000])
    assert found == pytest.approx(3065.22267, abs=5e-6)
    found = cap.mirr([-100, 50, -60, 70], 0.10, 0.12)
    assert found == pytest.approx(-0.03909366594356467, abs=1e-15)
    assert cap.xnpv(0.09, DAYS, FLOWS) == pytest.approx(2086.65, abs=5e-3)


@given(flows=streams, finance=st.floats(-0.3, 1), reinvest=st.floats(-0.3, 1))
def test_mirr_is_numpy_financials(flows: list[float], finance: float, reinvest: float) -> None:
    with np.errstate(all="ignore"):
        expected = npf.mirr(flows, finance, reinvest) if len(flows) > 1 else np.nan
        found = cap.mirr(flows, finance, reinvest)
    assert found == pytest.approx(expected, rel=1e-10, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("day_count", COUNTS)
@given(data=st.data())
def test_xnpv_is_pyxirrs(day_count: str, data: st.DataObject) -> None:
    day = st.dates(datetime.date(1990, 1, 1), datetime.date(2040, 12, 31))
    dates = data.draw(st.lists(day, min_size=1, max_size=12))
    flows = data.draw(st.lists(st.floats(-1e4, 1e4), min_size=len(dates), max_size=len(dates)))
    rate = data.draw(st.floats(-0.2, 1))
    expected = pyxirr.xnpv(rate, dates, flows, day_count=COUNTS[day_count])
    found = cap.xnpv(rate, dates, flows, day_count=day_count)
    size = sum(map(abs, flows)) * max(1.0, (1 + rate) ** -51)
    assert found == pytest.approx(expected, abs=1e-11 * size + 1e-300)


def test_dates_for_all_rows_or_one_set_a_row() -> None:
    amounts = np.array([FLOWS, FLOWS[::-1]], dtype=float)
    shared = cap.xnpv(0.1, DAYS, amounts)
    each = cap.xnpv([0.1, 0.1], [DAYS, DAYS[::-1]], [FLOWS, FLOWS])
    np.testing.assert_allclose(each[0], shared[0], rtol=1e-15)
    np.testing.assert_allclose(each[1], shared[1], rtol=1e-15)
    named = xr.DataArray(amounts, dims=["site", "period"])
    np.testing.assert_array_equal(cap.xnpv(0.1, DAYS, named), shared)
    assert np.isnan(cap.xnpv(0.1, [*DAYS[:-1], None], FLOWS))
    tokyo = pd.DatetimeIndex(DAYS, tz="Asia/Tokyo")
    assert cap.xnpv(0.1, tokyo, FLOWS) == cap.xnpv(0.1, DAYS, FLOWS)
    assert cap.xnpv(0.1, [], []) == 0
    for dates in (DAYS, DAYS[::-1]):
        with pytest.raises(ValueError, match="dates has 5, amounts has 2"):
            cap.xnpv(0.1, dates, [1, 2])
    with pytest.raises(TypeError, match="dates must be dates, got numbers"):
        cap.xnpv(0.1, [1, 2, 3, 4, 5], FLOWS)
    with pytest.raises(ValueError, match="day_count must be"):
        cap.xnpv(0.1, DAYS, FLOWS, day_count="act/366")


def test_rows_are_a_dimension() -> None:
    flows = xr.DataArray([[-10.0, 6.0, 6.0]] * 2, dims=["draw", "period"])
    rate = xr.DataArray([0.0, 0.1], dims="draw")
    found = cap.npv(rate, flows)
    assert found.dims == ("draw",)
    np.testing.assert_allclose(found, [2.0, -10 + 6 / 1.1 + 6 / 1.21])
    frame = pd.DataFrame(flows.values, index=["a", "b"])
    assert isinstance(cap.npv(0.1, frame), pd.Series)
    with pytest.raises(ValueError, match="rate is one number for all of 'period'"):
        cap.npv(flows, flows)
    grid = cap.npv(np.array([[0.0], [0.1]]), np.array(flows.values))
    assert grid.shape == (2, 2)


class TestPayback:
    def test_known_answers(self) -> None:
        rows = [[-100, 40, 40, 40], [-100, 0, 0, 99], [0, -100, 200, -300], [1, 2, 3, 4]]
        assert cap.payback(rows).tolist() == [2.5, np.inf, 1.5, 0.0]
        found = cap.discounted_payback(0.1, [-100, 40, 40, 60])
        owed = 100 - 40 / 1.1 - 40 / 1.21
        assert found == pytest.approx(2 + owed / (60 / 1.331))

    @given(cost=st.floats(1, 1e6), inflow=st.floats(1, 1e6), rate=st.floats(0, 0.5))
    def test_discounted_is_later(self, cost: float, inflow: float, rate: float) -> None:
        flows = [-cost] + [inflow] * 10
        assert cap.discounted_payback(rate, flows) >= cap.payback(flows) - 1e-12
        assert cap.payback(flows) == pytest.approx(cost / inflow if cost <= 10 * inflow else np.inf)

    @given(rate=st.floats(-0.5, 2), flows=streams)
    def test_the_index_is_above_one_where_value_is_added(
        self, rate: float, flows: list[float]
    ) -> None:
        stream = [-1e3, *flows]
        added = (cap.profitability_index(rate, stream) - 1) * 1e3
        size = 1e3 + sum(abs(c) * (1 + rate) ** -(t + 1) for t, c in enumerate(flows))
        assert added == pytest.approx(float(cap.npv(rate, stream)), abs=1e-12 * size)


def test_what_is_out_of_range() -> None:
    for call in (
        lambda: cap.npv(-1.0, FLOWS),
        lambda: cap.xnpv(-1.5, DAYS, FLOWS),
        lambda: cap.mirr([1, 2], 0.1, 0.1),
        lambda: cap.profitability_index(0.1, [100, 1]),
    ):
        with pytest.warns(RuntimeWarning, match="invalid value"):
            assert np.isnan(call())
    with pytest.raises(cap.NoRealSolutionError, match="one sign only"):
        cap.mirr([1, 2], 0.1, 0.1, raise_exceptions=True)
