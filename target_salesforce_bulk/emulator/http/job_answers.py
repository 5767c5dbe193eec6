"""How answers show an ingest job; members and their order are as recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator.org.job import Job


def brief(job: Job) -> dict[str, Any]:
    """The members that every answer has."""
    body: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.schema.name,
        "createdById": job.created_by,
        "createdDate": job.created,
        "systemModstamp": job.modified,
        "state": job.state,
    }
    if job.external_id:
        body["externalIdFieldName"] = job.external_id
    body |= {
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.api_version),
    }
    if job.assignment_rule:
        body["assignmentRuleId"] = job.assignment_rule
    return body


def created(job: Job) -> dict[str, Any]:
    """The answer to a create request."""
    return brief(job) | {"contentUrl": _content_url(job), **_format(job)}


def listed(job: Job) -> dict[str, Any]:
    """An entry in the list of jobs; it has no counters."""
    url = {"contentUrl": _content_url(job)} if job.state == "Open" else {}
    return brief(job) | {"jobType": "V2Ingest", **url, **_format(job)}


def full(job: Job) -> dict[str, Any]:
    """The answer to a request for one job."""
    body = listed(job)
    if job.uploads:
        body["numberRecordsProcessed"] = job.processed
        body["numberRecordsFailed"] = job.failed
    body |= {
        "retries": 0,
        "totalProcessingTime": job.milliseconds,
        "apiActiveProcessingTime": job.milliseconds,
        "apexProcessingTime": 0,
    }
    if job.state == "Failed":
        body["errorMessage"] = job.error
    return body


def _content_url(job: Job) -> str:
    """Where the data is uploaded; relative and without a leading slash."""
    return f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches"


def _format(job: Job) -> dict[str, str]:
    return {"lineEnding": job.line_ending, "columnDelimiter": job.delimiter}
