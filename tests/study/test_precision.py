"""Standard errors of quantiles, calibrated, and runs that go on until they are small."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import overbuild as ob
from overbuild.study.execution.precision import errors

INPUTS = {"a": stats.norm(), "b": stats.expon(), "c": stats.uniform()}


def model(a, b, c):
    return {"y": a + b * c, "square": a**2, "flat": 3.0}


STUDY = ob.Study(model, INPUTS)
SE = ["SE P5", "SE P50", "SE P95"]


def calibration(labels: list[str]) -> np.ndarray:
    """Return how standard errors compare with what quantiles of 200 seeds differ by.

    With 200 seeds the spread is known to 5% and the mean square error to 2% (one standard
    deviation each, were they normal): a ratio from 0.8 to 1.25 is four of them.
    """
    tables = [STUDY.run(2**13, seed=seed).summary().loc[labels] for seed in range(200)]
    found = np.array([table[["P5", "P50", "P95"]] for table in tables], float)
    told = np.array([table[SE] for table in tables], float)
    ratio: np.ndarray = np.sqrt(np.square(told).mean(axis=0)) / found.std(axis=0, ddof=1)
    return ratio


class TestCalibration:
    def test_errors_are_what_other_seeds_differ_by(self) -> None:
        ratio = calibration(["y"])
        assert (ratio > 0.8).all(), ratio
        assert (ratio < 1.25).all(), ratio

    def test_outputs_of_one_input_alone(self) -> None:
        """Where points lie evenly an error may be stated too large, but not too small."""
        ratio = calibration(["a", "square"])
        assert (ratio > 0.8).all(), ratio

    def test_they_are_smaller_than_those_of_independent_draws(self) -> None:
        """Source: the median's standard error, 1 / (2 f sqrt(n)), H. Cramer (1946), 28.5."""
        row = STUDY.run(2**14, seed=1).summary().loc["a"]
        assert row["SE P50"] < 0.2 / (2 * stats.norm.pdf(0) * 2**7)


class TestPromise:
    @pytest.mark.parametrize("precision", [0.02, 0.002])
    def test_it_is_kept(self, precision) -> None:
        result = STUDY.run(precision=precision, seed=4)
        assert max(errors(result).values()) <= precision
        table = result.summary()
        for label in ("y", "square"):
            row = table.loc[label]
            assert (row[SE] <= precision * (row["P95"] - row["P5"])).all()
        draws = result.dataset.attrs["draws"]
        assert draws % 2_048 == 0
        if draws > 4_096:  # one doubling less would not have done
            assert max(errors(STUDY.run(draws // 2, seed=4)).values()) > precision

    def test_for_one_output(self) -> None:
        few = STUDY.run(precision={"square": 0.1}, seed=1)
        assert few.dataset.attrs["draws"] == 4_096
        many = STUDY.run(precision={"y": 0.0005, "square": 0.1}, seed=1).dataset.attrs["draws"]
        assert many > 4_096
        assert STUDY.run(precision={"flat": 1e-9}).dataset.attrs["draws"] == 4_096

    def test_the_draws_are_those_of_a_run_of_that_many(self, tmp_path) -> None:
        result = STUDY.run(precision=0.002, seed=4, chunk=1_000)
        draws = result.dataset.attrs["draws"]
        assert draws > 4_096
        xr.testing.assert_identical(result.dataset, STUDY.run(draws, seed=4).dataset)
        stored = STUDY.run(precision=0.002, seed=4, store=tmp_path / "draws")
        xr.testing.assert_identical(stored.dataset.compute(), result.dataset)

    def test_the_end_is_told(self) -> None:
        with pytest.warns(UserWarning, match=r"after 8,192 draws .*: y to .* not 1e-07.*max_draws"):
            result = STUDY.run(precision=1e-7, max_draws=8_192)
        assert result.dataset.attrs["draws"] == 8_192
        with pytest.warns(UserWarning, match="after 5,000 draws"):
            assert STUDY.run(precision=1e-7, max_draws=5_000).dataset.sizes["draw"] == 5_000

    @pytest.mark.parametrize("wrong", [0, 1, -0.1, 2.0, np.nan, "fine", {"y": 0}, {"y": None}])
    def test_what_is_no_precision(self, wrong) -> None:
        with pytest.raises(ValueError, match=r"precision.* between 0 and 1, got"):
            STUDY.run(precision=wrong)

    def test_of_what_is_no_output(self) -> None:
        with pytest.raises(ValueError, match="precision is wanted of a; outputs are y, square"):
            STUDY.run(precision={"a": 0.01})

    def test_max_draws(self) -> None:
        with pytest.raises(ValueError, match="max_draws must be from 4096"):
            STUDY.run(precision=0.1, max_draws=100)


def test_the_first_draws_of_a_longer_run_are_a_shorter_one() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        longer = STUDY.run(10_000, seed=7, chunk=1_024).dataset
    for draws in (1, 2, 15, 17, 255, 4_097):
        shorter = STUDY.run(draws, seed=7).dataset
        for name in ("a", "b", "c", "y"):
            np.testing.assert_array_equal(shorter[name], longer[name][:draws])
