"""A folder that one run at a time may write into."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

#: Locks of this process. A forked child would share them, and hold them when this one is gone.
_HELD: set[int] = set()


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder; the lock ends with the process, however that ends.

    Raises
    ------
    RuntimeError
        If another run writes there. Not on Windows, nor on file systems that have no locks.
    """
    if fcntl is None:
        yield
        return
    lock = os.open(folder, os.O_RDONLY)
    _HELD.add(lock)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            msg = f"another run is writing into store {folder}; wait for it, or give another path"
            raise RuntimeError(msg) from None
        except OSError:  # a file system without locks
            pass
        try:
            yield
        finally:
            # At once, even if a child that was just forked has not closed its own yet.
            with contextlib.suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_UN)
    finally:
        _HELD.discard(lock)
        os.close(lock)


def _let_go() -> None:
    for lock in _HELD:
        os.close(lock)
    _HELD.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
