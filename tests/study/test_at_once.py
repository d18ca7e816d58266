"""How many draws a model gets at once when nobody says: fewer if outputs are wide."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from studying import assert_same_bits

import overbuild as ob


def sizes(width: int, draws: int, **options: Any) -> list[int]:
    """Return how many draws a model with an output of so many numbers is given in each call."""
    seen: list[int] = []

    def model(x: xr.DataArray) -> dict[str, Any]:
        seen.append(x.size)
        return {"wide": x * xr.DataArray(np.ones(width), dims="place")}

    ob.Study(model, {"x": stats.norm()}).run(draws, **options)
    return [size for size in seen if size != 64]  # those are trials


@pytest.mark.parametrize(
    ("width", "largest"),
    # 8 bytes a number, one for the input: below 128 MB, a power of two
    [(1, 2**17), (100, 2**17), (127, 2**17), (200, 2**16), (1_000, 2**14), (9_000, 2**12)],
)
def test_wide_outputs_come_in_smaller_chunks(width: int, largest: int) -> None:
    draws = largest + 3
    assert sizes(width, draws) == [largest, 3]


def test_few_draws_are_one_chunk_without_a_trial() -> None:
    assert sizes(9_000, 2**12) == [2**12]


def test_who_says_a_chunk_gets_it(tmp_path) -> None:
    assert sizes(200, 1_000, chunk=400) == [400, 400, 200]
    assert sizes(1_000, 5_000, chunk=5_000) == [5_000]
    # What is stored has chunks of its own.
    assert sizes(1_000, 2**14 + 1, store=tmp_path / "draws") == [2**14 + 1]


def test_scenarios_count() -> None:
    study = ob.Study(
        lambda x, y: {"wide": x * y * xr.DataArray(np.ones(1_000), dims="place")},
        {"x": stats.norm(), "y": 1.0},
        scenarios={"one": {}, "two": {"y": 2.0}},
    )
    assert study.work(2**14, 0).at_once(2**14) == 2**12  # with the base, three
    assert_same_bits(study.run(2**12 + 5).dataset, study.run(2**12 + 5, chunk=10_000).dataset)
