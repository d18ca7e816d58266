"""Chunks evaluated here, or by any executor, and handed on in their order."""

from __future__ import annotations

import functools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

import cloudpickle
import xarray as xr

Chunk = dict[str, xr.DataArray]


class _Portable:
    """A function that any process can be sent, one defined in a notebook included."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self._packed,)

    @functools.cached_property
    def _packed(self) -> bytes:
        packed: bytes = cloudpickle.dumps(self._function)
        return packed


@functools.lru_cache(maxsize=8)
def _unpacked(packed: bytes) -> _Portable:
    # What a task brings along is unpacked once in each process.
    return _Portable(cloudpickle.loads(packed))


def in_order(
    work: Callable[[int, int], Chunk],
    ranges: Iterable[tuple[int, int]],
    executor: Executor | None,
) -> Iterator[tuple[int, Chunk]]:
    """Yield size and chunk for each start and size in `ranges`, first to last.

    Only so many chunks are under way that all workers are busy, so that memory stays small.
    """
    if executor is None:
        for start, n in ranges:
            yield n, work(start, n)
        return
    task, waiting = _Portable(work), iter(ranges)
    under_way: deque[tuple[int, Future[Chunk]]] = deque()
    try:
        while True:
            while len(under_way) < 2 * _workers(executor):
                if (following := next(waiting, None)) is None:
                    break
                under_way.append((following[1], executor.submit(task, *following)))
            if not under_way:
                return
            n, future = under_way.popleft()
            yield n, future.result()
    finally:
        for _, future in under_way:
            future.cancel()


def _workers(executor: Executor) -> int:
    """Return how many tasks an executor does at once, as far as it tells."""
    client = getattr(executor, "_client", None)
    if client is not None:  # Dask's
        return max(1, int(sum(client.ncores().values())))
    workers: int | None = getattr(executor, "_max_workers", None)
    return workers or os.cpu_count() or 1
