"""Stores: a run that is stopped goes on, bit for bit, and another study's store is refused."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import dask
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from studying import INPUTS, assert_same_bits, first_model, income, plain, study

import overbuild as ob
from overbuild.study.stores.locking import exclusive

DRAWS, CHUNK = 2_000, 400


@pytest.fixture(scope="module")
def expected() -> xr.Dataset:
    """The draws of a run in one piece, in memory."""
    return study().run(DRAWS, seed=3).dataset


class TestGoingOn:
    def test_a_run_in_one_piece(self, expected, tmp_path: Path) -> None:
        path = tmp_path / "missing" / "folders" / "draws"
        assert_same_bits(study().run(DRAWS, seed=3, chunk=CHUNK, store=path).dataset, expected)
        assert_same_bits(ob.open_result(path).dataset, expected)
        # Whoever reads Zarr gets the same, units included.
        plain = xr.open_zarr(path, consolidated=False)
        np.testing.assert_array_equal(plain.loss.transpose("draw", ...), expected.loss)
        assert plain.price.attrs == expected.price.attrs

    @settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        pieces=st.lists(
            st.tuples(st.integers(1, DRAWS), st.integers(200, 1_500)), min_size=1, max_size=3
        )
    )
    def test_in_pieces_of_any_size(self, expected, tmp_path_factory, pieces) -> None:
        path = tmp_path_factory.mktemp("pieces") / "draws"
        most = 0
        for draws, chunk in pieces:
            found = study().run(draws, seed=3, chunk=chunk, store=path)
            part = expected.isel(draw=slice(draws)).assign_attrs(draws=draws)
            assert_same_bits(found.dataset, part)
            most = max(most, draws)
        assert ob.open_result(path).dataset.attrs["draws"] == most

    def test_fewer_draws_than_stored_are_the_first_ones(self, expected, tmp_path: Path) -> None:
        study().run(DRAWS, seed=3, store=tmp_path / "draws")
        found = study().run(100, seed=3, store=tmp_path / "draws").dataset
        assert_same_bits(found, expected.isel(draw=slice(100)).assign_attrs(draws=100))
        assert ob.open_result(tmp_path / "draws").dataset.sizes["draw"] == DRAWS

    @pytest.mark.parametrize("after", [0, 1, 3])
    def test_after_an_error_or_ctrl_c_in_the_model(self, expected, tmp_path, after) -> None:
        calls = 0

        def interrupted(**inputs):
            nonlocal calls
            calls += inputs["servers"].size == CHUNK
            if calls > 3 * after:  # scenarios
                raise KeyboardInterrupt
            return income(**inputs)

        work = study(model=interrupted)
        with pytest.raises(KeyboardInterrupt) as caught:
            work.run(DRAWS, seed=3, chunk=CHUNK, store=tmp_path / "draws")
        done = after * CHUNK
        if after == 0:
            assert work.partial is None
        else:
            assert work.partial is not None
            assert f"{done:,} draws are done" in caught.value.__notes__[0]
            part = expected.isel(draw=slice(done)).assign_attrs(draws=done)
            assert_same_bits(work.partial.dataset, part)
            assert_same_bits(ob.open_result(tmp_path / "draws").dataset, part)
        found = study().run(DRAWS, seed=3, chunk=CHUNK, store=tmp_path / "draws")
        assert_same_bits(found.dataset, expected)

    def test_after_a_kill_at_any_write(self, expected, tmp_path: Path, monkeypatch) -> None:
        """Stop at the first write of a file, at the second, and so on."""
        from zarr.storage import LocalStore

        put = LocalStore.set
        left, stopped = 0, True
        writes = 0

        class Killed(BaseException):
            pass

        async def counted(self, key, value):
            nonlocal writes
            writes += 1
            if writes > left:
                raise Killed
            await put(self, key, value)

        monkeypatch.setattr(LocalStore, "set", counted)
        path = tmp_path / "draws"
        found = None
        while stopped:
            writes, left = 0, left + 1
            try:
                found = study().run(900, seed=3, chunk=300, store=path).dataset
            except Killed:
                continue
            stopped = False
        assert left > 9
        assert found is not None
        assert_same_bits(found, expected.isel(draw=slice(900)).assign_attrs(draws=900))


SCRIPT = """
    import os, pathlib, sys, time
    sys.path.insert(0, {tests!r})
    from studying import income, study

    def slow(**inputs):
        time.sleep(0.03)
        return income(**inputs)

    try:
        work = study(model=slow)
        print("begun", flush=True)
        work.run(2**20, seed=3, chunk=100, store={path!r}, executor=None)
    except KeyboardInterrupt as error:
        print(error.__notes__[0], work.partial.dataset.attrs["draws"], flush=True)
        raise SystemExit(3)
"""


def started(path: Path) -> subprocess.Popen[str]:
    """Return a run in a process of its own that has put some draws into a store."""
    code = textwrap.dedent(SCRIPT).format(tests=str(Path(__file__).parents[1]), path=str(path))
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None:
        if (path / "zarr.json").exists():
            about = json.loads((path / "zarr.json").read_text())["attributes"].get("overbuild")
            if about and about["done"] >= 200:
                return process
    raise AssertionError(process.stderr and process.stderr.read())


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
class TestSignals:
    def test_after_sigkill(self, tmp_path: Path) -> None:
        path = tmp_path / "draws"
        process = started(path)
        # While it runs nobody else may write, but look.
        seen = ob.open_result(path).dataset
        assert_same_bits(seen, study().run(seen.sizes["draw"], seed=3).dataset)
        with pytest.raises(RuntimeError, match="another run is writing into store"):
            study().run(2**20, seed=3, store=path)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
        assert process.returncode == -signal.SIGKILL
        done = ob.open_result(path).dataset.attrs["draws"]
        assert 200 <= done < 2**20
        whole = study().run(done + 1_000, seed=3).dataset
        assert_same_bits(study().run(done + 1_000, seed=3, store=path).dataset, whole)

    def test_after_ctrl_c(self, tmp_path: Path) -> None:
        path = tmp_path / "draws"
        process = started(path)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 3, err
        found = re.search(r"^([\d,]+) draws are done, and in attribute partial.* (\d+)$", out, re.M)
        assert found is not None
        done = int(found[2])
        assert int(found[1].replace(",", "")) == done >= 200
        whole = study().run(done + 1_000, seed=3).dataset
        assert_same_bits(study().run(done + 1_000, seed=3, store=path).dataset, whole)


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with exclusive(tmp_path):
        with pytest.raises(RuntimeError, match="another run"), exclusive(tmp_path):
            pass
        with pytest.raises(RuntimeError, match="another run"), exclusive(tmp_path):
            pass
    with exclusive(tmp_path):
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_does_not_hold_the_lock_of_the_dead(tmp_path: Path) -> None:
    code = f"""
import os, pathlib, sys, time
from overbuild.study.stores.locking import exclusive
with exclusive(pathlib.Path({str(tmp_path)!r})):
    if os.fork() == 0:
        print("child", os.getpid(), flush=True)
        time.sleep(60)
        os._exit(0)
    sys.stdin.readline()
    os._exit(0)  # as if killed: nothing is cleared up
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True) as dead:
        assert dead.stdin is not None
        assert dead.stdout is not None
        child = int(dead.stdout.readline().removeprefix("child "))
        try:
            with pytest.raises(RuntimeError, match="another run"), exclusive(tmp_path):
                pass
            dead.stdin.close()
            dead.wait(20)
            os.kill(child, 0)  # still there
            with exclusive(tmp_path):
                pass
        finally:
            os.kill(child, signal.SIGKILL)


LABELS = {
    "words": ["east", "an outlier"],
    "words of one length": np.array(["abc", "def"]),
    "objects": np.array(["x", "yy"], dtype=object),
    "numbers": [3, 1],
    "floats": [0.5, np.nan],
    "dates": pd.date_range("2025-01-01", periods=2, freq="QS"),
    "seconds": np.array(["2025-01-01T00:00:01", "2031-05-06"], dtype="datetime64[s]"),
    "spans": np.array([1, 40], dtype="timedelta64[D]").astype("timedelta64[s]"),
    "truths": [False, True],
}


class TestLabels:
    @pytest.mark.parametrize("kind", LABELS)
    def test_labels_come_back(self, tmp_path: Path, kind) -> None:
        factor = xr.DataArray(
            [1.0, 2.0],
            dims="site",
            coords={"site": LABELS[kind], "region": ("site", ["EU", "US"])},
        )
        # Words that a reader of Zarr files takes for instructions.
        attrs = {"units": "days", "unit": "day", "scale_factor": 10.0, "odd": object}
        work = ob.Study(
            lambda a: {"y": (a * factor).assign_attrs(attrs), "s": factor.assign_attrs(attrs)},
            {"a": stats.norm()},
        )
        expected = work.run(256).dataset
        for _ in range(2):  # made, and read
            found = work.run(256, chunk=100, store=tmp_path / "draws").dataset
            xr.testing.assert_equal(found.compute(), expected)
        again = ob.open_result(tmp_path / "draws").dataset.compute()
        xr.testing.assert_equal(again, expected)
        assert again.y.attrs["unit"] == "day"
        assert list(again.region.values) == ["EU", "US"]

    def test_whole_numbers_and_truths_are_numbers(self, tmp_path: Path) -> None:
        work = ob.Study(lambda a: {"n": (a * 1e3).astype(int), "t": a > 0}, {"a": stats.norm()})
        found = work.run(256, chunk=100, store=tmp_path / "draws").dataset
        assert_same_bits(found, work.run(256).dataset)
        assert_same_bits(work.run(256, store=tmp_path / "draws").dataset, found)


def test_the_result_is_lazy(tmp_path: Path) -> None:
    result = plain().run(1_000, chunk=100, store=tmp_path / "draws")
    for found in (result, ob.open_result(tmp_path / "draws")):
        for name in ("a", "b", "y"):
            assert dask.is_dask_collection(found.dataset[name].data)
            assert found.dataset[name].chunks == ((100,) * 10,)
        assert float(found.dataset.c) == 2.0
    np.testing.assert_array_equal(result.summary()["P50"], plain().run(1_000).summary()["P50"])


def test_two_runs_that_take_turns(tmp_path: Path) -> None:
    """A run that opened the store before another wrote into it does not write over that."""
    path = tmp_path / "draws"

    with pytest.raises(RuntimeError, match="another run is writing"):
        plain(model=lambda a, b, c: _with_another(path, a, b, c)).run(300, chunk=100, store=path)


def _with_another(path: Path, a, b, c):
    plain().run(50, store=path)
    return first_model(a, b, c)


def test_inputs_of_the_case_are_all_kinds() -> None:
    assert {type(value).__name__ for value in INPUTS.values()} > {"Input", "DataArray", "int"}
