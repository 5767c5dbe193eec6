"""An ingest job and the states it goes through."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.emulator.org.schema import ObjectSchema

#: The character behind each word for `columnDelimiter`.
DELIMITERS = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}


class JobFailedError(Exception):
    """Why a job fails as a whole; the text is its `errorMessage`."""


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


@dataclass(kw_only=True)
class Job:
    """One ingest job."""

    id: str
    schema: ObjectSchema
    operation: str
    external_id: str | None
    api_version: str
    created_by: str
    folder: Path
    line_ending: str = "LF"
    #: A key of `DELIMITERS`.
    delimiter: str = "COMMA"
    assignment_rule: str | None = None
    state: str = "Open"
    uploads: int = 0
    processed: int = 0
    failed: int = 0
    #: Whether an abort was requested while the job was processed.
    abort_requested: bool = False
    milliseconds: int = 0
    error: str = ""
    created: str = field(default_factory=_now)
    modified: str = field(default_factory=_now)

    @property
    def data(self) -> Path:
        """The uploaded file."""
        return self.folder / f"{self.id}.csv"

    def result(self, kind: str) -> Path:
        """One of the result files."""
        return self.folder / f"{self.id}.{kind}.csv"

    def set_state(self, state: str) -> None:
        """Enter a state and note the time."""
        self.state = state
        self.modified = _now()

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended."""
        return self.state in {"JobComplete", "Failed", "Aborted"}

    def check_upload(self) -> None:
        """Raise RefusalError unless the job takes data."""
        if self.state != "Open":
            raise _bad_state(f"Upload to {self.state} Job not allowed")

    def close(self) -> None:
        """End the upload.

        Raises:
            RefusalError: the job is not open, or got more than one upload.
        """
        if self.state != "Open":
            already = self.state.lower() if self.state == "Aborted" else "closed"
            raise _bad_state(f"Closing already {already} Job not allowed")
        if self.uploads > 1:
            raise RefusalError(
                "INVALIDJOB",
                # The misspelling is Salesforce's.
                f"Found multipe contents for job: <{self.id[:15]}>, please 'Close' / 'Abort' / "
                "'Delete' the current Job then create a new Job and make sure you only do 'PUT' "
                "once on a given Job.",
            )
        self.set_state("UploadComplete")

    def abort(self) -> None:
        """Abort the job; one that is being processed ends after its current chunk.

        Raises:
            RefusalError: the job has ended.
        """
        if self.is_terminal:
            already = "Completed" if self.state == "JobComplete" else self.state
            raise _bad_state(f"Aborting already {already} Job not allowed")
        if self.state == "InProgress":
            self.abort_requested = True
        else:
            self.set_state("Aborted")

    def check_delete(self) -> None:
        """Raise RefusalError unless the job is closed or has ended."""
        if self.state != "UploadComplete" and not self.is_terminal:
            raise _bad_state(f"Deleting {self.state} Job not allowed")

    def finished_result(self, kind: str) -> Path | None:
        """The path of a result file; None where an aborted job has none.

        Raises:
            RefusalError: the job has not ended.
        """
        # What a real org answers before the end is not documented.
        path = self.result(kind)
        if self.is_terminal and path.exists():
            return path
        if self.state == "Aborted":
            return None
        raise _bad_state(f"Job is {self.state}, results are not ready")


def _bad_state(message: str) -> RefusalError:
    return RefusalError("INVALIDJOBSTATE", message)
