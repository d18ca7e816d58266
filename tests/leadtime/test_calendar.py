"""Dates from weeks and back, against NumPy's business days and counting one by one."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import overbuild as ob

lead = ob.leadtime
HOLIDAYS = ["2024-12-25", "2025-01-01", "2025-01-20", "2025-12-25"]
dates = st.dates(datetime.date(2024, 11, 1), datetime.date(2026, 1, 31))


def counted(start: datetime.date, days: int) -> np.datetime64:
    """Walk forward one day at a time, past weekends and holidays."""
    closed = {datetime.date.fromisoformat(day) for day in HOLIDAYS}
    day, left = start, days
    while True:
        if day.weekday() < 5 and day not in closed:
            if left == 0:
                return np.datetime64(day)
            left -= 1
        day += datetime.timedelta(1)


@given(dates, st.integers(-400, 400))
def test_calendar_weeks_and_back(start: datetime.date, days: int) -> None:
    end = lead.weeks_after(start, days / 7)
    assert end == np.datetime64(start) + days
    assert lead.weeks_between(start, end) == days / 7


@given(dates, st.floats(-60, 60))
def test_part_of_a_day_is_over_the_day_after(start: datetime.date, weeks: float) -> None:
    passed = float(lead.weeks_between(start, lead.weeks_after(start, weeks)))
    assert -1e-6 < passed - weeks < 1 / 7 + 1e-9


@given(dates, st.integers(0, 80))
def test_working_days_are_counted_one_by_one(start: datetime.date, days: int) -> None:
    found = lead.weeks_after(start, days / 5, holidays=HOLIDAYS)
    assert found == counted(start, days)
    assert lead.weeks_between(start, found, holidays=HOLIDAYS) == days / 5
    assert lead.weeks_between(found, start, holidays=HOLIDAYS) == -days / 5


@given(dates, st.integers(-80, -1))
def test_back_in_working_days(start: datetime.date, days: int) -> None:
    found = lead.weeks_after(start, days / 5, holidays=HOLIDAYS)
    assert counted(found.astype(object), -days) == counted(start, 0)
    assert lead.weeks_between(start, found, holidays=HOLIDAYS) == days / 5


def test_other_working_weeks() -> None:
    # Six days a week: Christmas of 2024 is a Wednesday.
    six = {"holidays": HOLIDAYS, "weekmask": "Mon Tue Wed Thu Fri Sat"}
    assert str(lead.weeks_after("2024-12-23", 1, **six)) == "2024-12-31"
    assert float(lead.weeks_between("2024-12-23", "2024-12-31", **six)) == 1.0
    assert str(lead.weeks_after("2024-12-21", 0, holidays=[])) == "2024-12-23"
    assert str(lead.weeks_after("2024-12-21", 0)) == "2024-12-21"


@pytest.mark.parametrize("holidays", [None, HOLIDAYS])
def test_what_is_missing_stays_missing(holidays: list[str] | None) -> None:
    found = lead.weeks_after(["2025-01-06", "NaT", "2025-01-06"], [1, 1, np.nan], holidays=holidays)
    assert np.isnat(found).tolist() == [False, True, True]
    assert np.isnat(lead.weeks_after("2025-01-06", np.inf, holidays=holidays))
    back = lead.weeks_between("2025-01-06", found, holidays=holidays)
    np.testing.assert_array_equal(back, [1, np.nan, np.nan])


def test_containers_and_shapes() -> None:
    weeks = xr.DataArray([[1.0, 2.0], [3.0, np.nan]], dims=("draw", "task"))
    found = lead.weeks_after("2025-01-06", weeks)
    assert found.dims == ("draw", "task")
    assert found.dtype.kind == "M"
    assert str(found.values[1, 0])[:10] == "2025-01-27"
    xr.testing.assert_equal(lead.weeks_between("2025-01-06", found), weeks)
    lazy = lead.weeks_after("2025-01-06", weeks.chunk(draw=1), holidays=HOLIDAYS)
    assert lazy.chunks is not None
    xr.testing.assert_equal(
        lazy.compute(), lead.weeks_after("2025-01-06", weeks, holidays=HOLIDAYS)
    )
    start = pd.Series(pd.to_datetime(["2025-01-06 13:00", "2025-01-07 00:00"]), index=["a", "b"])
    series = lead.weeks_after(start, 1)
    assert series.to_dict() == {"a": pd.Timestamp("2025-01-13"), "b": pd.Timestamp("2025-01-14")}
    assert lead.weeks_between(start, series).tolist() == [1, 1]
    table = lead.weeks_after(np.array(["2025-01-06"], "M8[D]"), [[1], [2]])
    assert table.astype(str).tolist() == [["2025-01-13"], ["2025-01-20"]]


def test_errors() -> None:
    with pytest.raises(TypeError, match="dates must be dates, got numbers"):
        lead.weeks_after([1, 2], 3)
    with pytest.raises(ValueError, match="end must hold dates"):
        lead.weeks_between("2025-01-06", "never")
    with pytest.raises(ValueError, match="weekmask"):
        lead.weeks_after("2025-01-06", 1, weekmask="0000000")
    with pytest.raises(ValueError, match="start and end have different labels"):
        lead.weeks_between(
            xr.DataArray(np.array(["2025-01-06"], "M8[s]"), coords={"x": [1]}, dims="x"),
            xr.DataArray(np.array(["2025-01-06"], "M8[s]"), coords={"x": [2]}, dims="x"),
        )
    a, b = (pd.Series(pd.to_datetime(["2025-01-06"]), index=[k]) for k in "ab")
    with pytest.raises(ValueError, match="start and end have different labels"):
        lead.weeks_between(a, b)
