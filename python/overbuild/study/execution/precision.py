"""How well a run knows its quantiles, from what they differ by between its scrambles."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from overbuild.study.results import Result
from overbuild.study.statistics.summaries import QUANTILES

#: Stands for all outputs.
ALL = ""


def as_wanted(precision: Any) -> dict[str, float]:
    """Return the precision wanted of each output, or of all; nothing if none is."""
    if precision is None:
        return {}
    wanted = dict(precision) if isinstance(precision, Mapping) else {ALL: precision}
    for name, share in wanted.items():
        if not isinstance(share, numbers.Real) or not 0 < float(share) < 1:
            of = f" of {name!r}" if name else ""
            msg = (
                f"precision{of} must be a standard error as a share of the range from P5 to P95, "
                f"between 0 and 1, got {share!r}"
            )
            raise ValueError(msg)
    return wanted


def errors(result: Result) -> dict[str, float]:
    """Return for each output the largest standard error of a quantile, over its P5 to P95."""
    table = result.summary(QUANTILES)
    span = table["P95"] - table["P5"]
    worst = table[["SE P5", "SE P50", "SE P95"]].max(axis=1, skipna=False)
    found: dict[str, float] = {}
    for name, variable in result.dataset.data_vars.items():
        if variable.attrs.get("role") == "output":
            ours = [label == name or str(label).startswith(f"{name}[") for label in table.index]
            # A constant is known.
            shares = (worst[ours] / span[ours]).where(span[ours] != 0, 0.0)
            found[str(name)] = float(np.max(shares.to_numpy(), initial=0.0))
    return found


def _off(result: Result, wanted: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Return error and wish of each output that is not known well enough."""
    found = errors(result)
    if unknown := [name for name in wanted if name not in found and name != ALL]:
        msg = f"precision is wanted of {', '.join(unknown)}; outputs are {', '.join(found)}"
        raise ValueError(msg)
    wishes = {name: wanted.get(name, wanted.get(ALL)) for name in found}
    return {
        name: (found[name], wish)
        for name, wish in wishes.items()
        if wish is not None and not found[name] <= wish
    }


def is_met(result: Result, wanted: Mapping[str, float]) -> bool:
    """Whether all outputs are known as well as wanted."""
    return not wanted or not _off(result, wanted)


def shortfall(result: Result, wanted: Mapping[str, float]) -> str:
    """Say what is not known as well as wanted."""
    parts = [
        f"{name} to {error:.2g}, not {wish:g}"
        for name, (error, wish) in _off(result, wanted).items()
    ]
    return (
        f"after {result.dataset.attrs['draws']:,} draws the quantiles are known, as a share of "
        f"the range from P5 to P95: {'; '.join(parts)}. More may do: max_draws"
    )
