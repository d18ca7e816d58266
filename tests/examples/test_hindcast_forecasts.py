"""The forecasts of April 2025: what they could know, and that they are computed right."""

from __future__ import annotations

import csv
import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hindcasting import forecast, forecasts, source
from scipy import stats

import overbuild as ob
from overbuild.data import tables

# The kernel's messages pass through an event loop that libraries of other projects close late.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

AS_OF = pd.Timestamp("2025-04-30")


def shown(names: dict[str, Any]) -> np.ndarray:
    """Quantiles of all that is forecast."""
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    results = [names[name] for name in ("spending", "after", "price", "racks")]
    return np.concatenate(
        [result.summary(levels)[["P5", "P50", "P95"]].to_numpy().ravel() for result in results]
    )


class TestWhatWasKnown:
    def test_the_forecasts_read_figures_in_one_way(self) -> None:
        code = "\n".join(source("before"))
        assert 'AS_OF = "2025-04-30"' in code
        calls = re.findall(r"ob\.data\.\w+\([^\n]*", code)
        reads = [call for call in calls if not call.startswith("ob.data.worst(")]
        assert len(reads) == 2  # in `known`, and the table that is shown
        assert all("known_by=AS_OF" in call for call in reads)
        for other in ("read_csv", "open(", "ob.data.path", "ob.data.sources", "import_module"):
            assert other not in code

    def test_every_row_was_published(self, monkeypatch) -> None:
        rows = []

        def recorded(*args, **kwargs):
            table = tables.load(*args, **kwargs)
            rows.append((args[0], table.assign(published=pd.to_datetime(table["published"]))))
            return table

        monkeypatch.setattr(ob.data, "load", recorded)
        forecasts(64)
        assert {name for name, _ in rows} == {
            "hindcast",
            "hyperscaler_capex",
            "capex_guidance",
            "coreweave_quarters",
            "rental_prices",
            "gb200_forecasts",
        }
        for name, table in rows:
            assert len(table), name
            assert (table["published"] <= AS_OF).all(), name

    def test_later_figures_change_nothing_and_known_ones_do(self, monkeypatch, tmp_path) -> None:
        before = shown(forecasts(2**12))

        def altered(which):
            for name in ob.data.names():
                with ob.data.path(name).open(newline="") as file:
                    reader = csv.DictReader(file)
                    header, rows = list(reader.fieldnames or []), list(reader)
                for row in rows:
                    published = row.get("published", "")
                    if published and which(pd.Period(published).end_time.normalize()):
                        for column in ("value", "low", "high"):
                            if row.get(column):
                                row[column] = f"{3 * float(row[column]):.9g}"
                with (tmp_path / f"{name}.csv").open("w", newline="") as file:
                    writer = csv.DictWriter(file, header)
                    writer.writeheader()
                    writer.writerows(rows)
            monkeypatch.setattr(tables, "path", lambda name: tmp_path / f"{name}.csv")
            return shown(forecasts(2**12))

        np.testing.assert_array_equal(altered(lambda day: day > AS_OF), before)
        monkeypatch.undo()
        # Alphabet's guidance was public, and counts.
        assert (altered(lambda day: day == pd.Timestamp("2025-02-04")) != before).any()

    def test_no_input_stays_without_a_day(self) -> None:
        inputs = ob.data.load("hindcast")
        assert (inputs["published"] <= AS_OF).all()
        assert inputs["published"].notna().all()


class TestForecasts:
    def test_capital_expenditure_without_the_package(self) -> None:
        whole = ob.data.load("hyperscaler_capex", known_by=AS_OF)
        spent = whole.pivot(index="period", columns="company", values="value")
        rng, n = np.random.default_rng(7), 200_000
        changes = np.log(spent).diff()
        rho = np.mean([changes[a].corr(changes[b]) for a in changes for b in changes if a < b])
        # As of April: guidance 75; 100 to 105.2 by Amazon's count; 64 to 72 by Meta's.
        told = {
            "Alphabet": 75.0,
            "Amazon": 102.6 * 27.83 / 26.3,
            "Meta": 68 * 12.94 / 13.69,
            "Microsoft": np.nan,
        }
        spring = 63.6 - (14.92 + 15.80 + 16.75)
        roots = np.roots([spring, spring, spring, spring - 71.9])
        (rise,) = roots[(abs(roots.imag) < 1e-9) & (roots.real > 0)].real
        # A year from spring on: spring, then growing; its consensus is of the four after spring.
        told["Microsoft"] = 16.75 + spring * (1 + rise + rise**2)
        market, trend, route = rng.normal(size=n), rng.normal(size=n), rng.uniform(size=n)
        shock = rng.normal(size=(4, n))
        total = np.zeros((4, n))
        for company in spent:
            seen = spent[company].dropna()
            known = seen.get("2025Q1", None)
            begin = 0 if known is None else 1
            steps = np.arange(1, 5 - begin)
            series = changes[company].dropna()
            noise = np.sqrt(rho) * shock + np.sqrt(1 - rho) * rng.normal(size=(4, n))
            noise = noise[begin:]
            half = np.sqrt(0.5)
            slope = series.mean() + series.std() / np.sqrt(len(series)) * half * (
                trend + rng.normal(size=n)
            )
            walk = np.cumsum(noise, axis=0) * series.std()
            by_history = seen.iloc[-1] * np.exp(slope * steps[:, None] + walk)
            left = told[company] - (known or 0.0)
            powers = np.append(np.ones(len(steps)), -left / seen.iloc[-1])
            roots = np.roots(powers)
            (rate,) = roots[(abs(roots.imag) < 1e-9) & (roots.real > 0)].real
            miss = np.exp(0.08 * half * (market + rng.normal(size=n)))
            shape = rate ** steps[:, None] * np.exp(series.std() * noise / np.sqrt(2))
            rest = np.maximum(told[company] * miss - (known or 0.0), 0)
            by_guidance = rest * shape / shape.sum(axis=0)
            total[begin:] += np.where(route < 0.5, by_guidance, by_history)
            total[:begin] += known or 0.0
        expected = np.quantile(total, [0.05, 0.25, 0.5, 0.75, 0.95], axis=1)
        draws = forecast()["spending"].dataset["total"].sel(scenario="base")
        found = draws.quantile([0.05, 0.25, 0.5, 0.75, 0.95], "draw").values
        np.testing.assert_allclose(found, expected, rtol=0.008)

    def test_power_by_weighing_plain_draws(self) -> None:
        rng, n = np.random.default_rng(5), 300_000
        ends = np.array([80, 120, 210])
        shapes = 1 + 4 * np.array([ends[1] - ends[0], ends[2] - ends[1]]) / (ends[2] - ends[0])
        weeks = ends[0] + (ends[2] - ends[0]) * rng.beta(*shapes, n)
        variation, growth = rng.uniform(0.2, 0.8, n), rng.uniform(0, 0.6, n)
        quarters = weeks * 7 / (365.25 / 4)
        law = stats.gamma(variation**-2, scale=quarters * variation**2)
        arrived = np.diff([law.cdf(k) for k in range(17)], axis=0)
        signed = np.exp(growth * np.arange(12)[:, None])
        ahead = rng.uniform(0, 1.5, n) * signed[8:].mean(axis=0)
        orders = np.concatenate([signed, np.repeat(ahead[None], 4, axis=0)])
        delivered = np.array([(orders[: t + 1] * arrived[t::-1]).sum(axis=0) for t in range(16)])
        scale = 940 / (orders[:12] - delivered[:12]).sum(axis=0)
        added = [scale * delivered[k : k + 4].sum(axis=0) for k in (4, 8, 12)]
        weight = np.exp(-(((added[0] - 60) / 6) ** 2 + ((added[1] - 290) / 29) ** 2) / 2)
        power = 360 + added[2]
        names = forecast()
        for draws, weights in ((names["before"], None), (names["after"], weight)):
            levels = [0.05, 0.25, 0.5, 0.75, 0.95]
            given = {} if weights is None else {"weights": weights, "method": "inverted_cdf"}
            expected = np.quantile(power, levels, **given)
            found = draws.dataset["power"].quantile(levels).values
            np.testing.assert_allclose(found, expected, rtol=0.02)

    def test_prices_in_closed_form(self) -> None:
        days = {"Lambda": (3.49, 2.99, 216), "RunPod": (3.99, 2.99, 219), "AWS": (1, 1, 427)}
        falls = np.array([math.log(b / a) / (d / 365.25) for a, b, d in days.values()])
        spread = falls.std(ddof=1) * math.sqrt(4 / 3)
        change = forecast()["price"].dataset["change"].sel(scenario="base")
        for level in (0.05, 0.25, 0.5, 0.75, 0.95):
            drift = stats.norm(falls.mean(), spread).ppf(level)
            expected = math.expm1(drift * 0.75)
            assert float(change.quantile(level)) == pytest.approx(expected, abs=1e-3)

    def test_racks_without_the_package(self) -> None:
        rng, n = np.random.default_rng(3), 400_000
        z = stats.norm.ppf(0.95)
        ends = np.array([(25, 35), (20, 25), (30, 40), (12, 18.75)]) * 1e3
        low, high = ends[rng.integers(4, size=n)].T
        year = np.sqrt(low * high) * (high / low) ** (rng.normal(size=n) / (2 * z))
        growth, slip = rng.uniform(1, 4, n), rng.uniform(0, 1, n)
        shares = growth[:, None] ** (np.arange(4) / 3)
        lost = slip * shares[:, 3] / shares.sum(axis=1)
        expected = np.quantile(year * (1 - lost), [0.05, 0.25, 0.5, 0.75, 0.95])
        draws = forecast()["racks"].dataset["racks"].sel(scenario="base")
        found = draws.quantile([0.05, 0.25, 0.5, 0.75, 0.95]).values
        np.testing.assert_allclose(found, expected, rtol=0.01)
