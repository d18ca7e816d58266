"""Unit cost: laws; published tables are in ``test_published.py``."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import overbuild as ob

cap = ob.capex


class TestLevelizedCost:
    def test_is_the_price_that_earns_the_rate(self) -> None:
        price = cap.levelized_cost(45_000, 5, 0.1, 3_000, 6_000)
        flows = np.r_[-45_000, np.full(5, price * 6_000 - 3_000)]
        assert cap.irr(flows) == pytest.approx(0.1, rel=1e-12)

    def test_monthly_and_due(self) -> None:
        monthly = cap.levelized_cost(1_200, 1, 0.12, 0, 12, payments_per_year=12)
        assert monthly == pytest.approx(-float(cap.pmt(0.01, 12, 1_200)))
        due = cap.levelized_cost(1_200, 1, 0.12, 0, 12, when="begin", payments_per_year=12)
        assert due == pytest.approx(-float(cap.pmt(0.01, 12, 1_200, when=1)))
        listed = cap.levelized_cost([1_200, 2_400], [1, 1], 0.12, 0, 12, payments_per_year=12)
        np.testing.assert_allclose(listed, [monthly, 2 * monthly])
        with pytest.raises(ValueError, match="when must be 'end' or 'begin'"):
            cap.levelized_cost(1, 1, 0.1, 0, 1, when="due")
        with pytest.raises(ValueError, match="payments_per_year must be at least 1"):
            cap.levelized_cost(1, 1, 0.1, 0, 1, payments_per_year=0)


def test_parts() -> None:
    costs = xr.DataArray([[100.0, 200.0]], dims=["draw", "part"])
    share = xr.DataArray([1.0, 0.5], dims="part")
    assert cap.tariffed(costs, share, 0.1).values.tolist() == [pytest.approx(320)]
    assert cap.tariffed([100.0, 200.0], 0.0, 0.5) == 300
    assert cap.capex_per_mw(costs, 2.0).values.tolist() == [150]
    with pytest.raises(ValueError, match="must have dimension 'part'"):
        cap.capex_per_mw(costs.rename(part="item"), 2.0)


def test_curves() -> None:
    assert cap.learning_curve(100, [2, 4, 8], 2, 0.2).tolist() == pytest.approx([100, 80, 64])
    path = cap.price_path(4.0, 0.36, periods=5, periods_per_year=4)
    assert path[[0, 4]].tolist() == pytest.approx([4.0, 2.56])
    assert cap.exponential_value(100, 1.0, [0, 1, 2]).tolist() == pytest.approx([100, 10, 1])


def test_what_is_out_of_range() -> None:
    for call in (
        lambda: cap.facility_power(1, 1, 0.9),
        lambda: cap.energy_cost(-1, 1, 1),
        lambda: cap.capex_per_mw([1.0], 0),
        lambda: cap.tariffed([1.0], 1.5, 0.1),
        lambda: cap.levelized_cost(1, -1, 0.1, 0, 1),
        lambda: cap.learning_curve(1, 0, 1, 0.1),
        lambda: cap.price_path(1, 1.0, 1)[0],
        lambda: cap.exponential_value(1, 0.1, -1),
    ):
        with pytest.warns(RuntimeWarning, match="invalid value"):
            assert np.isnan(call())
