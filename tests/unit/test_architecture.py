"""docs/architecture.md is true to the tree."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import target_salesforce_bulk

ROOT = Path(target_salesforce_bulk.__file__).parent
PAGE = (ROOT.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
CODE_SPANS = set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)))


def rooms() -> set[str]:
    """Every folder and top-level module that has a row in the first table."""
    files = {path.name for path in ROOT.glob("*.py") if not path.name.startswith("__")}
    folders = {path.parent for path in ROOT.rglob("__init__.py")} - {ROOT}
    return files | {f"{path.relative_to(ROOT).as_posix()}/" for path in folders}


def defined_names() -> set[str]:
    """The classes of the package."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in ROOT.rglob("*.py"))
    return {
        node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    }


def test_every_room_is_named() -> None:
    """No folder or top-level module is missing from the page."""
    assert rooms() - CODE_SPANS == set()


def test_every_file_named_exists() -> None:
    """Each path on the page is a file or folder of the package, or of the repository."""
    paths = {span for span in CODE_SPANS if re.fullmatch(r"[\w./]+(/|\.py)", span)}

    missing = {
        each for each in paths if not any((top / each).exists() for top in (ROOT, ROOT.parent))
    }

    assert missing == set()


def test_every_module_of_singer_is_named() -> None:
    """The page has each module of the room that has a table of its own."""
    modules = {f"singer/{path.name}" for path in (ROOT / "singer").glob("[!_]*.py")}

    assert modules - CODE_SPANS == set()


def test_every_class_named_exists() -> None:
    """Each name on the page that is written like a class is one of the package."""
    words = {span for span in CODE_SPANS if re.fullmatch(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+", span)}

    assert words - defined_names() == set()
