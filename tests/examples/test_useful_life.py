"""How long a GPU lasts: what the notebook says follows from its numbers, and these from others."""

from __future__ import annotations

import datetime
import itertools
import math
import re

import pytest
from notebooks import executed, printed
from scipy import optimize

import overbuild as ob

# The kernel's messages pass through an event loop that libraries of other projects close late.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


class TestUsefulLife:
    """Medians against plain arithmetic at the medians of the inputs; words against numbers."""

    lives = (3, 4, 5, 5.5, 6)
    step = math.sqrt(1.4 * 2.5)

    def numbers(self, pattern: str) -> list[float]:
        (found,) = re.findall(pattern, printed(executed("useful_life")))
        return [float(x) for x in ([found] if isinstance(found, str) else found)]

    def table(self, caption: str) -> dict[str, list[str]]:
        (html,) = [
            output["data"]["text/html"]
            for cell in executed("useful_life").cells
            for output in cell.get("outputs", [])
            if f"<caption>{caption}" in output.get("data", {}).get("text/html", "")
        ]
        rows = re.findall(r"<tr>(.*?)</tr>", html.partition("<tbody>")[2], re.S)
        labelled = {}
        for row in rows:
            heads = re.findall(r"row_heading[^>]*>([^<]+)</th>", row)
            labelled[heads[-1], len(labelled)] = re.findall(r"<td[^>]*>([^<]+)</td>", row)
        return {f"{label} {k}": cells for (label, k), cells in labelled.items()}

    def test_generations(self) -> None:
        days = [(2020, 5, 14), (2022, 3, 22), (2024, 3, 18), (2025, 3, 18)]
        dates = [datetime.date(*day) for day in days]
        gaps = [(b - a).days / 365.25 * 12 for a, b in itertools.pairwise(dates)]
        text = printed(executed("useful_life"))
        assert [round(gap, 1) for gap in gaps] == [22.2, 23.9, 12.0]
        assert "months between announcements: 22.2 23.9 12.0" in text
        trend = 10 ** (0.14 * sum(gaps[:2]) / 2 / 12)
        assert round(trend, 2) == 1.86
        assert "over 23.1 months: 1.86" in text
        assert trend == pytest.approx(self.step, rel=0.01)
        assert "above a six-year straight line: 17 of 20" in text
        html = "".join(
            output["data"].get("text/html", "")
            for cell in executed("useful_life").cells
            for output in cell.get("outputs", [])
            if "data" in output
        )
        rows = {
            name: re.findall(r"<td[^>]*>([^<]*)</td>", rest)
            for name, rest in re.findall(r"row_heading[^>]*>([^<]+)</th>(.*?)</tr>", html, re.S)
        }
        assert rows["H100"][4:6] == ["1.77", "2.53"]
        assert rows["B200"][4:6] == ["1.42", "2.13"]
        assert rows["B300"][2:4] == ["1.11", "1.00"]
        assert [rows[gpu][8] for gpu in ("A100", "H100", "B200")] == ["33", "34", "37"]
        declines = {
            name: float(rows[name][3])
            for name in [
                *ob.data.load("hardware_prices")["hardware"].unique(),
                *(f"A100 rented, {seller}" for seller in ("AWS", "Lambda")),
                *(f"H100 rented, {seller}" for seller in ("AWS", "Lambda", "index")),
            ]
        }
        bought = [x for name, x in declines.items() if "rented" not in name]
        assert len(bought) == 7
        assert (round(min(bought), 2), round(max(bought), 2)) == (0.01, 0.17)
        assert declines["A100 rented, AWS"] == 0
        assert declines["A100 rented, Lambda"] < 0
        assert [declines[f"H100 rented, {by}"] for by in ("Lambda", "AWS")] == [0.114, 0.178]
        assert rows["H100 rented, index"][2] == "1.38"
        assert rows["V100 SXM3 32 GB"][2] == "0.22"

    def test_the_day_that_book_and_market_cross(self) -> None:
        crossing = self.table("Months until the market is back above the book")
        worst = self.table("Book less market at the worst moment")
        for row, months in enumerate((12, 18, 24)):
            k = math.log(self.step) * 12 / months
            for column, n in enumerate(self.lives):
                when, widest = crossing[f"{months} months {row}"][column], 0.0
                if k * n <= 1:
                    assert when.startswith("never below")
                else:
                    bottom = math.log(k * n) / k
                    day = optimize.brentq(
                        lambda t, k=k, n=n: 1 - t / n - math.exp(-k * t), bottom, n
                    )
                    assert float(when.split()[0]) == pytest.approx(12 * day, abs=0.6)
                    widest = 1 - bottom / n - 1 / (k * n)
                gap = float(worst[f"{months} months {row}"][column].split()[0])
                assert gap == pytest.approx(100 * widest, abs=0.6)
        assert crossing["24 months 2"][4] == "55 [1, 66]"
        assert crossing["12 months 0"][4].startswith("70 ")
        assert worst["24 months 2"][4].startswith("13 ")
        assert worst["12 months 0"][4].startswith("38 ")
        assert worst["as observed 3"][4] == "4 [0, 20]"
        text = printed(executed("useful_life"))
        assert "24 months, lives 3 to 6: 59% 24% 10% 7% 5%" in text
        assert "widest, 13% of cost, after 24 months; crossing after 55 months" in text

    def margin(self, months: int, life: float, growth: float, committed: float) -> float:
        """One fleet in plain loops: no package, inputs at their medians."""
        price, cost, kw, pue, rate = math.sqrt(2.5 * 4.0), 33_500 / 0.81, 1.275, 1.2, 0.105
        annuity = rate / (1 - (1 + rate) ** -15)
        space = 12.15e6 * annuity / 4 * kw / 1e3
        cash = space + kw * pue / 1e3 * 2_190 * 75 + 0.06 * cost / 4
        revenue = paid = lost = 0.0
        for quarter in range(24):
            bought = (1 + growth) ** (-quarter / 4)
            now = price * self.step ** (-3 * quarter / months)
            share = committed if quarter < 16 else 0.0
            earned = 2_190 * (share * price * 0.8 + (1 - share) * 0.7 * now)
            if earned > cash:
                revenue += bought * earned
                paid += bought * cash
            lost += bought * cost * min(1.0, max(0.0, 4 * life - quarter)) / (4 * life)
        return (revenue - paid - lost) / revenue

    def test_margins(self) -> None:
        rows = list(self.table("Operating margin with contracts").values())
        found = [[float(cell.rstrip("%")) / 100 for cell in row] for row in rows]
        for budget, growth in enumerate((0.0, 0.3, 0.6)):
            for cadence, months in enumerate((12, 18, 24)):
                for column, life in enumerate(self.lives):
                    expected = self.margin(months, life, growth, 0.96)
                    assert found[4 * budget + cadence][column] == pytest.approx(expected, abs=0.01)
        # Without growth life does not matter; with it, by some twenty points.
        assert all(len(set(row)) == 1 for row in found[:4])
        assert [round(found[10][k], 2) for k in (0, 4)] == [0.18, 0.39]
        # Within the same growth cadence moves a column by two points at most.
        for budget in range(3):
            for column in zip(*found[4 * budget : 4 * budget + 4], strict=True):
                assert max(column) - min(column) < 0.0201

        def on_demand(label: str) -> list[float]:
            five = " ".join([r"(-?\d+)%"] * 5)
            pattern = rf"margin on demand, purchases \+60%, {label}, lives 3 to 6: {five}"
            return self.numbers(pattern)

        for months in (12, 24):
            expected = [100 * self.margin(months, life, 0.6, 0.0) for life in self.lives]
            assert on_demand(f"{months} months") == pytest.approx(expected, abs=2)
        assert max(on_demand("12 months")) < 0
        assert abs(on_demand("24 months")[4]) < 5

    def test_economic_life_and_the_fleet(self) -> None:
        text = printed(executed("useful_life"))
        lasts = [float(x) for x in re.findall(r"than it earns, [\w ]+: ([\d.]+) ", text)]
        assert lasts[:2] == [2.0, 3.0]
        assert 3.85 < lasts[2] < 4  # nearly 4
        assert 5 < lasts[3] < 5.5  # a little more than 5
        assert re.findall(r"at least six in (\d+)% of draws", text) == ["1", "4", "13", "42"]
        assert re.findall(r"books of 6 years, [\w ]+: ([\d.]+) ", text) == [
            "0.61",
            "0.77",
            "0.88",
            "0.99",
        ]
        for months, years in zip((12, 18, 24), lasts[:3], strict=True):
            # 0.64 USD of cash cost an hour against 3.16 at 70%
            hours = math.log(math.sqrt(10) * 0.7 / 0.637) / math.log(self.step) * months / 12
            assert years == pytest.approx(hours, abs=0.15)
        assert self.numbers(r"price left after four years: (\d+)%")[0] < 10

    def test_waiting(self) -> None:
        found = self.numbers(r"waiting pays, months: (\d+) (\d+) (\d+)")
        assert found == [27, 43, 59]
        for months, expected in zip((12, 18, 24), found, strict=True):
            kept = self.step * 1.105 ** (-months / 12)
            horizon = -12 * math.log((kept - 1) / (self.step - 1)) / math.log(1.105)
            assert expected == pytest.approx(horizon, abs=0.6)
        text = printed(executed("useful_life"))
        shares = re.findall(r"(contracts|on demand), .*more than it costs in (\d+)%", text)
        assert all(int(share) > 50 for case, share in shares if case == "contracts")
        assert all(int(share) < 50 for case, share in shares if case == "on demand")
        rows = list(self.table("Work done by a planned end").values())
        assert rows[0][0].startswith("+")  # three years: worth a wait of one year
        assert rows[2][0].endswith("-25%]")  # not of two

    def test_changes_of_life(self) -> None:
        def implied(name: str) -> list[float]:
            return self.numbers(rf"{name}: .* years, (\d+) to (\d+)bn USD")

        def saved(old: int, new: int) -> float:
            """First year's fall for a dollar, machines of each age in months alike, by hand."""
            total = 0.0
            for age in range(min(old, new)):
                left = 1 - age / old
                was = min(12, old - age) / old
                total += was - left * min(12, new - age) / (new - age)
            return total / min(old, new)

        assert implied("Microsoft")[0] == pytest.approx(3.7 / saved(48, 72), abs=0.6)
        assert implied("Alphabet")[0] == pytest.approx(3.4 / saved(48, 72), abs=0.6)
        assert implied("Amazon")[0] == pytest.approx(-0.7 / saved(72, 60), abs=0.6)
        assert implied("Meta")[0] == pytest.approx(2.9 / saved(60, 66), abs=0.6)
        low, high = self.numbers(r"68.4bn would give ([\d.]+) to ([\d.]+)bn")
        assert (low, high) == (1.8, 2.0)
        assert high == pytest.approx(68.397 * saved(60, 66), abs=0.06)
