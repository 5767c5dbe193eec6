"""What a report file holds: see docs/report.md, and docs/report.schema.json.

A field that has its default is left out of the file. Times are UTC; durations say their unit.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

#: Raised when a reader of earlier files would misread a new one.
VERSION = 1

Time = Annotated[datetime, Meta(tz=True)]


class Rows(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rows by outcome."""

    loaded: int = 0
    created: Annotated[
        int | None, Meta(description="Of those loaded; null where it is not known.")
    ] = None
    updated: Annotated[
        int | None, Meta(description="Of those loaded; null where it is not known.")
    ] = None
    deleted: Annotated[int, Meta(description="Of those loaded.")] = 0
    failed: Annotated[int, Meta(description="Refused by Salesforce or before sending.")] = 0
    refused: Annotated[int, Meta(description="Of those failed: refused before sending.")] = 0
    unprocessed: Annotated[int, Meta(description="The job ended before them.")] = 0
    uncertain: Annotated[int, Meta(description="Salesforce's responses contradict each other.")] = 0
    counted: Annotated[
        int, Meta(description="Of those loaded: known from the counts of their jobs alone.")
    ] = 0
    retried: Annotated[int, Meta(description="Moved to a later batch and sent again.")] = 0
    superseded: Annotated[int, Meta(description="Newer rows have written all of their cells.")] = 0

    @property
    def not_loaded(self) -> int:
        """Rows that have an outcome and were not loaded."""
        return self.failed + self.unprocessed + self.uncertain


class StreamFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stream of the run."""

    stream: str
    object: str
    read: int = 0
    skipped: Annotated[
        int, Meta(description="Rows left out because an earlier run had processed them.")
    ] = 0
    merged: Annotated[
        int, Meta(description="Rows that later ones of the same key replaced before sending.")
    ] = 0
    rows: Rows = Rows()
    jobs: int = 0
    api_calls: int = 0
    seconds: Annotated[float, Meta(description="From the first SCHEMA to the last outcome.")] = 0.0
    stopped: Annotated[str, Meta(description="Why the stream stopped early.")] = ""


class BatchFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One batch: the rows that were sent in one job."""

    id: int
    stream: str
    object: str
    operation: str
    state: Annotated[str, Meta(description="As docs/architecture.md names them.")] = "settled"
    rows: Annotated[int, Meta(description="Rows of its CSV.")] = 0
    bytes: Annotated[int, Meta(description="Size of its CSV, uncompressed.")] = 0
    merged: int = 0
    outcome: Rows = Rows()
    job: Annotated[str, Meta(description="The last job made for it.")] = ""
    jobs_made: int = 0
    parent: Annotated[int | None, Meta(description="The batch whose rows it sends again.")] = None
    earlier_run: Annotated[bool, Meta(description="Whether an earlier run sealed it.")] = False
    api_calls: int = 0
    seconds: Annotated[float, Meta(description="From its first step to its last.")] = 0.0
    settled_at: Time | None = None


class JobFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One ingest job, as far as this run has followed it."""

    id: str
    object: str
    operation: str
    state: Annotated[str, Meta(description="As Salesforce reported it last.")]
    batch: Annotated[int | None, Meta(description="Null for a job that was given up.")] = None
    stream: str = ""
    created_at: Time | None = None
    upload_started_at: Time | None = None
    uploaded_at: Time | None = None
    closed_at: Annotated[
        Time | None, Meta(description="When Salesforce could begin to process it.")
    ] = None
    polls: int = 0
    polled_at: Annotated[
        Time | None, Meta(description="The last poll before the one that saw the end.")
    ] = None
    finished_at: Annotated[
        Time | None, Meta(description="When a poll saw that the job had ended.")
    ] = None
    modified_at: Annotated[
        Time | None, Meta(description="Salesforce's systemModstamp, by its own clock.")
    ] = None
    results_started_at: Time | None = None
    results_fetched_at: Time | None = None
    total_ms: Annotated[int, Meta(description="totalProcessingTime.")] = 0
    active_ms: Annotated[int, Meta(description="apiActiveProcessingTime, Apex included.")] = 0
    apex_ms: Annotated[int, Meta(description="apexProcessingTime.")] = 0
    processed: Annotated[int, Meta(description="numberRecordsProcessed, failed included.")] = 0
    failed: Annotated[int, Meta(description="numberRecordsFailed.")] = 0
    error: Annotated[str, Meta(description="Why the job failed as a whole.")] = ""


class ErrorFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rows of one stream that failed with one code."""

    stream: str
    code: str
    failure_class: str
    rows: int
    message: Annotated[str, Meta(description="Of the first of them.")] = ""
    hint: Annotated[str, Meta(description="What to do.")] = ""
    keys: Annotated[list[str], Meta(description="The keys of a few of them.")] = []


class ApiFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the run sent, and what the org had used at its end."""

    calls: Annotated[int, Meta(description="Requests, logins and retries included.")] = 0
    retries: Annotated[int, Meta(description="Requests that repeat a refused one.")] = 0
    wait_seconds: Annotated[float, Meta(description="Time before those.")] = 0.0
    refreshes: Annotated[int, Meta(description="Sessions that had to be renewed.")] = 0
    refreshed: Annotated[int, Meta(description="Of those: renewed.")] = 0
    used: Annotated[int | None, Meta(description="API requests that the org used in 24 hours.")] = (
        None
    )
    allowed: Annotated[int | None, Meta(description="How many it may use.")] = None


class ReadingFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the input was read."""

    seconds: Annotated[float, Meta(description="From the start of the run to its end.")] = 0.0
    cpu_seconds: Annotated[
        float, Meta(description="CPU time of the thread that reads and encodes rows.")
    ] = 0.0
    complete: Annotated[bool, Meta(description="Whether the input was read to its end.")] = False


class Report(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The facts of one run."""

    version: Annotated[Literal[1], Meta(description="Of this format.")]
    run: str
    program: Annotated[str, Meta(description="Version of target-salesforce-bulk.")]
    org: str
    instance_url: str
    started_at: Time
    ended_at: Time
    verdict: Annotated[
        Literal["succeeded", "attention", "stopped", "interrupted"],
        Meta(
            description="`attention`: the run came to its end, and something needs attention; "
            "`stopped`: an error ended it; `interrupted`: a signal did."
        ),
    ]
    problem: Annotated[str, Meta(description="What the last line on stderr says.")] = ""
    settings: Annotated[
        dict[str, Any], Meta(description="Settings that differ from their default; no secrets.")
    ] = {}
    reading: ReadingFacts = ReadingFacts()
    streams: list[StreamFacts] = []
    batches: list[BatchFacts] = []
    batches_left_out: Annotated[
        int, Meta(description="Batches beyond the number that a report lists.")
    ] = 0
    jobs: list[JobFacts] = []
    jobs_left_out: Annotated[
        int, Meta(description="Jobs beyond the number that a report lists.")
    ] = 0
    errors: list[ErrorFacts] = []
    errors_left_out: Annotated[
        int, Meta(description="Groups of errors beyond the number that a report lists.")
    ] = 0
    api: ApiFacts = ApiFacts()

    @property
    def seconds(self) -> float:
        """How long the run took."""
        return (self.ended_at - self.started_at).total_seconds()

    @property
    def loaded(self) -> int:
        """Rows that were loaded."""
        return sum(each.rows.loaded for each in self.streams)

    @property
    def not_loaded(self) -> int:
        """Rows that have an outcome and were not loaded."""
        return sum(each.rows.not_loaded for each in self.streams)
