"""Scenarios side by side: rows of intervals, or lines over periods."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from pictures import footnote, labels, steps

import overbuild as ob

RANDOM = np.random.default_rng(11)
DRAWS = np.stack([RANDOM.normal(0.36, 0.05, 5_000), RANDOM.beta(2, 5, 5_000)])
TWO = xr.DataArray(
    DRAWS,
    dims=["scenario", "draw"],
    name="use",
    attrs={"unit": "share"},
    coords={"scenario": ["base", "slow"]},
)
PERIODS = xr.DataArray(
    np.stack([RANDOM.normal(10, 1, (4, 500)) * k for k in range(1, 10)]),
    dims=["scenario", "period", "draw"],
    name="fleet",
    coords={"scenario": [f"case {k}" for k in range(9)]},
)


def test_a_row_each_with_its_interval_median_and_density() -> None:
    ax = ob.plot.scenarios(TWO)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["base", "slow"]
    rows = [list(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2][:4]
    low, q1, middle, q3, high = np.quantile(DRAWS, [0.05, 0.25, 0.5, 0.75, 0.95], axis=1)
    expected = [[low[0], high[0]], [q1[0], q3[0]], [low[1], high[1]], [q1[1], q3[1]]]
    np.testing.assert_allclose(rows, expected)
    dots = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots, middle)
    numbers = [float(text.rstrip("%")) / 100 for text in labels(ax) if text != "median"]
    assert numbers == pytest.approx(middle, abs=5e-4)
    heights = [k - 0.02 - steps(ax, k)[0] for k in range(2)]
    edges = steps(ax, 0)[1]
    shares = [np.histogram(row, edges)[0] / row.size for row in DRAWS]
    # All rows have one scale: heights are in proportion to probabilities.
    np.testing.assert_allclose(
        np.concatenate(heights) / np.max(heights),
        np.concatenate(shares) / np.max(shares),
        atol=1e-9,
    )


def test_weights_count() -> None:
    weights = np.exp(-DRAWS[1] * 10)
    weights /= weights.sum()
    ax = ob.plot.scenarios(TWO.assign_coords(draw_weight=("draw", weights)))
    dots = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    expected = [np.quantile(row, 0.5, weights=weights, method="inverted_cdf") for row in DRAWS]
    assert dots == expected
    assert "weighted by evidence" in footnote(ax)


def test_over_periods_a_line_each_and_bands_for_few() -> None:
    ax = ob.plot.scenarios(PERIODS[:3])
    medians = np.median(PERIODS[:3], axis=2)
    np.testing.assert_allclose([line.get_ydata() for line in ax.lines], medians)
    assert len(ax.collections) == 3
    assert labels(ax) == ["case 0", "case 1", "case 2"]
    ax = ob.plot.scenarios(PERIODS[:6])
    assert len(ax.collections) == 0
    assert len({(line.get_color(), str(line.get_linestyle())) for line in ax.lines}) == 6


def test_names_beside_scenarios_have_rows_of_both() -> None:
    ax = ob.plot.scenarios(PERIODS[:2].assign_coords(period=["q1", "q2", "q3", "q4"]))
    ticks = [tick.get_text() for tick in ax.get_yticklabels()]
    assert ticks[:5] == ["case 0, q1", "case 0, q2", "case 0, q3", "case 0, q4", "case 1, q1"]


def test_rows_without_value_and_infinite_ones_are_said() -> None:
    values = xr.concat([TWO, TWO, TWO], "scenario").assign_coords(scenario=list("abcdef"))
    values[2], values[3], values[4] = np.nan, np.inf, 0.3
    ax = ob.plot.scenarios(values)
    assert labels(ax)[2:5] == ["no value", "infinite", "30%"]


def test_too_many_or_none_to_compare_are_refused() -> None:
    with pytest.raises(ValueError, match="fleet has 9 scenarios, of which 7 can be read"):
        ob.plot.scenarios(PERIODS)
    with pytest.raises(ValueError, match="use has 40 positions, of which 30 can be read"):
        ob.plot.scenarios(xr.concat([TWO] * 20, "scenario"))
    with pytest.raises(ValueError, match=r"use must have dimension 'scenario'.*got none"):
        ob.plot.scenarios(TWO[0])
    with pytest.raises(ValueError, match="use has no finite draw"):
        ob.plot.scenarios(TWO * np.nan)
