"""From a tap to rows in the org, with the mapping that is suggested."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.emulator import Emulator

ROWS = {
    "crm-accounts": [
        {
            "id": f"ACC-{n}",
            "name": f"Company {n}",
            "industry": "Energy",
            "number_of_employees": 10 * n + 25,
        }
        for n in range(3)
    ],
    "crm-customer_profiles": [
        {
            "id": f"CUST-{n}",
            "account_id": f"ACC-{n}",
            "first_name": "Ada",
            "last_name": "Lovelace",
            "email": f"ada.{n}@example.com",
            "birthdate": "1815-12-10",
            "updated_at": "2026-01-01T08:00:00Z",
            "_sdc_batched_at": None,
        }
        for n in range(3)
    ],
}


def messages() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for stream, rows in ROWS.items():
        properties = {name: {"type": ["null", "string", "integer"]} for name in rows[0]}
        schema = {"type": "object", "properties": properties}
        found.append(
            {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": ["id"]}
        )
        found += [{"type": "RECORD", "stream": stream, "record": each} for each in rows]
    return found


def tap(folder: Path) -> str:
    """The command line of a tap that discovers and sends these rows."""
    schemas = [each for each in messages() if each["type"] == "SCHEMA"]
    streams = [{**each, "tap_stream_id": each["stream"], "metadata": []} for each in schemas]
    (folder / "catalog").write_text(json.dumps({"streams": streams}))
    (folder / "rows").write_text("".join(f"{json.dumps(each)}\n" for each in messages()))
    source = "import sys; print(open('catalog' if '--discover' in sys.argv else 'rows').read())"
    return f"{sys.executable} -c {shlex.quote(source)}"


def test_what_is_written_loads(
    org: Emulator, act: Callable[..., Any], config: dict[str, Any], tmp_path: Path
) -> None:
    """The file passes `check`, and all rows are loaded; what would not load is left out."""
    path = tmp_path / "written.json"
    path.write_text(json.dumps(config))
    done = act("map", "suggest", "--tap", tap(tmp_path), "--sample", "2", "--write", str(path))
    command = [sys.executable, "-m", "target_salesforce_bulk"]

    assert done.returncode == 0, done.stderr
    assert "Described " in done.stderr
    assert done.stdout.splitlines()[-1] == (
        f"Wrote to {path}: 9 columns of 2 streams. Left out by name, as nothing is suggested for "
        "them: crm-customer_profiles.account_id."
    )
    for arguments in (["check", "--config", str(path), "--input", "rows"], ["--config", str(path)]):
        with (tmp_path / "rows").open() as rows:
            run = subprocess.run(
                [*command, *arguments],
                stdin=rows,
                capture_output=True,
                text=True,
                check=False,
                cwd=tmp_path,
            )
        assert run.returncode == 0, run.stdout + run.stderr
    assert sorted(each["Name"] for each in org.rows("Account")) == [
        "Company 0",
        "Company 1",
        "Company 2",
    ]
    fields = ("External_Id__c", "LastName", "Birthdate", "AccountId")
    assert sorted(tuple(each.get(name) for name in fields) for each in org.rows("Contact")) == [
        (f"CUST-{n}", "Lovelace", "1815-12-10", None) for n in range(3)
    ]
