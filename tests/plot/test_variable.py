"""Pictures: the right kind, labelled, on the axes given."""

from __future__ import annotations

import re
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from pictures import drawn, footnote, labels, steps
from scipy import stats

import overbuild as ob
from overbuild.plot._numbers import is_time


def model(price, gpus):
    fleet = ob.utilization.fleet_ramp(gpus, 250_000, periods=4)
    return {
        "fleet": fleet,
        "use": ob.utilization.implied_by_revenue(
            1e9, price, ob.utilization.fleet_hours(fleet, 2190)
        ),
        "sites": fleet.rename(period="site") * fleet,
        "ready": 50 * price,
        "never": price * np.nan,
    }


INPUTS = {"price": ob.Input(ob.between(2, 4), unit="USD/GPU-hour"), "gpus": stats.uniform(5e4, 1e4)}
RESULT = ob.Study(model, INPUTS, units={"use": "share", "fleet": "GPU", "ready": "weeks"}).run(
    4096, seed=1
)


def test_a_histogram_marks_the_quantiles() -> None:
    ax = RESULT.plot("price")
    assert ax.get_xlabel() == "price (USD/GPU-hour)"
    marks = [line.get_xdata()[0] for line in ax.lines]
    assert marks == pytest.approx(RESULT.summary().loc["price", ["P5", "P50", "P95"]].tolist())
    assert [text.splitlines()[0] for text in labels(ax)] == ["P5", "P50", "P95"]
    assert steps(ax)[0].sum() == pytest.approx(1.0, abs=0.003)


def test_shares_read_as_percentages() -> None:
    ax = RESULT.plot("use", quantiles=(0.5,))
    assert labels(ax)[0].endswith("%")
    ax.figure.canvas.draw()
    assert all(tick.get_text().endswith("%") for tick in ax.get_xticklabels())
    assert len(ax.lines) == 1


def test_a_fan_over_periods() -> None:
    ax = RESULT.plot("fleet", quantiles=(0.05, 0.25, 0.5, 0.75, 0.95))
    assert ax.get_xlabel() == "period"
    assert ax.get_ylabel() == "fleet (GPU)"
    assert len(ax.collections) == 2
    np.testing.assert_allclose(ax.lines[0].get_ydata(), RESULT.dataset.fleet.median("draw"))


def test_a_fan_of_one_period_is_a_bar() -> None:
    one = RESULT.dataset["fleet"].isel(period=[0])
    ax = ob.plot.variable(one)
    (low, high) = ax.collections[0].get_paths()[0].get_extents().intervaly
    np.testing.assert_allclose([low, high], one.quantile([0.05, 0.95]))


def test_numbers_read_as_a_person_writes_them() -> None:
    def marks(scale: float, shift: float = 0.0) -> list[str]:
        values = shift + scale * RESULT.dataset["price"]
        ax = ob.plot.variable(values.rename("x"), quantiles=(0.5,))
        return [text.splitlines()[1] for text in labels(ax)]

    assert [marks(10.0**k) for k in (-3, 0, 3, 6, 9)] == [
        ["0.002828"],
        ["2.828"],
        ["2,828"],
        ["2.828M"],
        ["2.828bn"],
    ]
    assert marks(1e4) == ["28.28k"]
    assert marks(1.0, 1e6) == ["1.0000028M"]


def test_few_equal_and_infinite_draws_are_drawn_and_said() -> None:
    two = ob.Study(lambda a: {"b": a, "c": 0 * a}, {"a": ob.between(1, 2)}).run(2)
    assert steps(two.plot("b"))[0].sum() == pytest.approx(1.0)
    assert [patch.get_height() for patch in two.plot("c").patches] == [1.0]
    values = RESULT.dataset["price"].copy()
    values[:1024], values[1024:1034] = np.inf, np.nan
    ax = ob.plot.variable(values)
    said = "4,096 draws; 10 of them without a value; 1,024 of them infinite; P95 is infinite"
    assert footnote(ax) == said
    assert [line.get_xdata()[0] for line in ax.lines] == pytest.approx(
        np.quantile(values[~np.isnan(values)], [0.05, 0.5])
    )


def test_axes_are_taken_and_returned() -> None:
    _, ax = plt.subplots()
    assert RESULT.plot("price", ax=ax) is ax
    assert RESULT.plot().get_ylabel() == "fleet (GPU)"


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(KeyError, match="no variable 'prize'; there are price, gpus"):
        RESULT.plot("prize")
    with pytest.raises(ValueError, match="has dimensions site, period; select along all but one"):
        RESULT.plot("sites")
    for quantiles in ((5, 50, 95), (0.5, 0.5), (0.9, 0.1)):
        with pytest.raises(ValueError, match="quantiles must be rising probabilities from 0 to 1"):
            RESULT.plot("price", quantiles=quantiles)
    with pytest.raises(TypeError, match="quantiles must be a list of probabilities, got 'x'"):
        RESULT.plot("price", quantiles="x")
    with pytest.raises(ValueError, match="never has no finite draw"):
        RESULT.plot("never")
    constant = ob.Study(lambda a: {"b": a + 1}, {"a": 1.0}).run(8)
    with pytest.raises(ValueError, match="b is the same in all draws"):
        constant.plot("b")


def test_the_picture_follows_from_the_variable() -> None:
    weights = np.exp(-RESULT.dataset["price"].values)
    given = RESULT.dataset.assign_coords(draw_weight=("draw", weights / weights.sum()))
    sites = RESULT.dataset["sites"].isel(period=0, drop=True)
    named = sites.assign_coords(site=list("abcd"))
    scenarios = RESULT.dataset["sites"].rename(site="scenario")
    expected = [
        (RESULT.dataset["price"], ["histogram", "s_curve"]),
        (RESULT.dataset["ready"], ["s_curve", "histogram"]),
        (given["price"], ["posterior", "histogram", "s_curve"]),
        (given["ready"], ["s_curve", "posterior", "histogram"]),
        (RESULT.dataset["fleet"], ["fan", "scenarios"]),
        (named, ["scenarios"]),
        (sites.rename(site="scenario"), ["scenarios"]),
        (scenarios, ["scenarios"]),
    ]
    for values, pictures in expected:
        with pytest.raises(ValueError, match="kind must be one of") as refused:
            ob.plot.variable(values, kind="pie")
        assert re.findall(r"'(\w+)'", str(refused.value)) == [*pictures, "pie"]
        for kind in [None, *pictures]:
            ax = ob.plot.variable(values, kind=kind)
            assert ax.has_data()
            assert footnote(ax).startswith("4,096 draws")
            plt.close(ax.figure)


@pytest.mark.parametrize(
    ("unit", "time"),
    [
        ("weeks", True),
        ("months after order", True),
        ("year", True),
        ("GPU-hour", False),
        ("hours per week", False),
        ("USD/year", False),
        ("", False),
    ],
)
def test_units_of_time(unit, time) -> None:
    assert is_time(RESULT.dataset["price"].assign_attrs(unit=unit)) is time


def test_a_kind_that_does_not_suit_is_refused() -> None:
    said = "kind must be one of 'histogram', 's_curve' for price, got 'fan'"
    with pytest.raises(ValueError, match=said):
        RESULT.plot("price", kind="fan")
    with pytest.raises(ValueError, match="one of 'fan', 'scenarios' for fleet, got 'pie'"):
        RESULT.plot("fleet", kind="pie")
    assert RESULT.plot("price", "s_curve").get_ylabel() == "cumulative probability"


def test_without_matplotlib_the_error_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import overbuild as ob\n"
        "try: ob.Study(lambda a: {'b': a}, {'a': ob.between(1, 2)}).run(8).plot('b')\n"
        "except ImportError as error: print(error)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'overbuild[plot]'" in found.stdout


@pytest.mark.parametrize("kind", ["histogram", "s_curve", "posterior", "fan", "scenarios"])
@pytest.mark.parametrize("power", [20, 60, 120])
def test_numbers_of_all_sizes_can_be_drawn(kind: str, power: int) -> None:
    draws = 10.0 ** np.linspace(-power, power, 64)
    if kind in ("fan", "scenarios"):
        dim = "period" if kind == "fan" else "scenario"
        values = xr.DataArray(
            np.stack([draws, draws[::-1]], axis=1), {dim: [1, 2]}, ("draw", dim), name="x"
        )
    else:
        values = drawn(draws, weights=np.arange(1, 65) if kind == "posterior" else None)
    ax = ob.plot.variable(values, kind=kind)
    ax.get_figure().canvas.draw()
    limits = [*ax.get_xlim(), *ax.get_ylim()]
    assert np.isfinite(limits).all()
    assert max(limits) >= 10.0 ** (power - 12)
