"""The notebooks run, and say what their numbers say."""

from __future__ import annotations

import functools
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
# The kernel's messages pass through an event loop that libraries of other projects close late.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@functools.cache
def run_module():
    spec = importlib.util.spec_from_file_location("run", ROOT / "examples" / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def executed(name: str) -> nbformat.NotebookNode:
    return run_module().execute(name)


def printed(notebook: nbformat.NotebookNode) -> str:
    return "".join(
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stdout"
    )


@pytest.mark.parametrize("name", [path.stem for path in (ROOT / "examples").glob("*.ipynb")])
def test_notebooks_run_without_a_warning(name: str) -> None:
    for cell in executed(name).cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", output.text


class TestCoreweave2024:
    def table(self) -> dict[str, list[float]]:
        (text,) = run_module().results(executed("coreweave_2024"))
        rows = re.findall(r"^(\S.*?)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)$", text, re.M)
        return {name: [float(x) for x in numbers] for name, *numbers in rows}

    def test_the_notes_arithmetic_is_reproduced(self) -> None:
        text = printed(executed("coreweave_2024"))
        assert "capacity 2.19bn GPU-hours, utilization 22.09%" in text
        assert "price implied by the note: 3.96 USD" in text
        assert self.table()["the note"] == [0.221, 0.221, 0.221]

    def test_the_corrected_denominator(self) -> None:
        # 3e8 / 0.62 over (53,000 + 250,000) / 2 GPUs for 8,784 hours
        assert pytest.approx(0.364, abs=5e-4) == 3e8 / 0.62 / (151_500 * 8_784)
        assert "151,500 GPUs on average, 1.33bn GPU-hours, utilization 36.4%" in printed(
            executed("coreweave_2024")
        )

    def test_the_conclusions_follow_from_the_numbers(self) -> None:
        table = self.table()
        hours = table["from Microsoft's hours (used)"]
        revenue = table["from revenue (billed)"]
        assert hours[0] > 0.221
        assert revenue[0] > 0.221
        assert 0.30 < hours[1] < 0.37
        assert 0.45 < revenue[1] < 0.55
        assert revenue[0] == pytest.approx(0.35, abs=0.01)
        assert revenue[2] == pytest.approx(0.70, abs=0.01)
        for p in range(3):
            assert revenue[p] > table["break-even, operating"][p]
            assert revenue[p] < table["break-even, after interest"][p]
        assert (
            "operating income 324.4m USD, 16.9% of revenue; after interest -36.4m USD"
            in printed(executed("coreweave_2024"))
        )
        # The income statement says the same without any fleet: 1915.4 over 1591.0 and 1951.8.
        text = printed(executed("coreweave_2024"))
        low, high = map(float, re.findall(r"operating break-even: +([\d.]+) to ([\d.]+)", text)[0])
        assert 1915.4 / 1591.0 < low < high < 1915.4 / 1591.0 * 1.02


class TestGpuHourCost:
    def test_printed_tables_are_reproduced(self) -> None:
        notebook = executed("gpu_hour_cost")
        tables = [
            output["data"]["text/html"]
            for cell in notebook.cells
            for output in cell.get("outputs", [])
            if "off by" in output.get("data", {}).get("text/html", "")
        ]
        (table,) = tables
        off = [float(x) for x in re.findall(r">([+-][\d.]+)%<", table)]
        assert len(off) == 8
        assert max(map(abs, off)) < 0.3

    def test_the_conclusions_follow_from_the_numbers(self) -> None:
        text = printed(executed("gpu_hour_cost"))
        cheap, dear = map(float, re.findall(r"MWh: ([\d.]+) to ([\d.]+) USD", text)[0])
        full, half = map(float, re.findall(r"50%:  ([\d.]+) to ([\d.]+) USD", text)[0])
        assert round(dear - cheap, 2) == 0.17
        assert round(half - full, 2) == 1.69
        assert full == 2.11
        assert "more than 2 USD: 98%" in text


class TestGb200Revised:
    def table(self, which: int) -> dict[str, list[float]]:
        text = run_module().results(executed("gb200_revised"))[which]
        rows = re.findall(r"^(\S.*?)((?: +[\d.]+)+)$", text, re.M)
        return {name: [float(x) for x in numbers.split()] for name, numbers in rows}

    def test_the_delay_that_explains_each_forecast(self) -> None:
        table = self.table(0)
        assert [round(row[2], 2) for row in table.values()] == [0.46, 0.53, 0.64]
        assert [round(row[3], 1) for row in table.values()] == [1.9, 1.6, 1.3]
        # 36% and 54% less; by hand, 14 steps of the year become 10 and 6 after whole quarters.
        for before, after, left, delay in table.values():
            assert left == pytest.approx(after / before, abs=0.005)
            by_hand = 1 - (delay * 4 / 14 if delay <= 1 else (4 + (delay - 1) * 4) / 14)
            assert by_hand == pytest.approx(left, abs=0.005)
        assert round(1.5 * 4 / 14, 2) == 0.43  # the title of the last picture

    def test_the_shape_of_the_year(self) -> None:
        text = printed(executed("gb200_revised"))
        off = {name: float(x) for name, x in re.findall(r"(late|cut): ([\d.]+) thousand", text)}
        assert off["late"] < off["cut"]
        assert "before 36%, late 48%, cut 36%, reported 46%" in text
        first = re.search(r"2025Q1 +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)", text)
        assert first is not None
        assert [float(x) for x in first.groups()] == [9.3, 0.5, 4.3, 2.8]

    def test_what_hgx_brings_back(self) -> None:
        text = printed(executed("gb200_revised"))
        assert "later: 0.23 0.77 0.0" in text
        assert "left of the year's GPUs, P5, P50, P95: 34% 50% 69%" in text
        assert re.search(r"HGX brings back: +1% 12% 28%", text)
        assert "kW a GPU: 1.81 in a rack, 1.79 in a system" in text
        assert "USD a GPU: 47,222 in a rack, 47,409 in a system" in text
        table = self.table(1)
        for unit, places in {"million GPUs": 0.01, "GW": 0.02, "bn USD": 0.01}.items():
            plan, late, hgx = (table[f"{unit}, {case}"] for case in CASES)
            assert late[1] / plan[1] == pytest.approx(0.49, abs=places)
            assert late[1] < hgx[1] < plan[1]

    def test_what_hangs_on_the_ramp(self) -> None:
        text = printed(executed("gb200_revised"))
        assert "equal steps: 1.3 to 1.9 quarters" in text
        assert "doubling: 0.7 to 1.1 quarters" in text
        assert "level: 2.5 to 3.2 quarters" in text


#: Rows of the table of sums in the notebook on GB200.
CASES = ("the plan", "late", "late, with HGX")


def test_make_demo_prints_the_table_and_the_page(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, ROOT / "examples" / "run.py", "coreweave_2024"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Did CoreWeave run its fleet at 22% in 2024?" in found.stdout
    assert "from revenue (billed)" in found.stdout
    page = Path(found.stdout.strip().rpartition(": ")[2])
    text = page.read_text()
    assert len(re.findall(r"<img[^>]+data:image/png;base64", text)) == 4
    # Nothing on the page is fetched from elsewhere.
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"https?:", text)
