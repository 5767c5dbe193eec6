"""A batch: the rows that a sink seals together, and the ingest job they become."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.sobject import Field

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchColumn:
    """One column of a batch's CSV, and how its values are compared."""

    header: str
    type: str
    case_sensitive: bool = False

    @property
    def field(self) -> Field:
        """A field whose values are compared like this column's."""
        return Field(name=self.header, type=self.type, case_sensitive=self.case_sensitive)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadPlan:
    """How the rows of a batch are loaded; equal for all batches of one stream and schema."""

    stream: str
    sobject: str
    operation: Operation
    columns: tuple[BatchColumn, ...]
    #: Header of the column that identifies the record of a row; None for insert.
    key: str | None = None
    assignment_rule_id: str | None = None
    #: Objects that parent columns refer to.
    parents: tuple[str, ...] = ()
    #: Whether record Ids must be looked up by `key` before the rows are sent.
    lookup: bool = False
    #: Header of the column that names a row to people, if that is not the key.
    label: str | None = None

    @property
    def external_id_field(self) -> str | None:
        """The `externalIdFieldName` of the job."""
        return self.key if self.operation is Operation.UPSERT else None

    @property
    def key_field(self) -> str | None:
        """The field whose value, with the object, identifies the record of a row."""
        return self.label or self.key

    @property
    def key_index(self) -> int | None:
        """Index of the key column."""
        headers = [column.header for column in self.columns]
        return None if self.key is None else headers.index(self.key)

    @property
    def label_index(self) -> int | None:
        """Index of the column that names a row to people."""
        if self.label is None:
            return self.key_index
        return [column.header for column in self.columns].index(self.label)

    def with_ids(self) -> LoadPlan:
        """The plan of the same rows with record Ids as the first column."""
        return replace(
            self,
            columns=(BatchColumn(header="Id", type="id"), *self.columns),
            key="Id",
            label=self.key,
            lookup=False,
        )

    @property
    def sent_columns(self) -> list[int] | None:
        """Indexes of the columns that are sent; None for all.

        The key by which Ids were looked up is not sent, and a delete sends Ids alone.
        """
        if self.label is None:
            return None
        if self.operation.only_ids:
            return [0]
        return [place for place in range(len(self.columns)) if place != self.label_index]

    def to_json(self) -> str:
        """Serialise for the journal."""
        return json.dumps(asdict(self))

    @classmethod
    @lru_cache(maxsize=256)
    def from_json(cls, text: str) -> LoadPlan:
        """Read what `to_json` wrote; equal texts share one plan, as thousands of batches may."""
        values = json.loads(text)
        values.pop("map_fingerprint", None)  # plans of earlier versions have it
        values["operation"] = Operation(values["operation"])
        values["columns"] = tuple(BatchColumn(**column) for column in values["columns"])
        values["parents"] = tuple(values["parents"])
        return cls(**values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """The outcomes of the rows of a batch."""

    loaded: int = 0
    #: Refused by Salesforce or, before sending, by our own checks.
    failed: int = 0
    #: Not processed, because the job ended early.
    unprocessed: int = 0
    #: Unknown, because Salesforce's responses contradict each other.
    uncertain: int = 0
    #: Included in `failed`: refused before sending.
    refused: int = 0
    #: Included in `loaded`: known from the job's counts; the successful results were not read.
    counted: int = 0
    #: Moved to child batches, to be resent.
    retried: int = 0
    #: Superseded: newer rows of the same records have written all of their cells.
    superseded: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            loaded=self.loaded + other.loaded,
            failed=self.failed + other.failed,
            unprocessed=self.unprocessed + other.unprocessed,
            uncertain=self.uncertain + other.uncertain,
            refused=self.refused + other.refused,
            counted=self.counted + other.counted,
            retried=self.retried + other.retried,
            superseded=self.superseded + other.superseded,
        )

    @property
    def known(self) -> int:
        """Rows that have an outcome."""
        return self.loaded + self.not_loaded

    @property
    def not_loaded(self) -> int:
        """Rows that were not loaded."""
        return self.failed + self.unprocessed + self.uncertain


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """A batch as stored in the journal; only the journal changes one."""

    id: int
    run_id: str
    plan: LoadPlan
    state: BatchState
    #: Folder of its CSV, refused rows and, temporarily, result files.
    folder: Path
    #: Number of rows of the CSV, and its size in bytes with the header.
    rows: int = 0
    size: int = 0
    #: Rows that a later row with the same key replaced before sending.
    merged: int = 0
    job_id: str | None = None
    #: Jobs created for these rows; all but the last were given up before they were closed.
    jobs_made: int = 0
    #: The batch whose rows this one resends, the first batch of that chain, and the length of the
    #: chain before this one.
    parent_id: int | None = None
    origin_id: int = 0
    depth: int = 0
    #: Whether it resends stored failed rows; rows that fail again are stored, not retried.
    resends: bool = False
    #: Whether its rows wait for their parents, which come at the end of the input at the latest.
    for_parents: bool = False
    #: Rows that newer ones superseded before they could be sent again.
    superseded: int = 0

    @property
    def csv(self) -> Path:
        """The rows to be sent, with all of their columns."""
        return self.folder / "rows.csv"

    @property
    def upload(self) -> Path:
        """The upload, if it differs from `csv` in its columns or their order."""
        own = self.folder / "upload.csv"
        return own if own.exists() else self.csv

    @property
    def packed(self) -> Path:
        """The compressed upload, if there is one."""
        return self.folder / "upload.csv.gz"

    @property
    def original(self) -> Path:
        """The rows as encoded from the tap's records, in input order."""
        own = self.folder / "original.csv"
        return own if own.exists() else self.csv

    @property
    def refused(self) -> Path:
        """The rows that our own checks refused, as JSON lines."""
        return self.folder / "refused.jsonl"

    @property
    def unresolved(self) -> Path:
        """The rows whose record was not found by key, as JSON lines."""
        return self.folder / "unresolved.jsonl"

    @classmethod
    def from_row(cls, row: sqlite3.Row, batches: Path) -> Batch:
        """Read a row of the table `batches`; the argument `batches` is the parent folder."""
        return cls(
            id=row["id"],
            run_id=row["run_id"],
            plan=LoadPlan.from_json(row["plan"]),
            state=BatchState(row["state"]),
            folder=batches / str(row["id"]),
            rows=row["rows"],
            size=row["size"],
            merged=row["merged"],
            job_id=row["job_id"],
            jobs_made=row["jobs_made"],
            parent_id=row["parent_id"],
            origin_id=row["origin_id"] or row["id"],
            depth=row["depth"],
            resends=bool(row["resends"]),
            for_parents=bool(row["for_parents"]),
            superseded=row["superseded"],
        )


@dataclass(kw_only=True, slots=True)
class ChildDraft:
    """A child batch that is not yet in the journal."""

    folder: Path
    rows: int
    size: int
    #: The keys of its rows in the form in which they compare; none for an insert.
    same_keys: Callable[[], Iterator[str]]
    #: Whether its rows wait for their parents, which come at the end of the input at the latest.
    for_parents: bool
