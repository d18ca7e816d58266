"""Short forms for the distributions that analysts state: a range, or a range and a best guess.

Each is a frozen ``scipy.stats`` distribution, so all of its methods are there.
"""

from __future__ import annotations

import math
from typing import Any, Literal, TypeAlias

from scipy import stats

#: A frozen distribution of ``scipy.stats``.
Frozen: TypeAlias = Any


def between(
    low: float,
    high: float,
    level: float = 0.9,
    kind: Literal["lognormal", "normal"] = "lognormal",
) -> Frozen:
    r"""Distribution whose central interval of probability `level` runs from `low` to `high`.

    With :math:`z = \Phi^{-1}((1 + \text{level})/2)`, a normal distribution has mean
    :math:`(l + h)/2` and standard deviation :math:`(h - l)/2z`; a lognormal one has the same of
    its logarithm.

    Parameters
    ----------
    low, high : float
        Ends of the interval, in the input's unit; both above 0 if lognormal.
    level : float
        Probability of the interval, a fraction between 0 and 1: 0.9 leaves 5% on either side.
    kind : {"lognormal", "normal"}
        Lognormal for what is positive and may be off by a factor, normal for what may be off by
        an amount.

    Returns
    -------
    frozen distribution
        Of ``scipy.stats``; draws are in the unit of `low` and `high`, one number each.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If `low` is not below `high`, `level` is not between 0 and 1, `kind` is unknown, or a
        lognormal interval does not lie above 0.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> price = ob.between(2.0, 3.75)
    >>> price.ppf([0.05, 0.5, 0.95]).round(3)
    array([2.   , 2.739, 3.75 ])
    """
    check_rising(low, high)
    check_level(level)
    z = float(stats.norm.ppf((1 + level) / 2))
    if kind == "normal":
        # Halves first: the sum of two huge numbers may overflow.
        return stats.norm(loc=low / 2 + high / 2, scale=(high / 2 - low / 2) / z)
    if kind != "lognormal":
        msg = f"kind must be 'lognormal' or 'normal', got {kind!r}"
        raise ValueError(msg)
    if low <= 0:
        msg = f"a lognormal interval must lie above 0, got low = {low}; try kind='normal'"
        raise ValueError(msg)
    logs = math.log(low), math.log(high)
    return stats.lognorm(s=(logs[1] - logs[0]) / 2 / z, scale=math.exp((logs[0] + logs[1]) / 2))


def pert(low: float, mode: float, high: float) -> Frozen:
    r"""PERT distribution: a beta distribution on a range, from its ends and its most likely value.

    .. math:: \alpha = 1 + 4\frac{m - l}{h - l}, \quad \beta = 1 + 4\frac{h - m}{h - l}

    Parameters
    ----------
    low, mode, high : float
        Least, most likely and greatest value, in the input's unit.

    Returns
    -------
    frozen distribution
        Of ``scipy.stats``; its mean is (low + 4 mode + high) / 6. One number a draw.

    Raises
    ------
    ValueError
        If `low` is not below `high` or `mode` lies outside them.

    Notes
    -----
    Source: D. G. Malcolm et al., "Application of a technique for research and development
    program evaluation", *Operations Research* 7 (1959), 646-669.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.pert(40_000, 53_000, 80_000).mean()), 6)
    55333.333333
    """
    _check_mode(low, mode, high)
    rise = (mode - low) / (high - low)
    return stats.beta(1 + 4 * rise, 1 + 4 * (1 - rise), loc=low, scale=_width(low, high))


def triangular(low: float, mode: float, high: float) -> Frozen:
    r"""Triangular distribution on a range, from its ends and its most likely value.

    The density rises in a straight line from :math:`l` to :math:`m` and falls in one to
    :math:`h`.

    Parameters
    ----------
    low, mode, high : float
        Least, most likely and greatest value, in the input's unit.

    Returns
    -------
    frozen distribution
        Of ``scipy.stats``; its mean is (low + mode + high) / 3. One number a draw.

    Raises
    ------
    ValueError
        If `low` is not below `high` or `mode` lies outside them.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.triangular(250_000, 250_000, 270_000).mean()), 6)
    256666.666667
    """
    _check_mode(low, mode, high)
    return stats.triang(c=(mode - low) / (high - low), loc=low, scale=_width(low, high))


def uniform(low: float, high: float) -> Frozen:
    """Uniform distribution: any value from `low` to `high` is as likely as any other.

    Parameters
    ----------
    low, high : float
        Least and greatest value, in the input's unit.

    Returns
    -------
    frozen distribution
        Of ``scipy.stats``; its mean is (low + high) / 2. One number a draw.

    Raises
    ------
    ValueError
        If `low` is not below `high`, or their difference is no finite number.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.uniform(1.1, 1.3).ppf([0.25, 0.75]).round(3)
    array([1.15, 1.25])
    """
    check_rising(low, high)
    return stats.uniform(loc=low, scale=_width(low, high))


def loguniform(low: float, high: float) -> Frozen:
    r"""Log-uniform distribution: any order of magnitude is as likely as any other.

    The density falls as :math:`1/x`, so the median is :math:`\sqrt{l h}`.

    Parameters
    ----------
    low, high : float
        Least and greatest value, in the input's unit; above 0.

    Returns
    -------
    frozen distribution
        Of ``scipy.stats``; one number a draw.

    Raises
    ------
    ValueError
        If `low` is not above 0, or not below `high`.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.loguniform(1, 10_000).ppf([0.25, 0.5, 0.75]).round(6)
    array([  10.,  100., 1000.])
    """
    check_rising(low, high)
    check_positive("log-uniform", low)
    return stats.loguniform(low, high)


def _width(low: float, high: float) -> float:
    width = high - low
    if not math.isfinite(width):
        msg = f"low and high must have a finite difference, got low = {low}, high = {high}"
        raise ValueError(msg)
    return width


def check_positive(kind: str, low: float) -> None:
    """Refuse a range that does not lie above 0."""
    if low <= 0:
        msg = f"a {kind} interval must lie above 0, got low = {low}"
        raise ValueError(msg)


def check_level(level: float) -> None:
    """Refuse what is no probability of an interval."""
    check_number("level", level)
    if not 0 < level < 1:
        hint = f"; write {level:g}% as {level / 100:g}" if 1 < level < 100 else ""
        msg = f"level must be between 0 and 1, got {level}{hint}"
        raise ValueError(msg)


def check_number(name: str, value: Any) -> None:
    """Refuse what is no single number."""
    try:
        if isinstance(value, str):  # which Python reads as one
            raise TypeError
        float(value)
    except (TypeError, ValueError):
        msg = f"{name} must be a number, got {value!r:.80}"
        raise TypeError(msg) from None


def check_rising(low: float, high: float) -> None:
    """Refuse ends that are no numbers, not finite, or in the wrong order."""
    check_number("low", low)
    check_number("high", high)
    if not (math.isfinite(low) and math.isfinite(high)):
        msg = f"low and high must be finite, got low = {low}, high = {high}"
        raise ValueError(msg)
    if not low < high:
        msg = f"low must be below high, got low = {low}, high = {high}"
        raise ValueError(msg)


def _check_mode(low: float, mode: float, high: float) -> None:
    check_rising(low, high)
    check_number("mode", mode)
    if not low <= mode <= high:
        msg = f"mode must lie between low and high, got {mode} with low = {low}, high = {high}"
        raise ValueError(msg)
