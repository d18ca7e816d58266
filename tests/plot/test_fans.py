"""Fans: bands and medians are quantiles at each place, along numbers, dates or labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pictures import footnote, labels, steps

import overbuild as ob

DRAWS = np.random.default_rng(5).normal(10, 1, (6, 4_000)).cumsum(axis=0)
FAN = xr.DataArray(DRAWS, dims=["period", "draw"], name="fleet", attrs={"unit": "GPU"})
FIVE = (0.05, 0.25, 0.5, 0.75, 0.95)


def band(ax, k: int) -> np.ndarray:
    """Return the heights between which a band lies, as (places, 2)."""
    points = ax.collections[k].get_paths()[0].vertices
    return np.array([[y.min(), y.max()] for y in (points[points[:, 0] == x, 1] for x in range(6))])


def test_bands_and_the_median_are_quantiles() -> None:
    ax = ob.plot.fan(FAN, quantiles=FIVE)
    expected = np.quantile(DRAWS, FIVE, axis=1)
    np.testing.assert_allclose(band(ax, 0), expected[[0, 4]].T)
    np.testing.assert_allclose(band(ax, 1), expected[[1, 3]].T)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), expected[2])
    assert labels(ax) == ["P5", "P50", "P95"]
    assert labels(ob.plot.fan(FAN[:2], quantiles=FIVE)) == ["P5", "P25", "P50", "P75", "P95"]


def test_weighted_quantiles_and_those_before_evidence() -> None:
    weights = np.exp(-0.5 * ((DRAWS[-1] - 64) / 1) ** 2)
    weights /= weights.sum()
    ax = ob.plot.fan(FAN.assign_coords(draw_weight=("draw", weights)), evidence="fleet is 64")
    for place in range(6):
        expected = np.quantile(DRAWS[place], [0.05, 0.95], weights=weights, method="inverted_cdf")
        np.testing.assert_allclose(band(ax, 0)[place], expected)
    dashed = [line.get_ydata() for line in ax.lines[1:]]
    np.testing.assert_allclose(dashed, np.quantile(DRAWS, [0.05, 0.5, 0.95], axis=1))
    assert "weighted by evidence (fleet is 64)" in footnote(ax)
    assert "dashed: before evidence" in footnote(ax)


def test_places_are_where_the_coordinate_says() -> None:
    dates = pd.date_range("2024-01-31", periods=6, freq="ME")
    ax = ob.plot.fan(FAN.assign_coords(period=dates))
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), dates.to_numpy())
    shuffled = FAN.assign_coords(period=[3.0, 1.0, 2.5, 10.0, 7.0, 5.0])
    ax = ob.plot.fan(shuffled)
    assert ax.lines[0].get_xdata().tolist() == [1, 2.5, 3, 5, 7, 10]
    order = [1, 2, 0, 5, 4, 3]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), np.median(DRAWS, axis=1)[order])


@pytest.mark.parametrize("names", [list("abcdef"), [1.0, 1.0, 2, 3, 4, 5], [np.nan, 1, 2, 3, 4, 5]])
def test_labels_that_are_no_places_name_them(names) -> None:
    ax = ob.plot.fan(FAN.assign_coords(period=names))
    assert ax.lines[0].get_xdata().tolist() == [0, 1, 2, 3, 4, 5]
    found = FAN.assign_coords(period=names)["period"].values
    assert [tick.get_text() for tick in ax.get_xticklabels()] == [str(name) for name in found]


def test_periods_have_whole_numbers() -> None:
    ax = ob.plot.fan(FAN.isel(period=[0, 1, 2]))
    ax.figure.canvas.draw()
    assert {tick % 1 for tick in ax.get_xticks()} == {0.0}


def test_infinite_quantiles_leave_a_gap_and_missing_draws_are_said() -> None:
    values = FAN.copy(deep=True)
    values[2, :3_000] = np.inf
    values[4, :7] = np.nan
    ax = ob.plot.fan(values)
    middle = ax.lines[0].get_ydata()
    assert np.isnan(middle).tolist() == [False, False, True, False, False, False]
    assert middle[4] == np.median(DRAWS[4, 7:])
    said = "4,000 draws; 7 of them without a value; 3,000 of them infinite"
    assert footnote(ax) == said


def test_quantiles_that_meet_share_a_label() -> None:
    ax = ob.plot.fan(FAN * xr.DataArray([1, 1, 1, 1, 1, 1e-6], dims="period"), quantiles=FIVE)
    assert labels(ax) == ["P5 to P95"]


def test_many_sizes_have_a_logarithmic_axis() -> None:
    ax = ob.plot.fan(FAN * 10.0 ** xr.DataArray(np.arange(6), dims="period"))
    assert ax.get_yscale() == "log"


def test_draws_that_are_read_when_needed_give_the_same() -> None:
    values = FAN.copy(deep=True)
    values[4, :7] = np.nan
    eager, lazy = ob.plot.fan(values), ob.plot.fan(values.chunk(draw=1_000))
    np.testing.assert_array_equal(band(lazy, 0), band(eager, 0))
    assert footnote(lazy) == footnote(eager)
    (_, edges), (_, same) = (
        steps(ob.plot.histogram(row, evidence="all agree")) for row in (FAN[0], FAN[0].chunk())
    )
    np.testing.assert_array_equal(edges, same)


def test_evidence_that_all_draws_agree_with_is_said() -> None:
    assert (
        footnote(ob.plot.fan(FAN, evidence="use about 0.3")) == "4,000 draws; given use about 0.3"
    )


def test_what_is_no_fan_is_refused() -> None:
    with pytest.raises(ValueError, match="fleet has no dimension beside 'draw'"):
        ob.plot.fan(FAN[0])
    with pytest.raises(ValueError, match="fleet has no finite draw"):
        ob.plot.fan(FAN * np.nan)
