"""What a GPU-hour costs: what the notebook says follows from its numbers."""

from __future__ import annotations

import re

import pytest
from notebooks import executed, printed

# The kernel's messages pass through an event loop that libraries of other projects close late.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


class TestGpuHourCost:
    def test_printed_tables_are_reproduced(self) -> None:
        notebook = executed("gpu_hour_cost")
        text = printed(notebook)
        count, worst = re.findall(r"(\d+) lines; the largest difference is ([\d.]+) of", text)[0]
        (table,) = [
            output["data"]["text/html"]
            for cell in notebook.cells
            for output in cell.get("outputs", [])
            if "may be off by" in output.get("data", {}).get("text/html", "")
        ]
        rows = re.findall(r"data row\d+ col\d\" >([^<]+)</td>", table)
        cells = [
            [float(cell.replace(",", "")) for cell in rows[row + 1 : row + 5]]
            for row in range(0, len(rows), 5)
        ]
        assert len(cells) == int(count) == 29
        for computed, as_printed, off_by, allowed in cells:
            assert abs(computed - as_printed) <= allowed * 1.01
            assert off_by == pytest.approx(computed - as_printed, abs=0.6 * allowed)
        assert float(worst) <= 1
        totals = {as_printed for _, as_printed, _, _ in cells}
        assert {40_155_933.94, 51_260_340.14, 87_072, 562_027, 5.576, 5.27, 0.11} <= totals

    def test_the_conventions_that_the_text_names(self) -> None:
        text = printed(executed("gpu_hour_cost"))
        assert "if the network is 15%: 56% 19% 10%" in text
        assert "at the blend itself, 9.385 USD: 5.26bn" in text
        changes = re.findall(r"(?:monthly|year|5%): +(\+[\d.]+)%", text)
        assert changes == ["+2.1", "+5.0", "+96"]

    def test_the_conclusions_follow_from_the_numbers(self) -> None:
        text = printed(executed("gpu_hour_cost"))
        cheap, dear = map(float, re.findall(r"MWh: ([\d.]+) to ([\d.]+) USD", text)[0])
        full, half = map(float, re.findall(r"50%:  ([\d.]+) to ([\d.]+) USD", text)[0])
        assert round(dear - cheap, 2) == 0.17
        assert round(half - full, 2) == 1.69
        assert full == 2.11
        assert "more than 2 USD: 98%" in text
        # The first of the inputs, ordered by their swing.
        assert re.search(r"others at their medians:\nutilization ", text)
