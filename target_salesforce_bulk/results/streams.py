"""The streams of the tap: runs, jobs and rows."""

from __future__ import annotations

import re
from abc import abstractmethod
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import RecordMessage

from target_salesforce_bulk.journal.failed_rows import UNCERTAIN, UNPROCESSED, Origin
from target_salesforce_bulk.journal.readings import Plan, Readings
from target_salesforce_bulk.loading.settling.error_table import TABLE
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.results import schemas
from target_salesforce_bulk.results.change_log import ChangeLog
from target_salesforce_bulk.results.loaded_rows import loaded_rows
from target_salesforce_bulk.results.message_writer import BlockWriter

if TYPE_CHECKING:
    import logging
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from singer_sdk import Tap

    from target_salesforce_bulk.loading.settling.error_table import ErrorKind
    from target_salesforce_bulk.results.change_log import Change

#: `<time the change log was made>-<number>-<line>`
_SEQUENCE = re.compile(r"([0-9TZ.]+)-([0-9]{12})-([0-9]{9})")
_COUNTS = ("loaded", "failed", "unprocessed", "uncertain", "refused")
#: What is null where a failed row does not say otherwise, and where a row was loaded.
_NO_ROW: dict[str, Any] = dict.fromkeys(schemas.ROWS["properties"])


def _has_news(record: logging.LogRecord) -> bool:
    """Whether a line of the SDK tells what the error after it does not say."""
    return not str(record.msg).startswith("An unhandled error occurred while syncing")


class ResultStream(Stream):
    """A stream of the results of one org, in the order of its replication key."""

    # Every record is made here, of values of the types of its schema.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    is_sorted = True
    # A bookmark of another state directory may be greater than what this one has.
    check_sorted = False

    def __init__(self, tap: Tap, find_folder: Callable[[], Path | None]) -> None:
        super().__init__(tap)
        self._find_folder = find_folder
        self._read_at = datetime.now(UTC)
        self.logger.addFilter(_has_news)

    def _write_record_message(self, record: dict[str, Any]) -> None:
        # The SDK takes three times as long: it goes through every column, even if all are selected.
        if not self._is_plain:
            super()._write_record_message(record)
            return
        message = RecordMessage(self.name, record, time_extracted=self._read_at)
        self._tap.write_message(message)
        self.state_manager.is_flushed = False

    @cached_property
    def _is_plain(self) -> bool:
        """Whether records are written as they are: with all columns, and without a stream map."""
        first, *others = self.stream_maps
        unchanged = type(first) is SameRecordTransform and not first.flattening_enabled
        return unchanged and not others and all(self.mask.values())

    def get_records(self, context: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
        """The records from the bookmark on; none where no run has left anything.

        Raises:
            SalesforceBulkError: the state directory cannot be read.
        """
        folder = self._find_folder()
        if folder is None:
            return
        try:
            yield from self.records(folder, self.get_starting_replication_key_value(context) or "")
        finally:
            # No STATE follows the last record where it is the one that was written before.
            if isinstance(self._tap.message_writer, BlockWriter):
                self._tap.message_writer.flush()

    @abstractmethod
    def records(self, folder: Path, since: str) -> Iterator[dict[str, Any]]:
        """The records of an org whose replication key is not less than a value."""


class LoadRuns(ResultStream):
    """One record for each run."""

    name = "load_runs"
    primary_keys = ("run",)
    replication_key = "changed_at"
    schema: ClassVar[dict[str, Any]] = schemas.RUNS

    def records(self, folder: Path, since: str) -> Iterator[dict[str, Any]]:
        """The runs that changed at a time or later."""
        with Readings(folder) as readings:
            runs = readings.runs(since)
        for run in runs:
            yield {
                "run": run["run"],
                "org": folder.name,
                "status": _status_of_run(run),
                "started_at": run["started_at"],
                "ended_at": run["left_at"],
                "jobs": run["jobs"] or 0,
                **{name: int(run[name] or 0) for name in _COUNTS},
                "api_used": run["api_used"],
                "api_allowed": run["api_allowed"],
                "changed_at": run["newest_at"],
            }


def _status_of_run(run: sqlite3.Row) -> str:
    if run["ended_at"]:
        return "complete"
    if run["left_at"]:
        return "partial"
    return "killed" if run["next_at"] else "open"


class LoadJobs(ResultStream):
    """One record for each batch, and so for each Bulk API job that was not given up."""

    name = "load_jobs"
    primary_keys = ("id",)
    replication_key = "changed_at"
    schema: ClassVar[dict[str, Any]] = schemas.JOBS

    def records(self, folder: Path, since: str) -> Iterator[dict[str, Any]]:
        """The batches that changed at a time or later."""
        with Readings(folder) as readings:
            for batch in readings.jobs(since):
                yield _job(batch, folder.name)


def _job(batch: sqlite3.Row, org: str) -> dict[str, Any]:
    plan = Plan.from_json(batch["plan"])
    parent = batch["parent_id"]
    return {
        "id": f"{batch['run_id']}/{batch['id']}",
        "org": org,
        "run": batch["run_id"],
        "batch": batch["id"],
        "job": batch["job_id"],
        "stream": plan.stream,
        "object": plan.sobject,
        "operation": plan.operation,
        "key_field": plan.key_field,
        "state": batch["state"],
        "rows": batch["rows"],
        "bytes": batch["size"],
        "merged": batch["merged"],
        "superseded": batch["superseded"],
        **{name: batch[name] for name in _COUNTS},
        "retried": batch["retried"],
        "jobs_made": batch["jobs_made"],
        "attempt": batch["depth"] + 1,
        "parent": None if parent is None else f"{batch['parent_run']}/{parent}",
        "changed_at": batch["changed_at"],
    }


class LoadRows(ResultStream):
    """One record for each outcome of a row that is known.

    The columns that warehouses need to join it with a source: `object`, `key_field` and `key`.
    """

    name = "load_rows"
    primary_keys = ("id",)
    replication_key = "sequence"
    schema: ClassVar[dict[str, Any]] = schemas.ROWS

    def records(self, folder: Path, since: str) -> Iterator[dict[str, Any]]:
        """The outcomes from a sequence on; all, where that is not of this state directory."""
        with ChangeLog(folder) as log:
            with Readings(folder) as readings:
                log.notice(readings)
            start = self._start(log, since)
            for change in log.since(start):
                for record in _records(change, folder, f"{log.born}-{change.number:012}"):
                    if change.number > start or record["sequence"] >= since:
                        yield record

    def _start(self, log: ChangeLog, since: str) -> int:
        """The number of the change that a bookmark stands at; 0 for all."""
        match = _SEQUENCE.fullmatch(since)
        if match is not None and match[1] == log.born:
            return int(match[2])
        if since:
            self.logger.warning(
                "The bookmark is not of this state directory, so every row is sent again.",
                extra=log_facts(LogCode.BOOKMARK_UNKNOWN),
            )
        return 0


def _records(change: Change, folder: Path, prefix: str) -> Iterator[dict[str, Any]]:
    """The records of a change, in the order of their sequence."""
    if change.path is None:
        yield _failed(change, folder.name, f"{prefix}-{0:09}")
        return
    facts = change.facts
    key_type = facts.pop("key_type")
    has_key = facts["key_field"] is not None
    common = {**_NO_ROW, **facts, "org": folder.name, "status": "loaded"}
    name = facts["load_job"]
    for line, row in enumerate(loaded_rows(folder, change.path, key_type, has_key=has_key), 1):
        yield {**common, **row, "id": f"{name}/{line}", "sequence": f"{prefix}-{line:09}"}


def _failed(change: Change, org: str, sequence: str) -> dict[str, Any]:
    facts = change.facts
    code, message = facts["code"], facts.get("message")
    status = _status_of_failed(code, facts.pop("origin"))
    return {
        **_NO_ROW,
        **facts,
        "id": f"{facts['load_job']}/failed/{change.row_id}",
        "org": org,
        "status": status if change.resolved_at is None else "resolved",
        "hint": None if message is None else _hint(code, message),
        "resolved_at": change.resolved_at,
        "sequence": sequence,
    }


def _status_of_failed(code: str, origin: str) -> str:
    if origin == Origin.LOCAL:
        return "refused"
    return {UNPROCESSED: "unprocessed", UNCERTAIN: "uncertain"}.get(code, "failed")


def _hint(code: str, message: str) -> str | None:
    text = f"{code}:{message}"
    hints = (kind.hint for kind in _kinds_of(code) if kind.matches(code, text))
    return next(hints, None)


@lru_cache(maxsize=256)
def _kinds_of(code: str) -> tuple[ErrorKind, ...]:
    """The lines of the table that an error of a code may be."""
    return tuple(kind for kind in TABLE if kind.code in {"", code})
