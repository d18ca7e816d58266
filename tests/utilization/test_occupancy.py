"""Occupancy and peak of job logs against a slow and obvious count."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
import tracemalloc
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import overbuild as ob

use = ob.utilization
BOTH = pytest.mark.parametrize("count", [use.occupancy, use.peak])


def slow_occupancy(start, end, gpus, edges) -> list[float]:
    means = []
    for left, right in itertools.pairwise(edges):
        total = Fraction(0)
        for s, e, g in zip(start, end, gpus, strict=True):
            e = edges[-1] if math.isnan(e) else e
            overlap = min(Fraction(e), Fraction(right)) - max(Fraction(s), Fraction(left))
            total += Fraction(g) * max(overlap, Fraction(0))
        means.append(float(total / (Fraction(right) - Fraction(left))))
    return means


def slow_peak(start, end, gpus, edges) -> list[float]:
    peaks = []
    for left, right in itertools.pairwise(edges):
        moments = [left, *(s for s in start if left <= s < right)]
        busy = [
            sum(
                Fraction(g)
                for s, e, g in zip(start, end, gpus, strict=True)
                if s <= moment and (math.isnan(e) or moment < e)
            )
            for moment in moments
        ]
        peaks.append(float(max(busy)))
    return peaks


# Eighths, so that jobs often begin and end together and on edges.
times = st.integers(-40, 80).map(lambda k: k / 8)
job = st.tuples(
    times,
    st.one_of(st.integers(0, 60).map(lambda k: k / 8), st.just(math.nan)),
    st.sampled_from([0.0, 0.1, 0.5, 1.0, 8.0, 72.0]),
)
logs = st.lists(job, max_size=25).map(
    lambda jobs: ([s for s, _, _ in jobs], [s + d for s, d, _ in jobs], [g for _, _, g in jobs])
)
even = st.integers(1, 8).map(lambda n: [k / 2 for k in range(n + 1)])
uneven = st.lists(times, min_size=2, max_size=7, unique=True).map(sorted)


@given(log=logs, edges=st.one_of(even, uneven))
def test_against_the_obvious(log, edges) -> None:
    np.testing.assert_allclose(
        use.occupancy(*log, edges), slow_occupancy(*log, edges), rtol=1e-12, atol=1e-15
    )
    np.testing.assert_allclose(use.peak(*log, edges), slow_peak(*log, edges), rtol=1e-14)


@given(log=logs, edges=st.one_of(even, uneven), seed=st.integers(0, 5))
def test_the_order_of_jobs_does_not_matter_to_counts(log, edges, seed) -> None:
    order = np.random.default_rng(seed).permutation(len(log[0]))
    shuffled = [np.array(column)[order] for column in log]
    np.testing.assert_array_equal(use.peak(*shuffled, edges), use.peak(*log, edges))
    np.testing.assert_allclose(
        use.occupancy(*shuffled, edges), use.occupancy(*log, edges), rtol=1e-14
    )


def random_log(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    start = rng.uniform(-10, 1000, n)
    return start, start + rng.exponential(20, n), rng.integers(0, 100, n) / 10


def test_gpu_time_is_kept() -> None:
    start, end, gpus = random_log(100_000)
    edges = np.linspace(-20, 2000, 777)
    for borders in (edges, edges + np.sin(edges) / 10):
        mean = use.occupancy(start, end, gpus, borders)
        inside = np.minimum(end, borders[-1]) - np.maximum(start, borders[0])
        assert (mean * np.diff(borders)).sum() == pytest.approx(
            (gpus * inside.clip(0)).sum(), rel=1e-12
        )
        assert (use.peak(start, end, gpus, borders) >= mean - 1e-9).all()
        assert mean.min() >= 0


def test_a_count_comes_down_to_exactly_zero() -> None:
    start, end, gpus = random_log(50_000)
    edges = np.arange(0.0, 4000.0)
    for count in (use.occupancy, use.peak):
        assert (count(start, end, gpus, edges)[int(end.max()) + 1 :] == 0.0).all()


@BOTH
def test_threads_do_not_change_a_bit(count) -> None:
    log = random_log(300_000)
    edges = np.linspace(0, 1000, 1001)
    results = []
    for threads in (1, 2, 8):
        ob.set_num_threads(threads)
        results.append(count(*log, edges))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@BOTH
def test_labels_give_one_row_each(count) -> None:
    start, end, gpus = random_log(1000)
    by = pd.Series(np.random.default_rng(1).choice(["b", "a", "c"], 1000), name="cluster")
    edges = np.linspace(0, 1000, 11)
    found = count(start, end, gpus, edges, by=by)
    assert found.dims == ("cluster", "bin")
    assert list(found.cluster.values) == ["a", "b", "c"]
    np.testing.assert_array_equal(found.bin, edges[:-1])
    for label in "abc":
        ours = (by == label).to_numpy()
        np.testing.assert_allclose(
            found.sel(cluster=label), count(start[ours], end[ours], gpus[ours], edges), rtol=1e-13
        )
    assert count(start, end, gpus, edges, by=by.to_numpy()).dims == ("by", "bin")
    assert count([], [], [], edges, by=[]).shape == (0, 10)


@BOTH
def test_dates_of_every_make(count) -> None:
    hours = pd.date_range("2024-02-28", periods=60, freq="h")
    start = pd.to_datetime(["2024-02-28 00:30", "2024-02-29 12:00", "2024-02-28 05:00"])
    end = pd.to_datetime(["2024-02-28 02:15", "2024-03-02 00:00", None])
    gpus = [8, 16, 4]
    zero = hours[0]
    numbers = count(
        (start - zero) / pd.Timedelta("1h"), (end - zero) / pd.Timedelta("1h"), gpus, range(60)
    )
    expected = pytest.approx(list(numbers), rel=1e-12)
    naive = count(start, end, gpus, hours)
    assert list(naive) == expected
    for unit in ("s", "ms", "us", "ns"):
        assert list(count(start.values.astype(f"M8[{unit}]"), end, gpus, hours)) == expected
    assert list(count(start.strftime("%Y-%m-%d %H:%M"), end, gpus, hours)) == expected
    assert list(count(pd.Series(start), pd.Series(end), gpus, hours)) == expected
    assert list(count(pl.Series(start), pl.Series(end), gpus, hours)) == expected
    zoned = [index.tz_localize("America/New_York") for index in (start, end, hours)]
    assert list(count(zoned[0], zoned[1], gpus, zoned[2])) == expected
    assert list(count(zoned[0].tz_convert("Asia/Tokyo"), zoned[1], gpus, zoned[2])) == expected
    still = count(start, [pd.NaT] * 3, gpus, hours)
    assert still[-1] == 28


@BOTH
def test_dates_and_numbers_do_not_mix(count) -> None:
    hours = pd.date_range("2024-01-01", periods=3, freq="h")
    with pytest.raises(TypeError, match="start holds numbers, but edges holds dates"):
        count([1.0], [2.0], 1, hours)
    with pytest.raises(TypeError, match="start holds dates, but edges holds numbers"):
        count(hours[:1], hours[1:2], 1, [0, 1])
    with pytest.raises(TypeError, match="start and end without time zone"):
        count(hours[:1], hours[1:2], 1, hours.tz_localize("UTC"))


@BOTH
def test_faults_are_named_and_counted(count) -> None:
    edges = [0.0, 1.0]
    with pytest.raises(
        ValueError,
        match=r"end is before start in row 1, counted from 0 "
        r"\(start = 3.0, end = 2.0, gpus = 1\); faulty rows in all: 2",
    ):
        count([0.0, 3.0, 5.0], [1.0, 2.0, 4.0], 1, edges)
    with pytest.raises(ValueError, match=r"gpus is negative in row 2"):
        count([0.0] * 3, [1.0] * 3, [1, 1, -1], edges)
    with pytest.raises(ValueError, match=r"gpus is missing or above 1e12 in row 0"):
        count([0.0], [1.0], [math.nan], edges)
    with pytest.raises(ValueError, match=r"start is missing in row 0"):
        count([math.nan], [1.0], [1], edges)
    late = pd.to_datetime(["2024-05-02"])
    with pytest.raises(ValueError, match=r"end is before start in row 0.*2024-05-02"):
        count(late, late - pd.Timedelta("1D"), 1, pd.date_range("2024-05-01", periods=3))
    with pytest.raises(ValueError, match=r"by has no label in row 1"):
        count([0.0, 0.0], [1.0, 1.0], 1, edges, by=["a", None])


@BOTH
@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([0.0, 1.0, 1.0, 0.5], r"edges\[2\] = 1.0 follows edges\[1\] = 1.0; such places in all: 2"),
        ([0.0], "at least 2"),
        ([], "at least 2"),
        ([[0.0, 1.0]], "one row"),
        ([0.0, math.nan], r"edges\[1\] = nan"),
        ([0.0, math.inf], r"edges\[1\] = inf"),
    ],
)
def test_edges_must_increase(count, edges, message) -> None:
    with pytest.raises(ValueError, match=message):
        count([0.0], [1.0], 1, edges)


@BOTH
def test_lengths_must_agree(count) -> None:
    with pytest.raises(ValueError, match=r"start has shape \(2,\), end has shape \(1,\)"):
        count([0.0, 1.0], [1.0], 1, [0.0, 1.0])


def test_minus_zero_is_zero() -> None:
    assert use.peak([-0.5, -0.0], [0.0, 1.0], 8, [-1.0, 1.0]) == 8


@BOTH
def test_bins_as_narrow_as_numbers_can_be(count) -> None:
    for edges in ([1 - 2**-52, 1 - 2**-53, 1.0], [0, 5e-324, 1e-323], [1e16, 1e16 + 2, 1e16 + 4]):
        np.testing.assert_allclose(count([edges[0]], [edges[2]], 3.0, edges), [3.0, 3.0])


@BOTH
def test_dates_beyond_the_reach_of_nanoseconds(count) -> None:
    years = np.array([f"20{k}" for k in range(10, 25, 2)], "M8[Y]").astype("M8[ns]")
    for end in ("2600-01-01", "9999-12-31"):
        found = count(np.array(["1500-01-01"], "M8[s]"), np.array([end], "M8[s]"), 8, years)
        np.testing.assert_array_equal(found, [8.0] * 7)
    centuries = np.array(["1700", "1900", "2100", "2200"], "M8[Y]").astype("M8[ns]")
    found = count(centuries[1:2], centuries[2:3], 8, centuries)
    np.testing.assert_allclose(found, [0, 8, 0])
    with pytest.raises(ValueError, match="end is before start in row 0"):
        count(np.array(["2650"], "M8[s]"), np.array(["2600"], "M8[s]"), 8, years)


@BOTH
def test_time_zones_of_polars(count) -> None:
    hours = pd.date_range("2024-01-01", periods=8, freq="h")
    start = pl.Series(list(hours[:1].to_pydatetime())).dt.replace_time_zone("America/New_York")
    end = start.dt.offset_by("1h")
    with pytest.raises(TypeError, match="edges without time zone, the others with one"):
        count(start, end, 8, hours)
    local = hours.tz_localize("America/New_York")
    np.testing.assert_array_equal(count(start, end, 8, local), [8, 0, 0, 0, 0, 0, 0])


@BOTH
def test_numbers_may_come_as_objects(count) -> None:
    edges = np.array([0, 1], dtype=object)
    np.testing.assert_array_equal(count([0], [None], [2], edges), [2.0])
    with pytest.raises(TypeError, match="start must hold numbers, as edges does"):
        count(["noon"], [1], 1, edges)


@BOTH
def test_durations_are_no_dates(count) -> None:
    hours = pd.date_range("2024-01-01", periods=3, freq="h")
    with pytest.raises(TypeError, match="start holds durations, but edges holds dates"):
        count(hours - hours[0], hours, 1, hours)
    with pytest.raises(TypeError, match="edges holds durations"):
        count(hours, hours, 1, hours - hours[0])


@BOTH
def test_labels_may_be_called_bin(count) -> None:
    found = count([0.0], [1.0], 1, [0, 1], by=pd.Series(["a"], name="bin"))
    assert found.dims == ("by", "bin")


@BOTH
def test_columns_out_of_packed_records(count) -> None:
    log = np.zeros(3, dtype=[("flag", "i1"), ("start", "f8"), ("end", "f8")])
    log["end"] = 1.0
    np.testing.assert_array_equal(count(log["start"], log["end"], 1, [0.0, 1.0]), [3.0])


@pytest.mark.skipif(sys.platform != "linux", reason="limits its own memory")
@BOTH
def test_too_many_labels_for_memory(count) -> None:
    code = f"""
import resource, numpy as np, overbuild as ob
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
start = np.arange(100_000.0)
try:
    ob.utilization.{count.__name__}(start, start + 1, 1, np.arange(525_601.0), by=start)
except MemoryError as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "no memory for" in found.stdout, found.stderr


def test_no_jobs() -> None:
    np.testing.assert_array_equal(use.occupancy([], [], [], [0, 1, 2]), [0, 0])
    np.testing.assert_array_equal(use.peak([], [], [], [0, 1, 2]), [0, 0])


def test_memory_is_proportional_to_jobs_and_bins() -> None:
    start, end, gpus = random_log(500_000)
    edges = np.linspace(0, 1000, 50_001)
    tracemalloc.start()
    use.occupancy(start, end, gpus, edges)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * (start.nbytes + edges.nbytes)
