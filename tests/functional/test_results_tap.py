"""What the target leaves behind comes out of the tap, row by row."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from singer_messages import contact, schema, state
from stored_results import folder_of

from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.results import schemas

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator


class Tap:
    """The tap as a process, with the STATE that goes from one run to the next."""

    def __init__(self, folder: Path, state_dir: str) -> None:
        self._config, self._state = folder / "tap.json", folder / "tap-state.json"
        self._config.write_text(json.dumps({"state_dir": state_dir}))
        self.stderr = ""

    def run(self) -> dict[str, list[dict[str, Any]]]:
        """The records of each stream."""
        given = ["--state", self._state] if self._state.exists() else []
        module = "target_salesforce_bulk.cli.results_tap"
        done = subprocess.run(
            [sys.executable, "-m", module, "--config", self._config, *given],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        self.stderr = done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        for line in lines:
            if line["type"] == "STATE":
                self._state.write_text(json.dumps(line["value"]))
        found: dict[str, list[Any]] = {"load_runs": [], "load_jobs": [], "load_rows": []}
        for line in lines:
            if line["type"] == "RECORD":
                found[line["stream"]].append(line["record"])
        return found


def test_from_load_to_records(
    org: Emulator, load: Callable[..., Result], config: dict[str, Any], tmp_path: Path
) -> None:
    """A failed row, its correction, and nothing the third time; beside a run that is under way."""
    settings = {"save_results": "all", "max_failed_percent": 100}
    tap = Tap(tmp_path, config["state_dir"])
    rows = [contact(1), contact(2, LastName=None), contact(3, Email="no")]
    result = load([schema(), *rows, state(Contact=3)], **settings)
    folder = folder_of(result.state_dir)
    with SqliteJournal(folder) as journal:
        journal.start_run("20990101T000000Z-0000")
        found = tap.run()

    (job,) = org.jobs()
    run = found["load_jobs"][0]["run"]
    ids = {each["External_Id__c"]: each["Id"] for each in org.rows("Contact")}
    for each in found["load_rows"]:
        assert each.pop("sequence")
        assert each.pop("settled_at").startswith("20")
    common = dict.fromkeys(schemas.ROWS["properties"])
    del common["sequence"], common["settled_at"]
    common |= {
        "org": folder.name,
        "run": run,
        "load_job": f"{run}/1",
        "job": job["id"],
        "stream": "Contact",
        "object": "Contact",
        "operation": "upsert",
        "key_field": "External_Id__c",
        "attempt": 1,
    }
    assert found["load_rows"] == [
        common
        | {
            "id": f"{run}/1/1",
            "key": "C-1",
            "status": "loaded",
            "salesforce_id": ids["C-1"],
            "created": True,
        },
        common
        | {
            "id": f"{run}/1/failed/1",
            "job": None,
            "key": "C-3",
            "status": "refused",
            "code": "INVALID_EMAIL_ADDRESS",
            "message": "Email: invalid email address: no",
            "fields": "Email",
            "class": "permanent",
            "hint": "Correct the address in the source, or clear it there.",
            "attempt": 0,
        },
        common
        | {
            "id": f"{run}/1/failed/2",
            "key": "C-2",
            "status": "failed",
            "code": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [LastName]",
            "fields": "LastName",
            "class": "permanent",
            "hint": "Map a property or a constant to the fields, or fill them in the source.",
        },
    ]
    assert [each["status"] for each in found["load_runs"]] == ["complete", "open"]
    assert "C-1" not in tap.stderr
    assert "ERROR" not in tap.stderr

    load([schema(), contact(2), state(Contact=4)], **settings)
    # The row at the bookmark is the one that is corrected; it comes with its new status.
    assert [(each["key"], each["status"]) for each in tap.run()["load_rows"]] == [
        ("C-2", "loaded"),
        ("C-2", "resolved"),
    ]
    assert [(each["key"], each["status"]) for each in tap.run()["load_rows"]] == [
        ("C-2", "resolved")
    ]
