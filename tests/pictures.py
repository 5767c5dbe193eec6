"""Pictures of a run for tests."""

from __future__ import annotations

from typing import Any

from target_salesforce_bulk.reporting.progress.facts import JobProgress, Picture


def job(**changes: Any) -> JobProgress:
    """A job that was created."""
    values: dict[str, Any] = {
        "job_id": "7505g0000000001AAA",
        "stream": "contacts",
        "sobject": "Contact",
        "operation": "upsert",
        "rows": 1000,
        "state": "Open",
        "processed": 0,
        "failed": 0,
        "began_at": None,
        "rate": 0.0,
    }
    return JobProgress(**values | changes)


def picture(**changes: Any) -> Picture:
    """A run of two minutes."""
    values: dict[str, Any] = {
        "seconds": 133.0,
        "read": 1000,
        "read_rate": 0.0,
        "loaded": 0,
        "failed": 0,
        "batches_settled": 0,
        "jobs": (),
        "api_calls": 142,
        "api_percent": 14.2,
        "seconds_left": None,
    }
    return Picture(**values | changes)
