"""A campus in phases: against plain loops in continuous time, by laws, over draws."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import xarray as xr

import overbuild as ob

MONTH = 365.25 / 84  # weeks

NUMBERS = {
    "utility_power": 130.0,
    "shell": 90.0,
    "transformer": 120.0,
    "switchgear": 47.0,
    "generator": 34.0,
    "chiller": 35.0,
    "racks": 52.0,
    "installation": 13.0,
    "energising": 2.0,
    "commissioning": 6.0,
}
LINKS = {
    "installation": ["shell", "transformer", "switchgear", "generator", "chiller"],
    "energising": ["utility_power", "installation"],
    "commissioning": ["energising", "racks"],
}
CAMPUS = {
    "megawatts": [100.0, 150.0, 80.0],
    "kw_per_gpu": 1.4,
    "pue": 1.25,
    "start": [0.0, 26.0, 40.0],
    "costs": {"racks": 2e9, "transformer": 3e7, "shell": [4e8, 5e8, 3e8]},
    "cost_of_capital": 0.12,
    "price": 2.0,
    "periods": 72,
    **NUMBERS,
}


def drawn(draws: int = 50, buildings: int = 3) -> dict[str, xr.DataArray]:
    random = np.random.default_rng(5)
    spread = np.exp(0.4 * random.standard_normal((len(NUMBERS), draws, buildings)))
    return {
        task: xr.DataArray(weeks * factor, dims=["draw", "building"])
        for (task, weeks), factor in zip(NUMBERS.items(), spread, strict=True)
    }


def finished(weeks: dict[str, float], begin: dict[str, float], task: str) -> float:
    before = [finished(weeks, begin, one) for one in LINKS.get(task, [])]
    return max([begin.get(task, 0.0), *before]) + weeks[task]


def months_after(week: float, months: int) -> np.ndarray:
    """Part of each month that is after a week, month by month."""
    ends = [(k * MONTH, (k + 1) * MONTH) for k in range(months)]
    return np.array([max(0.0, end - max(week, begin)) / MONTH for begin, end in ends])


def test_one_building_by_hand() -> None:
    found = ob.models.campus(**CAMPUS | {"megawatts": 100.0, "start": 0.0, "costs": {"racks": 2e9}})
    # Shell and transformer: 120, installed by 133, energised by 135, in service by 141.
    assert found.service.values.tolist() == [141.0]
    assert found.finish.sel(task="energising").item() == 135.0
    months = 141 / MONTH
    gpus = 100 / 0.00175
    assert found.gpus_in_service.values[32] == pytest.approx(gpus * (33 - months))
    assert found.gpus_in_service.values[33:].tolist() == pytest.approx([gpus] * 39)
    assert found.idle_gpu_hours.sum().item() == pytest.approx(gpus * (141 - 52) * 168)
    assert found.idle_cost.sum().item() == pytest.approx(2e9 * 0.12 * (141 - 52) * 7 / 365.25)
    assert found.revenue.sum().item() == pytest.approx(gpus * 2 * (72 - months) * 730.5)
    critical = found.critical.isel(building=0).to_series()
    assert set(critical[critical == 1].index) == {
        "transformer",
        "installation",
        "energising",
        "commissioning",
    }
    left = found.to_service.isel(building=0).to_series()
    assert left[["shell", "utility_power", "racks", "commissioning"]].tolist() == [111, 138, 58, 6]


def test_draws_and_buildings_against_plain_loops() -> None:
    lead_times = drawn()
    ordered = {"racks": [60.0, 70.0, 90.0], "utility_power": 0.0, "commissioning": 150.0}
    gpus, capital = [50_000.0, 90_000.0, 46_000.0], {"shell": [4e8, 5e8, 3e8]}
    found = ob.models.campus(**CAMPUS | lead_times | {"ordered": ordered, "gpus": gpus})
    n = found.sizes["period"]
    late = 0
    for draw in range(50):
        energised = arrived = running = paid = work = np.zeros(n)
        all_gpus = np.zeros(n)
        for b, (megawatts, start) in enumerate(zip([100, 150, 80], [0, 26, 40], strict=True)):
            weeks = {task: float(one[draw, b]) for task, one in lead_times.items()}
            begin = {task: float(start) for task in NUMBERS if task not in LINKS} | {
                task: float(np.broadcast_to(week, 3)[b]) for task, week in ordered.items()
            }
            finish = {task: finished(weeks, begin, task) for task in NUMBERS}
            service = max(finish.values())
            np.testing.assert_allclose(
                found.finish.isel(draw=draw, building=b), list(finish.values())
            )
            # A week more of a task that is critical, and of no other, is a week for the building.
            for task, critical in found.critical.isel(draw=draw, building=b).to_series().items():
                longer = weeks | {task: weeks[task] + 0.01}
                end = max(finished(longer, begin, one) for one in NUMBERS)
                assert (end - service > 0.009) == bool(critical)
            served = months_after(service, n)
            energised = energised + megawatts * months_after(finish["energising"], n)
            arrived = arrived + gpus[b] * months_after(finish["racks"], n)
            all_gpus = all_gpus + gpus[b] * served
            running = running + min(gpus[b], megawatts / 0.00175) * served
            spent = {"racks": 2e9, "transformer": 3e7, "shell": capital["shell"][b]}
            for task, cost in spent.items():
                paid = paid + cost * months_after(finish[task], n)
                work = work + cost * served
            late += service > n * MONTH
        share = np.divide(running, all_gpus, out=np.zeros(n), where=all_gpus > 0)
        idle = paid - work * share
        for name, expected in {
            "energised": energised,
            "gpus_arrived": arrived,
            "gpus_in_service": running,
            "gpus_idle": arrived - running,
            "capital_paid": paid,
            "capital_idle": idle,
            "idle_cost": idle * 0.01,
            "revenue": running * 730.5 * 2,
            "revenue_missed": (arrived - running) * 730.5 * 2,
        }.items():
            values = found[name].isel(draw=draw)
            np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-9 * values.max())
    assert late > 3  # the last month cuts some off


def test_the_grid_caps_what_runs() -> None:
    grid = np.where(np.arange(72) < 50, 120.0, 250.0)
    free = ob.models.campus(**CAMPUS | drawn())
    capped = ob.models.campus(**CAMPUS | drawn() | {"grid": grid})
    np.testing.assert_allclose(capped.energised, np.minimum(free.energised, grid))
    np.testing.assert_allclose(
        capped.gpus_in_service, np.minimum(free.gpus_in_service, grid / 0.00175)
    )
    np.testing.assert_allclose(capped.gpus_idle + capped.gpus_in_service, free.gpus_arrived)
    held = capped.gpus_in_service / free.gpus_in_service.where(free.gpus_in_service > 0, 1)
    at_work = free.capital_paid - free.capital_idle
    np.testing.assert_allclose(capped.capital_paid - capped.capital_idle, at_work * held, atol=10)


def test_more_buildings_add_up_and_scenarios_broadcast() -> None:
    lead_times = drawn()
    whole = ob.models.campus(**CAMPUS | lead_times)
    parts = [
        ob.models.campus(
            **CAMPUS
            | {task: one.isel(building=b) for task, one in lead_times.items()}
            | {"megawatts": CAMPUS["megawatts"][b], "start": CAMPUS["start"][b]}
            | {"costs": CAMPUS["costs"] | {"shell": CAMPUS["costs"]["shell"][b]}}
        )
        for b in range(3)
    ]
    for name in ("energised", "gpus_in_service", "capital_idle", "revenue_missed"):
        np.testing.assert_allclose(whole[name], sum(part[name] for part in parts), atol=1e-3)
    price = xr.DataArray([1.0, 3.0], {"scenario": ["low", "high"]}, dims="scenario")
    racks = lead_times["racks"] * xr.DataArray([1.0, 2.0], price.coords, dims="scenario")
    both = ob.models.campus(**CAMPUS | lead_times | {"price": price, "racks": racks})
    np.testing.assert_allclose(both.revenue.sel(scenario="low") * 2, whole.revenue)
    assert (both.service.sel(scenario="high") >= both.service.sel(scenario="low")).all()


def test_missing_lead_times_are_missing_where_they_are() -> None:
    lead_times = drawn()
    lead_times["chiller"][3, 1] = np.nan
    found = ob.models.campus(**CAMPUS | lead_times)
    for name in ("energised", "gpus_in_service", "capital_idle", "revenue"):
        missing = found[name].isnull()
        assert missing.isel(draw=3).all()
        assert missing.sum() == found.sizes["period"]
    assert found.critical.isel(draw=3, building=1).isnull().all()
    assert found.critical.isnull().sum() == 10
    amount = ob.models.campus(**CAMPUS | {"gpus": [1.0, np.nan, 1.0], "price": 1.0})
    assert amount.revenue.isnull().all()


def test_a_study_of_it() -> None:
    inputs = {name: value for name, value in CAMPUS.items() if name in NUMBERS}
    inputs |= {"kw_per_gpu": 1.4, "pue": 1.25, "utility_power": ob.between(104, 364)}
    inputs |= {"megawatts": xr.DataArray([100.0, 80.0], dims="building")}
    model = functools.partial(ob.models.campus, periods=100, start=[0.0, 26.0])
    result = ob.Study(model, inputs).run(draws=512, seed=1)
    energised = result.dataset.energised
    assert energised.attrs["unit"] == "MW"
    assert energised.isel(period=0).max() == 0
    # Power is the last thing in most draws, so the median follows from its own: building 1.
    service = result.dataset.service.isel(building=0).median()
    assert service == pytest.approx(float(ob.between(104, 364).median()) + 8, rel=0.01)
    assert len(result.summary()) > 300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("megawatts", -1.0),
        ("kw_per_gpu", 0.0),
        ("pue", 0.9),
        ("gpus", -1.0),
        ("start", -1.0),
        ("grid", -1.0),
        ("costs", {"racks": -1.0}),
        ("ordered", {"racks": -1.0}),
    ],
)
def test_out_of_range_is_nan_with_a_warning(name: str, value: object) -> None:
    given = CAMPUS | {name: value}
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = ob.models.campus(**given)
    assert found.capital_idle.isnull().all() or found.gpus_in_service.isnull().all()
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        ob.models.campus(**given)


def test_errors_name_the_argument() -> None:
    def refused(kind: type[Exception], message: str, **changed: object) -> None:
        with pytest.raises(kind, match=message):
            ob.models.campus(**CAMPUS | changed)

    refused(ValueError, "there is no argument or task 'shel'; tasks are utility_power", shel=90)
    refused(ValueError, "there is no task of costs 'rack'", costs={"rack": 1.0})
    refused(ValueError, "there is no task of ordered 'rack'", ordered={"rack": 1.0})
    refused(TypeError, "costs must be a mapping from task to number, got 5", costs=5)
    refused(TypeError, "network must be a mapping from task", network=["racks"])
    refused(ValueError, "energised must be a task, got 'power'", energised="power")
    refused(ValueError, "arrived must be a task, got 'gpus'", arrived="gpus")
    refused(TypeError, "lead time shell must be a number", shell="90")
    refused(ValueError, "duration of shell must not be negative", shell=-1.0)
    refused(ValueError, "duration of chiller must be finite", chiller=np.inf)
    refused(ValueError, "periods must be at least 1, got 0", periods=0)
    refused(ValueError, "grid has 5 periods, but there are 72", grid=np.ones(5))
    refused(ValueError, "different labels or lengths", start=[0.0, 1.0])
    monthly, by_task = (xr.DataArray(np.ones(72), dims=dim) for dim in ("period", "task"))
    refused(ValueError, "pue must not have dimension 'period'", pue=monthly)
    refused(ValueError, "cost_of_capital must not have dimension 'period'", cost_of_capital=monthly)
    refused(ValueError, "lead time shell must not have dimension 'task'", shell=by_task)
    three = xr.DataArray(np.ones(3), dims="building")
    refused(ValueError, "price must not have dimension 'building'", price=three)
    refused(ValueError, "megawatts has 2 axes without names", megawatts=np.ones((2, 3)))
    given = {name: value for name, value in CAMPUS.items() if name != "chiller"}
    with pytest.raises(ValueError, match="no lead time is given for task 'chiller'"):
        ob.models.campus(**given)
    ring = {"power": ["racks"], "racks": ["power"]}
    rest = {name: value for name, value in CAMPUS.items() if name not in NUMBERS}
    with pytest.raises(ValueError, match=r"cycle: \w+ -> "):
        ob.models.campus(
            **rest | {"network": ring, "energised": "power", "costs": None}, power=1, racks=1
        )
