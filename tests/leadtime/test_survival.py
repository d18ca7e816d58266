"""Calls of `fit`: what cannot be fitted, containers, names, and the record that comes back."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from fitting import ORDERS, each_family

import overbuild as ob

lead = ob.leadtime

BROKEN = {
    "no event observed": ([3.0, 4.0], [False, False]),
    "all times equal": ([3.0, 3.0, 3.0], [True, True, True]),
    "fewer than two rows": ([3.0], [True]),
    "negative time": ([3.0, -4.0], [True, True]),
    "missing number": ([3.0, np.nan], [True, True]),
    "infinite time": ([3.0, np.inf], [True, False]),
    "event at time zero": ([3.0, 0.0], [True, True]),
}


@pytest.mark.parametrize("family", ["weibull", "lognormal", "gamma", "loglogistic", "best"])
@pytest.mark.parametrize("status", BROKEN)
def test_what_cannot_be_fitted_says_why(status: str, family: str) -> None:
    durations, observed = BROKEN[status]
    found = lead.fit(durations, observed, family=family)
    if family == "best" and status == "all times equal":
        assert (found.status, found.family) == ("ok", "exponential")
        return
    assert found.status == status
    assert np.isnan([*found.parameters.values(), found.log_likelihood, found.aic]).all()
    assert np.isnan(found.covariance).all()
    assert status in repr(found)
    for use in (lambda: found.distribution, lambda: found.draws(3, seed=1)):
        with pytest.raises(ValueError, match=status):
            use()


@each_family
@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        ("weights all zero", {"durations": [1.0, 2.0], "weights": [0.0, 0.0]}),
        ("weight negative or infinite", {"durations": [1.0, 2.0], "weights": [1.0, -1.0]}),
        ("weight negative or infinite", {"durations": [1.0, 2.0], "weights": [1.0, np.inf]}),
        ("missing number", {"durations": [1.0, 2.0], "weights": [1.0, np.nan]}),
        ("missing number", {"durations": [1.0, 2.0], "observed": [1.0, np.nan]}),
        ("fewer than two rows", {"durations": [1.0, 2.0], "weights": [1.0, 0.0]}),
        ("fewer than two rows", {"durations": []}),
        ("bounds reversed", {"interval": ([1.0, 5.0], [1.0, 4.0])}),
        ("entry not before the end", {"durations": [1.0, 5.0], "entry": [0.0, 5.0]}),
        ("negative time", {"durations": [1.0, 5.0], "entry": [-1.0, 0.0]}),
        ("infinite time", {"interval": ([np.inf, 5.0], [np.inf, 5.0])}),
        ("all times equal", {"interval": ([0.0, 0.0], [3.0, 5.0])}),
    ],
)
def test_what_cannot_be_fitted_says_why_in_all_forms(family, status, arguments) -> None:
    assert lead.fit(**arguments, family=family).status == status


@each_family
def test_a_broken_row_leaves_the_others_alone(family: str) -> None:
    rng = np.random.default_rng(2)
    rows = rng.weibull(2.0, (7, 30)) * 20
    rows[1, 3], rows[2, 4], rows[4] = np.nan, -1.0, 8.0
    found = lead.fit(rows, family=family)
    equal = "ok" if family == "exponential" else "all times equal"
    expected = ["ok", "missing number", "negative time", "ok", equal, "ok", "ok"]
    assert found.status.tolist() == expected
    assert len(found) == 7
    for k, one in enumerate(found):
        alone = lead.fit(rows[k], family=family)
        assert (one.status, one.n, one.events) == (alone.status, alone.n, alone.events)
        np.testing.assert_equal(dict(one.parameters), dict(alone.parameters))
        np.testing.assert_array_equal(one.covariance, alone.covariance)
    assert np.isnan(found.draws(4, seed=1)).all(axis=1).tolist() == [
        status != "ok" for status in expected
    ]


def test_what_has_no_weight_is_not_looked_at() -> None:
    full = lead.fit([3.0, 5.0, 9.0])
    padded = lead.fit([3.0, np.nan, 5.0, 9.0, -1.0], weights=[1, 0, 1, 1, 0])
    assert padded.parameters == full.parameters
    assert padded.n == 3


def test_named_dimensions() -> None:
    rng = np.random.default_rng(6)
    times = xr.DataArray(
        rng.weibull(2.0, (3, 50, 2)) * 40,
        dims=("site", "order", "scenario"),
        coords={"site": ["a", "b", "c"]},
    )
    found = lead.fit(times, times < 60, weights=np.ones(50))
    assert found.parameters["shape"].dims == ("site", "scenario")
    assert found.parameters["shape"].site.values.tolist() == ["a", "b", "c"]
    assert found.covariance.dims == ("site", "scenario", "parameter", "with_parameter")
    one = times.isel(site=1, scenario=0)
    alone = lead.fit(one.values, one.values < 60)
    assert found.parameters["scale"].isel(site=1, scenario=0) == alone.parameters["scale"]
    single = lead.fit(one, one < 60)
    assert single.distribution.mean() == alone.distribution.mean()
    with pytest.raises(ValueError, match="must have dimension 'order'"):
        lead.fit(times.rename(order="draw"))
    with pytest.raises(ValueError, match="different labels"):
        lead.fit(times, (times < 60).assign_coords(site=["a", "b", "d"]))


def test_pandas_and_what_it_holds_as_missing() -> None:
    durations = pd.Series([3.0, 5.0, 9.0, 4.0], index=list("wxyz"))
    observed = pd.Series([True, False, True, True], index=list("wxyz"))
    assert lead.fit(durations, observed).events == 3
    whole = pd.Series([3, 5, None, 4], dtype="Int64")
    assert lead.fit(whole).status == "missing number"
    assert lead.fit(whole, weights=[1, 1, 0, 1]).status == "ok"
    flags = pd.Series([True, False, None, True], dtype="boolean", index=list("wxyz"))
    assert lead.fit(durations, flags).status == "missing number"
    for function in (lead.fit, lead.kaplan_meier):
        with pytest.raises(ValueError, match="have different labels for orders"):
            function(durations, observed[::-1])
        with pytest.raises(TypeError, match="durations must be numbers"):
            function(pd.to_datetime(["2024-01-01", "2024-02-01"], utc=True))
    masked = np.ma.array([1.0, 5, 9, 2_000], mask=[False, False, False, True])
    assert lead.fit(masked).status == "missing number"


def test_the_distribution_is_an_input_of_a_study() -> None:
    found = lead.fit(ORDERS["durations"], ORDERS["observed"], family="lognormal")
    study = ob.Study(lambda weeks: {"months": weeks / 4.348}, {"weeks": found.distribution})
    draws = study.run(draws=4096, seed=1).dataset["weeks"].values
    assert np.quantile(draws, 0.9) == pytest.approx(found.distribution.ppf(0.9), rel=5e-3)


def test_a_result_is_a_record() -> None:
    found = lead.fit(ORDERS["durations"], ORDERS["observed"])
    with pytest.raises(AttributeError):
        found.family = "gamma"
    with pytest.raises(TypeError):
        found.parameters["shape"] = 1.0
    again = pickle.loads(pickle.dumps(found))
    assert again.parameters == found.parameters
    assert repr(again) == repr(found)
    with pytest.raises(TypeError, match="one row"):
        found[0]
    with pytest.raises(TypeError, match="one row"):
        len(found)
    many = lead.fit(ORDERS["durations"].reshape(3, 100))
    assert repr(many) == "Fits of 3 rows in shape (3,): 3 ok"
    with pytest.raises(ValueError, match=r"fit\[0\]"):
        _ = many.distribution


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, TypeError, "either durations or interval"),
        ({"durations": [1.0], "interval": ([1.0], [1.0])}, TypeError, "either"),
        ({"interval": ([1.0], [1.0]), "observed": [True]}, TypeError, "observed"),
        ({"interval": 3.0}, TypeError, "pair"),
        ({"interval": ([1.0], [1.0], [1.0])}, TypeError, "pair"),
        ({"durations": 3.0}, ValueError, "axis of orders"),
        ({"durations": ["a", "b"]}, TypeError, "durations must be numbers"),
        ({"durations": np.array(["2024-01-01"], "M8[D]")}, TypeError, "durations must be numbers"),
        ({"durations": np.array([3, 4], "m8[D]")}, TypeError, "durations must be numbers"),
        ({"durations": [1.0, 2.0], "observed": [1.0, 2.0]}, ValueError, "true or false"),
        ({"durations": [1.0, 2.0], "observed": [True] * 3}, ValueError, "observed has shape"),
        ({"durations": [1.0, 2.0], "weights": [1.0] * 3}, ValueError, "weights has shape"),
        ({"durations": [1.0, 2.0], "family": "normal"}, ValueError, "family must be"),
    ],
)
def test_broken_calls(arguments, error, message) -> None:
    with pytest.raises(error, match=message):
        lead.fit(**arguments)
