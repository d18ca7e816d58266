"""A gigawatt ordered today: what the notebook says follows from its numbers."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from notebooks import executed, printed, run_module

import overbuild as ob

# The kernel's messages pass through an event loop that libraries of other projects close late.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

SOURCES = ob.data.load("lead_times").dropna(subset="weight")


class TestCampus:
    def lines(self, which: int) -> dict[str, list[str]]:
        """Cells of a table by row; parts of a wide table are joined."""
        found: dict[str, list[str]] = {}
        for line in run_module().results(executed("campus"))[which].splitlines():
            row = re.match(r"(\w[\w ,]*?)  +([-\d].*?) *\\?$", line)
            if row is not None:
                found.setdefault(row[1], []).extend(row[2].split())
        return found

    def row(self, name: str) -> list[float]:
        found = re.search(rf"^{name} +(-?[\d. -]+)$", printed(executed("campus")), re.M)
        assert found is not None, name
        return [float(x) for x in found[1].split()]

    def test_the_pool_of_sources(self) -> None:
        table = {name: [int(x) for x in cells] for name, cells in self.lines(0).items()}
        z = 1.6448536
        # Power is one lognormal: middle 208, P95 364.
        spread = math.log(364 / 208) / z
        expected = [208 * math.exp(spread * k * 1.2815516) for k in (-1, 0, 1)]
        assert table["utility_power"] == pytest.approx(expected, abs=2.5)
        assert table["shell"] == pytest.approx([81, 90, 101], abs=1)
        # A mixture of sources, drawn anew.
        random = np.random.default_rng(3)
        ranges = [(12, 20, 1), (30, 38, 1), (110 / 1.25, 110 * 1.25, 0.2), (124.8, 195, 1)]
        low, high, weight = np.array(ranges).T
        k = random.choice(4, size=200_000, p=weight / weight.sum())
        normal = random.standard_normal(k.size)
        drawn = np.sqrt(low * high)[k] * np.exp(np.log(high / low)[k] / 2 / z * normal)
        quantiles = np.quantile(drawn, [0.1, 0.5, 0.9])
        assert table["generator"] == pytest.approx(quantiles, rel=0.04)

    def test_what_the_sources_say(self) -> None:
        power = SOURCES[(SOURCES.item == "transformer") & (SOURCES.date >= "2024")]
        same = power[~power.what.str.contains("Distribution|inside|step-up|High-cap")]
        figures = same[["low", "typical", "high"]]
        assert len(same) == 5
        assert figures.min().min() / 52 > 1.5
        assert figures.max().max() / 52.18 < 4.05
        chiller = SOURCES[SOURCES.item == "chiller"]
        assert (chiller.low.min(), chiller.high.max(), chiller.typical.max()) == (16, 40, 110)

    def test_phases(self) -> None:
        phases = self.lines(1)
        assert phases["building 1"] == [
            *("2029-06", "2030-05", "2032-05"),
            *("2029-01", "2029-08", "2030-03"),
        ]
        assert phases["building 8"][1] == "2030-07"
        assert phases["building 8"][4] == "2030-04"
        assert self.row("month 24") == [0, 0, 0, 0, 1.0]
        assert self.row("month 36")[4] == 0.88
        assert self.row("month 48")[1:] == [0, 1000, 400, 0.51]
        text = printed(executed("campus"))
        assert "any power within 24 months: 0 of 8,192" in text
        assert "three quarters of the campus at month 48: 15%" in text
        # Nothing is there before the utility delivers and a building is energised.
        share = 1 - 0.5 * (1 + math.erf(math.log(205 / 208) / math.log(364 / 208) * 1.645 / 2**0.5))
        assert self.row("month 48")[4] == pytest.approx(share, abs=0.03)

    def test_what_decides(self) -> None:
        assert self.row("utility_power")[:3] == [0.68, 0.67, 0.48]
        assert self.row("transformer")[0] == 0.10
        assert self.row("switchgear")[0] == 0.05
        assert self.row("generator")[0] == 0.04
        assert max(self.row("chiller")[:3]) < 0.005
        assert 0.185 < self.row("shell")[2] < 0.215  # a fifth
        assert self.row("racks")[:3] == [0.12, 0.13, 0.27]

    def test_what_stands_idle(self) -> None:
        idle = {name: [float(x) for x in cells] for name, cells in self.lines(2).items()}
        assert idle["racks on the first day"][1] == 10.0
        assert idle["racks to plan, power on demand"][1] == 1.7
        text = printed(executed("campus"))
        assert re.search(r"capital, bn USD, P10, P50, P90: [\d.]+ 32.0 ", text)
        late = re.search(r"for want of power, bn USD: 0.0 ([\d.]+) ([\d.]+)", text)
        assert late is not None
        middle, tail = float(late[1]), float(late[2])
        assert middle == pytest.approx(1.4, abs=0.11)
        assert 8.6 < tail < 9  # almost 9
        assert "waits for power: 0 5 31" in text
        assert round(middle / 32.0, 2) == 0.04
        assert tail / 32.0 == pytest.approx(1 / 4, abs=0.03)
        # By hand, at the middle of the inputs: 72 GPUs draw 130 kW, at a PUE of 1.2.
        gpus = 1e6 / (130 / 72 * 1.2)
        capital = gpus * 3.4e6 / 72 + 12.15e6 * 1e3 / 1.2
        assert capital / 1e9 == pytest.approx(32.0, rel=0.02)

    def test_order_by(self) -> None:
        table = self.lines(3)
        assert table["utility_power"] == ["208", "2024-08", "2022-06"]
        assert table["racks"][1:] == ["2029-10", "2029-08"]
        # By hand: P90 of power, then energising and commissioning of some 12 weeks.
        weeks = 208 * math.exp(math.log(364 / 208) / 1.6448536 * 1.2815516) + 12
        latest = pd.Timestamp("2030-12-31") - pd.Timedelta(weeks=weeks)
        assert abs((latest - pd.Timestamp("2024-08-07")).days) < 14
        text = printed(executed("campus"))
        together = re.search(r"each is ordered at its own date: (\d+)%", text)
        assert together is not None
        assert 50 < int(together[1]) < 56  # little more than half
        assert "as ordered: 69%; the last building 69%" in text
        worth = re.findall(r"^(\w+) +(-?\d+) +(-?\d+) +(-?\d+) +(\d\.\d)$", text, re.M)
        worth = {name: [float(x) for x in cells] for name, *cells in worth}
        assert len(worth) == 10
        assert worth["utility_power"][:3] == pytest.approx([570, 170, 400], abs=5)
        assert worth["commissioning"][0] == 933
        assert worth["transformer"][0] == pytest.approx(45, abs=2)
        assert worth["racks"][0] == pytest.approx(-45, abs=2)
        assert worth["shell"][0] == pytest.approx(-8, abs=1)
        # A month of commissioning is a month of the campus's revenue, less its electricity.
        gpus, hourly = 1e6 / (130 / 72 * 1.2), 3.0 * 0.7 - 130 / 72 * 1.2 * 0.075
        assert gpus * hourly * 730.5 / 1e6 == pytest.approx(653.6, rel=0.02)

    def test_what_hangs_on_the_choices(self) -> None:
        table = self.lines(4)
        assert table["as above"][:3] == ["2030-05", "2030-07", "2029-08"]
        shares = {name: float(cells[3]) for name, cells in table.items()}
        assert round(shares["without grade C"], 2) == 0.64
        assert round(shares["without CBRE"], 2) == 0.77
        assert round(shares["power in two years"], 2) == 0.08
        firsts = {name: pd.Timestamp(cells[0]) for name, cells in table.items()}
        for name in ("without CBRE", "without grade C"):
            assert abs((firsts[name] - firsts["as above"]).days) <= 31
        assert table["shell includes the rest"][:2] == ["2030-01", "2030-01"]
        assert table["power in seven years"][0] == "2033-03"
        assert round(float(table["power in seven years"][5]), 1) == 13.0
        assert round(float(table["power in two years"][5]), 1) == 1.7
