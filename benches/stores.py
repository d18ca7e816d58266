"""Draws that go to disk: memory, seconds, and what the disk itself can do."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import numpy as np

import overbuild as ob
from benches.cases import coreweave

#: Draws of the study that is stored; a run that fits in no memory has 2**26.
DRAWS = 2**26


def stored_study(draws: int = DRAWS) -> None:
    """The CoreWeave study into a store, in a process of its own, which tells its peak."""
    with tempfile.TemporaryDirectory() as folder:
        code = f"""
            import resource, sys, time
            import overbuild as ob
            from benches.cases import coreweave
            study = ob.Study(coreweave, ob.read_inputs(ob.data.path("coreweave_2024")))
            begin = time.perf_counter()
            result = study.run({draws}, seed=1, store={str(Path(folder) / "draws")!r})
            ran = time.perf_counter()
            table = result.summary()
            done = time.perf_counter()
            # Linux counts in kilobytes, macOS in bytes.
            unit = 2**20 if sys.platform == "darwin" else 2**10
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
            print(ran - begin, done - ran, peak, len(table))
        """
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            capture_output=True,
            text=True,
            check=True,
        )
        ran, summarised, peak, _ = map(float, done.stdout.split())
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    print(f"\na study of {draws:,} draws into a store of {size / 1e9:.1f} GB")
    print(f"  {'overbuild, run':<44}{ran:>10.1f} s")
    print(f"  {'overbuild, summary of the store':<44}{summarised:>10.1f} s")
    print(f"  {'peak memory':<44}{peak:>10.0f} MB")


def writing(draws: int = 2**23) -> None:
    """The same numbers into a store and into plain memory-mapped files."""
    study = ob.Study(coreweave, ob.read_inputs(ob.data.path("coreweave_2024")))
    work = study.work(draws, 1)
    chunk = 2**17

    def mapped(folder: Path) -> None:
        first = work(0, chunk)
        names = [name for name, part in first.items() if "draw" in part.dims]
        files = {
            name: np.memmap(folder / name, dtype=float, mode="w+", shape=(draws,)) for name in names
        }
        for start in range(0, draws, chunk):
            made = work(start, chunk)
            for name, file in files.items():
                file[start : start + chunk] = made[name].values
        for file in files.values():
            file.flush()

    ways = {
        "overbuild, store": lambda folder: study.run(draws, seed=1, store=folder / "draws"),
        "np.memmap by hand": mapped,
        "in memory": lambda folder: study.run(draws, seed=1),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(3):
        for name, run in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                begin = time.perf_counter()
                run(Path(folder))
                seconds[name].append(time.perf_counter() - begin)
    print(f"\na study of {draws:,} draws")
    ours = float(np.median(seconds["overbuild, store"]))
    for name, times in seconds.items():
        middle = float(np.median(times))
        print(f"  {name:<44}{1e3 * middle:>10.1f} ms{middle / ours:>9.2f} x")
