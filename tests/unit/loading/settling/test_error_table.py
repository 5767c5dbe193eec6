"""What can be done about an error is read from Salesforce's code and text."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.journal.failed_rows import FailureClass, RowError
from target_salesforce_bulk.loading.settling.error_table import ErrorTable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access:--", FailureClass.TRANSIENT),
        (
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:Rollup: execution of AfterUpdate caused by: "
            "System.DmlException: first error: UNABLE_TO_LOCK_ROW, unable to obtain:--",
            FailureClass.TRANSIENT,
        ),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:Too many DML:--", FailureClass.PERMANENT),
        ("REQUIRED_FIELD_MISSING:Required:Name --", FailureClass.PERMANENT),
        (
            "INVALID_FIELD:Foreign key external ID: X not found for field K in entity Account:--",
            FailureClass.PARENT_MISSING,
        ),
        ("A_CODE_OF_NEXT_YEAR:who knows:--", FailureClass.PERMANENT),
        ("UNCERTAIN:answers do not add up:--", FailureClass.UNCERTAIN),
    ],
)
def test_the_whole_text_decides_the_class(text: str, expected: FailureClass) -> None:
    """A lock inside a trigger's message is a lock."""
    error = RowError.parse(text)

    assert ErrorTable().kind(error.code, error.raw).failure_class is expected


def test_users_may_name_more_errors_that_pass() -> None:
    """By code, or by a part of the message."""
    table = ErrorTable(["MY_CODE", "deadlock .* victim"])

    assert table.kind("MY_CODE", "MY_CODE:x:--").failure_class is FailureClass.TRANSIENT
    assert table.kind("OTHER", "deadlock was victim").failure_class is FailureClass.TRANSIENT
    assert table.kind("OTHER", "no").failure_class is FailureClass.PERMANENT


@pytest.mark.parametrize(
    ("message", "transient"),
    [
        ("InvalidBatch : Field name not found : X", False),
        ("ClientInputError : LineEnding is invalid on user data", False),
        ("ApiBatchItems Limit exceeded.", False),
        ("InternalServerError : Processing stopped", True),
        ("TooManyLockFailure : (200) Too many lock failures", True),
        ("", False),
    ],
)
def test_jobs_that_failed_as_a_whole(message: str, transient: bool) -> None:
    """Sent again only where it may help."""
    assert ErrorTable().job_is_transient(message) is transient
