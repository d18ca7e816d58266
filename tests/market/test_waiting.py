"""Now or later, against quadrature and a general root finder."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import integrate, optimize

import overbuild as ob

option_to_wait = ob.market.option_to_wait

CASE = {
    "cost": 30_000.0, "margin": 18_000.0, "life": 5.0, "cadence": 18.0, "gain": 1.0,
    "discount_rate": 0.12, "decline": 0.3,
}  # fmt: skip


def worth(case: dict[str, float], wait: float, kind: str = "budget") -> float:
    """Value of buying after so many years, by quadrature; not floored."""
    more = 1 + case["gain"] if wait > 0 else 1.0
    cost = case["cost"] if kind == "budget" else case["cost"] / more
    margin = case["margin"] * (more if kind == "budget" else 1.0)

    def flow(t: float) -> float:
        years = wait + t
        return margin * (1 - case["decline"]) ** years / (1 + case["discount_rate"]) ** years

    earned = integrate.quad(flow, 0, case["life"], epsabs=0, epsrel=1e-12)[0]
    return earned - cost / (1 + case["discount_rate"]) ** wait


@given(
    margin=st.floats(1e3, 1e5),
    life=st.floats(0.5, 12),
    cadence=st.floats(1, 60),
    gain=st.floats(-0.5, 4),
    discount_rate=st.floats(0, 0.4),
    decline=st.floats(-0.3, 0.8),
    kind=st.sampled_from(["budget", "capacity"]),
)
def test_against_quadrature(kind: str, **drawn: float) -> None:
    case = CASE | drawn
    found = option_to_wait(**case, kind=kind)  # type: ignore[arg-type]
    size = case["margin"] * case["life"] + case["cost"]
    wait = case["cadence"] / 12
    assert found.now == pytest.approx(worth(case, 0.0), rel=1e-8, abs=1e-8 * size)
    later = max(worth(case, wait, kind), 0.0)
    assert found.waiting == pytest.approx(later, rel=1e-7, abs=1e-7 * size)
    assert found.difference == pytest.approx(found.waiting - found.now, abs=1e-9 * size)
    lost = CASE | case | {"life": min(wait, case["life"]), "cost": 0.0}
    assert found.lost_margin == pytest.approx(worth(lost, 0.0), rel=1e-8)


@given(
    margin=st.floats(1e3, 1e5),
    gain=st.floats(0, 4),
    discount_rate=st.floats(0.01, 0.4),
    decline=st.floats(-0.3, 0.8),
    kind=st.sampled_from(["budget", "capacity"]),
)
def test_the_break_even_is_the_last_wait_that_pays(kind: str, **drawn: float) -> None:
    case = CASE | drawn
    found = option_to_wait(**case, kind=kind)  # type: ignore[arg-type]
    months = float(found.break_even)
    if found.now <= 0:
        assert months == np.inf
        return
    at = option_to_wait(**case | {"cadence": [0.0, 1e3]}, kind=kind)  # type: ignore[arg-type]
    assert at.waiting[0] >= found.now * (1 - 1e-9)
    if months == np.inf:  # margins rise as fast as interest, or nearly
        assert np.log1p(-case["decline"]) + np.log1p(case["discount_rate"]) * 1e-9 >= 0
        assert at.waiting[1] >= found.now * (1 - 1e-9)
        return
    assume(months > 1e-6 and months < 1e4)
    around = months * np.array([1 - 1e-6, 1.0, 1 + 1e-6])
    waiting = option_to_wait(**case | {"cadence": around}, kind=kind).waiting  # type: ignore[arg-type]
    assert waiting[1] == pytest.approx(found.now, rel=1e-6)
    assert waiting[2] < found.now * (1 + 1e-12)
    far = option_to_wait(**case | {"cadence": months * np.linspace(1.001, 10, 50)}, kind=kind)  # type: ignore[arg-type]
    assert (far.waiting < found.now).all()


zero = st.just(0.0)


@given(
    margin=st.floats(1e3, 1e5),
    life=st.floats(0.5, 12),
    gain=zero | st.floats(-0.9, 4) | st.floats(-1e-6, 1e-6),
    discount_rate=zero | st.floats(0, 0.4),
    decline=zero | st.floats(-0.3, 0.8),
    kind=st.sampled_from(["budget", "capacity"]),
    cadences=st.lists(st.floats(0, 1_200), min_size=20, max_size=20),
)
@example(9e3, 5.0, -0.2, 0.1, -0.06, "budget", [0.0, 60.0, 120.0, 240.0, 480.0, 960.0])
@example(9e3, 5.0, -0.2, 0.05, -0.06, "capacity", [0.0, 60.0, 120.0, 240.0, 480.0, 960.0])
def test_waiting_costs_outside_of_its_break_evens_alone(
    margin: float,
    life: float,
    gain: float,
    discount_rate: float,
    decline: float,
    kind: str,
    cadences: list[float],
) -> None:
    case = CASE | {
        "margin": margin, "life": life, "gain": gain, "discount_rate": discount_rate,
        "decline": decline,
    }  # fmt: skip
    found = option_to_wait(**case | {"cadence": np.array(cadences)}, kind=kind)  # type: ignore[arg-type]
    first, last = float(found.pays_from), float(found.break_even)
    assert np.isnan(first) == np.isnan(last)
    exact_now = worth(case, 0.0)
    size = 1e-9 * (abs(exact_now) + case["cost"])
    waits = np.maximum(cadences, 1e-12) / 12  # the next generation, if at once
    difference = np.array([max(worth(case, w, kind), 0.0) for w in waits]) - exact_now
    pays = (np.array(cadences) >= first) & (np.array(cadences) <= last)  # none at NaN
    tolerance = size * (1 + np.abs(difference) / case["cost"])
    assert (difference[pays] >= -tolerance[pays]).all()
    assert (difference[~pays] <= tolerance[~pays]).all()
    np.testing.assert_allclose(found.difference, difference, rtol=1e-7, atol=10 * size)
    if exact_now < -size:
        assert (first, last) == (0, np.inf)
    for months in (first, last):
        if 0 < months < 1e4:
            at = option_to_wait(**case | {"cadence": months}, kind=kind)  # type: ignore[arg-type]
            assert at.difference == pytest.approx(0, abs=size)
            assert worth(case, months / 12, kind) == pytest.approx(exact_now, abs=10 * size)


def test_a_poorer_generation_pays_while_margins_rise() -> None:
    case = CASE | {"margin": 9e3, "gain": -0.2, "discount_rate": 0.1}
    rising = case | {"decline": -0.06}
    low, high = (
        12 * optimize.brentq(lambda w: worth(rising, w) - worth(rising, 0.0), *ends, xtol=1e-12)
        for ends in ((1.0, 15.0), (15.0, 200.0))
    )
    found = option_to_wait(**case | {"decline": -0.06})  # type: ignore[arg-type]
    assert (found.pays_from, found.break_even) == pytest.approx((low, high), rel=1e-9)
    # Margins that rise faster than interest: from some wait on it pays for ever.
    found = option_to_wait(**case | {"decline": -0.12})  # type: ignore[arg-type]
    assert 0 < found.pays_from < found.break_even == np.inf
    # Margins that fall: no wait pays, which is said rather than given a number.
    found = option_to_wait(**case | {"margin": 18e3, "decline": 0.1, "cadence": [0.0, 6.0]})  # type: ignore[arg-type]
    assert np.isnan([found.break_even, found.pays_from]).all()
    assert (found.difference < 0).all()


def test_a_negative_rate_of_discount_is_out_of_range_for_all() -> None:
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = option_to_wait(**CASE | {"discount_rate": -0.1})  # type: ignore[arg-type]
    assert np.isnan(list(vars(found).values())).all()


def test_the_break_even_against_a_root_finder() -> None:
    exact = optimize.brentq(lambda w: worth(CASE, w) - worth(CASE, 0.0), 0.1, 5.0, xtol=1e-12)
    assert option_to_wait(**CASE).break_even == pytest.approx(12 * exact, rel=1e-9)  # type: ignore[arg-type]


def test_special_cases() -> None:
    case = CASE | {"gain": 0.0, "decline": 0.0}
    found = option_to_wait(**case)  # type: ignore[arg-type]
    # Without gain and decline waiting only discounts, and no wait pays.
    assert found.waiting == pytest.approx(found.now / 1.12**1.5)
    assert found.break_even == 0
    # No interest either: nothing is lost by waiting for ever.
    free = option_to_wait(**case | {"discount_rate": 0.0})  # type: ignore[arg-type]
    assert (free.difference, free.break_even) == (0, np.inf)
    assert free.now == 5 * 18_000 - 30_000
    with pytest.warns(RuntimeWarning, match="invalid value"):  # the difference of infinities
        assert option_to_wait(**case | {"discount_rate": 0.0, "life": np.inf}).now == np.inf  # type: ignore[arg-type]
    # At once, the next generation is worth its gain.
    at_once = option_to_wait(**CASE | {"cadence": 0.0})  # type: ignore[arg-type]
    assert at_once.waiting == pytest.approx(2 * (at_once.now + 30_000) - 30_000)
    assert at_once.lost_margin == 0
    # What loses money now may be worth waiting for, and need not be bought.
    poor = option_to_wait(**CASE | {"margin": 12_000.0, "cadence": [6.0, 600.0]})  # type: ignore[arg-type]
    assert (poor.now < 0).all()
    assert poor.waiting[0] > 0
    assert poor.waiting[1] == 0
    assert (poor.break_even == np.inf).all()


def test_slower_generations_make_waiting_worth_less() -> None:
    found = option_to_wait(**CASE | {"cadence": [12.0, 18.0, 24.0]})  # type: ignore[arg-type]
    assert (np.diff(found.waiting) < 0).all()
    assert (np.diff(found.lost_margin) > 0).all()


def test_labels_and_a_study() -> None:
    index = pd.Index(["yearly", "later"])
    found = option_to_wait(**CASE | {"cadence": pd.Series([12.0, 24.0], index=index)})  # type: ignore[arg-type]
    assert found.difference.index.tolist() == index.tolist()

    def model(gain, decline):  # type: ignore[no-untyped-def]
        cadence = xr.DataArray([12.0, 18.0, 24.0], {"months": [12, 18, 24]}, "months")
        choice = option_to_wait(30_000, 18_000, 5, cadence, gain, 0.12, decline)
        return {"difference": choice.difference, "break_even": choice.break_even}

    inputs = {"gain": ob.uniform(0.5, 1.5), "decline": ob.uniform(0.1, 0.4)}
    data = ob.Study(model, inputs).run(1024).dataset
    assert data["difference"].sizes == {"draw": 1024, "months": 3}
    pays = data["break_even"] > data["months"]
    assert (pays == (data["difference"] > 0)).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"cost": -1.0}, {"life": -1.0}, {"cadence": -1.0}, {"cadence": np.inf}, {"gain": -1.0},
        {"discount_rate": -0.1}, {"decline": 1.0},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("kind", ["budget", "capacity"])
def test_out_of_range(wrong: dict[str, float], kind: str) -> None:
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = option_to_wait(**CASE | wrong, kind=kind)  # type: ignore[arg-type]
    assert np.isnan(found.difference)
    assert np.isnan(found.break_even) or "cadence" in wrong


def test_errors() -> None:
    with pytest.raises(ValueError, match="kind must be 'budget' or 'capacity', got 'power'"):
        option_to_wait(**CASE, kind="power")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="gain must be a number"):
        option_to_wait(**CASE | {"gain": "double"})  # type: ignore[arg-type]
    silent = option_to_wait(**CASE | {"margin": np.nan})  # type: ignore[arg-type]
    assert np.isnan([silent.now, silent.waiting, silent.break_even]).all()
