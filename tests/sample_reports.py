"""Reports of runs for tests: a tiny one, a big one, one that failed, and one with nothing to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from target_salesforce_bulk.reporting.report.outcomes import add
from target_salesforce_bulk.reporting.report.schema import (
    ApiFacts,
    BatchFacts,
    ErrorFacts,
    JobFacts,
    ReadingFacts,
    Report,
    Rows,
    StreamFacts,
)

START = datetime(2026, 11, 24, 3, 35, 24, tzinfo=UTC)
ORG = "00D000000000001EAA"
RUN = "20261124T033524Z-9b70"


def at(seconds: float) -> datetime:
    """A moment of the run."""
    return START + timedelta(seconds=seconds)


def make_report(seconds: float = 10.0, **changes: Any) -> Report:
    """A run that read nothing, or what is given."""
    facts: dict[str, Any] = {
        "version": 1,
        "run": RUN,
        "program": "0.1.0",
        "org": ORG,
        "instance_url": "https://acme.my.salesforce.com",
        "started_at": START,
        "ended_at": at(seconds),
        "verdict": "succeeded",
        "reading": ReadingFacts(seconds=seconds, cpu_seconds=0.0, complete=True),
    }
    return Report(**facts | changes)


def make_job(number: int = 1, begin: float = 0.0, **changes: Any) -> JobFacts:
    """A job of 10 seconds: upload 1, turn 1, queue 2, Salesforce 1, Apex 2, unseen 1, results 2."""
    facts: dict[str, Any] = {
        "id": f"750{number:012}AAA",
        "object": "Contact",
        "operation": "upsert",
        "state": "JobComplete",
        "batch": number,
        "stream": "contacts",
        "created_at": at(begin),
        "upload_started_at": at(begin),
        "uploaded_at": at(begin + 1),
        "closed_at": at(begin + 2),
        "polls": 3,
        "polled_at": at(begin + 5),
        "finished_at": at(begin + 8),
        "modified_at": at(begin + 7),
        "results_started_at": at(begin + 8),
        "results_fetched_at": at(begin + 10),
        "total_ms": 5000,
        "active_ms": 3000,
        "apex_ms": 2000,
        "processed": 10_000,
    }
    return JobFacts(**facts | changes)


def make_batch(number: int = 1, settled: float = 10.0, **changes: Any) -> BatchFacts:
    """A batch of 10,000 rows that was loaded in one job."""
    facts: dict[str, Any] = {
        "id": number,
        "stream": "contacts",
        "object": "Contact",
        "operation": "upsert",
        "rows": 10_000,
        "bytes": 1_500_000,
        "outcome": Rows(loaded=10_000),
        "job": f"750{number:012}AAA",
        "jobs_made": 1,
        "api_calls": 8,
        "seconds": 10.0,
        "settled_at": at(settled),
    }
    return BatchFacts(**facts | changes)


def make_stream(**changes: Any) -> StreamFacts:
    """A stream of 10,000 rows that were loaded."""
    facts: dict[str, Any] = {
        "stream": "contacts",
        "object": "Contact",
        "read": 10_000,
        "rows": Rows(loaded=10_000),
        "jobs": 1,
        "api_calls": 8,
        "seconds": 10.0,
    }
    return StreamFacts(**facts | changes)


def idle() -> Report:
    """A run that read nothing."""
    return make_report(0.6, api=ApiFacts(calls=1, used=1204, allowed=100_000))


def tiny() -> Report:
    """A run that loaded one row."""
    return make_report(
        3.4,
        reading=ReadingFacts(seconds=0.2, cpu_seconds=0.1, complete=True),
        streams=[make_stream(read=1, rows=Rows(loaded=1, created=1, updated=0), seconds=3.1)],
        batches=[make_batch(rows=1, bytes=64, outcome=Rows(loaded=1, created=1, updated=0))],
        jobs=[
            make_job(
                created_at=at(0.4),
                uploaded_at=at(0.7),
                closed_at=at(0.9),
                polled_at=None,
                finished_at=at(2.9),
                modified_at=at(2.0),
                results_started_at=at(2.9),
                results_fetched_at=at(3.2),
                total_ms=420,
                active_ms=380,
                apex_ms=120,
                processed=1,
            )
        ],
        api=ApiFacts(calls=8, used=1212, allowed=100_000),
    )


#: Streams of the big run with their objects, and seconds of Salesforce and of Apex in each job.
_STREAMS = (
    ("crm-accounts", "Account", 14, 5),
    ("crm-customer_profiles", "Contact", 22, 95),
    ("crm-opportunities", "Opportunity", 30, 22),
    ("billing-invoices_with_a_rather_long_name_of_the_table", "Invoice__c", 18, 0),
    ("crm-cases", "Case", 25, 12),
    ("crm-campaign_members", "CampaignMember", 9, 4),
    ("crm-tasks", "Task", 12, 0),
    ("erp-products", "Product2", 4, 0),
)


def big() -> Report:
    """60 jobs of 8 streams in about 25 minutes, most of it Apex."""
    jobs, batches, free = [], [], dict.fromkeys(range(4), 8.0)
    ends: dict[str, float] = {}
    for number in range(1, 61):
        stream, sobject, work, apex = _STREAMS[min(number % 11, 7) if number % 3 else 1]
        lane = min(free, key=free.__getitem__)
        begin = free[lane]
        size = 10_000 + 311 * number % 9_000
        uploaded = begin + 3 + size / 5_000
        closed = max(uploaded + 0.3, ends.get(stream, 0.0))
        finished = closed + 4 + number % 5 + (work + apex) * 0.6 + number % 7
        jobs.append(
            make_job(
                number,
                object=sobject,
                stream=stream,
                created_at=at(begin),
                uploaded_at=at(uploaded),
                closed_at=at(closed),
                polled_at=at(finished - 6),
                finished_at=at(finished),
                modified_at=at(finished - number % 6),
                results_started_at=at(finished),
                results_fetched_at=at(finished + 1.5),
                total_ms=int(700 * (work + apex)),
                active_ms=int(600 * (work + apex)),
                apex_ms=int(600 * apex),
                processed=size,
                failed=number % 9 * 7,
            )
        )
        outcome = Rows(loaded=size - number % 9 * 7, failed=number % 9 * 7, counted=0)
        batches.append(
            make_batch(
                number,
                finished + 2,
                stream=stream,
                object=sobject,
                rows=size,
                bytes=size * 210,
                outcome=outcome,
            )
        )
        free[lane], ends[stream] = finished + 2, finished
    return make_report(
        max(free.values()) + 3,
        settings={
            "login_url": "https://acme.my.salesforce.com",
            "max_concurrent_jobs": 4,
            "streams": {each[0]: {"object": each[1]} for each in _STREAMS},
        },
        reading=ReadingFacts(seconds=412.0, cpu_seconds=55.1, complete=True),
        streams=[_sum(stream, sobject, batches) for stream, sobject, *_ in _STREAMS],
        batches=batches,
        jobs=jobs,
        errors=[
            ErrorFacts(
                stream="crm-customer_profiles",
                code="FIELD_CUSTOM_VALIDATION_EXCEPTION",
                failure_class="permanent",
                rows=1041,
                message="A contact needs a region before it can be active.",
                hint="A validation rule of the org refuses the row; its message says why.",
                keys=["CUST-00321", "CUST-00322", "CUST-00345", "CUST-00399", "CUST-00412"],
            ),
            ErrorFacts(
                stream="crm-cases",
                code="REQUIRED_FIELD_MISSING",
                failure_class="permanent",
                rows=180,
                message="Required fields are missing: [Origin]",
                hint="Map a property or a constant to the fields, or fill them in the source.",
                keys=["CASE-1", "CASE-2"],
            ),
        ],
        api=ApiFacts(
            calls=1123, retries=4, wait_seconds=11.5, refreshes=1, refreshed=1, used=83_411,
            allowed=100_000,
        ),
    )  # fmt: skip


def _sum(stream: str, sobject: str, batches: list[BatchFacts]) -> StreamFacts:
    rows, own = None, [each for each in batches if each.stream == stream]
    for each in own:
        rows = add(rows, each.outcome)
    return make_stream(
        stream=stream,
        object=sobject,
        read=sum(each.rows for each in own),
        rows=rows or Rows(),
        jobs=len(own),
        api_calls=8 * len(own),
        seconds=900.0,
    )


def failed() -> Report:
    """A run that an error ended, with a stream that a threshold stopped and a job under way."""
    return make_report(
        95.0,
        verdict="stopped",
        problem="Salesforce refused the login: INVALID_SESSION_ID: Session expired or invalid. "
        "The token cannot be renewed. Set a new access_token, and run again.",
        reading=ReadingFacts(seconds=95.0, cpu_seconds=4.0),
        streams=[
            make_stream(
                read=12_400,
                rows=Rows(loaded=9_000, failed=900, refused=300, unprocessed=100, uncertain=12),
                stopped="900 of 9,900 rows of stream contacts failed, 9.09 %; max_failed_percent "
                "is 1. The rest of the stream is not sent.",
            ),
            make_stream(stream="accounts", object="Account", read=2_000, rows=Rows(), jobs=1),
        ],
        batches=[
            make_batch(1, 30.0, outcome=Rows(loaded=9_000, failed=900, unprocessed=100)),
            make_batch(
                2, stream="accounts", object="Account", rows=2_000, outcome=Rows(),
                state="submitted", settled_at=None,
            ),
        ],
        jobs=[
            make_job(failed=900),
            make_job(
                2, 40.0, stream="accounts", object="Account", state="InProgress",
                polled_at=at(90.0), finished_at=None, modified_at=None, results_started_at=None,
                results_fetched_at=None, total_ms=0, active_ms=0, apex_ms=0, processed=400,
            ),
        ],
        errors=[
            ErrorFacts(
                stream="contacts",
                code="DUPLICATES_DETECTED",
                failure_class="permanent",
                rows=600,
                message="You're creating a duplicate record. Use an existing one instead.",
                hint="A duplicate rule blocks the record: allow it for this user, or merge the "
                "records.",
                keys=["C-1", "C-2"],
            ),
        ],
        api=ApiFacts(calls=41),
    )  # fmt: skip
