"""The report of a run, as processes: a load writes its facts, and a command makes the page."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from singer_messages import contact, schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def facts(folder: Path) -> dict[str, Any]:
    """The only report below a folder."""
    (path,) = folder.rglob("reports/*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def without_times(value: Any) -> Any:
    """The same with T for each time, and 0 for each duration."""
    if isinstance(value, list):
        return [without_times(each) for each in value]
    if isinstance(value, dict):
        return {
            name: 0 if name.endswith(("seconds", "_ms", "polls")) else without_times(each)
            for name, each in value.items()
        }
    return "T" if isinstance(value, str) and _TIME.fullmatch(value) else value


def test_a_load_with_failures(
    org: Emulator, load: Callable[..., Result], act: Callable[..., Any], tmp_path: Path
) -> None:
    """Every fact of it, apart from times, and the page that shows them."""
    rows = [contact(n) for n in range(40)]
    bad = [contact(40, LastName=None), contact(41, Email="no address")]
    result = load([schema(), *rows, *bad], validate_rows=False, canary_rows=10)
    found = facts(result.state_dir)
    jobs = org.jobs()
    done = act("report", "--output", "page.html")
    page = (tmp_path / "page.html").read_text()

    assert result.code == 1
    assert done.stdout == f"40 of 42 rows were loaded in {took(done)}; 2 failed.\npage.html\n"
    assert "REQUIRED_FIELD_MISSING" in page
    assert all(f"page?address=%2F{job['id']}" in page for job in jobs)
    assert without_times(found) == {
        "version": 1,
        "run": found["run"],
        "program": "0.1.0",
        "org": found["org"],
        "instance_url": org.url,
        "started_at": "T",
        "ended_at": "T",
        "verdict": "attention",
        "problem": result.stderr.splitlines()[-1].split(" | ")[-1],
        "settings": {
            "login_url": org.url,
            "client_id": found["settings"]["client_id"],
            "validate_rows": False,
            "poll_interval_seconds": 0,
            "poll_max_interval_seconds": 0,
            "row_retry_wait_seconds": 0,
            "canary_rows": 10,
            "state_dir": str(result.state_dir),
        },
        "reading": {"seconds": 0, "cpu_seconds": 0, "complete": True},
        "streams": [
            {
                "stream": "Contact",
                "object": "Contact",
                "read": 42,
                "rows": {"loaded": 40, "failed": 2, "counted": 10},
                "jobs": 2,
                "api_calls": found["streams"][0]["api_calls"],
                "seconds": 0,
            }
        ],
        "batches": [
            {
                "id": number,
                "stream": "Contact",
                "object": "Contact",
                "operation": "upsert",
                "rows": number_of_rows,
                "bytes": batch["bytes"],
                "outcome": outcome,
                "job": job["id"],
                "jobs_made": 1,
                "api_calls": batch["api_calls"],
                "seconds": 0,
                "settled_at": "T",
            }
            for number, number_of_rows, outcome, job, batch in zip(
                (1, 2),
                (10, 32),
                ({"loaded": 10, "counted": 10}, {"loaded": 30, "failed": 2}),
                jobs,
                found["batches"],
                strict=True,
            )
        ],
        "jobs": [
            without_times(of_report)
            | {
                "id": job["id"],
                "object": "Contact",
                "operation": "upsert",
                "state": "JobComplete",
                "batch": number,
                "stream": "Contact",
                "created_at": "T",
                "upload_started_at": "T",
                "uploaded_at": "T",
                "closed_at": "T",
                "finished_at": "T",
                "modified_at": "T",
                "results_started_at": "T",
                "results_fetched_at": "T",
                "processed": processed,
            }
            for number, processed, job, of_report in zip(
                (1, 2), (10, 32), jobs, found["jobs"], strict=True
            )
        ],
        "errors": [
            {
                "stream": "Contact",
                "code": "INVALID_EMAIL_ADDRESS",
                "failure_class": "permanent",
                "rows": 1,
                "message": "Email: invalid email address: no address",
                "hint": "Correct the address in the source, or clear it there.",
                "keys": ["C-41"],
            },
            {
                "stream": "Contact",
                "code": "REQUIRED_FIELD_MISSING",
                "failure_class": "permanent",
                "rows": 1,
                "message": "Required fields are missing: [LastName]",
                "hint": "Map a property or a constant to the fields, or fill them in the source.",
                "keys": ["C-40"],
            },
        ],
        "api": without_times(found["api"]),
    }
    assert found["api"]["calls"] > found["streams"][0]["api_calls"] > 0


def took(done: Any) -> str:
    return str(re.findall(r" in (.*?);", done.stdout)[0])
