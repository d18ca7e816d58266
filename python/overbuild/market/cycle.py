"""The capacity cycle: demand, owners who order late and in fear, and the price between them."""

from __future__ import annotations

import dataclasses

import numpy as np

from overbuild._calls import Values, at_least_one, elementwise
from overbuild.market._rows import paths


@dataclasses.dataclass(frozen=True, eq=False)
class Cycle:
    """A capacity cycle period by period, each of shape (..., periods).

    Attributes
    ----------
    demand : array
        Capacity that customers would use, in its own unit.
    orders : array
        Capacity ordered at the beginning of each period.
    arrivals : array
        Capacity put in service: its chips and its power have arrived.
    retirements : array
        Capacity taken out of service.
    capacity : array
        Capacity in service.
    backlog : array
        Capacity ordered and not in service at the end of each period.
    chips_waiting : array
        Of that, capacity whose chips have arrived and wait for power.
    power_waiting : array
        Of that, capacity whose power has arrived and waits for chips.
    utilization : array
        Share of capacity in use, a fraction.
    price : array
        Rental price of a unit of capacity for a period, in its own unit.
    capex : array
        USD of chips and power that arrive.
    """

    demand: Values
    orders: Values
    arrivals: Values
    retirements: Values
    capacity: Values
    backlog: Values
    chips_waiting: Values
    power_waiting: Values
    utilization: Values
    price: Values
    capex: Values


def cycle(
    *,
    periods: int,
    capacity: Values,
    demand: Values | None = None,
    growth: Values = 0.0,
    opening_growth: Values = 0.0,
    life: Values = np.inf,
    intensity: Values = 1.0,
    elasticity: Values = 0.0,
    adjustment_speed: Values = 1.0,
    target_utilization: Values = 1.0,
    utilization_cap: Values = 1.0,
    price: Values = 1.0,
    full_cost: Values | None = None,
    price_response: Values = 0.0,
    price_reversion: Values = 0.0,
    gap_correction: Values = 0.0,
    supply_line_weight: Values = 0.0,
    planning_horizon: Values = 0.0,
    smoothing: Values = 0.0,
    fear_of_missing_out: Values = 0.0,
    order_response: Values = 0.0,
    order_change: Values = 0.0,
    chip_lead_time: Values = (1.0,),
    power_lead_time: Values = (1.0,),
    chip_cost: Values = 0.0,
    power_cost: Values = 0.0,
    cost_growth: Values = 0.0,
    funding: Values = np.inf,
    reinvestment: Values = 0.0,
    dim: str = "period",
) -> Cycle:
    r"""Run the capacity cycle: orders follow demand and price, capacity follows orders, late.

    At the beginning of a period owners see the one before, :math:`t-1`, and order:

    .. math::
        o_t &= \min\Bigl(\bigl[[a_t + \alpha\,(D_{t-1}/u^* - C_{t-1} + \beta\,(b\,[a_t]^+
               - B_{t-1}))]^+ m_{t-1}^{\eta} + \psi\,[o_{t-1} - (1 + g_{t-1})\,o_{t-2}]^+
               + \Delta_t\bigr]^+,\ \frac{F_t + \phi\,R_{t-1}}{(c_1 + c_2)\,\gamma_t}\Bigr) \\
        a_t &= \kappa\,(r_t + g_{t-1}\,C_{t-1})\,[1 + (g_{t-1} - h)\,H]^+

    where :math:`[x]^+ = \max(x, 0)`. What was ordered arrives by lead time, chips and power each
    by its own; a unit serves when it has both, and for its life:

    .. math::
        A_t = \min\Bigl(W^1_{t-1} + \sum_k p^1_k\,o_{t-k},\ W^2_{t-1} + \sum_k p^2_k\,o_{t-k}\Bigr),
        \qquad C_t = C_{t-1} + A_t - r_t, \qquad B_t = B_{t-1} + o_t - A_t

    Demand grows, and what services are wanted follows their cost, the price times the capacity
    that one takes, with a lag; the price follows utilization:

    .. math::
        D_t &= D \prod_{s \le t} (1 + g^D_s)\ x_t\,q_t, \qquad
        \ln q_t = \ln q_{t-1} + \lambda\,(\epsilon \ln(x_t\,P_{t-1}/P) - \ln q_{t-1}) \\
        U_t &= \min(D_t/C_t,\ \bar u), \qquad P_t = K\,\gamma_t\,m_t, \qquad
        \ln m_t = (1 - \rho) \ln m_{t-1} + \theta \ln(U_t/u^*) \\
        g_t &= g_{t-1} + \sigma\,(D_t/D_{t-1} - 1 - g_{t-1}), \qquad
        \gamma_t = (1 + \gamma)^{t+1}, \qquad R_t = P_t\,U_t\,C_t

    Left at its default each parameter is neutral: nothing moves.

    Parameters
    ----------
    periods : int
        Number of periods to run, at least 1.
    capacity : array_like
        Capacity in service before the first period (C), in any unit, such as MW: a number above 0,
        shape (...). What follows is a number for all periods and has that shape unless told
        otherwise.
    demand : array_like, optional
        Capacity that customers would use then (D), a number above 0 in the same unit; if not given,
        the target share of capacity.
    growth : array_like
        Growth of demand in each period at unchanged cost of a service (g^D), a fraction above -1,
        shape (..., periods) or one number; 0 for none.
    opening_growth : array_like
        Growth a period of orders until the first (h), a fraction above -1: it tells how old the
        fleet is, how much is on order, and what growth owners expect at first (g). 0 for a fleet of
        all ages.
    life : array_like
        Number of periods that capacity serves, at least 1; of the last one a part, if it is no
        whole number. Infinite if nothing retires.
    intensity : array_like
        Capacity that a service takes (x), as a share of what it took before the first period, shape
        (..., periods) or one number above 0: 0.05 from some period on if it takes 5%. 1 for no
        change.
    elasticity : array_like
        Elasticity of services used to their cost (epsilon), a number of at most 0; 0 if cost does
        not matter.
    adjustment_speed : array_like
        Share of the way to what is wanted at the last price that services go in a period (lambda),
        a fraction; 1 for all of it.
    target_utilization : array_like
        Share of capacity that owners plan to have in use, and at which the price is at rest (u*), a
        fraction above 0.
    utilization_cap : array_like
        Largest share of capacity that can be in use (u-bar), a fraction above 0.
    price : array_like
        Rental price before the first period (P), USD above 0 for a unit of capacity and period. Any
        other unit serves if nothing is reinvested.
    full_cost : array_like, optional
        Rental price then that covers all cost of new capacity (K), in that unit, USD above 0; if
        not given, the price.
    price_response : array_like
        Elasticity of the price to utilization, in each period (theta), a number of at least 0; 0 if
        utilization does not move the price.
    price_reversion : array_like
        Share of the distance to full cost that competition takes from the price in a period (rho),
        a fraction; 0 for none.
    gap_correction : array_like
        Share of the gap to wanted capacity that is ordered in a period (alpha), a number of at
        least 0; 0 if owners only replace and keep up.
    supply_line_weight : array_like
        Share of what is on order that owners take into account (beta), a fraction; 0 if they
        forget it.
    planning_horizon : array_like
        Number of periods by which owners extrapolate a change of growth (H), at least 0; 0 if they
        order as far ahead as they used to.
    smoothing : array_like
        Share of the latest growth in what growth is expected (sigma), a fraction; 0 if what was
        expected at first is expected for ever.
    fear_of_missing_out : array_like
        Share of the growth of all orders beyond that of demand that is ordered on top (psi), a
        number of at least 0; 0 for no fear.
    order_response : array_like
        Elasticity of orders to price over full cost (eta), a number of at least 0; 0 for none.
    order_change : array_like
        Capacity ordered on top (Delta), or not ordered, if it is negative, in the unit of capacity,
        a number or shape (..., periods); 0 for none. Orders do not fall below 0.
    chip_lead_time, power_lead_time : array_like
        Share of orders whose chips, and whose power and building, arrive after each number of
        periods, the first in the period of the order itself; fractions that sum to 1, shape (lags,)
        or (..., lags), dimension ``lag`` of a DataArray. (1,) for no delay.
    chip_cost, power_cost : array_like
        USD for the chips, and for the power and building, of a unit of capacity before the first
        period (c), at least 0; paid as they arrive.
    cost_growth : array_like
        Growth a period of both costs and of the full cost (gamma), a fraction above -1; 0 for none.
    funding : array_like
        USD that can be committed from outside in each period (F), at least 0, a number or shape
        (..., periods); infinite for no limit.
    reinvestment : array_like
        Share of the last period's revenue that can be committed besides (phi), a number of at least
        0.
    dim : str
        Name of the dimension that periods run along, where axes have names. A series without it is
        the same in all periods, and what other dimensions it has are cases.

    Returns
    -------
    Cycle
        Demand, orders, arrivals, retirements, capacity, backlog, chips and power waiting,
        utilization, price and capex, each of shape (..., periods). NaN from the period on in which
        an argument is missing, in all periods if it is one for all of them; and where one is out of
        range or a cycle explodes beyond all numbers, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers, or `periods` no whole number.
    ValueError
        If `periods` is below 1, a series has another length, or lacks `dim` and has as many numbers
        along a dimension that no other argument has, an argument has a dimension that it must not
        have, labels differ, or shares by lag are not from 0 to 1 or do not sum to 1.

    Notes
    -----
    :math:`B` is the backlog, :math:`W` what of it waits for its other part, :math:`r` what retires,
    :math:`R` revenue and :math:`m` the price over full cost. Before the first period orders have
    grown by `opening_growth` for ever, and owners keep what they are used to from then:
    :math:`\kappa` ordered for each unit put in service at the time, :math:`b` on order for each
    ordered, which without growth are 1 and the mean lead time. Where demand grows on in the same
    way, utilization is on target and price at full cost, all goes on as it was. Demand that finds
    no capacity waits and is seen.

    With constant retirement, no supply line and a fixed lead time of n periods, the distance of
    capacity from its goal is that of a linear delayed adjustment,
    :math:`x_t = x_{t-1} - \alpha\,x_{t-1-n}`, which overshoots above :math:`n^n/(n+1)^{n+1}` and
    does not settle above :math:`2 \sin(\pi/(4n+2))`.

    Source: J. D. Sterman, *Business Dynamics* (2000), chapters 16 (trend), 17 (orders by anchoring
    and adjustment, with a supply line) and 20 (commodity cycles); partial adjustment: M. Nerlove,
    *Distributed Lags and Demand Analysis for Agricultural and Other Commodities* (1958); orders
    that follow those of others: J. D. Sterman, G. Dogan, *Journal of Operations Management* 39-40
    (2015), 6-22. Threshold: S. A. Levin, R. M. May, *Theoretical Population Biology* 9 (1976),
    178-187.

    Examples
    --------
    >>> import overbuild as ob
    >>> found = ob.market.cycle(
    ...     periods=8, capacity=100, demand=120, life=20, gap_correction=0.5,
    ...     chip_lead_time=[0, 0, 1], power_lead_time=[0, 0, 0, 1])
    >>> found.capacity.round(2)
    array([100., 100., 100., 110., 120., 130., 140., 145.])
    """
    if demand is None:
        both = {"capacity": capacity, "target_utilization": target_utilization}
        demand = elementwise(np.multiply, {}, **both)
    for name, shares in {
        "chip_lead_time": chip_lead_time,
        "power_lead_time": power_lead_time,
    }.items():
        if np.ndim(shares) == 0:
            msg = f"{name} must be shares by lag, such as [0, 1] for a period's delay, got {shares}"
            raise ValueError(msg)
    given = {
        "capacity": capacity,
        "demand": demand,
        "growth": growth,
        "opening_growth": opening_growth,
        "life": life,
        "intensity": intensity,
        "elasticity": elasticity,
        "adjustment_speed": adjustment_speed,
        "target_utilization": target_utilization,
        "utilization_cap": utilization_cap,
        "price": price,
        "full_cost": price if full_cost is None else full_cost,
        "price_response": price_response,
        "price_reversion": price_reversion,
        "gap_correction": gap_correction,
        "supply_line_weight": supply_line_weight,
        "planning_horizon": planning_horizon,
        "smoothing": smoothing,
        "fear_of_missing_out": fear_of_missing_out,
        "order_response": order_response,
        "order_change": order_change,
        "chip_lead_time": chip_lead_time,
        "power_lead_time": power_lead_time,
        "chip_cost": chip_cost,
        "power_cost": power_cost,
        "cost_growth": cost_growth,
        "funding": funding,
        "reinvestment": reinvestment,
    }
    return Cycle(**paths(given, at_least_one(periods), dim))
