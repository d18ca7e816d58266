"""Gigawatts of 2024: routes and pools by other arithmetic, and prose that follows from numbers."""

from __future__ import annotations

import functools
import re

import numpy as np
import pytest
from notebooks import executed, printed
from scipy import optimize, stats

import overbuild as ob

# The kernel's messages pass through an event loop that libraries of other projects close late.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

NAME = "gigawatts_2024"
PROBABILITIES = (0.05, 0.5, 0.95)
ROUTES = ("capex", "accelerators", "absorption")


@functools.cache
def model() -> dict:
    """What the notebook's cells that compute define."""
    space: dict = {}
    for cell in executed(NAME).cells:
        if "model" in cell.metadata.get("tags", []):
            exec(cell.source.replace("%matplotlib inline", ""), space)
    return space


@functools.cache
def drawn() -> dict[str, np.ndarray]:
    """Inputs drawn from the rows of the table, without the package's distributions."""
    rng = np.random.default_rng()
    values = {}
    for row in ob.data.load(NAME).itertuples():
        u = rng.random(400_000)
        if row.distribution == "constant":
            values[row.name] = row.value
        elif row.distribution == "uniform":
            values[row.name] = row.low + u * (row.high - row.low)
        elif row.distribution == "loguniform":
            values[row.name] = row.low * (row.high / row.low) ** u
        else:
            middle, half = np.sqrt(row.low * row.high), np.log(row.high / row.low) / 2
            assert (row.distribution, row.level) == ("lognormal", 0.9)
            values[row.name] = middle * np.exp(half * stats.norm.ppf(u) / stats.norm.ppf(0.95))
    return values


@functools.cache
def by_hand() -> dict[str, np.ndarray]:
    """The three routes in one definition, from these draws."""
    x = drawn()
    capex = 455 - x["capex_lag"] * (455 - 455 / 1.51)
    cost = x["other_cost"] + x["ai_share"] * (x["ai_cost"] - x["other_cost"])
    gpus = (115.2 - x["shipping_lag"] * (115.2 - 115.2 / 2.42)) * x["accelerator_share"]
    gpus /= x["revenue_per_gpu"]
    power = gpus * x["kw_per_gpu"] * x["new_hall_share"] * (1 + x["other_chips"])
    return {
        "capex": x["us_share"] * capex * (1 - x["replacement_share"]) / cost,
        "accelerators": power * x["us_share"] / x["ai_share"],
        "absorption": x["leased"] / x["leased_share"],
        "gpus": gpus,
    }


def der_simonian_laird(logs) -> tuple[float, float, float, float]:
    """Pooled logarithm, standard error, spread between routes and chance, from draws."""
    y, variance = np.mean(logs, axis=1), np.var(logs, axis=1)
    v = 1 / variance
    q = np.sum(v * (y - np.sum(v * y) / v.sum()) ** 2)
    between = max(0.0, (q - len(y) + 1) / (v.sum() - np.sum(v**2) / v.sum()))
    w = 1 / (variance + between)
    chance = float(stats.chi2.sf(q, len(y) - 1))
    return np.sum(w * y) / w.sum(), w.sum() ** -0.5, between**0.5, chance


def ends(middle: float, error: float) -> np.ndarray:
    return np.exp(middle + error * stats.norm.ppf(PROBABILITIES))


def said(spread: float) -> list:
    most = stats.lognorm(np.log(5 / 4) / 2 / stats.norm.ppf(0.95), scale=20**0.5)
    return [stats.norm(3.2, 3.2 * spread), most, stats.norm(8, 8 * spread)]


def linear_pdf(x):
    return sum(w * law.pdf(x) for w, law in zip((1, 4, 1), said(0.1), strict=True)) / 6


def quantiles_on_grid(x: np.ndarray, density: np.ndarray) -> np.ndarray:
    total = np.cumsum(density)
    return np.interp(PROBABILITIES, total / total[-1], x)


class TestRoutes:
    def test_round_numbers(self) -> None:
        found = model()["gigawatts"](
            world_capex=300,
            capex_growth=0.5,
            capex_lag=0.5,
            replacement_share=0.2,
            ai_cost=40,
            other_cost=20,
            nvidia_revenue=120,
            nvidia_growth=1,
            accelerator_share=0.8,
            revenue_per_gpu=28,
            shipping_lag=0.25,
            kw_per_gpu=1.2,
            other_chips=0.5,
            new_hall_share=0.8,
            leased=2,
            leased_share=0.4,
            us_share=0.5,
            ai_share=0.5,
        )
        # Half of 300 and half of 200; 80% of it at 30 a gigawatt.
        assert found["world"] == pytest.approx(200 / 30)
        assert found["capex"] == pytest.approx(100 / 30)
        # Three quarters of 120 and a quarter of 60; 84 at 28 thousand each.
        assert found["gpus"] == pytest.approx(3)
        assert found["world_ai"] == pytest.approx(3 * 1.2 * 1.5 * 0.8)
        assert found["accelerators"] == pytest.approx(4.32)
        assert found["absorption"] == pytest.approx(5)
        assert found["capex over absorption"] == pytest.approx(2 / 3)

    def test_quantiles_by_other_draws(self) -> None:
        for name, values in by_hand().items():
            found = model()["table"].loc[name].to_numpy(float)
            np.testing.assert_allclose(found, np.quantile(values, PROBABILITIES), rtol=0.015)

    def test_together(self) -> None:
        together = model()["together"]
        logs = [np.log(by_hand()[name]) for name in ROUTES]
        middle, error, between, chance = der_simonian_laird(logs)
        assert together.pooled == pytest.approx(np.exp(middle), rel=0.01)
        assert together.standard_error == pytest.approx(error, rel=0.03)
        assert together.between == pytest.approx(between, abs=0.02)
        assert together.p_value == pytest.approx(chance, abs=0.02)
        off = [(x.mean() - middle) / x.std() for x in logs]
        np.testing.assert_allclose(together.routes["distance"], off, atol=0.04)

    def test_definitions(self) -> None:
        x, routes = drawn(), [by_hand()[name] for name in ROUTES]
        places = {"US": 1.0, "world": 1 / x["us_share"]}
        uses = {"AI": x["ai_share"], "AI and other": 1.0}
        powers = {"critical": 1.0, "facility": x["pue"]}
        assert len(model()["definitions"]) == 8
        for name, found in model()["definitions"].items():
            place, use, power = name.split(", ")
            factor = np.log(places[place] * uses[use] * powers[power])
            middle, error, *_ = der_simonian_laird([np.log(one) + factor for one in routes])
            assert found.pooled == pytest.approx(np.exp(middle), rel=0.015), name
            assert found.standard_error == pytest.approx(error, rel=0.05), name


class TestPools:
    def test_linear(self) -> None:
        def below(x: float, p: float) -> float:
            return sum(w * s.cdf(x) for w, s in zip((1, 4, 1), said(0.1), strict=True)) / 6 - p

        exact = [optimize.brentq(below, 1, 12, args=(p,)) for p in PROBABILITIES]
        found = model()["pools"]["linear", "1, 4, 1"].ppf(list(PROBABILITIES))
        np.testing.assert_allclose(found, exact, rtol=1e-6)

    def test_logarithmic(self) -> None:
        x = np.linspace(0.5, 14, 400_001)
        logs = sum(w * law.logpdf(x) for w, law in zip((1, 4, 1), said(0.2), strict=True)) / 6
        found = model()["pools"]["log", "1, 4, 1"].ppf(list(PROBABILITIES))
        np.testing.assert_allclose(found, quantiles_on_grid(x, np.exp(logs)), rtol=1e-3)


class TestProse:
    """Numbers of prose against those shown, and these against other arithmetic."""

    def says(self, *phrases: str) -> None:
        cells = executed(NAME).cells
        prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        assert not [phrase for phrase in phrases if phrase not in prose]

    def printed(self, label: str) -> list[float]:
        (line,) = re.findall(rf"^{re.escape(label)}(.*)$", printed(executed(NAME)), re.M)
        return [float(x) for x in re.findall(r"\d+(?:\.\d+)?", line)]

    def shown(self, row: str) -> dict[str, list[float]]:
        """Rows of the table that has such a row."""
        (text,) = [
            output["data"]["text/plain"]
            for cell in executed(NAME).cells
            for output in cell.get("outputs", [])
            if re.search(rf"^{row} ", output.get("data", {}).get("text/plain", ""), re.M)
        ]
        rows = re.findall(r"^(\S.*?)((?: +-?\d+\.\d+)+)$", text, re.M)
        return {name.strip(): [float(x) for x in numbers.split()] for name, numbers in rows}

    def test_what_was_said(self) -> None:
        rows = model()["pooled"].round(1)
        assert rows.loc[("linear", "1, 4, 1")].tolist() == [3.0, 4.5, 8.4]
        assert rows.loc[("log", "1, 4, 1")].tolist() == [3.9, 4.4, 5.1]
        assert set(rows["P50"]) == {4.4, 4.5}
        self.says("3.0 to 8.4 GW", "the majority: 3.9 to 5.1", "4.4 or 4.5 in all six cases")

    def test_the_routes(self) -> None:
        table = model()["table"].round(1)
        assert table.loc[["world", "world_ai", "leased"], "P50"].tolist() == [7.5, 4.5, 3.0]
        assert table.loc[list(ROUTES), "P50"].tolist() == [3.7, 3.8, 6.1]
        assert round(455 / 1.51) == 301
        assert round(115.2 / 2.42, 1) == 47.6
        assert round(1.8095 / 0.88, 2) == 2.06
        assert round(4.4 / 2.06, 1) == 2.1
        ranges = ob.data.load(NAME).query("distribution != 'constant' and name != 'said_mostly'")
        assert ranges.loc[ranges["grade"] != "assumption", "name"].tolist() == ["leased"]
        # What the cost of a gigawatt for AI leans on: server, network at 19%, hall.
        server = np.array([31_905, 36_018]) / 1.275 / 1e3
        assert (server / 0.81 + 11.7).round().tolist() == [43, 47]
        self.says(
            "7.5 GW is the world, 4.5 GW is AI, 3.0 GW is leased",
            "they are 3.7, 3.8 and 6.1 GW",
            "455 billion USD in 2024 and 301 in 2023",
            "115.2 billion USD to data centres in the year to January 2025, and 47.6",
            "makes CBRE's 2.06 in all",
            "a factor of 2.1 apart",
        )

    def test_held_against_each_other(self) -> None:
        off = (np.log(model()["routes"]["estimate"] / 4.47)) / model()["routes"]["standard_error"]
        np.testing.assert_allclose(off, [-0.8, -0.5, 1.1], atol=0.06)
        found = self.shown("the three routes")
        assert found["the three routes"] == [3.3, 4.3, 5.7]
        assert found["the same without a spread between them"][::2] == [3.4, 5.6]
        assert found["the same with what they share counted once"][::2] == [3.4, 5.9]
        assert self.printed("between routes ")[1] == pytest.approx(0.34, abs=0.015)
        (correlation,) = self.printed("correlation of capex and accelerators")
        logs = [np.log(by_hand()[name]) for name in ROUTES]
        assert correlation == pytest.approx(np.corrcoef(logs)[0, 1], abs=0.02)
        precision = np.linalg.inv(np.cov(logs))
        middle = precision.sum(axis=0) @ np.mean(logs, axis=1) / precision.sum()
        shared = found["the same with what they share counted once"]
        assert shared == pytest.approx(ends(middle, precision.sum() ** -0.5), abs=0.1)
        for k, left_out in enumerate(ROUTES):
            two = [one for j, one in enumerate(logs) if j != k]
            alone = found[f"the same without {left_out}"]
            assert alone == pytest.approx(ends(*der_simonian_laird(two)[:2]), abs=0.1)
        x = np.linspace(1.5, 12, 200_001)
        together = model()["together"]
        weight = stats.lognorm(together.standard_error, scale=together.pooled).pdf(x)
        updated = quantiles_on_grid(x, linear_pdf(x) * weight)
        assert found["what was said, updated by the routes"] == pytest.approx(updated, abs=0.06)
        assert found["the same without absorption"] == [2.7, 3.7, 5.1]
        assert found["the same without capex"] == [3.3, 4.9, 7.3]
        assert found["the same without accelerators"] == [3.1, 4.6, 7.0]
        first = model()["result"].sensitivity("capex over absorption")["first_order"]
        other = model()["result"].sensitivity("accelerators over absorption")["first_order"]
        assert [first["leased"], other["leased"]] == pytest.approx([0.35, 0.24], abs=0.015)
        self.says(
            "give 4.3 GW, with 90% between 3.3 and 5.7",
            "capex lies 0.8 of its standard errors below, accelerators 0.5 below, absorption 1.1",
            "(chance 0.34)",
            "without a spread between routes 3.4 to 5.6",
            "without absorption it is 3.7 GW (2.7 to 5.1), without capex 4.9 (3.3 to 7.3), "
            "without accelerators 4.6 (3.1 to 7.0)",
            "correlated by 0.33) 3.4 to 5.9",
            "independent: 3.6 to 4.9",
            "(35% and 24% of the variance of the two ratios)",
        )
        assert [round(float(x), 1) for x in updated[::2]] == [3.6, 4.9]

    def test_of_what(self) -> None:
        table = model()["by_definition"]
        middle = table["P50"].round(1)
        assert (middle.min(), middle.max()) == (2.5, 10.3)
        assert round(middle.max() / middle.min()) == 4
        assert round(5.7 / 3.3, 1) == 1.7
        assert 8 / 3.2 == 2.5
        near = {answer: set(table.index[table[answer].abs() <= 1]) for answer in ("4.5", "8")}
        assert near["8"] == {"world, AI and other, critical"}
        assert near["4.5"] == {
            "US, AI and other, critical",
            "world, AI, critical",
        }
        assert round(table.loc["US, AI and other, facility", "4.5"], 1) == -1.0
        least = table["3.2"].round(1)
        assert least[least.abs() <= 2].to_dict() == {
            "US, AI, critical": 1.6,
            "US, AI, facility": 0.4,
            "US, AI and other, critical": -1.9,
        }
        # No gap from the least P5 to the largest P95.
        in_order = table.sort_values("P5")
        assert (in_order["P5"].to_numpy()[1:] < in_order["P95"].cummax().to_numpy()[:-1]).all()
        assert [round(table["P5"].min(), 1), round(table["P95"].max(), 1)] == [1.9, 13.2]
        self.says(
            "2.5 GW for AI in the United States and 10.3 GW",
            "(1.6 and 0.4 off)",
            "(1.9 below)",
            "from 1.9 to 13.2 GW there is no gap",
        )

    def test_what_would_settle_it(self) -> None:
        known = self.shown("leased_share")
        swings = {name: abs(high - low) for name, (low, high, *_) in known.items()}
        assert max(swings.values()) <= 0.91
        wide = {name for name, row in known.items() if max(row[2:]) > 3}
        assert wide == {"leased", "leased_share"}
        logs = [np.log(by_hand()[name]) for name in ROUTES]
        share = -np.log(drawn()["leased_share"])
        for firm, taken in {"JLL": 4.4, "CBRE": 1.8095 / 0.88}.items():
            middle, error, between, chance = der_simonian_laird([*logs[:2], np.log(taken) + share])
            found = self.printed(f"{firm}:")
            assert found[:3] == pytest.approx(ends(middle, error), abs=0.12)
            assert found[3] == pytest.approx(between, abs=0.02)
            assert found[4] == pytest.approx(chance, abs=0.01)
        assert self.printed("JLL:")[:3] == [3.0, 5.1, 8.8]
        assert self.printed("CBRE:")[:3:2] == [3.2, 4.9]
        (width,) = self.printed("width as it is:")
        assert width == pytest.approx(5.7 - 3.3, abs=0.06)
        normal = stats.norm.ppf((np.arange(10_000) + 0.5) / 10_000)
        for error, expected in {0.1: 0.8, 0.2: 1.4}.items():
            count = np.log(model()["together"].pooled) + error / stats.norm.ppf(0.95) * normal
            moments = [(x.mean(), x.std()) for x in (*logs, count)]
            four = [mean + spread * np.array([-1, 1]) for mean, spread in moments]
            low, _, high = ends(*der_simonian_laird(four)[:2])
            assert high - low == pytest.approx(expected, abs=0.1)
            assert self.printed(f"with a count of new US capacity to {error:.0%}:") == [expected]
        assert np.quantile(4.4 / drawn()["leased_share"], 0.5) == pytest.approx(8.8, abs=0.05)
        self.says(
            "narrow 2.4 GW of uncertainty to 0.8",
            "To 10% it would leave 0.8 GW of the 2.4; to 20%, 1.4",
            "more than 0.9 GW from one end to the other",
            "(3.2 to 4.9 GW; a disagreement as large has a chance of 0.90)",
            "3.0 to 8.8 GW, with a chance of 0.003",
            "absorption alone says 9 GW, the three routes 5",
            "it is 5.1 GW, with 90% between 3.0 and 8.8",
            "anything from 4.9 to 8.8 GW, depending on the broker",
            "3.7 to 5.1 GW, whichever route is left out and whichever broker is right",
        )

    def test_what_was_not_used(self) -> None:
        gpus, six = self.printed("GPUs in service, in millions of H100:")
        assert gpus == 3.2
        assert six == round(0.485 + 2 * 0.23 + 0.224 + 0.196 + 0.169, 1) == 1.5
        drawn_more, low, middle, high = self.printed("electricity:")
        assert drawn_more == round((415 - 415 / 1.12) / 8.784, 1) == 5.1
        facility = model()["by_definition"].loc["world, AI and other, facility"]
        exact = [round(100 * 5.06 / facility[p]) for p in ("P95", "P50", "P5")]
        assert [low, middle, high] == pytest.approx(exact, abs=1)
        assert (low, high) == (38, 63)
        self.says("middle of 3.2 million GPUs", "(1.5 million,", "5.1 GW more", "(38% to 63%)")
