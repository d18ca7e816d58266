"""Fewer GB200 racks, or later ones: what the notebook says follows from its numbers."""

from __future__ import annotations

import re

import pytest
from notebooks import executed, printed, run_module

# The kernel's messages pass through an event loop that libraries of other projects close late.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


class TestGb200Revised:
    def table(self, which: int) -> dict[str, list[float]]:
        text = run_module().results(executed("gb200_revised"))[which]
        rows = re.findall(r"^(\S.*?)((?: +[\d.]+)+)$", text, re.M)
        return {name: [float(x) for x in numbers.split()] for name, numbers in rows}

    def test_the_delay_that_explains_each_forecast(self) -> None:
        table = self.table(0)
        assert [round(row[2], 2) for row in table.values()] == [0.46, 0.53, 0.64]
        assert [round(row[3], 1) for row in table.values()] == [1.9, 1.6, 1.3]
        # 36% and 54% less; by hand, 14 steps of the year become 10 and 6 after whole quarters.
        for before, after, left, delay in table.values():
            assert left == pytest.approx(after / before, abs=0.005)
            by_hand = 1 - (delay * 4 / 14 if delay <= 1 else (4 + (delay - 1) * 4) / 14)
            assert by_hand == pytest.approx(left, abs=0.005)
        assert round(1.5 * 4 / 14, 2) == 0.43  # the title of the last picture

    def test_the_shape_of_the_year(self) -> None:
        text = printed(executed("gb200_revised"))
        off = {name: float(x) for name, x in re.findall(r"(late|cut): ([\d.]+) thousand", text)}
        assert off["late"] < off["cut"]
        assert "before 36%, late 48%, cut 36%, reported 46%" in text
        first = re.search(r"2025Q1 +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)", text)
        assert first is not None
        assert [float(x) for x in first.groups()] == [9.3, 0.5, 4.3, 2.8]

    def test_what_hgx_brings_back(self) -> None:
        text = printed(executed("gb200_revised"))
        assert "later: 0.23 0.77 0.0" in text
        assert "left of the year's GPUs, P5, P50, P95: 34% 50% 69%" in text
        assert re.search(r"HGX brings back: +1% 12% 28%", text)
        assert "kW a GPU: 1.81 in a rack, 1.79 in a system" in text
        assert "USD a GPU: 47,222 in a rack, 47,409 in a system" in text
        table = self.table(1)
        for unit, places in {"million GPUs": 0.01, "GW": 0.02, "bn USD": 0.01}.items():
            plan, late, hgx = (table[f"{unit}, {case}"] for case in CASES)
            assert late[1] / plan[1] == pytest.approx(0.49, abs=places)
            assert late[1] < hgx[1] < plan[1]

    def test_what_hangs_on_the_ramp(self) -> None:
        text = printed(executed("gb200_revised"))
        assert "equal steps: 1.3 to 1.9 quarters" in text
        assert "doubling: 0.7 to 1.1 quarters" in text
        assert "level: 2.5 to 3.2 quarters" in text


#: Rows of the table of sums in the notebook on GB200.
CASES = ("the plan", "late", "late, with HGX")
