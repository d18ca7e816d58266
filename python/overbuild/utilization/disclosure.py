"""Utilization, prices and break-even implied by what a company discloses."""

from __future__ import annotations

from typing import Any, Literal

from overbuild import _core
from overbuild._calls import Values, along, at_least_one, elementwise, spread

_RAMPS = {"linear": _core.fleet_ramp_linear, "exponential": _core.fleet_ramp_exponential}


def fleet_ramp(
    opening_gpus: Values,
    closing_gpus: Values,
    periods: int,
    kind: Literal["linear", "exponential"] = "linear",
) -> Values:
    r"""Average number of GPUs in service in each period, from the first and the last day's fleet.

    With :math:`x = k/n` at the beginning of period :math:`k` of :math:`n`, the fleet is

    .. math:: N(x) = N_0 + (N_1 - N_0) x \quad\text{or}\quad N(x) = N_0 (N_1/N_0)^x

    and the average over the period is that of :math:`N` over :math:`k/n \le x \le (k+1)/n`.

    Parameters
    ----------
    opening_gpus : array_like
        GPUs in service at the opening of the first period, any shape; at least 0, or above 0
        for exponential growth.
    closing_gpus : array_like
        GPUs in service at the close of the last period; broadcasts with `opening_gpus`.
    periods : int
        Number of periods of equal length, at least 1.
    kind : {"linear", "exponential"}
        Additions at a constant number or at a constant rate of growth.

    Returns
    -------
    array
        GPUs in service, on average, shape (..., periods): the new last axis is dimension
        ``period`` of a DataArray, the columns of a DataFrame for a Series. NaN where a fleet is
        out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    ValueError
        If `periods` is below 1 or `kind` is unknown.

    Notes
    -----
    Source: elementary; the average of exponential growth over a period is the logarithmic mean
    of its ends.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.utilization.fleet_ramp(53_000, 250_000, periods=4)
    array([ 77625., 126875., 176125., 225375.])
    >>> ob.utilization.fleet_ramp(53_000, 250_000, periods=4, kind="exponential").round()
    array([ 64744.,  95415., 140616., 207229.])
    """
    size = at_least_one(periods)
    if kind not in _RAMPS:
        msg = f"kind must be 'linear' or 'exponential', got {kind!r}"
        raise ValueError(msg)
    operands = {"size": float(size), "opening_gpus": opening_gpus, "closing_gpus": closing_gpus}
    return spread(_RAMPS[kind], operands, size)


def fleet_hours(gpus: Values, hours: Values, dim: str = "period") -> Values:
    r"""GPU-hours of capacity: GPUs in service times hours, summed over periods.

    .. math:: H = \sum_t N_t h_t

    Parameters
    ----------
    gpus : array_like
        GPUs in service in each period, shape (..., periods); at least 0. A number stands for a
        fleet that does not change.
    hours : array_like
        Hours in a period, or one number for each period, shape (periods,); at least 0. Labels of
        pandas must agree with those of `gpus`.
    dim : str
        Name of the dimension to sum over where axes have names.

    Returns
    -------
    array
        GPU-hours, shape (...). NaN where a number is negative, with NumPy's *invalid value*
        warning.

    Raises
    ------
    ValueError
        If `gpus` and `hours` have different numbers of periods, or different labels.

    Notes
    -----
    Source: definition. The sum runs in the order of periods, so it does not depend on how the
    work is split.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.utilization.fleet_hours(250_000, 8_760)
    np.float64(2190000000.0)
    >>> ob.utilization.fleet_hours([100_000, 150_000], hours=[4_368, 4_416])
    np.float64(1099200000.0)
    """
    return along(_core.fleet_hours, {"gpus": gpus, "hours": hours}, dim)


def implied(
    customer_hours: Values, customer_share: Values, fleet_hours: Values, **ufunc_keywords: Any
) -> Values:
    r"""Utilization implied by one customer's hours and its share of the total.

    .. math:: U = \frac{h}{s\,H}

    Parameters
    ----------
    customer_hours : array_like
        GPU-hours that the customer used, any shape; at least 0.
    customer_share : array_like
        The customer's share of all hours used, a fraction in (0, 1].
    fleet_hours : array_like
        GPU-hours of capacity, above 0.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        Utilization as a fraction, in the arguments' common shape. Above 1 it is returned as it
        is, and says that an input is wrong. NaN where an argument is out of range, with NumPy's
        *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: definition. A share of revenue stands for a share of hours only if the customer pays
    the average price.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.utilization.implied(3e8, 0.62, 250_000 * 8_760)), 6)
    0.220946
    """
    return elementwise(
        _core.implied,
        ufunc_keywords,
        customer_hours=customer_hours,
        customer_share=customer_share,
        fleet_hours=fleet_hours,
    )


def implied_by_revenue(
    revenue: Values, price: Values, fleet_hours: Values, **ufunc_keywords: Any
) -> Values:
    r"""Share of capacity that was sold, from revenue and the average price.

    .. math:: U = \frac{R}{p\,H}

    Parameters
    ----------
    revenue : array_like
        USD earned by renting GPUs, any shape; at least 0.
    price : array_like
        Average price in USD per GPU-hour sold, above 0.
    fleet_hours : array_like
        GPU-hours of capacity in the same time, above 0.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        Hours sold over capacity as a fraction, in the arguments' common shape; under
        take-or-pay contracts that is what was billed, not what ran. NaN where an argument is
        out of range, with NumPy's *invalid value* warning.

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
    >>> ob.utilization.implied_by_revenue(1.9154e9, [2.0, 3.0, 4.0], 2.19e9).round(4)
    array([0.4373, 0.2915, 0.2187])
    """
    return elementwise(
        _core.implied_by_revenue,
        ufunc_keywords,
        revenue=revenue,
        price=price,
        fleet_hours=fleet_hours,
    )


def implied_price(
    customer_share: Values, revenue: Values, customer_hours: Values, **ufunc_keywords: Any
) -> Values:
    r"""Price that a customer paid for an hour, from its share of revenue and its hours.

    .. math:: p = \frac{s\,R}{h}

    Parameters
    ----------
    customer_share : array_like
        The customer's share of revenue, a fraction in (0, 1]; any shape.
    revenue : array_like
        The company's revenue in USD, at least 0.
    customer_hours : array_like
        GPU-hours that the customer used, at least 0. No hours for some revenue are an infinite
        price; no hours for none have no price, which is NaN with a warning.
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

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.utilization.implied_price(0.62, 1.9154e9, 3e8)), 4)
    3.9585
    """
    return elementwise(
        _core.implied_price,
        ufunc_keywords,
        customer_share=customer_share,
        revenue=revenue,
        customer_hours=customer_hours,
    )


def break_even(
    fixed_cost: Values,
    variable_cost: Values,
    price: Values,
    fleet_hours: Values,
    **ufunc_keywords: Any,
) -> Values:
    r"""Utilization at which revenue covers the fixed and the variable cost.

    .. math:: U = \frac{F}{(p - v)\,H}

    Parameters
    ----------
    fixed_cost : array_like
        USD that are due whether GPUs are rented or not, any shape; at least 0.
    variable_cost : array_like
        USD for each GPU-hour sold, at least 0.
    price : array_like
        Average price in USD per GPU-hour sold, above 0.
    fleet_hours : array_like
        GPU-hours of capacity, above 0.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        Break-even utilization as a fraction, in the arguments' common shape. Above 1 even a
        full fleet loses; infinite where the price does not exceed the variable cost. NaN where
        an argument is out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: cost-volume-profit analysis, as in any text of managerial accounting.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.utilization.break_even(1.5e9, 0.11, [0.1, 2.0, 4.0], 1.3e9).round(4)
    array([   inf, 0.6105, 0.2966])
    """
    return elementwise(
        _core.break_even,
        ufunc_keywords,
        fixed_cost=fixed_cost,
        variable_cost=variable_cost,
        price=price,
        fleet_hours=fleet_hours,
    )
