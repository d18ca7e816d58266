"""Lead times from tables of orders: nothing goes missing without a word."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import overbuild as ob

lead = ob.leadtime

TABLE = pd.DataFrame(
    {
        "ordered": [
            "2023-01-02", "2023-02-06", "2023-03-06", "2024-03-04", None, "soon",
            "2023-05-01", "2023-06-05", "2023-07-03", "2023-08-07", "2023-09-04",
        ],
        "delivered": [
            "2023-10-09", None, "2023-02-27", None, "2023-05-01", "2023-05-01",
            "2024-06-03", "later", None, "2023-10-02", None,
        ],
        "cancelled": [
            None, None, None, None, None, None,
            None, None, "2023-11-06", "2023-11-06", "2024-02-05",
        ],
    },
    index=list("abcdefghijk"),
)  # fmt: skip


def test_every_row_is_kept_or_explained() -> None:
    found = lead.from_orders(TABLE, "ordered", "delivered", "2024-01-01", cancelled="cancelled")
    assert found.durations.to_dict() == {"a": 40.0, "b": 47.0, "g": 35.0, "i": 18.0, "k": 17.0}
    assert found.observed.to_dict() == dict.fromkeys("abgik", False) | {"a": True}
    assert found.cause.to_dict() == dict.fromkeys("abgik") | {
        "a": "delivered",
        "i": "cancelled",
    }
    reasons = found.problems[["reason", "kept"]].apply(tuple, axis=1)
    assert reasons.to_dict() == {
        "c": ("delivered before ordered", False),
        "d": ("ordered after as_of", False),
        "e": ("no date of order", False),
        "f": ("ordered is no date", False),
        "g": ("delivered after as_of, counted as open", True),
        "h": ("delivered is no date", False),
        "j": ("delivered and cancelled", False),
        "k": ("cancelled after as_of, counted as open", True),
    }
    assert found.problems.loc["h", "delivered"] == "later"
    assert "8 problems, 6 orders left out" in repr(found)
    assert "1 cancelled" in repr(found)


def test_what_comes_out_goes_in() -> None:
    rng = np.random.default_rng(3)
    ordered = pd.Timestamp("2022-01-03") + pd.to_timedelta(rng.integers(0, 700, 500), unit="D")
    weeks = rng.weibull(3.0, 500) * 60
    delivered = ordered + pd.to_timedelta(np.ceil(7 * weeks), unit="D")
    table = pd.DataFrame({"ordered": ordered, "delivered": delivered})
    orders = lead.from_orders(table, "ordered", "delivered", as_of="2023-12-31")
    # Promised dates are not known to have come true.
    assert (orders.problems["reason"] == "delivered after as_of, counted as open").all()
    assert len(orders.durations) == 500
    found = lead.fit(orders.durations, orders.observed)
    assert found.n == 500
    assert found.parameters["shape"] == pytest.approx(3.0, abs=0.5)
    assert found.parameters["scale"] == pytest.approx(60.0, rel=0.1)
    curve = lead.kaplan_meier(orders.durations, orders.observed)
    # The naive median of what was delivered is far too short.
    naive = orders.durations[orders.observed].median()
    assert naive < curve.quantile(0.5) - 5
    assert abs(curve.quantile(0.5) - 60 * np.log(2) ** (1 / 3)) < 4
    shares = lead.cumulative_incidence(orders.durations, orders.cause)
    assert shares.causes == ("delivered",)


dates = st.one_of(
    st.integers(0, 900).map(lambda day: pd.Timestamp("2022-01-01") + pd.Timedelta(days=day)),
    st.just(None),
    st.just("not yet"),
)


@given(rows=st.lists(st.tuples(dates, dates, dates), max_size=20))
def test_counts_add_up(rows) -> None:
    table = pd.DataFrame(rows, columns=["o", "d", "c"], dtype=object)
    found = lead.from_orders(table, "o", "d", "2023-06-01", cancelled="c", unit="days")
    left_out = set(found.problems.index[~found.problems["kept"]])
    assert set(found.durations.index) | left_out == set(table.index)
    assert not set(found.durations.index) & left_out
    assert set(found.problems.index[found.problems["kept"]]) <= set(found.durations.index)
    assert (found.durations >= 0).all()
    assert len(found.durations) == len(found.observed) == len(found.cause)
    for label, days in found.durations.items():
        ordered, delivered, cancelled = table.loc[label]
        as_of = pd.Timestamp("2023-06-01")
        end = min([as_of, *(d for d in (delivered, cancelled) if isinstance(d, pd.Timestamp))])
        assert days == (end - ordered).days
        assert found.observed[label] == (isinstance(delivered, pd.Timestamp) and delivered <= as_of)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("days", 365.0), ("weeks", 365 / 7), ("months", 11.9918), ("years", 0.9993)],
)
def test_units(unit: str, expected: float) -> None:
    table = pd.DataFrame({"o": ["2023-01-01"], "d": ["2024-01-01"]})
    found = lead.from_orders(table, "o", "d", as_of="2024-06-01", unit=unit)
    assert found.durations.iloc[0] == pytest.approx(expected, abs=5e-5)
    assert found.unit == unit


def test_dates_of_many_kinds() -> None:
    text = pd.DataFrame({"o": ["2023-01-02", "2023-01-09 12:00"], "d": ["2023-03-06", None]})
    first = lead.from_orders(text, "o", "d", as_of=np.datetime64("2023-04-03"))
    for kind in ("datetime64[s]", "datetime64[ns]"):
        dates = text.apply(pd.to_datetime, format="mixed").astype(kind)
        found = lead.from_orders(dates, "o", "d", as_of=pd.Timestamp("2023-04-03").date())
        pd.testing.assert_series_equal(found.durations, first.durations)
        zoned = dates.apply(lambda c: c.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"))
        found = lead.from_orders(zoned, "o", "d", as_of=pd.Timestamp("2023-04-03", tz="UTC"))
        pd.testing.assert_series_equal(found.durations, first.durations)
        with pytest.raises(ValueError, match="as_of without time zone"):
            lead.from_orders(zoned, "o", "d", as_of="2023-04-03")
    assert first.durations.to_list() == [9.0, 11.928571428571429]
    assert first.problems.empty


def test_labels_that_come_twice_stay_apart() -> None:
    table = pd.DataFrame(
        {"o": ["2023-01-02", "2023-01-02", "2025-01-02"], "d": ["2023-01-09", None, None]},
        index=["po", "po", "po"],
    )
    found = lead.from_orders(table, "o", "d", as_of="2023-01-16")
    assert found.durations.to_list() == [1.0, 2.0]
    assert found.problems["reason"].to_list() == ["ordered after as_of"]


def test_an_empty_table() -> None:
    table = pd.DataFrame({"o": pd.Series(dtype=object), "d": pd.Series(dtype=object)})
    found = lead.from_orders(table, "o", "d", as_of="2023-01-16")
    assert len(found.durations) == 0
    assert lead.fit(found.durations, found.observed).status == "fewer than two rows"


DAYS = pd.DataFrame({"o": ["2023-01-02"], "d": [None], "n": [3.0], "t": [pd.Timedelta(days=3)]})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((DAYS, "x", "d", "2024-01-01"), ValueError, "no column 'x'; there are: o, d, n, t"),
        ((DAYS, "n", "d", "2024-01-01"), TypeError, "ordered must hold dates"),
        ((DAYS, "o", "t", "2024-01-01"), TypeError, "delivered must hold dates"),
        ((DAYS, "o", "d", "soon"), ValueError, "as_of must be a date"),
        ((DAYS, "o", "d", None), ValueError, "as_of must be a date"),
        ((DAYS, "o", "d", 2024), ValueError, "as_of must be a date"),
        ((DAYS, "o", "d", pd.NaT), ValueError, "as_of must be a date"),
        ((DAYS, "o", "d", "2024-01-01", None, "hours"), ValueError, "unit must be"),
        ((DAYS["o"], "o", "d", "2024-01-01"), TypeError, "DataFrame"),
    ],
)
def test_broken_calls(arguments, error, message) -> None:
    with pytest.raises(error, match=message):
        lead.from_orders(*arguments)


def test_the_day_of_the_count_counts_as_a_whole() -> None:
    table = pd.DataFrame(
        {"o": ["2024-01-01", "2024-06-01 09:00", "2024-05-25"], "d": ["2024-06-01 15:00", "", " "]}
    )
    orders = lead.from_orders(table, "o", "d", as_of="2024-06-01")
    assert orders.observed.tolist() == [True, False, False]
    assert orders.durations.tolist() == pytest.approx([152.625 / 7, 0.0, 1.0])
    assert orders.problems.empty


def test_what_comes_after_the_count_is_no_contradiction() -> None:
    table = pd.DataFrame(
        {
            "o": ["2023-01-02", "2023-01-02", "2023-01-02"],
            "d": ["2024-12-01", "2024-02-01", "2024-03-01"],
            "c": ["2024-03-01", "2025-01-01", "2024-02-01"],
        }
    )
    orders = lead.from_orders(table, "o", "d", as_of="2024-06-01", cancelled="c")
    assert orders.cause.tolist() == ["cancelled", "delivered"]
    assert orders.problems["reason"].tolist() == ["delivered and cancelled"]


def test_numbers_among_dates_are_refused() -> None:
    table = pd.DataFrame({"o": ["2024-01-01", 45_001], "d": [None, None]})
    with pytest.raises(TypeError, match="ordered must hold dates, got a column with numbers"):
        lead.from_orders(table, "o", "d", as_of="2024-06-01")


def test_text_has_one_form_beside_iso() -> None:
    table = pd.DataFrame({"o": ["13/01/2023", "02/03/2023", "2023-03-05"], "d": [None] * 3})
    orders = lead.from_orders(table, "o", "d", as_of="2023-04-01", unit="days")
    assert orders.durations.tolist() == [78.0, 30.0, 27.0]
    turned = lead.from_orders(table[::-1].iloc[1:], "o", "d", as_of="2023-04-01")
    assert turned.problems["reason"].tolist() == ["ordered is no date"]
