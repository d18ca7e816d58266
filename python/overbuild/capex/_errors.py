"""Errors that numpy-financial raises on request, under its names."""

from __future__ import annotations

import numpy as np

from overbuild._calls import Values


class NoRealSolutionError(ValueError):
    """There is no rate above -1 at which the flows have no present value."""


class IterationsExceededError(NoRealSolutionError):
    """No rate was found; the name is numpy-financial's."""


def raise_if_nan(values: Values, error: type[NoRealSolutionError], what: str) -> Values:
    """Return `values` if all are numbers."""
    missing = int(np.isnan(values).sum())
    if missing:
        msg = f"{what}, in {missing} of {np.size(values)} cases"
        raise error(msg)
    return values
