"""From orders to what arrives, what is still open, and what is in service."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from overbuild import _core
from overbuild._calls import Values, along, at_least_one
from overbuild.leadtime._tables import (
    LAG,
    TOLERANCE,
    is_distribution,
    is_lazy,
    is_single,
    share_table,
)


def discretize(distribution: Any, lags: int, placed: float = 0.0) -> Values:
    r"""Share of orders that arrive in the same period, in the next one, and so on.

    .. math:: p_k = P(k \le L + s < k + 1)

    Parameters
    ----------
    distribution : frozen distribution of scipy.stats
        Of the lead time, a number of periods not below 0. Its parameters may be arrays, of any
        shape.
    lags : int
        Number of lags to give, at least 1. What takes longer is in none of them.
    placed : float
        When in its period an order is placed, a fraction from 0, its beginning, to 1, its end.

    Returns
    -------
    array
        Shares, fractions of 1, shape (..., lags), with the parameters' shape in front.

    Raises
    ------
    TypeError
        If `distribution` is no frozen distribution, or `lags` no whole number.
    ValueError
        If `lags` is below 1, `placed` is not from 0 to 1, or lead times below 0 can happen.

    Notes
    -----
    Nothing is approximated: shares are differences of the distribution function, or of its
    complement where that keeps more digits.

    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> from scipy import stats
    >>> ob.leadtime.discretize(stats.uniform(1, 2), lags=4)
    array([0. , 0.5, 0.5, 0. ])
    >>> ob.leadtime.discretize(stats.uniform(1, 2), lags=4, placed=0.5)
    array([0.  , 0.25, 0.5 , 0.25])
    """
    if not is_distribution(distribution):
        msg = f"distribution must be a frozen distribution, got {distribution!r:.80}"
        raise TypeError(msg)
    if not 0.0 <= placed <= 1.0:
        msg = f"placed must be from 0 to 1, got {placed}"
        raise ValueError(msg)
    edges = np.arange(at_least_one(lags, "lags") + 1) - placed
    below = np.asarray(distribution.cdf(np.nextafter(0.0, -1.0)))
    if np.any(below > TOLERANCE):
        msg = (
            f"distribution gives lead times below 0 a probability of {np.nanmax(below):.3g}; "
            "take one that has none"
        )
        raise ValueError(msg)
    before, after = _up_to(distribution, edges.reshape(-1, *[1] * below.ndim))
    shares = np.where(before[:-1] > 0.5, after[:-1] - after[1:], before[1:] - before[:-1])
    return np.moveaxis(np.maximum(shares, 0.0), 0, -1)


def _up_to(distribution: Any, edges: Values) -> tuple[Values, Values]:
    """Return the probabilities of less than each edge, and of that or more.

    A lead time of exactly an edge, as whole numbers have, belongs to what begins there.
    """
    less = np.nextafter(edges, -np.inf)
    at, below = np.asarray(distribution.cdf(edges)), np.asarray(distribution.cdf(less))
    jumps = at - below > 1e-12
    after = np.where(jumps, distribution.sf(less), distribution.sf(edges))
    return np.where(jumps, below, at), after


def deliveries(orders: Values, lead_time: Any, dim: str = "period") -> Values:
    r"""Find what arrives in each period, of orders placed in that one and before.

    .. math:: d_t = \sum_{k \le t} o_k\, p_{t-k}

    Parameters
    ----------
    orders : array_like
        Number of units ordered at the beginning of each period, shape (..., periods).
    lead_time : array_like or frozen distribution of scipy.stats
        Share of orders that arrives after each lag, fractions that sum to 1, shape (lags,) or
        (..., lags), dimension ``lag`` of a DataArray: the first arrives in the period of the
        order itself. Or the distribution of a lead time in numbers of periods.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        Units in each period, shape (..., periods). What is due beyond the last one is not in it.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If shares are not from 0 to 1 or do not sum to 1, lead times below 0 can happen, or labels
        differ.

    Notes
    -----
    These are expected deliveries if orders arrive independently, and the deliveries themselves if
    an order comes in parts. For one lead time that is uncertain, give each draw its own row.

    Source: definition; the sum runs from the oldest order.

    Examples
    --------
    >>> import overbuild as ob
    >>> from scipy import stats
    >>> ob.leadtime.deliveries([100, 0, 50, 0], [0, 0.75, 0.25])
    array([ 0. , 75. , 25. , 37.5])
    >>> ob.leadtime.deliveries([100, 0, 50, 0], stats.uniform(1, 2))
    array([ 0., 50., 50., 25.])
    """
    if dim == LAG:
        msg = f"dim is {LAG!r}, which is the dimension of lead_time; name another"
        raise ValueError(msg)
    operands = {"orders": orders, "lead_time": lead_time}
    if is_distribution(lead_time):
        operands["lead_time"] = discretize(lead_time, max(_periods(orders, dim), 1))
        return along(_core.deliveries_in_part, operands, dim, LAG)
    if is_single(lead_time):  # which sums to 1 less exactly than the kernel asks for
        operands["lead_time"] = share_table(lead_time).astype(float).clip(0.0, 1.0)
        return along(_core.deliveries_in_part, operands, dim, LAG)
    if is_lazy(orders) or is_lazy(lead_time) or np.ndim(lead_time) < 2:
        operands["lead_time"] = share_table(lead_time)
    try:
        # The kernel looks at the shares as it goes, which spares a pass over a large table.
        with np.errstate(invalid="raise"):
            return along(_core.deliveries, operands, dim, LAG)
    except FloatingPointError:
        operands["lead_time"] = share_table(lead_time)
        return along(_core.deliveries, operands, dim, LAG)  # so it was an order


def backlog(
    orders: Values, deliveries: Values, opening: Values = 0.0, dim: str = "period"
) -> Values:
    r"""Find what has been ordered and not delivered by the end of each period.

    .. math:: b_t = b_0 + \sum_{k \le t} (o_k - d_k)

    Parameters
    ----------
    orders : array_like
        Number of units ordered in each period, shape (..., periods).
    deliveries : array_like
        Number of units delivered in each period, shape (..., periods).
    opening : array_like
        Number of units on order before the first period, shape (...).
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        Units at the end of each period, shape (..., periods). NaN where more has been delivered
        than ordered, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If numbers of periods or labels differ.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> orders = [100, 0, 50, 0]
    >>> ob.leadtime.backlog(orders, ob.leadtime.deliveries(orders, [0, 0.75, 0.25]))
    array([100. ,  25. ,  50. ,  12.5])
    """
    operands = {"orders": orders, "deliveries": deliveries, "opening": opening}
    return along(_core.backlog, operands, dim)


def installed(deliveries: Values, life: Values = np.inf, dim: str = "period") -> Values:
    r"""Units in service in each period: what was delivered and has not reached its life.

    .. math:: n_t = \sum_{k \le t} d_k \min(\max(\ell - (t - k), 0), 1)

    Parameters
    ----------
    deliveries : array_like
        Number of units put in service at the beginning of each period, shape (..., periods).
    life : array_like
        Number of periods that each serves, the last of them in part if it is no whole number;
        at least 0, shape (...). Without it, all stay.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        Units, on average over each period, shape (..., periods). NaN where life is below 0, with
        NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `life` varies along the periods, or labels differ.

    Notes
    -----
    Life counts as in :func:`overbuild.capex.straight_line`.

    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.leadtime.installed([100, 0, 10, 0, 0], life=2.5)
    array([100., 100.,  60.,  10.,   5.])
    """
    return along(_core.installed, {"deliveries": deliveries, "life": life}, dim)


def _periods(orders: Values, dim: str) -> int:
    if isinstance(orders, xr.DataArray):
        return int(orders.sizes.get(dim, 1))
    return int(np.shape(orders)[-1]) if np.ndim(orders) else 1
