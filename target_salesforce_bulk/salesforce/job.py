"""Ingest jobs, as Bulk API 2.0 reports them.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/get_job_info.htm
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import ResponseError, SettingsError
from target_salesforce_bulk.salesforce.answer import printable

if TYPE_CHECKING:
    from collections.abc import Mapping


_JOB_ID = re.compile(r"750[A-Za-z0-9]{12}([A-Za-z0-9]{3})?", re.ASCII)


def is_job_id(text: object) -> bool:
    """Whether a value is a valid job id, and so safe in a path."""
    return isinstance(text, str) and _JOB_ID.fullmatch(text) is not None


def check_job_id(text: str) -> str:
    """The same job id.

    Raises:
        SettingsError: the text is not a valid job id.
    """
    if not is_job_id(text):
        raise SettingsError(
            f"{printable(text)} is not a job id: job ids begin with 750 and have 15 or 18 letters "
            "and digits. `target-salesforce-bulk jobs list` shows them."
        )
    return text


class Operation(StrEnum):
    """What an ingest job does, as Salesforce spells it; case matters."""

    INSERT = "insert"
    UPDATE = "update"
    UPSERT = "upsert"
    DELETE = "delete"
    HARD_DELETE = "hardDelete"

    @property
    def only_ids(self) -> bool:
        """Whether the job's CSV may have only the column ``Id``."""
        return self in {Operation.DELETE, Operation.HARD_DELETE}


class JobState(StrEnum):
    """The state of a job."""

    OPEN = "Open"  #: accepts its one upload
    UPLOAD_COMPLETE = "UploadComplete"  #: closed by us, queued by Salesforce
    IN_PROGRESS = "InProgress"  #: being processed
    JOB_COMPLETE = "JobComplete"  #: processed; some rows may have failed
    FAILED = "Failed"  #: stopped by Salesforce; rows already processed stay loaded
    ABORTED = "Aborted"  #: aborted by a person or by us; rows already processed stay loaded

    @property
    def is_terminal(self) -> bool:
        """Whether the job will no longer change."""
        return self in {JobState.JOB_COMPLETE, JobState.FAILED, JobState.ABORTED}


class ResultKind(StrEnum):
    """The three result files of a job that has ended, by their path below the job."""

    SUCCESSFUL = "successfulResults"
    FAILED = "failedResults"
    # Salesforce's own clients use lower case here, unlike for the other two.
    UNPROCESSED = "unprocessedrecords"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobInfo:
    """An ingest job as reported by one response."""

    id: str
    object: str
    operation: Operation
    state: JobState
    #: Rows processed so far, including failed ones; None before an upload.
    records_processed: int | None = None
    records_failed: int | None = None
    #: Processing times in milliseconds: total, without queueing, and in triggers and flows.
    total_processing_ms: int = 0
    api_active_processing_ms: int = 0
    apex_processing_ms: int = 0
    #: Why a Failed job failed.
    error_message: str = ""
    #: When the job last changed; see `read_time`.
    modified_date: str = ""
    #: The key of an upsert.
    external_id_field: str | None = None

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> JobInfo:
        """Read one job of a create, close, get or list response.

        Raises:
            ResponseError: a member is missing or has an unknown value.
        """
        try:
            return cls(
                id=_read_id(body["id"]),
                object=body["object"],
                operation=Operation(body["operation"]),
                state=JobState(body["state"]),
                records_processed=_optional_int(body.get("numberRecordsProcessed")),
                records_failed=_optional_int(body.get("numberRecordsFailed")),
                total_processing_ms=int(body.get("totalProcessingTime") or 0),
                api_active_processing_ms=int(body.get("apiActiveProcessingTime") or 0),
                apex_processing_ms=int(body.get("apexProcessingTime") or 0),
                error_message=printable(body.get("errorMessage") or ""),
                modified_date=body.get("systemModstamp") or "",
                external_id_field=body.get("externalIdFieldName"),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ResponseError(
                f"Salesforce described an ingest job in an unknown format: {error!r}"
            ) from error


def _read_id(value: object) -> str:
    if not isinstance(value, str) or not is_job_id(value):
        raise ValueError("its id is not a job id")
    return value


def read_time(text: str) -> datetime:
    """Parse a time as Salesforce writes it, such as `2024-09-09T19:25:27.000+0000`.

    Raises:
        ResponseError: the text is not a time, or has no time zone.
    """
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ResponseError(f"Salesforce sent {printable(text)}, which is not a time.") from None
    if time.tzinfo is None:
        raise ResponseError(f"Salesforce sent {printable(text)}, a time without a time zone.")
    return time


def _optional_int(value: object) -> int | None:
    return None if value is None else int(str(value))
