"""Chunks on threads, processes and a cluster: the same bits, and errors that tell."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
import xarray as xr
from distributed import Client, LocalCluster
from scipy import stats
from studying import assert_same_bits, income, study

import overbuild as ob
from overbuild.study.execution.chunks import Work

DRAWS, CHUNK = 5_000, 700

#: Processes that are forked while threads are at work, as tests and notebooks have them.
pytestmark = pytest.mark.filterwarnings(
    "ignore:This process .* is multi-threaded:DeprecationWarning"
)

ways = ["spawn"] if sys.platform == "win32" else ["fork", "spawn", "forkserver"]


@pytest.fixture(scope="module")
def expected() -> xr.Dataset:
    """The same draws, made here in one piece."""
    return study().run(DRAWS, seed=3, chunk=DRAWS).dataset


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A cluster of two processes."""
    with warnings.catch_warnings():
        # A port in use or a slow start are the machine's affair.
        warnings.filterwarnings("ignore", category=UserWarning, module="distributed")
        cluster = LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        )
        with cluster, Client(cluster) as client:
            yield client


@pytest.fixture(scope="module", params=ways)
def processes(request) -> Iterator[ProcessPoolExecutor]:
    """Two processes, started in each way there is."""
    context = multiprocessing.get_context(request.param)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        yield pool


class Shuffled(Executor):
    """Does what it is given when it is asked for, in any order."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._max_workers = 3
        self.order: list[int] = []
        self.most = 0
        self._waiting: list[tuple[Future[Any], Any, Any]] = []

    def submit(self, fn, /, *arguments, **named):
        owner = self

        class Lazy(Future):
            def result(self, timeout=None):
                owner.work_until(self)
                return super().result(timeout)

        future = Lazy()
        self._waiting.append((future, fn, arguments))
        self.most = max(self.most, len(self._waiting))
        return future

    def work_until(self, wanted: Future[Any]) -> None:
        while not wanted.done():
            future, fn, arguments = self._waiting.pop(self._rng.randrange(len(self._waiting)))
            self.order.append(arguments[0])
            future.set_result(fn(*arguments))


class TestSameBits:
    def test_threads(self, expected) -> None:
        with ThreadPoolExecutor(4) as threads:
            found = study().run(DRAWS, seed=3, chunk=CHUNK, executor=threads).dataset
        assert_same_bits(found, expected)

    def test_processes(self, expected, processes) -> None:
        found = study().run(DRAWS, seed=3, chunk=CHUNK, executor=processes).dataset
        again = study().run(DRAWS, seed=3, chunk=CHUNK + 1, executor=processes).dataset
        assert_same_bits(found, expected)
        assert_same_bits(again, expected)

    def test_a_lambda_and_a_function_with_what_is_around_it(self, processes) -> None:
        factor = 3.0

        def scaled(a):
            return {"b": factor * a}

        for model in (lambda a: {"b": 3.0 * a}, scaled):
            small = ob.Study(model, {"a": stats.norm()})
            there = small.run(512, chunk=64, executor=processes).dataset
            assert_same_bits(there, small.run(512).dataset)

    def test_a_cluster(self, expected, client) -> None:
        with client.get_executor() as cluster:
            found = study().run(DRAWS, seed=3, chunk=CHUNK, executor=cluster).dataset
            assert_same_bits(found, expected)
            small = ob.Study(lambda a: {"b": 3.0 * a}, {"a": stats.norm()})
            there = small.run(512, chunk=64, executor=cluster).dataset
            xr.testing.assert_identical(there, small.run(512).dataset)

    @pytest.mark.parametrize("seed", range(3))
    def test_an_executor_that_works_in_any_order(self, expected, seed) -> None:
        shuffled = Shuffled(seed)
        found = study().run(DRAWS, seed=3, chunk=100, executor=shuffled).dataset
        assert_same_bits(found, expected)
        assert shuffled.order != sorted(shuffled.order)
        assert sorted(shuffled.order) == list(range(0, DRAWS, 100))
        # No more are under way than keep three workers busy: memory follows the chunk.
        assert shuffled.most <= 6

    @pytest.mark.parametrize("way", [way for way in ways if way != "forkserver"])
    def test_a_model_of_a_script(self, tmp_path: Path, way) -> None:
        script = tmp_path / "script.py"
        script.write_text(
            textwrap.dedent(f"""
                import multiprocessing
                from concurrent.futures import ProcessPoolExecutor
                from scipy import stats
                import overbuild as ob

                class OddError(Exception):
                    def __init__(self, one, two):
                        super().__init__(f"{{one}} and {{two}}")

                FACTOR = 2.0

                def model(a):
                    if a.size < 40:
                        raise OddError("this", "that")
                    return {{"b": FACTOR * a}}

                if __name__ == "__main__":
                    FACTOR = 5.0  # a process that runs the script anew would not know
                    study = ob.Study(model, {{"a": stats.norm()}})
                    context = multiprocessing.get_context({way!r})
                    with ProcessPoolExecutor(1, mp_context=context) as processes:
                        found = study.run(640, chunk=80, executor=processes).dataset
                        assert found.equals(study.run(640).dataset)
                        assert (found.b == 5.0 * found.a).all()
                        try:
                            study.run(660, chunk=80, executor=processes)
                        except Exception as error:
                            print(type(error).__name__, error)
            """)
        )
        done = subprocess.run(
            [sys.executable, "-W", "ignore::DeprecationWarning", str(script)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        # The first error cannot be rebuilt from its message alone: its name and words must do.
        assert re.fullmatch(r"(RuntimeError OddError: |OddError )this and that\n", done.stdout)


class ModelError(Exception):
    """An error of a user's own."""


def failing(a, b=0.0):
    if (a.size == 63) & (b == 1.0):
        raise ModelError(f"no power for {a.size} draws")
    return {"c": a + b}


class TestErrors:
    """The 63 draws of the last chunk fail; before them 900 are done."""

    study = ob.Study(failing, {"a": stats.norm(), "b": 1.0})

    def check(self, executor: Executor | None) -> None:
        with pytest.raises(ModelError, match=r"^no power for 63 draws\n900 draws are done"):
            self.study.run(963, seed=1, chunk=300, executor=executor)
        partial = self.study.partial
        assert partial is not None
        assert partial.dataset.attrs["draws"] == partial.dataset.sizes["draw"] == 900
        xr.testing.assert_equal(partial.dataset, self.study.run(900, seed=1).dataset)
        self.study.run(100, executor=executor)
        assert self.study.partial is None

    def test_here(self) -> None:
        self.check(None)

    def test_threads(self) -> None:
        with ThreadPoolExecutor(2) as threads:
            self.check(threads)

    def test_processes(self, processes) -> None:
        self.check(processes)

    def test_a_cluster(self, client) -> None:
        self.check(client.get_executor())

    def test_errors_of_arithmetic_are_handled_as_here(self) -> None:
        def root(a):
            return {"b": np.sqrt(a)}

        work = ob.Study(root, {"a": stats.norm()})
        with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(1) as processes:
            for executor in (None, threads, processes):
                with np.errstate(invalid="ignore"):
                    assert np.isnan(work.run(512, chunk=64, executor=executor).dataset.b).any()
                with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
                    work.run(512, chunk=64, executor=executor)

    def test_what_cannot_be_sent_is_named(self) -> None:
        lock = threading.Lock()

        def locked(a):
            with lock:
                return {"b": a}

        with ProcessPoolExecutor(1) as processes, pytest.raises(TypeError, match=r"pickle.*lock"):
            ob.Study(locked, {"a": stats.norm()}).run(64, executor=processes)

    def test_a_killed_process_of_a_pool_breaks_the_run(self, tmp_path: Path) -> None:
        def deadly(a):
            # The chunks before have been handed on when the last one is made.
            if a.size == 64:
                time.sleep(0.5)
                os.kill(os.getpid(), signal.SIGKILL)
            return {"b": a}

        work = ob.Study(deadly, {"a": stats.norm()})
        with (
            ProcessPoolExecutor(1) as processes,
            pytest.raises(BrokenProcessPool, match="terminated abruptly") as caught,
        ):
            work.run(964, seed=1, chunk=100, executor=processes)
        partial = work.partial
        assert partial is not None
        done = partial.dataset.attrs["draws"]
        assert done >= 100
        assert f"{done:,} draws are done" in caught.value.__notes__[0]
        xr.testing.assert_equal(partial.dataset, work.run(done, seed=1, chunk=100).dataset)


def test_work_is_small_and_the_same_after_a_journey() -> None:
    work = study().work(DRAWS, 3)
    packed = cloudpickle.dumps(work)
    assert len(packed) < 500_000
    there: Work = cloudpickle.loads(packed)
    for start, n in ((0, 100), (777, 50)):
        ours, theirs = work(start, n), there(start, n)
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            xr.testing.assert_identical(value, theirs[name])
    assert there.fingerprint() == work.fingerprint()


def test_a_cluster_that_loses_a_worker_loses_no_draw(client, tmp_path: Path, expected) -> None:
    died = tmp_path / "died"

    def income_once_killed(**inputs):
        if inputs["servers"].size == CHUNK:
            with contextlib.suppress(FileExistsError):
                died.touch(exist_ok=False)  # by the first that comes here
                died.with_suffix(".pid").write_text(str(os.getpid()))
                os.kill(os.getpid(), signal.SIGKILL)
        return income(**inputs)

    before = set(client.run(os.getpid).values())
    found = study(model=income_once_killed).run(
        DRAWS, seed=3, chunk=CHUNK, executor=client.get_executor()
    )
    assert int(died.with_suffix(".pid").read_text()) in before
    assert_same_bits(found.dataset, expected)
