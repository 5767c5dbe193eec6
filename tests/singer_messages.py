"""Singer messages for tests, and what a run of the target leaves behind."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

#: A schema whose properties go to fields of Contact by their names.
CONTACT = {
    "External_Id__c": {"type": ["string", "null"]},
    "FirstName": {"type": ["string", "null"]},
    "LastName": {"type": ["string", "null"]},
    "Email": {"type": ["string", "null"]},
}


def schema(
    stream: str = "Contact",
    properties: dict[str, Any] | None = None,
    key: str | None = "External_Id__c",
) -> dict[str, Any]:
    """A SCHEMA message."""
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": properties or CONTACT},
        "key_properties": [key] if key else [],
    }


def record(stream: str = "Contact", **values: Any) -> dict[str, Any]:
    """A RECORD message."""
    return {"type": "RECORD", "stream": stream, "record": values}


def contact(number: int, **changes: Any) -> dict[str, Any]:
    """A RECORD of a valid contact."""
    values = {
        "External_Id__c": f"C-{number}",
        "FirstName": "Ada",
        "LastName": f"Number {number}",
        "Email": f"ada.{number}@example.com",
    }
    return record(**values | changes)


def state(**bookmarks: Any) -> dict[str, Any]:
    """A STATE message with bookmarks by stream."""
    return {"type": "STATE", "value": {"bookmarks": bookmarks}}


@dataclass(frozen=True)
class Result:
    """What a run of the target left behind."""

    code: int
    stdout: str
    stderr: str
    state_dir: Path

    @property
    def org_dir(self) -> Path:
        """The folder, in the state directory, of the one org that was loaded into."""
        (folder,) = self.state_dir.glob("00D*")
        return folder

    @property
    def states(self) -> list[Any]:
        """The STATE lines, each of which must be JSON."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def bookmarks(self) -> list[dict[str, Any]]:
        """The bookmarks of the tap in each STATE line."""
        ours = "target-salesforce-bulk"
        found = [state["bookmarks"] for state in self.states]
        return [{name: at for name, at in each.items() if name != ours} for each in found]

    @property
    def last_line(self) -> str:
        """The last line of stderr, without the logger's prefix."""
        return self.stderr.strip().splitlines()[-1].rpartition(" | ")[2]

    def failed_rows(self) -> list[dict[str, str]]:
        """The rows of all failed-row files."""
        rows = []
        for path in sorted(self.state_dir.glob("*/failed/*/*.csv")):
            with path.open(newline="", encoding="utf-8") as file:
                rows += list(csv.DictReader(file))
        return rows
