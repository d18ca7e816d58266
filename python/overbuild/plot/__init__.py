"""Pictures of results, with matplotlib (extra ``plot``).

Each function draws on the axes it is given, or on new ones, and returns them.
"""

from __future__ import annotations

try:
    import matplotlib as _matplotlib  # noqa: F401
except ImportError as error:
    msg = "plots need matplotlib: pip install 'overbuild[plot]'"
    raise ImportError(msg) from error

from overbuild.plot.choice import variable
from overbuild.plot.drivers import tornado
from overbuild.plot.fans import fan
from overbuild.plot.histograms import histogram
from overbuild.plot.responses import what_if
from overbuild.plot.s_curves import s_curve
from overbuild.plot.sides import scenarios
from overbuild.plot.updates import posterior

__all__ = [
    "fan",
    "histogram",
    "posterior",
    "s_curve",
    "scenarios",
    "tornado",
    "variable",
    "what_if",
]
