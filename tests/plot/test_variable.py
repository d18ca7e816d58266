"""Pictures: the right kind, labelled, on the axes given."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

import overbuild as ob


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def model(price, gpus):
    fleet = ob.utilization.fleet_ramp(gpus, 250_000, periods=4)
    return {
        "fleet": fleet,
        "use": ob.utilization.implied_by_revenue(
            1e9, price, ob.utilization.fleet_hours(fleet, 2190)
        ),
        "sites": fleet.rename(period="site") * fleet,
        "never": price * np.nan,
    }


INPUTS = {"price": ob.Input(ob.between(2, 4), unit="USD/GPU-hour"), "gpus": stats.uniform(5e4, 1e4)}
RESULT = ob.Study(model, INPUTS, units={"use": "share", "fleet": "GPU"}).run(4096, seed=1)


def test_a_histogram_marks_the_quantiles() -> None:
    ax = RESULT.plot("price")
    assert ax.get_xlabel() == "price (USD/GPU-hour)"
    marks = [line.get_xdata()[0] for line in ax.lines]
    assert marks == pytest.approx(RESULT.summary().loc["price", ["P5", "P50", "P95"]].tolist())
    assert [text.get_text().splitlines()[0] for text in ax.texts] == ["P5", "P50", "P95"]
    heights = [patch.get_height() * patch.get_width() for patch in ax.patches]
    assert sum(heights) == pytest.approx(1.0)


def test_shares_read_as_percentages() -> None:
    ax = RESULT.plot("use", quantiles=(0.5,))
    assert ax.texts[0].get_text().endswith("%")
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
        return [text.get_text().splitlines()[1] for text in ax.texts]

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
    for name in ("b", "c"):
        ax = two.plot(name)
        assert sum(p.get_height() * p.get_width() for p in ax.patches) == pytest.approx(1.0)
    values = RESULT.dataset["price"].copy()
    values[:1024], values[1024:1034] = np.inf, np.nan
    ax = ob.plot.variable(values)
    assert [text.get_text() for text in ax.texts][2:] == [
        "10 of 4,096 draws without a value\n1,024 of 4,096 draws infinite\nP95 is infinite"
    ]
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
    with pytest.raises(ValueError, match="never has no finite draw"):
        RESULT.plot("never")
    constant = ob.Study(lambda a: {"b": a + 1}, {"a": 1.0}).run(8)
    with pytest.raises(ValueError, match="b is the same in all draws"):
        constant.plot("b")


def test_without_matplotlib_the_error_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import overbuild as ob\n"
        "try: ob.Study(lambda a: {'b': a}, {'a': ob.between(1, 2)}).run(8).plot('b')\n"
        "except ImportError as error: print(error)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'overbuild[plot]'" in found.stdout
