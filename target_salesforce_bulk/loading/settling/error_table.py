"""What Salesforce's row errors mean: what can be done about them, and what to tell a person.

The table is read from the top; the first line whose code and text match decides. Some causes stand
only inside the text, behind a code of another name: a trigger's exception carries a lock, a CPU
limit or a SOQL limit (https://github.com/SFDO-Community/declarative-lookup-rollup-summaries/issues/450).

Codes: https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.failed_rows import UNCERTAIN, UNPROCESSED, FailureClass
from target_salesforce_bulk.patterns import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One line of the table."""

    #: Status code; empty for any.
    code: str
    #: Regular expression that the text must contain, without regard to case; empty for any text.
    text: str
    failure_class: FailureClass
    hint: str

    def matches(self, code: str, text: str) -> bool:
        """Whether it is the line of an error."""
        return self.code in {"", code} and re.search(self.text, text, re.IGNORECASE) is not None


#: The hint is read where a row is stored, so its retries within the run are used up.
_AGAIN = "It stays stored until `failed retry` or a run with retry_failed_on_start sends it again."
_T, _P = FailureClass.TRANSIENT, FailureClass.PERMANENT

# fmt: off
TABLE: tuple[ErrorKind, ...] = (
    ErrorKind("", r"UNABLE_TO_LOCK_ROW|Too many retries of batch save|unable to obtain exclusive access", _T,  # noqa: E501
        f"Another transaction held the record or its parent. {_AGAIN}"),
    ErrorKind("", r"TooManyLockFailure", _T,
        f"Too many locks in one job; fewer parallel loads help. {_AGAIN}"),
    ErrorKind(UNPROCESSED, "", _T,
        f"The job ended before Salesforce processed this row. {_AGAIN}"),
    ErrorKind(UNCERTAIN, "", FailureClass.UNCERTAIN,
        "Look the record up in Salesforce; send the row again only if it is not there."),
    ErrorKind("SERVER_UNAVAILABLE", "", _T, f"Salesforce was busy. {_AGAIN}"),
    ErrorKind("REQUEST_RUNNING_TOO_LONG", "", _T,
        f"Triggers or flows took too long. {_AGAIN}"),
    ErrorKind("QUERY_TIMEOUT", "", _T, f"A query in a trigger took too long. {_AGAIN}"),
    ErrorKind("API_CURRENTLY_DISABLED", "", _T, f"The API was switched off. {_AGAIN}"),
    ErrorKind("INVALID_FIELD", r"Foreign key external ID", FailureClass.PARENT_MISSING,
        "The parent is not in Salesforce: load it, or correct the value. Retry afterwards."),
    ErrorKind("REQUIRED_FIELD_MISSING", "", _P,
        "Map a property or a constant to the fields, or fill them in the source."),
    ErrorKind("STRING_TOO_LONG", "", _P,
        "Shorten the value in the source, lengthen the field, or set too_long: truncate."),
    ErrorKind("INVALID_EMAIL_ADDRESS", "", _P,
        "Correct the address in the source, or clear it there."),
    ErrorKind("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "", _P,
        "Add the value to the picklist (also for the record type), or correct it in the source."),
    ErrorKind("DUPLICATE_VALUE", r"Duplicate external id specified", _P,
        "Two rows of one job have the same key: the source's key is not unique."),
    ErrorKind("DUPLICATE_VALUE", r"duplicates value on record", _P,
        "Another record has this value in a unique field: upsert by that field, or correct it."),
    ErrorKind("DUPLICATE_VALUE", "", _P,
        "A unique value is already in use, or the record already exists; see the message."),
    ErrorKind("DUPLICATES_DETECTED", "", _P,
        "A duplicate rule blocks the record: allow it for this user, or merge the records."),
    ErrorKind("DUPLICATE_EXTERNAL_ID", "", _P,
        "Several records have this key: make the external ID field unique and merge them."),
    ErrorKind("NOT_FOUND", "", _P,
        "No record has this key, and update and delete never create one."),
    ErrorKind("INVALID_CROSS_REFERENCE_KEY", "", _P,
        "An Id refers to nothing, to another object, or to a record that this user cannot see."),
    ErrorKind("INVALID_FIELD", "", _P, "A value does not fit its field; see the message."),
    ErrorKind("INVALID_TYPE_ON_FIELD_IN_RECORD", "", _P, "A value does not fit its field's type."),
    ErrorKind("NUMBER_OUTSIDE_VALID_RANGE", "", _P, "The number has more digits than the field."),
    ErrorKind("MALFORMED_ID", "", _P, "Not a Salesforce Id: 15 or 18 letters and digits."),
    ErrorKind("MISSING_ARGUMENT", "", _P, "The row has no key; fill it in the source."),
    ErrorKind("FIELD_CUSTOM_VALIDATION_EXCEPTION", "", _P,
        "A validation rule of the org refuses the row; its message says why."),
    ErrorKind("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", r"CPU time", _P,
        "Triggers ran out of CPU time: smaller jobs (batch_size_rows), or lighter triggers."),
    ErrorKind("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", r"Too many SOQL queries|101", _P,
        "A trigger runs a query for each record; it must handle 200 records at a time."),
    ErrorKind("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "", _P,
        "A trigger or flow of the org failed; its message says which."),
    ErrorKind("ENTITY_IS_DELETED", "", _P, "The record is in the recycle bin; undelete it first."),
    ErrorKind("INSUFFICIENT_ACCESS_OR_READONLY", "", _P,
        "The user cannot write this record; check profile, sharing and field permissions."),
    ErrorKind("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "", _P,
        "The user has no access to the parent that the row refers to."),
    ErrorKind("STORAGE_LIMIT_EXCEEDED", "", _P,
        "The org's storage is full; delete records or buy storage, then retry."),
    ErrorKind("LIMIT_EXCEEDED", r"max_job_bytes", _P, "The row is larger than the maximum size "
                                                      "of a job."),
)
# fmt: on

_UNKNOWN = ErrorKind("", "", FailureClass.PERMANENT, "")
_NAMED = ErrorKind("", "", _T, "Named in retryable_errors.")

#: `errorMessage` of jobs that fail as a whole because of what was sent, or of an allowance.
_PERMANENT_JOB = re.compile(
    r"InvalidBatch|ClientInputError|InvalidJob|Limit exceeded|FeatureNotEnabled|NotFound|"
    r"InsufficientAccess|InvalidEntity|InvalidOperation",
    re.IGNORECASE,
)


class ErrorTable:
    """The table above, with what the user added in front.

    Args:
        retryable: Codes, or regular expressions for the text, of errors that are transient in this
            org.
    """

    def __init__(self, retryable: Sequence[str] = ()) -> None:
        self._own = [re.compile(each, re.IGNORECASE) for each in retryable]

    def kind(self, code: str, text: str) -> ErrorKind:
        """The line of an error; `text` is all that is known of it."""
        whole = f"{code}:{text}"
        if self._is_named(whole):
            return _NAMED
        return next((each for each in TABLE if each.matches(code, whole)), _UNKNOWN)

    def job_is_transient(self, message: str) -> bool:
        """Whether a job that failed as a whole may succeed when it is sent again."""
        if self._is_named(message):
            return True
        return bool(message) and _PERMANENT_JOB.search(message) is None

    def _is_named(self, text: str) -> bool:
        """Whether the user named an error; its time is bounded by the length of the text."""
        return any(each.search(text[:LONGEST_TEXT]) for each in self._own)
