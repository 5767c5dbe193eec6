"""Failed rows, and Salesforce's row errors."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.order import REFUSED, SENT
from target_salesforce_bulk.redaction import redacted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


class FailureClass(StrEnum):
    """What can be done about a failed row."""

    TRANSIENT = "transient"  #: resending it unchanged may succeed
    PARENT_MISSING = "parent_missing"  #: it may succeed once its parent exists
    PERMANENT = "permanent"  #: the row, the mapping or the org must change first
    UNCERTAIN = "uncertain"  #: it may have been loaded; check before resending it


#: Code of a row that Salesforce did not process; Salesforce itself has no code for that.
UNPROCESSED = "UNPROCESSED"
#: Code of a row whose outcome is unknown.
UNCERTAIN = "UNCERTAIN"


class Origin(StrEnum):
    """Who refused a row."""

    SALESFORCE = "salesforce"
    LOCAL = "local"  #: refused by our own checks, never sent


@dataclass(frozen=True, kw_only=True, slots=True)
class RowError:
    """Why a row failed, in Salesforce's terms."""

    code: str
    message: str
    fields: tuple[str, ...] = ()
    #: The unparsed `sf__Error`.
    raw: str = ""

    # `CODE:message:Field1,Field2 --`, and `CODE:message:--` where no field is named. The message
    # may hold colons and line breaks.
    _GRAMMAR = re.compile(r"([A-Z][A-Z0-9_]*):(.*):([^:]*?)\s*--\s*", re.DOTALL)

    @classmethod
    def parse(cls, text: str) -> RowError:
        """Parse an `sf__Error`; other text becomes the message, with its code if it has one.

        Secrets that Salesforce repeats in it are hidden: it is stored, and written to files.
        """
        text = redacted(text)
        match = cls._GRAMMAR.fullmatch(text)
        if match is None:
            code, colon, message = text.partition(":")
            known = colon and re.fullmatch(r"[A-Z][A-Z0-9_]*", code)
            return cls(
                code=code if known else "UNKNOWN_EXCEPTION",
                message=message.strip() if known else text,
                raw=text,
            )
        code, message, fields = match.groups()
        return cls(
            code=code, message=message, fields=tuple(filter(None, fields.split(","))), raw=text
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedRow:
    """A row that was not loaded, with the cells that were or would have been sent, by header."""

    row: dict[str, str]
    error: RowError
    key: str | None = None
    #: The key in canonical form.
    same_key: str | None = None
    origin: Origin = Origin.SALESFORCE
    failure_class: FailureClass = FailureClass.PERMANENT
    #: Whether it was sent, or refused while its batch was filled; see `journal.order`.
    position: int = SENT
    #: Of a refused row: the fields that later rows of its record in the same batch write.
    overwritten: tuple[str, ...] = ()
    #: Of a refused row: whether those leave nothing of it.
    superseded: bool = False

    def to_json(self) -> str:
        """Serialise as a line of a batch's file of refused rows."""
        return json.dumps(
            {
                "row": self.row,
                "key": self.key,
                "same_key": self.same_key,
                "code": self.error.code,
                "message": self.error.message,
                "fields": self.error.fields,
                "position": self.position,
                "overwritten": self.overwritten,
                "superseded": self.superseded,
            }
        )

    @classmethod
    def refused_from_json(cls, line: str) -> FailedRow:
        """Parse the result of `to_json`."""
        values = json.loads(line)
        error = RowError(
            code=values["code"], message=values["message"], fields=tuple(values["fields"])
        )
        return cls(
            row=values["row"],
            key=values["key"],
            same_key=values["same_key"],
            error=error,
            origin=Origin.LOCAL,
            position=values.get("position", REFUSED),
            overwritten=tuple(values.get("overwritten", ())),
            superseded=values.get("superseded", False),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFailedRow:
    """A failed row as stored in the journal."""

    id: int
    run_id: str
    batch_id: int
    stream: str
    sobject: str
    operation: str
    key: str | None
    row: dict[str, str]
    code: str
    message: str
    fields: tuple[str, ...]
    job_id: str | None
    attempt: int
    origin: Origin
    failure_class: FailureClass
    failed_at: str
    #: The key in the form in which keys compare, and the header of its column.
    same_key: str | None = None
    key_field: str | None = None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> StoredFailedRow:
        """Read a row of the table `failed_rows`."""
        return cls(
            id=row["id"],
            run_id=row["run_id"],
            batch_id=row["batch_id"],
            stream=row["stream"],
            sobject=row["object"],
            operation=row["operation"],
            key=row["key"],
            row=json.loads(row["row"]),
            code=row["code"],
            message=row["message"],
            fields=tuple(json.loads(row["fields"])),
            job_id=row["job_id"],
            attempt=row["attempt"],
            origin=Origin(row["origin"]),
            failure_class=FailureClass(row["class"]),
            failed_at=row["failed_at"],
            same_key=row["same_key"],
            key_field=row["key_field"],
        )


def read_refused(path: Path) -> Iterator[FailedRow]:
    """Read the rows of a batch that our own checks refused."""
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield FailedRow.refused_from_json(line)
