"""Every command ends with one line that says why, and with the exit code that the docs name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from conftest import command
from singer_messages import contact, schema, state

from target_salesforce_bulk.emulator import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

LOCK = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"
ANYTHING = {"max_failed_percent": 100, "row_retries": 0}
SIGNALS = [(signal.SIGTERM, 143, "SIGTERM"), (signal.SIGINT, 130, "SIGINT")]


def wait_for(condition: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def last_line(stderr: str) -> str:
    return stderr.strip().splitlines()[-1].rpartition(" | ")[2]


@pytest.fixture
def store_failed_row(org: Emulator, load: Callable[..., Result]) -> None:
    """Leave one transient failed row in the journal."""
    org.configure(rules=[{"error": LOCK}])
    load([schema(), contact(1), state(Contact=1)], **ANYTHING)
    org.configure(rules=[])


@pytest.mark.usefixtures("store_failed_row")
@pytest.mark.parametrize(("signum", "code", "name"), SIGNALS)
def test_a_signal_during_a_retry(
    org: Emulator, start_command: Any, signum: int, code: int, name: str
) -> None:
    """One line names the signal; `jobs resume` settles the job that was under way."""
    org.configure(seconds_per_job=2)
    process = start_command("failed", "retry")
    wait_for(lambda: any(job["state"] == "InProgress" for job in org.jobs()))
    process.send_signal(signum)
    stdout, stderr = process.communicate(timeout=30)
    resumed = start_command("jobs", "resume")
    resumed.communicate(timeout=30)

    assert (process.returncode, stdout) == (code, "")
    assert last_line(stderr) == f"Stopped by {name}. The next run continues."
    assert "Traceback" not in stderr
    assert (resumed.returncode, org.count("Contact"), len(org.jobs())) == (0, 1, 2)


@pytest.mark.parametrize(("signum", "code", "name"), SIGNALS)
def test_a_signal_while_logging_in(
    org: Emulator, start_command: Any, signum: int, code: int, name: str
) -> None:
    """A command that has no run yet leaves in the same way."""
    org.inject(Fault(path="*/token", kind=FaultKind.DRIP, seconds=5))
    process = start_command("check")
    wait_for(lambda: org.calls("POST", "*/token"))
    process.send_signal(signum)
    stdout, stderr = process.communicate(timeout=30)

    assert (process.returncode, stdout) == (code, "")
    assert last_line(stderr) == f"Stopped by {name}. The next run continues."
    assert "Traceback" not in stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("--nonsense",),
        ("failed", "nonsense"),
        ("failed", "list", "--class", "nonsense"),
        ("failed", "discard"),
        ("failed", "retry", "--state", "/nowhere.json"),
        ("jobs", "show"),
        ("jobs", "list", "--number", "many"),
        ("check", "--input", "/nowhere.singer"),
        ("emulator", "--port", "many"),
    ],
)
def test_a_wrong_command_line(start_command: Any, arguments: tuple[str, ...]) -> None:
    """Usage on stderr, nothing on stdout, exit code 2."""
    process = start_command(*arguments)
    stdout, stderr = process.communicate(timeout=30)

    assert (process.returncode, stdout) == (2, "")
    assert "Usage: " in stderr
    assert "Error: " in stderr
    assert "Traceback" not in stderr


@pytest.mark.usefixtures("store_failed_row")
@pytest.mark.parametrize(
    "arguments",
    [
        ("failed", "list"),
        ("failed", "export"),
        ("failed", "export", "--format", "singer"),
        ("failed", "show", "C-1"),
        ("jobs", "list"),
        ("check",),
        ("--about",),
    ],
)
def test_a_closed_pipe(config: dict[str, Any], tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Output that nobody reads is an error of one line."""
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [*command(config, tmp_path), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
        cwd=tmp_path,
    )
    os.close(writer)

    assert process.returncode == 1
    assert last_line(process.stderr) == (
        "The reader of stdout has closed the pipe; the output is incomplete."
    )
    assert "Traceback" not in process.stderr
    assert "Exception ignored" not in process.stderr


@pytest.mark.usefixtures("store_failed_row")
def test_resume_sends_no_stored_row(org: Emulator, start_command: Any) -> None:
    """`retry_failed_on_start` is about loading; `jobs resume` only finishes what was begun."""
    process = start_command("jobs", "resume", retry_failed_on_start=True)
    process.communicate(timeout=30)
    listed, _ = start_command("failed", "list", "--json").communicate(timeout=30)

    assert process.returncode == 0
    assert (org.count("Contact"), len(org.jobs())) == (0, 1)
    assert [each["rows"] for each in json.loads(listed)] == [1]


HTML = "<html><body>Down for maintenance</body></html>"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/services/oauth2/token"),
        ("GET", "*/describe"),
        ("GET", "*/query*"),
        ("PATCH", "*/jobs/ingest/*"),
        ("GET", "*/jobs/ingest/???????????????AAA"),
    ],
)
def test_html_is_not_a_full_disk(
    org: Emulator, load: Callable[..., Result], method: str, path: str
) -> None:
    """A response that is not JSON is blamed on Salesforce, never on the state directory."""
    fault = Fault(method=method, path=path, kind=FaultKind.STATUS, status=200, body=HTML, times=-1)
    org.inject(fault)
    updates = {"operation": "update", "streams": {"Contact": {"external_id_field": None}}}
    settings = updates if "query" in path else {}
    result = load(
        [schema(), contact(1), state(Contact=1)],
        request_attempts=2,
        request_max_seconds=2,
        job_timeout_seconds=2,
        **settings,
    )

    assert result.code == 1
    named = ("Salesforce", "HTML", "lost", "uncertain")
    assert any(word in result.last_line for word in named), result.last_line
    assert "state_dir" not in result.stderr
    assert "state directory" not in result.stderr
    assert "Traceback" not in result.stderr
