"""Labels around kernels: units, places and names in errors. Containers are in test_contract."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr

import overbuild as ob

use = ob.utilization


def test_an_arguments_unit_is_not_the_results() -> None:
    hours = xr.DataArray([3e8], dims="site", attrs={"unit": "GPU-hour"})
    assert use.implied(hours, 0.62, 2.19e9).attrs == {}
    out = np.empty(1)
    assert use.implied(hours.values, 0.62, 2.19e9, out=out) is out


def test_places_that_differ_are_not_dropped() -> None:
    def at(*sites: str) -> xr.DataArray:
        return xr.DataArray(np.ones(len(sites)), coords={"site": list(sites)}, dims="site")

    with pytest.raises(ValueError, match=r"customer_hours and fleet_hours have different labels"):
        use.implied(at("a", "b"), 0.62, at("b", "c"))
    assert use.implied(at("a", "b"), 1.0, at("a", "b")).sizes == {"site": 2}


@pytest.mark.parametrize(
    "wrong",
    [
        "0.62",
        None,
        ["a", 1.0],
        object(),
        np.array(["2024-01-01"], "datetime64[D]"),
        pd.Series(["x"]),
        pd.DataFrame({"a": [1.0], "b": ["x"]}),
        ob.between(1, 2),
        1j,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_number_is_named(wrong: object) -> None:
    with pytest.raises(TypeError, match=r"^customer_share must be a number or an array of num"):
        use.implied(3e8, wrong, 2.19e9)


def test_numbers_in_objects_are_numbers() -> None:
    column = pd.Series([Decimal("3e8"), 6e8, None], index=list("abc"), dtype=object)
    for given in (column, column.to_frame(), column.to_list(), column.to_numpy()):
        found = use.implied(given, 0.62, 2.19e9)
        expected = [3e8 / 0.62 / 2.19e9, 6e8 / 0.62 / 2.19e9, np.nan]
        np.testing.assert_allclose(np.ravel(found), expected)
        assert isinstance(found, type(given)) or isinstance(given, list)


def test_wrong_keywords_are_numpys_error() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'ot'"):
        use.implied(3e8, 0.62, 2.19e9, ot=None)


def test_a_name_that_is_wrong_is_not_covered_up_by_an_array_without_names() -> None:
    costs = xr.DataArray([100.0, 200.0], dims="item")
    with pytest.raises(ValueError, match="costs must have dimension 'part'; there are: item"):
        ob.capex.tariffed(costs, [1.0, 0.5], 0.1)
    capex = xr.DataArray([100.0, 0, 0], dims="time")
    with pytest.raises(ValueError, match="capex must have dimension 'period'; there are: time"):
        ob.capex.vintages(capex, [0.5, 0.5])


def test_decimals_and_missing_objects_are_numbers() -> None:
    assert ob.capex.pmt(Decimal("0.1"), 2, 100) == ob.capex.pmt(0.1, 2, 100)
    series = pd.Series([100, pd.NA, None], dtype=object, index=list("abc"))
    found = ob.capex.sln(series, 0, 4)
    assert found.index.tolist() == list("abc")
    assert found["a"] == 25
    assert found.isna().tolist() == [False, True, True]
    with pytest.raises(TypeError, match="values must be a number"):
        ob.capex.irr(xr.Dataset({"a": 1}))


LABELS = {"a": 2.0, "b": 4.0, "c": 8.0}


@pytest.mark.parametrize("labels", [["b", "c", "d"], ["b", "a", "c"], ["a", "b"], [0, 1, 2]])
def test_pandas_labels_that_differ_are_refused(labels: list[Any]) -> None:
    # pandas would align them: NaN in silence, or another order.
    one, other = pd.Series(LABELS), pd.Series(2.0, index=pd.Index(labels))
    for make in (lambda s: s, lambda s: s.to_frame("x")):
        a, b = make(one), make(other)
        for call, names in (
            (lambda a, b: use.implied(a, 0.5, b), "customer_hours and fleet_hours"),
            (lambda a, b: ob.capex.sln(a, b, 4), "cost and salvage"),
            (lambda a, b: ob.leadtime.in_service(a, b), "supply 1 and supply 2"),
            (lambda a, b: ob.leadtime.stranded(a, 1.0, b, 1.0), "gpus and cost"),
            (lambda a, b: ob.leadtime.substitute(a, 0.5, b), "plan and ratio"),
            (lambda a, b: ob.market.constant_elasticity(a, -b), "price_ratio and elasticity"),
            (lambda a, b: ob.market.efficiency_shock(a, -1.0, 1.0, b), "cost_ratio and affected"),
            (lambda a, b: ob.market.option_to_wait(a, 1, b, 12, 1, 0.1), "cost and life"),
        ):
            with pytest.raises(ValueError, match=f"^{names} have different labels for places"):
                call(a, b)
    with pytest.raises(ValueError, match=r"^customer_hours and fleet_hours .* for columns"):
        use.implied(one.to_frame("x"), 0.5, one.to_frame("y"))
    with pytest.raises(
        ValueError, match="customer_hours as a Series beside fleet_hours as a DataF"
    ):
        use.implied(one, 0.5, one.to_frame("x"))


def test_pandas_labels_that_agree_stay() -> None:
    index = pd.Index(list("aab"), name="site")  # a label twice, too
    found = use.implied(pd.Series([1.0, 2.0, 3.0], index), 0.5, pd.Series([8.0, 8.0, 8.0], index))
    pd.testing.assert_series_equal(found, pd.Series([0.25, 0.5, 0.75], index))


@pytest.mark.parametrize(
    "plain",
    [
        [2.0, 4.0, 8.0],
        (2.0, 4.0, 8.0),
        [Decimal(2), Decimal(4), Decimal(8)],
        np.array([2.0, 4.0, 8.0]),
        pl.Series([2.0, 4.0, 8.0]),
        da.from_array(np.array([2.0, 4.0, 8.0]), chunks=2),
        pd.Series([2.0, 4.0, 8.0]),
        pd.Series(LABELS),
        pd.Series(LABELS).rename_axis("site"),
        np.ma.masked_array([2.0, 4.0, 8.0]),
        [[2.0, 4.0, 8.0]],
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_names_goes_along_the_last_dimension_of_a_data_array(plain: Any) -> None:
    hours = xr.DataArray(
        np.arange(1.0, 7.0).reshape(2, 3), {"site": list("abc")}, dims=["draw", "site"]
    )
    expected = hours.values / 0.5 / np.array([2.0, 4.0, 8.0])
    found = use.implied(hours, 0.5, plain)
    assert found.dims == ("draw", "site")
    assert found.site.values.tolist() == list("abc")
    np.testing.assert_array_equal(found, expected)
    turned = use.implied(plain, 0.5, hours).transpose("draw", "site")
    np.testing.assert_allclose(turned * expected, 4.0)


def test_a_name_of_pandas_is_the_name_of_a_dimension() -> None:
    hours = xr.DataArray([[1.0, 2.0], [3.0, 4.0]], dims=["site", "draw"])
    fleet = pd.Series([10.0, 20.0], index=pd.Index(["a", "b"], name="site"))
    found = use.implied(hours, 1.0, fleet)
    np.testing.assert_array_equal(found, [[0.1, 0.2], [0.15, 0.2]])
    frame = pd.DataFrame([[10.0, 20.0]] * 2, columns=pd.Index([0, 1], name="site")).rename_axis("y")
    assert set(use.implied(hours, 1.0, frame).dims) == {"site", "draw", "y"}


def test_what_does_not_go_beside_a_data_array_is_said() -> None:
    three = xr.DataArray([1.0, 2.0, 3.0], {"site": list("abc")}, dims="site")
    draws = xr.DataArray([1.0, 2.0, 3.0], dims="draw")
    for wrong, message in (
        ([1.0, 2.0], r"fleet_hours in shape \(2,\) does not go along a DataArray: 'site' has 3"),
        ([[1.0, 2.0, 3.0]] * 2, "fleet_hours has 2 axes without names beside a DataArray"),
        (pd.Series(LABELS).rename({"c": "d"}), "customer_hours and fleet_hours have different lab"),
        (pd.Series(LABELS)[["b", "a", "c"]], "customer_hours and fleet_hours have different lab"),
    ):
        for given in (wrong, wrong if isinstance(wrong, pd.Series) else np.array(wrong)):
            with pytest.raises(ValueError, match=f"^{message}"):
                use.implied(three, 1.0, given)
    # Of two dimensions without an order either might be meant.
    for given in ([1.0, 2.0, 3.0], np.ones(3)):
        with pytest.raises(ValueError, match=r"^fleet_hours has an axis .* 'draw' or 'site'"):
            use.implied(three, draws, given)
        with pytest.raises(ValueError, match=r"^fleet_hours has an axis .* 'draw' or 'site'"):
            use.implied(three * draws, (three * draws).T, given)
    with pytest.raises(TypeError, match="customer_hours as dask Array and fleet_hours as pandas S"):
        use.implied(da.ones(3), 0.5, pd.Series(LABELS))
    with pytest.raises(TypeError, match="fleet_hours must be a number or an array of numbers"):
        use.implied(three, 0.5, xr.Dataset({"a": 1.0}))


def test_labels_of_rows_that_differ_are_named() -> None:
    flows = xr.DataArray([[-1.0, 2.0]] * 2, {"site": list("ab")}, dims=["site", "period"])
    with pytest.raises(ValueError, match=r"^rate and values have different labels"):
        ob.capex.npv(xr.DataArray([0.1, 0.2], {"site": list("bc")}, dims="site"), flows)
    # Periods of a Series beside a DataArray count, too.
    years = xr.DataArray([8.0, 9.0], {"period": [2025, 2026]}, dims="period")
    out = pd.Series([1.0, 2.0], index=[2026, 2027])
    with pytest.raises(ValueError, match=r"^orders and deliveries have different labels"):
        ob.leadtime.backlog(years, out)
    found = ob.leadtime.backlog(years, out.rename({2026: 2025, 2027: 2026}))
    assert found.values.tolist() == [7.0, 14.0]


def test_a_new_dimension_leaves_others_as_they_were() -> None:
    opening = xr.DataArray([1.0, 3.0], {"site": list("ab")}, dims="site")
    found = use.fleet_ramp(opening, [5.0, 11.0], periods=2)
    assert found.dims == ("site", "period")
    np.testing.assert_array_equal(found, [[2.0, 4.0], [5.0, 9.0]])
    with pytest.raises(ValueError, match=r"^opening_gpus and closing_gpus have different labels"):
        use.fleet_ramp(opening, pd.Series({"b": 5.0, "a": 11.0}), periods=2)
    with pytest.raises(
        ValueError, match=r"^opening_gpus and closing_gpus have different labels for places"
    ):
        use.fleet_ramp(pd.DataFrame({"x": LABELS}), pd.DataFrame({"x": [1.0, 2, 3]}), periods=2)


@pytest.mark.parametrize("value", [True, 2.0, "2", None])
def test_what_is_no_whole_number(value) -> None:
    with pytest.raises(TypeError, match="periods must be a whole number, got"):
        ob.market.cycle(periods=value, capacity=1.0)
    with pytest.raises(TypeError, match="seed must be a whole number, got"):
        ob.Study(lambda a: {"y": a}, {"a": 1.0}).run(seed=value)


def test_bounds_of_whole_numbers_are_said() -> None:
    with pytest.raises(ValueError, match="periods must be at least 1, got 0"):
        ob.market.cycle(periods=0, capacity=1.0)
    with pytest.raises(ValueError, match=r"draws must be from 1 to \d+, got 0"):
        ob.Study(lambda a: {"y": a}, {"a": 1.0}).run(0)
