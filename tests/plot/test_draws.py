"""Draws in order: quantiles, probabilities and repeated values, with weights and without."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from pictures import drawn

from overbuild.plot._draws import Draws, numeric

PROBABILITIES = np.array([0.0, 0.001, 0.05, 0.25, 0.5, 0.9, 1.0])

floats = st.floats(allow_nan=True, allow_infinity=False, width=64) | st.integers(-3, 3).map(float)
arrays = st.lists(floats, min_size=1, max_size=60).map(np.array)


@given(arrays)
def test_quantiles_are_numpys(values: np.ndarray) -> None:
    present = values[~np.isnan(values)]
    found = Draws.of(drawn(values)).quantiles(PROBABILITIES)
    if present.size == 0:
        assert np.isnan(found).all()
        return
    with np.errstate(all="ignore"):
        expected = np.quantile(present, PROBABILITIES)
    # Where neighbours are too far apart to subtract, NumPy has no number; here it is the lower.
    known = np.isfinite(expected)
    np.testing.assert_array_equal(found[known], expected[known])


@given(st.data())
def test_weighted_quantiles_are_numpys(data: st.DataObject) -> None:
    values = data.draw(arrays)
    weight = st.integers(0, 9).map(float) | st.floats(0, 1, allow_subnormal=False)
    weights = np.array(data.draw(st.lists(weight, min_size=values.size, max_size=values.size)))
    there = ~np.isnan(values)
    if not weights[there].sum() > 1e-6:
        return
    found = Draws.of(drawn(values, weights=weights)).quantiles(PROBABILITIES[1:])
    normed = (weights / weights.sum())[there]
    if (weights == weights[0]).all():
        expected = np.quantile(values[there], PROBABILITIES[1:])
    else:
        expected = np.quantile(
            values[there], PROBABILITIES[1:], weights=normed, method="inverted_cdf"
        )
    upto = np.cumsum(normed[np.argsort(values[there])]) / normed.sum()
    for p, a, b in zip(PROBABILITIES[1:], found, expected, strict=True):
        # A probability within rounding of a step may fall on either side of it.
        assert a == b or np.abs(upto - p).min() < 1e-12


@given(arrays, arrays)
def test_heights_are_shares_of_draws(values: np.ndarray, places: np.ndarray) -> None:
    edges = np.unique(places[~np.isnan(places)])
    present = values[~np.isnan(values)]
    if edges.size < 2 or present.size == 0:
        return
    expected = np.histogram(present, edges)[0] / present.size
    np.testing.assert_allclose(Draws.of(drawn(values)).heights(edges), expected, atol=1e-12)


def test_weights_of_draws_without_value_do_not_count() -> None:
    draws = Draws.of(drawn([np.nan, 1, 2, 2, np.inf, 5], weights=[9, 1, 2, 3, 4, 0]))
    assert (draws.total, draws.missing) == (6, 1)
    assert draws.values.tolist() == [1, 2, 2, np.inf]
    assert draws.effective == pytest.approx(10**2 / (1 + 4 + 9 + 16))
    assert float(draws.probability_upto(2.0)) == pytest.approx(0.6)
    values, shares = draws.distinct()
    assert values.tolist() == [1, 2]
    np.testing.assert_allclose(shares, [0.1, 0.5])


def test_infinite_draws_at_both_ends() -> None:
    for weights in (None, [1, 1, 1, 1.0001]):
        draws = Draws.of(drawn([-np.inf, 1.0, 3.0, np.inf], weights=weights))
        assert draws.finite.tolist() == [1, 3]
        _, shares = draws.distinct()
        np.testing.assert_allclose(shares, [0.25, 0.25], rtol=1e-3)
        np.testing.assert_allclose(draws.finite_part().quantiles([1.0]), [3.0])
    assert Draws.of(drawn([-np.inf, np.inf])).quantiles([0.5]).tolist() == [-np.inf]


def test_dates_and_lengths_of_time_are_days() -> None:
    dates = xr.DataArray(np.array(["1970-01-02", "NaT"], "M8[ns]"), dims="draw", name="d")
    np.testing.assert_array_equal(numeric(dates), [1.0, np.nan])
    lengths = xr.DataArray(np.array([36, 12], "m8[h]"), dims="draw", name="t")
    assert numeric(lengths).values.tolist() == [1.5, 0.5]
    assert numeric(lengths).attrs["unit"] == "days"
    with pytest.raises(TypeError, match="x must hold numbers or dates, got <U1"):
        numeric(drawn(["a", "b"]))
