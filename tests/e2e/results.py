"""`make e2e`: results of loads come back into a database, and the dbt package builds on them.

The target loads into an emulator, some rows fail; `tap-salesforce-bulk-results` sends what is
known to target-jsonl, DuckDB takes its files as tables, and `dbt build` makes and tests the models.
Then a failed row is corrected and loaded, and the same happens again with the bookmark.

The only argument is the folder with the environments of target-jsonl and dbt.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from target_salesforce_bulk.emulator import Emulator
from target_salesforce_bulk.results import schemas

ROOT = Path(__file__).parent.parent.parent
TAP = (sys.executable, "-m", "target_salesforce_bulk.cli.results_tap")
TARGET = (sys.executable, "-m", "target_salesforce_bulk")
STREAMS = {"load_runs": schemas.RUNS, "load_jobs": schemas.JOBS, "load_rows": schemas.ROWS}
KEYS = {"load_runs": "run", "load_jobs": "id", "load_rows": "id"}
SCHEMA = {
    "type": "SCHEMA",
    "stream": "contacts",
    "schema": {"properties": {"id": {"type": "string"}, "surname": {"type": ["string", "null"]}}},
    "key_properties": ["id"],
}
#: What each load sends, and then the state of each record: key, status, and whether it has an ID.
LOADS = [
    (
        {"1": "A", "2": None, "3": "C"},
        [("1", "loaded", True), ("2", "failed", False), ("3", "loaded", True)],
    ),
    (
        {"2": "B", "3": None},
        [("1", "loaded", True), ("2", "loaded", True), ("3", "failed", True)],
    ),
]
#: Files become tables; a later record of a key replaces the earlier one, as in a warehouse.
TABLES = """
import json, sys, duckdb
folder, database, given = sys.argv[1:]
with duckdb.connect(database) as db:
    db.execute("create schema if not exists tap_salesforce_bulk_results")
    for name, (key, columns) in json.loads(given).items():
        db.execute(
            f"create or replace table tap_salesforce_bulk_results.{name} as"
            f" select * exclude (line) from (select *, row_number() over () as line"
            f" from read_json('{folder}/{name}.jsonl', format='newline_delimited',"
            f" columns={columns}))"
            f" qualify row_number() over (partition by {key} order by line desc) = 1"
        )
"""
SHOW = """
import json, sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as db:
    query = "select key, status, salesforce_id is not null from salesforce_row_status order by key"
    print(json.dumps(db.execute(query).fetchall()))
"""
_DUCKDB = {"string": "VARCHAR", "integer": "BIGINT", "boolean": "BOOLEAN"}


def run(*command: str | Path, given: str = "", **more: Any) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        sys.exit(f"{command[0]}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def columns(schema: dict[str, Any]) -> dict[str, str]:
    """The columns of a stream with their types in DuckDB."""
    types = {name: each["type"] for name, each in schema["properties"].items()}
    return {
        name: _DUCKDB[each if isinstance(each, str) else each[0]] for name, each in types.items()
    }


class Warehouse:
    """A database that takes what the tap sends.

    Args:
        tools: Where the environments are.
        folder: Where everything is kept.
    """

    def __init__(self, tools: Path, folder: Path) -> None:
        self._tools, self._folder = tools, folder
        self._state, self._database = folder / "state.json", folder / "results.duckdb"
        (folder / "tap.json").write_text(json.dumps({"state_dir": str(folder / "state")}))
        (folder / "jsonl").mkdir()
        settings = {"destination_path": str(folder / "jsonl"), "do_timestamp_file": False}
        (folder / "jsonl.json").write_text(json.dumps(settings))

    def take(self) -> int:
        """Take what is new; how many records of rows that were."""
        given = ["--state", self._state] if self._state.exists() else []
        sent = run(*TAP, "--config", self._folder / "tap.json", *given)
        jsonl = self._tools / "jsonl" / "bin" / "target-jsonl"
        states = run(jsonl, "--config", self._folder / "jsonl.json", given=sent).splitlines()
        self._state.write_text(states[-1])
        tables = {name: (KEYS[name], columns(each)) for name, each in STREAMS.items()}
        python = self._tools / "dbt" / "bin" / "python"
        folder = self._folder / "jsonl"
        run(python, "-c", TABLES, folder, self._database, json.dumps(tables))
        return sum('"stream":"load_rows","record"' in line for line in sent.splitlines())

    def build(self) -> list[tuple[str, str, bool]]:
        """Build the dbt package with its tests; the state of each record."""
        dbt, log = self._tools / "dbt" / "bin", self._folder / "dbt"
        project = ("--project-dir", ROOT / "dbt", "--profiles-dir", ROOT / "dbt")
        paths = ("--target-path", log, "--log-path", log)
        env = {**os.environ, "RESULTS_DATABASE": str(self._database)}
        env["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
        said = run(dbt / "dbt", "build", *project, *paths, env=env).splitlines()
        print(next(line for line in said if "PASS=" in line))
        return [tuple(each) for each in json.loads(run(dbt / "python", "-c", SHOW, self._database))]


def load(org: Emulator, folder: Path, rows: dict[str, str | None]) -> None:
    """Load some contacts with the target."""
    config = {
        "login_url": org.url,
        "client_id": org.client_id,
        "client_secret": org.client_secret,
        "poll_interval_seconds": 0.1,
        "state_dir": str(folder / "state"),
        "save_results": "all",
        "max_failed_percent": 100,
        "streams": {
            "contacts": {
                "object": "Contact",
                "field_mapping": {"id": "External_Id__c", "surname": "LastName"},
            }
        },
    }
    (folder / "target.json").write_text(json.dumps(config))
    records = [
        {"type": "RECORD", "stream": "contacts", "record": {"id": key, "surname": surname}}
        for key, surname in rows.items()
    ]
    lines = "".join(f"{json.dumps(each)}\n" for each in [SCHEMA, *records])
    run(*TARGET, "--config", folder / "target.json", given=lines)


def main(tools: Path) -> int:
    """Load, read and build twice; compare what is known of each record."""
    wrong = 0
    with Emulator() as org, tempfile.TemporaryDirectory() as name:
        warehouse = Warehouse(tools, Path(name))
        for rows, expected in LOADS:
            load(org, Path(name), rows)
            taken = warehouse.take()
            found = warehouse.build()
            wrong += found != expected
            print(f"{len(rows)} rows loaded, {taken} records taken, {found}")
    return wrong


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
