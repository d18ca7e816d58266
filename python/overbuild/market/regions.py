"""Where demand goes if a region may not be served."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from overbuild import _core
from overbuild._calls import Values, along, common_size, elementwise


@dataclass(frozen=True, eq=False)
class Allocation:
    """Which region's demand is served where; all in one unit, by region.

    Attributes
    ----------
    served : array
        Units that each region's supply serves, for demand from anywhere.
    moved_out : array
        Units of each region's demand that are served elsewhere.
    moved_in : array
        Units of others' demand that each region serves.
    unmet : array
        Units of each region's demand that are served nowhere.
    idle : array
        Units of each region's supply that serve nobody.
    """

    served: Values
    moved_out: Values
    moved_in: Values
    unmet: Values
    idle: Values


@dataclass(frozen=True, eq=False)
class Regional:
    """Demand by region before and after a limit.

    Attributes
    ----------
    before, after : Allocation
        What is served where, under each supply.
    change : array
        Units that each region's supply serves more than before.
    """

    before: Allocation
    after: Allocation
    change: Values


def regional(
    demand: Values,
    before: Values,
    after: Values,
    substitution: Values,
    dim: str = "region",
) -> Regional:
    r"""Move demand between regions when supply is limited in some of them.

    Each region serves its own demand first. Of the rest a share is ready to move, and goes where
    supply is idle, in proportion to it, as far as that reaches:

    .. math:: x_i = \sigma_i \max(d_i - s_i, 0), \quad z_i = \max(s_i - d_i, 0), \quad
        m = \min\Bigl(\sum_i x_i, \sum_i z_i\Bigr)

    .. math:: \text{out}_i = m \frac{x_i}{\sum_k x_k}, \qquad
        \text{in}_i = m \frac{z_i}{\sum_k z_k}

    Parameters
    ----------
    demand : array_like
        Number of units wanted in each region, GPUs for instance, shape (..., regions), or one for
        all; at least 0.
    before, after : array_like
        Number of units that each region can be supplied with, without and with the limit, shape
        (..., regions), or one for all; at least 0, and infinite where there is no limit.
    substitution : array_like
        Share of what is not met at home that is ready to be served elsewhere, a fraction from 0 to
        1: one number, or one for each region, shape (..., regions).
    dim : str
        Name of the dimension that regions run along, where axes have names.

    Returns
    -------
    Regional
        Units in each region, each of shape (..., regions). NaN where an argument is out of range,
        with NumPy's *invalid value* warning; one missing number leaves its whole row unknown.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If numbers of regions or labels differ.

    Notes
    -----
    Demand is served, moved or not met: nothing is lost and nothing counts twice. If several
    regions have supply without end, they share equally what moves.

    Source: definition (proportional rationing).

    Examples
    --------
    >>> import overbuild as ob
    >>> china_and_other = ob.market.regional([100, 400], [100, 450], [20, 450], substitution=0.5)
    >>> china_and_other.after.moved_in
    array([ 0., 40.])
    >>> china_and_other.after.unmet
    array([40.,  0.])
    """
    _check_regions(dim, demand=demand, before=before, after=after, substitution=substitution)
    shared = {"demand": demand, "substitution": substitution}
    first = _allocation({"before": before}, shared, dim)
    then = _allocation({"after": after}, shared, dim)
    change = elementwise(np.subtract, {}, after=then.served, before=first.served)
    return Regional(before=first, after=then, change=change)


def _check_regions(dim: str, **operands: Values) -> None:
    """Refuse numbers of regions that differ, between before and after as well."""
    sizes = {
        name: operand.sizes.get(dim) if isinstance(operand, xr.DataArray) else np.shape(operand)[-1]
        for name, operand in operands.items()
        if np.ndim(operand)
    }
    common_size({name: size for name, size in sizes.items() if size is not None}, dim)


def _allocation(supply: dict[str, Values], shared: dict[str, Values], dim: str) -> Allocation:
    operands = {"demand": shared["demand"], **supply, "substitution": shared["substitution"]}
    gone = along(_core.moved_out, operands, dim)
    come = along(_core.moved_in, operands, dim)
    unmet = along(_core.unmet, operands, dim)
    idle = along(_core.idle, operands, dim)
    served = along(_core.served, operands, dim)
    return Allocation(served=served, moved_out=gone, moved_in=come, unmet=unmet, idle=idle)
