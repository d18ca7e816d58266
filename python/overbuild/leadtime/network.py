"""Schedules of tasks that wait for each other: what decides the finish, and by how much."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overbuild import _core
from overbuild._calls import Values, at_least_one
from overbuild.leadtime._links import KINDS, Link, finite, tasks_of
from overbuild.leadtime.simulation import Simulation, drawn_durations
from overbuild.study.draws.sampling import BITS

_TIMES = ("early_start", "early_finish", "late_start", "late_finish", "total_float", "free_float")


class Network:
    r"""Tasks that wait for each other, checked and put in order once.

    .. math:: F_i = S_i + d_i, \qquad S_j \ge \max_i (F_i + \ell_{ij})

    and likewise for links from start to start, finish to finish and start to finish.

    Parameters
    ----------
    tasks : mapping, DataFrame or networkx.DiGraph
        For each task what it waits for: a name, or a list of names and of tuples (name, kind, lag)
        with kind "FS", "SS", "FF" or "SF" (see :class:`Link`), or text as in project plans, such as
        ``"site, shell SS+4"``: a name, and if wanted a space, the kind in capitals and a lag. A
        DataFrame has one row a task: columns ``task`` (or the index), ``predecessors`` and, if
        wanted, ``not_before``. A graph's edges go from predecessor to task and may have attributes
        ``kind`` and ``lag``, its nodes ``not_before``.
    not_before : mapping, optional
        Times before which tasks cannot start, numbers in the unit of the durations from the
        beginning on.

    Attributes
    ----------
    tasks : list
        Names in the order given.

    Raises
    ------
    ValueError
        If tasks wait for each other in a cycle, whatever the kinds of links, which is printed; if a
        task is given twice, prints like another or waits for what is no task.
    TypeError
        If `tasks` is none of these, or a lag or time is no number.

    Notes
    -----
    Source: J. E. Kelley, M. R. Walker, *Critical-path planning and scheduling* (1959); links with
    lags after J. W. Fondahl (1961).

    Examples
    --------
    >>> import overbuild as ob
    >>> network = ob.leadtime.Network({"power": [], "shell": [], "racks": ["power", "shell SS+30"]})
    >>> times = network.critical_path({"power": 130, "shell": 90, "racks": 12})
    >>> float(times.makespan), times.total_float.sel(task="shell").item()
    (142.0, 52.0)
    """

    def __init__(self, tasks: Any, *, not_before: Mapping[Hashable, float] | None = None) -> None:
        self.tasks, self._links, earliest = tasks_of(tasks)
        place = {task: k for k, task in enumerate(self.tasks)}
        begin = np.zeros(len(self.tasks))
        for task, time in (earliest | dict(not_before or {})).items():
            if task not in place:
                msg = f"not_before is given for {task!r}, which is no task"
                raise ValueError(msg)
            begin[place[task]] = max(finite(time, f"not_before of {task!r}"), 0.0)
        self._begin = begin
        try:
            self._core = _core.Network(
                begin,
                [place[task] for task in self._links.predecessor],
                [place[task] for task in self._links.task],
                [KINDS[kind] for kind in self._links.kind],
                self._links.lag,
            )
        except ValueError as error:
            (ring,) = error.args
            names = [str(self.tasks[k]) for k in [*ring, ring[0]]]
            msg = f"tasks wait for each other in a cycle: {' -> '.join(names)}"
            raise ValueError(msg) from None

    def __reduce__(self) -> tuple[Any, ...]:
        links: dict[Hashable, list[Link]] = {task: [] for task in self.tasks}
        known = self._links
        for k, task in enumerate(known.task):
            links[task].append(Link(known.predecessor[k], known.kind[k], known.lag[k]))
        return _restored, (links, dict(zip(self.tasks, self._begin.tolist(), strict=True)))

    @property
    def links(self) -> pd.DataFrame:
        """One row a link: ``predecessor``, ``task``, ``kind``, ``lag``."""
        return pd.DataFrame(dataclasses.asdict(self._links))

    def __repr__(self) -> str:
        return f"Network of {len(self.tasks)} tasks and {len(self._links.task)} links"

    def critical_path(self, durations: Mapping[Hashable, Values] | xr.DataArray) -> xr.Dataset:
        r"""Earliest and latest times of all tasks, their floats, and the makespan.

        .. math:: TF_i = LS_i - ES_i, \qquad M = \max_i EF_i

        Parameters
        ----------
        durations : mapping or DataArray
            For each task a number of at least 0, in any unit of time; an array without names runs
            along ``draw``. Or one DataArray of dimension ``task`` and any others, such as draw,
            site or scenario.

        Returns
        -------
        Dataset
            In the unit of the durations, shape (task, ...): ``early_start``, ``early_finish``,
            ``late_start``, ``late_finish``, ``total_float`` (how much a task may slip without
            moving the end), ``free_float`` (without moving any other task), ``critical`` (whether
            its total float is 0), and ``makespan``, of shape (...). All of a schedule is NaN
            where one of its durations is, and nothing in it critical.

        Raises
        ------
        ValueError
            If a duration is missing, negative or infinite; if labels differ.
        TypeError
            If a duration is no number.

        Notes
        -----
        Source: as of the class. A float below 1e-12 of the makespan is rounding, and 0.

        Examples
        --------
        >>> import overbuild as ob
        >>> network = ob.leadtime.Network({"order": [], "build": "order", "permit": [],
        ...                                "energise": ["build", "permit"]})
        >>> times = network.critical_path({"order": 4, "build": [60, 40], "permit": 52,
        ...                                "energise": 2})
        >>> times.makespan.values, times.critical.sel(task="permit").values
        (array([66., 54.]), array([False,  True]))
        """
        rows = self._rows(durations)
        flat = np.ascontiguousarray(rows.values.reshape(len(self.tasks), -1))
        times, makespan = self._core.solve(flat)
        dims, shape = rows.dims, rows.shape
        found = {name: (dims, one.reshape(shape)) for name, one in zip(_TIMES, times, strict=True)}
        critical = found["total_float"][1] == 0
        more = {"critical": (dims, critical), "makespan": (dims[1:], makespan.reshape(shape[1:]))}
        return xr.Dataset({**found, **more}, coords=rows.coords)

    def simulate(
        self,
        durations: Mapping[Hashable, Any],
        draws: int = 65_536,
        seed: int = 0,
        milestones: Sequence[Hashable] | None = None,
    ) -> Simulation:
        r"""Draw durations and solve the network for each draw, in one pass.

        .. math:: c_i = \Pr(TF_i = 0), \qquad \rho_i = \mathrm{corr}(d_i, M)

        Parameters
        ----------
        durations : mapping
            For each task a number of at least 0, a frozen distribution of ``scipy.stats``, or an
            :class:`overbuild.Input` of one; all in one unit of time, independent of each other.
        draws : int
            Number of draws, at least 1; powers of two are best.
        seed : int
            Number that the draws depend on: the same seed gives the same bits.
        milestones : sequence, optional
            Names of tasks whose finish is kept in every draw; by default those that no other task
            waits for.

        Returns
        -------
        Simulation
            The makespan and the milestones' finish over draws, shape (draw,), in the unit of the
            durations; how often each task is critical, and how it moves with the makespan.

        Raises
        ------
        ValueError
            If a duration is missing, negative, infinite or cannot be drawn from, a milestone is
            no task, or `draws` is below 1.
        TypeError
            If a duration is neither a number nor a distribution.

        Notes
        -----
        Source: criticality index: R. M. Van Slyke, *Operations Research* 11 (1963), 839-860. Draws
        are scrambled Sobol' points, as in :class:`overbuild.Study`.

        Examples
        --------
        >>> import overbuild as ob
        >>> network = ob.leadtime.Network({"power": [], "shell": [], "racks": ["power", "shell"]})
        >>> found = network.simulate({"power": ob.between(80, 210), "shell": ob.between(78, 104),
        ...                           "racks": 12}, draws=4096)
        >>> found.criticality.round(2).to_dict()
        {'power': 0.88, 'shell': 0.12, 'racks': 1.0}
        """
        self._check_names(durations)
        size = at_least_one(draws, "draws")
        if isinstance(milestones, str):
            msg = f"milestones must be a list of tasks, got {milestones!r}"
            raise TypeError(msg)
        chosen = self._last() if milestones is None else list(dict.fromkeys(milestones))
        if size > 2**BITS:
            msg = f"draws must be at most 2**{BITS}, got {draws}"
            raise ValueError(msg)
        for task in chosen:
            if task not in durations:
                msg = f"milestone {task!r} is no task"
                raise ValueError(msg)
        given = drawn_durations({task: durations[task] for task in self.tasks}, size, seed)
        places = [self.tasks.index(task) for task in chosen]
        makespan, finish, of_tasks = self._core.simulate(given, places, size)
        criticality, correlation, least = of_tasks
        _check_not_negative(self.tasks, least)
        index = pd.Index(self.tasks, name="task")
        return Simulation(
            makespan=xr.DataArray(makespan, dims="draw", name="makespan"),
            finish=xr.DataArray(
                finish, dims=["milestone", "draw"], coords={"milestone": chosen}, name="finish"
            ),
            criticality=pd.Series(criticality, index, name="criticality"),
            correlation=pd.Series(correlation, index, name="correlation"),
        )

    def _last(self) -> list[Hashable]:
        awaited = set(self._links.predecessor)
        return [task for task in self.tasks if task not in awaited]

    def _check_names(self, given: Mapping[Hashable, Any]) -> None:
        if not isinstance(given, Mapping):
            msg = f"durations must be a mapping from task to duration, got {type(given).__name__}"
            raise TypeError(msg)
        known = set(self.tasks)
        if missing := [task for task in self.tasks if task not in given]:
            msg = f"no duration is given for task {', '.join(map(repr, missing[:8]))}"
            raise ValueError(msg)
        if unknown := [task for task in given if task not in known]:
            msg = f"a duration is given for {', '.join(map(repr, unknown[:8]))}, which is no task"
            raise ValueError(msg)

    def _rows(self, durations: Mapping[Hashable, Values] | xr.DataArray) -> xr.DataArray:
        """Return durations with dimension ``task`` first, in the order of the tasks."""
        if isinstance(durations, xr.DataArray):
            rows = self._ordered(durations)
        else:
            self._check_names(durations)
            given = [durations[task] for task in self.tasks]
            if all(type(one) in (int, float) for one in given):
                rows = xr.DataArray(np.array(given, dtype=float), {"task": self.tasks}, dims="task")
            else:
                rows = _stacked({task: _named(task, durations[task]) for task in self.tasks})
        flat = rows.values.reshape(len(self.tasks), -1)
        with np.errstate(invalid="ignore"):
            _check_not_negative(self.tasks, np.fmin.reduce(flat, axis=1, initial=np.inf))
        infinite = np.flatnonzero(np.isinf(flat).any(axis=1))
        if infinite.size:
            names = ", ".join(str(self.tasks[int(k)]) for k in infinite)
            msg = f"duration of {names} must be finite"
            raise ValueError(msg)
        return rows

    def _ordered(self, durations: xr.DataArray) -> xr.DataArray:
        if "task" not in durations.dims:
            there = ", ".join(map(str, durations.dims)) or "none"
            msg = f"durations must have dimension 'task'; there are: {there}"
            raise ValueError(msg)
        if durations.dtype.kind not in "iufb":
            msg = f"durations must be numbers, got {durations.dtype}"
            raise TypeError(msg)
        rows = durations.transpose("task", ...).astype(float)
        if "task" not in rows.indexes:
            if rows.sizes["task"] != len(self.tasks):
                msg = f"there are {len(self.tasks)} tasks, but {rows.sizes['task']} durations"
                raise ValueError(msg)
            return rows.assign_coords(task=self.tasks)
        labels = rows.indexes["task"]
        if twice := labels[labels.duplicated()].unique().tolist():
            msg = f"durations are given twice for task {', '.join(map(repr, twice))}"
            raise ValueError(msg)
        self._check_names(dict.fromkeys(labels))
        return rows.sel(task=self.tasks)


def _restored(tasks: Mapping[Hashable, Any], not_before: Mapping[Hashable, float]) -> Network:
    return Network(tasks, not_before=not_before)


def _named(task: Hashable, duration: Values) -> xr.DataArray:
    """Return one duration as an array with named axes."""
    array = duration if isinstance(duration, xr.DataArray) else np.asarray(duration)
    if array.dtype.kind not in "iufb":
        msg = f"duration of {task!r} must be a number or an array of numbers, got {duration!r:.80}"
        raise TypeError(msg)
    if isinstance(array, xr.DataArray):
        if "task" in array.dims:
            msg = f"duration of {task!r} has dimension 'task'; give one array for all tasks instead"
            raise ValueError(msg)
        return array.drop_vars([name for name, c in array.coords.items() if c.ndim == 0])
    if isinstance(duration, pd.Series):
        return xr.DataArray(array, {"draw": duration.index}, dims="draw")
    if array.ndim > 1:
        msg = f"duration of {task!r} has {array.ndim} axes without names; make it a DataArray"
        raise ValueError(msg)
    return xr.DataArray(array, dims=["draw"] * array.ndim)


def _stacked(named: Mapping[Hashable, xr.DataArray]) -> xr.DataArray:
    """Return the durations of all tasks in one array, tasks first."""
    try:
        xr.align(*named.values(), join="exact", copy=False)
    except ValueError as error:
        msg = f"durations have different labels or lengths: {error}"
        raise ValueError(msg) from error
    sizes = {dim: size for one in named.values() for dim, size in one.sizes.items()}
    coords = {name: c for one in named.values() for name, c in one.coords.items()}
    values = np.empty((len(named), *sizes.values()))
    for k, one in enumerate(named.values()):
        values[k] = one.expand_dims([dim for dim in sizes if dim not in one.dims]).transpose(*sizes)
    return xr.DataArray(values, dims=["task", *sizes], coords={**coords, "task": list(named)})


def _check_not_negative(tasks: Sequence[Hashable], least: NDArray[np.float64]) -> None:
    if negative := [str(tasks[int(k)]) for k in np.flatnonzero(least < 0)]:
        first = float(least[least < 0][0])
        msg = f"duration of {', '.join(negative)} must not be negative, got {first:g}"
        raise ValueError(msg)
