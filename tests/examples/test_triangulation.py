"""What is known of CoreWeave in 2024: prose follows from numbers, numbers from other samplers."""

from __future__ import annotations

import functools
import itertools
import re

import numpy as np
import pytest
from notebooks import executed, printed, run_module
from scipy import stats

import overbuild as ob

# The kernel's messages pass through an event loop that libraries of other projects close late.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

#: What is asked for: inputs and outputs, and how far apart two samples of them may be, as a share
#: of the range from P5 to P95. Standard errors of P5, P50, P95 are up to 2% of it in each.
ASKED = ("billed_share", "price", "fleet")
PROBABILITIES = (0.05, 0.5, 0.95)
APART = 0.09


@functools.cache
def model() -> dict:
    """What the notebook's cells that make study and evidence define."""
    space: dict = {}
    for cell in executed("triangulation").cells:
        if "model" in cell.metadata.get("tags", []):
            exec(cell.source.replace("%matplotlib inline", ""), space)
    return space


def uncertain() -> dict:
    return {name: one for name, one in model()["study"].inputs.items() if one.is_random}


def evidence(*names: str) -> dict:
    every = model()["evidence"]
    return {key: seen for name in names or every for key, seen in every[name].items()}


@functools.cache
def posterior(seed: int):
    """Draws given all evidence, by a seed of its own."""
    return model()["study"].condition(evidence(), draws=2**12, seed=seed).dataset


def quantiles(values, weights=None) -> np.ndarray:
    method = "linear" if weights is None else "inverted_cdf"
    return np.quantile(values, PROBABILITIES, weights=weights, method=method)


def assert_alike(found, exact, apart: float = APART) -> None:
    assert np.abs(found - exact).max() < apart * (exact[2] - exact[0])


def year(x: dict) -> dict:
    """The year 2024 quarter by quarter, written without the package."""
    hours = [2184, 2184, 2208, 2208]
    begin, end = x["opening_gpus"], x["closing_gpus"]
    middle = begin + x["midyear_share"] * (end - begin)
    edges = [begin, (begin + middle) / 2, middle, (middle + end) / 2, end]
    fleets = [(one + other) / 2 for one, other in itertools.pairwise(edges)]
    old = x["older_share"] * begin
    growth = [1 + x["billed_growth"] * when for when in (-0.375, -0.125, 0.125, 0.375)]
    capacity = sum(f * h for f, h in zip(fleets, hours, strict=True))
    trend = sum(f * h * g for f, h, g in zip(fleets, hours, growth, strict=True)) / capacity
    young = [f - old + x["older_ratio"] * old for f in fleets]
    sold = [h * y * g / trend for h, y, g in zip(hours, young, growth, strict=True)]
    fed = [f - old + 0.8125 / 1.275 * old for f in (*fleets, begin, end)]
    return {
        "capacity": capacity,
        "fleet": capacity / 8784,
        "young": young,
        "fed": fed,
        "at_one": sum(sold),
        "quarter_share": [s / sum(sold) for s in sold],
    }


class TestArithmetic:
    def test_the_figures_follow_from_statements(self) -> None:
        shown = model()["disclosed"]["value"]
        table = ob.data.load("coreweave_quarters")
        items = table.pivot(index="item", columns="period", values="value")
        sold = items.loc["revenue", "2024Q1":"2024Q4"]
        for k, quarter in enumerate(sold.index[:3]):
            share = sold[quarter] / shown["revenue"]
            assert shown[f"quarter_share[period={k}]"] == pytest.approx(share, abs=5e-5)
        for k, quarter in {1: "2024Q2", 2: "2024Q3"}.items():
            cash = items.loc["adjusted_ebitda", quarter]
            left = items.loc["adjusted_operating_income", quarter]
            assert shown[f"depreciation[period={k}]"] == pytest.approx(cash - left, abs=1)
            assert shown[f"cash_cost[period={k}]"] == pytest.approx(sold[quarter] - cash, abs=1)
        assert sold.sum() == pytest.approx(shown["revenue"], abs=0.1e6)

    def test_what_quotes_say_of_another(self) -> None:
        logs = np.log([3.49, 3.62, 2.59, 3.99, 2.99, 3.29])
        # The predictive distribution of a normal sample: Student's t, Gelman et al. (2013), 3.2.
        half = stats.t(5).ppf(0.95) * np.sqrt(np.square(logs - logs.mean()).sum() / 5 * (1 + 1 / 6))
        low, high = np.exp([logs.mean() - half, logs.mean() + half])
        text = f"{np.exp(logs.mean()):.2f} USD, 90% within {low:.2f} to {high:.2f}"
        assert text in printed(executed("triangulation"))

    def test_the_model_against_the_same_without_the_package(self) -> None:
        draws = model()["study"].run(draws=512, seed=3).dataset
        x = {name: draws[name].values for name in draws if draws[name].dims == ("draw",)}
        found = year(x)
        np.testing.assert_allclose(draws["fleet"], found["fleet"], rtol=1e-12)
        revenue = found["at_one"] * x["billed_share"] * x["h100_price"]
        np.testing.assert_allclose(draws["revenue"], revenue, rtol=1e-12)
        used = ob.utilization.implied_by_revenue(revenue, x["price"], found["capacity"])
        np.testing.assert_allclose(used, x["billed_share"], rtol=1e-12)
        for k in range(4):
            at = draws.isel(period=k)
            np.testing.assert_allclose(at["quarter_share"], found["quarter_share"][k], rtol=1e-12)
            cost = found["young"][k] * x["gpu_cost"] / 24
            np.testing.assert_allclose(at["depreciation"], cost, rtol=1e-12)
            cash = found["fed"][k] * x["kw_per_gpu"] * x["running_cost"] / 4
            np.testing.assert_allclose(at["cash_cost"], cash, rtol=1e-12)
        for name, k in {"opening_power": 4, "closing_power": 5}.items():
            np.testing.assert_allclose(
                draws[name], found["fed"][k] * x["kw_per_gpu"] / 1e3, rtol=1e-12
            )
        bought = (x["closing_gpus"] - x["opening_gpus"]) * x["gpu_cost"]
        np.testing.assert_allclose(draws["purchases"] * (1 - x["advance"]), bought, rtol=1e-12)


class TestOtherSamplers:
    def test_plain_rejection_where_evidence_is_loose(self) -> None:
        """Revenue to 15%, the last day's fleet to 10%, and the quotes as they are."""
        study = model()["study"]
        seen = {
            "revenue": stats.t(4, loc=1915.4e6, scale=0.15 * 1915.4e6),
            "closing_gpus": stats.t(4, loc=255_000, scale=25_500),
        }
        rng = np.random.default_rng(11)
        x = {name: one.value.rvs(3_000_000, random_state=rng) for name, one in uncertain().items()}
        found = year(x)
        revenue = found["at_one"] * x["billed_share"] * x["h100_price"]
        seen["log_price"] = quoted = model()["another"]
        off = {"revenue": revenue, "closing_gpus": x["closing_gpus"]}
        chance = quoted.pdf(np.log(x["h100_price"])) / quoted.pdf(quoted.median())
        for name, values in off.items():
            chance *= seen[name].pdf(values) / seen[name].pdf(seen[name].median())
        kept = rng.random(chance.size) < chance
        assert kept.sum() > 20_000
        exact = {
            "billed_share": quantiles(x["billed_share"][kept]),
            "price": quantiles((revenue / (x["billed_share"] * found["capacity"]))[kept]),
            "fleet": quantiles(found["fleet"][kept]),
        }
        weighted = study.run(draws=2**18, seed=4).given(seen).summary()
        searched = study.condition(seen, draws=2**12, seed=4).summary()
        for name in ASKED:
            rows = [
                table.loc[name, ["P5", "P50", "P95"]].astype(float)
                for table in (weighted, searched)
            ]
            assert_alike(rows[0].to_numpy(), exact[name], 0.03)
            assert_alike(rows[1].to_numpy(), exact[name])

    def test_all_evidence_by_draws_of_what_was_disclosed(self) -> None:
        """Draw the figures with their errors, solve for inputs, weigh by prior and the rest."""
        rng = np.random.default_rng(12)
        n, seen, given = 4_000_000, evidence(), uncertain()
        y = {
            name: seen[name].rvs(n, random_state=rng)
            for name in (
                *("closing_gpus", "opening_gpus", "log_price", "revenue", "closing_power"),
                *("depreciation[period=2]", "cash_cost[period=2]", "purchases"),
            )
        }
        free = ("midyear_share", "older_share", "older_ratio", "billed_growth")
        x = {name: given[name].value.rvs(n, random_state=rng) for name in free}
        x |= {name: y[name] for name in ("closing_gpus", "opening_gpus")}
        with np.errstate(all="ignore"):
            found = year(x)
            x["h100_price"] = np.exp(y["log_price"])
            x["billed_share"] = y["revenue"] / (found["at_one"] * x["h100_price"])
            x["kw_per_gpu"] = 1e3 * y["closing_power"] / found["fed"][5]
            x["gpu_cost"] = 24 * y["depreciation[period=2]"] / found["young"][2]
            power = x["kw_per_gpu"] * found["fed"][2]
            x["running_cost"] = 4 * y["cash_cost[period=2]"] / power
            bought = (x["closing_gpus"] - x["opening_gpus"]) * x["gpu_cost"]
            x["advance"] = 1 - bought / y["purchases"]
            # Density of the inputs solved for, over that of the figures drawn: the derivatives.
            log_weight = (
                *(given[name].value.logpdf(x[name]) for name in x if name not in free),
                np.log(x["h100_price"]),  # of the price by its logarithm
                -np.log(found["at_one"] * x["h100_price"]),
                -np.log(found["fed"][5]),
                -np.log(found["young"][2]),
                -np.log(power),
                np.log(bought) - 2 * np.log(y["purchases"]),
            )
            rest = {f"quarter_share[period={k}]": found["quarter_share"][k] for k in range(3)}
            rest["depreciation[period=1]"] = found["young"][1] * x["gpu_cost"] / 24
            rest["cash_cost[period=1]"] = x["kw_per_gpu"] * found["fed"][1] * x["running_cost"] / 4
            rest["opening_power"] = x["kw_per_gpu"] * found["fed"][4] / 1e3
            total = sum(log_weight) + sum(seen[k].logpdf(v) for k, v in rest.items())
        total[~np.isfinite(total)] = -np.inf
        weight = np.exp(total - total.max())
        assert weight.sum() ** 2 / np.square(weight).sum() > 2_000
        kept = weight > 1e-12
        price = y["revenue"] / (x["billed_share"] * found["capacity"])
        old = 1 - (1 - x["older_ratio"]) * x["older_share"]
        exact = {
            "billed_share": x["billed_share"],
            "price": price,
            "fleet": found["fleet"],
            "opening_in_h100": x["opening_gpus"] * old,
            "gpu_cost": x["gpu_cost"],
            "running_cost": x["running_cost"],
            "advance": x["advance"],
        }
        for name, values in exact.items():
            found_here = quantiles(posterior(2)[name].values)
            assert_alike(found_here, quantiles(values[kept], weight[kept]))

    def test_another_seed_gives_the_same(self) -> None:
        for name in (*ASKED, "run", "customer_run"):
            one, other = (quantiles(posterior(seed)[name].values) for seed in (2, 7))
            assert_alike(one, other)


class TestProse:
    """Numbers of prose against printed ones, which may differ a little on another machine."""

    def prose(self) -> str:
        cells = executed("triangulation").cells
        return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")

    def says(self, *phrases: str) -> None:
        missing = [phrase for phrase in phrases if phrase not in self.prose()]
        assert not missing

    def printed(self, label: str) -> list[float]:
        (line,) = re.findall(rf"^{re.escape(label)}(.*)$", printed(executed("triangulation")), re.M)
        return [float(x) for x in re.findall(r"\d+(?:\.\d+)?", line)]

    def table(self, caption: str) -> dict[str, list[float]]:
        (page,) = [
            output["data"]["text/html"]
            for cell in executed("triangulation").cells
            for output in cell.get("outputs", [])
            if caption in output.get("data", {}).get("text/html", "")
        ]
        rows = [re.findall(r"<t[hd][^>]*>([^<]*)</t", row) for row in page.split("<tr>")]
        return {
            row[0]: [float(x.rstrip("%")) for x in row[1:]]
            for row in rows
            if len(row) > 2 and re.fullmatch(r"\d[\d.]*%?", row[1])
        }

    def test_one_after_another(self) -> None:
        by_step = self.table("Each row with all that stands above it")
        before, quoted = by_step["before"], by_step["price quotes"]
        assert [before[6], before[8], quoted[6], quoted[8]] == pytest.approx(
            [1.3, 5.8, 1.9, 4.0], abs=0.06
        )
        assert by_step["+ revenue"][0] > 25 > 20 > before[0]
        assert by_step["+ fleets"][:3:2] == pytest.approx([36, 76], abs=3)
        assert by_step["+ quarters"][9::2] == pytest.approx([147, 176], abs=2)
        last, power = by_step["+ all the rest"], by_step["+ power"]
        assert last[1] - power[1] == pytest.approx(4, abs=2)
        assert 0 < power[7] - last[7] < 0.3
        assert last[2] - last[0] > power[2] - power[0] - 3
        assert last[:3:2] == pytest.approx([36, 70], abs=3)
        assert last[3:6:2] == pytest.approx([16, 56], abs=3)
        assert last[6:9:2] == pytest.approx([2.0, 3.7], abs=0.11)
        assert last[9::2] == pytest.approx([150, 172], abs=2)
        self.says(
            "from 1.3–5.8 to 1.9–4.0 USD",
            "with the two fleets all but 36% to 76%",
            "147 to 176 thousand were in service on average",
            "up by some 4 points",
            "On average 150 to 172 thousand GPUs",
            "36% to 70% of their hours were billed, at an average price of 3.7 to 2.0 USD",
        )

    def test_alone_and_left_out(self) -> None:
        alone, without = self.table("Each figure alone"), self.table("Everything, and everything")
        for name, row in alone.items():
            tells = name == "revenue"
            assert (row[:3] == pytest.approx(alone["before"][:3], abs=1.5)) != tells
        whole, unquoted = without["all"], without["without price quotes"]
        assert unquoted[:3:2] == pytest.approx([29, 92], abs=3)
        assert unquoted[2] - unquoted[0] > 0.85 * (alone["revenue"][2] - alone["revenue"][0])
        verified = without["without what is unverified"]
        for k in (0, 2):
            assert abs(verified[k] - whole[k]) <= 3
        assert verified[9::2] == pytest.approx([135, 170], abs=3)
        hours = self.printed("billion hours billed to Microsoft, all:")
        assert hours[::2] == pytest.approx([0.33, 0.64], abs=0.03)
        grades = model()["disclosed"].query("disclosure != 'not used'")["grade"]
        assert (grades.size, (grades == "unverified").sum()) == (14, 4)
        self.says(
            "*without the quotes* the billed share is 29% to 92%",
            "four figures of fourteen beside the quotes",
            "135 to 170 thousand instead of 150 to 172",
            "0.33 to 0.64 billion",
        )

    def test_whether_the_figures_agree(self) -> None:
        (most,) = self.printed("furthest off: opening_power,")
        assert 0.6 < most < 1
        fleets, everything = (
            self.printed(f"opening fleet in thousand H100s, with {which}:")
            for which in ("the fleets alone", "all")
        )
        assert fleets == pytest.approx([17, 37, 54], abs=2)
        assert everything == pytest.approx([17, 29, 44], abs=2)
        assert self.printed("older GPUs in it:")[::2] == pytest.approx([25, 96], abs=4)
        assert self.printed("not used, draws below year_depreciation:") == [
            pytest.approx(92, abs=2)
        ]
        assert self.printed("not used, draws below operating_margin:") == [pytest.approx(7, abs=2)]
        for when in ("before", "after"):
            found = self.printed(f"run over billed, {when}:")
            assert found[::2] == pytest.approx([34, 97], abs=1.5)
        self.says(
            "None is off by more than an error",
            "like 17 to 44 thousand H100s (middle 29), where with the fleets alone it was 17 to 54",
            "(25% to 96%)",
            "above 92% of the draws",
            "below 93% of them",
            "(34% to 97% before, and after)",
        )

    def test_where_the_notes_figure_lies(self) -> None:
        (text,) = run_module().results(executed("triangulation"))
        found = re.findall(r"^(\S.*?)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)$", text, re.M)
        billed, ran, last_day = ([float(x) for x in row[1:]] for row in found)
        assert billed[3] < 0.002
        assert ran[3] == pytest.approx(0.21, abs=0.02)
        assert last_day[3] == pytest.approx(0.03, abs=0.01)
        assert last_day[:3:2] == pytest.approx([0.23, 0.44], abs=0.015)
        label = "draws with fewer than the note's 0.3bn hours, customer_"
        assert self.printed(f"{label}billed:") == [pytest.approx(2, abs=1)]
        assert self.printed(f"{label}run:") == [pytest.approx(54, abs=3)]
        hours = self.printed("billion hours of Microsoft that ran:")
        assert hours[::2] == pytest.approx([0.14, 0.50], abs=0.02)
        inside = self.printed("0.25bn to 0.35bn of them in")
        assert inside[1::2] == pytest.approx([27, 40], abs=2)
        price, of_note = (
            self.printed(f"price at which 22% is billed, fleet {which}:")[0]
            for which in ("that grew", "of the note")
        )
        assert price == pytest.approx(6.1, abs=0.1)
        assert of_note == round(0.62 * 1915.4e6 / 3e8, 2) == 3.96
        self.says(
            "fewer than 1 in 500 have so low a share billed",
            "fewer than 1 draw in 500 is as low as 22%",
            "only 3% do",
            "21% of draws lie below it",
            "23% to 44%, and 3% of draws below 22%",
            "16% to 56%, with 22% at the 21st percentile",
            "0.14 to 0.50 billion, and the note's 0.3 billion lies in the middle (54%",
            "(2% below)",
            "27% to 40% ran, not 22%",
            "an average price of about 6 USD, where the highest of six quotes is 3.99",
            "That takes a price of about 4 USD",
        )

    def test_what_would_settle_it(self) -> None:
        worth = self.table("Expected width of P5 to P95")
        billed, ran = (
            self.printed(f"{what}: now")[0] for what in ("billed share", "share that ran")
        )
        assert [billed, ran] == pytest.approx([34, 40], abs=2)
        expected = {
            "average price": (10, 33),
            "hours billed, all customers": (9, 33),
            "hours billed to Microsoft": (14, 34),
            "average fleet": (32, 39),
            "fleet in the middle of the year": (32, 39),
            "hours that ran, all customers": (27, 6),
            "hours that Microsoft ran": (28, 10),
            "run over billed": (34, 22),
        }
        for name, widths in expected.items():
            assert worth[name] == pytest.approx(widths, abs=2), name
        self.says(
            "34 points shrink to about 10",
            "Hours billed to Microsoft alone do nearly as much (14)",
            "worth next to nothing (32)",
            "the price does little (33 of 40 points)",
            "6 points with those of all customers, 10 with Microsoft's, 22 with the mere ratio",
            "from 34 points to about 10",
            "from 40 points to 10 or less",
        )
