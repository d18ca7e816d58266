"""Time alternatives fairly: in turn, in one process, by their medians."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median


def compare(title: str, runs: Mapping[str, Callable[[], object]], *, rounds: int = 9) -> None:
    """Run all alternatives `rounds` times in turn and print medians, the first one's as 1."""
    for run in runs.values():
        run()  # compile, fill caches, start threads
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            time.sleep(0.02)  # threads of the one before may still spin
            begin = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - begin)
    middle = {name: median(times) for name, times in seconds.items()}
    ours = next(iter(middle.values()))
    print(f"\n{title}")
    for name, value in middle.items():
        print(f"  {name:<44}{1e3 * value:>10.1f} ms{value / ours:>9.2f} x")
