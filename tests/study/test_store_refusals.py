"""Stores of something else, that are broken, or that nobody may write to, are refused."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr
from scipy import stats
from studying import assert_same_bits, first_model, plain

import overbuild as ob


def other_name(a, b, c):
    return {"y": a + b * c}


def other_tail(a, b, c):
    return {"y": a + (b * c).clip(max=8.0)}


def other_output(a, b, c):
    return {"z": a + b * c}


def further_output(a, b, c):
    return {"y": a + b * c, "z": a}


def other_labels(a, b, c):
    return {"y": (a + b * c) * xr.DataArray([1.0], dims="site")}


class TestRefused:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"inputs": {"a": stats.norm(0.01)}}, "holds draws of other inputs"),
            ({"inputs": {"c": 2.5}}, "holds draws of other inputs"),
            # Beyond what any draw has reached.
            ({"inputs": {"b": stats.truncexpon(60)}}, "holds draws of other inputs"),
            ({"correlation": {("a", "b"): 0.1}}, "holds draws of other inputs"),
            ({"scenarios": {"s": {"c": 3.0}}}, "holds draws of other inputs"),
            ({"model": other_tail}, "holds draws of another model: 'y' comes out otherwise"),
            ({"model": other_output}, "holds draws of another model: 'y' comes out otherwise"),
            ({"model": further_output}, "holds draws of another model: 'z' comes out otherwise"),
            ({"model": other_labels}, "holds draws of another model: 'y' comes out otherwise"),
        ],
    )
    def test_another_study(self, tmp_path: Path, changes, message) -> None:
        path = tmp_path / "draws"
        before = plain().run(2_048, store=path).dataset.compute()
        for draws in (100, 4_096):
            with pytest.raises(ValueError, match=f"store .*draws {message}"):
                plain(**changes).run(draws, store=path)
        assert_same_bits(plain().run(2_048, store=path).dataset, before)

    def test_another_seed(self, tmp_path: Path) -> None:
        plain().run(64, seed=1, store=tmp_path / "draws")
        with pytest.raises(ValueError, match="holds draws of seed 1, not 2; give that seed or"):
            plain().run(64, seed=2, store=tmp_path / "draws")

    def test_inputs_in_another_order_are_drawn_from_other_points(self, tmp_path: Path) -> None:
        plain().run(64, store=tmp_path / "draws")
        turned = ob.Study(first_model, {"b": stats.expon(), "a": stats.norm(), "c": 2.0})
        with pytest.raises(ValueError, match="or their order is not the same"):
            turned.run(64, store=tmp_path / "draws")

    def test_the_name_of_the_model_may_change(self, tmp_path: Path) -> None:
        plain().run(64, store=tmp_path / "draws")
        found = plain(model=other_name).run(128, store=tmp_path / "draws").dataset
        assert found.attrs["model"] == "other_name"
        xr.testing.assert_equal(found.compute(), plain().run(128).dataset)

    def test_units_and_sources_may_be_mended(self, tmp_path: Path) -> None:
        path = tmp_path / "draws"
        plain(inputs={"a": ob.Input(stats.norm(), unit="USD", source="guess")}).run(64, store=path)
        mended = plain(inputs={"a": ob.Input(stats.norm(), unit="EUR", grade="A")})
        assert mended.run(64, store=path).dataset.a.attrs["unit"] == "EUR"
        assert ob.open_result(path).dataset.a.attrs["unit"] == "USD"
        mended.run(128, store=path)
        assert ob.open_result(path).dataset.a.attrs == {
            "role": "input",
            "unit": "EUR",
            "grade": "A",
        }

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("file", "is no Zarr store"),
            ("note", "is no Zarr store"),
            ("broken", "is no Zarr store"),
            ("group", "is a Zarr store, but not of a study"),
            ("array", "is no Zarr store"),
            ("version", "is of another version of overbuild"),
        ],
    )
    def test_what_is_no_store(self, tmp_path: Path, content, message) -> None:
        path = tmp_path / "draws"
        if content == "file":
            path.write_text("1,2")
        elif content == "note":
            path.mkdir()
            (path / "note.txt").write_text("mine")
        elif content == "broken":
            plain().run(64, store=path)
            whole = (path / "zarr.json").read_text()
            (path / "zarr.json").write_text(whole[: len(whole) // 2])
        elif content == "group":
            zarr.create_group(path)
        elif content == "array":
            zarr.create_array(path, shape=(2,), dtype=float)
        else:
            plain().run(64, store=path)
            group = zarr.open_group(path)
            group.attrs["overbuild"] = {**group.attrs["overbuild"], "layout": 99}
        before = sorted(path.rglob("*"))
        with pytest.raises(ValueError, match=message):
            plain().run(64, store=path)
        with pytest.raises(ValueError, match=message):
            ob.open_result(path)
        assert sorted(path.rglob("*")) == before

    def test_nothing_is_there(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="there is no store"):
            ob.open_result(tmp_path / "draws")
        with pytest.raises(ValueError, match="is a folder in the file system, got 's3://"):
            plain().run(64, store="s3://bucket/draws")
        (tmp_path / "draws").mkdir()
        with pytest.raises(ValueError, match="is no Zarr store"):
            ob.open_result(tmp_path / "draws")
        assert plain().run(64, store=tmp_path / "draws").dataset.sizes["draw"] == 64

    @pytest.mark.skipif(not hasattr(os, "setuid"), reason="needs users")
    def test_a_folder_that_may_only_be_read(self, tmp_path: Path) -> None:
        path = tmp_path / "draws"
        plain().run(64, store=path)
        for entry in (path, *path.rglob("*")):
            entry.chmod(0o555 if entry.is_dir() else 0o444)
        if os.geteuid() == 0:
            pytest.skip("the administrator may write anywhere")
        assert plain().run(64, store=path).dataset.sizes["draw"] == 64
        with pytest.raises(PermissionError, match=re.escape(str(path))):
            plain().run(128, store=path)

    def test_labels_of_several_levels(self, tmp_path: Path) -> None:
        index = pd.MultiIndex.from_product([["x", "y"], [1, 2]], names=("one", "two"))
        many = xr.DataArray(np.ones(4), dims="site").assign_coords(
            xr.Coordinates.from_pandas_multiindex(index, "site")
        )
        work = ob.Study(lambda a: {"y": a * many}, {"a": stats.norm()})
        with pytest.raises(ValueError, match="a store cannot hold 'site', labels of several"):
            work.run(64, store=tmp_path / "draws")
