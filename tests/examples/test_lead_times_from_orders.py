"""Lead times from orders: what the notebook says follows from its numbers, checked by others."""

from __future__ import annotations

import re

import numpy as np
import pytest
from notebooks import executed, printed, run_module
from scipy import optimize, stats

# The kernel's messages pass through an event loop that libraries of other projects close late.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

#: What lead times are drawn from, in weeks, and how long orders are placed.
TRUTH = stats.gamma(6, scale=125 / 6)
BEGIN = np.datetime64("2021-01-04")


def weeks_until(day: str) -> float:
    return float((np.datetime64(day) - BEGIN).astype(int)) / 7


def median_of_delivered(day: str) -> float:
    """By quadrature over days of order, whose density doubles until the last one."""
    last = weeks_until("2026-01-01")
    placed = np.linspace(0, min(last, weeks_until(day)), 4_001)
    density, age = 1 + placed / last, weeks_until(day) - placed

    def delivered(weeks: float) -> float:
        return float(np.trapezoid(density * TRUTH.cdf(np.minimum(weeks, age)), placed))

    whole = delivered(np.inf)
    return float(optimize.brentq(lambda weeks: delivered(weeks) - whole / 2, 1, 400))


class TestLeadTimesFromOrders:
    def text(self) -> str:
        return printed(executed("lead_times_from_orders"))

    def numbers(self, pattern: str) -> list[float]:
        (found,) = re.findall(pattern, self.text())
        return [float(x) for x in ([found] if isinstance(found, str) else found)]

    def table(self, which: int) -> dict[str, list[float]]:
        shown = run_module().results(executed("lead_times_from_orders"))
        tables = [text for text in shown if text.startswith(" ")]  # under their columns' names
        rows = re.findall(r"^(\S.*?)((?: +-?[\d.]+%?)+)$", tables[which], re.M)
        return {name: [float(x.rstrip("%")) for x in row.split()] for name, row in rows}

    def test_known_data(self) -> None:
        # As in the documentation of lifelines and of the original sets.
        text = self.text()
        for words in (
            "flies (days): 163 times, 156 of them ended",
            "lung (days): 228 times, 165 of them ended",
            "leukemia (weeks): 42 times, 30 of them ended",
            "diabetes (years): 731 times, 731 of them ended",
            "flies, curve less Weibull at 53 days: 12%",
        ):
            assert words in text
        both = re.findall(
            r"shape ([\d.]+), scale ([\d.]+), log-likelihood (\S+); lifelines (\S+), (\S+), (\S+)",
            text,
        )
        assert len(both) == 4
        for row in both:
            ours, theirs = (np.array([float(x) for x in part]) for part in (row[:3], row[3:]))
            assert (abs(ours - theirs) < [1.1e-4, 1.1e-3, 1.1e-3]).all()
        above = self.table(0)
        assert [row.index(0.0) for row in zip(*above.values(), strict=True)] == [0, 0, 4, 4]
        assert [round(x) for x in above["exponential"]][:2] == [198, 15]
        assert round(above["exponential"][3] + 0.1) == 838
        assert max(row[2] for row in above.values()) < 2.2

    def test_the_book(self) -> None:
        text, book = self.text(), self.table(1)
        assert "601 orders, 263 delivered" in text
        assert "5 problems, 4 orders left out" in text
        assert self.numbers(r"open: (\d+)% of 600") == [56]
        assert [book[name][1] for name in book] == [100, 121, 122, 121, 118]
        assert book["the truth it was drawn from"] == [
            pytest.approx(x, abs=0.5) for x in TRUTH.ppf([0.1, 0.5, 0.9])
        ]
        assert [book[name][2] for name in book][1:4] == [210, 200, 203]
        low, high, fitted_low, fitted_high = self.numbers(
            r"95% interval: (\d+) to (\d+) without a family, (\d+) to (\d+) fitted"
        )
        assert low < fitted_low < 121 < fitted_high < high
        assert (fitted_low, fitted_high) == (117, 128)
        # The standard error of a median of 600 draws.
        error = 0.5 / (TRUTH.pdf(TRUTH.median()) * np.sqrt(600))
        assert round(error, 1) == 2.5

    def test_the_day_of_the_count(self) -> None:
        rows = re.findall(
            r"^(20\d\d-\d\d) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)$", self.text(), re.M
        )
        readings = {month: [float(x) for x in rest] for month, *rest in rows}
        assert len(readings) == 15
        assert "truth 118.1 weeks; not fitted: 0" in self.text()
        for month, (_, delivered, naive, fitted) in readings.items():
            # An average of medians of few differs from the median of all.
            near = 1.0 if delivered < 100 else 0.5
            assert naive == pytest.approx(median_of_delivered(f"{month}-01"), abs=near)
            if month >= "2024":
                assert fitted == pytest.approx(TRUTH.median(), abs=0.6)
        short = {month: TRUTH.median() - row[2] for month, row in readings.items()}
        assert [round(short[m]) for m in ("2024-01", "2026-01")] == [35, 18]
        assert short["2028-01"] == pytest.approx(8.5, abs=0.05)
        assert [round(readings[m][2]) for m in ("2023-01", "2026-01")] == [64, 100]
        assert round(readings["2024-01"][1]) == 70
        assert round(readings["2022-07"][1]) == 5
        assert self.numbers(r"in ten, 2022-07: (\d+) to (\d+) weeks") == [84, 197]
        assert short["2026-01"] / TRUTH.median() == pytest.approx(1 / 6, abs=0.02)

    def test_late_records(self) -> None:
        assert self.numbers(r"in the records: (\d+) of 600") == [445]
        pattern = r"entry {}: Kaplan and Meier (\d+), fitted (\d+) \((\d+) to (\d+)\) weeks"
        assert self.numbers(pattern.format("ignored"))[:2] == [155, 152]
        assert self.numbers(pattern.format("said")) == [122, 122, 113, 131]

    def test_what_is_left(self) -> None:
        assert self.numbers(r"(\d+) open orders; (\d+)% .*, (\d+)% by") == [337, 80, 52]
        assert self.numbers(r"past the naive median already: (\d+)") == [84]
        oldest = list(self.table(2).values())
        assert len(oldest) == 6
        assert {row[0] + row[1] for row in oldest} <= {99, 100}  # each rounded by itself
        assert (oldest[0][0], oldest[-1][0]) == (251, 203)
        assert (min(row[3] for row in oldest), max(row[3] for row in oldest)) == (24, 27)
        assert [row[5] > row[4] for row in oldest] == [True, False, True, False, False, False]
        assert oldest[0][5] == 137

    def test_cancelled_orders(self) -> None:
        shares = self.table(3)
        assert shares["delivered"] == [89, 72, 73]
        assert shares["cancelled"] == [23, 20, 21]
        assert shares["sum"][0] == 112
        # By quadrature: delivered by week 208 and not cancelled before.
        weeks = np.linspace(0, 208, 4_001)
        kept = 0.9 ** (weeks / (365.25 / 7))
        delivered = np.trapezoid(TRUTH.pdf(weeks) * kept, weeks)
        gone = np.trapezoid(TRUTH.sf(weeks) * kept, weeks) * -np.log(0.9) * 7 / 365.25
        spread = 3 * np.sqrt(0.25 / 600)
        assert shares["delivered"][2] / 100 == pytest.approx(delivered, abs=spread)
        assert shares["cancelled"][2] / 100 == pytest.approx(gone, abs=spread)
        assert self.numbers(r"counted as open when last seen: (\d+) weeks") == [123]

    def test_lead_times_that_lengthen(self) -> None:
        assert self.numbers(r"an order placed now: (\d+) weeks") == [118]
        assert self.numbers(r"delivered orders only: (\d+)\n") == [75]
        pattern = r"{}: (\d+) \((\d+) to (\d+)\), the 95% interval holds the truth in (\d+)% of 200"
        assert self.numbers(pattern.format("all orders"))[::3] == [90, 0]
        assert self.numbers(pattern.format("what happened in 2025"))[0] == 112
        since = self.numbers(pattern.format("orders placed since 2024"))
        assert since[:3] == [117, 105, 142]
        assert since[3] == pytest.approx(95, abs=4.5)
        assert 104 < weeks_until("2026-01-01") - weeks_until("2024-01-01") < TRUTH.median()
