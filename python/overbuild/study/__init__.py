"""From cited assumptions to a distribution: inputs, a model, draws, a labelled result."""

from __future__ import annotations

from overbuild.study.distributions import (
    beta,
    between,
    choice,
    clipped,
    empirical,
    gamma,
    loguniform,
    mixture,
    pert,
    triangular,
    truncated,
    uniform,
    weibull,
    zero_inflated,
)
from overbuild.study.draws.correlation import CorrelationError, nearest_correlation
from overbuild.study.draws.sampling import tabulate
from overbuild.study.inputs import Input
from overbuild.study.results import Result
from overbuild.study.running import Study
from overbuild.study.stores.opening import open_result
from overbuild.study.tables import read_inputs, read_scenarios

__all__ = [
    "CorrelationError",
    "Input",
    "Result",
    "Study",
    "beta",
    "between",
    "choice",
    "clipped",
    "empirical",
    "gamma",
    "loguniform",
    "mixture",
    "nearest_correlation",
    "open_result",
    "pert",
    "read_inputs",
    "read_scenarios",
    "tabulate",
    "triangular",
    "truncated",
    "uniform",
    "weibull",
    "zero_inflated",
]
