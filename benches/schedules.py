"""Schedules under uncertainty: one pass in Rust against loops that one would write."""

from __future__ import annotations

import numba
import numpy as np
from scipy import stats

import overbuild as ob
from benches.timing import compare

TASKS, DRAWS = 40, 2**18


def campus(tasks: int, reach: int) -> dict[int, list[int]]:
    """Return a network in which each task waits for up to two of the `reach` before it."""
    rng = np.random.default_rng(0)
    return {
        k: sorted({int(j) for j in rng.integers(max(0, k - reach), k, 2)}) if k else []
        for k in range(tasks)
    }


@numba.njit(parallel=True)
def fused(low, mode, high, starts, before, behind_starts, behind, draws, seed):  # type: ignore[no-untyped-def]
    """Draw triangular durations and solve, a draw at a time, as one would in numba."""
    tasks = low.size
    makespan = np.empty(draws)
    threads = numba.get_num_threads()
    critical = np.zeros((threads, tasks))
    for thread in numba.prange(threads):
        np.random.seed(seed + thread)  # noqa: NPY002 - what numba has
        finish, duration, late = np.empty(tasks), np.empty(tasks), np.empty(tasks)
        for draw in range(thread * draws // threads, (thread + 1) * draws // threads):
            end = 0.0
            for k in range(tasks):
                duration[k] = np.random.triangular(low[k], mode[k], high[k])  # noqa: NPY002
                begin = 0.0
                for j in range(starts[k], starts[k + 1]):
                    begin = max(begin, finish[before[j]])
                finish[k] = begin + duration[k]
                end = max(end, finish[k])
            for k in range(tasks - 1, -1, -1):
                latest = end
                for j in range(behind_starts[k], behind_starts[k + 1]):
                    latest = min(latest, late[behind[j]] - duration[behind[j]])
                late[k] = latest
                if latest - finish[k] <= 1e-9 * end:
                    critical[thread, k] += 1
            makespan[draw] = end
    return makespan, critical.sum(axis=0) / draws


def schedules() -> None:
    """Forty tasks over 262,144 draws, the draws included; and one large network once."""
    before = campus(TASKS, 8)
    rng = np.random.default_rng(1)
    low = rng.uniform(5, 20, TASKS)
    mode, high = low * 1.4, low * 2.5
    network = ob.leadtime.Network(before)
    shape = (mode - low) / (high - low)
    durations = {k: stats.triang(shape[k], low[k], high[k] - low[k]) for k in before}

    behind: dict[int, list[int]] = {k: [j for j in before if k in before[j]] for k in before}
    flat = [
        np.array(values)
        for one in (before, behind)
        for values in (
            np.cumsum([0, *map(len, one.values())]),
            [j for linked in one.values() for j in linked],
        )
    ]

    def with_numpy() -> tuple[np.ndarray, np.ndarray]:
        drawn = np.random.default_rng(2).triangular(low, mode, high, (DRAWS, TASKS)).T
        finish, late = np.empty((TASKS, DRAWS)), np.empty((TASKS, DRAWS))
        for k, waits_for in before.items():
            begin = finish[waits_for].max(axis=0) if waits_for else 0.0
            finish[k] = begin + drawn[k]
        end = finish.max(axis=0)
        for k in reversed(range(TASKS)):
            awaited = [late[j] - drawn[j] for j in behind[k]]
            late[k] = np.min(awaited, axis=0) if awaited else end
        return end, (late - finish <= 1e-9 * end).mean(axis=1)

    runs = {
        "overbuild, simulate": lambda: network.simulate(durations, DRAWS, seed=1, milestones=[]),
        "numba, parallel, fused": lambda: fused(low, mode, high, *flat, DRAWS, 1),
        "NumPy, vectorised over draws": with_numpy,
    }
    compare(f"critical path of {DRAWS:,} draws x {TASKS} tasks, with the draws", runs, rounds=5)

    large = campus(10_000, 50)
    ones = dict.fromkeys(large, 1.0)
    compare(
        "a network of 10,000 tasks, checked and solved once",
        {"overbuild": lambda: ob.leadtime.Network(large).critical_path(ones)},
    )
