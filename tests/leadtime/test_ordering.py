"""By when to order: the probability is met, and a day later it is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import overbuild as ob

lead = ob.leadtime
NEED = np.datetime64("2028-01-03")
DISTRIBUTIONS = [
    stats.lognorm(0.3, scale=120),
    stats.weibull_min(2.5, scale=60),
    stats.uniform(10, 30),
    stats.gamma(4, scale=9),
    stats.randint(3, 9),
]


def days_before(found: np.ndarray) -> np.ndarray:
    return (NEED - found).astype("timedelta64[D]").astype(int)


@settings(max_examples=60)
@given(st.sampled_from(DISTRIBUTIONS), st.floats(0.01, 0.99))
def test_the_probability_is_met_and_a_day_later_is_not(distribution, confidence: float) -> None:
    days = days_before(lead.order_by(NEED, distribution, confidence))
    assert distribution.cdf(days / 7) >= confidence
    assert distribution.cdf((days - 1) / 7) < confidence


@settings(max_examples=60)
@given(st.lists(st.floats(0.1, 300), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_draws_meet_it_too(weeks: list[float], confidence: float) -> None:
    draws = xr.DataArray(weeks, dims="draw")
    days = days_before(lead.order_by(NEED, draws, confidence).values)
    in_time = (draws.values <= days / 7 + 1e-6).mean()
    assert in_time >= confidence * (1 - 1e-9)
    assert (draws.values <= (days - 1) / 7).mean() < confidence
    # As a number, it is one of the draws.
    number = float(lead.order_by(100.0, draws, confidence))
    expected = np.quantile(weeks, confidence, method="inverted_cdf")
    assert number == 100.0 - expected or in_time == pytest.approx(confidence)


def test_rounding_asks_for_no_draw_more() -> None:
    draws = xr.DataArray(np.arange(1.0, 101.0), dims="draw")
    for percent in range(1, 100):
        assert float(lead.order_by(0.0, draws, percent / 100)) == -percent


def test_a_known_distribution_in_numbers_of_periods() -> None:
    assert lead.order_by(40.0, stats.uniform(10, 20), 0.75) == pytest.approx(40 - 25)
    found = lead.order_by([40.0, np.nan], stats.expon(scale=2.0), 0.9)
    np.testing.assert_allclose(found, [40 - 2 * np.log(10), np.nan])


def test_shares_by_lag_match_deliveries() -> None:
    shares = np.array([0.1, 0.5, 0.3, 0.1])
    for confidence, lag in [(0.05, 0), (0.1, 0), (0.11, 1), (0.6, 1), (0.9, 2), (0.91, 3)]:
        assert float(lead.order_by(8, shares, confidence)) == 8 - lag
        orders = np.zeros(9)
        orders[8 - lag] = 1.0
        assert lead.deliveries(orders, shares).sum() >= confidence - 1e-12
    rows = xr.DataArray([shares, shares[::-1], [np.nan] * 4], dims=("draw_of", "lag"))
    np.testing.assert_array_equal(lead.order_by(8, rows, 0.6), [7, 6, np.nan])


def test_shapes_and_labels() -> None:
    need = xr.DataArray(
        np.array(["2027-01-01", "2028-01-03", "NaT"], "datetime64[s]"),
        coords={"phase": [1, 2, 3]},
        dims="phase",
    )
    draws = xr.DataArray(
        [[10.0, 20.0], [30.0, np.inf]],
        coords={"item": ["racks", "transformer"]},
        dims=("item", "draw"),
    )
    found = lead.order_by(need, draws, 0.5)
    assert found.dims == ("phase", "item")
    assert str(found.sel(phase=2, item="racks").values)[:10] == "2027-10-25"
    assert np.isnat(found.sel(phase=3)).all()
    assert np.isnat(lead.order_by(need, draws, 0.9).sel(item="transformer")).all()
    series = pd.Series(pd.to_datetime(["2027-01-01", None]), index=["a", "b"])
    found = lead.order_by(series, stats.uniform(1, 1e-9), 0.5)
    assert found["a"] == pd.Timestamp("2026-12-24")  # more than 7 days by a trifle
    assert pd.isna(found["b"])
    missing = xr.DataArray([1.0, np.nan], dims="draw")
    assert np.isnan(lead.order_by(5.0, missing, 0.5))


def test_errors() -> None:
    for confidence in (0.0, 1.0, -0.1, np.nan):
        with pytest.raises(ValueError, match="confidence must be between 0 and 1"):
            lead.order_by(NEED, stats.expon(), confidence)
    with pytest.raises(ValueError, match="need holds dates; take a distribution"):
        lead.order_by(NEED, [0.5, 0.5])
    with pytest.raises(ValueError, match="shares from 0 to 1 by lag, got 10"):
        lead.order_by(5, [10.0, 20.0])  # draws without a name
    with pytest.raises(ValueError, match="need must hold dates"):
        lead.order_by("soon", stats.expon())


def test_what_comes_near_a_lead_time() -> None:
    fit = lead.fit([30.0, 44, 47, 52, 58])
    with pytest.raises(TypeError, match=r"lead_time must be .* got Fit; give its \.distribution"):
        lead.order_by("2028-01-03", fit)
    with pytest.raises(ValueError, match="lead_time has no draws"):
        lead.order_by("2028-01-03", xr.DataArray(np.empty(0), dims="draw"))
    with pytest.raises(ValueError, match="lead times below 0 a probability of 1"):
        lead.order_by(10, stats.norm(-5, 1))
    found = lead.order_by(pl.Series([10.0]), stats.uniform(2, 1e-9))
    assert list(found) == pytest.approx([8.0])
