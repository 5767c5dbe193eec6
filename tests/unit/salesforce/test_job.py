"""A job in a response is read or refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from target_salesforce_bulk.errors import ResponseError, SettingsError
from target_salesforce_bulk.salesforce.job import (
    JobInfo,
    JobState,
    Operation,
    check_job_id,
    is_job_id,
    read_time,
)

JOB = {
    "id": "750000000000001AAA",
    "object": "Contact",
    "operation": "insert",
    "state": "Failed",
    "numberRecordsProcessed": 3,
    "errorMessage": "Invalid\n\x1bheader",
    "createdDate": "2024-09-09T19:25:27.000+0000",
}


@pytest.mark.parametrize("text", ["750000000000001", "750000000000001AAA", "7505gABCdef0123"])
def test_job_ids(text: str) -> None:
    """Of 15 or 18 letters and digits."""
    assert check_job_id(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "750",
        "001000000000001AAA",
        "7500000000000010",
        "750000000000001AAA\n",
        "750000000000001/..",
        "../../../sobjects/",
        "750\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660",
    ],
)
def test_what_is_not_a_job_id_enters_no_path(text: str) -> None:
    """The message says what a job id looks like."""
    assert not is_job_id(text)
    with pytest.raises(SettingsError, match="begin with 750"):
        check_job_id(text)


def test_a_job_is_read() -> None:
    """Missing members have defaults; text is safe for a log."""
    assert JobInfo.from_json(JOB) == JobInfo(
        id="750000000000001AAA",
        object="Contact",
        operation=Operation.INSERT,
        state=JobState.FAILED,
        records_processed=3,
        error_message="Invalid \N{REPLACEMENT CHARACTER}header",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"id": "../x"},
        {"id": None},
        {"state": "Paused"},
        {"operation": "merge"},
        {"numberRecordsProcessed": "many"},
    ],
)
def test_a_job_that_cannot_be_understood(change: dict[str, Any]) -> None:
    """It is refused."""
    with pytest.raises(ResponseError, match="unknown format"):
        JobInfo.from_json(JOB | change)


def test_times_have_a_zone() -> None:
    """Salesforce writes the offset without a colon."""
    assert read_time("2024-09-09T19:25:27.000+0000") == datetime(2024, 9, 9, 19, 25, 27, tzinfo=UTC)
    for text in ("yesterday", "2024-09-09T19:25:27", ""):
        with pytest.raises(ResponseError):
            read_time(text)
