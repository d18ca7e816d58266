"""Find out whether AI compute is being overbuilt, and how sure we are.

`overbuild` turns a few disclosed figures with their uncertainty into distributions of
utilization, capex economics and lead times, and says what drives them.

- :mod:`overbuild.utilization`: how much of the capacity is used;
- :mod:`overbuild.capex`: what the hardware costs, earns and loses;
- :mod:`overbuild.leadtime`: when the capacity arrives;
- :mod:`overbuild.market`: demand, how much to build for it, and the cycle that both make;
- :mod:`overbuild.models`: ready models, such as the income statement of a GPU cloud;
- :class:`overbuild.Study`: cited inputs and a model in, a labelled data set out;
- :mod:`overbuild.data`: cited figures that come with the package;
- :mod:`overbuild.plot`: pictures of results (needs matplotlib).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from overbuild import capex, data, leadtime, market, models, study, utilization
from overbuild._core import __version__, get_num_threads, set_num_threads
from overbuild.study import (
    Input,
    Result,
    Study,
    beta,
    between,
    choice,
    clipped,
    empirical,
    gamma,
    loguniform,
    mixture,
    open_result,
    pert,
    read_inputs,
    read_scenarios,
    triangular,
    truncated,
    uniform,
    weibull,
    zero_inflated,
)

if TYPE_CHECKING:
    from overbuild import plot

__all__ = [
    "Input",
    "Result",
    "Study",
    "__version__",
    "beta",
    "between",
    "capex",
    "choice",
    "clipped",
    "data",
    "empirical",
    "gamma",
    "get_num_threads",
    "leadtime",
    "loguniform",
    "market",
    "mixture",
    "models",
    "open_result",
    "pert",
    "plot",
    "read_inputs",
    "read_scenarios",
    "set_num_threads",
    "study",
    "triangular",
    "truncated",
    "uniform",
    "utilization",
    "weibull",
    "zero_inflated",
]


def __getattr__(name: str) -> Any:
    # matplotlib is an extra, and slow to import.
    if name == "plot":
        return importlib.import_module("overbuild.plot")
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
