"""`make e2e`: four runs of the real tap-snowflake in incremental mode, into a stream that inserts.

The tap asks for `updated_at >= bookmark`, so each run brings the newest rows again. Between the
runs rows are added, also ones with the newest value. In the end every row is one record, and a run
without new rows makes no job.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from batches import ROOT, load, tap, tap_config, target_config

sys.path.insert(0, str(ROOT / "demo"))

from run import WAREHOUSE, warehouse

from target_salesforce_bulk.emulator import Emulator

STREAM = "crm-customer_profiles"
INSERT = {
    "object": "Contact",
    "operation": "insert",
    "field_mapping": {"id": "Description", "account_id": "", "email": "", "updated_at": ""},
}
#: Rows that are added before each run, and whether they have the newest value that is there.
ADDED = ((0, False), (3, True), (5, False), (2, True))
#: API calls of a run without new rows: login, describe of the object, and two to spare.
IDLE_CALLS = 4

ADD = """
import sys, snowflake.connector
port, first, number, newest = map(int, sys.argv[1:])
with snowflake.connector.connect(
    user="demo", password="demo", account="fakesnow", host="localhost", port=port, protocol="http",
) as connection:
    table, at = "DEMO.CRM.CUSTOMER_PROFILES", "max(UPDATED_AT)"
    if not newest:
        at = f"dateadd(hour, 1, {at})"
    for n in range(first, first + number):
        connection.cursor().execute(
            f"insert into {table} (ID, LAST_NAME, UPDATED_AT)"
            f" select 'NEW-{n}', 'New {n}', (select {at} from {table})"
        )
    print(connection.cursor().execute(f"select count(*) from {table}").fetchone()[0])
"""


class Pipeline:
    """The tap and the target, with the STATE that goes from one run to the next."""

    def __init__(self, org: Emulator, port: int, folder: Path) -> None:
        self._org, self._port, self._folder = org, port, folder
        self._state: str | None = None
        self._added = 0
        self._tap_config = self._write("tap.json", tap_config(port, "crm.customer_profiles"))
        self._catalog = self._write("catalog.json", self._selected())
        config = target_config(org, folder, {STREAM: INSERT})
        self._target_config = self._write("target.json", config)

    def _write(self, name: str, value: Any) -> Path:
        path = self._folder / name
        path.write_text(json.dumps(value))
        return path

    def _selected(self) -> dict[str, Any]:
        catalog: dict[str, Any] = json.loads(tap("--config", self._tap_config, "--discover"))
        for stream in catalog["streams"]:
            stream["replication_method"] = "INCREMENTAL"
            stream["replication_key"] = "updated_at"
            for each in stream["metadata"]:
                if not each["breadcrumb"]:
                    each["metadata"] |= {
                        "selected": True,
                        "replication-method": "INCREMENTAL",
                        "replication-key": "updated_at",
                    }
        return catalog

    def add(self, number: int, *, newest: bool) -> int:
        """Add rows to the table; how many it has then."""
        values = map(str, (self._port, self._added, number, int(newest)))
        done = subprocess.run(
            [WAREHOUSE / "python", "-c", ADD, *values], capture_output=True, text=True, check=True
        )
        self._added += number
        return int(done.stdout)

    def run(self) -> tuple[int, int, int]:
        """Run it; the rows that the tap sent, the jobs that were made, and the API calls."""
        arguments = ["--config", self._tap_config, "--catalog", self._catalog]
        if self._state is not None:
            arguments += ["--state", self._write("state.json", json.loads(self._state))]
        sent = tap(*arguments)
        jobs, calls = len(self._org.jobs()), len(self._org.requests)
        done = load(self._target_config, sent)
        self._state = done.stdout.splitlines()[-1]
        rows = sum(json.loads(line)["type"] == "RECORD" for line in sent.splitlines())
        return rows, len(self._org.jobs()) - jobs, len(self._org.requests) - calls


def main() -> int:
    """Run it four times, then once more without new rows."""
    with warehouse() as port, tempfile.TemporaryDirectory() as name, Emulator() as org:
        pipeline, rows = Pipeline(org, port, Path(name)), 0
        for place, (number, newest) in enumerate(ADDED, 1):
            rows = pipeline.add(number, newest=newest)
            sent, jobs, calls = pipeline.run()
            records = Counter(row["Description"] for row in org.rows("Contact"))
            print(
                f"run {place}: {rows} rows in the table, {sent} sent by the tap, {jobs} jobs, "
                f"{calls} calls, {records.total()} records, {len(records)} of them different"
            )
        sent, jobs, calls = pipeline.run()
        print(f"without new rows: {sent} sent by the tap, {jobs} jobs, {calls} calls")
    # One row of the sample has no last name, without which there is no contact.
    exact = records.total() == len(records) == rows - 1
    idle = sent > 0 and not jobs and calls <= IDLE_CALLS
    return 0 if exact and idle else 1


if __name__ == "__main__":
    sys.exit(main())
