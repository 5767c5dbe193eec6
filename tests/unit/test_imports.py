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
    "plain_text": set(),
    "errors": {"plain_text"},
    "salesforce": {"errors", "plain_text"},
    "settings": {"errors", "salesforce"},
    "mapping": {"errors", "salesforce", "plain_text"},
    "rows": {"errors", "salesforce", "mapping", "plain_text"},
    "loading": {"errors", "salesforce", "rows"},
    "emulator": {"cli"},
}


def imports(path: Path) -> set[str]:
    """The parts of the package that a module imports, also where only types need them."""
    tree = ast.parse(path.read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            found.add((node.module or "").split(".")[1])
    return found


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_what_is_below_it(part: str) -> None:
    """`target, cli → sink → loading → salesforce → errors`; `sink → rows → mapping`."""
    folder = ROOT / part
    modules = folder.rglob("*.py") if folder.is_dir() else [ROOT / f"{part}.py"]
    found = set().union(*(imports(path) for path in modules))

    assert found - {part} <= MAY_IMPORT[part]


def test_the_emulator_stands_alone() -> None:
    """Only its command line belongs to the package, so that one wrong belief cannot pass twice."""
    found = {path.name: imports(path) - {"emulator"} for path in (ROOT / "emulator").glob("*.py")}

    assert {name for name, parts in found.items() if parts} == {"__main__.py"}
