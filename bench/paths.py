"""Paths from stdin to a CSV on disk, each timed in its own process. Nothing is sent.

`python bench/paths.py floor|ours|sdk FOLDER CONFIG < messages` prints a line of JSON.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(sys.argv[2])
found: dict[str, float] = {}


def floor() -> int:
    """A bare loop: decode with a type made for the stream and write the row, without checks."""
    import msgspec
    from contacts import PROPERTIES

    kinds = {"number": float, "boolean": bool, "string": str}
    record = msgspec.defstruct(
        "Record",
        [(name, kinds[each["type"][0]] | None) for name, each in PROPERTIES.items()],
        gc=False,
    )
    message = msgspec.defstruct("Message", [("record", record)], tag="RECORD", gc=False)
    decode = msgspec.json.Decoder(message).decode
    rows, number = [], 0

    def cell(value: str | None) -> str:
        return "#N/A" if value is None else value.replace('"', '""') if '"' in value else value

    with (FOLDER / "floor.csv").open("wb", 1 << 20) as file:
        for line in sys.stdin.buffer:
            if not line.startswith(b'{"type":"RECORD"'):
                continue
            r = decode(line).record
            score = "#N/A" if r.Score__c is None else r.Score__c
            opted = "#N/A" if r.Opted_Out__c is None else "true" if r.Opted_Out__c else "false"
            born = r.Birthdate
            if born is not None:
                date.fromisoformat(born)
            seen = r.Last_Seen__c
            if seen is not None:
                datetime.fromisoformat(seen)
                seen = f"{seen[:19]}.000Z"
            rows.append(
                f'"{r.External_Id__c}","{cell(r.FirstName)}","{cell(r.LastName)}",'
                f'"{cell(r.Email)}","{cell(r.Phone)}","{cell(r.Title)}","{score}","{opted}",'
                f'"{cell(born)}","{cell(seen)}"\n'
            )
            if len(rows) == 1000:
                file.write("".join(rows).encode())
                number += len(rows)
                rows.clear()
        file.write("".join(rows).encode())
        file.flush()
        os.fsync(file.fileno())
    return number + len(rows)


def ours() -> int:
    """The target, whose batches are sealed and discarded."""
    from target_salesforce_bulk.preview.check import Preflight
    from target_salesforce_bulk.target import TargetSalesforceBulk

    with ExitStack() as opened:
        target = TargetSalesforceBulk(
            config=json.loads(Path(sys.argv[3]).read_text()),
            open_run=lambda settings, client: opened.enter_context(
                Preflight(settings, client).dry_run()
            ),
        )
        run = target.run
        reading = time.perf_counter()
        target.listen(sys.stdin)
        found["reading"] = time.perf_counter() - reading
    return sum(each.rows for each in run.counts.values())


def sdk() -> int:
    """A target that uses the SDK's defaults and writes a CSV."""
    from singer_sdk import Target
    from singer_sdk import typing as th
    from singer_sdk.sinks import BatchSink

    number = 0

    class CsvSink(BatchSink):
        def start_batch(self, context: dict[str, Any]) -> None:
            context["file"] = (FOLDER / "sdk.csv").open("a", newline="")
            context["writer"] = csv.writer(context["file"])

        def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
            nonlocal number
            number += 1
            context["writer"].writerow(list(record.values()))

        def process_batch(self, context: dict[str, Any]) -> None:
            context["file"].close()

    class CsvTarget(Target):
        name = "target-csv"
        config_jsonschema = th.PropertiesList().to_dict()
        default_sink_class = CsvSink

    CsvTarget(config={}).listen(sys.stdin)
    return number


if __name__ == "__main__":
    started = time.perf_counter()
    way = {"floor": floor, "ours": ours, "sdk": sdk}[sys.argv[1]]
    rows = way()
    # Not `ru_maxrss`: it includes the memory of the parent process before exec.
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    found |= {
        "rows": rows,
        "seconds": time.perf_counter() - started,
        "megabytes": int(peak.split()[1]) / 1024,
    }
    sys.__stdout__.write(json.dumps(found) + "\n")
