"""A campus built in phases: when each building is energised, and what stands idle until then."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild import capex, leadtime
from overbuild._calls import Values, at_least_one, numeric, with_names, within

#: Weeks and hours in a month, a twelfth of 365.25 days.
WEEKS = 365.25 / 84
HOURS = 730.5

#: What a building waits for, unless told otherwise.
NETWORK: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "utility_power": (),
        "shell": (),
        "transformer": (),
        "switchgear": (),
        "generator": (),
        "chiller": (),
        "racks": (),
        "installation": ("shell", "transformer", "switchgear", "generator", "chiller"),
        "energising": ("utility_power", "installation"),
        "commissioning": ("energising", "racks"),
    }
)

_UNITS = {
    "energised": "MW",
    "gpus_arrived": "GPU",
    "gpus_in_service": "GPU",
    "gpus_idle": "GPU",
    "idle_gpu_hours": "GPU-hour",
    "capital_paid": "USD",
    "capital_idle": "USD",
    "idle_cost": "USD",
    "revenue": "USD",
    "revenue_missed": "USD",
    "service": "week",
    "finish": "week",
    "critical": "share",
    "to_service": "week",
}

_PER_BUILDING = ["building"]


def campus(
    *,
    megawatts: Values,
    kw_per_gpu: Values,
    pue: Values,
    gpus: Values | None = None,
    start: Values = 0.0,
    ordered: Mapping[str, Values] | None = None,
    costs: Mapping[str, Values] | None = None,
    cost_of_capital: Values = 0.0,
    price: Values = 0.0,
    grid: Values = np.inf,
    periods: int = 120,
    network: Mapping[str, Any] | None = None,
    energised: str = "energising",
    arrived: str = "racks",
    **lead_times: Values,
) -> xr.Dataset:
    r"""Power, GPUs and idle money of a campus built in phases, month by month.

    Each building has the same network of tasks, with durations of its own. It takes power when
    one of them is finished, has its GPUs when another is, and serves when all are: with
    :math:`s_t(w)` for the part of month t that is after week w,

    .. math:: n_t = \kappa_t \sum_b \min(G_b, P_b / q_b)\, s_t(M_b), \qquad
              I_t = \sum_b \sum_i C_{ib}\, s_t(F_{ib}) - \kappa_t \sum_b C_b\, s_t(M_b)

    where :math:`q` is the power of a GPU in the facility and :math:`\kappa` is the share of what
    could serve that the grid lets run.

    Parameters
    ----------
    megawatts : array_like
        MW of power for each building. This and what follows may have dimension ``building`` and
        others, such as draw and scenario; exceptions are said. Arrays without names run along
        ``building``.
    kw_per_gpu, pue : array_like
        kW for each GPU with its part of the server, a number; power usage effectiveness.
    gpus : array_like, optional
        Number of GPUs for each building; as many as its power carries if not given.
    start : array_like
        Weeks from the first day on to the start of each building: when tasks begin that wait
        for no other.
    ordered : mapping, optional
        For some tasks the week before which they are not ordered or begun, counted from the first
        day and not from the start of the building.
    costs : mapping, optional
        For some tasks the USD for each building that are paid when they are finished.
    cost_of_capital : array_like
        Share of capital a year, a fraction; a twelfth of it a month.
    price : array_like
        USD that a GPU in service earns in each hour. Arrays without names run along ``period``.
    grid : array_like
        MW that the grid gives to the whole campus; without names along ``period``.
    periods : int
        Number of months.
    network : mapping, optional
        For each task what it waits for, as for :class:`overbuild.leadtime.Network`. If not given,
        ``installation`` waits for ``shell``, ``transformer``, ``switchgear``, ``generator`` and
        ``chiller``; ``energising`` for that and for ``utility_power``; ``commissioning`` for that
        and for ``racks``.
    energised, arrived : str
        Tasks whose finish gives a building its power, and its GPUs.
    **lead_times : array_like
        Weeks that each task takes, by its name: numbers of at least 0.

    Returns
    -------
    Dataset
        Each with its attribute ``unit``. Shape (..., periods), averages over a month or sums of
        it: ``energised`` MW; ``gpus_arrived``, ``gpus_in_service``, ``gpus_idle`` (arrived and not
        in service), ``idle_gpu_hours``; ``capital_paid``, ``capital_idle`` (paid and not at work),
        ``idle_cost`` (what that costs in the month), ``revenue``, ``revenue_missed`` (of idle
        GPUs). Shape (..., buildings): ``service``, the week in which a building serves. Shape
        (..., tasks, buildings): ``finish``, the week in which a task is finished, ``critical``, 1
        where a week more would make the building a week late, else 0, and ``to_service``, weeks
        from the beginning of a task to service if nothing else holds it up. NaN where a lead time
        is, or where an argument is out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers, or a mapping is none.
    ValueError
        If a lead time is missing, negative or infinite, is given for what is no task, labels
        differ, an argument has a dimension that it must not have, or tasks wait for each other in
        a cycle.

    Notes
    -----
    The model works draw by draw, so a study of it is ``ob.Study(ob.models.campus, inputs)``; what
    is no number goes in with :func:`functools.partial`. :func:`campus_drivers` tells what needs
    all draws. A month has 365.25 / 12 days. Capital is at work in a building that serves, as far
    as its GPUs run.

    Source: definitions; nothing in it is special to one campus.

    Examples
    --------
    >>> import overbuild as ob
    >>> found = ob.models.campus(
    ...     megawatts=[100, 100], kw_per_gpu=1.4, pue=1.25, start=[0, 26], costs={"racks": 2e9},
    ...     cost_of_capital=0.1, periods=48, utility_power=130, shell=90, transformer=120,
    ...     switchgear=47, generator=34, chiller=35, racks=52, installation=13, energising=2,
    ...     commissioning=6)
    >>> found.service.values
    array([141., 167.])
    >>> (found.idle_cost.sum() / 1e6).round(1).item()
    682.3
    """
    periods = at_least_one(periods)
    tasks = _tasks(network, lead_times, ordered=ordered, costs=costs)
    for name, task in {"energised": energised, "arrived": arrived}.items():
        if task not in tasks:
            msg = f"{name} must be a task, got {task!r}; tasks are {', '.join(tasks)}"
            raise ValueError(msg)
    given = _checked(
        megawatts=megawatts,
        kw_per_gpu=kw_per_gpu,
        pue=pue,
        gpus=np.inf if gpus is None else gpus,
        start=start,
        cost_of_capital=cost_of_capital,
        price=price,
        grid=grid,
        **{f"ordered {task}": week for task, week in (ordered or {}).items()},
        **{f"costs {task}": cost for task, cost in (costs or {}).items()},
        **{f"lead time {task}": weeks for task, weeks in lead_times.items()},
    )
    _check_periods(given, periods)
    times = _times(given, tasks, ordered or {})
    found = {
        "finish": times.early_finish,
        "critical": times.critical.astype(float).where(times.makespan.notnull()),
        "service": times.makespan,
        "to_service": (times.makespan - times.late_start).transpose(*times.late_start.dims),
    }
    found |= _months(given, found, list(costs or {}), (energised, arrived), periods)
    return xr.Dataset(
        {name: found[name].drop_attrs().assign_attrs(unit=unit) for name, unit in _UNITS.items()}
    )


def _tasks(
    network: Any, lead_times: Mapping[str, Values], **mappings: Mapping[str, Values] | None
) -> dict[str, Any]:
    """Return what each task waits for, and check that everything given is about a task."""
    if not isinstance(network, Mapping | None):
        msg = f"network must be a mapping from task to what it waits for, got {network!r:.80}"
        raise TypeError(msg)
    tasks = dict(NETWORK if network is None else network)
    known = f"tasks are {', '.join(tasks)}"
    if missing := [task for task in tasks if task not in lead_times]:
        msg = f"no lead time is given for task {', '.join(map(repr, missing))}; {known}"
        raise ValueError(msg)
    for name, mapping in {"lead time": lead_times, **mappings}.items():
        if not isinstance(mapping, Mapping | None):
            msg = f"{name} must be a mapping from task to number, got {mapping!r:.80}"
            raise TypeError(msg)
        if unknown := [task for task in mapping or {} if task not in tasks]:
            what = "argument or task" if name == "lead time" else f"task of {name}"
            msg = f"there is no {what} {', '.join(map(repr, unknown))}; {known}"
            raise ValueError(msg)
    return tasks


#: Least value of each argument that has one other than 0.
_LEAST = {
    "kw_per_gpu": float(np.finfo(float).tiny),
    "pue": 1.0,
    "cost_of_capital": -np.inf,
    "price": -np.inf,
}


def _checked(**arguments: Values) -> dict[str, xr.DataArray]:
    """Return the arguments as arrays with named axes, within their ranges and alike in labels."""
    named = {}
    for name, value in arguments.items():
        monthly = name in ("price", "grid")
        array = with_names(name, numeric(name, value), ["period"] if monthly else _PER_BUILDING)
        wrong = {"task"} | ({"building"} if monthly or name == "cost_of_capital" else {"period"})
        if name == "cost_of_capital":
            wrong.add("period")
        if found := [str(dim) for dim in array.dims if dim in wrong]:
            msg = f"{name} must not have dimension {', '.join(map(repr, found))}"
            raise ValueError(msg)
        named[name] = array
    try:
        xr.align(*named.values(), join="exact", copy=False)
    except ValueError as error:
        msg = f"arguments have different labels or lengths: {error}"
        raise ValueError(msg) from error
    if not any("building" in array.dims for array in named.values()):
        named["megawatts"] = named["megawatts"].expand_dims("building")
    # A lead time out of range is for the network to refuse, by name.
    return {
        name: array
        if name.startswith("lead time")
        else within(array, _LEAST.get(name, 0.0), np.inf)
        for name, array in named.items()
    }


def _check_periods(given: Mapping[str, xr.DataArray], periods: int) -> None:
    for name in ("price", "grid"):
        if given[name].sizes.get("period", periods) != periods:
            msg = f"{name} has {given[name].sizes['period']} periods, but there are {periods}"
            raise ValueError(msg)


def _times(
    given: Mapping[str, xr.DataArray],
    tasks: Mapping[str, Any],
    ordered: Mapping[str, Values],
) -> xr.Dataset:
    """Solve the network of each building; that a task is not begun before a week is a task, too."""
    links = leadtime.Network(tasks).links.groupby("task", sort=False)
    waits: dict[str, list[Any]] = {
        str(task): list(zip(rows.predecessor, rows.kind, rows.lag, strict=True))
        for task, rows in links
    }
    whole: dict[Hashable, list[Any]] = {}
    durations: dict[Hashable, xr.DataArray] = {}
    for task in tasks:
        whole[task] = waits.get(task, [])
        durations[task] = given[f"lead time {task}"]
        if not whole[task] or task in ordered:
            before = f"not before: {task}"
            whole[task] = [*whole[task], before]
            whole[before] = []
            durations[before] = given[f"ordered {task}" if task in ordered else "start"]
    # All buildings have a schedule, even where they are alike.
    wide = next(array for array in given.values() if "building" in array.dims)
    one = xr.zeros_like(wide.isel({dim: 0 for dim in wide.dims if dim != "building"}, drop=True))
    first = next(iter(tasks))
    durations[first] = durations[first] + one.astype(float)
    return leadtime.Network(whole).critical_path(durations).sel(task=list(tasks))


def _months(
    given: Mapping[str, xr.DataArray],
    found: Mapping[str, xr.DataArray],
    paid_for: list[str],
    chosen: tuple[str, str],
    periods: int,
) -> dict[str, xr.DataArray]:
    """Compute what is there in each month, and what of it can run."""
    one = SimpleNamespace(**given)
    on, here = (found["finish"].sel(task=task, drop=True) for task in chosen)
    service = found["service"]

    def there(amount: xr.DataArray, week: xr.DataArray) -> xr.DataArray:
        return _there(amount, week, periods, _PER_BUILDING)

    carried = one.megawatts / capex.facility_power(1.0, one.kw_per_gpu, one.pue)
    gpus = one.gpus.where(one.gpus != np.inf, carried)
    able = leadtime.in_service(gpus, carried)
    arrived, installed = there(gpus, here), there(gpus, service)
    ready = there(able, service)
    needed = there(capex.facility_power(able, one.kw_per_gpu, one.pue), service)
    let_run = leadtime.in_service(needed, one.grid) / needed.where(needed != 0.0, 1.0)
    running = leadtime.in_service(arrived, ready * let_run)
    idle = leadtime.stranded(arrived, running, 1.0, HOURS)

    nothing = xr.zeros_like(arrived)
    paid, built = nothing, nothing
    for task in paid_for:
        cost = given[f"costs {task}"]
        paid = paid + there(cost, found["finish"].sel(task=task, drop=True))
        built = built + there(cost, service)
    share = running / installed.where(installed != 0.0, 1.0)
    at_work = np.minimum(built * share, paid)
    hours = running * HOURS
    return {
        "energised": leadtime.in_service(there(one.megawatts, on), one.grid),
        "gpus_arrived": arrived,
        "gpus_in_service": running,
        "gpus_idle": idle.gpus,
        "idle_gpu_hours": idle.hours,
        "capital_paid": paid,
        "capital_idle": paid - at_work,
        "idle_cost": (paid - at_work) * one.cost_of_capital / 12,
        "revenue": hours * one.price,
        "revenue_missed": idle.hours * one.price,
    }


def _there(amount: xr.DataArray, week: xr.DataArray, periods: int, over: list[str]) -> xr.DataArray:
    """Add up amounts that are there from a week on: averages over months."""
    amount, week = xr.broadcast(amount, week)
    summed: xr.DataArray = xr.apply_ufunc(
        _sum_from,
        amount,
        week / WEEKS,
        kwargs={"periods": periods},
        input_core_dims=[over, over],
        output_core_dims=[["period"]],
    )
    return summed


def _sum_from(
    amount: NDArray[np.float64], month: NDArray[np.float64], periods: int
) -> NDArray[np.float64]:
    """Sum over the last axis; the month of a beginning has part of the amount, later ones all."""
    rows = np.arange(int(np.prod(month.shape[:-1]))).reshape(*month.shape[:-1], 1)
    known = ~(np.isnan(amount) | np.isnan(month))
    whole = np.floor(np.minimum(np.where(known, month, 0.0), periods))
    part = np.where(known, month - whole, 0.0)
    place = rows * (periods + 2) + whole.astype(np.int64)
    size = rows.size * (periods + 2)
    # Nothing of what comes after the last month is read.
    steps = np.bincount(place.ravel(), np.ravel(amount * (1.0 - part) + 0.0 * month), size)
    steps += np.bincount(place.ravel() + 1, np.ravel(amount * part), size)
    table = steps.reshape(*month.shape[:-1], periods + 2)
    return np.cumsum(table[..., :periods], axis=-1)
