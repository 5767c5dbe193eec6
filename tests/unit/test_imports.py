"""Imports point one way, and no two files import each other."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import target_salesforce_bulk
from target_salesforce_bulk.cli.app import program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = "target_salesforce_bulk"
ROOT = Path(target_salesforce_bulk.__file__).parent

#: Every room and top-level module, with what it may import of the package beside itself.
#: `cli → target → preview, failed → run → reporting, singer → loading → journal → rows → mapping →
#: salesforce → errors`. Settings are read at both ends: where a stream is mapped, and where a run
#: is put together; what lies between is handed the values.
MAY_IMPORT = {
    "log_codes": set(),
    "redaction": set(),
    "plain_text": {"redaction"},
    "printing": {"log_codes", "plain_text"},
    "errors": {"plain_text"},
    "patterns": {"errors"},
    "private_files": {"plain_text", "errors"},
    "configuration": {"log_codes", "redaction", "plain_text", "errors"},
    "salesforce": {"log_codes", "redaction", "plain_text", "errors"},
    "state_directory": {"plain_text", "errors", "private_files", "salesforce"},
    "settings": {"plain_text", "errors", "patterns", "configuration", "salesforce"},
    "login": {
        "log_codes",
        "redaction",
        "plain_text",
        "printing",
        "errors",
        "private_files",
        "salesforce",
        "settings",
        "state_directory",
    },
    "mapping": {"plain_text", "errors", "configuration", "salesforce", "settings"},
    "rows": {"plain_text", "errors", "salesforce", "mapping"},
    "journal": {
        "redaction",
        "plain_text",
        "errors",
        "private_files",
        "salesforce",
        "state_directory",
        "mapping",
        "rows",
    },
    "loading": {
        "log_codes",
        "patterns",
        "plain_text",
        "errors",
        "private_files",
        "salesforce",
        "mapping",
        "rows",
        "journal",
    },
}
_BELOW_A_RUN = {*MAY_IMPORT} - {"login"}
MAY_IMPORT |= {
    "reporting": _BELOW_A_RUN - {"settings"},
    "singer": _BELOW_A_RUN,
    "run": _BELOW_A_RUN | {"reporting", "singer"},
    "journal_access": {
        "log_codes",
        "plain_text",
        "errors",
        "salesforce",
        "settings",
        "state_directory",
        "journal",
    },
}
_WITH_A_RUN = {*MAY_IMPORT}
MAY_IMPORT |= {
    # It reads what loads have left, and needs no run.
    "results": {
        "log_codes",
        "errors",
        "private_files",
        "configuration",
        "rows",
        "journal",
        "loading",
    },
    "tap": {"log_codes", "state_directory", "results"},
}
MAY_IMPORT |= {
    "failed": _WITH_A_RUN - {"login"},
    "preview": _WITH_A_RUN - {"login"},
    "editor": {
        "redaction",
        "plain_text",
        "printing",
        "errors",
        "configuration",
        "salesforce",
        "settings",
        "mapping",
        "rows",
    },
    "target": _WITH_A_RUN | {"failed", "preview"},
    "cli": _WITH_A_RUN | {"failed", "target", "preview", "emulator", "editor", "tap"},
    "__main__": {"cli"},
    "__init__": set(),
    "emulator": {"cli"},
}


def module_name(path: Path) -> str:
    """`singer.reader` for a file; a package has the name of its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def imported_names(source: str, package: str) -> set[str]:
    """What a source imports of the package, as dotted names without the package's own.

    Imports for type checking count, and so do those within functions and relative ones.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) + 1 - node.level]
            base = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
    own = f"{PACKAGE}."
    return {name.removeprefix(own) for name in found if name.startswith(own)}


def imported_modules(module: str) -> set[str]:
    """The modules of the package that a module imports."""
    path = MODULES[module]
    package = ".".join(path.relative_to(ROOT.parent).parent.parts)
    names = imported_names(path.read_text(), package)
    return {name if name in MODULES else name.rpartition(".")[0] for name in names} - {module}


def room(module: str) -> str:
    return module.split(".")[0]


def circles(graph: Mapping[str, set[str]]) -> set[frozenset[str]]:
    """The strongly connected components of more than one node."""

    def reach(start: str) -> set[str]:
        seen, waiting = set[str](), [start]
        while waiting:
            for each in graph[waiting.pop()] - seen:
                seen.add(each)
                waiting.append(each)
        return seen

    reached = {node: reach(node) for node in graph}
    return {
        frozenset({node, *(each for each in reached[node] if node in reached[each])})
        for node in graph
        if node in reached[node]
    }


GRAPH = {module: imported_modules(module) for module in MODULES}


def test_each_room_has_its_line() -> None:
    """A new room or top-level module must be given a place."""
    assert {room(module) for module in MODULES} == {*MAY_IMPORT}


@pytest.mark.parametrize("importer", MAY_IMPORT)
def test_a_room_imports_only_what_is_below_it(importer: str) -> None:
    """No file reaches upward, not even for a type."""
    upward = {
        f"{module} imports {each}"
        for module in MODULES
        if room(module) == importer
        for each in GRAPH[module]
        if room(each) not in MAY_IMPORT[importer] | {importer}
    }

    assert upward == set()


def test_no_two_files_import_each_other() -> None:
    """Neither directly nor by way of others."""
    assert {", ".join(sorted(circle)) for circle in circles(GRAPH)} == set()


def test_the_emulator_stands_alone() -> None:
    """Client and emulator must not share a mistake: only its command line uses the package."""
    outside = {
        module: {each for each in GRAPH[module] if room(each) != "emulator"}
        for module in MODULES
        if room(module) == "emulator"
    }

    assert {module for module, names in outside.items() if names} == {"emulator.__main__"}


@pytest.mark.parametrize(
    "source",
    [
        "import target_salesforce_bulk.cli.app",
        "from target_salesforce_bulk.cli import app",
        "from target_salesforce_bulk.cli.app import main",
        "from ..cli.app import main",
        "from ..cli import app",
        "if TYPE_CHECKING:\n    from target_salesforce_bulk.cli.app import main",
        "def run():\n    from target_salesforce_bulk.cli.app import main",
    ],
)
def test_no_form_of_import_escapes(source: str) -> None:
    """However an import is written, the test sees it."""
    names = imported_names(source, f"{PACKAGE}.singer")

    assert {name.removesuffix(".main") for name in names} == {"cli.app"}


def test_circles_are_found() -> None:
    """A circle of three and a loop of one, but no mere fork."""
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a", "e"}, "e": set(), "f": {"f"}}

    assert circles(graph) == {frozenset("abc"), frozenset("f")}


#: What each ring of the emulator may import of the emulator, beside itself.
RINGS = {"org": set(), "http": {"org"}}


@pytest.mark.parametrize("ring", RINGS)
def test_the_rings_of_the_emulator(ring: str) -> None:
    """`server → http → org`."""
    prefix = f"emulator.{ring}"
    own = [each for each in MODULES if each == prefix or each.startswith(f"{prefix}.")]
    found = {name.split(".")[1] for each in own for name in GRAPH[each] if "." in name}

    assert found - {ring} <= RINGS[ring]


def test_the_org_knows_no_http() -> None:
    """It can be used and tested without a web framework or a socket."""
    found = set()
    for path in (ROOT / "emulator" / "org").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])

    assert found & {"starlette", "uvicorn", "h11", "http", "socket", "urllib"} == set()


#: What takes long to import, and only loading or answering needs.
HEAVY = {"pyarrow", "requests", "singer_sdk"}


def heavy_imports(*arguments: str) -> set[str]:
    """Which of them the program imports with these arguments."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", PACKAGE, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return HEAVY & set(re.findall(r"^import time:.*\| +(\w+)$", done.stderr, re.MULTILINE))


def paths(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    """A command and those below it, as they are typed."""
    yield path
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from paths(each, *path, name)


@pytest.mark.parametrize(
    "arguments", [["--version"], *([*path, "--help"] for path in paths(program))], ids=" ".join
)
def test_what_only_explains_itself_imports_little(arguments: list[str]) -> None:
    """`--version`, and `--help` of every command, start as fast as they can."""
    assert heavy_imports(*arguments) == set()


def test_what_is_imported_is_seen() -> None:
    """The settings and capabilities of `--about` come from the SDK."""
    assert "singer_sdk" in heavy_imports("--about")
