"""The claims of the note computed again: its inputs drawn by NumPy, each figure in plain NumPy."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

import overbuild as ob

Z95 = 1.6448536269514722
SIZE = 400_000


def law(row: dict[str, str], random: np.random.Generator) -> np.ndarray:
    """Draws of one row of a table of inputs, by NumPy alone."""
    low, mode, high = (float(row.get(name) or "nan") for name in ("low", "mode", "high"))
    u = random.random(SIZE)
    match row["distribution"]:
        case "uniform":
            return low + (high - low) * u
        case "loguniform":
            return low * (high / low) ** u
        case "triangular":
            return random.triangular(low, mode, high, SIZE)
        case "lognormal":
            middle, spread = math.sqrt(low * high), math.log(high / low) / 2 / Z95
            return middle * np.exp(spread * random.standard_normal(SIZE))
        case "pert":
            a, b = 1 + 4 * (mode - low) / (high - low), 1 + 4 * (high - mode) / (high - low)
            return low + (high - low) * random.beta(a, b, SIZE)
        case "choice":
            return random.choice([float(x) for x in row["values"].split(";")], SIZE)
        case _:
            return np.full(SIZE, float(row["value"]))


def drawn(*tables: str) -> SimpleNamespace:
    """All inputs of tables, of which the later goes before."""
    found = {}
    random = np.random.default_rng(20250409)
    for table in tables:
        with Path(ob.data.path(table)).open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                found[row["name"]] = law(row, random)
    return SimpleNamespace(**found)


def annuity(rate: np.ndarray, years: np.ndarray) -> np.ndarray:
    return (1 - (1 + rate) ** -years) / rate


def c1() -> np.ndarray:
    g = drawn("coreweave_2024")
    hours = (g.opening_gpus + g.closing_gpus) / 2 * 8_784
    return 100 * g.customer_hours * g.customer_price_ratio / g.customer_share / hours


def c2() -> np.ndarray:
    g = drawn("coreweave_2024", "gpu_hour_cost")
    cost = g.h100_system / 0.81
    fixed = cost / annuity(g.rate, g.gpu_life) + 0.06 * cost
    fixed += g.facility * 1e6 / 1e3 * 1.275 / annuity(g.rate, 15.0)
    return 100 * fixed / (g.price - 1.275 * g.pue * g.power_price / 1e3) / 8_760


def c4() -> np.ndarray:
    g = drawn("gpu_hour_cost", "coreweave_2024", "coreweave_margins", "the_note")
    cost = g.h100_system / 0.81
    yearly = 8_760 * 1.44 * g.power_price + g.other_share * cost
    yearly += g.facility * 1e6 / annuity(g.rate, 15.0) * 1.44e-3
    added = g.built * (1_300_000 / 1.44 - g.closing_gpus)
    paid = np.zeros(SIZE)
    for start, gpus in ((0, g.closing_gpus), (1, added / 2), (2, added / 2)):
        if start:
            paid += gpus * cost / (1 + g.discount_rate) ** start
        for year in range(start + 1, start + 7):
            each = (1 - g.tax_rate) * yearly - g.tax_rate * cost / 6
            paid += gpus * each / (1 + g.discount_rate) ** year
    return -100 * 7e9 / (30e9 + g.net_debt + paid)


def c5() -> np.ndarray:
    g = drawn("coreweave_2024", "coreweave_margins")
    lost = (1 - g.rerent_price_ratio * g.rerent_utilization) * g.customer_share * 1212.788
    return (753.169 - lost) / 266.966


def c7() -> np.ndarray:
    g = drawn("gb200_revision")
    left = np.zeros(SIZE)
    for k in range(
        5
    ):  # (k + 1) racks of the plan come in quarter k + slip, and 1 to 4 are the year
        first, part = np.floor(k + g.slip), (k + g.slip) % 1
        for when, share in ((first, 1 - part), (first + 1, part)):
            left += (k + 1) * share * ((when >= 1) & (when <= 4))
    return -100 * (1 - left / 14)


def c8() -> np.ndarray:
    g = drawn("the_note")
    china = 5.5e9 / g.h20_price * g.h20_work
    supply = g.racks_2025 * 72 * 2.5
    idle = supply * (1 - g.elsewhere_utilization)
    return 100 * np.minimum(g.moves_abroad * china, idle) / supply


def c9() -> np.ndarray:
    g = drawn("the_note")
    return g.cost_ratio ** (1 + g.elasticity)


def c10() -> np.ndarray:
    g = drawn("the_note")
    rise = 0.5625 * g.server_tariff + 0.33 * g.equipment_imported * g.equipment_tariff
    return -100 * 863 / 1915.4 * rise * (1 - g.passed_on)


def c11() -> np.ndarray:
    g = drawn("coreweave_2024", "gpu_hour_cost", "useful_life", "the_note")
    cost = g.h100_system / 0.81
    site = g.facility * 1e3 * 1.275 / annuity(g.rate, 15.0) + 0.06 * cost
    sold = 8_760 * g.utilization
    fall = 10.0**g.observed_decline * (1 + g.rate) - 1
    missed = sold * g.price * g.value_of_service * annuity(fall, g.gpu_life) - cost
    missed -= (site + sold * 1.275 * g.pue * g.power_price / 1e3) * annuity(g.rate, g.gpu_life)
    kept = (10.0**-g.observed_decline / (1 + g.rate)) ** g.idle_years
    return missed / (cost * (1 - kept) + site * annuity(g.rate, g.idle_years))


def routes_of_2024(g: SimpleNamespace) -> list[np.ndarray]:
    """United States, AI and other, power of the machines: by money, chips and leases."""
    spent = 455 - g.capex_lag * (455 - 455 / 1.51)
    cost = g.other_cost + g.ai_share * (g.ai_cost - g.other_cost)
    sold = (115.2 - g.shipping_lag * (115.2 - 115.2 / 2.42)) * g.accelerator_share
    power = sold / g.revenue_per_gpu * g.kw_per_gpu * g.new_hall_share * (1 + g.other_chips)
    return [
        g.us_share * spent * (1 - g.replacement_share) / cost,
        power * g.us_share / g.ai_share,
        g.leased / g.leased_share,
    ]


def der_simonian_laird(logs: np.ndarray) -> tuple[float, float]:
    """Pooled logarithm and its standard error, with a spread between routes."""
    y, variance = logs.mean(axis=1), logs.var(axis=1)
    v = 1 / variance
    q = v @ (y - v @ y / v.sum()) ** 2
    w = 1 / (variance + max(0.0, (q - len(y) + 1) / (v.sum() - v @ v / v.sum())))
    return w @ y / w.sum(), w.sum() ** -0.5


def c12() -> np.ndarray:
    g = drawn("gigawatts_2024")
    logs = np.log(routes_of_2024(g))
    laws = [
        der_simonian_laird(logs + np.log(place * use * power))
        for place in (1.0, 1 / g.us_share)
        for use in (1.0, g.ai_share)
        for power in (1.0, g.pue)
    ]
    random = np.random.default_rng(12)
    middle, error = np.array(laws)[random.integers(8, size=SIZE)].T
    return np.exp(middle + error * random.standard_normal(SIZE))


def c13() -> np.ndarray:
    asked = np.floor(drawn("the_note").asked)
    return 100 * stats.beta.ppf(0.05, asked, 1)  # Clopper and Pearson, one-sided, n of n


def c14() -> np.ndarray:
    g = drawn("the_note")
    spent = (376.1 + g.oracle_capex) / 602.83
    return -np.log(spent) / (np.log1p(g.capex_growth) - np.log1p(g.cash_flow_growth))


def c15() -> np.ndarray:
    g = drawn("the_note")
    return 6 * (g.feynman - g.rubin)


def c16() -> np.ndarray:
    g = drawn("the_note")
    now, then = (
        np.log(g.liquid_now / (1 - g.liquid_now)),
        np.log(g.liquid_2028 / (1 - g.liquid_2028)),
    )
    return 100 / (1 + np.exp(-(now + 5 / 4 * (then - now))))


@cache
def weeks() -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    table = pd.read_csv(ob.data.path("lead_times"))
    found = {}
    for item, rows in table[table.weight > 0].groupby("item"):
        parts = []
        for row in rows.itertuples():
            stated = [row.low, row.typical, row.high]
            low, high = np.nanmin(stated), np.nanmax(stated)
            low, high = (low / 1.25, low * 1.25) if low == high else (low, high)
            parts.append((math.log(low * high) / 2, math.log(high / low) / 2 / Z95))
        which = random.choice(len(parts), SIZE, p=rows.weight / rows.weight.sum())
        middle, spread = np.array(parts)[which].T
        found[str(item)] = np.exp(middle + spread * random.standard_normal(SIZE))
    utility = math.log(208), math.log(364 / 208) / Z95
    found["utility_power"] = np.exp(utility[0] + utility[1] * random.standard_normal(SIZE))
    return found


def built() -> np.ndarray:
    equipment = ("transformer", "switchgear", "generator", "chiller", "shell")
    return np.max([weeks()[x] for x in equipment], axis=0) + drawn("campus").installation


def c17() -> np.ndarray:
    power = np.maximum(built(), weeks()["utility_power"])
    return (power + drawn("campus").energising) / 52.18


def c18() -> np.ndarray:
    usual = [120, math.sqrt(80 * 210), 128, 156]  # weeks, one for each source that has weight
    random = np.random.default_rng(18)
    spread = math.log(1.25) / Z95
    return random.choice(usual, SIZE) * np.exp(spread * random.standard_normal(SIZE)) / 52.18


def c19() -> np.ndarray:
    return np.maximum(weeks()["utility_power"] - built(), 0)


@cache
def industry() -> SimpleNamespace:
    """Inputs of the cycle, drawn by NumPy, labelled by draw."""
    inputs = {
        name: xr.DataArray(x[:8_192], dims="draw") for name, x in vars(drawn("industry")).items()
    }
    return SimpleNamespace(**inputs)


AGAIN: dict[str, Callable[[], np.ndarray]] = {
    name.upper(): f for name, f in globals().items() if re.fullmatch(r"c\d+", name)
}
