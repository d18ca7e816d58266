"""The income statement of a GPU cloud, period by period."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import xarray as xr

from overbuild import capex, utilization
from overbuild._calls import Values, numeric, with_names, within

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

    GPUs are bought, and debt is drawn, at the beginning of a period; all else falls at its end.

    Parameters
    ----------
    deliveries : DataArray
        Number of GPUs put in service in each period, at least 0: dimension ``period``, and
        ``generation`` if there are several; others, such as ``site``, at will.
    price : array_like
        USD per GPU-hour on demand, by period and generation (see
        :func:`overbuild.capex.price_path`). This and what follows may have any dimensions of the
        deliveries and others, such as draw and scenario; exceptions are said. Arrays without names
        run along ``period``.
    cost_per_gpu : array_like
        USD to put a GPU in service, with its share of servers, network and installation.
    life : array_like
        Useful life, a number of periods: of depreciation in a straight line, and of service. The
        same in all periods.
    hours : array_like
        Hours in a period, the same for all generations.
    committed_share : array_like
        Share of each vintage that is under take-or-pay contract, a fraction.
    contract_term : array_like
        Number of periods of a contract, at most `life`; 0 for none. The same in all periods.
    contract_discount : array_like
        Discount of contracts on the price on demand, a fraction.
    on_demand_utilization : array_like
        Share of hours sold of what is not under contract, a fraction.
    kw_per_gpu, pue : array_like
        kW for each GPU with its part of the server, a number; power usage effectiveness.
    power_price : array_like
        USD/MWh; GPUs in service take their power whether sold or not. The same for all
        generations, as are the next two.
    lease_per_mw : array_like
        USD for each MW of power and period.
    other_operating_cost : array_like
        USD a period, at least 0.
    debt_share, debt_rate, debt_term : array_like
        Share of purchases paid by a delayed-draw term loan, a fraction; its interest a period; the
        number of periods, whole and the same in all periods, over which each draw is repaid.
    residual_share : array_like
        Share of the cost that a GPU is worth at the end of its life, the same in all periods.
    other_items : array_like
        USD a period below interest; what costs is negative. The same for all generations, as is
        the tax.
    tax_rate : array_like
        Tax on positive income, a fraction; losses are not carried over.

    Returns
    -------
    Dataset
        Shape (..., periods), summed over generations, each with its attribute ``unit``: ``fleet``,
        ``capacity`` and ``billed`` GPU-hours, ``utilization`` (billed over capacity),
        ``committed_revenue``, ``on_demand_revenue``, ``revenue``, ``power``, ``energy``,
        ``lease``, ``depreciation``, ``operating_income``, ``interest``, ``pretax_income``, ``tax``,
        ``net_income``, ``capital_expenditure``, ``debt`` and ``book_value`` at the end of the
        period, ``cash_flow`` (after purchases, draws, interest, repayment and tax),
        ``interest_coverage``, ``debt_service_coverage`` (operating income and depreciation over
        interest and repayment), ``break_even`` (utilization at the period's average price that
        covers all cost and interest; above 1 if none does); and ``fleet_irr``, shape (...): a rate
        a period on purchases, cash before interest and tax, and the last book value. NaN where a
        share leaves 0 to 1, an amount that cannot be negative is, a contract outlasts the hardware
        or another argument is out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If `deliveries` is no DataArray, or an argument is neither a number nor an array of numbers.
    ValueError
        If `deliveries` has no dimension ``period``, labels or lengths of arguments differ, or an
        argument has a dimension that it must not have.

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
    given = _checked(
        deliveries=deliveries,
        price=price,
        cost_per_gpu=cost_per_gpu,
        life=life,
        hours=hours,
        committed_share=committed_share,
        contract_term=contract_term,
        contract_discount=contract_discount,
        on_demand_utilization=on_demand_utilization,
        kw_per_gpu=kw_per_gpu,
        pue=pue,
        power_price=power_price,
        lease_per_mw=lease_per_mw,
        other_operating_cost=other_operating_cost,
        debt_share=debt_share,
        debt_rate=debt_rate,
        debt_term=debt_term,
        residual_share=residual_share,
        other_items=other_items,
        tax_rate=tax_rate,
    )
    operation = _operation(given)
    finance = _finance(given, operation)
    found = operation | finance
    return xr.Dataset(
        {name: found[name].drop_attrs().assign_attrs(unit=unit) for name, unit in _UNITS.items()}
    )


#: Least and greatest value of each argument, and what it must not vary over.
_RANGES: dict[str, tuple[float, float, tuple[str, ...]]] = {
    "deliveries": (0.0, np.inf, ()),
    "price": (0.0, np.inf, ()),
    "cost_per_gpu": (0.0, np.inf, ()),
    "life": (0.0, np.inf, ("period",)),
    "hours": (0.0, np.inf, ("generation",)),
    "committed_share": (0.0, 1.0, ()),
    "contract_term": (0.0, np.inf, ("period",)),
    "contract_discount": (0.0, 1.0, ()),
    "on_demand_utilization": (0.0, 1.0, ()),
    "kw_per_gpu": (0.0, np.inf, ()),
    "pue": (1.0, np.inf, ()),
    "power_price": (-np.inf, np.inf, ("generation",)),
    "lease_per_mw": (0.0, np.inf, ("generation",)),
    "other_operating_cost": (0.0, np.inf, ("generation",)),
    "debt_share": (0.0, 1.0, ()),
    "debt_rate": (-1.0, np.inf, ()),
    "debt_term": (1.0, np.inf, ("period",)),
    "residual_share": (0.0, 1.0, ("period",)),
    "other_items": (-np.inf, np.inf, ("generation",)),
    "tax_rate": (0.0, 1.0, ("generation",)),
}


def _checked(**arguments: Values) -> SimpleNamespace:
    """Return the arguments as arrays with named axes, within their ranges and alike in labels."""
    deliveries = arguments["deliveries"]
    if not isinstance(deliveries, xr.DataArray):
        msg = f"deliveries must be a DataArray, got {type(deliveries).__name__}"
        raise TypeError(msg)
    if "period" not in deliveries.dims:
        there = ", ".join(map(str, deliveries.dims)) or "none"
        msg = f"deliveries must have dimension 'period'; there are: {there}"
        raise ValueError(msg)
    named = {
        name: with_names(name, numeric(name, value), ["period"])
        for name, value in arguments.items()
    }
    for name, value in named.items():
        for dim in _RANGES[name][2]:
            if dim in value.dims:
                msg = f"{name} is one number for all of {dim!r}, but has that dimension"
                raise ValueError(msg)
        if "generation" in value.dims and "generation" not in deliveries.dims:
            msg = f"{name} has dimension 'generation', which deliveries has not"
            raise ValueError(msg)
        try:
            xr.align(deliveries, value, join="exact", copy=False)
        except ValueError as error:
            msg = f"deliveries and {name} have different labels or lengths: {error}"
            raise ValueError(msg) from error
    try:
        xr.align(*named.values(), join="exact", copy=False)
    except ValueError as error:
        msg = f"arguments have different labels: {error}"
        raise ValueError(msg) from error
    within_range = {
        name: within(value, low, high)
        for name, value in named.items()
        for low, high, _ in [_RANGES[name]]
    }
    within_range["contract_term"] = within(within_range["contract_term"], 0.0, named["life"])
    return SimpleNamespace(**within_range)


def _total(values: xr.DataArray) -> xr.DataArray:
    return values.sum("generation", skipna=False) if "generation" in values.dims else values


def _operation(given: SimpleNamespace) -> dict[str, xr.DataArray]:
    """Compute what the fleet sells, and what that costs, before interest."""
    deliveries, hours, price = given.deliveries, given.hours, given.price
    periods = deliveries.sizes["period"]

    def in_force(term: xr.DataArray) -> xr.DataArray:
        """Return the part of each period of age within a term, which may be nothing."""
        some: xr.DataArray = term + (term == 0.0)
        part: xr.DataArray = term * capex.straight_line(1.0, 0.0, some, periods)
        return part

    signed = deliveries * given.committed_share
    fleet = capex.vintages(deliveries, in_force(given.life))
    by_contract = in_force(given.contract_term)
    contracted = capex.vintages(signed, by_contract)
    agreed = signed * price * (1.0 - given.contract_discount)
    committed_revenue = _total(capex.vintages(agreed, by_contract)) * hours
    on_demand = (fleet - contracted) * given.on_demand_utilization * hours
    on_demand_revenue = _total(on_demand * price)
    revenue = committed_revenue + on_demand_revenue
    capacity, billed = _total(fleet) * hours, _total(contracted * hours + on_demand)

    power = _total(capex.facility_power(fleet, given.kw_per_gpu, given.pue))
    energy = capex.energy_cost(power, hours, given.power_price)
    lease = power * given.lease_per_mw
    lost = capex.straight_line(1.0, given.residual_share, given.life, periods)
    bought = deliveries * given.cost_per_gpu
    depreciation = _total(capex.vintages(bought, lost))
    cash_cost = energy + lease + given.other_operating_cost
    return {
        "fleet": _total(fleet),
        "capacity": capacity,
        "billed": billed,
        "utilization": billed / capacity,
        "committed_revenue": committed_revenue,
        "on_demand_revenue": on_demand_revenue,
        "revenue": revenue,
        "power": power,
        "energy": energy,
        "lease": lease,
        "cash_cost": cash_cost,
        "depreciation": depreciation,
        "operating_income": revenue - cash_cost - depreciation,
        "capital_expenditure": _total(bought),
        "book_value": _total(capex.book_value(bought, lost)),
    }


def _finance(given: SimpleNamespace, operation: dict[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    """Compute debt, tax, cash and coverage."""
    revenue, cash_cost, bought = (
        operation[name] for name in ("revenue", "cash_cost", "capital_expenditure")
    )
    depreciation, operating_income = operation["depreciation"], operation["operating_income"]
    draws = given.deliveries * given.cost_per_gpu * given.debt_share
    loan = capex.delayed_draw(
        draws, given.debt_rate, draws.sizes["period"], given.debt_term, when="begin"
    )
    interest, principal, drawn = _total(loan.interest), _total(loan.principal), _total(draws)
    pretax_income = operating_income - interest + given.other_items
    tax = given.tax_rate * pretax_income.clip(min=0.0)
    net_income = pretax_income - tax
    cost = cash_cost + depreciation + interest
    average_price = revenue / operation["billed"]
    return {
        "interest": interest,
        "pretax_income": pretax_income,
        "tax": tax,
        "net_income": net_income,
        "debt": _total(loan.balance),
        "cash_flow": net_income + depreciation - bought + drawn - principal,
        "interest_coverage": capex.interest_coverage(operating_income, interest),
        "debt_service_coverage": capex.debt_service_coverage(
            operating_income + depreciation, interest, principal
        ),
        "break_even": utilization.break_even(cost, 0.0, average_price, operation["capacity"]),
        "fleet_irr": capex.irr(_fleet_flows(revenue - cash_cost, bought, operation["book_value"])),
    }


def _fleet_flows(
    cash: xr.DataArray, bought: xr.DataArray, book_value: xr.DataArray
) -> xr.DataArray:
    """Return purchases as of beginnings of periods, cash and the last book value as of ends."""
    cash, bought, book_value = (
        values.drop_vars("period", errors="ignore") for values in (cash, bought, book_value)
    )
    paid = bought.pad({"period": (0, 1)}, constant_values=0.0)
    earned = cash.pad({"period": (1, 0)}, constant_values=0.0)
    last = xr.DataArray(np.arange(paid.sizes["period"]) == cash.sizes["period"], dims="period")
    flows: xr.DataArray = earned - paid + last * book_value.isel(period=-1)
    return flows
