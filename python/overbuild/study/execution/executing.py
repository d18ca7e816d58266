"""Chunks evaluated here, or by any executor, and handed on in their order."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Executor, Future
from typing import Any

import cloudpickle
import numpy as np
import xarray as xr

from overbuild.study.execution.chunks import Drawn

Chunk = dict[str, xr.DataArray]


class _Task:
    """A function that any process can be sent, one defined in a notebook included.

    NumPy's handling of floating-point errors goes along, as threads and processes have their own.
    """

    def __init__(self, function: Callable[..., Any], errors: Mapping[str, Any]) -> None:
        self._function = function
        # There is nothing to call or to log to elsewhere.
        self._errors: dict[str, Any] = {
            kind: how if how in ("ignore", "warn", "raise", "print") else "warn"
            for kind, how in errors.items()
        }

    def __call__(self, *arguments: Any) -> Any:
        with np.errstate(**self._errors):
            return self._function(*arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self._packed,)

    @functools.cached_property
    def _packed(self) -> bytes:
        packed: bytes = cloudpickle.dumps((self._function, self._errors))
        return packed


class _SentTask(_Task):
    """The same in a process that it was sent to."""

    def __call__(self, *arguments: Any) -> Any:
        try:
            return super().__call__(*arguments)
        except Exception as error:
            sendable = _sendable(error)
            if sendable is error:
                raise
        # Out here it has no context, which would have to be sent along.
        raise sendable


@functools.lru_cache(maxsize=8)
def _unpacked(packed: bytes) -> _SentTask:
    """Unpack what a task brings along, once in each process."""
    # Ctrl-C in a terminal reaches workers, too. One that dies with a queue's lock would leave the
    # others waiting for ever; the process that sent the task stops them.
    is_worker = multiprocessing.parent_process() is not None
    if is_worker and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return _SentTask(*cloudpickle.loads(packed))


class _PackedError(Exception):
    """An error that plain pickle cannot send, such as one of a class of a notebook."""


def _sendable(error: Exception) -> Exception:
    """Return an error as it is, or in a form that reaches the process that waits for it."""
    with contextlib.suppress(Exception):  # whatever goes wrong, there is another way
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        return error
    error.add_note("".join(traceback.format_exception(error)))
    with contextlib.suppress(Exception):
        packed = cloudpickle.dumps(error.with_traceback(None))
        cloudpickle.loads(packed)
        return _PackedError(packed)
    return RuntimeError(f"{type(error).__name__}: {error}")


def in_order(
    work: Callable[[int, int], Chunk],
    ranges: Iterable[tuple[int, int]],
    executor: Executor,
) -> Generator[tuple[int, Chunk]]:
    """Yield size and chunk for each start and size in `ranges`, first to last.

    Only so many chunks are under way that all workers are busy, so that memory stays small. What
    is under way when the generator is closed is cancelled.
    """
    task, waiting = _Task(work, np.geterr()), iter(ranges)
    under_way: deque[tuple[int, Future[Chunk]]] = deque()
    try:
        while True:
            for _ in range(2 * _workers(executor) - len(under_way)):
                if (following := next(waiting, None)) is None:
                    break
                under_way.append((following[1], executor.submit(task, *following)))
            if not under_way:
                return
            yield _finished(*under_way.popleft())
    finally:
        for _, future in under_way:
            future.cancel()


def drawing_ahead(
    draw: Callable[[int, int], Callable[[], Drawn]],
    outcome: Callable[[Drawn, int, int], Chunk],
    ranges: Iterable[tuple[int, int]],
    helper: Executor,
) -> Generator[tuple[int, Chunk]]:
    """Yield the same, evaluated here: the next draws are made while the model works on others.

    The model is called in this thread, whatever it is; ``draw(start, n)``, too, and what it
    returns is called by the `helper`.
    """
    waiting: deque[tuple[int, int, Future[Drawn]]] = deque()

    def oldest() -> tuple[int, Chunk]:
        start, n, drawn = waiting.popleft()
        return n, outcome(drawn.result(), start, n)

    for start, n in ranges:
        waiting.append((start, n, helper.submit(draw(start, n))))
        if len(waiting) > 1:
            yield oldest()
    while waiting:
        yield oldest()


def _finished(n: int, future: Future[Chunk]) -> tuple[int, Chunk]:
    try:
        return n, future.result()
    except _PackedError as error:
        raise cloudpickle.loads(error.args[0]) from error.__cause__
    except BaseException:
        future.cancel()
        raise


def _workers(executor: Executor) -> int:
    """Return how many tasks an executor does at once, as far as it tells."""
    client = getattr(executor, "_client", None)
    if client is not None:  # Dask's
        return max(1, int(sum(client.ncores().values())))
    workers: int | None = getattr(executor, "_max_workers", None)
    return workers or os.cpu_count() or 1
