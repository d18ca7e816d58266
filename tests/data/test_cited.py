"""Cited figures: each says what it is, and none says what cannot be."""

from __future__ import annotations

import importlib.resources
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import overbuild as ob

NAMES = ob.data.names()
TABLES = {name: ob.data.load(name) for name in NAMES}
STATED = {name: ob.data.load(name, as_stated=True) for name in NAMES}
PUBLISHED = [name for name in NAMES if "published" in TABLES[name]]
INPUTS = [n for n in NAMES if "distribution" in TABLES[n]]


def each(unit: str) -> pd.Series:
    """All numbers of tables that are in a unit, whatever the column."""
    found = []
    for table in TABLES.values():
        rows = table[table["unit"] == unit]
        columns = rows.columns.intersection(["value", "low", "mode", "high", "typical", "price"])
        found.append(rows[columns].stack())
    return pd.concat(found).dropna()


class TestCitations:
    @pytest.mark.parametrize("name", NAMES)
    def test_no_figure_lacks_one(self, name: str) -> None:
        table = STATED[name]
        assert len(table)
        for column in ("unit", "date", "source", "grade"):
            assert (table[column].str.strip() != "").all(), column
        assert set(table["grade"]) <= set(ob.data.GRADES)

    @pytest.mark.parametrize("name", NAMES)
    def test_a_file_is_plain_text_of_moderate_length(self, name: str) -> None:
        lines = ob.data.path(name).read_text(encoding="utf-8").splitlines()
        assert len(lines) < 400
        cells = STATED[name].to_numpy().ravel()
        # Nothing that a spreadsheet takes for a formula; numbers may be negative.
        for cell in cells:
            if cell.startswith(("=", "+", "@", "-", "\t")):
                float(cell)

    @pytest.mark.parametrize("name", PUBLISHED)
    def test_nothing_is_published_before_it_happened(self, name: str) -> None:
        stated = STATED[name]["date"]
        # Forecasts and guidance carry the day on which they were made.
        first = pd.to_datetime(stated.where(stated.str.fullmatch(r"[\d-]+")), format="ISO8601")
        assert first.notna().mean() > 0.8
        late = TABLES[name]["published"] < first
        assert not late.any(), TABLES[name][late]

    def test_the_days_of_the_first_quarter_of_2025(self) -> None:
        table = TABLES["hyperscaler_capex"]
        days = table[table["period"] == "2025Q1"].set_index("company")["published"]
        # Releases, by way of press of these days.
        assert days.dt.strftime("%m-%d").to_dict() == {
            "Alphabet": "04-24",
            "Microsoft": "04-30",
            "Meta": "04-30",
            "Amazon": "05-01",
        }

    def test_derived_from_unverified_is_unverified(self) -> None:
        table = TABLES["coreweave_quarters"]
        for row in table.itertuples():
            if "full year is unverified" in row.note:
                assert row.grade == "unverified"
        assert (table["grade"] == "unverified").any()


class TestRanges:
    def test_orders_of_low_and_high(self) -> None:
        for table in TABLES.values():
            ends = [c for c in ("low", "mode", "typical", "high") if c in table]
            for low, high in itertools.pairwise(ends):
                both = table[[low, high]].dropna()
                assert (both[low] <= both[high]).all()
            if {"low", "high"} <= set(table):
                both = table[["low", "high"]].dropna()
                assert (both["low"] <= both["high"]).all()

    def test_shares_and_ratios(self) -> None:
        shares = each("share")
        assert len(shares) > 20
        assert ((shares >= 0) & (shares <= 1)).all()

    @pytest.mark.parametrize(
        "unit", ["USD/GPU-hour", "USD/GPU", "USD bn", "week", "MW", "GPU", "rack", "kW", "GB/GPU"]
    )
    def test_signs(self, unit: str) -> None:
        figures = each(unit)
        assert len(figures)
        assert (figures > 0).all()

    def test_effective_power_of_halls(self) -> None:
        table = TABLES["pue"]
        assert (table["value"] >= 1).all()
        survey = table[table["operator"] == "survey average"].set_index("year")["value"]
        assert survey.index.is_monotonic_increasing
        assert survey.between(1.5, 2.5).all()
        # No operator of its own halls is above the average.
        others = table[table["operator"] != "survey average"]
        assert others["value"].max() < survey.min()

    def test_tax_tables_recover_the_whole(self) -> None:
        classes = TABLES["macrs"].fillna({"quarter": 0})
        sums = classes.groupby(["convention", "quarter", "recovery_years"])["value"].sum()
        assert len(sums) == 5 * 6
        np.testing.assert_allclose(sums, 100, atol=1e-9)
        counts = classes.groupby(["convention", "quarter", "recovery_years"])["year"].agg(list)
        for (_, _, years), listed in counts.items():
            assert listed == list(range(1, int(years) + 2))

    def test_quarters_follow_each_other(self) -> None:
        capex = TABLES["hyperscaler_capex"]
        expected = pd.period_range("2022Q1", "2026Q1", freq="Q").astype(str).to_list()
        for _, rows in capex.groupby("company"):
            assert rows["period"].to_list() == expected
        quarters = TABLES["coreweave_quarters"]
        assert not quarters.duplicated(["period", "item"]).any()
        for item in ("revenue", "active_power", "contracted_power", "backlog"):
            periods = quarters.loc[quarters["item"] == item, "period"]
            begin = periods[~periods.isin(["2022Q4", "2023Q4"])]  # year-ends alone
            run = pd.period_range(begin.iloc[0], begin.iloc[-1], freq="Q").astype(str)
            assert begin.to_list() == run.to_list()
        for table in (capex, quarters):
            ends = pd.PeriodIndex(table["period"], freq="Q").end_time.strftime("%Y-%m-%d")
            assert table["date"].to_list() == ends.to_list()

    def test_years_agree_with_what_was_reported_elsewhere(self) -> None:
        table = TABLES["hyperscaler_capex"]
        by_year = table.assign(year=table["period"].str[:4]).groupby(["company", "year"])["value"]
        sums = by_year.sum()
        # Annual totals of Amazon and Alphabet (marketnewsdata, releases), to 0.1bn; Microsoft's
        # fiscal year 2024 (annual report), of two calendar years.
        for company, totals in {
            "Amazon": [63.6, 52.7, 83.0, 131.8],
            "Alphabet": [31.5, 32.3, 52.5, 91.4],
            "Meta": [31.4, 27.3, 37.3, 69.7],
        }.items():
            for year, total in zip(range(2022, 2026), totals, strict=True):
                assert sums[company, str(year)] == pytest.approx(total, abs=0.1)
        microsoft = table[table["company"] == "Microsoft"].set_index("period")["value"]
        assert microsoft["2023Q3":"2024Q2"].sum() == pytest.approx(44.5, abs=0.05)
        four = table[table["period"].str.startswith("2024")]["value"].sum()
        assert four == pytest.approx(228.3, abs=0.1)

    def test_quarters_add_up_to_the_year(self) -> None:
        table = TABLES["coreweave_quarters"].pivot(index="period", columns="item", values="value")
        year = table.loc["2024Q1":"2024Q4"].sum()
        inputs = ob.read_inputs(ob.data.path("coreweave_2024"))
        assert year["revenue"] == pytest.approx(inputs["revenue"].value, abs=0.1e6)
        assert year["interest"] == pytest.approx(inputs["interest"].value, abs=0.1e6)


class TestLoading:
    def test_the_frame_is_the_callers_own(self) -> None:
        first = ob.data.load("pue")
        first.loc[:, "value"] = 0.0
        assert (ob.data.load("pue")["value"] >= 1).all()

    @pytest.mark.parametrize("name", ["", "coreweave", "../data/pue", "pue.csv"])
    def test_an_unknown_table_is_named(self, name: str) -> None:
        for find in (ob.data.load, ob.data.path):
            with pytest.raises(ValueError, match=r"no table '.*'; there are .*coreweave_2024"):
                find(name)

    @pytest.mark.parametrize("name", INPUTS)
    def test_inputs_are_the_same_from_file_and_frame(self, name: str) -> None:
        from_file = ob.read_inputs(ob.data.path(name))
        from_frame = ob.read_inputs(ob.data.load(name))
        assert list(from_file) == list(from_frame)
        for one, other in zip(from_file.values(), from_frame.values(), strict=True):
            assert one.labels == other.labels
            if one.is_random:
                tails = [0.0, 0.05, 0.5, 0.95, 1.0]
                np.testing.assert_array_equal(one.value.ppf(tails), other.value.ppf(tails))
            else:
                assert one.value == other.value

    def test_inputs_keep_the_day_on_which_they_were_published(self) -> None:
        inputs = ob.read_inputs(ob.data.path("hindcast"))
        assert inputs["lead_weeks"].published == "2024-09-09"
        assert inputs["lead_weeks"].date == "2024-06"
        data = ob.Study(lambda lead_weeks: {"y": lead_weeks}, {"lead_weeks": inputs["lead_weeks"]})
        assert data.run(64).dataset["lead_weeks"].attrs["published"] == "2024-09-09"

    def test_no_two_sources_are_of_one_figure(self) -> None:
        listed = ob.data.sources()
        assert not listed.duplicated(["table", "figure"]).any()
        assert len(listed) == sum(map(len, TABLES.values()))
        prices = listed[listed["table"] == "hardware_prices"]["figure"].to_list()
        assert prices[:2] == ["K80, 2014-11-17", "K80, 2016-07-01"]
        assert "A100, kw" in listed["figure"].to_list()  # has one date

    def test_lengths_of_time_are_in_the_singular_as_all_units(self) -> None:
        units = set(ob.data.sources()["unit"])
        assert {"week", "month", "quarter", "year"} <= units
        assert not {u for u in units if u + "s" in units or u in ("weeks", "months", "years")}

    @given(st.dates(pd.Timestamp("2019-01-01").date(), pd.Timestamp("2027-12-31").date()))
    def test_what_is_known_by_a_day(self, day) -> None:
        for name in PUBLISHED:
            whole, known = TABLES[name], ob.data.load(name, known_by=day)
            assert (known["published"] <= pd.Timestamp(day)).all()
            left_out = whole[whole["published"] > pd.Timestamp(day)]
            assert len(known) + len(left_out) == len(whole)
            stated = ob.data.load(name, known_by=str(day), as_stated=True)
            assert stated["source"].to_list() == known["source"].to_list()

    @pytest.mark.parametrize(
        ("span", "day"),
        [
            ("2025-04", "2025-04-30"),
            ("2025", "2025-12-31"),
            (pd.Period("2025Q1"), "2025-03-31"),
            (np.datetime64("2025-02-28"), "2025-02-28"),
        ],
    )
    def test_a_span_is_known_by_its_last_day(self, span, day) -> None:
        pd.testing.assert_frame_equal(
            ob.data.load("hyperscaler_capex", known_by=span),
            ob.data.load("hyperscaler_capex", known_by=day),
        )

    def test_a_month_counts_as_its_last_day(self) -> None:
        racks = TABLES["gb200_forecasts"].set_index("what")["published"]
        assert racks["March: before"] == pd.Timestamp("2025-03-31")
        assert racks["Nomura: after"] == pd.Timestamp("2025-02-12")
        waits = TABLES["lead_times"]
        guide = waits[waits["source"].str.startswith("Cushman")]["published"]
        assert (guide == pd.Timestamp("2025-12-31")).all()

    def test_faults(self) -> None:
        with pytest.raises(ValueError, match="'macrs' does not say when its figures were publ"):
            ob.data.load("macrs", known_by="2025-04-30")
        for day in (
            "someday",
            "04/05/2025",
            "2025Q1",
            "2025-13",
            20250430,
            pd.NaT,
            pd.Timestamp("2025-04-30", tz="UTC"),
        ):
            with pytest.raises(ValueError, match="known_by must be a date without a time zone"):
                ob.data.load("pue", known_by=day)

    def test_text_stays_text(self) -> None:
        guidance = ob.data.load("capex_guidance")
        assert guidance["period"].to_list()[1] == "2025"
        assert ob.data.load("pue", as_stated=True)["value"].iloc[0] == "2.50"

    def test_all_tables_are_in_the_package(self) -> None:
        folder = importlib.resources.files("overbuild.data")
        assert sorted(f.name for f in folder.iterdir() if f.name.endswith(".csv")) == [
            f"{name}.csv" for name in NAMES
        ]


class TestSources:
    def test_a_row_for_each_figure(self) -> None:
        listed = ob.data.sources()
        assert listed.columns.to_list() == ["table", "figure", "unit", "date", "source", "grade"]
        assert listed.groupby("table").size().to_dict() == {n: len(t) for n, t in TABLES.items()}
        assert (listed["figure"] != "").all()
        power = listed.query("figure == '2024Q4, active_power'").iloc[0]
        assert (power["table"], power["unit"]) == ("coreweave_quarters", "MW")
        assert power["grade"] == "unverified"


class TestGrades:
    @given(st.lists(st.sampled_from(ob.data.GRADES), min_size=1))
    def test_unverified_never_hides(self, grades) -> None:
        found = ob.data.worst(grades)
        assert found in grades
        assert ob.data.worst(reversed(grades)) == found
        assert ob.data.worst([*grades, "unverified"]) == "unverified"
        assert ob.data.worst([*grades, "A"]) == found
        assert ob.data.worst(found) == found

    def test_a_table_of_two(self) -> None:
        # A fleet's power for a GPU: of a figure of the press and one that nobody verified.
        table = TABLES["coreweave_quarters"].set_index(["item", "period"])
        parts = table.loc[[("gpus", "2024Q4"), ("active_power", "2024Q4")], "grade"]
        assert ob.data.worst(parts) == "unverified"

    def test_faults(self) -> None:
        with pytest.raises(ValueError, match="grades are empty"):
            ob.data.worst([])
        with pytest.raises(ValueError, match="no grade 'D'; there are A, B, derived"):
            ob.data.worst(["A", "D"])
        with pytest.raises(TypeError, match="grades must be a list of grades, got 5"):
            ob.data.worst(5)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("grade", "expected"),
        [
            ("A", "derived"),
            ("", "derived"),
            ("unverified", "derived from unverified"),
            ("Unverified", "derived from unverified"),
        ],
    )
    def test_a_study_tells_it_of_its_outputs(self, grade: str, expected: str) -> None:
        inputs = {"a": ob.Input(ob.uniform(1, 2), grade=grade), "b": ob.Input(2.0, grade="A")}
        study = ob.Study(lambda a, b: {"product": a * b}, inputs)
        for result in (study.run(4096, seed=1), study.run(4096, seed=1).given(a=(1, 1.5))):
            assert result.summary().loc["product", "grade"] == expected
        if expected != "derived":
            assert f"▲ {expected}" in study.run(64, seed=1)._repr_html_()

    def test_a_scenario_tells_it_too(self) -> None:
        scenarios = {"bad": {"a": ob.Input(3.0, grade="unverified")}}
        study = ob.Study(lambda a: {"twice": 2 * a}, {"a": 1.0}, scenarios=scenarios)
        assert study.run(16, seed=1).summary()["grade"].iloc[-1] == "derived from unverified"


def test_a_study_s_output_has_the_grade_of_what_it_is_derived_from() -> None:
    assert ob.data.worst(["A", "derived from unverified"]) == "unverified"
    assert ob.data.worst(["A", "derived"]) == "derived"
