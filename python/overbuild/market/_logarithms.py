"""Mean and variance of the logarithm of a distribution, from its density."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from overbuild.market._expected import single_values
from overbuild.market._log_pool import LogPool
from overbuild.study.distributions.bounds import Clipped
from overbuild.study.distributions.laws import Floats, Foreign, Law
from overbuild.study.distributions.mixtures import Mixture
from overbuild.study.distributions.moments import mean_and_variance

#: Probability of 0 and less that is not counted: so a normal figure far above 0 has a logarithm.
NEGLIGIBLE = 1e-9

#: In a range so narrow, in parts of its place, a logarithm is a straight line.
_NARROW = 1e-8

#: In such a one it is so but for a millionth of the spread, if the density has too few digits.
_RATHER_NARROW = 1e-6

#: How much of a density may lie beyond the numbers there are.
_MISSING = 1e-8

#: The least number with all of its digits.
_LEAST = float(np.finfo(float).tiny)

#: Intervals over which quantiles are integrated where a density does not do.
_MOST_INTERVALS = 60


def of_logarithms(name: str, law: Law) -> tuple[float, float]:
    """Return mean and variance of the logarithm of what is above 0.

    Raises
    ------
    ValueError
        If they cannot be computed; the message begins with `name`.
    """
    law = law.as_mixture() if isinstance(law, Clipped) else law
    if isinstance(law, Mixture):
        means, variances = np.transpose([of_logarithms(name, part) for part in law.laws])
        mean = float(law.weights @ means)
        return mean, float(law.weights @ ((means - mean) ** 2 + variances))
    if (found := _of_lognormal(law)) or (found := _of_narrow(law, _NARROW)):
        return found
    if values := single_values(law, name):
        logs = np.log(values[0])
        chances = values[1] / values[1].sum()
        mean = float(chances @ logs)
        return mean, float(chances @ (logs - mean) ** 2)
    logarithm = cast(Law, _Logarithm(law))
    if not law.has_density:
        return mean_and_variance(logarithm)
    whole = LogPool({name: logarithm}, np.ones(1))
    if abs(whole.log_integral) <= _MISSING and math.isfinite(variance := whole.var()):
        return whole.mean(), variance
    # Near an end numbers may be too far apart for a density, and not for quantiles.
    with contextlib.suppress(OverflowError):  # of some quantiles of scipy
        mean, variance = mean_and_variance(logarithm, _MOST_INTERVALS)
        if math.isfinite(variance):
            return mean, variance
    if found := _of_narrow(law, _RATHER_NARROW):
        return found
    msg = (
        f"{name} has no mean and variance of its logarithm that could be computed: from the least "
        f"to the greatest number there is its density adds up to {math.exp(whole.log_integral):.9g}"
        "; pool it with kind='linear', or give a range"
    )
    raise ValueError(msg)


def _of_lognormal(law: Law) -> tuple[float, float] | None:
    """Return them as they were given, if the logarithm is normal."""
    given = law.distribution if isinstance(law, Foreign) else None
    if getattr(getattr(given, "dist", None), "name", None) != "lognorm":
        return None
    terms = dict(zip(("s", "loc", "scale"), given.args, strict=False)) | given.kwds  # type: ignore[union-attr]
    if terms.get("loc", 0.0) != 0.0:
        return None
    return math.log(terms.get("scale", 1.0)), float(terms["s"]) ** 2


def _of_narrow(law: Law, narrow: float) -> tuple[float, float] | None:
    """Return them of a range in which densities have lost their digits."""
    place = float(law.ppf(0.5))
    if not (float(law.isf(0.25)) - float(law.ppf(0.25)) < narrow * place):
        return None
    mean, variance = law.mean(), law.var()
    if not (math.isfinite(mean) and 0.0 <= variance < (10.0 * narrow * mean) ** 2):
        return None  # narrow but for its tails
    relative = variance / mean**2
    return math.log(mean) - 0.5 * relative, relative


class _Logarithm:
    """The logarithm of what is above 0."""

    has_density = True

    def __init__(self, law: Law) -> None:
        self.law = law

    def support(self) -> tuple[float, float]:
        low, high = self.law.support()
        return math.log(low) if low > 0 else -math.inf, math.log(high)

    def ppf(self, q: Any) -> Any:
        return self._log(self.law.ppf, q)

    def isf(self, q: Any) -> Any:
        return self._log(self.law.isf, q)

    @staticmethod
    def _log(quantile: Callable[[Any], Any], q: Any) -> Any:
        # A quantile that scipy did not find in time only makes for other cells.
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.log(quantile(q))

    def logpdf(self, x: Floats) -> Floats:
        with np.errstate(all="ignore"):
            value = np.exp(x)
            given = self.law.distribution if isinstance(self.law, Foreign) else self.law
            own = getattr(given, "logpdf", None)
            found = x + (own(value) if own else np.log(given.pdf(value)))
        # Numbers below that have few digits, and no logarithm to speak of.
        return np.where(value < _LEAST, -np.inf, found)
