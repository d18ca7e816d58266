"""Before and after evidence: two histograms with one set of bins."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import drawn, footnote, steps
from scipy import stats

import overbuild as ob

PRIOR = np.random.default_rng(2).normal(size=40_000)


def observed(at: float, sd: float) -> np.ndarray:
    return np.exp(-0.5 * ((PRIOR - at) / sd) ** 2)


def test_both_histograms_have_their_probabilities() -> None:
    weights = observed(1.0, 0.5)
    ax = ob.plot.posterior(drawn(PRIOR, weights=weights))
    (before, edges), (after, same) = steps(ax, 0), steps(ax, 1)
    np.testing.assert_array_equal(edges, same)
    np.testing.assert_allclose(before, np.histogram(PRIOR, edges)[0] / PRIOR.size, atol=1e-12)
    share = weights / weights.sum()
    np.testing.assert_allclose(after, np.histogram(PRIOR, edges, weights=share)[0], atol=1e-12)


def test_normal_prior_and_normal_observation() -> None:
    # Closed form: precision 1 + 1/0.5^2 = 5, mean 0.8.
    ax = ob.plot.posterior(drawn(PRIOR, weights=observed(1.0, 0.5)), evidence="x is about 1")
    marks = [line.get_xdata()[0] for line in ax.lines]
    expected = stats.norm(0.8, 5**-0.5).ppf([0.05, 0.5, 0.95])
    np.testing.assert_allclose(marks, expected, atol=0.02)
    assert "weighted by evidence (x is about 1)" in footnote(ax)
    assert "before evidence: P5 -1.6" in footnote(ax)


def test_tight_evidence_fills_the_picture() -> None:
    ax = ob.plot.posterior(drawn(PRIOR, weights=observed(1.0, 0.01)))
    low, high = ax.get_xlim()
    assert 2 * 1.645 * 0.01 * 2 / (high - low) >= 0.06
    (before, edges), (after, _) = steps(ax, 0), steps(ax, 1)
    assert (after > 0.01).sum() > 8
    outside = ((edges[0] > PRIOR) | (edges[-1] < PRIOR)).mean()
    assert f"{100 * outside:.2g}% of those before lie beyond the axis" in footnote(ax)
    assert before.sum() == pytest.approx(1 - outside)


def test_without_evidence_there_is_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="the draws of x have no coordinate 'draw_weight'"):
        ob.plot.posterior(drawn(PRIOR))
    with pytest.raises(ValueError, match="the draws of x have equal weights"):
        ob.plot.posterior(drawn(PRIOR, weights=np.ones(PRIOR.size)))


def test_all_weight_on_one_draw() -> None:
    weights = np.zeros(PRIOR.size)
    weights[7] = 1
    ax = ob.plot.posterior(drawn(PRIOR, weights=weights))
    assert steps(ax, 1)[0].max() == 1.0
    assert "as good as 1 of equal weight" in footnote(ax)


def test_draws_before_evidence_may_be_others() -> None:
    after = np.random.default_rng(3).normal(0.8, 5**-0.5, size=5_000)
    ax = ob.plot.posterior(drawn(after), before=drawn(PRIOR))
    (before, edges), (found, _) = steps(ax, 0), steps(ax, 1)
    np.testing.assert_allclose(before, np.histogram(PRIOR, edges)[0] / PRIOR.size, atol=1e-12)
    np.testing.assert_allclose(found, np.histogram(after, edges)[0] / after.size, atol=1e-12)
    assert f"before evidence: P5 {np.quantile(PRIOR, 0.05):.3f}" in footnote(ax)
    weighted = drawn(PRIOR, weights=observed(1.0, 0.5))
    again, edges = steps(ob.plot.posterior(drawn(after), before=weighted), 0)
    share = observed(1.0, 0.5) / observed(1.0, 0.5).sum()
    np.testing.assert_allclose(again, np.histogram(PRIOR, edges, weights=share)[0], atol=1e-12)


def test_both_must_be_of_one_unit() -> None:
    with pytest.raises(ValueError, match="before is in hour, but x in none"):
        ob.plot.posterior(drawn(PRIOR), before=drawn(PRIOR).assign_attrs(unit="hour"))
    with pytest.raises(ValueError, match="unless draws of a run without it are given as before"):
        ob.plot.posterior(drawn(PRIOR))


def test_a_conditioned_study_beside_its_prior() -> None:
    study = ob.Study(lambda x, y: {"total": x + y}, {"x": stats.norm(), "y": stats.norm()})
    prior, found = study.run(2**12), study.condition(total=(1.9, 2.1), draws=1024)
    ax = found.plot("x", before=prior)
    marks = [line.get_xdata()[0] for line in ax.lines]
    np.testing.assert_allclose(marks[1], 1.0, atol=0.1)  # half of the sum
    assert "given total" in footnote(ax)
    assert found.plot(before=prior).get_xlabel() == "total"
