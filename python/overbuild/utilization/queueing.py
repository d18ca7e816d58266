"""Erlang's formulas: why a pool of GPUs cannot run at 100% and serve at once.

Servers are what a job takes one of: GPUs for jobs of one GPU, nodes or pods for jobs that need a
whole one. Jobs arrive at random (Poisson); the load is the number of servers that would be busy
on average if none ever were short: arrival rate times mean duration.
"""

from __future__ import annotations

from typing import Any

from overbuild import _core
from overbuild._calls import Values, elementwise


def erlang_b(load: Values, servers: Values, **ufunc_keywords: Any) -> Values:
    r"""Probability that a job finds all servers busy and is turned away.

    .. math:: B(a, n) = \frac{a^n / n!}{\sum_{k=0}^n a^k / k!}

    Parameters
    ----------
    load : array_like
        Offered load in servers (erlang), any shape; at least 0.
    servers : array_like
        Number of servers, whole, from 0 to 1e9; broadcasts with `load`.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        Probability, in the arguments' common shape. NaN where an argument is out of range, with
        NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: A. K. Erlang, *Elektroteknikeren* 13 (1917), 5; evaluated as a sum of positive terms
    that a short stretch of near the square root of `servers` terms decides.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.utilization.erlang_b([5, 50, 500], [8, 64, 512]).round(4)
    array([0.07  , 0.0084, 0.0214])
    """
    return elementwise(
        _core.erlang_b,
        ufunc_keywords,
        load=load,
        servers=servers,
    )


def erlang_c(load: Values, servers: Values, **ufunc_keywords: Any) -> Values:
    r"""Probability that a job finds all servers busy and waits.

    .. math:: C(a, n) = \frac{n B(a, n)}{n - a\,(1 - B(a, n))}

    Parameters
    ----------
    load : array_like
        Offered load in servers (erlang), any shape; at least 0.
    servers : array_like
        Number of servers, whole, from 0 to 1e9; broadcasts with `load`.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        Probability, in the arguments' common shape; 1 where the load reaches the number of
        servers, as the queue then grows without end. NaN where an argument is out of range,
        with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: A. K. Erlang, *Elektroteknikeren* 13 (1917), 5; R. B. Cooper, *Introduction to
    Queueing Theory*, 2nd ed. (1981), chapter 3.

    Examples
    --------
    At 90% a pool of 8 makes most jobs wait, one of 512 hardly any:

    >>> import overbuild as ob
    >>> servers = [8, 64, 512]
    >>> ob.utilization.erlang_c([0.9 * n for n in servers], servers).round(4)
    array([0.7015, 0.3107, 0.0113])
    """
    return elementwise(
        _core.erlang_c,
        ufunc_keywords,
        load=load,
        servers=servers,
    )


def carried_load(servers: Values, wait_probability: Values, **ufunc_keywords: Any) -> Values:
    r"""Highest utilization at which no more than a given share of jobs waits.

    .. math:: \max \{\rho : C(\rho n, n) \le w\}

    Parameters
    ----------
    servers : array_like
        Number of servers, whole, from 1 to 1e9; any shape.
    wait_probability : array_like
        Share of jobs that may wait, from 0 to 1; broadcasts with `servers`.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        Utilization as a fraction, in the arguments' common shape. NaN where an argument is out
        of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: the inverse of :func:`erlang_c` in the load.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.utilization.carried_load([1, 8, 64, 512], 0.05).round(3)
    array([0.05 , 0.484, 0.795, 0.925])
    """
    return elementwise(
        _core.carried_load,
        ufunc_keywords,
        servers=servers,
        wait_probability=wait_probability,
    )
