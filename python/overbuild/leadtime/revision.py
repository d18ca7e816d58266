"""What a plan becomes when it is revised: later, or in another product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from overbuild import _core
from overbuild._calls import Values, along, elementwise, together, within


def slip(plan: Values, periods: Values, dim: str = "period") -> Values:
    r"""Move a plan later; what slips by part of a period is divided in proportion.

    .. math:: y_t = \sum_k x_k \max(1 - |k + s_k - t|, 0)

    Parameters
    ----------
    plan : array_like
        Number of units planned for each period, shape (..., periods).
    periods : array_like
        Number of periods by which they come later, at least 0: one number, or one for what each
        period was to bring, shape (..., periods) or (..., 1). Infinity is never.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        Units in each period, shape (..., periods). What slips beyond the last one is not in it.
        NaN from where a slip is below 0 on, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If numbers of periods or labels differ.

    Notes
    -----
    Source: definition: what was to come evenly over a period comes evenly over a later one.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.leadtime.slip([100, 40, 0, 8], 1.25)
    array([ 0., 75., 55., 10.])
    >>> ob.leadtime.slip([100, 40, 0, 8], [2, 0, 0, 0])
    array([  0.,  40., 100.,   8.])
    """
    named = isinstance(plan, xr.DataArray) or isinstance(periods, xr.DataArray)
    if not named and np.ndim(plan) and np.ndim(periods) and np.shape(periods)[-1] == 1:
        size = np.shape(plan)[-1]
        periods = np.broadcast_to(np.asarray(periods), (*np.shape(periods)[:-1], size))
    return along(_core.slip, {"plan": plan, "periods": periods}, dim)


@dataclass(frozen=True)
class Substitution:
    """A plan of which a part is replaced by another product.

    Attributes
    ----------
    kept : array
        Units that remain, in the plan's shape.
    substitutes : array
        Units of the other product, in the same shape.
    """

    kept: Values
    substitutes: Values


def substitute(plan: Values, share: Values, ratio: Values) -> Substitution:
    r"""Replace a share of a plan by another product, such as racks by 8-GPU systems.

    .. math:: y = (1 - s)\,x, \qquad z = r\,s\,x

    Parameters
    ----------
    plan : array_like
        Number of units planned, any shape.
    share : array_like
        Share of them that is replaced, a fraction from 0 to 1.
    ratio : array_like
        Number of substitutes for each unit replaced, at least 0: 9 systems of 8 GPUs have as many
        GPUs as a rack of 72.

    Returns
    -------
    Substitution
        Units kept and substitutes, each in the arguments' common shape. NaN where an argument is
        out of range, with NumPy's *invalid value* warning.

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
    >>> ob.leadtime.substitute([100, 200], share=0.25, ratio=9)
    Substitution(kept=array([ 75., 150.]), substitutes=array([225., 450.]))
    """
    plan, share, ratio = together(plan=plan, share=share, ratio=ratio).values()
    share, ratio = within(share, 0.0, 1.0), within(ratio, 0.0, np.inf)
    replaced = elementwise(np.multiply, {}, plan=plan, share=share)
    return Substitution(
        kept=elementwise(np.subtract, {}, plan=plan, replaced=replaced),
        substitutes=elementwise(np.multiply, {}, replaced=replaced, ratio=ratio),
    )
