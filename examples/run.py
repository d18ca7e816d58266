"""Run a notebook of this folder, print its results, and render it: ``run.py coreweave_2024``."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

HERE = Path(__file__).parent
BUILD = HERE.parent / "build"


def execute(name: str) -> nbformat.NotebookNode:
    """Return the notebook with its outputs, run from its first cell to its last."""
    notebook = nbformat.read(HERE / f"{name}.ipynb", as_version=4)
    where = {"metadata": {"path": str(HERE)}}
    quiet = ["--log-level=ERROR"]  # no word on encryption between this process and its kernel
    client = NotebookClient(notebook, timeout=300, resources=where, extra_arguments=quiet)
    client.execute(env=os.environ | {"TQDM_DISABLE": "1"})  # nor progress on a slow machine
    return notebook


def results(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what the cells tagged ``result`` print and show, as text."""
    shown = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        if "result" in cell.metadata.get("tags", [])
        for output in cell.outputs
    ]
    # Pictures and styled tables have a name only: they are on the page.
    return [text.rstrip() for text in shown if not re.fullmatch(r"<.*>|\s*", text)]


def render(notebook: nbformat.NotebookNode, name: str) -> Path:
    """Write the notebook as a page that needs nothing from elsewhere, and return its path."""
    exporter = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="")
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": name}})
    BUILD.mkdir(exist_ok=True)
    path = BUILD / f"{name}.html"
    path.write_text(page, encoding="utf-8")
    return path


def main(name: str) -> None:
    """Run, print and render one notebook."""
    notebook = execute(name)
    title = notebook.cells[0].source.splitlines()[0].lstrip("# ")
    print(f"\n{title}\n", *results(notebook), sep="\n")
    print(f"\nThe whole argument, with pictures: {render(notebook, name)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
