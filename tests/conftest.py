"""What several tests need."""

from __future__ import annotations

import os
from collections.abc import Iterator

# A picture is drawn to a file, never to a screen; set before matplotlib is imported.
os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pytest
from hypothesis import settings

import overbuild as ob

# Machines are busy at times: how long an example takes says nothing.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def same_threads_after() -> Iterator[None]:
    """Leave the number of threads as it was."""
    threads = ob.get_num_threads()
    yield
    ob.set_num_threads(threads)


@pytest.fixture(autouse=True)
def same_floating_point_errors_after() -> Iterator[None]:
    """Leave NumPy's handling of errors as it was; lifelines sets it for all."""
    known = np.geterr()
    yield
    np.seterr(**known)
