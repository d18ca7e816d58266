"""Networks of tasks: against longest paths of other kinds, by laws, and with what is wrong."""

from __future__ import annotations

import copy
import pickle
from typing import ClassVar

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import overbuild as ob
from overbuild.study.draws.sampling import Sampler, tabulate_all

Link, Network = ob.leadtime.Link, ob.leadtime.Network

KINDS = ["FS", "SS", "FF", "SF"]


@st.composite
def networks(draw: st.DrawFn, kinds: list[str] = KINDS, least_lag: float = -3.0):
    """Return tasks with links to earlier ones, and durations."""
    n = draw(st.integers(1, 12))
    whole = st.integers(0, 20).map(float)
    tasks: dict[str, list[Link]] = {}
    for k in range(n):
        before = draw(st.lists(st.sampled_from(range(k)), max_size=3)) if k else []
        lags = st.integers(int(least_lag), 6).map(float)
        tasks[f"t{k}"] = [Link(f"t{j}", draw(st.sampled_from(kinds)), draw(lags)) for j in before]
    order = draw(st.permutations(list(tasks)))
    return {task: tasks[task] for task in order}, {task: draw(whole) for task in tasks}


def by_relaxation(tasks, durations, not_before=None):
    """Longest paths between starts and finishes, until nothing moves: no order, no recursion."""
    not_before = not_before or {}
    start = {task: max(0.0, not_before.get(task, 0.0)) for task in tasks}

    def times(task):
        return {"S": start[task], "F": start[task] + durations[task]}

    moved = True
    while moved:
        moved = False
        for task, links in tasks.items():
            for before, kind, lag in links:
                due = times(before)[kind[0]] + lag - (durations[task] if kind[1] == "F" else 0.0)
                if due > start[task]:
                    start[task], moved = due, True
    makespan = max(0.0, *(start[task] + durations[task] for task in tasks))
    late = {task: makespan - durations[task] for task in tasks}
    moved = True
    while moved:
        moved = False
        for task, links in tasks.items():
            for before, kind, lag in links:
                own = late[task] + (durations[task] if kind[1] == "F" else 0.0) - lag
                due = own - (durations[before] if kind[0] == "F" else 0.0)
                if due < late[before]:
                    late[before], moved = due, True
    return start, late, makespan


@given(network=networks())
def test_all_links_against_relaxation(network) -> None:
    tasks, durations = network
    found = Network(tasks).critical_path(durations)
    start, late, makespan = by_relaxation(tasks, durations)
    assert found.makespan == makespan
    for task in tasks:
        times = found.sel(task=task)
        assert times.early_start == start[task]
        assert times.late_start == pytest.approx(late[task], abs=1e-9)
        assert times.early_finish == start[task] + durations[task]
        assert times.total_float == pytest.approx(late[task] - start[task], abs=1e-9)


@given(network=networks(kinds=["FS"], least_lag=0.0))
def test_the_makespan_is_networkx_longest_path(network) -> None:
    tasks, durations = network
    graph = nx.DiGraph()
    graph.add_node("end")
    for task, links in tasks.items():
        graph.add_edge("begin", task, weight=0.0)
        graph.add_edge(task, "end", weight=durations[task])
        for link in links:
            weight = durations[link.predecessor] + link.lag
            known = graph.get_edge_data(link.predecessor, task, {"weight": -1.0})["weight"]
            graph.add_edge(link.predecessor, task, weight=max(weight, known))
    found = Network(tasks).critical_path(durations)
    assert found.makespan == nx.dag_longest_path_length(graph)


@given(network=networks())
def test_laws_of_floats(network) -> None:
    tasks, durations = network
    found = Network(tasks).critical_path(durations)
    assert (found.total_float >= 0).all()
    assert (found.free_float >= 0).all()
    assert (found.free_float <= found.total_float).all()
    # A critical task ends with everything, and before each critical one there is what holds it.
    critical = [task for task in tasks if found.critical.sel(task=task)]
    assert any(found.early_finish.sel(task=task) == found.makespan for task in critical)
    for task in critical:
        begin = float(found.early_start.sel(task=task))
        held = begin == 0.0 or any(
            found.critical.sel(task=link.predecessor)
            and _slack(found, durations, task, link) == pytest.approx(0.0, abs=1e-9)
            for link in tasks[task]
        )
        assert held


def _slack(found, durations, task, link) -> float:
    awaited = found.early_start.sel(task=link.predecessor)
    if link.kind[0] == "F":
        awaited = awaited + durations[link.predecessor]
    own = found.early_start.sel(task=task) + (durations[task] if link.kind[1] == "F" else 0.0)
    return float(own - awaited - link.lag)


@given(network=networks(kinds=["FS", "SS"], least_lag=0.0), slips=st.floats(0, 1))
def test_a_task_may_slip_by_its_floats(network, slips: float) -> None:
    tasks, durations = network
    network = Network(tasks)
    found = network.critical_path(durations)
    for task in tasks:
        times = found.sel(task=task)
        free = float(times.early_start + slips * times.free_float)
        later = Network(tasks, not_before={task: free}).critical_path(durations)
        others = [other for other in tasks if other != task]
        np.testing.assert_allclose(
            later.early_start.sel(task=others), found.early_start.sel(task=others), atol=1e-9
        )
        total = float(times.early_start + slips * times.total_float)
        later = Network(tasks, not_before={task: total}).critical_path(durations)
        assert float(later.makespan) == pytest.approx(float(found.makespan), abs=1e-9)
        more = float(times.early_start + times.total_float) + 1.0
        later = Network(tasks, not_before={task: more}).critical_path(durations)
        assert float(later.makespan) == pytest.approx(float(found.makespan) + 1.0, abs=1e-9)


def test_a_textbook_network() -> None:
    # J. J. Moder, C. R. Phillips, E. W. Davis, *Project Management with CPM, PERT and Precedence
    # Diagramming* (1983): activities on nodes, the usual diamond; sums can be done by hand.
    network = Network(
        {"a": [], "b": [], "c": "a", "d": "a", "e": ["b", "c"], "f": ["b", "c"], "g": ["d", "e"]}
    )
    found = network.critical_path({"a": 2, "b": 6, "c": 4, "d": 3, "e": 5, "f": 4, "g": 2})
    assert found.makespan == 13
    assert found.critical.sel(task=["a", "b", "c", "e", "g"]).all()
    assert found.total_float.sel(task=["d", "f"]).values.tolist() == [6, 3]
    assert found.free_float.sel(task="d") == 6


def test_forms_of_the_same_network() -> None:
    plain = Network({"site": [], "shell": "site", "racks": [("shell", "SS", 4), Link("site")]})
    frame = pd.DataFrame(
        {
            "task": ["site", "shell", "racks"],
            "predecessors": [None, "site", "shell SS + 4; site"],
            "not_before": [3.0, np.nan, np.nan],
        }
    )
    graph = nx.DiGraph()
    graph.add_node("site", not_before=3.0)
    graph.add_edge("site", "shell")
    graph.add_edge("shell", "racks", kind="SS", lag=4)
    graph.add_edge("site", "racks")
    durations = {"site": 10, "shell": 30, "racks": 5}
    expected = plain.critical_path(durations)
    assert expected.early_start.sel(task="racks") == 14
    for same in (Network(frame), Network(frame.set_index("task")), Network(graph)):
        found = same.critical_path(durations)
        assert found.early_start.sel(task="racks") == 17
        assert found.makespan == expected.makespan + 3
    assert set(plain.links.itertuples(index=False, name=None)) == {
        ("site", "shell", "FS", 0.0),
        ("shell", "racks", "SS", 4.0),
        ("site", "racks", "FS", 0.0),
    }
    assert repr(plain) == "Network of 3 tasks and 3 links"
    names = Network({"a, b": [], "c SS+1": "a, b", "d": ["c SS+1", "a, b FF-2"]})
    assert names.links["predecessor"].tolist() == ["a, b", "c SS+1", "a, b"]


def test_durations_have_any_dimensions() -> None:
    network = Network({"a": [], "b": "a", "c": "a"})
    rng = np.random.default_rng(0)
    values = xr.DataArray(
        rng.uniform(1, 9, (5, 3, 2)),
        dims=["draw", "task", "site"],
        coords={"task": ["c", "a", "b"], "site": ["p", "q"]},
    )
    found = network.critical_path(values)
    assert found.makespan.dims == ("draw", "site")
    assert found.early_start.dims == ("task", "draw", "site")
    expected = values.sel(task="a") + np.maximum(values.sel(task="b"), values.sel(task="c"))
    np.testing.assert_allclose(found.makespan, expected)
    assert found.site.values.tolist() == ["p", "q"]
    by_task = {task: values.sel(task=task, drop=True) for task in network.tasks}
    xr.testing.assert_identical(network.critical_path(by_task), found)
    # One fixed, one by draw, one by site.
    mixed = network.critical_path(
        {"a": 2, "b": [1.0, 5.0, 7.0], "c": xr.DataArray([3.0, 6.0], dims="site")}
    )
    assert dict(mixed.makespan.sizes) == {"draw": 3, "site": 2}
    assert mixed.makespan.values.tolist() == [[5, 8], [7, 8], [9, 9]]


def test_a_missing_duration_makes_its_own_draw_unknown() -> None:
    network = Network({"a": [], "b": [], "c": ["a"]})
    found = network.critical_path({"a": [1.0, np.nan, 3.0], "b": 9.0, "c": 1.0})
    assert np.isnan(found.makespan).values.tolist() == [False, True, False]
    assert np.isnan(found.early_start.isel(draw=1)).all()
    assert np.isnan(found.free_float.isel(draw=1)).all()
    assert not found.critical.isel(draw=1).any()
    assert not np.isnan(found.total_float.isel(draw=[0, 2])).any()


@pytest.mark.parametrize("threads", [1, 4])
def test_schedules_do_not_depend_on_threads_or_company(threads: int) -> None:
    rng = np.random.default_rng(1)
    network = Network({k: [int(j) for j in rng.integers(0, k, 2)] if k else [] for k in range(20)})
    durations = xr.DataArray(rng.uniform(0, 9, (20, 3_001)), dims=["task", "draw"])
    ob.set_num_threads(threads)
    found = network.critical_path(durations)
    alone = network.critical_path(durations.isel(draw=[2_999]))
    for name, values in found.items():
        np.testing.assert_array_equal(values.isel(draw=[2_999]), alone[name])


class TestSimulation:
    network: ClassVar = Network(
        {"power": [], "permit": [], "shell": "permit", "racks": ["power", ("shell", "FS", -4)]}
    )
    durations: ClassVar = {
        "power": ob.between(80, 160),
        "permit": ob.Input(stats.gamma(4, scale=6), unit="week"),
        "shell": ob.triangular(70, 80, 120),
        "racks": 12,
    }

    def drawn(self, draws: int, seed: int) -> dict[str, np.ndarray]:
        tables = tabulate_all(
            {
                task: one.value if isinstance(one, ob.Input) else one
                for task, one in self.durations.items()
                if task != "racks"
            }
        )
        return Sampler.of(tables, draws, seed).draw(tables, 0, draws)

    @pytest.mark.parametrize("draws", [1, 7, 1_000, 20_011])
    def test_is_the_critical_path_of_the_same_draws(self, draws: int) -> None:
        found = self.network.simulate(self.durations, draws, seed=3, milestones=["shell", "racks"])
        drawn = self.drawn(draws, 3)
        times = self.network.critical_path({**drawn, "racks": 12})
        np.testing.assert_array_equal(found.makespan, times.makespan)
        np.testing.assert_array_equal(
            found.finish, times.early_finish.sel(task=["shell", "racks"]).values
        )
        share = times.critical.mean("draw").to_series()
        np.testing.assert_allclose(found.criticality, share, rtol=1e-12)
        if draws > 2:
            for task in drawn:
                expected = np.corrcoef(drawn[task], times.makespan)[0, 1]
                assert found.correlation[task] == pytest.approx(expected, rel=1e-9)
        assert np.isnan(found.correlation["racks"])

    def test_bits_do_not_depend_on_threads(self) -> None:
        def both(threads: int) -> ob.leadtime.Simulation:
            ob.set_num_threads(threads)
            return self.network.simulate(self.durations, 30_000, seed=5)

        one, four = both(1), both(4)
        np.testing.assert_array_equal(one.makespan, four.makespan)
        np.testing.assert_array_equal(one.correlation, four.correlation)
        np.testing.assert_array_equal(one.criticality, four.criticality)

    def test_of_two_alike_each_decides_half_the_time(self) -> None:
        twins = Network({"a": [], "b": [], "end": ["a", "b"]})
        found = twins.simulate({"a": stats.uniform(0, 1), "b": stats.uniform(0, 1), "end": 0.0})
        assert found.criticality["a"] == pytest.approx(0.5, abs=0.002)
        assert found.criticality["a"] + found.criticality["b"] == pytest.approx(1.0, abs=1e-4)
        # The larger of two uniform numbers has mean 2/3, variance 1/18 and covariance 1/24.
        assert float(found.makespan.mean()) == pytest.approx(2 / 3, abs=1e-4)
        expected = (1 / 24) / np.sqrt(1 / 18 / 12)
        assert found.correlation["a"] == pytest.approx(expected, abs=0.002)

    def test_tables_for_a_reader(self) -> None:
        found = self.network.simulate(self.durations, 4_096)
        table = found.summary((0.1, 0.5, 0.9))
        assert table.columns.tolist() == ["P10", "P50", "P90", "mean"]
        assert table.index.tolist() == ["racks", "makespan"]
        assert table.loc["racks", "P10"] < table.loc["racks", "P90"]
        drivers = found.drivers()
        assert drivers["criticality"].is_monotonic_decreasing
        assert drivers.index[0] == "racks"
        assert "4,096 draws of a network" in repr(found)

    def test_what_cannot_be(self) -> None:
        for changed, error, message in [
            ({"power": stats.norm(5, 10)}, ValueError, "duration of power must not be negative"),
            ({"power": -1}, ValueError, "duration of 'power' must not be negative, got -1"),
            ({"power": np.inf}, ValueError, "'power' must be finite"),
            ({"power": "long"}, TypeError, "'power' must be a number, an array or a distribution"),
            ({"power": stats.norm}, TypeError, "'power': norm has no parameters yet"),
            ({"power": [1, 2]}, TypeError, "'power' must be a number or a frozen distribution"),
            ({"roof": 3}, ValueError, "a duration is given for 'roof', which is no task"),
            ({"power": stats.norm(0, -1)}, ValueError, "'power': an impossible distribution"),
        ]:
            with pytest.raises(error, match=message):
                self.network.simulate({**self.durations, **changed}, 256)
        with pytest.raises(ValueError, match="no duration is given for task 'racks'"):
            self.network.simulate({k: v for k, v in self.durations.items() if k != "racks"})
        with pytest.raises(ValueError, match="draws must be at least 1"):
            self.network.simulate(self.durations, 0)
        with pytest.raises(ValueError, match="milestone 'roof' is no task"):
            self.network.simulate(self.durations, 16, milestones=["roof"])
        with pytest.raises(TypeError, match="milestones must be a list of tasks, got 'racks'"):
            self.network.simulate(self.durations, 16, milestones="racks")
        with pytest.raises(ValueError, match="draws must be at most"):
            self.network.simulate(self.durations, 2**33)


@pytest.mark.parametrize(
    ("tasks", "error", "message"),
    [
        ({"a": "c", "b": "a", "c": "b", "d": []}, ValueError, "in a cycle: b -> c -> a -> b"),
        ({"a": "a"}, ValueError, "in a cycle: a -> a"),
        ({"a": ["x"]}, ValueError, "task 'a' waits for 'x', which is no task; tasks are a"),
        ({"a": [], "b": [("a", "FX", 1)]}, ValueError, "task 'b' waits for 'FX', which is no task"),
        ({"a": [], "b": [("a", "FS", "x")]}, TypeError, "lag of task 'b' behind 'a' must be a num"),
        ({"a": [], "b": [("a", "FS", np.nan)]}, ValueError, "lag .* must be finite, got nan"),
        ({"a": [], "b": [Link("a", "FX")]}, ValueError, "kind of link must be FS, SS, FF or SF"),
        ({}, ValueError, "a network needs at least one task"),
        (["a"], TypeError, "tasks must be a mapping .* got list"),
        (nx.Graph([("a", "b")]), TypeError, "tasks must be a mapping .* got Graph"),
        (pd.DataFrame({"task": ["a"]}), ValueError, "needs a column 'predecessors'"),
        (
            pd.DataFrame({"task": ["a", "a"], "predecessors": ["", ""]}),
            ValueError,
            "given twice: task 'a'",
        ),
    ],
)
def test_broken_networks(tasks, error, message) -> None:
    with pytest.raises(error, match=message):
        Network(tasks)


def test_names_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="two tasks print alike: 1"):
        Network({1: [], "1": []})
    with pytest.raises(ValueError, match="a task must have a name"):
        Network({("a", "b"): []})
    blank = pd.DataFrame({"task": ["a"], "predecessors": pd.array([pd.NA], dtype="string")})
    assert Network(blank).tasks == ["a"]


def test_a_network_goes_to_another_process() -> None:
    network = Network({"a": [], "b": [("a", "SS", 2.0)]}, not_before={"a": 3.0})
    again = pickle.loads(pickle.dumps(network))
    durations = {"a": 4.0, "b": [5.0, 6.0]}
    xr.testing.assert_identical(
        again.critical_path(durations), copy.deepcopy(network).critical_path(durations)
    )
    assert again.critical_path(durations).early_start.sel(task="b").values.tolist() == [5, 5]


def test_series_are_matched_by_label_or_refused() -> None:
    durations = {"a": pd.Series([1.0, 2.0]), "b": pd.Series([1.0, 2.0], index=[1, 0])}
    with pytest.raises(ValueError, match="durations have different labels"):
        Network({"a": [], "b": []}).critical_path(durations)


def test_broken_durations() -> None:
    network = Network({"a": [], "b": "a"})
    labelled = xr.DataArray([1.0, 2.0], dims="task", coords={"task": ["a", "a"]})
    for durations, error, message in [
        ({"a": 1}, ValueError, "no duration is given for task 'b'"),
        ({"a": 1, "b": 2, "c": 3}, ValueError, "a duration is given for 'c', which is no task"),
        ({"a": 1, "b": -2}, ValueError, "duration of b must not be negative, got -2"),
        ({"a": [1, -3], "b": 2}, ValueError, "duration of a must not be negative, got -3"),
        ({"a": 1, "b": np.inf}, ValueError, "duration of b must be finite"),
        ({"a": "1", "b": 2}, TypeError, "duration of 'a' must be a number"),
        ({"a": None, "b": 2}, TypeError, "duration of 'a' must be a number"),
        ({"a": [[1.0]], "b": 2}, ValueError, "duration of 'a' has 2 axes without names"),
        ({"a": [1, 2], "b": [1, 2, 3]}, ValueError, "durations have different labels or lengths"),
        ([1, 2], TypeError, "durations must be a mapping"),
        (labelled, ValueError, "durations are given twice for task 'a'"),
        (labelled.rename(task="job"), ValueError, "must have dimension 'task'; there are: job"),
        (labelled.isel(task=[0]), ValueError, "no duration is given for task 'b'"),
        (xr.DataArray([1.0], dims="task"), ValueError, "there are 2 tasks, but 1 durations"),
        (xr.DataArray(["1", "2"], dims="task"), TypeError, "durations must be numbers"),
        ({"a": labelled, "b": 2}, ValueError, "duration of 'a' has dimension 'task'"),
    ]:
        with pytest.raises(error, match=message):
            network.critical_path(durations)
    with pytest.raises(ValueError, match="not_before is given for 'x', which is no task"):
        Network({"a": []}, not_before={"x": 1})
    with pytest.raises(TypeError, match="not_before of 'a' must be a number"):
        Network({"a": []}, not_before={"a": "soon"})
    assert network.critical_path({"a": [], "b": 2}).makespan.size == 0
