"""From cited assumptions to a distribution: inputs, a model, draws, a labelled result."""

from __future__ import annotations

from overbuild.study.distributions import between, pert, triangular
from overbuild.study.inputs import Input
from overbuild.study.results import Result
from overbuild.study.running import Study
from overbuild.study.sampling import tabulate
from overbuild.study.tables import read_inputs

__all__ = [
    "Input",
    "Result",
    "Study",
    "between",
    "pert",
    "read_inputs",
    "tabulate",
    "triangular",
]
