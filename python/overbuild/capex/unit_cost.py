"""From watts to dollars: what power, parts and a GPU-hour cost."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from overbuild import _core
from overbuild._calls import Values, along, at_least_one, elementwise, spread


def facility_power(gpus: Values, kw_per_gpu: Values, pue: Values, **ufunc_keywords: Any) -> Values:
    r"""Power that a number of GPUs takes from the grid.

    .. math:: P = N\,p\,\mathrm{PUE} / 1000

    Parameters
    ----------
    gpus : array_like
        Number of GPUs in service, any shape; at least 0.
    kw_per_gpu : array_like
        kW for each GPU with its part of the server, a number of at least 0.
    pue : array_like
        Power usage effectiveness, a number of at least 1.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        MW, in the arguments' common shape. NaN where an argument is out of range, with NumPy's
        *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: definition; ISO/IEC 30134-2.

    Examples
    --------
    >>> import overbuild as ob
    >>> float(ob.capex.facility_power(100_000, 1.275, 1.2))
    152.99999999999997
    """
    return elementwise(
        _core.facility_power,
        ufunc_keywords,
        gpus=gpus,
        kw_per_gpu=kw_per_gpu,
        pue=pue,
    )


def energy_cost(power: Values, hours: Values, price: Values, **ufunc_keywords: Any) -> Values:
    r"""Cost of energy.

    .. math:: P\,h\,p

    Parameters
    ----------
    power : array_like
        MW, on average; a number of at least 0, any shape.
    hours : array_like
        Hours, at least 0.
    price : array_like
        USD/MWh.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        USD, in the arguments' common shape. NaN where an argument is out of range, with NumPy's
        *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> float(ob.capex.energy_cost(153.0, 8_784, 77.1))
    103618699.19999999
    """
    return elementwise(
        _core.energy_cost,
        ufunc_keywords,
        power=power,
        hours=hours,
        price=price,
    )


def capex_per_mw(costs: Values, power: Values, dim: str = "part") -> Values:
    r"""Capital cost for each MW, from a bill of materials.

    .. math:: \frac{1}{P} \sum_i c_i

    Parameters
    ----------
    costs : array_like
        USD for each part, shape (..., parts).
    power : array_like
        MW that they serve, a number above 0, shape (...).
    dim : str
        Name of the dimension that parts run along, where axes have names.

    Returns
    -------
    array
        USD per MW, shape (...). NaN where an argument is out of range, with NumPy's *invalid
        value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If dimensions or labels do not fit together.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> float(ob.capex.capex_per_mw([6.2e6, 2.5e6, 3.0e6], 1.0))
    11700000.0
    """
    return along(_core.capex_per_mw, {"costs": costs, "power": power}, dim)


def tariffed(costs: Values, share: Values, tariff_rate: Values, dim: str = "part") -> Values:
    r"""Cost of a bill of materials with a tariff on what is imported.

    .. math:: \sum_i c_i\,(1 + s_i\,\tau_i)

    Parameters
    ----------
    costs : array_like
        USD for each part, shape (..., parts).
    share : array_like
        Share of each part that the tariff is on, a fraction from 0 to 1; one, or one for each
        part.
    tariff_rate : array_like
        Tariff as a fraction of at least 0; one, or one for each part.
    dim : str
        Name of the dimension that parts run along, where axes have names.

    Returns
    -------
    array
        USD, shape (...). NaN where an argument is out of range, with NumPy's *invalid value*
        warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If numbers of parts or labels differ.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> float(ob.capex.tariffed([100.0, 200.0], [1.0, 0.5], 0.1))
    320.0
    """
    operands = {"costs": costs, "share": share, "tariff_rate": tariff_rate}
    return along(_core.tariffed, operands, dim)


def levelized_cost(
    capex: Values,
    life: Values,
    rate: Values,
    opex: Values,
    gpu_hours: Values,
    when: Literal["end", "begin"] = "end",
    payments_per_year: int = 1,
    **ufunc_keywords: Any,
) -> Values:
    r"""Price of a GPU-hour that pays for capital and operation over a life.

    .. math:: \frac{1}{h}\left(C\,\frac{r/m}{1 - (1 + r/m)^{-mn}}\,m + O\right)

    Parameters
    ----------
    capex : array_like
        USD paid at the beginning, at least 0; any shape.
    life : array_like
        Useful life, a number of years above 0.
    rate : array_like
        Interest a year as a fraction, nominal if there are several payments a year.
    opex : array_like
        USD a year to operate.
    gpu_hours : array_like
        GPU-hours sold a year, above 0: capacity times utilization.
    when : {"end", "begin"}
        An annuity in arrears, or due: that much less for one period's interest.
    payments_per_year : int
        Number of payments a year, 1 or 12 as a rule: an annual or a monthly annuity.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        USD per GPU-hour, in the arguments' common shape. NaN where an argument is out of range,
        with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `when` or `payments_per_year` is neither of these.

    Notes
    -----
    Source: W. Short, D. Packey, T. Holt (1995), section 4; J. Hennessy, D. Patterson, *Computer
    Architecture*, 6th ed. (2019), section 6.4, uses a monthly annuity in arrears.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.levelized_cost(45_000, 5, 0.1, 3_000, 8_760 * 0.7)), 4)
    2.4251
    """
    if when not in ("end", "begin"):
        msg = f"when must be 'end' or 'begin', got {when!r}"
        raise ValueError(msg)
    parts = float(at_least_one(payments_per_year, "payments_per_year"))
    return elementwise(
        _core.levelized_cost,
        ufunc_keywords,
        capex=capex,
        life=_times(life, parts),
        rate=_times(rate, 1 / parts),
        opex=_times(opex, 1 / parts),
        gpu_hours=_times(gpu_hours, 1 / parts),
        when=float(when == "begin"),
    )


def learning_curve(
    initial: Values, made: Values, first_made: Values, learning_rate: Values, **ufunc_keywords: Any
) -> Values:
    r"""Cost of a unit, which falls by a share with each doubling of all that has been made.

    .. math:: c_0 \left(\frac{x}{x_0}\right)^{\log_2(1 - \lambda)}

    Parameters
    ----------
    initial : array_like
        USD a unit when `first_made` had been made, any shape.
    made : array_like
        Number of units made by now, above 0.
    first_made : array_like
        Number of units made when the cost was `initial`, above 0.
    learning_rate : array_like
        Share by which the cost falls with each doubling, below 1.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        USD a unit, in the arguments' common shape. NaN where an argument is out of range, with
        NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: T. P. Wright, *Journal of the Aeronautical Sciences* 3 (1936), 122-128.

    Examples
    --------
    >>> import overbuild as ob
    >>> float(ob.capex.learning_curve(100.0, 8.0, 2.0, 0.2))
    64.0
    """
    return elementwise(
        _core.learning_curve,
        ufunc_keywords,
        initial=initial,
        made=made,
        first_made=first_made,
        learning_rate=learning_rate,
    )


def price_path(
    initial: Values, annual_decline: Values, periods: int, periods_per_year: Values = 1.0
) -> Values:
    r"""Price at the beginning of each period, after a steady decline.

    .. math:: p_0\,(1 - \delta)^{k/m}

    Parameters
    ----------
    initial : array_like
        USD at the beginning of the first period, any shape.
    annual_decline : array_like
        Decline a year as a fraction below 1; negative if the price rises.
    periods : int
        Number of periods to give, at least 1.
    periods_per_year : array_like
        Number of periods a year, such as 4 or 12.

    Returns
    -------
    array
        USD in each period, shape (..., periods). NaN where an argument is out of range, with
        NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `periods` is below 1.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.price_path(4.0, 0.36, periods=3, periods_per_year=2)
    array([4.  , 3.2 , 2.56])
    """
    operands = {
        "initial": initial,
        "annual_decline": annual_decline,
        "periods_per_year": periods_per_year,
    }
    return spread(_core.price_path, operands, at_least_one(periods))


def exponential_value(cost: Values, decline: Values, age: Values, **ufunc_keywords: Any) -> Values:
    r"""Market value of hardware that falls as price-performance improves.

    .. math:: C\,10^{-d a}

    Parameters
    ----------
    cost : array_like
        USD paid, at least 0; any shape.
    decline : array_like
        Number of orders of magnitude a year, such as 0.14.
    age : array_like
        Number of years since the purchase, at least 0.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        USD, in the arguments' common shape. NaN where an argument is out of range, with NumPy's
        *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: B. Cottier et al., *The rising costs of training frontier AI models* (2024),
    arXiv:2405.21015, section 2.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.exponential_value(24_875, 0.14, 1.75)), 2)
    14150.22
    """
    return elementwise(
        _core.exponential_value,
        ufunc_keywords,
        cost=cost,
        decline=decline,
        age=age,
    )


def _times(values: Values, factor: float) -> Values:
    """Return values by a factor; numbers in lists are arrays from here on."""
    return values if factor == 1.0 else elementwise(np.multiply, {}, values=values, factor=factor)
