"""What can run when everything that it needs is there, and what stands idle until then."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd
import xarray as xr

from overbuild._calls import Values, elementwise, plain, together, within


def in_service(*supplies: Values) -> Values:
    r"""Units that can run: the least of what power, shell and GPUs allow.

    .. math:: n_t = \min_i S_{i,t}

    Parameters
    ----------
    *supplies : array_like
        Number of units, all of the same kind such as GPUs, that each supply carries in each
        period: what is there, not what is added. Any shape; at least 0.

    Returns
    -------
    array
        Units in the supplies' common shape. NaN where a supply is below 0, with NumPy's *invalid
        value* warning.

    Raises
    ------
    TypeError
        If a supply is neither a number nor an array of numbers.
    ValueError
        If there is no supply, or labels differ.

    Notes
    -----
    :func:`installed` makes what is there of what is added.

    Source: Liebig's law of the minimum; production in fixed proportions (W. Leontief, 1941).

    Examples
    --------
    >>> import overbuild as ob
    >>> gpus = ob.leadtime.installed([4_000, 4_000, 4_000])
    >>> power = [0, 10e3 / 1.44, 20e3 / 1.44]  # kW energised over kW for each GPU
    >>> ob.leadtime.in_service(gpus, power).round()
    array([    0.,  6944., 12000.])
    """
    if not supplies:
        msg = "supplies must be at least one, got none"
        raise ValueError(msg)
    named = {f"supply {number}": supply for number, supply in enumerate(supplies, 1)}
    return _least(together(**named))


def _least(supplies: dict[str, Values]) -> Values:
    first, *others = (within(supply, 0.0, np.inf) for supply in supplies.values())
    return reduce(
        lambda least, supply: elementwise(np.minimum, {}, a=least, b=supply), others, first
    )


def binding(**supplies: Values) -> Values:
    r"""Which supply is the shortage: 1 for the least one, 0 for the others.

    .. math:: \beta_{i,t} = \frac{[S_{i,t} = \min_j S_{j,t}]}{\sum_k [S_{k,t} = \min_j S_{j,t}]}

    Parameters
    ----------
    **supplies : array_like
        Number of units that each supply carries, by name, as for :func:`in_service`; any shape.

    Returns
    -------
    array
        Shares, shape (..., supplies), in the order given: the new last axis is dimension
        ``supply`` of a DataArray, with their names. Supplies that are level share it equally, so
        the average over draws says how often each is the shortage. NaN where a supply is missing
        or below 0.

    Raises
    ------
    TypeError
        If a supply is neither a number nor an array of numbers.
    ValueError
        If there is no supply, or labels differ.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.leadtime.binding(gpus=[4_000, 8_000], power=[0, 8_000])
    array([[0. , 1. ],
           [0.5, 0.5]])
    """
    if not supplies:
        msg = "supplies must be at least one, got none"
        raise ValueError(msg)
    supplies = together(**supplies)
    least = _least(supplies)
    if isinstance(least, xr.DataArray):
        found = [(least == supply).astype(float) for supply in supplies.values()]
        names = pd.Index(list(supplies), name="supply")
        flags = xr.concat(xr.broadcast(*found), dim=names, coords="minimal", compat="override")
        shares = (flags / flags.sum("supply")).where(least.notnull())
        return shares.transpose(..., "supply")
    least = np.asarray(least)[..., np.newaxis]
    columns = [np.broadcast_to(plain(supply), least.shape[:-1]) for supply in supplies.values()]
    flags = (np.stack(columns, axis=-1) == least).astype(float)
    return np.divide(
        flags, flags.sum(-1, keepdims=True), out=np.full_like(flags, np.nan), where=~np.isnan(least)
    )


@dataclass(frozen=True, eq=False)
class Stranded:
    """What stands idle for want of something else.

    Attributes
    ----------
    gpus : array
        GPUs that are there and cannot run, on average over each period.
    hours : array
        GPU-hours that they stand idle in each period.
    cost : array
        USD that they cost meanwhile.
    """

    gpus: Values
    hours: Values
    cost: Values


def stranded(gpus: Values, in_service: Values, cost: Values, hours: Values) -> Stranded:
    r"""GPUs that are there and cannot run, their idle GPU-hours, and what those cost.

    .. math:: h_t\,(G_t - n_t), \qquad c\,h_t\,(G_t - n_t)

    Parameters
    ----------
    gpus : array_like
        Number of GPUs that are there in each period, any shape.
    in_service : array_like
        Number of GPUs that can run, at most `gpus`.
    cost : array_like
        USD that an owned GPU costs an hour whether it runs or not: depreciation and interest.
    hours : array_like
        Hours in a period.

    Returns
    -------
    Stranded
        GPUs, GPU-hours and USD of each period, each in the arguments' common shape. NaN where an
        argument is out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If labels differ.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> idle = ob.leadtime.stranded([4_000, 8_000], [0, 6_000], cost=1.2, hours=730)
    >>> idle.hours
    array([2920000., 1460000.])
    >>> idle.cost
    array([3504000., 1752000.])
    """
    given = together(gpus=gpus, in_service=in_service, cost=cost, hours=hours)
    gpus, *others = given.values()
    running, cost, hours = (within(one, 0.0, np.inf) for one in others)
    idle = within(elementwise(np.subtract, {}, gpus=gpus, in_service=running), 0.0, np.inf)
    idle_hours = elementwise(np.multiply, {}, idle=idle, hours=hours)
    paid = elementwise(np.multiply, {}, idle=idle_hours, cost=cost)
    return Stranded(gpus=idle, hours=idle_hours, cost=paid)
