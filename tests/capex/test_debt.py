"""Loans: laws that every schedule keeps."""

from __future__ import annotations

import numpy as np
import numpy_financial as npf
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import overbuild as ob

cap = ob.capex
kinds = st.sampled_from(["level", "linear", "bullet"])


@given(
    principal=st.floats(0, 1e9), rate=st.floats(-0.2, 0.5), periods=st.integers(1, 120), kind=kinds
)
def test_what_is_owed_is_repaid_with_interest(principal, rate, periods, kind) -> None:
    loan = cap.amortization(principal, rate, periods, kind)
    near = {"rel": 1e-9, "abs": 1e-9 * principal}
    assert loan.balance[-1] == 0
    assert loan.principal.sum() == pytest.approx(principal, **near)
    opening = np.r_[principal, loan.balance[:-1]]
    np.testing.assert_allclose(loan.interest, rate * opening, atol=1e-12 * principal)
    np.testing.assert_allclose(loan.principal, opening - loan.balance, atol=1e-12 * principal)
    np.testing.assert_array_equal(loan.payment, loan.interest + loan.principal)


@given(rate=st.floats(1e-4, 0.3), periods=st.integers(1, 120))
def test_level_payments_are_numpy_financials(rate: float, periods: int) -> None:
    loan = cap.amortization(1e6, rate, periods)
    np.testing.assert_allclose(loan.payment, -npf.pmt(rate, periods, 1e6), rtol=1e-9)


def test_linear_and_bullet() -> None:
    loan = cap.amortization(400.0, 0.1, 4, kind="linear")
    assert loan.principal.tolist() == [100] * 4
    assert loan.interest.tolist() == pytest.approx([40, 30, 20, 10])
    loan = cap.amortization(xr.DataArray([400.0], dims="draw"), 0.1, 2, kind="bullet")
    assert loan.payment.dims == ("draw", "period")
    assert loan.payment.values.tolist() == [pytest.approx([40, 440])]


class TestDelayedDraw:
    def test_each_draw_over_its_own_term(self) -> None:
        loan = cap.delayed_draw([100, 40, 0, 0, 0], 0.1, availability=2, term=2)
        assert loan.balance.tolist() == [100, 90, 20, 0, 0]
        assert loan.principal.tolist() == [0, 50, 70, 20, 0]
        assert loan.interest.tolist() == pytest.approx([0, 10, 9, 2, 0])

    @given(draws=st.lists(st.floats(0, 1e6), min_size=1, max_size=12), term=st.integers(1, 12))
    def test_is_a_sum_of_loans(self, draws: list[float], term: int) -> None:
        stream = np.r_[draws, np.zeros(term)]
        loan = cap.delayed_draw(stream, 0.03, availability=len(draws), term=term)
        single = cap.amortization(1.0, 0.03, term, kind="linear")
        for name in ("interest", "principal"):
            expected = np.convolve(stream, np.r_[0.0, getattr(single, name)])[: stream.size]
            np.testing.assert_allclose(getattr(loan, name), expected, atol=1e-7)
        assert loan.balance[-1] == pytest.approx(0, abs=1e-7)

    def test_names_and_rates_by_period(self) -> None:
        draws = xr.DataArray([[100.0, 0, 0]], dims=["draw", "period"])
        rate = xr.DataArray([0.0, 0.1, 0.2], dims="period")
        loan = cap.delayed_draw(draws, rate, availability=1, term=2)
        assert loan.interest.values.tolist() == [pytest.approx([0, 10, 10])]

    def test_draws_that_come_too_late(self) -> None:
        with pytest.warns(RuntimeWarning, match="invalid value"):
            loan = cap.delayed_draw([0, 0, 5], 0.1, availability=2, term=2)
        assert np.isnan(loan.balance[2])


def test_coverage() -> None:
    assert cap.interest_coverage(324.4, 360.8) == pytest.approx(324.4 / 360.8)
    assert cap.debt_service_coverage([30.0, 1.0], [5.0, 0.0], [10.0, 0.0]).tolist() == [2, np.inf]
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert np.isnan(cap.interest_coverage(1, -1))
    with pytest.raises(ValueError, match="kind must be 'level', 'linear' or 'bullet', got 'x'"):
        cap.amortization(1, 0.1, 2, kind="x")


def test_draws_at_the_beginning_are_owed_in_their_period() -> None:
    draws = [100.0, 40, 0, 0, 0]
    begin = cap.delayed_draw(draws, 0.1, 2, 2, when="begin")
    assert begin.interest.tolist() == [10, 9, 2, 0, 0]
    assert begin.principal.tolist() == [50, 70, 20, 0, 0]
    assert begin.balance.tolist() == [50, 20, 0, 0, 0]
    # The same loan, seen a period earlier from its ends.
    end = cap.delayed_draw([*draws, 0], 0.1, 2, 2)
    assert begin.payment.tolist() == end.payment[1:].tolist()
    with pytest.raises(ValueError, match="when must be 'end' or 'begin'"):
        cap.delayed_draw(draws, 0.1, 2, 2, when="middle")
