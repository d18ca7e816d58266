"""How much capacity to hold against demand that is not known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overbuild import _core
from overbuild._calls import Values, elementwise, numeric, plain, together
from overbuild.market._expected import of_law, of_sample
from overbuild.study.distributions.parts import as_law
from overbuild.study.inputs import DRAW, WEIGHT, Input

_Floats: TypeAlias = NDArray[np.float64]


def critical_ratio(underage: Values, overage: Values) -> Values:
    r"""Probability of enough capacity at which one more unit costs as much as it saves.

    .. math:: \rho = \frac{u}{u + o}

    Parameters
    ----------
    underage : array_like
        USD that a unit of demand costs that cannot be served, any shape; at least 0.
    overage : array_like
        USD that a unit of capacity costs that stands idle; at least 0; broadcasts.

    Returns
    -------
    array
        Probability, a fraction, in the arguments' common shape. NaN where an argument is below 0 or
        both are 0, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If labels differ.

    Notes
    -----
    Source: F. Y. Edgeworth, "The mathematical theory of banking", *Journal of the Royal
    Statistical Society* 51 (1888), 113-127; K. J. Arrow, T. Harris, J. Marschak, "Optimal
    inventory policy", *Econometrica* 19 (1951), 250-272.

    Examples
    --------
    >>> import overbuild as ob
    >>> float(ob.market.critical_ratio(underage=3.0, overage=1.0))
    0.75
    """
    return elementwise(_core.critical_ratio, {}, underage=underage, overage=overage)


def mismatch_cost(capacity: Values, demand: Values, underage: Values, overage: Values) -> Values:
    r"""Cost of having built too little or too much, once demand is known.

    .. math:: c = u \max(D - q, 0) + o \max(q - D, 0)

    Parameters
    ----------
    capacity : array_like
        Number of units built, any shape.
    demand : array_like
        Number of units wanted, such as draws; broadcasts.
    underage : array_like
        USD that a unit of demand costs that cannot be served; at least 0; broadcasts.
    overage : array_like
        USD that a unit of capacity costs that stands idle; at least 0; broadcasts.

    Returns
    -------
    array
        USD in the arguments' common shape. NaN where a cost is below 0, with NumPy's *invalid
        value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If labels differ.

    Notes
    -----
    Its mean over draws is the expected cost of a plan; :func:`newsvendor` finds the plan with the
    least.

    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.market.mismatch_cost(5, [4, 5, 7], underage=3.0, overage=1.0)
    array([1., 0., 6.])
    """
    return elementwise(
        _core.mismatch_cost,
        {},
        capacity=capacity,
        demand=demand,
        underage=underage,
        overage=overage,
    )


@dataclass(frozen=True, eq=False)
class Newsvendor:
    """The capacity with the least expected cost of mismatch, and that cost.

    Attributes
    ----------
    capacity : array
        Units to build.
    ratio : array
        Probability that they are enough, as far as demand has no jumps.
    shortage : array
        Units of demand that are expected not to be served.
    surplus : array
        Units of capacity that are expected to stand idle.
    regret : array
        USD that these are expected to cost. Who knew demand would pay nothing, so it is also the
        most that it is worth to know.
    """

    capacity: Values
    ratio: Values
    shortage: Values
    surplus: Values
    regret: Values


def newsvendor(demand: Any, underage: Values, overage: Values, dim: str = DRAW) -> Newsvendor:
    r"""Capacity to build before demand is known, if too little and too much cost differently.

    .. math:: q^* = F^{-1}\Bigl(\frac{u}{u + o}\Bigr), \qquad
        C = u\,E\max(D - q^*, 0) + o\,E\max(q^* - D, 0)

    Parameters
    ----------
    demand : distribution or array_like
        Number of units wanted: any distribution, or draws, shape (..., draws), of which a study
        may have weighted each.
    underage : array_like
        USD that a unit of demand costs that cannot be served, any shape; at least 0.
    overage : array_like
        USD that a unit of capacity costs that stands idle; at least 0; broadcasts.
    dim : str
        Name of the dimension that draws run along, where axes have names.

    Returns
    -------
    Newsvendor
        Capacity, shortage, surplus and regret in the common shape of the costs and of what is left
        of `demand`. NaN where a cost is below 0 or both are 0, with NumPy's *invalid value*
        warning, where a draw is missing, and where the tail of a distribution fades so slowly that
        its mean cannot be told from an infinite one.

    Raises
    ------
    TypeError
        If `demand` is neither numbers nor a distribution, or a cost is no number.
    ValueError
        If there are no draws, a cost varies along them, labels differ, or a distribution on whole
        numbers takes so many that they cannot be summed over.

    Notes
    -----
    Of draws, capacity is the least of them that is optimal for just these draws. In a model of a
    study draws come in chunks, so give that the distribution, or use this on what it results in.

    Source: K. J. Arrow, T. Harris, J. Marschak (1951), as for :func:`critical_ratio`.

    Examples
    --------
    >>> import overbuild as ob
    >>> from scipy import stats
    >>> plan = ob.market.newsvendor(stats.norm(4.4, 0.8), underage=3.0, overage=1.0)
    >>> print(plan.capacity.round(3), plan.regret.round(3))
    4.94 1.017
    >>> ob.market.newsvendor([3, 4, 4, 5, 8], underage=3.0, overage=[1.0, 12.0]).capacity
    array([5., 3.])
    """
    value = demand.value if isinstance(demand, Input) else demand
    if isinstance(value, xr.DataArray):
        underage, overage = _beside(value, underage, overage, dim)
    ratio = critical_ratio(underage, overage)
    if _is_numbers(value):
        capacity, shortage, surplus = _from_draws(value, ratio, dim)
    else:
        law = as_law("demand", value)
        capacity, shortage, surplus = _of_ratio(ratio, lambda r: of_law(law, r))
    costs = {"underage": underage, "overage": overage}
    missing = elementwise(_core.mismatch_cost, {}, capacity=0.0, demand=shortage, **costs)
    idle = elementwise(_core.mismatch_cost, {}, capacity=surplus, demand=0.0, **costs)
    regret = elementwise(np.add, {}, missing=missing, idle=idle)
    return Newsvendor(capacity, ratio, shortage, surplus, regret)


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list | tuple) or hasattr(value, "__array__")


def _beside(demand: xr.DataArray, underage: Values, overage: Values, dim: str) -> list[Values]:
    """Return costs in forms that go with what is left of `demand` without its draws."""
    demand = numeric("demand", demand)
    if dim not in demand.dims:
        there = ", ".join(map(str, demand.dims)) or "none"
        msg = f"demand must have dimension {dim!r}; there are: {there}"
        raise ValueError(msg)
    _check_some(demand.sizes[dim])
    left = demand.isel({dim: 0}, drop=True)
    if not left.dims:
        return [underage, overage]
    return list(together(demand=left, underage=underage, overage=overage).values())[1:]


def _of_ratio(ratio: Values, find: Callable[[_Floats], list[_Floats]]) -> tuple[Values, ...]:
    """Return three results in the form of `ratio`."""
    if hasattr(ratio, "__dask_graph__") and not isinstance(ratio, xr.DataArray):
        return tuple(one.data for one in _of_ratio(xr.DataArray(ratio), find))
    if isinstance(ratio, xr.DataArray):
        found: tuple[Values, ...] = xr.apply_ufunc(
            lambda r: tuple(find(r)),
            ratio,
            output_core_dims=[[], [], []],
            dask="parallelized",
            output_dtypes=[float] * 3,
        )
        return found
    results = find(np.asarray(plain(ratio), dtype=float))
    if isinstance(ratio, pd.Series):
        return tuple(pd.Series(one, index=ratio.index) for one in results)
    if isinstance(ratio, pd.DataFrame):
        return tuple(pd.DataFrame(one, ratio.index, ratio.columns) for one in results)
    return tuple(one[()] for one in results)


def _from_draws(demand: Any, ratio: Values, dim: str) -> tuple[Values, ...]:
    demand = numeric("demand", demand)
    if not isinstance(demand, xr.DataArray):
        if isinstance(demand, pd.DataFrame | pd.Series) and isinstance(
            ratio, pd.DataFrame | pd.Series
        ):
            msg = "labels of demand and of costs cannot be matched; give both as DataArrays"
            raise ValueError(msg)
        draws = np.asarray(plain(demand), dtype=float)
        if not draws.ndim:
            msg = f"demand must be a distribution or draws, got the single number {draws}"
            raise TypeError(msg)
        if isinstance(demand, list | tuple) and draws.shape == (2,):
            msg = "demand must be draws, got two numbers; write ob.between(low, high) for a range"
            raise ValueError(msg)
        _check_some(draws.shape[-1])
        return _of_ratio(ratio, lambda r: of_sample(draws, None, r))
    if isinstance(ratio, xr.DataArray) and dim in ratio.dims:
        msg = f"underage and overage are one number for all of {dim!r}, but have that dimension"
        raise ValueError(msg)
    weights = demand[WEIGHT].values if WEIGHT in demand.coords else None
    if weights is not None and not weights.sum() > 0:
        msg = "demand must have a draw of some weight; the sum of its weights is not above 0"
        raise ValueError(msg)
    if demand.ndim == 1 and np.ndim(ratio) and not isinstance(ratio, xr.DataArray):
        # Nothing but draws: the results are as the costs are.
        return _of_ratio(ratio, lambda r: of_sample(np.asarray(demand, float), weights, r))
    found: tuple[Values, ...] = xr.apply_ufunc(
        lambda draws, r: tuple(of_sample(draws, weights, r)),
        demand,
        ratio,
        input_core_dims=[[dim], []],
        output_core_dims=[[], [], []],
        join="exact",
        dask="parallelized",
        dask_gufunc_kwargs={"allow_rechunk": True},
        output_dtypes=[float] * 3,
    )
    return found


def _check_some(draws: int) -> None:
    if not draws:
        msg = "demand must have at least one draw, got none"
        raise ValueError(msg)
