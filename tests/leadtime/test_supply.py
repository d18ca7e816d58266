"""What can run, what is the shortage, and what stands idle."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import overbuild as ob

lead = ob.leadtime
RNG = np.random.default_rng(0)


class TestInService:
    def test_the_least_runs(self) -> None:
        supplies = RNG.uniform(0, 9, (3, 4, 5))
        np.testing.assert_array_equal(lead.in_service(*supplies), supplies.min(axis=0))
        assert lead.in_service(3.0, [1.0, 5.0]).tolist() == [1, 3]
        assert lead.in_service([1.0, 5.0]).tolist() == [1, 5]

    def test_more_of_one_supply_never_hurts_and_more_of_all_helps_as_much(self) -> None:
        gpus, power, shell = RNG.uniform(0, 9, (3, 100))
        before = lead.in_service(gpus, power, shell)
        assert (lead.in_service(gpus + 1, power, shell) >= before).all()
        np.testing.assert_allclose(lead.in_service(gpus + 1, power + 1, shell + 1), before + 1)

    def test_containers(self) -> None:
        index = pd.Index(["Q1", "Q2"])
        found = lead.in_service(pd.Series([1.0, 4.0], index=index), 3.0)
        pd.testing.assert_series_equal(found, pd.Series([1.0, 3.0], index=index))
        lazy = xr.DataArray(da.ones((4, 3), chunks=2), dims=("draw", "period"))
        found = lead.in_service(lazy, xr.DataArray([0.5, 1.0, 2.0], dims="period"))
        assert isinstance(found.data, da.Array)
        assert found.values.tolist() == [[0.5, 1.0, 1.0]] * 4

    def test_errors(self) -> None:
        with pytest.raises(ValueError, match="supplies must be at least one"):
            lead.in_service()
        with pytest.raises(TypeError, match="must be a number"):
            lead.in_service([1.0], "lots")
        a, b = (xr.DataArray([1.0], coords={"site": [s]}, dims="site") for s in "ab")
        with pytest.raises(ValueError, match="supply 1 and supply 3 have different"):
            lead.in_service(a, 1.0, b)
        with pytest.warns(RuntimeWarning, match="invalid value"):
            np.testing.assert_array_equal(lead.in_service([1.0, -1.0], 5.0), [1.0, np.nan])
        np.testing.assert_array_equal(lead.in_service([1.0, np.nan], 5.0), [1.0, np.nan])


class TestBinding:
    def test_the_shares_sum_to_one_and_name_the_least(self) -> None:
        gpus, power, shell = RNG.integers(0, 4, (3, 500)).astype(float)
        found = lead.binding(gpus=gpus, power=power, shell=shell)
        assert found.shape == (500, 3)
        np.testing.assert_allclose(found.sum(axis=1), 1.0)
        least = np.stack([gpus, power, shell], -1) == lead.in_service(gpus, power, shell)[:, None]
        np.testing.assert_array_equal(found > 0, least)

    def test_names_become_labels(self) -> None:
        draws = xr.DataArray([1.0, 2.0, 3.0, np.nan], dims="draw")
        found = lead.binding(gpus=draws, power=2.0)
        assert found.dims == ("draw", "supply")
        assert found["supply"].values.tolist() == ["gpus", "power"]
        np.testing.assert_array_equal(found, [[1, 0], [0.5, 0.5], [0, 1], [np.nan, np.nan]])
        assert float(found.mean("draw").sel(supply="power")) == 0.5
        with pytest.raises(ValueError, match="at least one"):
            lead.binding()


class TestStranded:
    def test_idle_gpus_hours_and_cost(self) -> None:
        gpus, running = np.array([[4e3, 8e3]]), np.array([[1e3, 8e3]])
        found = lead.stranded(gpus, running, cost=[[1.0], [2.0]], hours=[744, 672])
        assert found.gpus.tolist() == [[3_000, 0]]
        assert found.hours.tolist() == [[3_000 * 744, 0]]
        assert found.cost.tolist() == [[3_000 * 744, 0], [2 * 3_000 * 744, 0]]

    def test_with_all_supplies_there_nothing_stands_idle(self) -> None:
        gpus = RNG.uniform(0, 9, 50)
        found = lead.stranded(gpus, lead.in_service(gpus, gpus + 1, np.inf), cost=1.0, hours=730)
        assert (found.cost == 0).all()

    def test_more_cannot_run_than_is_there(self) -> None:
        for wrong in ({"in_service": 3.0}, {"cost": -1.0}, {"hours": -1.0}):
            arguments = {"gpus": 2.0, "in_service": 1.0, "cost": 1.0, "hours": 1.0} | wrong
            with pytest.warns(RuntimeWarning, match="invalid value"):
                assert np.isnan(lead.stranded(**arguments).cost)


def test_series_are_matched_by_label_or_refused() -> None:
    one, other = pd.Series([1.0, 2.0]), pd.Series([2.0, 1.0], index=[1, 0])
    for call in (lambda: lead.binding(a=one, b=other), lambda: lead.in_service(one, other)):
        with pytest.raises(ValueError, match="have different labels for places"):
            call()
