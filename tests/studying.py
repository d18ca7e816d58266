"""A study of every kind of input and output, for what must not change a bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

import overbuild as ob


def income(price: Any, power: Any, servers: Any, hours: Any, life: float) -> dict[str, Any]:
    """Outputs with and without periods and draws, with labels, and with values missing."""
    margin = (price - 0.01 * power) * hours
    return {
        "margin": margin.assign_attrs(unit="USD"),
        "waits": ob.utilization.erlang_c(30.0, servers),
        "loss": margin.sum("period").where(margin.isel(period=0) > 4_000),
        "capacity": hours.sum() * life,
    }


HOURS = xr.DataArray(
    [2_184.0, 2_184.0, 2_208.0], dims="period", coords={"period": ["Q1", "Q2", "Q3"]}
)
INPUTS: dict[str, Any] = {
    "price": ob.Input(ob.between(2, 4), unit="USD/GPU-hour", source="quotes", grade="A"),
    "power": stats.gamma(4, scale=15),
    "servers": stats.poisson(40),
    "hours": HOURS,
    "life": 6,
}


def study(model: Any = income, inputs: Any = INPUTS, **changes: Any) -> ob.Study:
    """Return the study with correlation and scenarios, unless told otherwise.

    Another model goes by the same name.
    """
    model.__name__ = "income"
    given: dict[str, Any] = {
        "correlation": {("price", "power"): 0.6},
        "scenarios": {"cheap": {"price": ob.between(1, 2), "life": 5}, "dear": {"power": 90.0}},
    }
    return ob.Study(model, inputs, **(given | changes))


def assert_same_bits(found: xr.Dataset, expected: xr.Dataset) -> None:
    """Compare two data sets bit by bit, with labels and attributes."""
    xr.testing.assert_identical(found.compute(), expected.compute())
    for name, variable in expected.data_vars.items():
        ours, theirs = found[name].values, variable.values
        assert ours.dtype == theirs.dtype == np.float64
        np.testing.assert_array_equal(ours.view(np.uint64), theirs.view(np.uint64))


def plain(**changes: Any) -> ob.Study:
    """Return a small study that can be changed in one thing."""
    inputs = {"a": stats.norm(), "b": stats.expon(), "c": 2.0} | changes.pop("inputs", {})
    return ob.Study(changes.pop("model", first_model), inputs, **changes)


def first_model(a: Any, b: Any, c: float) -> dict[str, Any]:
    """One output of both inputs."""
    return {"y": a + b * c}
