"""Demand that moves between regions: conservation, and cases by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import overbuild as ob

regional = ob.market.regional
amounts = st.one_of(st.just(0.0), st.floats(1e-3, 1e3))


@given(rows=st.lists(st.tuples(amounts, amounts, amounts, st.floats(0, 1)), min_size=1, max_size=6))
def test_nothing_is_lost_and_nothing_counts_twice(
    rows: list[tuple[float, float, float, float]],
) -> None:
    demand, before, after, share = np.array(rows).T
    found = regional(demand, before, after, share)
    for supply, sides in ((before, found.before), (after, found.after)):
        close = {"rtol": 1e-12, "atol": 1e-9}
        home = sides.served - sides.moved_in
        np.testing.assert_allclose(home + sides.moved_out + sides.unmet, demand, **close)
        np.testing.assert_allclose(sides.served + sides.idle, supply, **close)
        np.testing.assert_allclose(sides.moved_out.sum(), sides.moved_in.sum(), **close)
        ready = (share * np.maximum(demand - supply, 0)).sum()
        room = np.maximum(supply - demand, 0).sum()
        np.testing.assert_allclose(sides.moved_out.sum(), min(ready, room), **close)
        for part in (home, sides.moved_out, sides.moved_in, sides.unmet, sides.idle):
            assert (part >= -1e-12).all()
    np.testing.assert_allclose(found.change, found.after.served - found.before.served)


def test_by_hand() -> None:
    found = regional([100, 300, 100], [100, 330, 100], [20, 330, 170], substitution=0.5)
    assert found.before.moved_out.tolist() == [0, 0, 0]
    assert found.after.moved_out.tolist() == [40, 0, 0]
    np.testing.assert_allclose(found.after.moved_in, [0, 12, 28])
    assert found.after.unmet.tolist() == [40, 0, 0]
    np.testing.assert_allclose(found.change, [-80, 12, 28])
    # Without substitution all of it is lost, with room for none as well.
    assert regional([100, 300], 300, [20, 330], 0.0).after.unmet.tolist() == [80, 0]
    assert regional([100, 300], 300, [20, 300], 1.0).after.unmet.tolist() == [80, 0]


def test_supply_without_end() -> None:
    found = regional([100, 10, 10, 10], np.inf, [20, np.inf, 400, np.inf], 1.0)
    assert found.after.moved_in.tolist() == [0, 40, 0, 40]
    assert found.before.unmet.tolist() == [0, 0, 0, 0]


def test_regions_with_names_and_draws() -> None:
    regions = {"region": ["China", "US", "other"]}
    demand = xr.DataArray([100.0, 300.0, 100.0], regions, "region")
    after = xr.DataArray([20.0, 330.0, 170.0], regions, "region")
    share = xr.DataArray([0.0, 0.5, 1.0], dims="draw")
    found = regional(demand, np.inf, after, share)
    assert set(found.after.unmet.dims) == {"draw", "region"}
    assert found.after.unmet.sel(region="China").values.tolist() == [80, 40, 0]
    frame = pd.DataFrame([[100.0, 300.0]], index=["2025"], columns=["China", "US"])
    by_year = regional(frame, frame, frame * [0.2, 1.5], 0.5).after.moved_in
    pd.testing.assert_frame_equal(by_year, frame * 0 + [0.0, 40.0])


def test_errors() -> None:
    with pytest.raises(
        ValueError, match="numbers of regions differ: demand has 2, before has 2, after has 3"
    ):
        regional([1.0, 2.0], [1.0, 2.0], [1.0, 2.0, 3.0], 0.5)
    with pytest.raises(TypeError, match="demand must be a number"):
        regional(["some", "more"], 1.0, 1.0, 0.5)
    for wrong in ((-1.0, 1.0, 0.5), (1.0, -1.0, 0.5), (1.0, 1.0, 1.5), (np.inf, 1.0, 0.5)):
        demand, supply, share = wrong
        with pytest.warns(RuntimeWarning, match="invalid value"):
            found = regional([demand, 1.0], [supply, 1.0], [supply, 1.0], [share, 0.5])
        assert np.isnan(found.after.unmet[0])
    assert np.isnan(regional([1.0, np.nan], 1.0, 1.0, 0.5).change).all()
