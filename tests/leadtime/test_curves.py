"""Kaplan and Meier's and Aalen and Johansen's curves against lifelines, and by counting."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

with warnings.catch_warnings():
    # autograd, which lifelines is built on, uses names that NumPy has deprecated.
    warnings.simplefilter("ignore")
    import lifelines
    from lifelines.datasets import load_lung, load_waltons

import overbuild as ob

lead = ob.leadtime


def some_orders(n: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    durations = rng.integers(1, 30, n).astype(float)
    return {
        "durations": durations,
        "observed": rng.random(n) < 0.7,
        "entry": np.floor(rng.uniform(0, 0.9, n) * durations),
        "weights": rng.integers(1, 5, n).astype(float),
    }


@pytest.mark.parametrize("extra", [[], ["entry"], ["weights"], ["entry", "weights"]])
@pytest.mark.parametrize("n", [1, 2, 20, 500])
def test_kaplan_meier_against_lifelines(n: int, extra: list[str]) -> None:
    orders = some_orders(n, seed=n)
    more = {name: orders[name] for name in extra}
    found = lead.kaplan_meier(orders["durations"], orders["observed"], **more, level=0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rival = lifelines.KaplanMeierFitter(alpha=0.1).fit(
            orders["durations"], orders["observed"], **more
        )
    theirs = rival.survival_function_.iloc[:, 0].loc[found.times]
    np.testing.assert_allclose(found.survival, theirs, rtol=1e-10, atol=1e-12)
    inside = (found.survival > 0) & (found.survival < 1)
    bounds = rival.confidence_interval_.loc[found.times].to_numpy()[inside]
    np.testing.assert_allclose(found.lower[inside], bounds[:, 0], rtol=1e-9)
    np.testing.assert_allclose(found.upper[inside], bounds[:, 1], rtol=1e-9)
    table = rival.event_table.loc[found.times]
    np.testing.assert_array_equal(found.at_risk, table["at_risk"] - table["entrance"])
    np.testing.assert_array_equal(found.events, table["observed"])
    np.testing.assert_array_equal(found.censored, table["censored"])


def test_known_medians() -> None:
    waltons, lung = load_waltons(), load_lung()
    assert lead.kaplan_meier(waltons["T"], waltons["E"]).quantile(0.5) == 56.0
    found = lead.kaplan_meier(lung["time"], lung["status"])
    assert found.quantile(0.5) == 310.0
    assert (found.events.sum(), found.censored.sum()) == (165, 63)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rival = lifelines.KaplanMeierFitter().fit(lung["time"], lung["status"])
        theirs = lifelines.utils.median_survival_times(rival.confidence_interval_)
    assert found.quantile_interval(0.5) == tuple(theirs.to_numpy()[0])


@given(
    orders=st.lists(
        st.tuples(st.integers(0, 12), st.booleans(), st.integers(0, 12), st.integers(0, 3)),
        min_size=1,
        max_size=25,
    )
)
def test_the_curve_by_counting(orders) -> None:
    orders = [(t, o, min(e, t - 1), w) for t, o, e, w in orders if t > 0]
    if not any(w for *_, w in orders):
        return
    times, observed, entry, weights = map(list, zip(*orders, strict=True))
    found = lead.kaplan_meier(times, observed, entry=entry, weights=weights)
    share = Fraction(1)
    for place, time in enumerate(found.times):
        risk = sum(w for t, _, e, w in orders if e < time <= t)
        ended = sum(w for t, o, _, w in orders if t == time and o)
        share *= 1 - Fraction(ended, risk)
        assert (found.at_risk[place], found.events[place]) == (risk, ended)
        assert found.survival[place] == pytest.approx(float(share), abs=1e-13)
        assert (found.survival[place] == 0) == (share == 0)
    assert found.times.tolist() == sorted({t for t, *_, w in orders if w})
    assert (found.lower <= found.survival + 1e-15).all()
    assert (found.survival <= found.upper + 1e-15).all()
    assert (np.diff(found.survival) <= 0).all()


def test_with_none_open_it_is_the_share_above() -> None:
    times = np.random.default_rng(0).integers(1, 50, 1000)
    found = lead.kaplan_meier(times)
    np.testing.assert_allclose(
        found.survival, [(times > t).mean() for t in found.times], atol=1e-13
    )
    # The median is the first time by which half have ended, though the product is not exactly 1/2.
    halves = lead.kaplan_meier(np.arange(1, 11))
    assert halves.quantile(0.5) == 5.0
    np.testing.assert_array_equal(halves.quantile(np.arange(1, 11) / 10), np.arange(1, 11))


def test_the_curve_between_and_beyond_its_times() -> None:
    found = lead.kaplan_meier([2.0, 4.0, 6.0], [True, True, False])
    np.testing.assert_allclose(
        found.at([0, 1.9, 2, 3, 4, 6, 7, np.nan]),
        [1, 1, 2 / 3, 2 / 3, 1 / 3, 1 / 3, np.nan, np.nan],
    )
    assert found.quantile(0.9) == np.inf
    assert lead.kaplan_meier([2.0, 4.0]).at(9.0) == 0.0
    table = found.table()
    assert table.index.to_list() == [2.0, 4.0, 6.0]
    assert table["at_risk"].to_list() == [3.0, 2.0, 1.0]
    assert "median 4" in repr(found)
    with pytest.raises(AttributeError):
        found.level = 0.5
    for wrong in (0.0, 1.1, np.nan):
        with pytest.raises(ValueError, match="q must be"):
            found.quantile(wrong)


BROKEN = [
    ({"durations": []}, ValueError, "at least one order"),
    ({"durations": [[1.0, 2.0]]}, ValueError, "one row"),
    ({"durations": [1.0, np.nan]}, ValueError, "durations.*nan in row 1"),
    ({"durations": [1.0, -2.0, -1.0]}, ValueError, "-2 in row 1.*in all: 2"),
    ({"durations": [1.0, np.inf]}, ValueError, "durations"),
    ({"durations": [1.0, 2.0], "entry": [0.0, 2.0]}, ValueError, "entry.*2 in row 1"),
    ({"durations": [1.0, 2.0], "entry": [-1.0, 0.0]}, ValueError, "entry"),
    ({"durations": [1.0, 2.0], "entry": [0.0, np.nan]}, ValueError, "entry"),
    ({"durations": [1.0, 2.0], "weights": [0.0, 0.0]}, ValueError, "weights are all zero"),
    ({"durations": [1.0, 2.0], "weights": [1.0, -1.0]}, ValueError, "weights.*-1 in row 1"),
    ({"durations": [1.0, 2.0], "weights": [1.0, np.nan]}, ValueError, "weights"),
    ({"durations": [1.0, 2.0], "weights": [1.0] * 3}, ValueError, "weights has shape"),
    ({"durations": ["a", "b"]}, TypeError, "durations must be numbers"),
    ({"durations": [1.0, 2.0], "level": 1.0}, ValueError, "level"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BROKEN)
def test_broken_calls(arguments, error, message) -> None:
    with pytest.raises(error, match=message):
        lead.kaplan_meier(**arguments)
    n = np.size(arguments["durations"])
    with pytest.raises((error, ValueError)):
        lead.cumulative_incidence(**arguments, cause=["a"] * max(n, 1))


def test_flags_are_flags() -> None:
    with pytest.raises(ValueError, match=r"true or false.*2 in row 1"):
        lead.kaplan_meier([1.0, 2.0], [1, 2])
    with pytest.raises(ValueError, match="true or false"):
        lead.kaplan_meier([1.0, 2.0], [1, np.nan])
    with pytest.raises(ValueError, match="every order is open"):
        lead.cumulative_incidence([1.0, 2.0], [None, None])


def distinct_orders(n: int = 80) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    durations = rng.permutation(n) + 1.0
    return {
        "durations": durations,
        "cause": rng.integers(0, 3, n),
        "entry": np.floor(0.8 * durations * rng.random(n)) * (durations > n / 4) + 0.25,
        "weights": rng.integers(1, 4, n).astype(float),
    }


@pytest.mark.parametrize("extra", [[], ["weights"], ["entry"]])
@pytest.mark.parametrize("cause", [1, 2])
def test_cumulative_incidence_against_lifelines(cause: int, extra: list[str]) -> None:
    orders = distinct_orders()
    more = {name: orders[name] for name in extra}
    found = lead.cumulative_incidence(orders["durations"], orders["cause"], **more)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rival = lifelines.AalenJohansenFitter().fit(
            orders["durations"], orders["cause"], event_of_interest=cause, **more
        )
    table = found.table(cause)
    theirs = rival.cumulative_density_.iloc[:, 0].loc[found.times]
    if extra == ["entry"]:
        # lifelines counts those at risk who begin at the very time; none does here.
        assert not np.isin(orders["entry"], orders["durations"]).any()
    np.testing.assert_allclose(table["incidence"], theirs, rtol=1e-10)
    variance = rival.variance_.loc[found.times].to_numpy()
    known = np.isfinite(variance)
    assert known.sum() > 70
    np.testing.assert_allclose(
        table["variance"].to_numpy()[known], variance[known], rtol=1e-8, atol=1e-16
    )
    bounds = rival.confidence_interval_.loc[found.times].to_numpy()
    known = np.isfinite(bounds).all(axis=1) & (table["incidence"] > 0).to_numpy()
    assert known.sum() > 60
    ours = np.sort(table[["lower", "upper"]].to_numpy(), axis=1)
    np.testing.assert_allclose(ours[known], np.sort(bounds[known], axis=1), rtol=1e-8)
    assert (table["lower"] <= table["upper"]).all()


def test_waltons_incidence_is_one_less_survival() -> None:
    data = load_waltons()
    shares = lead.cumulative_incidence(data["T"], data["E"])
    curve = lead.kaplan_meier(data["T"], data["E"])
    assert shares.causes == (1,)
    np.testing.assert_allclose(shares.incidence[0], 1 - curve.survival, atol=1e-13)
    inside = curve.survival > 0
    greenwood = np.cumsum(curve.events / curve.at_risk / (curve.at_risk - curve.events).clip(1))
    np.testing.assert_allclose(
        shares.variance[0][inside], (curve.survival**2 * greenwood)[inside], rtol=1e-9
    )


@given(
    orders=st.lists(st.tuples(st.integers(1, 8), st.integers(0, 3)), min_size=1, max_size=30),
    seed=st.integers(0, 5),
)
def test_ties_are_shared_out_by_number(orders, seed) -> None:
    times, cause = map(np.array, zip(*orders, strict=True))
    if not cause.any():
        return
    found = lead.cumulative_incidence(times, cause)
    np.testing.assert_allclose(found.incidence.sum(axis=0) + found.survival, 1.0, atol=1e-13)
    assert (np.diff(found.incidence, axis=1) >= 0).all()
    share = dict.fromkeys(found.causes, Fraction(0))
    open_before = Fraction(1)
    for place, time in enumerate(found.times):
        risk = int((times >= time).sum())
        for k, one in enumerate(found.causes):
            share[one] += open_before * int(((times == time) & (cause == one)).sum()) / risk
            assert found.incidence[k, place] == pytest.approx(float(share[one]), abs=1e-13)
        open_before *= 1 - Fraction(int(((times == time) & (cause > 0)).sum()), risk)
    order = np.random.default_rng(seed).permutation(len(times))
    other = lead.cumulative_incidence(times[order], cause[order])
    np.testing.assert_array_equal(other.incidence, found.incidence)
    np.testing.assert_array_equal(other.variance, found.variance)


def test_the_variance_is_that_of_repeated_samples() -> None:
    rng = np.random.default_rng(12)
    rows, n, at = 800, 150, 20.0
    shares, variances = [], []
    for _ in range(rows):
        first, second, end = rng.exponential((30.0, 60.0, 40.0), (n, 3)).T
        times = np.minimum(np.minimum(first, second), end)
        cause = np.where(times == end, 0, np.where(times == first, 1, 2))
        found = lead.cumulative_incidence(times, cause)
        place = np.searchsorted(found.times, at, side="right") - 1
        shares.append(found.incidence[0, place])
        variances.append(found.variance[0, place])
    # The hazards are 1/30 and 1/60 a week.
    truth = (1 / 30) / (1 / 30 + 1 / 60) * (1 - np.exp(-at * (1 / 30 + 1 / 60)))
    assert np.mean(shares) == pytest.approx(truth, abs=4 * np.sqrt(np.mean(variances) / rows))
    assert np.mean(variances) == pytest.approx(np.var(shares), rel=0.2)


def test_labels_of_causes() -> None:
    times = [1.0, 2.0, 3.0, 4.0]
    for open_one in (None, np.nan, "", 0, False):
        found = lead.cumulative_incidence(times, pd.Series(["b", open_one, "a", "b"], dtype=object))
        assert found.causes == ("a", "b")
        np.testing.assert_allclose(found.at([1, 3, 4], "b"), [1 / 4, 1 / 4, 5 / 8])
    assert found.at(9.0, "b") == 5 / 8
    with pytest.raises(ValueError, match="cause must be one of"):
        found.at(1.0, "c")
    assert lead.cumulative_incidence(times, [1, 0, 2.0, 1]).causes == (1, 2)
    # Beyond the last order, while some are open, nothing is known.
    assert np.isnan(lead.cumulative_incidence(times, [1, 0, 2, 0]).at(9.0, 1))
    assert "'a'" in repr(found)
