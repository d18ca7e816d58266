"""Plans that are revised: later, or in another product."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import overbuild as ob

lead = ob.leadtime
plans = arrays(float, 9, elements=st.floats(0, 1e6))


class TestSlip:
    @given(plans, st.floats(0, 12))
    def test_it_is_a_hat_moved_by_so_much(self, plan: np.ndarray, periods: float) -> None:
        apart = np.arange(9)[:, np.newaxis] + periods - np.arange(9)
        expected = plan @ np.maximum(1 - np.abs(apart), 0)
        np.testing.assert_allclose(lead.slip(plan, periods), expected, rtol=1e-9, atol=1e-6)

    @given(plans, arrays(float, 9, elements=st.floats(0, 12)))
    def test_nothing_is_lost_but_beyond_the_horizon(
        self, plan: np.ndarray, periods: np.ndarray
    ) -> None:
        longer = lead.slip(np.append(plan, np.zeros(14)), np.append(periods, np.zeros(14)))
        assert longer.sum() == pytest.approx(plan.sum(), rel=1e-12)
        assert (longer >= 0).all()
        # What comes, comes no sooner: on average by as much later as it slips.
        places = np.arange(23)
        due = plan @ (places[:9] + periods)
        assert longer @ places == pytest.approx(due, rel=1e-9, abs=1e-6)
        np.testing.assert_allclose(lead.slip(plan, periods), longer[:9], rtol=1e-12)
        assert (np.cumsum(longer[:9]) <= np.cumsum(plan) * (1 + 1e-12)).all()

    def test_by_row_and_by_period(self) -> None:
        plan = [8.0, 4.0, 0.0, 0.0]
        assert lead.slip(plan, [[0], [1], [np.inf]]).tolist() == [
            [8, 4, 0, 0],
            [0, 8, 4, 0],
            [0, 0, 0, 0],
        ]
        assert lead.slip(plan, [2, 0, 0, 0]).tolist() == [0, 4, 8, 0]
        draws = xr.DataArray([0.5, 1.0], dims="draw")
        found = lead.slip(xr.DataArray(plan, dims="period"), draws)
        assert found.transpose("draw", "period").values.tolist() == [[4, 6, 2, 0], [0, 8, 4, 0]]
        with pytest.raises(ValueError, match="plan has 4, periods has 3"):
            lead.slip(plan, [1, 2, 3])

    def test_nothing_comes_sooner(self) -> None:
        with pytest.warns(RuntimeWarning, match="invalid value"):
            found = lead.slip([1.0, 2.0, 3.0], [0.0, -1.0, 0.0])
        np.testing.assert_array_equal(found, [1.0, np.nan, np.nan])


class TestSubstitute:
    @given(plans, st.floats(0, 1))
    def test_nine_systems_have_the_gpus_of_a_rack(self, plan: np.ndarray, share: float) -> None:
        found = lead.substitute(plan, share, ratio=9)
        np.testing.assert_allclose(72 * found.kept + 8 * found.substitutes, 72 * plan, rtol=1e-12)
        assert (found.kept >= 0).all()

    def test_labels_stay(self) -> None:
        plan = xr.DataArray([10.0, 20.0], coords={"period": ["2025Q1", "2025Q2"]}, dims="period")
        found = lead.substitute(plan, xr.DataArray([0.0, 0.5], dims="draw"), ratio=9)
        assert found.kept.sel(period="2025Q2").values.tolist() == [20, 10]
        assert found.substitutes.sel(period="2025Q2").values.tolist() == [0, 90]

    @pytest.mark.parametrize(("share", "ratio"), [(1.1, 9), (-0.1, 9), (0.5, -1)])
    def test_outside_of_the_domain(self, share: float, ratio: float) -> None:
        with pytest.warns(RuntimeWarning, match="invalid value"):
            assert np.isnan(lead.substitute(10.0, share, ratio).substitutes)
