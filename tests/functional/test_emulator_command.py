"""The emulator as a command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

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


def contacts(org: dict[str, str]) -> list[Any]:
    found: list[Any] = requests.get(f"{org['url']}/_emulator/rows/Contact", timeout=10).json()
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
            "api_version",
        }
        assert answer.status_code == 200
        assert org["access_token"].startswith("00D")
        assert process.wait(10) == 0


def test_records_outlive_it(tmp_path: Path) -> None:
    """With --data."""
    options = ("--data", str(tmp_path / "org.sqlite3"))
    with emulator(*options) as (_, org):
        requests.post(
            f"{org['url']}/_emulator/rows/Contact", json=[{"LastName": "Kept"}], timeout=9
        )
    with emulator(*options) as (_, org):
        kept = contacts(org)

    assert [row["LastName"] for row in kept] == ["Kept"]


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
