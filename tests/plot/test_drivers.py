"""Tornados and responses: drawn from tables of sensitivity."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pictures import footnote, labels

import overbuild as ob

TABLE = pd.DataFrame(
    {
        "low": [0.38, 0.30, 0.45, 0.41],
        "high": [0.43, 0.52, 0.35, 0.44],
        "rank_correlation": [0.1, 0.8, -0.4, 0.1],
        "first_order": [0.05, 0.61, 0.22, np.nan],
    },
    index=["share", "hours", "price", "opening_of_the_fleet[period=3]"],
)
TABLE.attrs = {"output": "utilization", "unit": "share", "centre": 0.4}


def bars(ax) -> list[tuple[float, float]]:
    """Return the ends of all bars: those at P10 first."""
    return [tuple(sorted((p.get_x(), p.get_x() + p.get_width()))) for p in ax.patches]


def test_bars_run_from_the_centre_widest_first() -> None:
    ax = ob.plot.tornado(TABLE)
    ticks = [tick.get_text() for tick in ax.get_yticklabels()]
    assert ticks == ["hours", "price", "share", "opening_of_the_fleet\n[period=3]"]
    expected = [(0.3, 0.4), (0.4, 0.45), (0.38, 0.4), (0.4, 0.41)]
    expected += [(0.4, 0.52), (0.35, 0.4), (0.4, 0.43), (0.4, 0.44)]
    np.testing.assert_allclose(bars(ax), expected)
    assert ax.get_xlabel() == "utilization (share)"
    assert footnote(ax) == "bars start at 40%"
    *ends, hours, price, share, opening, head = labels(ax)
    # No 41%: it lies inside the longer bar.
    assert sorted(ends) == ["30%", "35%", "38%", "43%", "44%", "45%", "52%"]
    assert [hours, price, share, opening, head] == ["61%", "22%", "5%", "–", "share of\nvariance"]


def test_many_inputs_and_broken_rows_are_said() -> None:
    many = pd.DataFrame({"low": -np.arange(20.0), "high": np.arange(20.0)})
    many.index = [f"input_{k}" for k in range(20)]
    many.loc["input_7", "low"] = np.nan
    many.loc["input_8", "high"] = np.inf
    ax = ob.plot.tornado(many)
    assert len(ax.get_yticklabels()) == 12
    assert "6 more inputs change less" in footnote(ax)
    assert "2 inputs without finite numbers are left out" in footnote(ax)
    assert [tick.get_text() for tick in ax.get_yticklabels()][:2] == ["input_19", "input_18"]


def test_inputs_that_change_nothing() -> None:
    ax = ob.plot.tornado(pd.DataFrame({"low": [2.0], "high": [2.0]}, index=["a"]))
    assert bars(ax) == [(2.0, 2.0), (2.0, 2.0)]


def test_tables_without_what_is_needed_are_refused() -> None:
    with pytest.raises(ValueError, match="needs columns low and high; high is not in low, first"):
        ob.plot.tornado(TABLE[["low", "first_order"]])
    with pytest.raises(ValueError, match="no row with finite low and high, of 4"):
        ob.plot.tornado(TABLE * np.nan)


RESPONSE = pd.DataFrame(
    {f"P{p}": [p + 1.0, p + 2.0, p + 5.0] for p in (5, 25, 50, 75, 95)}, index=[2.0, 3.0, 4.5]
)
RESPONSE.attrs = {
    "output": "cost",
    "input": "power",
    "output_unit": "USD",
    "input_unit": "USD/MWh",
}


def test_a_response_has_its_median_bands_and_places() -> None:
    ax = ob.plot.what_if(RESPONSE.iloc[[2, 0, 1]])
    assert ax.lines[0].get_xdata().tolist() == [2.0, 3.0, 4.5]
    assert ax.lines[0].get_ydata().tolist() == [51.0, 52.0, 55.0]
    wide, narrow, ticks = ax.collections
    for band, (low, high) in ((wide, (5, 95)), (narrow, (25, 75))):
        points = band.get_paths()[0].vertices
        ends = [points[points[:, 0] == x, 1] for x in (2.0, 3.0, 4.5)]
        assert [(y.min(), y.max()) for y in ends] == [(low + k, high + k) for k in (1, 2, 5)]
    assert [segment[0][0] for segment in ticks.get_segments()] == [2.0, 3.0, 4.5]
    assert ax.get_xlabel() == "power (USD/MWh)"
    assert ax.get_ylabel() == "cost (USD)"


def test_a_response_at_one_value_and_with_gaps() -> None:
    assert len(ob.plot.what_if(RESPONSE.iloc[:1]).lines) == 1
    broken = RESPONSE.copy()
    broken.loc[3.0] = np.inf
    assert np.isnan(ob.plot.what_if(broken).lines[0].get_ydata()).tolist() == [False, True, False]
    with pytest.raises(ValueError, match="no finite row, of 3"):
        ob.plot.what_if(RESPONSE * np.nan)
    with pytest.raises(ValueError, match="got P5, P50, without P25, P75, P95"):
        ob.plot.what_if(RESPONSE[["P5", "P50"]])
