"""Histograms: heights are probabilities, marks are quantiles, nothing odd is hidden."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pictures import drawn, footnote, labels, steps

import overbuild as ob
from overbuild.plot._draws import Draws

RANDOM = np.random.default_rng(7)
NORMAL = RANDOM.normal(size=20_000)


def marks(ax) -> list[float]:
    return [line.get_xdata()[0] for line in ax.lines]


def test_heights_are_shares_of_draws() -> None:
    heights, edges = steps(ob.plot.histogram(drawn(NORMAL)))
    np.testing.assert_allclose(heights, np.histogram(NORMAL, edges)[0] / NORMAL.size, atol=1e-12)
    assert 0.997 < heights.sum() < 0.9985  # without the outermost thousandths


def test_weighted_heights_and_marks() -> None:
    weights = np.exp(-0.5 * ((NORMAL - 1) / 0.5) ** 2)
    ax = ob.plot.histogram(drawn(NORMAL, weights=weights), evidence="about 1")
    heights, edges = steps(ax)
    expected = np.histogram(NORMAL, edges, weights=weights / weights.sum())[0]
    np.testing.assert_allclose(heights, expected, atol=1e-12)
    w = weights / weights.sum()
    quantiles = np.quantile(NORMAL, [0.05, 0.5, 0.95], weights=w, method="inverted_cdf")
    assert marks(ax) == quantiles.tolist()
    effective = f"{1 / (w @ w):,.0f}"
    assert footnote(ax).startswith(
        f"20,000 draws; weighted by evidence (about 1), as good as {effective} of equal weight"
    )


def test_few_values_are_bars_with_their_probability() -> None:
    ax = ob.plot.histogram(drawn(np.repeat([1.0, 2.0, 4.0], [50, 30, 20])))
    assert [patch.get_height() for patch in ax.patches] == pytest.approx([0.5, 0.3, 0.2])
    centres = [patch.get_x() + patch.get_width() / 2 for patch in ax.patches]
    assert centres == pytest.approx([1, 2, 4])
    assert ax.get_ylabel() == "probability"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "4"]


def test_quantiles_at_one_value_share_a_label() -> None:
    ax = ob.plot.histogram(drawn(np.full(64, 2.5e9)))
    assert labels(ax) == ["P5, P50, P95\n2.5bn"]
    assert [patch.get_height() for patch in ax.patches] == [1.0]


def test_whole_numbers_fill_their_bins_alike() -> None:
    values = RANDOM.integers(0, 400, 40_000).astype(float)
    _, edges = steps(ob.plot.histogram(drawn(values)))
    assert np.unique(np.diff(edges)).tolist() == [5.0]
    assert edges[0] % 1 == 0.5


def test_many_sizes_have_a_logarithmic_axis() -> None:
    values = 10 ** RANDOM.uniform(-3, 9, 20_000)
    ax = ob.plot.histogram(drawn(values, "USD"))
    heights, _ = steps(ax)
    assert ax.get_xscale() == "log"
    assert "logarithmic axis" in footnote(ax)
    # Uniform in the logarithm: level bars.
    assert heights[2:-2].std() < 0.2 * heights.mean()
    ax.figure.canvas.draw()
    ticks = [tick.get_text() for tick in ax.get_xticklabels()]
    assert {"1", "100", "10k", "1M"} <= set(ticks) or {"10", "1,000", "100k"} <= set(ticks)


def test_heavy_tails_on_both_sides_do_not_squeeze_the_rest() -> None:
    values = RANDOM.standard_cauchy(50_000)
    ax = ob.plot.histogram(drawn(values))
    low, high = steps(ax)[1][[0, -1]]
    p5, p95 = np.quantile(values, [0.05, 0.95])
    assert high - low < 7.5 * (p95 - p5)
    beyond = ((values < low) | (values > high)).mean()
    assert beyond > 0.003
    assert f"{100 * beyond:.2g}% beyond the axis" in footnote(ax)


def test_a_value_with_a_probability_of_its_own_is_said_and_hides_nothing() -> None:
    values = np.concatenate([np.zeros(3_000), 5 + NORMAL[:7_000]])
    ax = ob.plot.histogram(drawn(values))
    heights, _ = steps(ax)
    assert heights[0] == pytest.approx(0.3, abs=1e-3)
    assert "the bar of 30% is cut off" in footnote(ax)
    assert "30% are exactly 0" in footnote(ax)
    assert ax.get_ylim()[1] < 3 * np.sort(heights)[-2]


def test_missing_and_infinite_draws_are_said() -> None:
    values = 10 + NORMAL.copy()
    values[:9000], values[9000:9010] = np.inf, np.nan
    ax = ob.plot.histogram(drawn(values))
    said = "20,000 draws; 10 of them without a value; 9,000 of them infinite; P95 is infinite"
    assert footnote(ax) == said
    assert len(ax.lines) == 2


def test_one_draw() -> None:
    ax = ob.plot.histogram(drawn([7.0], "weeks"))
    assert footnote(ax) == "1 draw"
    assert labels(ax) == ["P5, P50, P95\n7"]


def test_dates() -> None:
    days = np.datetime64("2026-01-01") + RANDOM.integers(0, 365, 5_000).astype("m8[D]")
    ax = ob.plot.histogram(drawn(days, name="start"), quantiles=(0.5,))
    (label,) = labels(ax)
    middle = np.median((days - np.datetime64("1970-01-01")).astype(int))
    stated = np.datetime64("1970-01-01") + np.timedelta64(int(middle), "D")
    assert label.splitlines()[1].endswith("2026")
    assert int(label.splitlines()[1].split()[0]) == stated.astype(object).day
    assert ax.get_xlabel() == "start"


def test_dollars_are_not_read_as_mathematics() -> None:
    ax = ob.plot.histogram(drawn(NORMAL, "$/MWh and $/h", name="cost"), evidence="$1 to $2")
    assert ax.get_xlabel() == r"cost (\$/MWh and \$/h)"
    ax.figure.canvas.draw()


@settings(max_examples=60)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), min_size=1, max_size=40))
@example([1.11e73, 5.87e296, 1.0])
@example([1e-300, 1e300, 1.0])
def test_whatever_is_finite_can_be_drawn(values: list[float]) -> None:
    finite = np.array(values)[np.isfinite(values)]
    if finite.size == 0 or np.abs(finite).max() > 1e300:
        return
    _, ax = plt.subplots()
    ob.plot.histogram(drawn(values), ax=ax)
    quantiles = Draws.of(drawn(values)).quantiles([0.05, 0.5, 0.95])
    assert marks(ax) == np.unique(quantiles[np.isfinite(quantiles)]).tolist()
    low, high = ax.get_xlim()
    assert all(low <= x <= high for x in marks(ax))
    plt.close("all")


def test_axes_are_axes() -> None:
    with pytest.raises(TypeError, match="ax must be matplotlib axes"):
        ob.plot.histogram(drawn([1.0, 2.0]), ax="here")
