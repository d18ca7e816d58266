"""What each task of a campus decides: by running the campus as the answer says."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from models.test_campus import CAMPUS, LINKS, NUMBERS, drawn

import overbuild as ob

FIRST = [task for task in NUMBERS if task not in LINKS]
NEED = [190.0, 200.0, 260.0]
GIVEN = CAMPUS | drawn(draws=400)
FOUND = ob.models.campus_drivers(need=NEED, confidence=0.8, **GIVEN)


def in_time(begin: xr.DataArray, tasks: list[str]) -> np.ndarray:
    """Share of draws in which each building serves in time with tasks begun when told."""
    # Weeks may lie before the first day: let all of it be as much later.
    later = 1000.0
    ordered = {task: later + begin.sel(task=task, drop=True) for task in tasks}
    found = ob.models.campus(**GIVEN | {"ordered": ordered, "start": 0.0})
    return (found.service <= later + np.array(NEED) + 1e-9).mean("draw").values


def test_each_task_begun_in_time() -> None:
    for task in FIRST:
        np.testing.assert_allclose(in_time(FOUND.begin_by, [task]), 0.8)
        assert (in_time(FOUND.begin_by + 3, [task]) < 0.8).all()
    # What waits can begin so late, too, whatever it waits for.
    assert in_time(FOUND.begin_by, ["installation"]) == pytest.approx(0.8)


def test_all_tasks_begun_in_time_together() -> None:
    np.testing.assert_allclose(in_time(FOUND.begin_by, FIRST), FOUND.in_time)
    assert (FOUND.in_time < 0.8).all()
    together = in_time(FOUND.begin_together_by, FIRST)
    assert (together >= 0.8).all()
    assert (together < 0.82).all()
    assert (in_time(FOUND.begin_together_by + 3, FIRST) < 0.8).all()
    waits = FOUND.begin_together_by.sel(task=list(LINKS))
    assert waits.isnull().all()
    assert (FOUND.begin_together_by <= FOUND.begin_by).sel(task=FIRST).all()


def test_criticality_is_a_share_of_draws() -> None:
    times = ob.models.campus(**GIVEN)
    xr.testing.assert_allclose(
        FOUND.criticality.drop_attrs(),
        times.critical.mean("draw").transpose("task", "building").drop_attrs(),
    )
    assert (FOUND.criticality.sel(task="commissioning") == 1).all()
    # Something that waits for nothing always decides.
    assert (FOUND.criticality.sel(task=FIRST).sum("task") >= 1 - 1e-12).all()


def test_the_worth_of_a_month() -> None:
    month = 365.25 / 84
    base = ob.models.campus(**GIVEN)
    less = GIVEN | {"utility_power": np.maximum(GIVEN["utility_power"] - month, 0)}
    other = ob.models.campus(**less)
    power = FOUND.sel(task="utility_power")
    sooner = (base.service - other.service).mean("draw")
    np.testing.assert_allclose(power.weeks_sooner, sooner)
    assert power.revenue_gained == pytest.approx(
        float((other.revenue - base.revenue).sum("period").mean())
    )
    assert power.idle_cost_saved == pytest.approx(
        float((base.idle_cost - other.idle_cost).sum("period").mean())
    )
    np.testing.assert_allclose(FOUND.value, FOUND.revenue_gained + FOUND.idle_cost_saved)
    # No task saves more than its month, nor less than nothing; commissioning saves all of it.
    assert (FOUND.weeks_sooner >= -1e-12).all()
    assert (FOUND.weeks_sooner <= month + 1e-12).all()
    # Racks are all but never late here: a month sooner, they only stand for longer.
    racks = FOUND.sel(task="racks")
    assert racks.value < 0
    assert racks.idle_cost_saved == pytest.approx(-3 * 2e9 * 0.01, rel=0.2)


def test_dates() -> None:
    dates = np.array(["2030-01-01", "2030-07-01", "2031-07-01"], dtype="datetime64[D]")
    found = ob.models.campus_drivers(need=dates, confidence=0.8, **GIVEN)
    weeks = np.array(NEED) - FOUND.begin_by.values  # of lead, for each task and building
    expected = dates - np.ceil(7 * weeks - 1e-6).astype("timedelta64[D]")
    np.testing.assert_array_equal(found.begin_by.values, expected)
    assert np.isnat(found.begin_together_by.sel(task="energising").values).all()


def test_without_draws_and_with_a_missing_one() -> None:
    one = ob.models.campus_drivers(need=NEED, **CAMPUS)
    left = ob.models.campus(**CAMPUS).to_service
    np.testing.assert_allclose(one.begin_by, np.array(NEED) - left)
    assert (one.in_time == 1).all()
    lead_times = drawn(draws=20)
    lead_times["shell"][4, 1] = np.nan
    holes = ob.models.campus_drivers(need=NEED, **CAMPUS | lead_times)
    for name in ("criticality", "begin_by", "weeks_sooner"):
        assert holes[name].isel(building=1).isnull().all()
        assert holes[name].isel(building=[0, 2]).notnull().all()
    assert holes.in_time.isnull().values.tolist() == [False, True, False]
    assert holes.begin_together_by.sel(task=FIRST).isnull().any("task").values.tolist() == [
        False,
        True,
        False,
    ]
    assert holes.value.isnull().all()


def test_errors_name_the_argument() -> None:
    for name, value, message in [
        ("confidence", 1.0, "confidence must be between 0 and 1, got 1.0"),
        ("confidence", 0.0, "confidence must be between 0 and 1"),
        ("months", 0.0, "months must be above 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            ob.models.campus_drivers(**{"need": NEED, name: value}, **CAMPUS)
    with pytest.raises(ValueError, match="there is no argument or task 'shel'"):
        ob.models.campus_drivers(need=NEED, shel=3.0, **CAMPUS)
