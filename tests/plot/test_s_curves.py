"""S-curves: the distribution function, with its quantiles, also where some never complete."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import drawn, footnote, labels

import overbuild as ob

WEEKS = np.random.default_rng(3).gamma(20, 2, 10_000)


def curve(ax, k: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return ax.lines[k].get_data()


def test_the_curve_is_the_share_of_draws_up_to_a_time() -> None:
    x, y = curve(ob.plot.s_curve(drawn(WEEKS, "weeks")))
    upper = y[1::2]  # each place has a corner below its step and one above
    expected = (WEEKS[None, :] <= x[1::2][:, None]).mean(axis=1)
    np.testing.assert_allclose(upper, expected, atol=1e-12)
    assert (np.diff(y) >= 0).all()


def test_marks_stand_at_the_quantiles() -> None:
    ax = ob.plot.s_curve(drawn(WEEKS, "weeks"))
    points = [line for line in ax.lines if line.get_marker() == "o"]
    p10, p50, p90 = np.quantile(WEEKS, [0.1, 0.5, 0.9])
    assert [(*line.get_xdata(), *line.get_ydata()) for line in points] == [
        (p10, 0.1),
        (p50, 0.5),
        (p90, 0.9),
    ]
    assert labels(ax) == [f"P10  {p10:.4g}", f"P50  {p50:.4g}", f"P90  {p90:.4g}"]


def test_what_never_completes_keeps_the_curve_below_one() -> None:
    values = WEEKS.copy()
    values[:2_000] = np.inf
    ax = ob.plot.s_curve(drawn(values, "weeks"))
    assert curve(ax)[1].max() == pytest.approx(0.8, abs=1e-3)
    assert "probability of never: 20%" in footnote(ax)
    assert "P90 is infinite" in footnote(ax)


def test_evidence_leaves_a_dashed_curve_of_what_was_before() -> None:
    weights = (WEEKS > 45).astype(float) + 1e-3
    ax = ob.plot.s_curve(drawn(WEEKS, "weeks", weights=weights), evidence="later than 45")
    (before_x, before_y), (x, y) = curve(ax, 0), curve(ax, 1)
    share = weights / weights.sum()
    at = np.searchsorted(x, 50.0)
    assert y[at] == pytest.approx(share[x[at] >= WEEKS].sum(), abs=2e-3)
    at = np.searchsorted(before_x, 50.0)
    assert before_y[at] == pytest.approx((before_x[at] >= WEEKS).mean(), abs=2e-3)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "before evidence",
        "after evidence",
    ]


def test_dates_read_as_dates() -> None:
    days = np.datetime64("2026-01-05") + (7 * WEEKS).astype("m8[D]")
    ax = ob.plot.s_curve(drawn(days, name="in_service"), quantiles=(0.5,))
    assert labels(ax)[0].startswith("P50  ")
    assert labels(ax)[0].endswith("Oct 2026")


def test_constants_and_a_single_draw_are_steps() -> None:
    for values in (np.full(16, 12.0), [12.0]):
        ax = ob.plot.s_curve(drawn(values, "weeks"))
        x, y = curve(ax)
        assert set(y[x < 12]) == {0.0}
        assert set(y[x > 12]) == {1.0}


def test_no_time_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="x has no finite draw"):
        ob.plot.s_curve(drawn([np.nan, np.inf], "weeks"))
    with pytest.raises(ValueError, match="x has dimensions site; select along all"):
        ob.plot.s_curve(drawn(WEEKS).expand_dims(site=2))
