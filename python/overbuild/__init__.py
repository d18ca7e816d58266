"""Find out whether AI compute is being overbuilt, and how sure we are.

`overbuild` turns a few disclosed figures with their uncertainty into distributions of
utilization, capex economics and lead times, and says what drives them.

- :mod:`overbuild.utilization`: how much of the capacity is used;
- :class:`overbuild.Study`: cited inputs and a model in, a labelled data set out;
- :mod:`overbuild.data`: cited figures that come with the package.
"""

from __future__ import annotations

from overbuild import data, study, utilization
from overbuild._core import get_num_threads, set_num_threads
from overbuild.study import Input, Result, Study, between, pert, read_inputs, triangular

__version__ = "0.1.0"

__all__ = [
    "Input",
    "Result",
    "Study",
    "between",
    "data",
    "get_num_threads",
    "pert",
    "read_inputs",
    "set_num_threads",
    "study",
    "triangular",
    "utilization",
]
