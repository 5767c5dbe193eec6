"""Salesforce's error texts, and the file that a person opens."""

from __future__ import annotations

import csv
import stat
from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.journal.failed_rows import (
    FailedRow,
    FailureClass,
    Origin,
    RowError,
    StoredFailedRow,
)
from target_salesforce_bulk.reporting.failed_csv import write_csv

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "code", "message", "fields"),
    [
        (
            "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --",
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [Name]",
            ("Name",),
        ),
        (
            "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            (),
        ),
        (
            "FIELD_CUSTOM_VALIDATION_EXCEPTION:Line 1: no\nLine 2: no:Email,Phone --",
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "Line 1: no\nLine 2: no",
            ("Email", "Phone"),
        ),
        ("STORAGE_LIMIT_EXCEEDED:no room", "STORAGE_LIMIT_EXCEEDED", "no room", ()),
        ("Something else went wrong", "UNKNOWN_EXCEPTION", "Something else went wrong", ()),
        ("", "UNKNOWN_EXCEPTION", "", ()),
    ],
)
def test_error_texts_are_taken_apart(
    text: str, code: str, message: str, fields: tuple[str, ...]
) -> None:
    """Code, message and fields of the texts that Salesforce sends."""
    assert RowError.parse(text) == RowError(code=code, message=message, fields=fields, raw=text)


def test_a_refused_row_survives_its_file() -> None:
    """What is spooled beside a batch comes back whole."""
    row = FailedRow(
        row={"Email": "x\n\u2028"},
        error=RowError(code="C", message="m", fields=("Email",)),
        key="k",
        origin=Origin.LOCAL,
    )

    assert FailedRow.refused_from_json(row.to_json()) == row


def test_the_csv_is_private_and_complete(tmp_path: Path) -> None:
    """Error, code, fields, job and attempt, then the row's own columns."""
    path = tmp_path / "failed" / "contacts.csv"
    row = StoredFailedRow(
        id=1,
        run_id="r",
        batch_id=1,
        stream="contacts",
        sobject="Contact",
        operation="upsert",
        key="k",
        row={"Email": 'a "b"\nc'},
        code="INVALID_EMAIL_ADDRESS",
        message="Email: invalid email address: a",
        fields=("Email",),
        job_id="750x",
        attempt=1,
        origin=Origin.SALESFORCE,
        failure_class=FailureClass.PERMANENT,
        failed_at="2026-01-01",
    )

    write_csv(path, [row], ["LastName", "Email"])

    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert rows == [
        ["sf__Error", "code", "fields", "job_id", "attempt", "LastName", "Email"],
        [
            "INVALID_EMAIL_ADDRESS: Email: invalid email address: a",
            "INVALID_EMAIL_ADDRESS",
            "Email",
            "750x",
            "1",
            "",
            'a "b"\nc',
        ],
    ]
