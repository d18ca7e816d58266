"""Labels around kernels: units, places and names in errors. Containers are in test_contract."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
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
