"""Errors that numpy-financial raises on request, under its names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from overbuild._calls import Values


class NoRealSolutionError(ValueError):
    """There is no rate above -1 at which the flows have no present value."""


class IterationsExceededError(NoRealSolutionError):
    """No rate was found; the name is numpy-financial's."""


def solved(find: Callable[[], Values], error: type[NoRealSolutionError], what: str) -> Values:
    """Return what `find` gives, or raise where a result is NaN though no argument was."""
    try:
        with np.errstate(invalid="raise"):
            return find()
    except FloatingPointError:
        with np.errstate(invalid="ignore"):
            found = np.asarray(find())
        msg = f"{what}, in {int(np.isnan(found).sum())} of {found.size} cases"
        raise error(msg) from None
