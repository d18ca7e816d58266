"""The hindcast notebook in two parts: what it forecasts, and what came."""

from __future__ import annotations

import functools
from typing import Any

from notebooks import executed


def source(cells: str) -> list[str]:
    """Code of the cells before or after the outcomes."""
    notebook = executed("hindcast")
    (at,) = [k for k, cell in enumerate(notebook.cells) if "## 5. What came" in cell.source]
    part = notebook.cells[:at] if cells == "before" else notebook.cells[at:]
    return [cell.source for cell in part if cell.cell_type == "code"]


def forecasts(draws: int) -> dict[str, Any]:
    """Run the cells before the outcomes; return what they define."""
    code = "\n".join(source("before")).replace("%matplotlib inline", "")
    assert "DRAWS = 2**16" in code
    names: dict[str, Any] = {"print": lambda *_, **__: None}
    exec(compile(code.replace("DRAWS = 2**16", f"DRAWS = {draws}"), "hindcast", "exec"), names)
    return names


@functools.cache
def forecast() -> dict[str, Any]:
    return forecasts(2**16)
