"""Internal rates of return: right where others are not, and honest where there is none."""

from __future__ import annotations

import datetime

import mpmath
import numpy as np
import numpy_financial as npf
import pandas as pd
import pytest
import pyxirr
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st

import overbuild as ob

cap = ob.capex
inflows = st.lists(st.floats(0.01, 1e4), min_size=1, max_size=60)


@given(outlay=st.floats(0.1, 1e6), flows=inflows)
def test_no_present_value_at_the_rate(outlay: float, flows: list[float]) -> None:
    stream = [-outlay, *flows]
    rate = float(cap.irr(stream))
    assert rate > -1
    with mpmath.workdps(60):
        terms = [mpmath.mpf(c) / (1 + mpmath.mpf(rate)) ** t for t, c in enumerate(stream)]
        gross = mpmath.fsum(map(abs, terms))
        # Near -1 the next rate that a number can hold is far off.
        rounding = len(stream) * 2.3e-16 / (1 + rate)
        assert abs(mpmath.fsum(terms)) <= (mpmath.mpf(1e-9) + rounding) * gross


@given(flows=st.lists(st.floats(-100, 100).filter(lambda c: abs(c) > 0.1), min_size=2, max_size=9))
def test_all_roots_of_the_polynomial_are_counted(flows: list[float]) -> None:
    with mpmath.workdps(50):
        roots = mpmath.polyroots(flows, asc=True, maxsteps=500, extraprec=400, error=False)
    real = [complex(x) for x in roots if abs(x.imag) < 1e-20 and x.real > 0]
    close = [x for x in roots if 1e-20 <= abs(x.imag) < 1e-5]
    gaps = [abs(a - b) for k, a in enumerate(real) for b in real[:k]]
    assume(not close and min(gaps, default=1) > 1e-5)  # a double root is one or none by rounding
    # The closest to zero in continuous terms; of two as close the gain.
    rates = sorted((1 / x.real - 1 for x in real), key=lambda r: (round(abs(np.log1p(r)), 8), -r))
    report = cap.irr_report(flows)
    assert report.roots[0] == len(rates)
    if rates:
        assert report.rate[0] == pytest.approx(rates[0], rel=1e-9, abs=1e-10)
    else:
        assert np.isnan(report.rate[0])


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e6, 1e12])
@pytest.mark.parametrize(
    "stream",
    [
        [-100, 39, 59, 55, 20],
        [-100, 230, -132 + 1e-3],
        [0, 0, 0, -5, 1, 1, 1, 1, 2],
        [-1000] + [10.0] * 240,
        [-1, 1e-9],
        [-1e-9, 1],
    ],
)
def test_scaling_money_leaves_rates_alone(stream: list[float], scale: float) -> None:
    found = cap.irr([c * scale for c in stream])
    assert found == pytest.approx(float(cap.irr(stream)), rel=1e-11, abs=1e-14)


def test_printed_examples() -> None:
    assert cap.irr([-100, 39, 59, 55, 20]) == pytest.approx(0.28095, abs=5e-6)
    found = cap.irr([-75_000, 12_000, 15_000, 18_000, 21_000, 24_000])
    assert found == pytest.approx(0.05715142887178467, abs=1e-12)
    days = ["2008-01-01", "2008-03-01", "2008-10-30", "2009-02-15", "2009-04-01"]
    found = cap.xirr(days, [-10_000, 2_750, 4_250, 3_250, 2_750])
    assert found == pytest.approx(0.373362535, abs=5e-9)
    # numpy-financial's documentation
    for stream, printed in {
        (-100, 0, 0, 74): -0.0955,
        (-100, 100, 0, -7): -0.0833,
        (-100, 100, 0, 7): 0.06206,
        (-5, 10.5, 1, -8, 1): 0.0886,
    }.items():
        assert cap.irr(stream) == pytest.approx(printed, abs=5e-5)
        assert cap.irr(stream) == pytest.approx(float(npf.irr(stream)), rel=1e-8)


def test_hard_streams() -> None:
    assert cap.irr([-1e6, 1]) == pytest.approx(-1 + 1e-6, abs=1e-15)
    assert cap.irr([-100, 100 * (1 + 1e-11)]) == pytest.approx(1e-11, rel=1e-4)
    long = np.r_[-1e5, np.full(1_200, 1e3)]
    assert cap.irr(long) == pytest.approx(float(cap.rate(1_200, 1e3, -1e5, 0)), rel=1e-12)
    assert cap.irr([0, 0, -100, 0, 0, 121]) == pytest.approx(1.21 ** (1 / 3) - 1, rel=1e-14)
    assert cap.irr([100, -50, -60]) == pytest.approx(float(cap.irr([-100, 50, 60])), rel=1e-14)


def test_the_report() -> None:
    rows = [
        [-100, 60, 60],
        [100, -230, 132],
        [1, -1, 1],
        [1, 2, 3],
        [0, 0, 0],
        [np.nan, 1, -1],
        [np.inf, 1, -1],
    ]
    report = cap.irr_report(pd.DataFrame(rows, index=list("abcdefg")))
    assert report.status.to_dict() == {
        "a": "ok",
        "b": "several roots",
        "c": "no root",
        "d": "no sign change",
        "e": "no sign change",
        "f": "missing",
        "g": "not converged",
    }
    assert report.rate["b"] == pytest.approx(0.1)
    assert report.roots.tolist()[:5] == [1, 2, 0, 0, 0]
    assert report.rate.isna().tolist() == [False, False, True, True, True, True, True]
    named = cap.irr_report(xr.DataArray(rows, dims=["site", "period"]))
    assert named.status.values.tolist() == report.status.tolist()
    assert named.rate.dims == ("site",)


def test_a_small_cost_at_the_end_does_not_make_a_good_project_a_loss() -> None:
    assert cap.irr([-100, 120, 120, 120, 120, 120, -1]) == pytest.approx(1.1752, abs=5e-5)
    # numpy-financial, issue 44
    flows = [-1678.87, 771.96, 1814.05, 3520.30, 3552.95, 3584.99, 4789.91, -1]
    assert cap.irr(flows) == pytest.approx(1.00427, abs=5e-6)
    assert cap.irr_report(flows).roots[0] == 2


def test_missing_flows_stay_missing_where_errors_are_asked_for() -> None:
    found = cap.irr([[-1, np.nan], [-1, 2]], raise_exceptions=True)
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(1.0)
    with pytest.raises(cap.NoRealSolutionError, match=r"at no rate above -1 .* in 1 of 1 cases"):
        cap.irr([1, 2], raise_exceptions=True)
    masked = np.ma.array([-100, 50, 110], mask=[False, True, False])
    assert np.isnan(cap.irr(masked))


def test_no_rate_is_nan_and_warns_or_raises() -> None:
    with pytest.warns(RuntimeWarning, match="invalid value encountered in irr"):
        assert np.isnan(cap.irr([1, 2, 3]))
    with pytest.raises(cap.NoRealSolutionError, match="in 1 of 2 cases"):
        cap.irr([[1, 2], [-1, 2]], raise_exceptions=True)
    with pytest.warns(RuntimeWarning, match="invalid value encountered in irr"):
        assert np.isnan(cap.irr([]))


@given(data=st.data())
def test_xirr_is_pyxirrs(data: st.DataObject) -> None:
    start = datetime.date(2020, 1, 1)
    gaps = data.draw(st.lists(st.integers(1, 900), min_size=1, max_size=20))
    flows = data.draw(st.lists(st.floats(1, 100), min_size=len(gaps), max_size=len(gaps)))
    assume(max(gaps) > 30)
    outlay = sum(flows) * data.draw(st.floats(0.5, 2))
    dates = [start, *(start + datetime.timedelta(days=gap) for gap in gaps)]
    expected = pyxirr.xirr(dates, [-outlay, *flows])
    found = float(cap.xirr(dates, [-outlay, *flows]))
    with np.errstate(all="ignore"):
        left = cap.xnpv(found, dates, [-outlay, *flows])
        gross = cap.xnpv(found, dates, [outlay, *flows])
    assert abs(left) <= 1e-9 * gross
    if expected is not None and abs(expected) < 10:
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_keywords_of_numpy_financial_are_taken() -> None:
    stream = [-100, 39, 59, 55, 20]
    assert cap.irr(stream, guess=0.2, tol=1e-6, maxiter=3) == cap.irr(stream)


def test_dates_that_differ_by_row_in_any_order() -> None:
    rng = np.random.default_rng(0)
    days = np.datetime64("2024-01-01") + rng.integers(0, 1_000, (3, 6))
    flows = rng.uniform(3, 5, (2, 3, 6))
    for row, first in enumerate(np.argmin(days, axis=-1)):
        flows[:, row, first] = -12
    expected = [
        [pyxirr.xirr(when.tolist(), what) for when, what in zip(days, draw, strict=True)]
        for draw in flows
    ]
    np.testing.assert_allclose(cap.xirr(days, flows), expected, rtol=1e-7)
    named_days = xr.DataArray(days, dims=["row", "period"], coords={"row": list("abc")})
    named = xr.DataArray(flows, dims=["draw", "row", "period"], coords={"row": list("abc")})
    found = cap.xirr(named_days, named)
    assert found.row.values.tolist() == list("abc")
    np.testing.assert_array_equal(found.transpose("draw", "row"), cap.xirr(days, flows))
    lazy = cap.xirr(named_days.T, named.chunk(draw=1).transpose("period", "draw", "row"))
    assert lazy.chunks is not None
    np.testing.assert_array_equal(lazy.transpose("draw", "row"), cap.xirr(days, flows))
    # Amounts without names, and amounts that do not fit.
    one = cap.xirr(named_days, flows[0, 0])
    np.testing.assert_array_equal(one, cap.xirr(days, flows[0, 0]))
    with pytest.raises(ValueError, match="dates has 6, amounts has 3"):
        cap.xirr(named_days, flows[0, 0, :3])
    with pytest.raises(ValueError, match="cannot align"):
        cap.xirr(named_days.assign_coords(row=list("abd")), named)
    with pytest.raises(ValueError, match="must be a DataArray where amounts are one"):
        cap.xirr(days, named)


def test_dates_and_amounts_are_matched_by_label_or_refused() -> None:
    table = pd.DataFrame({"date": pd.to_datetime(["2021-01-01", "2020-01-01"]), "usd": [110, -100]})
    assert cap.xirr(table["date"], table["usd"]) == pytest.approx(0.0997, abs=5e-5)
    with pytest.raises(ValueError, match="dates and amounts have different labels"):
        cap.xirr(table["date"].sort_values(), table["usd"])
    for numbers in ([43_831, 44_197], pd.Series([43_831, 44_197], dtype=object)):
        with pytest.raises(TypeError, match="dates must be dates, got numbers"):
            cap.xirr(numbers, [-100, 110])
    assert cap.xirr(table["date"], table["usd"], day_count="ACT/365F") == pytest.approx(
        float(cap.xirr(table["date"], table["usd"]))
    )


def test_dates_in_any_order_and_many_rows() -> None:
    dates = pd.to_datetime(["2021-06-01", "2020-01-01", "2022-01-01"])
    found = cap.xirr(dates, [[60.0, -100.0, 70.0], [30.0, -100.0, 100.0]])
    expected = [pyxirr.xirr(list(dates.date), row) for row in ([60, -100, 70], [30, -100, 100])]
    np.testing.assert_allclose(found, expected, rtol=1e-7)
    assert np.isnan(cap.xirr([*dates[:2], pd.NaT], [60.0, -100.0, 70.0]))
