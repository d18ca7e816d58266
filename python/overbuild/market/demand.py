"""What is bought at another price, and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from overbuild import _core
from overbuild._calls import Values, along, elementwise, together

_ADJUST = {"linear": _core.adjust_linear, "log": _core.adjust_log}
_LENGTH = {"linear": _core.pain_length_linear, "log": _core.pain_length_log}
_DEPTH = {"linear": _core.pain_depth_linear, "log": _core.pain_depth_log}


@dataclass(frozen=True, eq=False)
class Response:
    """What a change of price does, over what was there before.

    Attributes
    ----------
    quantity : array
        Quantity bought, as a multiple of that before.
    spend : array
        Price times quantity, as a multiple of that before.
    """

    quantity: Values
    spend: Values


def constant_elasticity(price_ratio: Values, elasticity: Values) -> Response:
    r"""Quantity bought and money spent after a change of price, over those before.

    .. math:: \frac{q_1}{q_0} = r^{\varepsilon}, \qquad \frac{s_1}{s_0} = r^{1 + \varepsilon}

    Parameters
    ----------
    price_ratio : array_like
        New price over the old one, a number above 0, any shape: 0.05 for a fall to 5%.
    elasticity : array_like
        Percent by which quantity changes with each percent of price, a number of at most 0: it is
        written with its sign, such as -1.11. Below -1 a fall of the price raises spend. Broadcasts
        with `price_ratio`.

    Returns
    -------
    Response
        Ratios, each in the arguments' common shape. NaN where a price is not above 0, or an
        elasticity lacks its sign, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If labels differ.

    Notes
    -----
    At an elasticity of -1 spend stays as it is, to the last bit.

    Source: A. Marshall, *Principles of Economics* (1890), book III, chapter 4 and note III of the
    mathematical appendix.

    Examples
    --------
    >>> import overbuild as ob
    >>> after = ob.market.constant_elasticity(0.05, [-0.5, -1, -1.11])
    >>> after.quantity.round(1)
    array([ 4.5, 20. , 27.8])
    >>> after.spend.round(2)
    array([0.22, 1.  , 1.39])
    """
    operands = {"price_ratio": price_ratio, "elasticity": elasticity}
    return Response(
        quantity=elementwise(_core.constant_elasticity, {}, **operands),
        spend=elementwise(_core.constant_elasticity_spend, {}, **operands),
    )


def adjust(
    target: Values,
    speed: Values,
    initial: Values = 1.0,
    kind: Literal["linear", "log"] = "linear",
    dim: str = "period",
) -> Values:
    r"""Let a quantity follow its target with a lag: each period closes a part of the gap.

    .. math:: q_t = q_{t-1} + \lambda\,(q^*_t - q_{t-1}) \quad\text{or}\quad
        \ln q_t = \ln q_{t-1} + \lambda\,(\ln q^*_t - \ln q_{t-1})

    Parameters
    ----------
    target : array_like
        Number that the quantity would have with time enough, in each period, shape
        (..., periods); above 0 if logarithms adjust.
    speed : array_like
        Share of the gap that a period closes, a fraction from 0 to 1, shape (...).
    initial : array_like
        Number that the quantity has before the first period, shape (...); 1 suits ratios.
    kind : {"linear", "log"}
        What adjusts: the quantity or its logarithm. With logarithms, `speed` times an elasticity
        is the elasticity within the first period.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        The quantity in each period, shape (..., periods), in the unit of `target`. NaN where
        `speed` is not from 0 to 1, with NumPy's *invalid value* warning; NaN from where a target
        is missing on.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `kind` is unknown, `speed` or `initial` varies along the periods, or labels differ.

    Notes
    -----
    Source: M. Nerlove, *The Dynamics of Supply* (1958); in logarithms H. S. Houthakker,
    P. K. Verleger, D. P. Sheehan, "Dynamic demand analyses for gasoline and residential
    electricity", *American Journal of Agricultural Economics* 56 (1974), 412-418.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.market.adjust([9, 9, 9], speed=0.5)
    array([5., 7., 8.])
    >>> ob.market.adjust([16, 16, 16], speed=0.5, kind="log").round(3)
    array([ 4.   ,  8.   , 11.314])
    """
    operands = {"target": target, "speed": speed, "initial": initial}
    return along(_by_kind(_ADJUST, kind), operands, dim)


@dataclass(frozen=True, eq=False)
class PainPeriod:
    """How long and how far spend lies below where it was before a price fell.

    Attributes
    ----------
    length : array
        Periods until spend is back, a part of one included; infinite if it never is.
    depth : array
        Share of spend that is missing in the first period, the worst one.
    """

    length: Values
    depth: Values


def pain_period(
    price_ratio: Values,
    elasticity: Values,
    speed: Values,
    kind: Literal["linear", "log"] = "linear",
) -> PainPeriod:
    r"""Length and depth of the dip in spend after a price has fallen at once.

    Quantity follows by :func:`adjust`, so :math:`t` periods after the fall spend is, in multiples
    of what it was,

    .. math:: s(t) = r\,\bigl(r^{\varepsilon} - (r^{\varepsilon} - 1)(1 - \lambda)^t\bigr)
        \quad\text{or}\quad s(t) = r^{\,1 + \varepsilon (1 - (1 - \lambda)^t)}

    The length solves :math:`s(t) = 1`; the depth is :math:`\max(1 - s(1), 0)`.

    Parameters
    ----------
    price_ratio : array_like
        New price over the old one, a number above 0 and at most 1, any shape.
    elasticity : array_like
        Elasticity of quantity with time enough, a number of at most 0, such as -1.11; broadcasts.
    speed : array_like
        Share of the gap that a period closes, a fraction from 0 to 1; broadcasts.
    kind : {"linear", "log"}
        What adjusts, as for :func:`adjust`.

    Returns
    -------
    PainPeriod
        Number of periods and share of spend, each in the arguments' common shape. The length is
        infinite from an elasticity of -1 upwards. NaN where an argument is out of range, with
        NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `kind` is unknown or labels differ.

    Notes
    -----
    If logarithms adjust the length does not depend on how far the price fell. For a price that
    falls step by step, put its ratios through :func:`constant_elasticity` and :func:`adjust`.

    Source: partial adjustment as in :func:`adjust`, solved for the time.

    Examples
    --------
    >>> import overbuild as ob
    >>> pain = ob.market.pain_period(0.05, [-0.9, -1.11, -1.57], speed=0.2)
    >>> pain.length.round(2)
    array([ inf, 5.53, 0.86])
    >>> pain.depth.round(2)
    array([0.81, 0.68, 0.  ])
    """
    operands = {"price_ratio": price_ratio, "elasticity": elasticity, "speed": speed}
    return PainPeriod(
        length=elementwise(_by_kind(_LENGTH, kind), {}, **operands),
        depth=elementwise(_by_kind(_DEPTH, kind), {}, **operands),
    )


@dataclass(frozen=True, eq=False)
class EfficiencyShock:
    """What it does to demand when a task takes less compute; all over what was there before.

    Attributes
    ----------
    price : array
        Price of an affected task.
    tasks : array
        Number of affected tasks.
    compute : array
        All compute in demand, that of unaffected tasks included.
    spend : array
        All that buyers pay, for unaffected tasks included.
    """

    price: Values
    tasks: Values
    compute: Values
    spend: Values


def efficiency_shock(
    cost_ratio: Values,
    elasticity: Values,
    pass_through: Values = 1.0,
    affected: Values = 1.0,
) -> EfficiencyShock:
    r"""Find what happens to the demand for compute when the same task takes a part of it.

    .. math:: p = 1 - \phi\,(1 - r), \qquad n = p^{\varepsilon}, \qquad
        c = 1 - a + a\,r\,n, \qquad s = 1 - a + a\,p\,n

    Parameters
    ----------
    cost_ratio : array_like
        Compute that a task takes, over that before, a number above 0, any shape: 0.05 for 5%.
    elasticity : array_like
        Elasticity of the number of tasks with regard to their price, at most 0, such as -1.11;
        broadcasts.
    pass_through : array_like
        Share of the saving that buyers get, a fraction from 0 to 1; broadcasts.
    affected : array_like
        Share of compute and spend to which this happens, a fraction from 0 to 1; broadcasts.

    Returns
    -------
    EfficiencyShock
        Ratios, each in the arguments' common shape. NaN where an argument is out of range, with
        NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If labels differ.

    Notes
    -----
    The price of compute stays as it is, and so does all that is not affected. Demand has all the
    time it needs; :func:`adjust` gives the way there. If buyers get the whole saving, demand for
    compute changes by the power :math:`1 + \varepsilon` of the cost: it grows below -1 (W. S.
    Jevons, *The Coal Question*, 1865).

    Source: S. Sorrell, J. Dimitropoulos, "The rebound effect: microeconomic definitions,
    limitations and extensions", *Ecological Economics* 65 (2008), 636-649.

    Examples
    --------
    >>> import overbuild as ob
    >>> shock = ob.market.efficiency_shock(0.05, -1.11)
    >>> print(shock.tasks.round(1), shock.compute.round(2))
    27.8 1.39
    >>> kept = ob.market.efficiency_shock(0.05, -1.11, pass_through=[0.5, 0.9])
    >>> kept.compute.round(2)
    array([0.1 , 0.43])
    """
    given = together(
        cost_ratio=cost_ratio, elasticity=elasticity, pass_through=pass_through, affected=affected
    )
    cost_ratio, elasticity, pass_through, affected = given.values()
    price = elementwise(
        _core.efficiency_price, {}, cost_ratio=cost_ratio, pass_through=pass_through
    )
    after = constant_elasticity(price, elasticity)
    needed = elementwise(np.multiply, {}, tasks=after.quantity, cost_ratio=cost_ratio)
    return EfficiencyShock(
        price=price,
        tasks=after.quantity,
        compute=elementwise(_core.in_part, {}, ratio=needed, affected=affected),
        spend=elementwise(_core.in_part, {}, ratio=after.spend, affected=affected),
    )


def _by_kind(kernels: dict[str, np.ufunc], kind: Any) -> np.ufunc:
    if kind not in tuple(kernels):  # a list is none of them, and has no hash
        msg = f"kind must be 'linear' or 'log', got {kind!r}"
        raise ValueError(msg)
    return kernels[kind]
