"""The industry's capacity cycle by quarters: digestion, bust, and what decides between them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr

from overbuild import capex as money
from overbuild import market
from overbuild._calls import Values, at_least_one, numeric, with_names, within
from overbuild.models._events import outcome
from overbuild.models._lead_times import MOST, WEEKS
from overbuild.models._past import past, quarterly

_UNITS = {
    "demand": "MW",
    "orders": "MW",
    "arrivals": "MW",
    "retirements": "MW",
    "capacity": "MW",
    "backlog": "MW",
    "chips_waiting": "MW",
    "power_waiting": "MW",
    "utilization": "share",
    "price": "ratio",
    "capex": "USD bn",
    "opening_cost": "USD m/MW",
    "fall": "share",
    "digesting": "share",
    "digestion": "share",
    "bust": "share",
    "bust_of_capex": "share",
    "bust_of_utilization": "share",
    "largest_fall": "share",
    "lowest_utilization": "share",
}

_TINY, _MOST = float(np.finfo(float).tiny), float(np.finfo(float).max)

#: Least and greatest value of each argument that the cycle does not check itself.
_RANGES = {
    "opening_capex": (_TINY, _MOST),
    "capex_growth": (float(np.nextafter(-1.0, 0.0)), _MOST),
    "demand_growth": (float(np.nextafter(-1.0, 0.0)), _MOST),
    "opening_utilization": (_TINY, _MOST),
    "price_over_cost": (_TINY, _MOST),
    "chip_cost": (_TINY, _MOST),
    "power_cost": (0.0, _MOST),
    "cost_growth": (float(np.nextafter(-1.0, 0.0)), _MOST),
    "life": (0.25, 250.0),
    "cadence": (_TINY, 3000.0),
    "generations": (_TINY, 1000.0),
    "chip_weeks": (0.0, MOST * WEEKS / 2),
    "power_weeks": (0.0, MOST * WEEKS / 2),
    "spread": (0.0, 1.0),
    "chips_with_power": (0.0, 1.0),
    "opening_capacity": (_TINY, _MOST),
    "efficiency": (_TINY, _MOST),
    "demand_lost": (0.0, float(np.nextafter(1.0, 0.0))),
    "orders_cut": (-_MOST, _MOST),
    "orders_cut_over": (1.0, np.inf),
    "funding": (0.0, np.inf),
    "funding_growth": (float(np.nextafter(-1.0, 0.0)), _MOST),
    "efficiency_from": (0.0, np.inf),
    "demand_lost_from": (0.0, np.inf),
    "orders_cut_from": (0.0, np.inf),
    "bust_fall": (0.0, 1.0),
    "bust_utilization": (0.0, 1.0),
    "funding_from": (0.0, np.inf),
}


def industry(
    *,
    opening_capex: Values,
    capex_growth: Values,
    demand_growth: Values,
    elasticity: Values,
    adjustment_speed: Values,
    opening_utilization: Values,
    target_utilization: Values,
    price_over_cost: Values,
    price_response: Values,
    price_reversion: Values,
    chip_cost: Values,
    power_cost: Values,
    cost_growth: Values,
    life: Values,
    cadence: Values,
    generations: Values,
    chip_weeks: Values,
    power_weeks: Values,
    spread: Values,
    gap_correction: Values,
    supply_line_weight: Values,
    planning_horizon: Values,
    smoothing: Values,
    fear_of_missing_out: Values,
    order_response: Values,
    chips_with_power: Values = 1.0,
    opening_capacity: Values | None = None,
    utilization_cap: Values = 1.0,
    efficiency: Values = 1.0,
    efficiency_from: Values = 0.0,
    demand_lost: Values = 0.0,
    demand_lost_from: Values = 0.0,
    orders_cut: Values = 0.0,
    orders_cut_from: Values = 0.0,
    orders_cut_over: Values = 4.0,
    funding: Values = np.inf,
    funding_from: Values = 0.0,
    funding_growth: Values = 0.0,
    periods: int = 40,
    start: str = "2025-01-01",
    digestion_quarters: int = 2,
    bust_fall: Values = 0.5,
    bust_utilization: Values = 0.4,
    bust_quarters: int = 8,
) -> xr.Dataset:
    r"""Capacity, orders, prices and capex of an industry by quarter; whether it digests or busts.

    The cycle is that of :func:`overbuild.market.cycle`. How large the fleet is and what is on order
    follow from capex and its growth until now: with orders that grew by :math:`h` a quarter and
    arrive with shares :math:`p_k`,

    .. math:: K_{-1} = o_{-1} \sum_k (c_1 p^1_k + c_2 p^2_k) (1 + h)^{-k}

    *Digestion*: orders are below their own level of a year before for at least two quarters in a
    row. *Bust*: capex is at least 50% below its peak so far, or utilization is below a floor for
    eight quarters in a row. All four numbers are arguments.

    Parameters
    ----------
    opening_capex : array_like
        USD bn spent in the quarter before the first. This and what follows are numbers, or arrays
        with any named dimensions, such as draw and scenario.
    capex_growth : array_like
        Growth of orders a year until then, a fraction.
    demand_growth : array_like
        Growth of demand for capacity a year at unchanged cost of a service, a fraction; may vary
        over ``period``.
    elasticity : array_like
        Elasticity of services used to their cost, at most 0.
    adjustment_speed : array_like
        Share of the way to what is wanted that services go in a quarter, a fraction.
    opening_utilization : array_like
        Capacity that customers would use before the first quarter, as a share of what there is;
        above 1 if some of them wait.
    target_utilization : array_like
        Share of capacity that owners plan to have in use, a fraction.
    price_over_cost : array_like
        Rental price before the first quarter over the one that covers all cost, a ratio.
    price_response, price_reversion : array_like
        Elasticity of the price to utilization in each quarter; share of its distance to full cost
        that it loses in one.
    chip_cost, power_cost : array_like
        USD m for each MW: chips with servers and network; power and building.
    cost_growth : array_like
        Growth of both a year, a fraction.
    life : array_like
        Years that hardware can serve.
    cadence, generations : array_like
        Months from one generation to the next; number of generations after which hardware does not
        pay any more. It serves until then, or to the end of its life if that is sooner.
    chip_weeks, power_weeks : array_like
        Weeks from order to chips, and to power and building, on average.
    spread : array_like
        Share of that mean by which lead times differ to both sides, evenly, a fraction.
    gap_correction, supply_line_weight : array_like
        Share of the gap to wanted capacity that is ordered in a quarter; share of what is on order
        that owners take into account.
    planning_horizon, smoothing : array_like
        Quarters that owners extrapolate growth; share of the latest growth in what they expect.
    fear_of_missing_out, order_response : array_like
        Share of the growth of all orders beyond demand's that is ordered on top; elasticity of
        orders to price over full cost.
    chips_with_power : array_like
        Share of the chips that come when their power does, a fraction. The others are ordered with
        their site, arrive after `chip_weeks` and wait.
    opening_capacity : array_like, optional
        MW in service before the first quarter; if not given, what was spent at these costs of a MW.
        If given, all costs of a MW are scaled so that the same money has bought it.
    utilization_cap : array_like
        Largest share of capacity that can be in use, a fraction.
    efficiency, efficiency_from : array_like
        Share of the capacity that a service took which it takes from a quarter on, 0 for the first
        one: 0.05 for a task at 5% of the cost.
    demand_lost, demand_lost_from : array_like
        Share of demand that is gone from a quarter on, such as that of a region.
    orders_cut, orders_cut_from, orders_cut_over : array_like
        MW that are not ordered, in equal parts over so many quarters from one on; below 0 for MW
        that are ordered on top.
    funding, funding_from, funding_growth : array_like
        USD bn that can be committed in a quarter from one on, infinite for no limit; growth of that
        a year. A quarter beyond the last is never, here and above.
    periods : int
        Number of quarters.
    start : str
        First day of the first quarter.
    digestion_quarters : int
        Number of quarters of lower orders in a row that are a digestion.
    bust_fall : array_like
        Fall of capex from its peak that is a bust, a fraction.
    bust_utilization : array_like
        Utilization below which several quarters in a row are a bust, a fraction.
    bust_quarters : int
        Number of those quarters.

    Returns
    -------
    Dataset
        Each with its attribute ``unit``. Shape (..., periods), ``period`` being the first days of
        quarters: ``demand``, ``orders``, ``arrivals``, ``retirements``, ``capacity``, ``backlog``,
        ``chips_waiting`` and ``power_waiting`` in MW; ``utilization``; ``price``, a multiple of
        that before the first quarter; ``capex`` in USD bn, ``fall``, its share below its peak so
        far; ``digesting``, 1 while the industry digests, else 0. Shape (...): ``digestion`` and
        ``bust``, 1 if there is one, else 0, so that their means over draws are probabilities;
        ``bust_of_capex`` and ``bust_of_utilization``, by which of both; ``opening_cost``, of a MW
        with chips and power before the first quarter, USD m; ``largest_fall`` and
        ``lowest_utilization``. NaN where an argument is missing or out of range, the latter with
        NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers, or a number of quarters is not
        whole.
    ValueError
        If a number of quarters is below 1, `start` is no first day of a month, an array has no
        names or a dimension that it must not have, or labels differ.

    Notes
    -----
    A study of it is ``ob.Study(ob.models.industry, ob.read_inputs(ob.data.path("industry")))``; the
    table's sources are cited there, and judgements marked as such. The summary gives means with
    standard errors, ``sensitivity()`` what drives them. Orders are counted as they are placed,
    capex as chips and power arrive: with all chips ordered to come with their power, a cut of
    orders reaches capex years later; with all ordered at once, within quarters, but then chips of
    several quarters wait for power. Neither lets owners cancel what is ordered.

    Source: as of :func:`overbuild.market.cycle`; definitions of digestion and bust are ours.

    Examples
    --------
    >>> import overbuild as ob
    >>> inputs = ob.read_inputs(ob.data.path("industry"))
    >>> result = ob.Study(ob.models.industry, inputs).run(draws=4096, seed=1)
    >>> list(result.summary().loc[["digestion", "bust"]].columns[[3, -1]])
    ['mean', 'SE mean']
    """
    periods, first = at_least_one(periods), _month(start)
    given = _checked(
        opening_capex=opening_capex,
        capex_growth=capex_growth,
        demand_growth=demand_growth,
        opening_utilization=opening_utilization,
        price_over_cost=price_over_cost,
        chip_cost=chip_cost,
        power_cost=power_cost,
        cost_growth=cost_growth,
        life=life,
        cadence=cadence,
        generations=generations,
        chip_weeks=chip_weeks,
        power_weeks=power_weeks,
        spread=spread,
        chips_with_power=chips_with_power,
        opening_capacity=opening_capacity,
        efficiency=efficiency,
        efficiency_from=efficiency_from,
        demand_lost=demand_lost,
        demand_lost_from=demand_lost_from,
        orders_cut=orders_cut,
        orders_cut_from=orders_cut_from,
        orders_cut_over=orders_cut_over,
        funding=funding,
        funding_from=funding_from,
        funding_growth=funding_growth,
        bust_fall=bust_fall,
        bust_utilization=bust_utilization,
    )
    before, series = past(given), _series(given, periods)
    found = vars(
        market.cycle(
            periods=periods,
            capacity=before.capacity,
            demand=before.capacity * given.opening_utilization,
            opening_growth=before.growth,
            life=before.life,
            elasticity=elasticity,
            adjustment_speed=adjustment_speed,
            target_utilization=target_utilization,
            utilization_cap=utilization_cap,
            full_cost=1.0 / given.price_over_cost,
            price_response=price_response,
            price_reversion=price_reversion,
            gap_correction=gap_correction,
            supply_line_weight=supply_line_weight,
            planning_horizon=planning_horizon,
            smoothing=smoothing,
            fear_of_missing_out=fear_of_missing_out,
            order_response=order_response,
            chip_lead_time=before.chips,
            power_lead_time=before.power,
            chip_cost=before.chip_cost,
            power_cost=before.power_cost,
            cost_growth=quarterly(given.cost_growth),
            growth=series.growth,
            intensity=series.intensity,
            order_change=series.order_change,
            funding=series.funding,
        )
    )
    found["capex"] = found["capex"] / 1e3
    dates = {"period": (first + 3 * np.arange(periods)).astype("datetime64[ns]")}
    paths = {name: path.assign_coords(dates) for name, path in found.items()}
    cost: xr.DataArray = before.chip_cost + before.power_cost
    paths["opening_cost"] = cost.where(found["orders"].notnull().all("period"))
    counts = (
        at_least_one(digestion_quarters, "digestion_quarters"),
        at_least_one(bust_quarters, "bust_quarters"),
    )
    floors = given.bust_fall, given.bust_utilization
    paths |= outcome(paths, before, given.opening_capex, counts, *floors)
    return xr.Dataset(
        {name: paths[name].drop_attrs().assign_attrs(unit=unit) for name, unit in _UNITS.items()}
    )


def _month(start: str) -> np.datetime64:
    """Return the month that begins on a day."""
    try:
        day: Any = np.datetime64(start, "D")
    except (TypeError, ValueError):
        day = np.datetime64("NaT")
    month = day.astype("datetime64[M]")
    if day != month:  # nor is no day equal to any
        msg = f"start must be the first day of a month, such as '2025-01-01', got {start!r:.80}"
        raise ValueError(msg)
    return np.datetime64(month)


def _checked(**arguments: Values | None) -> SimpleNamespace:
    """Return the arguments as arrays with named axes, within their ranges and alike in labels."""
    named = {}
    for name, value in arguments.items():
        if value is None:
            continue
        array = with_names(name, numeric(name, value), [])
        if "period" in array.dims and name != "demand_growth":
            msg = f"{name} is one number for all of 'period', but has that dimension"
            raise ValueError(msg)
        named[name] = within(array, *_RANGES[name])
    try:
        xr.align(*named.values(), join="exact", copy=False)
    except ValueError as error:
        msg = f"arguments have different labels or lengths: {error}"
        raise ValueError(msg) from error
    return SimpleNamespace(**dict.fromkeys(arguments) | named)


def _series(given: SimpleNamespace, periods: int) -> SimpleNamespace:
    """Return the series that tell what happens when."""
    if given.demand_growth.sizes.get("period", periods) != periods:
        found = given.demand_growth.sizes["period"]
        msg = f"demand_growth has {found} periods, but there are {periods}"
        raise ValueError(msg)
    quarter = xr.DataArray(np.arange(float(periods)), dims="period")

    def since(begin: xr.DataArray, then: xr.DataArray, before: float) -> xr.DataArray:
        changed: xr.DataArray = (then + 0.0 * quarter).where(quarter >= begin, before)
        return changed.where(begin.notnull())

    lost_from, cut_from = given.demand_lost_from, np.ceil(given.orders_cut_from)
    is_first = (quarter >= lost_from) & (quarter - 1.0 < lost_from)
    kept = (1.0 - given.demand_lost * is_first).where(lost_from.notnull())
    over = np.ceil(given.orders_cut_over)
    is_cut = (quarter >= cut_from) & (quarter < cut_from + over)
    cut = (-given.orders_cut / over * is_cut).where(cut_from.notnull())
    elapsed = (quarter - given.funding_from).clip(min=0.0)
    funds = money.fv(quarterly(given.funding_growth), elapsed, 0.0, -1e3 * given.funding)
    return SimpleNamespace(
        growth=(1.0 + quarterly(given.demand_growth)) * kept - 1.0,
        intensity=since(given.efficiency_from, given.efficiency, 1.0),
        order_change=cut,
        funding=since(given.funding_from, funds, np.inf),
    )
