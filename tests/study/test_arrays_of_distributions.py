"""Inputs that are distributions of any make, and arrays of distributions."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import overbuild as ob
from overbuild.study.inputs import as_inputs

NORMS = [stats.norm(k) for k in range(3)]
QUARTERS = ["2025Q1", "2025Q2", "2025Q3"]


def settled(value) -> object:
    return as_inputs({"price": value})["price"].value


def objects(values: list) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@pytest.mark.parametrize(
    "value",
    [
        NORMS,
        tuple(NORMS),
        objects(NORMS),
        pd.Series(NORMS),
        xr.DataArray(objects(NORMS), dims="period"),
    ],
    ids=["list", "tuple", "array", "Series", "DataArray"],
)
def test_forms_of_arrays(value) -> None:
    given = as_inputs({"price": value})["price"]
    assert given.is_random
    assert ob.Input(value).is_random
    assert given.value.dims == ("period",)
    assert not given.value.coords
    assert given.value.dtype == object
    labels = [f"price[period={k}]" for k in range(3)]
    assert list(given.distributions("price").items()) == list(zip(labels, NORMS, strict=True))
    assert ob.Input(value).distributions("price") == given.distributions("price")


def test_labels_along_a_dimension() -> None:
    array = xr.DataArray(
        objects([NORMS[0], 3, NORMS[2]]),
        dims="quarter",
        coords={"quarter": QUARTERS},
        attrs={"unit": "USD"},
        name="else",
    )
    given = as_inputs({"price": ob.Input(array, unit="USD")})["price"]
    assert list(given.distributions("price")) == ["price[quarter=2025Q1]", "price[quarter=2025Q3]"]
    assert type(given.value.values[1]) is float
    assert given.value.name is None
    assert not given.value.attrs


def test_an_index_gives_labels() -> None:
    series = pd.Series(NORMS, index=pd.period_range("2025Q1", periods=3, freq="Q"))
    assert list(ob.Input(series).distributions("price")) == [
        f"price[period={quarter}]" for quarter in QUARTERS
    ]
    numbers = settled(pd.Series([1, 2], index=[2025, 2026]))
    assert numbers.coords["period"].values.tolist() == [2025, 2026]
    assert numbers.dtype == float


def test_numbers_alone_are_an_array_of_numbers() -> None:
    array = settled(xr.DataArray(objects([1, 2.5, np.float32(3)]), dims="site"))
    assert array.dtype == float
    assert not ob.Input(array).is_random
    assert ob.Input(array).distributions("price") == {}
    assert not ob.Input([1, 2]).is_random


def test_positions_are_drawn_on_their_own() -> None:
    array = xr.DataArray(
        objects([stats.norm(), 3.0, stats.norm()]), dims="quarter", coords={"quarter": QUARTERS}
    )
    data = ob.Study(lambda price: {"twice": 2 * price}, {"price": array}).run(4096, seed=1).dataset
    assert data["price"].dims == ("draw", "quarter")
    first, constant, last = data["price"].values.T
    assert (constant == 3).all()
    assert abs(np.corrcoef(first, last)[0, 1]) < 0.05
    assert first.std() == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(data["twice"], 2 * data["price"])


class Fitted:
    """What has a distribution without being one."""

    distribution = stats.gamma(3)


def test_fits_of_lead_times() -> None:
    times = np.array([[3.0, 5, 8, 9], [30, 40, 80, 10]])
    fit = ob.leadtime.fit(times[0])
    assert settled(fit).ppf(0.3) == fit.distribution.ppf(0.3)
    assert ob.Input(fit).is_random
    rows = ob.leadtime.fit(
        xr.DataArray(times, dims=("site", "order"), coords={"site": ["a", "b"]}), dim="order"
    )
    given = as_inputs({"wait": rows})["wait"]
    assert list(given.distributions("wait")) == ["wait[site=a]", "wait[site=b]"]
    for k, one in enumerate(given.distributions("wait").values()):
        expected = ob.leadtime.fit(times[k]).distribution
        np.testing.assert_array_equal(one.ppf([0.1, 0.9]), expected.ppf([0.1, 0.9]))
    bare = as_inputs({"wait": ob.leadtime.fit(times)})["wait"]
    assert list(bare.distributions("wait")) == ["wait[period=0]", "wait[period=1]"]
    with pytest.raises(
        ValueError, match="input 'price': there is no fit in row 1: all times equal"
    ):
        settled(ob.leadtime.fit([[3.0, 5], [4, 4]]))
    with pytest.raises(ValueError, match=r"input 'price': there is no distribution.*all times eq"):
        settled(ob.leadtime.fit([4.0, 4]))
    assert settled(Fitted()) is Fitted.distribution
    assert ob.clipped(Fitted(), high=3).ppf(0.9) == 3


@pytest.mark.parametrize(
    ("new", "old"),
    [
        (stats.Normal(mu=1.0, sigma=2.0), stats.norm(1, 2)),
        (stats.Uniform(a=1.0, b=3.0), stats.uniform(1, 2)),
        (2 * stats.Normal(mu=1.0, sigma=2.0) + 1, stats.norm(3, 4)),
        (stats.make_distribution(stats.gamma)(a=2.0), stats.gamma(2)),
        (stats.Binomial(n=5, p=0.3), stats.binom(5, 0.3)),
    ],
    ids=repr,
)
def test_newer_distributions_are_drawn_as_older_ones(new, old) -> None:
    def run(value) -> np.ndarray:
        study = ob.Study(lambda price: {"cost": 2 * price}, {"price": value})
        return study.run(4096, seed=3).dataset["cost"].values

    np.testing.assert_allclose(run(new), run(old), rtol=1e-6, atol=1e-7)
    law, same = ob.clipped(new, low=1.5), ob.clipped(old, low=1.5)
    assert law.mean() == pytest.approx(same.mean(), rel=1e-9)
    x = np.array([0.5, 1.5, 1.6, 2, 3.5])
    np.testing.assert_allclose(law.cdf(x), same.cdf(x), rtol=1e-12)
    np.testing.assert_allclose(law.sf(x), same.sf(x), rtol=1e-12)


def test_a_normal_one_of_the_newer_kind_survives_a_pickle() -> None:
    normal = stats.Normal(mu=1.0, sigma=2.0)
    for value in (normal, stats.truncate(normal, lb=0.0), 2 * normal):
        copy = pickle.loads(pickle.dumps(ob.Input(value))).value
        assert copy.icdf(0.9) == value.icdf(0.9)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (stats.norm(loc=math.nan), ValueError, "input 'price': an impossible.*0.01 is nan: a para"),
        (stats.norm(loc=math.inf), ValueError, "input 'price': an impossible distribution"),
        (stats.norm(scale=0), ValueError, "input 'price': an impossible.*such as a scale of 0"),
        (stats.Normal(mu=math.nan, sigma=1.0), ValueError, "input 'price': an impossible"),
        (stats.Normal(mu=0.0, sigma=-1.0), ValueError, "input 'price': an impossible"),
        (stats.norm(loc=[1, 2]), ValueError, r"shape \(2,\).* as in \[stats.norm\(loc=1\), stats"),
        (stats.norm([1.0]), ValueError, r"parameters of shape \(1,\)"),
        (stats.Normal(mu=[0.0, 1.0], sigma=1.0), ValueError, r"parameters of shape \(2,\)"),
        (stats.Normal, TypeError, "input 'price': Normal has no parameters yet"),
        ([stats.norm(), stats.norm], TypeError, r"'price\[period=1\]': norm has no parameters"),
        ([stats.norm(), math.nan], ValueError, r"input 'price\[period=1\]' must be finite"),
        ([stats.norm(), "2"], TypeError, r"input 'price\[period=1\]' must be a number"),
        ([stats.norm(), None], TypeError, r"input 'price\[period=1\]' must be a number"),
        ([stats.norm(), [1, 2]], TypeError, r"'price\[period=1\]' must be one number or distrib"),
        ([ob.Input(stats.norm())], TypeError, r"'price\[period=0\]': an Input within an array"),
        ([[1, 2], [3]], ValueError, "input 'price' must be a list of numbers or distributions"),
        ([["a"]], ValueError, r"input 'price': an array of shape \(1, 1\)"),
        (xr.DataArray(objects(NORMS), dims="draw"), ValueError, "dimension 'draw' is kept"),
        (
            xr.DataArray(objects(NORMS), dims="site", coords={"site": ["a", "b", "a"]}),
            ValueError,
            r"input 'price': two of its positions are called price\[site=a\]",
        ),
        (
            pd.Series([1.0, 2], index=pd.MultiIndex.from_tuples([(1, 2), (1, 3)])),
            ValueError,
            "a Series with several levels",
        ),
        (ob.Input(ob.Input(1.0)), TypeError, "input 'price' must be a number.*got Input"),
    ],
)
def test_what_cannot_be_drawn_is_refused(value, error, message: str) -> None:
    with pytest.raises(error, match=message):
        settled(value)


@pytest.mark.parametrize(
    "name", ["class", "None", "lambda", "draw", "scenario", "draw_weight", "1a", ""]
)
def test_names_that_no_input_can_have(name: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}' cannot be the name of an input"):
        as_inputs({name: 1.0})
