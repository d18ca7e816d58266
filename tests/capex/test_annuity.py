"""Level payments: against numpy-financial, mpmath and printed examples."""

from __future__ import annotations

import mpmath
import numpy as np
import numpy_financial as npf
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import overbuild as ob

cap = ob.capex
rates = st.floats(-0.5, 1.0).filter(lambda r: r == 0 or abs(r) > 1e-4)
amounts = st.floats(-1e6, 1e6)
whens = st.sampled_from(["end", "begin"])


def test_printed_examples() -> None:
    # numpy-financial's documentation, and formulajs' tests.
    assert cap.pmt(0.075 / 12, 180, 200_000) == pytest.approx(-1854.0247200054619, rel=1e-13)
    assert cap.fv(0.05 / 12, 120, -100, -100) == pytest.approx(15692.92889433575, rel=1e-13)
    assert cap.nper(0.07 / 12, -150, 8000) == pytest.approx(64.07335, abs=5e-6)
    interest = cap.ipmt(0.0824 / 12, np.arange(12) + 1, 12, 2500)
    assert interest.sum() == pytest.approx(-112.98, abs=5e-3)
    assert cap.pmt(0.1 / 12, 24, 100_000) == pytest.approx(-4614.49263375167, rel=1e-13)
    assert cap.ppmt(0.08, 10, 10, 200_000) == pytest.approx(-27598.05346242135, rel=1e-12)
    found = cap.ipmt(0.1 / 12, 6, 24, 100_000, 1_000_000)
    assert found == pytest.approx(928.8235718400465, rel=1e-11)
    cumulated = cap.ipmt(0.1 / 12, np.arange(13, 25), 360, 100_000).sum()
    assert cumulated == pytest.approx(-9916.77251395708, rel=1e-12)
    assert cap.pmt(0.08 / 12, 10, 10_000) == pytest.approx(-1037.03, abs=5e-3)
    assert cap.pmt(0.08 / 12, 10, 10_000, when=1) == pytest.approx(-1030.16, abs=5e-3)


def quietly(function, *arguments):
    with np.errstate(all="ignore"):  # numpy-financial divides by a rate of zero, and drops it
        return float(function(*arguments))


@given(rate=rates, nper=st.integers(1, 60), pmt=amounts, pv=amounts, when=whens)
def test_values_are_those_of_numpy_financial(rate, nper, pmt, pv, when) -> None:
    near = pytest.approx
    scale = max(1.0, (1 + rate) ** nper, (1 + rate) ** -nper) * 60 * 1e6
    assert cap.fv(rate, nper, pmt, pv, when) == near(
        quietly(npf.fv, rate, nper, pmt, pv, when), rel=1e-10, abs=1e-12 * scale
    )
    assert cap.pv(rate, nper, pmt, pv, when) == near(
        quietly(npf.pv, rate, nper, pmt, pv, when), rel=1e-10, abs=1e-12 * scale
    )
    payment = cap.pmt(rate, nper, pv, pmt, when)
    assert payment == near(quietly(npf.pmt, rate, nper, pv, pmt, when), rel=1e-9, abs=1e-12 * scale)
    per = (nper + 1) // 2
    expected = quietly(npf.ipmt, rate, per, nper, pv, pmt, when)
    found = cap.ipmt(rate, per, nper, pv, pmt, when)
    assert found == near(expected, rel=1e-8, abs=1e-11 * scale)


@given(rate=rates, nper=st.integers(1, 360), pv=st.floats(1, 1e9), when=whens)
def test_interest_and_repayment_are_the_payment_and_repay_the_loan(rate, nper, pv, when) -> None:
    per = np.arange(1, nper + 1)
    interest, repaid = (f(rate, per, nper, pv, 0, when) for f in (cap.ipmt, cap.ppmt))
    payment = cap.pmt(rate, nper, pv, 0, when)
    size = abs(interest).max() + abs(repaid).max()
    np.testing.assert_allclose(interest + repaid, np.full(nper, payment), atol=1e-12 * size)
    assert repaid.sum() == pytest.approx(-pv, rel=1e-9, abs=1e-12 * size * nper)


@given(r=st.floats(-0.9, 5), nper=st.integers(1, 200), pv=st.floats(1, 1e6), when=whens)
def test_the_rate_of_a_loan_is_found_again(r, nper, pv, when) -> None:
    payment = cap.pmt(r, nper, pv, 0, when)
    if when == "begin" and nper == 1:
        return  # paid back at once: every rate does
    found = cap.rate(nper, payment, pv, 0, when)
    back = cap.pmt(found, nper, pv, 0, when)
    assert back == pytest.approx(float(payment), rel=1e-9)


@given(r=st.floats(-0.5, 1.0), nper=st.floats(0.3, 200), pv=st.floats(1, 1e6), when=whens)
def test_periods_need_not_be_whole(r, nper, pv, when) -> None:
    payment = cap.pmt(r, nper, pv, 0, when)
    if not 1e-9 < abs(payment) / pv < 1e9 or (when == "begin" and nper <= 1):
        return  # the rate can no longer be told from the payment
    found = cap.rate(nper, payment, pv, 0, when)
    assert cap.pmt(found, nper, pv, 0, when) == pytest.approx(float(payment), rel=1e-9)


def test_rate_is_that_of_numpy_financial() -> None:
    for nper in (9, 12.5, 20.25):
        for when in ("end", "begin"):
            found = cap.rate(nper, -120, 1_000, -200, when)
            assert found == pytest.approx(npf.rate(nper, -120, 1_000, -200, when), rel=1e-6)


def test_rate_where_numpy_financial_gives_up() -> None:
    assert cap.rate(10, 0, -3500, 10_000) == pytest.approx((100 / 35) ** 0.1 - 1, rel=1e-13)
    payment = cap.pmt(5e-7, 360, 1e5)
    assert cap.rate(360, payment, 1e5, 0) == pytest.approx(5e-7, rel=1e-8)
    with pytest.raises(cap.IterationsExceededError, match="in 1 of 2 cases"):
        cap.rate(10, [100, -100], 900, 0, raise_exceptions=True)


@pytest.mark.parametrize("rate", [1e-16, 1e-12, 1e-8, -1e-9])
def test_small_rates_keep_their_digits(rate: float) -> None:
    with mpmath.workdps(40):
        growth = (1 + mpmath.mpf(rate)) ** 360
        exact = -100 * growth / ((growth - 1) / mpmath.mpf(rate))
    assert cap.pmt(rate, 360, 100) == pytest.approx(float(exact), rel=1e-14)
    assert cap.nper(rate, float(exact), 100) == pytest.approx(360, rel=1e-12)


def test_all_arguments_broadcast() -> None:
    found = cap.pmt(np.array([[0.0], [0.01]]), [12, 24, 36], 1000, when=["end", "begin", "end"])
    assert found.shape == (2, 3)
    assert found[1, 1] == pytest.approx(float(cap.pmt(0.01, 24, 1000, when="begin")))
    assert found[0].tolist() == pytest.approx([-1000 / 12, -1000 / 24, -1000 / 36])
    series = cap.nper(pd.Series([0.01, 0.0]), -100, 1000)
    assert isinstance(series, pd.Series)
    assert series[1] == 10
    assert cap.fv(xr.DataArray([0.1], dims="draw"), 1, 0, -1).dims == ("draw",)


def test_what_is_out_of_range() -> None:
    for function, arguments in {
        cap.fv: (-1.0, 10, 1, 1),
        cap.pv: (-2.0, 10, 1, 1),
        cap.pmt: (0.1, 10, 1, 1, 2),
        cap.ipmt: (0.1, 0, 10, 1),
        cap.ppmt: (0.1, 11, 10, 1),
        cap.nper: (0.1, -1, 100),
        cap.rate: (-3, 1, 1, 1),
        cap.capital_recovery_factor: (0.1, -5),
    }.items():
        with pytest.warns(RuntimeWarning, match="invalid value"):
            assert np.isnan(function(*arguments)), function
    for when in ("middle", None, ["end", None]):
        with pytest.raises(ValueError, match="when must be 'end' or 'begin'"):
            cap.pmt(0.1, 10, 1, when=when)


def test_very_long_annuities() -> None:
    assert cap.pv(0.1, 1e6, -1) == pytest.approx(10)
    assert cap.pmt(0.1, 1e6, -10) == pytest.approx(1)
    assert cap.fv(0.1, 1e6, -1, 0) == np.inf


@given(r=st.floats(1e-9, 2), n=st.integers(1, 500))
def test_the_recovery_factor_is_the_payment_for_one(r: float, n: int) -> None:
    assert cap.capital_recovery_factor(r, n) == pytest.approx(-float(cap.pmt(r, n, 1)), rel=1e-12)
