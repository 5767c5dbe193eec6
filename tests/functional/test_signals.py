"""Told to leave, the target leaves: at once, with the right code, and the next run goes on."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import contact, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

ROWS = [schema(), *(contact(n) for n in range(20)), state(Contact=20)]


def send(process: Any, messages: list[dict[str, Any]]) -> None:
    process.stdin.write("".join(json.dumps(each) + "\n" for each in messages))
    process.stdin.flush()


def wait_for(condition: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_while_reading(
    org: Emulator,
    start: Callable[..., Any],
    load: Callable[..., Result],
    signum: int,
    code: int,
) -> None:
    """Nothing is acknowledged, nothing is loaded, and the rows come again."""
    process = start()
    send(process, ROWS)
    wait_for(lambda: org.calls("GET", "*/describe"))
    process.send_signal(signum)
    stdout, stderr = process.communicate(timeout=30)

    assert (process.returncode, stdout, org.count("Contact")) == (code, "", 0)
    assert "Traceback" not in stderr
    assert load(ROWS).code == 0
    assert org.count("Contact") == 20


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_while_a_job_runs(
    org: Emulator, start: Callable[..., Any], load: Callable[..., Result], signum: int, code: int
) -> None:
    """The job is not sent again: the next run asks what became of it. Both have a report."""
    org.configure(seconds_per_job=3)
    process = start()
    send(process, ROWS)
    process.stdin.close()
    wait_for(lambda: any(job["state"] == "InProgress" for job in org.jobs()))
    process.send_signal(signum)
    process.stdin = None
    stdout, stderr = process.communicate(timeout=30)
    again = load([schema(), state(Contact=20)])

    assert (process.returncode, stdout) == (code, "")
    assert "Traceback" not in stderr
    assert " is checked again" in again.stderr
    assert (again.code, org.count("Contact"), len(org.jobs())) == (0, 20, 1)
    reports = sorted(again.state_dir.rglob("reports/*.json"), key=lambda each: each.stat().st_mtime)
    first, second = (json.loads(each.read_text()) for each in reports)
    assert (first["verdict"], first["batches"][0]["state"]) == ("interrupted", "submitted")
    assert (second["verdict"], second["streams"][0]["rows"]["loaded"]) == ("succeeded", 20)
    assert [each["id"] for each in first["jobs"]] == [each["id"] for each in second["jobs"]]
