"""From cited assumptions to a distribution: inputs, a model, draws, a labelled result."""

from __future__ import annotations

from overbuild.study.correlation import CorrelationError, nearest_correlation
from overbuild.study.distributions import between, pert, triangular
from overbuild.study.inputs import Input
from overbuild.study.opening import open_result
from overbuild.study.results import Result
from overbuild.study.running import Study
from overbuild.study.sampling import tabulate
from overbuild.study.tables import read_inputs

__all__ = [
    "CorrelationError",
    "Input",
    "Result",
    "Study",
    "between",
    "nearest_correlation",
    "open_result",
    "pert",
    "read_inputs",
    "tabulate",
    "triangular",
]
