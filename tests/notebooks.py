"""Notebooks, each run once: what they print and show."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]


@functools.cache
def run_module():  # type: ignore[no-untyped-def]
    """Return ``examples/run.py``."""
    spec = importlib.util.spec_from_file_location("run", ROOT / "examples" / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def executed(name: str) -> nbformat.NotebookNode:
    """Return a notebook with its outputs."""
    return run_module().execute(name)


def printed(notebook: nbformat.NotebookNode) -> str:
    """Return all that a notebook printed."""
    return "".join(
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stdout"
    )
