"""Documentation: every public function says what it takes and gives, and every example runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

import overbuild as ob

ROOT = Path(__file__).parents[1]
SECTIONS = ("Parameters", "Returns", "Raises", "Notes", "Examples")


def modules() -> Iterator[ModuleType]:
    yield ob
    for found in pkgutil.walk_packages(ob.__path__, "overbuild."):
        if not found.name.rpartition(".")[2].startswith("_"):
            yield importlib.import_module(found.name)


def public_functions() -> dict[str, Callable[..., object]]:
    """Functions and public methods, by qualified name, found in the modules that define them."""
    found = {}
    for module in modules():
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
                continue
            if inspect.isfunction(thing):
                found[f"{module.__name__}.{name}"] = thing
            elif inspect.isclass(thing):
                for attribute, method in vars(thing).items():
                    if not attribute.startswith("_") and inspect.isfunction(method):
                        found[f"{module.__name__}.{name}.{attribute}"] = method
    return found


PUBLIC = public_functions()
WINGS = (ob.capex, ob.leadtime, ob.market, ob.utilization)
#: What the top level and the wings offer by name; the rest is public among our own modules only.
OFFERED = {
    name: thing
    for name, thing in PUBLIC.items()
    if any(
        getattr(module, thing.__name__, None) is thing
        for module in (ob, *WINGS, ob.data, ob.models, ob.study)
    )
} | {name: thing for name, thing in PUBLIC.items() if ".plot." in name}
KERNELS = {
    name: thing
    for name, thing in OFFERED.items()
    if any(name.startswith(f"{wing.__name__}.") for wing in WINGS)
}


def sections(function: Callable[..., object]) -> dict[str, str]:
    """Split a numpydoc docstring at its underlined headings; the first part has no name."""
    text = inspect.getdoc(function) or ""
    parts = re.split(r"^(\w[\w ]*)\n-+\n", text, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def test_functions_are_found() -> None:
    functions = [name for wing in WINGS for name in wing.__all__ if name[0].islower()]
    assert len(KERNELS) == len(functions)
    assert len(OFFERED) > len(KERNELS) + 5


@pytest.mark.parametrize("name", PUBLIC)
def test_the_first_line_is_a_sentence(name: str) -> None:
    assert re.match(r".+\.$", sections(PUBLIC[name])[""].splitlines()[0])


@pytest.mark.parametrize("name", OFFERED)
def test_offered_functions_are_documented(name: str) -> None:
    function = OFFERED[name]
    found = sections(function)
    takes = inspect.signature(function).parameters
    needed = set(SECTIONS) - ({"Parameters", "Raises"} if not takes else set())
    assert needed <= found.keys()
    assert ">>>" in found["Examples"]
    assert "Source:" in found["Notes"]
    described = re.findall(r"^(\**\w+(?:, \**\w+)*)(?: :|$)", found.get("Parameters", ""), re.M)
    names = [one.lstrip("*") for group in described for one in group.split(", ")]
    assert names == list(takes)


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_give_formula_unit_and_shape(name: str) -> None:
    found = sections(KERNELS[name])
    assert ".. math::" in found[""]
    assert "shape" in found["Returns"]
    assert "shape" in found["Parameters"]
    units = r"USD|GPU|[Hh]ours|fraction|[Nn]umber|[Dd]ates|[Ww]eeks|[Ss]hare|servers|Labels?\b|bins"
    for block in re.split(r"^(?=\S)", found["Parameters"], flags=re.M)[1:]:
        if not block.startswith(
            ("**", "kind", "dim", "when", "day_count", "raise_", "guess", "conv", "no_", "family")
        ):
            assert re.search(units, block), block


def code_blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.M | re.S)


def test_the_readme_runs() -> None:
    blocks = code_blocks("README.md")
    assert blocks
    names: dict[str, object] = {}  # those of a block go on in the next
    for number, block in enumerate(blocks):
        test = doctest.DocTestParser().get_doctest(block, names, f"README {number}", None, 0)
        assert test.examples
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        outcome = doctest.DocTestRunner(optionflags=flags).run(test, clear_globs=False)
        assert outcome.failed == 0
        names = test.globs


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_in_pages_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text()):
        if "://" not in target:
            assert (ROOT / target).exists(), target


def test_the_readme_names_each_requirement() -> None:
    readme = (ROOT / "README.md").read_text()
    project = (ROOT / "pyproject.toml").read_text()
    required = re.search(r"^dependencies = \[(.*?)^\]", project, re.M | re.S)
    assert required is not None
    for name in re.findall(r'"([a-z]+)', required.group(1)):
        assert f"**{name}**" in readme


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebooks_are_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    assert path.stat().st_size < 60_000
