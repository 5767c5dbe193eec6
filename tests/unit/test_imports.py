"""Imports point one way."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import target_salesforce_bulk

ROOT = Path(target_salesforce_bulk.__file__).parent
PACKAGE = "target_salesforce_bulk"

#: What each part may import of the package, beside itself.
MAY_IMPORT = {
    "errors": set(),
    "salesforce": {"errors"},
    "settings": {"errors", "salesforce"},
    "login": {"errors", "salesforce", "settings"},
    "mapping": {"errors", "salesforce"},
    "rows": {"errors", "salesforce", "mapping"},
    "loading": {"errors", "salesforce", "rows"},
    "emulator": {"cli"},
}


def modules(path: Path) -> set[str]:
    """The modules that a module imports, also where only types need them."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def imports(path: Path) -> set[str]:
    """The parts of the package that a module imports."""
    names = (name.split(".") for name in modules(path))
    return {parts[1] for parts in names if parts[0] == PACKAGE and len(parts) > 1}


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_what_is_below_it(part: str) -> None:
    """`target, cli → sink → loading → salesforce → errors`; `sink → rows → mapping`."""
    folder = ROOT / part
    paths = folder.rglob("*.py") if folder.is_dir() else [ROOT / f"{part}.py"]
    found = set().union(*(imports(path) for path in paths))

    assert found - {part} <= MAY_IMPORT[part]


def test_the_emulator_stands_alone() -> None:
    """Only its command line uses the package: client and emulator must not share a mistake."""
    folder = ROOT / "emulator"
    found = {str(path.relative_to(folder)): imports(path) for path in folder.rglob("*.py")}

    assert {name for name, parts in found.items() if parts - {"emulator"}} == {"__main__.py"}


#: What each ring of the emulator may import of the emulator, beside itself.
RINGS = {"org": set(), "http": {"org"}}


@pytest.mark.parametrize("ring", RINGS)
def test_the_rings_of_the_emulator(ring: str) -> None:
    """`server → http → org`."""
    own = f"{PACKAGE}.emulator."
    paths = (ROOT / "emulator" / ring).rglob("*.py")
    names = set().union(*(modules(path) for path in paths))
    found = {name.removeprefix(own).split(".")[0] for name in names if name.startswith(own)}

    assert found - {ring} <= RINGS[ring]


def test_the_org_knows_no_http() -> None:
    """It can be used and tested without a web framework or a socket."""
    paths = (ROOT / "emulator" / "org").rglob("*.py")
    found = {name.split(".")[0] for path in paths for name in modules(path)}

    assert found & {"starlette", "uvicorn", "h11", "http", "socket", "urllib"} == set()
