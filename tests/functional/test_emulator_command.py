"""The emulator as a command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMAND = [sys.executable, "-m", "target_salesforce_bulk", "emulator"]


@contextmanager
def emulator(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A running emulator and what it says of itself."""
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *options], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.terminate()


def control(org: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {org['control_token']}"}


def contacts(org: dict[str, str]) -> list[Any]:
    url = f"{org['url']}/_emulator/rows/Contact"
    found: list[Any] = requests.get(url, headers=control(org), timeout=10).json()
    return found


def test_it_says_how_to_log_in_and_ends_cleanly() -> None:
    """One line of JSON with everything that a configuration needs; SIGTERM ends it with 0."""
    with emulator() as (process, org):
        token = {"Authorization": f"Bearer {org['access_token']}"}
        url = f"{org['url']}/services/data/v{org['api_version']}/limits"
        answer = requests.get(url, headers=token, timeout=10)
        process.send_signal(signal.SIGTERM)

        assert set(org) == {
            "url",
            "access_token",
            "client_id",
            "client_secret",
            "refresh_token",
            "control_token",
            "api_version",
        }
        assert answer.status_code == 200
        assert org["access_token"].startswith("00D")
        assert process.wait(10) == 0


def test_records_outlive_it(tmp_path: Path) -> None:
    """With --data."""
    options = ("--data", str(tmp_path / "org.sqlite3"))
    with emulator(*options) as (_, org):
        url = f"{org['url']}/_emulator/rows/Contact"
        requests.post(url, json=[{"LastName": "Kept"}], headers=control(org), timeout=9)
    with emulator(*options) as (_, org):
        kept = contacts(org)

    assert [row["LastName"] for row in kept] == ["Kept"]


@pytest.mark.parametrize("mode", [None, 0o644], ids=["new", "old"])
def test_records_are_for_their_owner_only(tmp_path: Path, mode: int | None) -> None:
    """Whatever the umask, and the mode that a file had; also while it runs."""
    path = tmp_path / "org.sqlite3"
    if mode is not None:
        path.touch()
        path.chmod(mode)
    with emulator("--data", str(path)) as (_, org):
        contacts(org)
        files = {each.name: f"{each.stat().st_mode & 0o777:o}" for each in tmp_path.iterdir()}

    assert files == dict.fromkeys(("org.sqlite3", "org.sqlite3-wal", "org.sqlite3-shm"), "600")


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    """One line that names the file: a link, a file of something else, objects that are no JSON."""
    other = tmp_path / "other"
    other.write_text("something else, and longer than the header of a database file" * 99)
    link = tmp_path / "link"
    link.symlink_to(other)
    found = {}
    for option, path in (("--data", link), ("--data", other), ("--objects", other)):
        process = subprocess.run(
            [*COMMAND, "--port", "0", option, path],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        found[option, path.name] = (process.returncode, process.stderr.splitlines())

    assert {key: (code, len(lines)) for key, (code, lines) in found.items()} == {
        ("--data", "link"): (1, 1),
        ("--data", "other"): (1, 1),
        ("--objects", "other"): (1, 1),
    }
    assert all(
        f"{tmp_path / key[1]} cannot be used" in lines[0] for key, (_, lines) in found.items()
    )


def test_a_port_that_is_taken() -> None:
    """One line that names it."""
    with emulator() as (_, org):
        port = org["url"].rpartition(":")[2]
        second = subprocess.run(
            [*COMMAND, "--port", port], capture_output=True, text=True, check=False, timeout=60
        )

    assert second.returncode == 1
    assert f"Port {port} cannot be used" in second.stderr
    assert "Traceback" not in second.stderr
