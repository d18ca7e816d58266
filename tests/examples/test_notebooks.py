"""The notebooks run, and one of them as a demo."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from notebooks import ROOT, executed

# The kernel's messages pass through an event loop that libraries of other projects close late.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.mark.parametrize("name", [path.stem for path in (ROOT / "examples").glob("*.ipynb")])
def test_notebooks_run_without_a_warning(name: str) -> None:
    for cell in executed(name).cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", output.text


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
