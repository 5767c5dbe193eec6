"""The columns of the streams of the tap, with what they mean."""

from __future__ import annotations

from typing import Any

#: `anyOf` and the like are not understood by every target, so each column has a type or null.
_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": ["string", "null"]},
    "time": {"type": ["string", "null"], "format": "date-time"},
    "number": {"type": ["integer", "null"]},
    "flag": {"type": ["boolean", "null"]},
}

_ORG = ("org", "text", "ID of the org, with 18 characters.")
_STREAM = ("stream", "text", "Stream of the tap whose rows were loaded, after stream maps.")
_OBJECT = ("object", "text", "API name of the Salesforce object.")
_OPERATION = ("operation", "text", "insert, update, upsert, delete or hardDelete.")
_JOB = ("job", "text", "ID of the Bulk API job; null for rows that were never sent.")
_COUNTS = (
    ("loaded", "number", "Rows that were loaded."),
    ("failed", "number", "Rows that failed, the refused ones included."),
    ("unprocessed", "number", "Rows that Salesforce did not process, because the job ended early."),
    ("uncertain", "number", "Rows whose outcome is unknown: Salesforce's responses contradict."),
    ("refused", "number", "Rows that the target's own checks refused before sending."),
)

_RUNS = (
    ("run", "text", "Identifies the run."),
    _ORG,
    (
        "status",
        "text",
        "complete: the input was read to its end and nothing is left unsettled; partial: it ended "
        "otherwise, or read no input; killed: it did not end by itself; open: it is under way, or "
        "was killed.",
    ),
    ("started_at", "time", "When it started."),
    ("ended_at", "time", "When it ended; null while it is under way, or where it was killed."),
    ("jobs", "number", "Batches of the run that have a Bulk API job."),
    *_COUNTS,
    ("api_used", "number", "API requests of 24 hours that the org had used at the end."),
    ("api_allowed", "number", "API requests that the org may use in 24 hours."),
    ("changed_at", "time", "Replication key: when anything of the run changed last."),
)

_JOBS = (
    ("id", "text", "Identifies the batch: the run that read it, and its number."),
    _ORG,
    ("run", "text", "The run that read its rows."),
    ("batch", "number", "Number of the batch in the state directory."),
    _JOB,
    _STREAM,
    _OBJECT,
    _OPERATION,
    ("key_field", "text", "Field that identifies the record of a row; null for an insert."),
    (
        "state",
        "text",
        "sealed, created, closing, submitted, ended, settled (every row has an outcome), released "
        "(a STATE covers it) or abandoned (nothing of it was loaded).",
    ),
    ("rows", "number", "Rows of its CSV."),
    ("bytes", "number", "Size of its CSV."),
    ("merged", "number", "Rows that later rows of the same records replaced before sending."),
    ("superseded", "number", "Rows that newer rows replaced before they could be sent again."),
    *_COUNTS,
    ("retried", "number", "Rows that were moved to another batch, to be sent again."),
    ("jobs_made", "number", "Bulk API jobs that were made for it; all but the last were given up."),
    ("attempt", "number", "How often its rows have been sent, this time included."),
    ("parent", "text", "The batch whose rows it sends again."),
    ("changed_at", "time", "Replication key: when its state changed last."),
)

_ROWS = (
    ("id", "text", "Identifies the outcome of a row."),
    _ORG,
    ("run", "text", "The run that stored the outcome."),
    ("load_job", "text", "The batch of the row: load_jobs.id."),
    _JOB,
    _STREAM,
    _OBJECT,
    _OPERATION,
    ("key_field", "text", "Field that identifies the record of the row; null for an insert."),
    ("key", "text", "The key of the row; null for an insert."),
    (
        "cells",
        "text",
        "A row without a key, as a JSON object by field; of a loaded one, as Salesforce gives it "
        "back.",
    ),
    (
        "status",
        "text",
        "loaded, failed, refused (by the target's own checks, never sent), unprocessed, uncertain, "
        "or resolved: it was one of these, but is no longer stored as failed, because it has been "
        "loaded since, replaced by a newer row of its record, or discarded.",
    ),
    ("salesforce_id", "text", "ID of the record; null for a row that was not loaded."),
    ("created", "flag", "Whether the record is new; null for a row that was not loaded."),
    ("code", "text", "Status code of the error."),
    ("message", "text", "Message of the error; null once the row is resolved."),
    ("fields", "text", "The fields named in the error, separated by commas."),
    ("class", "text", "transient, parent_missing, permanent or uncertain."),
    ("hint", "text", "What to do about the error."),
    ("attempt", "number", "How often the row was sent; 0 for one that was refused."),
    (
        "settled_at",
        "time",
        "When the row failed; for a loaded one, when its batch had last changed as the tap first "
        "saw it: when its outcome was stored, or when a STATE covered it.",
    ),
    ("resolved_at", "time", "When the tap found that the row is no longer stored as failed."),
    ("sequence", "text", "Replication key: grows with each change that the tap finds."),
)


def _schema(columns: tuple[tuple[str, str, str], ...], *required: str) -> dict[str, Any]:
    properties: dict[str, Any] = {
        name: {**_TYPES[kind], "description": description} for name, kind, description in columns
    }
    for name in required:
        properties[name]["type"] = properties[name]["type"][0]
    return {"type": "object", "properties": properties, "required": [*required]}


RUNS = _schema(_RUNS, "run", "changed_at")
JOBS = _schema(_JOBS, "id", "changed_at")
ROWS = _schema(_ROWS, "id", "sequence")
