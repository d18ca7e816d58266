"""Results as a person reads them: a few lines of text, and HTML with small pictures."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import overbuild as ob
from overbuild.study.showing import rendering, sparklines
from overbuild.study.showing.outline import runs


def model(price, opening, share):
    fleet = ob.utilization.fleet_ramp(opening, 250_000, periods=40)
    sites = xr.concat([fleet, 1.2 * fleet], "site").assign_coords(site=["west", "east"])
    return {
        "double": 2 * price * share,
        "fleet": fleet,
        "sites": sites,
        "early": fleet.isel(period=[0, 1]).rename(period="quarter"),
    }


INPUTS = {
    "price": ob.Input(ob.between(2, 4), unit="USD/GPU-hour", source="quotes " * 30, grade="B"),
    "opening": ob.Input(ob.pert(40_000, 53_000, 80_000), unit="GPU", grade="unverified"),
    "share": ob.Input(0.62, source="S-1, p. 14 & <i>note</i>", grade="Assumption"),
}
#: Tags that a table with pictures needs.
ALLOWED = {"div", "b", "table", "thead", "tbody", "tr", "th", "td", "span", "svg", "path"}

RESULT = ob.Study(model, INPUTS, units={"fleet": "GPU"}).run(1024, seed=1)


def weighted(evidence: object = "price about 3") -> ob.Result:
    weights = np.exp(-0.5 * ((RESULT.dataset["price"].values - 3) / 0.1) ** 2)
    given = RESULT.dataset.assign_coords(draw_weight=("draw", weights / weights.sum()))
    return ob.Result(given.assign_attrs(evidence=evidence))


class Tags(HTMLParser):
    """Checks that tags close in order, and collects what they are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


class TestOutline:
    def test_every_row_of_the_summary_is_in_one_run_in_order(self) -> None:
        rows = [row for run in runs(RESULT.dataset) for row in run.rows]
        assert sorted(rows) == list(range(len(RESULT.summary())))

    def test_labels_are_those_of_the_summary(self) -> None:
        labels = RESULT.summary().index
        for run in runs(RESULT.dataset):
            if run.dim is None:
                assert [run.name] == labels[run.rows].tolist()
            else:
                stem = run.name.removesuffix("]")
                assert all(label.startswith(stem) for label in labels[run.rows])
                assert [f"period={k}]" in labels[row] for k, row in enumerate(run.rows)]

    def test_long_dimensions_show_their_ends_and_middle(self) -> None:
        (fleet,) = [run for run in runs(RESULT.dataset) if run.name == "fleet"]
        shown = RESULT.summary().index[fleet.shown].tolist()
        assert shown == ["fleet[period=0]", "fleet[period=20]", "fleet[period=39]"]

    def test_scenarios_are_compared_and_other_dimensions_run_along(self) -> None:
        values = xr.DataArray(np.zeros((8, 3, 3)), dims=["draw", "scenario", "quarter"], name="x")
        found = list(runs(values.assign_coords(scenario=list("abc")).to_dataset()))
        assert [(run.name, run.dim, run.rows) for run in found] == [
            ("x[scenario=a]", "quarter", [0, 1, 2]),
            ("x[scenario=b]", "quarter", [3, 4, 5]),
            ("x[scenario=c]", "quarter", [6, 7, 8]),
        ]

    def test_the_order_of_dimensions_does_not_matter(self) -> None:
        turned = ob.Result(RESULT.dataset.transpose("period", "draw", "site", "quarter"))
        named = {run.name: run for run in runs(turned.dataset)}
        labels = turned.summary().index
        assert [labels[row] for row in named["sites[site=east]"].rows] == [
            f"sites[period={k}, site=east]" for k in range(40)
        ]


class TestText:
    def test_what_is_not_shown_is_counted(self) -> None:
        text = repr(RESULT)
        assert text.splitlines()[0] == "model: 1,024 draws, seed 1"
        alone = ob.Study(model, INPUTS).run(1, seed=1)
        assert repr(alone).splitlines()[0] == "model: 1 draw, seed 1"
        assert text.splitlines()[-2:] == [
            "not shown: 37 more of fleet; 37 more of sites[site=west]; "
            "37 more of sites[site=east] (summary()",
            "has all)",
        ]
        assert len(text.splitlines()) == 2 + 1 + 3 + 1 + 3 + 6 + 2 + 2

    def test_numbers_are_those_of_the_summary(self) -> None:
        (line,) = [line for line in repr(RESULT).splitlines() if line.startswith("price ")]
        found = [float(word) for word in line.split()[1:4]]
        expected = RESULT.summary().loc["price", ["P5", "P50", "P95"]].tolist()
        assert found == pytest.approx(expected, rel=5e-4)

    def test_lines_are_short_and_without_blanks_at_their_ends(self) -> None:
        lines = repr(RESULT).splitlines()
        assert max(map(len, lines)) < 100
        assert all(line == line.rstrip() for line in lines)

    def test_texts_of_several_lines_stay_on_one(self) -> None:
        odd = ob.Input(stats.norm(), unit="USD\nper hour", grade="A\tB")
        text = repr(ob.Study(lambda a: {"b": a}, {"a": odd}).run(8))
        assert "USD per hour  A B" in text
        assert len(text.splitlines()) == 4

    def test_evidence_and_its_worth(self) -> None:
        weights = weighted().dataset.coords["draw_weight"].values
        worth = f"as good as {1 / (weights @ weights):,.0f} draws of equal weight"
        assert repr(weighted()).splitlines()[1] == f"given price about 3: {worth}"
        assert repr(weighted({"price": "3 to 4"})).splitlines()[1].startswith("given price: 3 to 4")
        assert repr(weighted(["a", "b"])).splitlines()[1].startswith("given a; b: ")
        assert repr(weighted("")).splitlines()[1] == f"weighted by evidence: {worth}"

    def test_evidence_that_all_draws_agree_with(self) -> None:
        given = ob.Result(RESULT.dataset.assign_attrs(evidence=["price about 3"]))
        assert repr(given).splitlines()[1] == "given price about 3"

    def test_differences_from_a_scenario_say_so(self) -> None:
        compared = ob.Result(RESULT.dataset.assign_attrs(against="base"))
        assert repr(compared).splitlines()[0].endswith("seed 1, outputs compared with base")

    def test_the_largest_standard_error_is_a_share_of_its_range(self) -> None:
        alone = ob.Result(RESULT.dataset.drop_attrs(deep=False).assign_attrs(RESULT.dataset.attrs))
        del alone.dataset.attrs["replicates"]
        assert np.isnan(rendering.largest_error(alone.summary()))
        table = RESULT.summary()
        for column in ("SE P5", "SE P50", "SE P95", "SE mean"):
            table[column] = 0.0
        table.loc["price", "SE P95"] = 0.01 * (table.loc["price", "P95"] - table.loc["price", "P5"])
        table.loc["double", "SE mean"] = 1e9
        assert rendering.largest_error(table) == pytest.approx(0.01)
        said = rendering.facts(RESULT.dataset, table)
        assert said[1] == "largest standard error of a quantile: 1.00% of its 90% range"
        assert "SE P5" not in rendering.for_people(table)


class TestHtml:
    def test_it_is_well_formed_and_has_no_script(self) -> None:
        tags = Tags(RESULT._repr_html_())
        names = {tag for tag, _ in tags.seen}
        assert names <= ALLOWED
        assert not [key for _, attrs in tags.seen for key in attrs if key.startswith("on")]

    def test_no_colour_hides_text_in_dark_or_light_themes(self) -> None:
        for _, attrs in Tags(RESULT._repr_html_()).seen:
            style = attrs.get("style") or ""
            assert "background" not in style
            assert re.findall(r"(?<!-)color:(\w+)", style) in ([], ["inherit"])
            assert attrs.get("fill") in (None, "none", "currentColor")
            assert attrs.get("stroke") in (None, "currentColor")

    def test_all_text_is_escaped(self) -> None:
        sneaky = '"><img src=x onerror=alert(1)>'
        given = ob.Input(stats.norm(), unit=sneaky, source=sneaky, grade=sneaky)
        sites = xr.DataArray([1.0], dims="site", coords={"site": [sneaky]})
        found = ob.Study(lambda a, s: {sneaky: a * s}, {"a": given, "s": sites}).run(64)
        found.dataset.attrs |= {"model": sneaky, "evidence": sneaky}
        assert "<img" not in found._repr_html_()
        Tags(found._repr_html_())

    def test_sources_are_whole_and_weak_grades_marked(self) -> None:
        words = Tags(RESULT._repr_html_()).words
        assert "quotes " * 30 in words
        assert "▲ unverified" in words
        assert "▲ Assumption" in words
        assert "B" in words

    def test_weak_grades_of_single_scenarios_are_marked(self) -> None:
        several = RESULT.dataset.copy()
        several["price"].attrs["grade"] = "base: A; slow: unverified"
        several["opening"].attrs["grade"] = "seeded"
        words = Tags(ob.Result(several)._repr_html_()).words
        assert "▲ base: A; slow: unverified" in words
        assert "seeded" in words

    def test_long_dimensions_are_a_band_and_three_rows(self) -> None:
        words = Tags(RESULT._repr_html_()).words
        assert words.count("40 along period, 37 not shown") == 3
        assert [word for word in words if word.startswith("fleet[")] == [
            "fleet[period=0]",
            "fleet[period=20]",
            "fleet[period=39]",
        ]
        pictures = [
            attrs["aria-label"] for tag, attrs in Tags(RESULT._repr_html_()).seen if tag == "svg"
        ]
        assert pictures.count("median and 90% range") == 3
        assert pictures.count("histogram") == 5  # not of the constant


def tops(svg: str) -> np.ndarray:
    """Return the heights of an inline histogram, as shares of the highest."""
    return (
        1 - np.array([float(y) for y in re.findall(r"V([\d.]+)", svg.split('fill="')[0])][:-1]) / 24
    )


class TestSparklines:
    VALUES = np.random.default_rng(0).normal(size=4096)

    def test_bars_are_in_proportion_to_draws(self) -> None:
        draws = xr.DataArray(self.VALUES, dims="draw")
        low, high = np.sort(self.VALUES)[[20, 4075]]
        counts = np.histogram(self.VALUES, 40, (low, high))[0]
        np.testing.assert_allclose(
            tops(sparklines.histogram(draws, 0.0)), counts / counts.max(), atol=0.01
        )

    def test_weights_count(self) -> None:
        right = (self.VALUES > 0).astype(float)
        draws = xr.DataArray(self.VALUES, dims="draw").assign_coords(draw_weight=("draw", right))
        assert tops(sparklines.histogram(draws, 0.7)).argmax() < 15

    @pytest.mark.parametrize(
        "values",
        [[1.0], [2.0] * 9, [np.nan] * 9, [np.inf] * 9, [1e308, -1e308, 1e308], []],
    )
    def test_what_has_no_shape_has_no_picture(self, values) -> None:
        assert sparklines.histogram(xr.DataArray(values, dims="draw"), 1.0) == ""

    def test_a_band_runs_from_edge_to_edge(self) -> None:
        svg = sparklines.band(np.array([0.0, 1, 2]), np.array([1.0, 2, 3]), np.array([2.0, 3, 4]))
        numbers = [float(x) for x in re.findall(r"[ML]([\d.]+) ", svg)]
        assert min(numbers) == 0
        assert max(numbers) == 120
        assert sparklines.band(*np.full((3, 5), np.nan)) == ""
        assert "nan" not in sparklines.band(*np.array([[0, np.inf, 1], [0, 1, 2], [1, 2, 3.0]]))
