"""What is installed and what runs in the workflows is pinned, and the audit says what it found."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
LOCK = (ROOT / "dev-requirements.txt").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
#: Extras that users install, but not developers: the group `test` names what they need of them.
NOT_LOCKED = {"arrow", "s3"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    """With the version in a comment; a tag may be moved."""
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))

    assert used
    assert [each for each in used if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[\d.]+", each)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_have_no_permission_that_a_job_does_not_ask_for(path: Path) -> None:
    """None at the top, so that each job names its own."""
    assert "\npermissions: {}\n" in path.read_text(encoding="utf-8")


def declared() -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    lists = [
        project["project"]["dependencies"],
        *(listed for name, listed in extras.items() if name not in NOT_LOCKED),
        *project["dependency-groups"].values(),
    ]
    return [Requirement(each) for listed in lists for each in listed]


def test_the_lock_has_what_is_declared() -> None:
    """In a version that is allowed."""
    locked = dict(re.findall(r"^([\w.-]+)==([\w.]+)", LOCK, re.MULTILINE))
    wrong = {
        each.name: locked.get(canonicalize_name(each.name))
        for each in declared()
        if not each.specifier.contains(locked.get(canonicalize_name(each.name), "0"))
    }

    assert wrong == {}


def test_the_lock_names_hashes_and_no_place() -> None:
    """A file from any index must match its hash."""
    entries = re.split(r"\n(?! )", LOCK.strip())

    assert [each for each in entries if "--hash=sha256:" not in each] == []
    assert not re.search(r"https?:|file:|--index-url|--extra-index-url|--find-links", LOCK)


def verdict(found: dict[str, Any]) -> tuple[int, list[str]]:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "tools" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    audit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(audit)
    judged: tuple[int, list[str]] = audit.verdict(found)
    return judged


CLEAN = {"name": "a", "version": "1", "vulns": []}
SKIPPED = {"name": "b", "skip_reason": "Dependency not found"}
HOLE = {"name": "c", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}


@pytest.mark.parametrize(
    ("dependencies", "code", "last"),
    [
        ([CLEAN, SKIPPED], 0, "1 of 2 packages audited, 0 vulnerabilities."),
        ([CLEAN, HOLE], 1, "2 of 2 packages audited, 1 vulnerabilities."),
        ([SKIPPED], 0, "Skipped: the database of vulnerabilities cannot be reached from here."),
        ([], 0, "Skipped: the database of vulnerabilities cannot be reached from here."),
    ],
)
def test_the_verdict_of_an_audit(dependencies: list[Any], code: int, last: str) -> None:
    """A vulnerability fails it; where nothing could be audited, it says so."""
    found, lines = verdict({"dependencies": dependencies})

    assert (found, lines[-1]) == (code, last)
