"""Unit cost: laws, and published tables to the digits they print."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import overbuild as ob

cap = ob.capex


def test_hennessy_and_patterson() -> None:
    """J. Hennessy and D. Patterson, Computer Architecture, 6th ed. (2019), figures 6.13, 6.14."""

    def monthly(capex: float, years: float) -> float:
        return -float(cap.pmt(0.05 / 12, 12 * years, capex))

    facility = 88e6
    servers = monthly(45_978 * 1_450, 3)
    network = monthly(12.81e6, 4)
    power_and_cooling = monthly(0.82 * facility, 10)
    other = monthly(0.18 * facility, 10)
    # The text gives 8 MW, 80% of load and a power usage effectiveness of 1.45.
    energy = float(cap.energy_cost(8 * 0.8 * 1.45, 8_760 / 12, 70.0))
    people = (3 * 20 + 30) * 8_760 / 12 * 1.3
    printed = [2.00e6, 295e3, 765e3, 170e3, 475e3, 85e3]
    found = [servers, network, power_and_cooling, other, energy, people]
    assert [5e3 * round(x / 5e3) for x in found] == printed
    total = sum(found)
    assert total == pytest.approx(3.8e6, abs=0.05e6)
    assert [round(100 * x / total) for x in found] == [53, 8, 20, 4, 13, 2]
    assert total / 45_978 / 720 == pytest.approx(0.11, abs=0.005)


def test_greenberg_hamilton_maltz_patel() -> None:
    """A. Greenberg et al., "The Cost of a Cloud", CCR 39 (2009), table 1: annuities due."""
    servers = cap.levelized_cost(50_000 * 3_000, 3, 0.05, 0.0, 1.0, when="begin")
    infrastructure = cap.levelized_cost(200e6, 15, 0.05, 0.0, 1.0, when="begin")
    assert servers == pytest.approx(52.5e6, abs=0.05e6)
    assert infrastructure == pytest.approx(18.4e6, abs=0.06e6)
    power = cap.energy_cost(cap.facility_power(50_000, 0.180, 1.7), 8_760, 70.0)
    assert power == pytest.approx(9.3e6, abs=0.1e6)


def test_cottier_and_others() -> None:
    """B. Cottier et al. (2024), arXiv:2405.21015: amortized hardware and energy of two models."""

    def training_cost(chip_hours, price_with_server, age, kw, energy_price) -> float:
        value = cap.exponential_value(price_with_server, 0.14, age)
        hourly = value * 0.14 * np.log(10) / 8_766
        interconnect = 19 / 81
        energy = cap.energy_cost(kw / 1e3, chip_hours, 1e3 * energy_price)
        return float(hourly * chip_hours * (1 + interconnect) + energy)

    def years(begin: str, end: str) -> float:
        hours = np.datetime64(end, "h") - np.datetime64(begin, "h")
        return float(hours / np.timedelta64(8_766, "h"))

    kw = 6.5 / 8 * 0.75 * 1.25
    gpt_4 = training_cost(57e6, 24_875, years("2020-08-12", "2022-05-12"), kw, 0.0806)
    assert gpt_4 == pytest.approx(40_155_933.94, abs=1)
    kw, age = 10.2 / 8 * 0.75 * 1.1, years("2022-12-19", "2024-02-24T18")
    llama = training_cost(35.09e6, 44_489.88, age, kw, 0.0771)
    # The hours that are quoted have four digits.
    assert llama == pytest.approx(51_260_340.14, rel=1e-3)


def test_deepseek_and_a_rental() -> None:
    assert 226.75 * 8 * 24 * 2 == 87_072  # open-infra-index, day 6: nodes of eight, 2 USD an hour
    assert 2.788e6 * 2 == 5.576e6  # DeepSeek-V3, technical report
    blended = 0.5 * 12.29 + 0.3 * 7.20 + 0.2 * 5.395
    assert blended == pytest.approx(9.385, abs=1e-2)


class TestLevelizedCost:
    def test_is_the_price_that_earns_the_rate(self) -> None:
        price = cap.levelized_cost(45_000, 5, 0.1, 3_000, 6_000)
        flows = np.r_[-45_000, np.full(5, price * 6_000 - 3_000)]
        assert cap.irr(flows) == pytest.approx(0.1, rel=1e-12)

    def test_monthly_and_due(self) -> None:
        monthly = cap.levelized_cost(1_200, 1, 0.12, 0, 12, payments_per_year=12)
        assert monthly == pytest.approx(-float(cap.pmt(0.01, 12, 1_200)))
        due = cap.levelized_cost(1_200, 1, 0.12, 0, 12, when="begin", payments_per_year=12)
        assert due == pytest.approx(-float(cap.pmt(0.01, 12, 1_200, when=1)))
        listed = cap.levelized_cost([1_200, 2_400], [1, 1], 0.12, 0, 12, payments_per_year=12)
        np.testing.assert_allclose(listed, [monthly, 2 * monthly])
        with pytest.raises(ValueError, match="when must be 'end' or 'begin'"):
            cap.levelized_cost(1, 1, 0.1, 0, 1, when="due")
        with pytest.raises(ValueError, match="payments_per_year must be at least 1"):
            cap.levelized_cost(1, 1, 0.1, 0, 1, payments_per_year=0)


def test_parts() -> None:
    costs = xr.DataArray([[100.0, 200.0]], dims=["draw", "part"])
    share = xr.DataArray([1.0, 0.5], dims="part")
    assert cap.tariffed(costs, share, 0.1).values.tolist() == [pytest.approx(320)]
    assert cap.tariffed([100.0, 200.0], 0.0, 0.5) == 300
    assert cap.capex_per_mw(costs, 2.0).values.tolist() == [150]
    with pytest.raises(ValueError, match="must have dimension 'part'"):
        cap.capex_per_mw(costs.rename(part="item"), 2.0)


def test_curves() -> None:
    assert cap.learning_curve(100, [2, 4, 8], 2, 0.2).tolist() == pytest.approx([100, 80, 64])
    path = cap.price_path(4.0, 0.36, periods=5, periods_per_year=4)
    assert path[[0, 4]].tolist() == pytest.approx([4.0, 2.56])
    assert cap.exponential_value(100, 1.0, [0, 1, 2]).tolist() == pytest.approx([100, 10, 1])


def test_what_is_out_of_range() -> None:
    for call in (
        lambda: cap.facility_power(1, 1, 0.9),
        lambda: cap.energy_cost(-1, 1, 1),
        lambda: cap.capex_per_mw([1.0], 0),
        lambda: cap.tariffed([1.0], 1.5, 0.1),
        lambda: cap.levelized_cost(1, -1, 0.1, 0, 1),
        lambda: cap.learning_curve(1, 0, 1, 0.1),
        lambda: cap.price_path(1, 1.0, 1)[0],
        lambda: cap.exponential_value(1, 0.1, -1),
    ):
        with pytest.warns(RuntimeWarning, match="invalid value"):
            assert np.isnan(call())
