"""Families of two parameters, found from two quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy import optimize, special, stats

from overbuild.study.distributions.ranges import (
    Frozen,
    check_level,
    check_positive,
    check_rising,
)

#: Logarithms of the shapes that are tried.
_SHAPES = (-30.0, 35.0)


def beta(low: float, high: float, level: float = 0.9) -> Frozen:
    r"""Beta distribution on 0 to 1 whose central interval of probability `level` is as given.

    For shares. The shapes solve
    :math:`I_l(\alpha, \beta) = (1 - \text{level})/2` and
    :math:`I_h(\alpha, \beta) = (1 + \text{level})/2`.

    Parameters
    ----------
    low, high : float
        Ends of the interval, fractions between 0 and 1.
    level : float
        Probability of the interval, a fraction between 0 and 1: 0.9 leaves 5% on either side.

    Returns
    -------
    frozen distribution
        Of ``scipy.stats``; one fraction a draw.

    Raises
    ------
    ValueError
        If the ends are not in order between 0 and 1, `level` is not between 0 and 1, or no
        shapes can be computed with: they grow as the interval narrows, and their last places
        may not be enough below a thousandth of the ends.

    Notes
    -----
    Source: N. Shih, "The model identification of beta distribution based on quantiles", *Journal
    of Statistical Computation and Simulation* 85 (2015), 2022-2032: there is one solution.

    Examples
    --------
    >>> import overbuild as ob
    >>> share = ob.beta(0.55, 0.7)
    >>> share.ppf([0.05, 0.5, 0.95]).round(3)
    array([0.55 , 0.627, 0.7  ])
    """
    check_rising(low, high)
    check_level(level)
    if not (low > 0 and high < 1):
        msg = f"a beta interval must lie between 0 and 1, got low = {low}, high = {high}"
        raise ValueError(msg)
    tail = (1 - level) / 2

    def other(log_first: float) -> float:
        """Give the second shape with which the first leaves the right tail below `low`."""
        return float(special.btdtrib(math.exp(log_first), tail, low))

    def excess(log_first: float) -> float:
        beyond = special.betaincc(math.exp(log_first), other(log_first), high)
        return float(math.log(beyond / tail)) if beyond > 0 else -math.inf

    first = math.exp(_root("beta", excess, low, high))
    found = stats.beta(first, other(math.log(first)))
    return _checked("beta", found, low, high, tail)


def gamma(low: float, high: float, level: float = 0.9) -> Frozen:
    r"""Gamma distribution whose central interval of probability `level` is as given.

    For what is positive, with a lighter upper tail than a lognormal one. The ratio of the two
    quantiles depends on the shape alone and falls as it grows; the scale follows.

    Parameters
    ----------
    low, high : float
        Ends of the interval, in the input's unit; above 0.
    level : float
        Probability of the interval, a fraction between 0 and 1: 0.9 leaves 5% on either side.

    Returns
    -------
    frozen distribution
        Of ``scipy.stats``; one number a draw.

    Raises
    ------
    ValueError
        If `low` is not above 0 and below `high`, `level` is not between 0 and 1, or no shape can
        be computed with, as where the ends differ by less than a millionth.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> weeks = ob.gamma(20, 60)
    >>> weeks.ppf([0.05, 0.5, 0.95]).round(1)
    array([20. , 36.4, 60. ])
    """
    check_rising(low, high)
    check_level(level)
    check_positive("gamma", low)
    tail = (1 - level) / 2
    ratio = _log_ratio(low, high)

    def excess(log_shape: float) -> float:
        shape = math.exp(log_shape)
        least, most = special.gammaincinv(shape, tail), special.gammainccinv(shape, tail)
        return math.log(most) - math.log(least) - ratio if least > 0 else math.inf

    shape = math.exp(_root("gamma", excess, low, high))
    scale = high / float(special.gammainccinv(shape, tail))
    return _checked("gamma", stats.gamma(shape, scale=scale), low, high, tail)


def weibull(low: float, high: float, level: float = 0.9) -> Frozen:
    r"""Weibull distribution whose central interval of probability `level` is as given.

    With :math:`t = (1 - \text{level})/2` the shape is
    :math:`\ln\left(\ln t / \ln(1 - t)\right) / \ln(h/l)`.

    Parameters
    ----------
    low, high : float
        Ends of the interval, in the input's unit; above 0.
    level : float
        Probability of the interval, a fraction between 0 and 1: 0.9 leaves 5% on either side.

    Returns
    -------
    frozen distribution
        Of ``scipy.stats``; one number a draw.

    Raises
    ------
    ValueError
        If `low` is not above 0 and below `high`, `level` is not between 0 and 1, or the ends
        differ by less than a millionth, so that last places are not enough.

    Notes
    -----
    Source: definition, solved for the shape.

    Examples
    --------
    >>> import overbuild as ob
    >>> years = ob.weibull(3, 9)
    >>> years.ppf([0.05, 0.5, 0.95]).round(3)
    array([3.   , 6.061, 9.   ])
    """
    check_rising(low, high)
    check_level(level)
    check_positive("Weibull", low)
    tail = (1 - level) / 2
    least, most = -math.log1p(-tail), -math.log(tail)
    shape = math.log(most / least) / _log_ratio(low, high)
    found = stats.weibull_min(shape, scale=high / most ** (1 / shape))
    return _checked("Weibull", found, low, high, tail)


def _log_ratio(low: float, high: float) -> float:
    """Return the logarithm of `high` over `low`, exact also where they are nearly equal."""
    return math.log1p((high - low) / low) if high < 2 * low else math.log(high) - math.log(low)


def _root(kind: str, excess: Callable[[float], float], low: float, high: float) -> float:
    """Return where `excess` is 0, a falling or rising function of the logarithm of a shape."""
    first, last = _SHAPES
    try:
        return float(optimize.brentq(excess, first, last, xtol=1e-15, rtol=1e-15, maxiter=500))
    except ValueError:
        msg = f"no {kind} distribution that can be computed has low = {low} and high = {high}"
        raise ValueError(msg) from None


def _checked(kind: str, found: Frozen, low: float, high: float, tail: float) -> Frozen:
    """Return the distribution if its quantiles are the ends."""
    missed = max(abs(found.ppf(tail) - low), abs(found.isf(tail) - high))
    if not missed <= _MISSED * (high - low):
        msg = f"no {kind} distribution that can be computed has low = {low} and high = {high}"
        raise ValueError(msg)
    return found


#: By how much of an interval's width its ends may be missed: last places count if it is narrow.
_MISSED = 1e-8
