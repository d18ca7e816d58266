"""The income statement of a GPU cloud, period by period."""

from __future__ import annotations

import numpy as np
import xarray as xr

from overbuild import capex, utilization
from overbuild._calls import Values, within

_UNITS = {
    "fleet": "GPU",
    "capacity": "GPU-hour",
    "billed": "GPU-hour",
    "utilization": "share",
    "committed_revenue": "USD",
    "on_demand_revenue": "USD",
    "revenue": "USD",
    "power": "MW",
    "energy": "USD",
    "lease": "USD",
    "depreciation": "USD",
    "operating_income": "USD",
    "interest": "USD",
    "pretax_income": "USD",
    "tax": "USD",
    "net_income": "USD",
    "capital_expenditure": "USD",
    "debt": "USD",
    "cash_flow": "USD",
    "book_value": "USD",
    "interest_coverage": "ratio",
    "debt_service_coverage": "ratio",
    "break_even": "share",
    "fleet_irr": "share a period",
}


def neocloud(
    *,
    deliveries: xr.DataArray,
    price: Values,
    cost_per_gpu: Values,
    life: Values,
    hours: Values,
    committed_share: Values,
    contract_term: Values,
    contract_discount: Values,
    on_demand_utilization: Values,
    kw_per_gpu: Values,
    pue: Values,
    power_price: Values,
    lease_per_mw: Values,
    other_operating_cost: Values,
    debt_share: Values,
    debt_rate: Values,
    debt_term: Values,
    residual_share: Values = 0.0,
    other_items: Values = 0.0,
    tax_rate: Values = 0.0,
) -> xr.Dataset:
    r"""Income statement, cash flow and coverage of a GPU cloud, period by period.

    Each period's deliveries are a vintage. It is in service over its life; over its contract a
    share of it is paid for, used or not, at the price of the day it was signed; the rest, and all
    of it afterwards, is rented on demand at the price of each period:

    .. math:: R_t = h \sum_{k \le t} d_k\,\bigl(c_{t-k}\,p_k\,(1 - \delta)
              + (s_{t-k} - c_{t-k})\,u\,p_t\bigr)

    Parameters
    ----------
    deliveries : DataArray
        Number of GPUs put in service at the beginning of each period: dimension ``period``, and
        ``generation`` if there are several; others, such as ``site``, at will.
    price : array_like
        USD per GPU-hour on demand, by period and generation (see
        :func:`overbuild.capex.price_path`).
    cost_per_gpu : array_like
        USD to put a GPU in service, with its share of servers, network and installation.
    life : array_like
        Useful life, a number of periods: of depreciation in a straight line, and of service.
    hours : array_like
        Hours in a period.
    committed_share : array_like
        Share of each vintage that is under take-or-pay contract, a fraction.
    contract_term : array_like
        Number of periods of a contract, at most `life`.
    contract_discount : array_like
        Discount of contracts on the price on demand, a fraction.
    on_demand_utilization : array_like
        Share of hours sold of what is not under contract, a fraction.
    kw_per_gpu, pue : array_like
        kW for each GPU with its part of the server, a number; power usage effectiveness.
    power_price : array_like
        USD/MWh; GPUs in service take their power whether sold or not.
    lease_per_mw : array_like
        USD for each MW of power and period.
    other_operating_cost : array_like
        USD a period.
    debt_share, debt_rate, debt_term : array_like
        Share of purchases paid by a delayed-draw term loan, a fraction; its interest a period; the
        number of periods, whole, over which each draw is repaid.
    residual_share : array_like
        Share of the cost that a GPU is worth at the end of its life.
    other_items : array_like
        USD a period below interest; what costs is negative.
    tax_rate : array_like
        Tax on positive income, a fraction; losses are not carried over.

    Returns
    -------
    Dataset
        Each variable in the unit of its attribute ``unit``, shape (..., periods); ``fleet_irr``,
        a rate a period on purchases, cash before interest and tax, and the last book value, has
        shape (...). NaN where a share leaves 0 to 1, an amount is negative, a contract outlasts
        the hardware or another argument is out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If `deliveries` is no DataArray, or an argument is neither a number nor an array of numbers.
    ValueError
        If `deliveries` has no dimension ``period``, or dimensions or labels do not fit together.

    Notes
    -----
    Source: definitions; nothing in it is special to one company.

    Examples
    --------
    >>> import overbuild as ob
    >>> import xarray as xr
    >>> cloud = ob.models.neocloud(
    ...     deliveries=xr.DataArray([1000.0, 1000, 0, 0], dims="period"), price=2.5,
    ...     cost_per_gpu=40_000, life=20, hours=2_190, committed_share=0.9, contract_term=12,
    ...     contract_discount=0.1, on_demand_utilization=0.5, kw_per_gpu=1.3, pue=1.25,
    ...     power_price=80, lease_per_mw=400_000, other_operating_cost=1e6, debt_share=0.7,
    ...     debt_rate=0.025, debt_term=16)
    >>> (cloud.operating_income / 1e6).round(2).values
    array([0.77, 2.55, 2.55, 2.55])
    """
    if not isinstance(deliveries, xr.DataArray):
        msg = f"deliveries must be a DataArray, got {type(deliveries).__name__}"
        raise TypeError(msg)
    if "period" not in deliveries.dims:
        there = ", ".join(map(str, deliveries.dims)) or "none"
        msg = f"deliveries must have dimension 'period'; there are: {there}"
        raise ValueError(msg)
    periods = deliveries.sizes["period"]
    deliveries, price, cost_per_gpu, hours = (
        within(amount, 0.0, np.inf) for amount in (deliveries, price, cost_per_gpu, hours)
    )
    committed_share, contract_discount, on_demand_utilization, debt_share = (
        within(share, 0.0, 1.0)
        for share in (committed_share, contract_discount, on_demand_utilization, debt_share)
    )
    residual_share, tax_rate = (within(share, 0.0, 1.0) for share in (residual_share, tax_rate))
    contract_term = within(contract_term, 0.0, life)

    def by_age(schedule: Values, purchases: Values) -> Values:
        return capex.vintages(purchases, schedule)

    def total(values: Values) -> Values:
        return values.sum("generation") if "generation" in values.dims else values

    in_service = life * capex.straight_line(1.0, 0.0, life, periods)
    in_contract = contract_term * capex.straight_line(1.0, 0.0, contract_term, periods)
    signed = deliveries * committed_share
    fleet = by_age(in_service, deliveries)
    contracted = by_age(in_contract, signed)
    committed_revenue = total(by_age(in_contract, signed * price * (1 - contract_discount)) * hours)
    on_demand = (fleet - contracted) * on_demand_utilization * hours
    on_demand_revenue = total(on_demand * price)
    revenue = committed_revenue + on_demand_revenue
    capacity, billed = total(fleet * hours), total(contracted * hours + on_demand)

    power = total(capex.facility_power(fleet, kw_per_gpu, pue))
    energy = capex.energy_cost(power, hours, power_price)
    lease = power * lease_per_mw
    cash_cost = energy + lease + other_operating_cost
    bought = total(deliveries * cost_per_gpu)
    lost = capex.straight_line(1.0, residual_share, life, periods)
    depreciation = by_age(lost, bought)
    book_value = capex.book_value(bought, lost)
    operating_income = revenue - cash_cost - depreciation

    loan = capex.delayed_draw(bought * debt_share, debt_rate, periods, debt_term)
    pretax_income = operating_income - loan.interest + other_items
    tax = tax_rate * pretax_income.clip(min=0.0)
    net_income = pretax_income - tax
    cash_flow = net_income + depreciation - bought * (1 - debt_share) - loan.principal

    flows = revenue - cash_cost - bought
    last = xr.DataArray(np.arange(periods) == periods - 1, dims="period")
    fleet_irr = capex.irr(flows + book_value * last)
    found = {
        "fleet": total(fleet),
        "capacity": capacity,
        "billed": billed,
        "utilization": billed / capacity,
        "committed_revenue": committed_revenue,
        "on_demand_revenue": on_demand_revenue,
        "revenue": revenue,
        "power": power,
        "energy": energy,
        "lease": lease,
        "depreciation": depreciation,
        "operating_income": operating_income,
        "interest": loan.interest,
        "pretax_income": pretax_income,
        "tax": tax,
        "net_income": net_income,
        "capital_expenditure": bought,
        "debt": loan.balance,
        "cash_flow": cash_flow,
        "book_value": book_value,
        "interest_coverage": capex.interest_coverage(operating_income, loan.interest),
        "debt_service_coverage": capex.debt_service_coverage(
            operating_income + depreciation, loan.interest, loan.principal
        ),
        "break_even": utilization.break_even(
            cash_cost + depreciation + loan.interest, 0.0, revenue / billed, capacity
        ),
        "fleet_irr": fleet_irr,
    }
    return xr.Dataset(
        {
            name: values.drop_attrs().assign_attrs(unit=_UNITS[name])
            for name, values in found.items()
        }
    )
