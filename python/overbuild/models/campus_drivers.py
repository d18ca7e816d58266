"""What each task of a campus decides: how often, by when to begin it, what a month is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from overbuild import leadtime
from overbuild._calls import Values, with_names
from overbuild.models.campus import NETWORK, WEEKS, campus

_DRAW = "draw"

_UNITS = {
    "criticality": "share",
    "begin_by": "",
    "begin_together_by": "",
    "in_time": "share",
    "weeks_sooner": "week",
    "megawatt_months": "MW-month",
    "idle_cost_saved": "USD",
    "revenue_gained": "USD",
    "value": "USD",
}


def campus_drivers(
    *, need: Values, confidence: float = 0.9, months: float = 1.0, **arguments: Any
) -> xr.Dataset:
    r"""How often each task decides, by when to begin it, and what a month less of it is worth.

    A task is begun in time with probability c if what is left from its beginning to service is
    over by then,

    .. math:: \max\,\{\, o : P(o + T_i \le n) \ge c \,\}, \qquad
              V_i = E\Bigl[\sum_t (R_t^{(i)} - R_t) - (K_t^{(i)} - K_t)\Bigr]

    with :math:`T` the weeks to service, R revenue, K the cost of idle capital, and (i) for the
    same draws with that task a month shorter, in all buildings at once.

    Parameters
    ----------
    need : array_like
        For each building the date by which it must serve, or the week; along ``building``.
    confidence : float
        Probability of that, a fraction between 0 and 1.
    months : float
        Number of months by which each task in turn is shortened, at most to nothing.
    **arguments
        What :func:`campus` takes, lead times and all else; what is uncertain has dimension
        ``draw``, such as the inputs in the data set of a :class:`overbuild.Study`.

    Returns
    -------
    Dataset
        Over all draws. Shape (..., tasks, buildings): ``criticality``, the share of draws in which
        a task is critical; ``begin_by``, the last date or week to order or begin it, if nothing
        else is late; ``begin_together_by``, the same for tasks that wait for no other, if each of
        them is begun as late as that and the building shall still serve in time with that
        probability, none for tasks that wait; ``weeks_sooner``, by which a building serves sooner
        on average if the task is shorter. Shape (..., buildings): ``in_time``, the probability
        left if those that wait for none are all begun at their ``begin_by``. Shape (..., tasks),
        averages of sums over all months: ``megawatt_months`` gained, ``idle_cost_saved``,
        ``revenue_gained`` and their sum ``value``, in USD. NaN where a draw is NaN.

    Raises
    ------
    TypeError
        As :func:`campus`, or if `months` is no number.
    ValueError
        As :func:`campus`; if `confidence` is not between 0 and 1 or `months` not above 0.

    Notes
    -----
    Value counts the months of the model and discounts nothing. It can be negative: what comes
    sooner is paid sooner, and stands idle for longer where something else is late.

    All tasks that wait for none get the same probability of their own in ``begin_together_by``,
    the least that will do.

    Source: criticality index: R. M. Van Slyke, *Operations Research* 11 (1963), 839-860; the rest
    by definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> import xarray as xr
    >>> found = ob.models.campus_drivers(
    ...     need=170, confidence=0.5, megawatts=100, kw_per_gpu=1.4, pue=1.25, price=2.0,
    ...     network={"power": [], "racks": [], "testing": ["power", "racks"]}, energised="power",
    ...     power=xr.DataArray([100.0, 150.0], dims="draw"), racks=52, testing=6)
    >>> found.criticality.isel(building=0).values
    array([1., 0., 1.])
    >>> found.begin_by.isel(building=0).values
    array([ 64., 112., 164.])
    >>> (found.value / 1e6).round(1).values
    array([83.5,  0. , 83.5])
    """
    if not 0.0 < confidence < 1.0:
        msg = f"confidence must be between 0 and 1, got {confidence}"
        raise ValueError(msg)
    if not months > 0.0:
        msg = f"months must be above 0, got {months}"
        raise ValueError(msg)
    base = _over_draws(campus(**arguments))
    network = arguments.get("network")
    links = leadtime.Network(dict(NETWORK if network is None else network)).links
    first = [task for task in base["task"].values if task not in set(links.task)]
    due = with_names("need", need, ["building"])
    left = base["to_service"]
    saved = _shorter(base, arguments, months * WEEKS)
    found = {
        "criticality": base["critical"].mean(_DRAW, skipna=False),
        "begin_by": leadtime.order_by(due, left, confidence),
        **_together(due, left, first, confidence),
        **saved,
        "value": saved["idle_cost_saved"] + saved["revenue_gained"],
    }
    return xr.Dataset(
        {
            name: found[name]
            .transpose(..., "task", "building", missing_dims="ignore")
            .drop_attrs()
            .assign_attrs({"unit": unit} if unit else {})
            for name, unit in _UNITS.items()
        }
    )


def _over_draws(found: xr.Dataset) -> xr.Dataset:
    return found if _DRAW in found.dims else found.expand_dims(_DRAW)


def _together(
    due: xr.DataArray, left: xr.DataArray, first: list[Any], confidence: float
) -> dict[str, xr.DataArray]:
    """Find by when to begin tasks that are all begun at the last moment, and what that risks."""
    parts = left.sel(task=first)
    alone = -leadtime.order_by(0.0, parts, confidence)
    known = parts.notnull().all([_DRAW, "task"])
    in_time = (parts <= alone).all("task").mean(_DRAW)
    weeks: xr.DataArray = xr.apply_ufunc(
        _enough,
        parts,
        kwargs={"confidence": confidence},
        input_core_dims=[["task", _DRAW]],
        output_core_dims=[["task"]],
    )
    begin = leadtime.order_by(due, weeks.expand_dims(_DRAW), 0.5)  # of one draw
    return {"begin_together_by": begin.reindex(task=left["task"]), "in_time": in_time.where(known)}


def _enough(left: NDArray[np.float64], confidence: float) -> NDArray[np.float64]:
    """Return weeks for each task that all together are enough in that share of draws.

    A task is in time with its k-th least number of weeks if it is no later in rank than k, and
    all are if the last of them in rank is: k is a quantile of those.
    """
    draws = left.shape[-1]
    last = stats.rankdata(left, method="min", axis=-1).max(axis=-2, keepdims=True)
    place = int(np.ceil(confidence * draws * (1 - 1e-12))) - 1
    rank = np.sort(last, axis=-1)[..., place : place + 1]
    missing = np.isnan(rank)
    k = np.where(missing, 1, rank).astype(int) - 1
    weeks = np.take_along_axis(
        np.sort(left, axis=-1), np.broadcast_to(k, (*left.shape[:-1], 1)), -1
    )
    return np.where(missing, np.nan, weeks)[..., 0]


def _shorter(base: xr.Dataset, arguments: dict[str, Any], weeks: float) -> dict[str, xr.DataArray]:
    """Run the campus again for each task, a month shorter, and compare."""
    rows = []
    for task in base["task"].values:
        given = arguments[task]
        less = (given if isinstance(given, xr.DataArray) else np.asarray(given)) - weeks
        other = _over_draws(campus(**arguments | {task: np.maximum(less, 0.0)}))
        gained = {
            "weeks_sooner": base["service"] - other["service"],
            "megawatt_months": (other["energised"] - base["energised"]).sum("period", skipna=False),
            "idle_cost_saved": (base["idle_cost"] - other["idle_cost"]).sum("period", skipna=False),
            "revenue_gained": (other["revenue"] - base["revenue"]).sum("period", skipna=False),
        }
        rows.append({name: change.mean(_DRAW, skipna=False) for name, change in gained.items()})
    return {name: xr.concat([row[name] for row in rows], base["task"]) for name in rows[0]}
