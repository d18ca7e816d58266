"""Whether CoreWeave ran at 22%: what the notebook says follows from its numbers."""

from __future__ import annotations

import re

import pytest
from notebooks import executed, printed, run_module

# The kernel's messages pass through an event loop that libraries of other projects close late.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


class TestCoreweave2024:
    def table(self) -> dict[str, list[float]]:
        (text,) = run_module().results(executed("coreweave_2024"))
        rows = re.findall(r"^(\S.*?)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)$", text, re.M)
        return {name: [float(x) for x in numbers] for name, *numbers in rows}

    def test_the_notes_arithmetic_is_reproduced(self) -> None:
        text = printed(executed("coreweave_2024"))
        assert "capacity 2.19bn GPU-hours, utilization 22.09%" in text
        assert "price implied by the note: 3.96 USD" in text
        assert self.table()["the note"] == [0.221, 0.221, 0.221]

    def test_the_corrected_denominator(self) -> None:
        # 3e8 / 0.62 over (53,000 + 250,000) / 2 GPUs for 8,784 hours
        assert pytest.approx(0.364, abs=5e-4) == 3e8 / 0.62 / (151_500 * 8_784)
        assert "151,500 GPUs on average, 1.33bn GPU-hours, utilization 36.4%" in printed(
            executed("coreweave_2024")
        )

    def test_the_conclusions_follow_from_the_numbers(self) -> None:
        table = self.table()
        hours = table["from Microsoft's hours (used)"]
        revenue = table["from revenue (billed)"]
        assert hours[0] > 0.221
        assert revenue[0] > 0.221
        assert 0.30 < hours[1] < 0.37
        assert 0.45 < revenue[1] < 0.55
        assert revenue[0] == pytest.approx(0.35, abs=0.01)
        assert revenue[2] == pytest.approx(0.70, abs=0.01)
        for p in range(3):
            assert revenue[p] > table["break-even, operating"][p]
            assert revenue[p] < table["break-even, after interest"][p]
        assert (
            "operating income 324.4m USD, 16.9% of revenue; after interest -36.4m USD"
            in printed(executed("coreweave_2024"))
        )
        # The income statement says the same without any fleet: 1915.4 over 1591.0 and 1951.8.
        text = printed(executed("coreweave_2024"))
        low, high = map(float, re.findall(r"operating break-even: +([\d.]+) to ([\d.]+)", text)[0])
        assert 1915.4 / 1591.0 < low < high < 1915.4 / 1591.0 * 1.02
