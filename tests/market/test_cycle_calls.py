"""How the cycle is called: any container, missing numbers, wrong ones, threads, studies."""

from __future__ import annotations

import warnings
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import overbuild as ob
from overbuild import _core

PERIODS = 9
ROWS = 21


def some(rows: int = ROWS, seed: int = 0) -> dict[str, np.ndarray]:
    """Parameters of as many cycles, each of its own."""
    rng = np.random.default_rng(seed)
    uniform = rng.uniform
    return {
        "capacity": uniform(50, 150, rows),
        "demand": uniform(50, 150, rows),
        "growth": uniform(-0.1, 0.2, (rows, PERIODS)),
        "opening_growth": uniform(-0.05, 0.1, rows),
        "life": uniform(1, 12, rows),
        "intensity": uniform(0.5, 1.5, (rows, PERIODS)),
        "elasticity": -uniform(0, 2, rows),
        "adjustment_speed": uniform(0, 1, rows),
        "target_utilization": uniform(0.5, 0.7, rows),
        "utilization_cap": uniform(0.7, 1, rows),
        "price": uniform(1, 3, rows),
        "full_cost": uniform(1, 3, rows),
        "price_response": uniform(0, 1, rows),
        "price_reversion": uniform(0, 1, rows),
        "gap_correction": uniform(0, 1, rows),
        "supply_line_weight": uniform(0, 1, rows),
        "planning_horizon": uniform(0, 6, rows),
        "smoothing": uniform(0, 1, rows),
        "fear_of_missing_out": uniform(0, 1, rows),
        "order_response": uniform(0, 1, rows),
        "order_change": uniform(-5, 5, (rows, PERIODS)),
        "chip_lead_time": rng.dirichlet(np.ones(3), rows),
        "power_lead_time": rng.dirichlet(np.ones(5), rows),
        "chip_cost": uniform(1, 3, rows),
        "power_cost": uniform(1, 3, rows),
        "cost_growth": uniform(-0.1, 0.1, rows),
        "funding": uniform(10, 100, (rows, PERIODS)),
        "reinvestment": uniform(0, 1, rows),
    }


SERIES = {"growth", "intensity", "order_change", "funding"}
TABLES = {"chip_lead_time", "power_lead_time"}


def run(periods: int = PERIODS, **given: Any) -> dict[str, Any]:
    return vars(ob.market.cycle(periods=periods, **given))


def assert_same_bits(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        ours = np.ascontiguousarray(np.asarray(found[name], dtype=float))
        theirs = np.ascontiguousarray(np.asarray(values, dtype=float))
        np.testing.assert_array_equal(ours.view(np.uint64), theirs.view(np.uint64), err_msg=name)


def test_rows_alone_and_together_have_the_same_bits() -> None:
    # In lanes of eight, some behind the last row.
    together = run(**some())
    assert together["price"].shape == (ROWS, PERIODS)
    for row in range(ROWS):
        alone = run(**{name: values[row] for name, values in some().items()})
        assert_same_bits(alone, {name: values[row] for name, values in together.items()})
    for rows in (1, 7, 8, 9, 16):
        part = run(**{name: values[:rows] for name, values in some().items()})
        assert_same_bits(part, {name: values[:rows] for name, values in together.items()})


def test_threads_and_chunks_have_the_same_bits() -> None:
    given = some(5_003)
    results = []
    for threads in (1, 2, 8):
        ob.set_num_threads(threads)
        results.append(run(**given))
    assert_same_bits(results[1], results[0])
    assert_same_bits(results[2], results[0])
    last = run(**{name: values[4_990:] for name, values in given.items()})
    assert_same_bits(last, {name: values[4_990:] for name, values in results[0].items()})


def test_memory_may_lie_in_any_order() -> None:
    given = some()
    expected = run(**given)
    assert_same_bits(run(**{k: np.asfortranarray(v) for k, v in given.items()}), expected)
    spread_out = {k: np.repeat(v, 2, axis=0)[::2] for k, v in given.items()}
    assert_same_bits(run(**spread_out), expected)
    backward = {k: v[::-1] for k, v in given.items()}
    assert_same_bits(run(**backward), {k: v[::-1] for k, v in expected.items()})


def test_arguments_broadcast() -> None:
    given = some(3)
    life, price = np.array([[4.0], [8.0]]), np.array([1.0, 2.0, 3.0])
    found = run(**given | {"life": life, "price": price})
    assert found["capex"].shape == (2, 3, PERIODS)
    for k in range(2):
        one = run(**given | {"life": life[k, 0], "price": price})
        assert_same_bits({n: v[k] for n, v in found.items()}, one)
    assert run(capacity=1)["price"].shape == (PERIODS,)
    assert run(capacity=np.ones((0,)))["price"].shape == (0, PERIODS)
    assert run(capacity=np.ones((2, 0)), growth=0.1)["price"].shape == (2, 0, PERIODS)


def named(given: dict[str, np.ndarray]) -> dict[str, xr.DataArray]:
    tails = {name: ["period"] for name in SERIES} | {name: ["lag"] for name in TABLES}
    labels = {"draw": [f"d{k}" for k in range(len(given["capacity"]))]}
    return {
        name: xr.DataArray(values, labels, dims=["draw", *tails.get(name, [])])
        for name, values in given.items()
    }


def test_names_lead_to_the_same() -> None:
    expected, arrays = run(**some()), named(some())
    found = run(**{name: array.transpose(..., "draw") for name, array in arrays.items()})
    for values in found.values():
        assert values.dims == ("draw", "period")
        assert values.draw.values[3] == "d3"
        assert not values.attrs
    assert_same_bits(found, expected)
    bare = run(**{name: array.drop_vars("draw") for name, array in arrays.items()})
    assert_same_bits(bare, expected)
    month = run(**{k: v.rename(period="month") if k in SERIES else v for k, v in arrays.items()},
                dim="month")  # fmt: skip
    assert month["price"].dims == ("draw", "month")
    assert_same_bits(month, expected)


def test_scenarios_beside_draws_and_labels_of_periods() -> None:
    quarters = pd.date_range("2025-01-01", periods=PERIODS, freq="QS")
    money = xr.DataArray(
        np.where(np.arange(PERIODS) < 4, [[np.inf]] * 2, [[np.inf], [0.0]]),
        {"scenario": ["go", "stop"], "period": quarters},
        dims=["scenario", "period"],
    )
    capacity = xr.DataArray([100.0, 120.0, 140.0], dims="draw")
    growing = {"growth": 0.1, "opening_growth": 0.1, "life": 4.0, "chip_cost": 1.0}
    found = run(capacity=capacity, funding=money, **growing)
    assert set(found["orders"].dims) == {"draw", "scenario", "period"}
    assert (found["orders"].period.values == quarters.values).all()
    stop = found["orders"].sel(scenario="stop").transpose("period", ...)
    assert (stop[4:] == 0).all()
    assert (found["orders"].sel(scenario="go") > 0).all()


def test_dask_stays_lazy() -> None:
    expected, arrays = run(**some()), named(some())
    found = run(**{name: array.chunk(draw=8) for name, array in arrays.items()})
    assert isinstance(found["price"].data, da.Array)
    assert_same_bits(found, expected)
    chunked = run(**{name: array.chunk() for name, array in arrays.items()} | {
        "growth": arrays["growth"].chunk(draw=5, period=2)
    })  # fmt: skip
    assert_same_bits(chunked, expected)
    plain = run(**some() | {"life": da.from_array(some()["life"], chunks=8),
                            "growth": da.from_array(some()["growth"], chunks=(8, 4))})  # fmt: skip
    assert isinstance(plain["price"], da.Array)
    assert_same_bits(plain, expected)


def test_pandas_keeps_places_and_periods() -> None:
    index = pd.Index([f"p{k}" for k in range(ROWS)], name="place")
    columns = pd.Index([f"q{k}" for k in range(PERIODS)], name="quarter")
    given: dict[str, Any] = {}
    for name, values in some().items():
        if name in SERIES:
            given[name] = pd.DataFrame(values, index=index, columns=columns)
        else:
            frame = pd.DataFrame if name in TABLES else pd.Series
            given[name] = frame(values, index=index)
    found = run(**given)
    assert_same_bits(found, run(**some()))
    for frame in found.values():
        assert frame.index.equals(index)
        assert frame.columns.equals(columns)
    one = run(capacity=100.0, growth=pd.Series(np.full(PERIODS, 0.1), index=columns))
    assert one["demand"].index.equals(columns)
    with pytest.raises(ValueError, match="different labels for places"):
        run(**given | {"life": given["life"].rename(lambda place: place + "x")})


def test_what_is_missing_is_missing_from_there_on() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in some():
            given = some()
            whole = run(**given)
            given[name][4] = np.nan
            if name in SERIES:
                given[name][4] = some()[name][4]
                given[name][4, 3] = np.nan
            for output, values in run(**given).items():
                known = 3 if name in SERIES else 0
                assert np.isnan(values[4, known:]).all(), (name, output)
                np.testing.assert_array_equal(values[4, :known], whole[output][4, :known])
                others = np.arange(ROWS) != 4
                np.testing.assert_array_equal(values[others], whole[output][others])
        masked = np.ma.masked_equal([1.0, -1.0], -1.0)
        assert np.isnan(run(capacity=masked)["price"][1]).all()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("capacity", 0.0),
        ("capacity", np.inf),
        ("demand", -1.0),
        ("growth", -1.0),
        ("opening_growth", -1.5),
        ("life", 0.5),
        ("intensity", 0.0),
        ("elasticity", 0.1),
        ("adjustment_speed", 1.5),
        ("target_utilization", 0.0),
        ("utilization_cap", 1.01),
        ("price", 0.0),
        ("full_cost", -1.0),
        ("price_response", -0.1),
        ("price_reversion", 2.0),
        ("gap_correction", -0.5),
        ("supply_line_weight", 1.5),
        ("planning_horizon", -1.0),
        ("smoothing", -0.5),
        ("fear_of_missing_out", -1.0),
        ("order_response", -1.0),
        ("order_change", np.inf),
        ("chip_cost", -1.0),
        ("power_cost", -1.0),
        ("cost_growth", -1.0),
        ("funding", -1.0),
        ("reinvestment", -0.5),
    ],
)
def test_out_of_range_is_nan_with_a_warning(name: str, wrong: float) -> None:
    given = some()
    given[name][2] = wrong
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = run(**given)
    assert all(np.isnan(values[2]).all() for values in found.values())
    assert not any(np.isnan(np.delete(values, 2, axis=0)).any() for values in found.values())
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        run(**given)


def test_ends_of_ranges_are_taken() -> None:
    ends = {
        "life": 1.0,
        "adjustment_speed": 0.0,
        "price_reversion": 1.0,
        "supply_line_weight": 1.0,
        "utilization_cap": 1.0,
        "funding": 0.0,
        "elasticity": 0.0,
    }
    for name, value in ends.items():
        found = run(**some() | {name: value})
        assert not any(np.isnan(values).any() for values in found.values()), name
    never = run(capacity=10.0, life=np.inf, opening_growth=0.1, growth=0.1, funding=np.inf)
    assert (never["retirements"] == 0).all()


def test_a_nan_that_nobody_gave_is_told() -> None:
    # Demand that cannot be told from zero any more has no growth.
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = run(capacity=1.0, growth=-1 + 1e-15, intensity=1e-300, smoothing=0.5)
    assert np.isnan(found["orders"][-1])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"periods": 0}, ValueError, "periods must be at least 1"),
        ({"periods": 2.5}, TypeError, "periods must be a whole number"),
        ({"life": "long"}, TypeError, "life must be a number"),
        ({"growth": [0.1, 0.2]}, ValueError, "growth has 2 periods, but there are 9"),
        ({"chip_lead_time": [0.5, 0.4]}, ValueError, "chip_lead_time must hold shares that sum"),
        ({"power_lead_time": [1.5, -0.5]}, ValueError, "power_lead_time must hold shares from 0"),
        ({"power_lead_time": [[0.5, 0.5], [1, 1]]}, ValueError, "2 in 1 of 2 rows"),
        ({"power_lead_time": []}, ValueError, "power_lead_time must hold shares that sum"),
        ({"dim": "lag"}, ValueError, "dim is 'lag'"),
        ({"life": xr.DataArray([3.0] * 9, dims="period")}, ValueError, "life must not have"),
        (
            {"chip_lead_time": xr.DataArray([1.0], dims="k")},
            ValueError,
            "must have dimension 'lag'",
        ),
        ({"growth": xr.DataArray([0.1] * 4, dims="period")}, ValueError, "growth has 4 periods"),
        (
            {"life": [1.0, 2.0], "price": [1.0, 2.0, 3.0]},
            ValueError,
            "could not be broadcast|shape",
        ),
    ],
)
def test_wrong_structure_is_said(changes: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        run(**{"capacity": 100.0, "periods": PERIODS} | changes)


def test_labels_that_differ_are_refused() -> None:
    capacity = xr.DataArray([1.0, 2.0], {"site": ["a", "b"]}, dims="site")
    life = xr.DataArray([4.0, 5.0], {"site": ["b", "c"]}, dims="site")
    with pytest.raises(ValueError, match="site"):
        run(capacity=capacity, life=life)
    target = xr.DataArray([0.5, 0.6], {"site": ["b", "c"]}, dims="site")
    with pytest.raises(ValueError, match="site"):
        run(capacity=capacity, target_utilization=target)


@pytest.mark.parametrize("name", sorted(SERIES))
def test_a_series_by_another_name_is_not_taken_for_cases(name: str) -> None:
    values = some()[name][0]
    wrong = xr.DataArray(values, dims="quarter")
    message = rf"^{name} must have dimension 'period', but has 'quarter' with as many places"
    other = "funding" if name == "growth" else "growth"
    with pytest.raises(ValueError, match=message):
        run(capacity=100.0, **{name: wrong})
    with pytest.raises(ValueError, match=message):
        run(capacity=100.0, **{name: wrong, other: xr.DataArray(some()[other][0], dims="period")})
    with pytest.raises(ValueError, match="must have dimension 'period', but has 'quarter'"):
        run(capacity=100.0, **{name: wrong, other: xr.DataArray(some()[other][0], dims="quarter")})
    named = run(capacity=100.0, dim="quarter", **{name: wrong})
    assert_same_bits(named, run(capacity=100.0, **{name: values}))
    with pytest.raises(ValueError, match=f"{name} must have dimension 'month', but has 'quarter'"):
        run(capacity=100.0, dim="month", **{name: wrong})


def test_cases_of_a_series_are_cases() -> None:
    growth = some()["growth"][0]
    apart = [run(capacity=100.0, growth=rate) for rate in growth]
    expected = {name: np.stack([one[name] for one in apart]) for name in apart[0]}
    case = xr.DataArray(growth, dims="case")
    fewer = run(capacity=100.0, growth=case[:4])
    assert_same_bits(fewer, {name: values[:4] for name, values in expected.items()})
    # As many as there are periods, but for draws, or beside a number of as many cases, or if told.
    draws = run(capacity=100.0, growth=case.rename(case="draw"))
    assert draws["price"].dims == ("draw", "period")
    assert_same_bits(draws, expected)
    told = run(capacity=100.0, growth=case.expand_dims("period"))
    assert_same_bits({name: one.transpose("case", ...) for name, one in told.items()}, expected)
    beside = run(capacity=xr.DataArray(np.full(PERIODS, 100.0), dims="case"), growth=case)
    assert_same_bits(beside, expected)


def test_labels_that_differ_name_the_arguments() -> None:
    capacity = xr.DataArray([1.0, 2.0], {"site": ["a", "b"]}, dims="site")
    life = xr.DataArray([4.0, 5.0], {"site": ["b", "c"]}, dims="site")
    with pytest.raises(ValueError, match=r"capacity and .*life .*have different labels"):
        run(capacity=capacity, life=life)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_rounding_makes_no_share_less_than_nothing(name: str) -> None:
    given = some(3)
    for tiny in (-2.8e-17, -9e-10):
        exact = run(**given | {name: [0.25, 0.75, 0.0]})
        assert_same_bits(run(**given | {name: [0.25, 0.75, tiny]}), exact)
        rows = np.array([[0.25, 0.75, tiny]] * 3)
        assert_same_bits(run(**given | {name: rows}), exact)
        lazy = da.from_array(rows, chunks=(2, 3))
        assert_same_bits(run(**given | {name: lazy}), exact)
        whole = run(**given | {name: [0.0, 1.0 - tiny, tiny]})
        assert_same_bits(whole, run(**given | {name: [0.0, 1.0]}))
    with pytest.raises(ValueError, match=f"{name} must hold shares from 0 to 1 by lag, got -2e-09"):
        run(**given | {name: [0.25, 0.75, -2e-9]})
    wrong = run(**given | {name: da.from_array(np.array([[0.25, 0.75, -2e-9]] * 3), chunks=(2, 3))})
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = np.asarray(wrong["price"])
    assert np.isnan(found).all()


def test_the_core_checks_what_it_is_given() -> None:
    out = [np.empty((2, 3)) for _ in range(11)]
    one = [np.ones(1)] * 22
    series, tables = [np.ones((1, 2))] * 4, [np.ones((1, 1))] * 2
    for wrong in (
        ([np.ones(2)] * 22, series, tables, out),
        (one[1:], series, tables, out),
        (one, [np.ones((1, 3))] * 4, tables, out),
        (one, series, [np.ones((2, 1))] * 2, out),
        (one, series, tables, out[1:]),
    ):
        with pytest.raises(ValueError, match=r"must|missing"):
            _core.capacity_cycle(*wrong)


def test_a_study_of_it() -> None:
    def model(life: Any, growth: Any) -> dict[str, Any]:
        found = ob.market.cycle(periods=12, capacity=100.0, life=life, growth=growth, smoothing=0.5)
        return {"capacity": found.capacity, "orders": found.orders}

    inputs = {"life": ob.uniform(4, 20), "growth": ob.uniform(0.0, 0.1)}
    result = ob.Study(model, inputs, scenarios={"fast": {"growth": 0.2}}).run(draws=256, seed=1)
    assert result.dataset.capacity.sizes["period"] == 12
    one = result.dataset.isel(draw=7).sel(scenario="fast")
    again = ob.market.cycle(
        periods=12, capacity=100.0, life=float(one.life), growth=0.2, smoothing=0.5
    )
    np.testing.assert_array_equal(one.capacity, again.capacity)


@pytest.mark.parametrize("name", ["chip_lead_time", "power_lead_time"])
def test_a_lead_time_is_no_single_number(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} must be shares by lag, .* got 1"):
        ob.market.cycle(periods=4, capacity=100.0, **{name: 1})
