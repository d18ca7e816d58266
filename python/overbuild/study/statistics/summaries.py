"""Tables of what a study gave: a row for each position of each variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overbuild.study.inputs import DRAW
from overbuild.study.labels import places
from overbuild.study.statistics.rows import Statistics, statistics

#: Quantiles that are shown unless others are asked for.
QUANTILES = (0.05, 0.5, 0.95)

#: Column of the summary that counts draws without a value.
MISSING = "NaN draws"

#: What the name of a column with standard errors begins with.
ERROR = "SE "

#: Columns that say what a variable is.
WORDS = ("unit", "source", "grade")


def checked(quantiles: Sequence[float]) -> NDArray[np.float64]:
    """Return `quantiles` as an array of probabilities that rise."""
    try:
        probabilities = np.asarray(quantiles, dtype=float)
    except (TypeError, ValueError):
        msg = f"quantiles must be a list of probabilities, got {quantiles!r:.80}"
        raise TypeError(msg) from None
    if (
        probabilities.ndim != 1
        or not ((probabilities >= 0) & (probabilities <= 1)).all()
        or not (np.diff(probabilities) > 0).all()
    ):
        msg = f"quantiles must be rising probabilities from 0 to 1, got {quantiles!r}"
        raise ValueError(msg)
    return probabilities


def summarize(dataset: xr.Dataset, quantiles: Sequence[float]) -> pd.DataFrame:
    """Return the table that `Result.summary` describes."""
    probabilities = checked(quantiles)
    replicates = bool(dataset.attrs.get("replicates"))
    labels: list[str] = []
    rows: list[list[Any]] = []
    for variable in dataset.data_vars.values():
        found = statistics(variable, probabilities, replicates=replicates)
        words = [variable.attrs.get(word, "") for word in WORDS]
        labels += [label for label, _ in places(variable, without=DRAW)]
        rows += _rows(found, words, replicates)
    names = [*(f"P{100 * p:.10g}" for p in probabilities), "mean"]
    columns = [*names, *WORDS, MISSING, *(ERROR + name for name in names if replicates)]
    return pd.DataFrame(rows, index=pd.Index(labels, name="variable"), columns=columns)


def _rows(found: Statistics, words: list[Any], replicates: bool) -> list[list[Any]]:
    """Return the rows of a variable."""
    values = np.concatenate([found.quantiles, found.means[..., np.newaxis]], axis=-1)
    errors = np.concatenate([found.quantile_errors, found.mean_errors[..., np.newaxis]], axis=-1)
    width = values.shape[-1]
    table = zip(
        values.reshape(-1, width).tolist(),
        found.missing.reshape(-1).tolist(),
        errors.reshape(-1, width).tolist(),
        strict=True,
    )
    return [
        [*numbers, *words, missing, *(error if replicates else [])]
        for numbers, missing, error in table
    ]
