"""Tasks and what they wait for, from the forms that people keep them in."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

#: Kinds of links by their place in the core: what is awaited (1 for a finish) and, doubled, what
#: waits.
KINDS = {"SS": 0, "FS": 1, "SF": 2, "FF": 3}


class Link(NamedTuple):
    """What a task waits for: kind "FS" lets its start wait for the finish of another task.

    Attributes
    ----------
    predecessor : hashable
        Name of the other task.
    kind : {"FS", "SS", "FF", "SF"}
        First letter: start or finish of the predecessor; second: start or finish of the task.
    lag : float
        Time in between, in the unit of the durations; negative for a lead.
    """

    predecessor: Hashable
    kind: str = "FS"
    lag: float = 0.0


@dataclasses.dataclass
class Links:
    """All links of a network, one a place in each column."""

    predecessor: list[Hashable] = dataclasses.field(default_factory=list)
    task: list[Hashable] = dataclasses.field(default_factory=list)
    kind: list[str] = dataclasses.field(default_factory=list)
    lag: list[float] = dataclasses.field(default_factory=list)

    def add(self, task: Hashable, links: Sequence[Link]) -> None:
        """Let a task wait."""
        for predecessor, kind, lag in links:
            self.predecessor.append(predecessor)
            self.task.append(task)
            self.kind.append(kind)
            self.lag.append(lag)

    def add_plain(self, task: Hashable, predecessors: Sequence[Hashable]) -> None:
        """Let a task wait for the finish of others; a network may have ten thousands of these."""
        n = len(predecessors)
        self.predecessor.extend(predecessors)
        self.task.extend([task] * n)
        self.kind.extend(["FS"] * n)
        self.lag.extend([0.0] * n)


def tasks_of(given: Any) -> tuple[list[Hashable], Links, dict[Hashable, Any]]:
    """Return tasks, what they wait for, and times not to start before, from any form.

    Raises
    ------
    ValueError, TypeError
        If a task is given twice, waits for what is no task, or a link makes no sense.
    """
    if isinstance(given, pd.DataFrame):
        rows, not_before = _from_frame(given)
    elif isinstance(given, Mapping):
        rows, not_before = dict(given), {}
    elif hasattr(given, "pred") and hasattr(given, "nodes"):
        rows, not_before = _from_graph(given)
    else:
        msg = (
            "tasks must be a mapping from task to predecessors, a DataFrame or a networkx "
            f"DiGraph, got {type(given).__name__}"
        )
        raise TypeError(msg)
    if not rows:
        msg = "a network needs at least one task, got none"
        raise ValueError(msg)
    _check_tasks(list(rows))
    links = Links()
    for task, waits_for in rows.items():
        if isinstance(waits_for, list) and _all_tasks(waits_for, rows):
            links.add_plain(task, waits_for)
        else:
            links.add(task, [_checked(task, link, rows) for link in _listed(waits_for, rows)])
    return list(rows), links, not_before


def _check_tasks(tasks: Sequence[Any]) -> None:
    if strange := [task for task in tasks if isinstance(task, tuple) or task != task]:
        msg = f"a task must have a name, a word or a number, got {strange[0]!r}"
        raise ValueError(msg)
    if len({str(task) for task in tasks}) < len(tasks):
        words = [str(task) for task in tasks]
        alike = next(task for task, word in zip(tasks, words, strict=True) if words.count(word) > 1)
        msg = f"two tasks print alike: {alike!r}"
        raise ValueError(msg)


def _from_frame(frame: pd.DataFrame) -> tuple[dict[Hashable, Any], dict[Hashable, Any]]:
    table = frame if "task" in frame.columns else frame.rename_axis("task").reset_index()
    if "predecessors" not in table.columns:
        there = ", ".join(map(str, frame.columns)) or "none"
        msg = f"the table of tasks needs a column 'predecessors'; there are {there}"
        raise ValueError(msg)
    twice = table["task"][table["task"].duplicated()].unique()
    if len(twice):
        msg = f"given twice: task {', '.join(map(repr, twice))}"
        raise ValueError(msg)
    rows = dict(zip(table["task"], table["predecessors"], strict=True))
    if "not_before" not in table.columns:
        return rows, {}
    known = table.dropna(subset="not_before")
    return rows, dict(zip(known["task"], known["not_before"], strict=True))


def _from_graph(graph: Any) -> tuple[dict[Hashable, Any], dict[Hashable, Any]]:
    rows: dict[Hashable, Any] = {task: [] for task in graph.nodes}
    for before, after, attributes in graph.edges(data=True):
        link = Link(before, attributes.get("kind", "FS"), attributes.get("lag", 0.0))
        rows[after].append(link)
    not_before = {task: at for task, at in graph.nodes(data="not_before") if at is not None}
    return rows, not_before


def _all_tasks(names: Iterable[Any], tasks: Mapping[Hashable, Any]) -> bool:
    try:
        return all(map(tasks.__contains__, names))
    except TypeError:  # a list is no name
        return False


def _listed(waits_for: Any, tasks: Mapping[Hashable, Any]) -> list[Link]:
    """Return links from a name, text, a tuple, or a list of these."""
    if waits_for is None or waits_for is pd.NA or waits_for is pd.NaT:
        return []
    if isinstance(waits_for, float) and math.isnan(waits_for):
        return []
    if _all_tasks([waits_for], tasks):
        return [Link(waits_for)]
    if isinstance(waits_for, str):
        parts = re.split(r"[,;]", waits_for)
        return [_from_text(part.strip(), tasks) for part in parts if part.strip()]
    if isinstance(waits_for, tuple) and 2 <= len(waits_for) <= 3 and waits_for[1] in KINDS:
        return [Link(*waits_for)]
    if isinstance(waits_for, Link) or not isinstance(waits_for, Iterable):
        return [Link(*waits_for) if isinstance(waits_for, Link) else Link(waits_for)]
    return [
        link
        for one in waits_for
        for link in ([_from_text(one, tasks)] if isinstance(one, str) else _listed(one, tasks))
    ]


def _from_text(text: str, tasks: Mapping[Hashable, Any]) -> Link:
    """Return the link that project plans write as a name, a kind and a lag: ``shell SS+4``."""
    if text not in tasks:
        found = re.fullmatch(r"(.+?)\s+(FS|SS|FF|SF)?\s*([+-]\s*\d+(?:\.\d*)?)?", text)
        if found is not None:
            name, kind, lag = found.groups()
            return Link(name, kind or "FS", float((lag or "0").replace(" ", "")))
    return Link(text)


def _checked(task: Hashable, link: Link, tasks: Mapping[Hashable, Any]) -> Link:
    if link.predecessor not in tasks:
        known = ", ".join(map(str, list(tasks)[:8])) + (", …" if len(tasks) > 8 else "")
        msg = f"task {task!r} waits for {link.predecessor!r}, which is no task; tasks are {known}"
        raise ValueError(msg)
    if link.kind not in KINDS:
        msg = f"task {task!r}: kind of link must be FS, SS, FF or SF, got {link.kind!r}"
        raise ValueError(msg)
    return link._replace(lag=finite(link.lag, f"lag of task {task!r} behind {link.predecessor!r}"))


def finite(value: Any, what: str) -> float:
    """Return a finite number, or say what it is not."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        msg = f"{what} must be a number, got {value!r}"
        raise TypeError(msg) from None
    if not math.isfinite(number):
        msg = f"{what} must be finite, got {number}"
        raise ValueError(msg)
    return number
