"""``make bench``: a table for each claim of speed, in units of our own time."""

from __future__ import annotations

import warnings

import numba
import numpy as np
import pyxirr
from scipy import stats

import overbuild as ob
from benches.cycles import cycles
from benches.delivery import arrivals
from benches.lead_times import lead_time_fits
from benches.schedules import schedules
from benches.stores import stored_study, writing
from benches.studies import clouds, overhead, studies
from benches.summaries import summaries
from benches.timing import compare

cap, use = ob.capex, ob.utilization


def elementwise() -> None:
    """One kernel of three operands, bound by memory."""
    n = 20_000_000
    rng = np.random.default_rng(0)
    hours, share, fleet = (rng.uniform(0.1, 1.0, n) for _ in range(3))
    both = np.concatenate([hours, share])

    @numba.njit(parallel=True)
    def with_numba(hours, share, fleet):  # type: ignore[no-untyped-def]
        out = np.empty_like(hours)
        for i in numba.prange(hours.size):
            if hours[i] >= 0 and 0 < share[i] <= 1 and fleet[i] > 0:
                out[i] = hours[i] / share[i] / fleet[i]
            else:
                out[i] = np.nan
        return out

    runs = {
        "overbuild": lambda: use.implied(hours, share, fleet),
        "numba, parallel": lambda: with_numba(hours, share, fleet),
        "NumPy (no check of the domain)": lambda: hours / share / fleet,
        "copy of the same bytes": lambda: both.copy(),
    }
    compare(f"implied, {n:.0e} elements", runs)

    out, spare = np.empty(n), np.empty(2 * n)
    with_numba_out = numba.njit(parallel=True)(_numba_into)
    runs = {
        "overbuild": lambda: use.implied(hours, share, fleet, out=out),
        "numba, parallel": lambda: with_numba_out(hours, share, fleet, out),
        "copy of the same bytes": lambda: np.copyto(spare, both),
    }
    compare(f"implied into memory in use, {n:.0e} elements", runs)


def _numba_into(hours, share, fleet, out):  # type: ignore[no-untyped-def]
    for i in numba.prange(hours.size):
        if hours[i] >= 0 and 0 < share[i] <= 1 and fleet[i] > 0:
            out[i] = hours[i] / share[i] / fleet[i]
        else:
            out[i] = np.nan


def quantiles() -> None:
    """A distribution's quantile function, on one core."""
    n = 1_000_000
    u = np.random.default_rng(0).random(n)
    ob.set_num_threads(1)
    for name, frozen in {"beta": stats.beta(2, 5), "lognormal": stats.lognorm(0.3)}.items():
        table = ob.study.tabulate(frozen)
        runs = {
            "overbuild, table": lambda table=table: table.ppf(u),
            "scipy, ppf": lambda frozen=frozen: frozen.ppf(u),
        }
        compare(f"quantiles, {name}, {n:.0e} numbers, one core (ms = ns a number)", runs)
    ob.set_num_threads(2)


def returns() -> None:
    """Internal rates of return of many short rows, and of dated ones."""
    rng = np.random.default_rng(0)
    flows = rng.uniform(1, 10, (100_000, 24))
    flows[:, 0] = -rng.uniform(50, 150, 100_000)

    @numba.njit(parallel=True)
    def newton(flows):  # type: ignore[no-untyped-def]
        rates = np.empty(flows.shape[0])
        for i in numba.prange(flows.shape[0]):
            rate = 0.1
            for _ in range(100):
                discount = 1 / (1 + rate)
                value, slope, weight = 0.0, 0.0, 1.0
                for t in range(flows.shape[1]):
                    value += flows[i, t] * weight
                    slope -= t * flows[i, t] * weight * discount
                    weight *= discount
                step = value / slope
                rate -= step
                if abs(step) < 1e-12:
                    break
            rates[i] = rate
        return rates

    runs = {
        "overbuild": lambda: cap.irr(flows),
        "numba, parallel, Newton's method": lambda: newton(flows),
        "pyxirr.irr, row by row": lambda: [pyxirr.irr(row) for row in flows],
    }
    compare("irr, 100,000 rows of 24", runs, rounds=5)

    dates = np.datetime64("2020-01-01") + np.sort(rng.integers(0, 1_800, 100))
    days = dates.tolist()
    flows = rng.uniform(1, 10, (10_000, 100))
    flows[:, 0] = -rng.uniform(300, 700, 10_000)
    runs = {
        "overbuild": lambda: cap.xirr(dates, flows),
        "pyxirr.xirr, row by row": lambda: [pyxirr.xirr(days, row) for row in flows],
    }
    compare("xirr, 10,000 rows of 100 dated flows", runs, rounds=5)


def purchases() -> None:
    """Depreciation of streams of purchases."""
    life, periods = 20, 40
    capex = np.random.default_rng(0).uniform(1, 10, (100_000, periods))
    straight = np.full(life, 1 / life)
    falling = np.arange(life, 0, -1.0) / (life * (life + 1) / 2)

    def running_sums() -> np.ndarray:
        total = np.cumsum(capex, axis=1)
        total[:, life:] -= total[:, :-life].copy()
        return total / life

    runs = {
        "overbuild, straight line": lambda: cap.vintages(capex, straight),
        "NumPy, running sums, straight line": running_sums,
        "overbuild, sum of years' digits": lambda: cap.vintages(capex, falling),
    }
    compare("vintages, 100,000 rows of 40", runs)


def jobs() -> None:
    """Ten million jobs into half a year of minutes."""
    n, minutes = 10_000_000, 263_520
    rng = np.random.default_rng(0)
    edges = 60.0 * np.arange(minutes + 1)
    gpus = rng.integers(1, 65, n).astype(float)

    def rounded(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        first = (start / 60).astype(np.int64)
        last = np.minimum((end / 60).astype(np.int64), minutes)
        change = np.bincount(first, gpus, minutes + 1) - np.bincount(last, gpus, minutes + 1)
        return np.cumsum(change[:-1])

    start = rng.uniform(0, edges[-1], n)
    for order, start in {"in no order": start, "in order of start": np.sort(start)}.items():  # noqa: B020
        end = start + rng.exponential(7_200, n)
        runs = {
            "overbuild, exact": lambda s=start, e=end: use.occupancy(s, e, gpus, edges),
            "NumPy, jobs rounded to bins": lambda s=start, e=end: rounded(s, e),
        }
        compare(f"occupancy, {n:.0e} jobs {order}, {minutes:,} minutes", runs, rounds=5)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print("Medians of runs in turn; the last column is in units of overbuild's time.")
    for bench in (
        elementwise,
        quantiles,
        returns,
        purchases,
        arrivals,
        cycles,
        schedules,
        lead_time_fits,
        jobs,
        studies,
        overhead,
        summaries,
        clouds,
        writing,
        stored_study,
    ):
        bench()
