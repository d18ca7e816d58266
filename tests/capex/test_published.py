"""Published cost tables, to the digits that they print.

A tolerance is half a unit of the last digit printed, unless the table says how it rounds.
"""

from __future__ import annotations

import numpy as np
import pytest

import overbuild as ob

cap = ob.capex
CITED = ob.data.load("published_costs").set_index(["table", "name"])["value"]


def to_5_000(value: float) -> float:
    return 5e3 * round(value / 5e3)


def test_hennessy_and_patterson() -> None:
    """Computer Architecture, 6th ed. (2019), figure 6.14: USD a month, rounded to 5,000 there.

    Monthly annuities in arrears; a server-hour counts 720 hours a month.
    """
    given = CITED["hennessy_patterson"]

    def monthly(cost: float, years: float) -> float:
        return -float(cap.pmt(given["rate"] / 12, 12 * years, cost))

    cooling = given["facility"] * given["power_and_cooling_share"]
    power = cap.facility_power(1e3, given["critical_power"] * given["load"], given["pue"])
    month = {
        "servers": monthly(given["servers"] * given["server_price"], given["server_life"]),
        "network": monthly(given["network"], given["network_life"]),
        "power and cooling": monthly(cooling, given["facility_life"]),
        "other": monthly(given["facility"] - cooling, given["facility_life"]),
        "power": float(cap.energy_cost(power, 8_760 / 12, given["power_price"])),
        "people": given["staff"] * (1 + given["staff_overhead"]) * 8_760 / 12,
    }
    assert {name: to_5_000(cost) for name, cost in month.items()} == {
        "servers": 2_000e3,
        "network": 295e3,
        "power and cooling": 765e3,
        "other": 170e3,
        "power": 475e3,
        "people": 85e3,
    }
    total = sum(month.values())
    assert round(total / 1e6, 1) == 3.8
    assert [round(100 * cost / total) for cost in month.values()] == [53, 8, 20, 4, 13, 2]
    assert round(total / given["servers"] / given["month_hours"], 2) == 0.11
    # Yearly payments would give another table.
    yearly = cap.levelized_cost(given["servers"] * given["server_price"], 3, 0.05, 0, 12)
    assert to_5_000(float(yearly)) == 2_040e3


def test_greenberg_hamilton_maltz_and_patel() -> None:
    """The Cost of a Cloud, CCR 39 (2009): USD m a year. Annual annuities, due."""
    given = CITED["greenberg"]

    def yearly(cost: float, years: float, when: str = "begin") -> float:
        return float(cap.levelized_cost(cost, years, given["rate"], 0, 1, when=when)) / 1e6

    bought = given["servers"] * given["server_price"]
    servers = yearly(bought, given["server_life"])
    infrastructure = yearly(given["infrastructure"], given["infrastructure_life"])
    assert round(servers, 1) == 52.5
    assert round(infrastructure, 1) == 18.4
    assert round(yearly(bought, given["server_life"], when="end"), 1) == 55.1
    draw = cap.facility_power(given["servers"], given["server_kw"], given["pue"])
    power = float(cap.energy_cost(draw, 8_760, given["power_price"])) / 1e6
    # 9.38 is printed as 9.3: cut, not rounded.
    assert np.floor(10 * power) / 10 == 9.3
    # The paper's shares, about 45, 25, 15 and 15% with the network, are not those of these three.
    parts = np.array([servers, infrastructure, power]) / (servers + infrastructure + power)
    assert (85 * parts).round().tolist() == [56, 19, 10]


def training(table: str, chip_hours: float) -> dict[str, float]:
    """Cost of a training run, USD, by the method of Cottier et al. (2024), arXiv:2405.21015."""
    method, given = CITED["cottier"], CITED[table]
    years = 24 * given["age"] / method["year_hours"]
    value = cap.exponential_value(given["server_price"], method["decline"], years)
    # What a year of use costs is the value times the natural logarithm's slope.
    used = float(value) * method["decline"] * np.log(10) / method["year_hours"] * chip_hours
    kw = given["server_kw"] * method["power_share"]
    power = cap.facility_power(1, kw, given["pue"])
    return {
        "servers": used,
        "interconnect": used * method["interconnect_share"] / (1 - method["interconnect_share"]),
        "energy": float(cap.energy_cost(power, chip_hours, given["power_price"])),
    }


def test_gpt_4() -> None:
    given = CITED["gpt_4"]
    days = (np.datetime64("2022-05-12") - np.datetime64("2020-08-12")) / np.timedelta64(1, "D")
    assert given["age"] == days
    parts = training("gpt_4", given["chip_hours"])
    assert round(sum(parts.values()), 2) == 40_155_933.94
    chips = parts["servers"] / given["server_over_chip"]
    found = [chips, parts["servers"] - chips, parts["interconnect"], parts["energy"]]
    assert [round(x / 1e6, 3) for x in found] == [17.887, 11.805, 6.965, 3.499]


def test_llama_3_1_405b() -> None:
    given = CITED["llama_3_1_405b"]
    begin, start = np.datetime64("2022-12-19"), np.datetime64("2024-02-24T18")
    released = np.datetime64("2024-07-23T00")
    assert released - np.timedelta64(60 * 24 + int(given["hours"]), "h") == start
    assert given["age"] == np.floor((start - begin) / np.timedelta64(1, "D"))
    chip_hours = given["chips"] * given["hours"]
    assert round(chip_hours / 1e6, 2) == 35.09
    cost = sum(training("llama_3_1_405b", chip_hours).values())
    assert round(cost, 2) == 51_260_340.14
    # The quoted chip-hours alone are too coarse for that.
    assert sum(training("llama_3_1_405b", 35.09e6).values()) == pytest.approx(cost, rel=2e-4)


def test_a_day_of_deepseek() -> None:
    """Open-infra-index, day 6: cost is exact; tokens are printed in whole billions."""
    given = CITED["deepseek_day"]
    gpu_hours = ob.utilization.fleet_hours(given["nodes"] * given["node_gpus"], 24)
    cost = float(gpu_hours) * given["price"]
    assert cost == 87_072
    kinds = ["hit", "miss", "output"]
    tokens = np.array([given[f"{kind}_tokens"] for kind in kinds])
    prices = np.array([given[f"{kind}_price"] for kind in kinds]) / 1e6
    revenue = tokens @ prices
    assert round(revenue) == 562_100
    # Half a billion tokens of each kind may be missing: so much may the revenue be off.
    assert abs(revenue - 562_027) < 0.5e9 * prices.sum() < 1_500
    assert round(100 * (562_027 / cost - 1)) == 545


def test_training_of_deepseek_v3() -> None:
    given = CITED["deepseek_v3"]
    assert given["gpu_hours"] * given["price"] == pytest.approx(5.576e6, abs=500)


def test_rental_of_16_000_h100() -> None:
    """The Next Platform: a blend printed as 9.40 USD, and 5.27bn over four years at that price."""
    given = CITED["rental"]
    shares = np.array([given["on_demand_share"], given["one_year_share"]])
    shares = np.r_[shares, 1 - shares.sum()]
    blend = float(shares @ given[["on_demand", "one_year", "three_years"]].to_numpy()) / 8
    assert round(blend, 3) == 9.385
    assert round(blend, 1) == 9.4
    hours = float(ob.utilization.fleet_hours(given["gpus"], 8_760 * given["years"]))
    assert round(9.40 * hours / 1e9, 2) == 5.27
    assert round(blend * hours / 1e9, 2) == 5.26
