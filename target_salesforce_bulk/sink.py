"""The sinks: a record becomes a CSV row of the open batch; a full batch goes to the loader."""

from __future__ import annotations

import copy
import hashlib
import os
import time
from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import Sink

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.loading.batch import BatchColumn, LoadPlan
from target_salesforce_bulk.loading.failed_rows import FailedRow, Origin, RowError
from target_salesforce_bulk.loading.merge import KeyWatch, merge_rows
from target_salesforce_bulk.loading.seen import (
    must_not_come_twice,
    refused_fingerprint,
    row_fingerprint,
)
from target_salesforce_bulk.resolve import resolve_stream
from target_salesforce_bulk.rows.canonical import canonical_key
from target_salesforce_bulk.rows.csvfile import CsvFile
from target_salesforce_bulk.rows.encoder import RowEncoder, RowOptions, RowRefused
from target_salesforce_bulk.sdk import SafeSink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_salesforce_bulk.loading.batch import Batch
    from target_salesforce_bulk.resolve import DeletePlan, ResolvedStream
    from target_salesforce_bulk.run import Run
    from target_salesforce_bulk.settings import Settings, StreamSettings
    from target_salesforce_bulk.target import TargetSalesforceBulk


#: `"003000000000000AAA",`
_ID_BYTES = 21


class SalesforceSink(SafeSink):
    """Takes the records of one stream, in one schema."""

    def __init__(
        self,
        target: TargetSalesforceBulk,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        # Dates and times stay the text that the tap sent: the encoder reads them by the field's
        # type, and one that it cannot read fails its row, not the run.
        self.schema = _without_formats(self.schema)
        self._settings: Settings = target.settings
        self._run: Run = target.run
        self._tap_stream = target.tap_stream(stream_name)
        self._writes: Lane
        self._deletes: Lane | None = None
        #: Hashes of the keys in the open batch of deletes.
        self._deleted_keys: set[int] = set()

    def get_validator(self) -> None:
        """No JSON schema validation: rows are checked against the object they go to."""
        return

    def setup(self) -> None:
        """Find the object and the field map, before the first record.

        Raises:
            MappingError: the stream cannot be mapped; all of its bad columns are named.
        """
        super().setup()
        options = self._settings.for_stream(self.stream_name)
        properties = self.schema["properties"]
        resolved = resolve_stream(
            self.stream_name,
            properties,
            self.key_properties,
            options,
            self._run,
            self._run.earlier_properties(self.stream_name, properties),
        )
        for unmapped in resolved.field_map.unmapped:
            if options.unmapped_fields == "warn":
                self.logger.warning(
                    "Stream %s: property %s is not loaded: %s",
                    self.stream_name,
                    unmapped.property,
                    unmapped.reason,
                )
        self._writes = self._lane(resolved, resolved, options)
        if resolved.deletes is not None:
            self._deletes = self._lane(resolved, resolved.deletes, options)
        self._max_rows = options.batch_size_rows or float("inf")
        self._summary = self._run.stream_started(self.stream_name, self._tap_stream, resolved)

    def _lane(
        self, resolved: ResolvedStream, does: ResolvedStream | DeletePlan, options: StreamSettings
    ) -> Lane:
        """What turns records into batches of one operation."""
        field_map, key = does.field_map, does.field_map.key
        row_options = RowOptions(
            nulls=options.nulls,
            empty_strings=options.empty_strings,
            too_long=options.too_long,
            validate=options.validate_rows,
        )
        told = (field_map.fingerprint, resolved.sobject.name, str(does.operation), row_options)
        fingerprint = hashlib.blake2b(repr(told).encode(), digest_size=8)
        plan = LoadPlan(
            stream=self.stream_name,
            sobject=resolved.sobject.name,
            operation=does.operation,
            columns=tuple(
                BatchColumn(
                    header=column.header,
                    type=column.field.type,
                    case_sensitive=column.field.case_sensitive,
                )
                for column in field_map.columns
            ),
            key=None if key is None else key.header,
            assignment_rule_id=None if does.operation.only_ids else options.assignment_rule_id,
            parents=field_map.parents,
            lookup=does.lookup,
            map_fingerprint=fingerprint.hexdigest(),
        )
        return Lane(
            plan,
            RowEncoder(field_map, does.operation, row_options),
            seen=must_not_come_twice(does.operation) and self._run.check_seen(plan),
        )

    @property
    def is_full(self) -> bool:
        """Never, for the SDK: a batch is sealed here, before the row that would not fit."""
        return False

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Write a record to the open batch, or to its refused rows.

        Raises:
            SalesforceBulkError: loading has come to an end for all streams.
        """
        self._summary.read += 1
        self._run.row_came()
        if self._run.is_stopped(self.stream_name):
            return
        lane = self._lane_of(record)
        try:
            row = self._row(lane, record)
        except RowRefused as refusal:
            described = lane.encoder.describe(record)
            if not lane.seen or not self._run.came_again(lane.plan, refused_fingerprint(described)):
                self._batch(lane).refuse(described, lane.encoder.key(record), refusal)
            return
        if lane.seen and self._run.came_again(lane.plan, row_fingerprint(row)):
            return
        batch = self._batch(lane)
        if not batch.fits(row, self._settings.max_job_bytes):
            self._seal()
            batch = self._batch(lane)
        batch.write(row, lane.encoder.key(record))

    def _lane_of(self, record: dict[str, Any]) -> Lane:
        """Where a record goes; what is written after it was deleted must not overtake that."""
        if self._deletes is None:
            return self._writes
        key = hash(self._deletes.same_key(self._deletes.encoder.key(record) or ""))
        if record.get("_sdc_deleted_at") is not None:
            self._deleted_keys.add(key)
            return self._deletes
        if key in self._deleted_keys:
            self._seal()
        return self._writes

    def _row(self, lane: Lane, record: dict[str, Any]) -> bytes:
        row = lane.encoder.encode(record)
        limit = self._settings.max_job_bytes - len(lane.encoder.header) - lane.reserve(1)
        if len(row) > limit:
            raise RowRefused(
                "LIMIT_EXCEEDED",
                f"the row has {len(row)} bytes, and max_job_bytes leaves {limit} for it",
                (),
            )
        return row

    def process_batch(self, context: dict[str, Any]) -> None:
        """Seal what has been read: the schema changed, or the input has come to its end."""
        self._seal()

    def process_batch_files(self, encoding: Any, files: Sequence[str]) -> None:
        """Refuse a BATCH message.

        Raises:
            InputError: always.
        """
        raise InputError(
            f"Stream {self.stream_name} sends BATCH messages, which this target does not read. "
            "Remove batch_config from the tap's settings."
        )

    def activate_version(self, new_version: int) -> None:
        """Ignore that a full refresh has begun or ended: nothing is deleted by surprise."""
        self.logger.info(
            "Stream %s: ACTIVATE_VERSION %s is ignored; no record is deleted for it",
            self.stream_name,
            new_version,
        )

    def _batch(self, lane: Lane) -> OpenBatch:
        """The batch of a lane that takes the next row."""
        if lane.open is not None and (
            lane.open.rows >= lane.most_rows
            or lane.open.age_seconds() >= self._settings.max_batch_age_seconds
        ):
            self._seal()
        if lane.open is None:
            batch = self._run.open_batch(lane.plan)
            lane.open = OpenBatch(batch, lane)
            self._run.filling(batch, lane.open.position)
            lane.most_rows = self._run.most_rows(batch, self._max_rows)
        return lane.open

    def _seal(self) -> None:
        """Hand over what is open: the writes first, then the deletes of what they wrote."""
        for lane in (self._writes, self._deletes):
            if lane is not None and lane.open is not None:
                closed, lane.open = lane.open, None
                if self._run.is_stopped(self.stream_name):
                    closed.discard()
                else:
                    self._run.sealed(closed.batch, **closed.seal())
        self._deleted_keys.clear()


class Lane:
    """What records become rows by, and the batch that takes them."""

    def __init__(self, plan: LoadPlan, encoder: RowEncoder, *, seen: bool = False) -> None:
        self.plan = plan
        #: Whether rows may come again that an interrupted run has dealt with.
        self.seen = seen
        self.encoder = encoder
        self.open: OpenBatch | None = None
        #: Rows that the open batch takes.
        self.most_rows = float("inf")
        place = plan.key_index
        #: The form in which keys compare.
        self.same_key: Callable[[str], str] = (
            str if place is None else canonical_key(plan.columns[place].field)
        )

    def reserve(self, rows: int) -> int:
        """Bytes that rows may grow by when the Ids of their records are put in front."""
        return rows * _ID_BYTES + _ID_BYTES if self.plan.lookup else 0


class OpenBatch:
    """The files of a batch while rows are written to them."""

    def __init__(
        self, batch: Batch, lane: Lane, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.batch = batch
        self._lane = lane
        self._file = CsvFile.create(batch.csv, lane.encoder.header)
        self._refused: Any = None
        self._refused_rows = 0
        self._clock = clock
        self._opened_at = clock()
        self._watch = KeyWatch()
        self._key_place = batch.plan.key_index

    @property
    def rows(self) -> int:
        """Rows to be sent so far."""
        return self._file.rows

    def age_seconds(self) -> float:
        """Time since it was opened."""
        return self._clock() - self._opened_at

    def fits(self, row: bytes, max_bytes: int) -> bool:
        """Whether the batch stays within so many bytes with this row."""
        return self._file.size + len(row) + self._lane.reserve(self.rows + 1) <= max_bytes

    def write(self, row: bytes, key: str | None) -> None:
        """Add a row."""
        self._file.write(row)
        if self._key_place is not None and key is not None:
            self._watch.add(self._lane.same_key(key))

    def position(self) -> tuple[int, int]:
        """Rows to be sent and rows refused so far."""
        return self._file.rows, self._refused_rows

    def refuse(self, row: dict[str, str], key: str | None, refusal: RowRefused) -> None:
        """Keep a row that our own checks refused, beside those to be sent."""
        if self._refused is None:
            descriptor = os.open(self.batch.refused, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._refused = os.fdopen(descriptor, "w", encoding="utf-8")
        failed = FailedRow(
            row=row,
            key=key,
            same_key=self._lane.same_key(key) if key is not None else None,
            error=RowError(
                code=refusal.code, message=refusal.message, fields=tuple(refusal.fields)
            ),
            origin=Origin.LOCAL,
        )
        self._refused.write(failed.to_json() + "\n")
        self._refused_rows += 1

    def seal(self) -> dict[str, int]:
        """Bring everything to disk; the facts that the journal keeps of it."""
        if self._refused is not None:
            self._refused.flush()
            os.fsync(self._refused.fileno())
            self._refused.close()
        self._file.seal()
        merged = 0
        if self._key_place is not None:
            same_key, place = self._lane.same_key, self._key_place
            merged = merge_rows(
                self.batch.csv, self._watch.repeated(), lambda cells: same_key(cells[place])
            )
        return {
            "rows": self._file.rows - merged,
            "size": self.batch.csv.stat().st_size,
            "merged": merged,
        }

    def discard(self) -> None:
        """Close the files of a batch that will not be sent."""
        self._file.discard()
        if self._refused is not None:
            self._refused.close()


class ConnectionTestSink(Sink):
    """Takes what `meltano config test` sends, checks the login, and loads nothing."""

    max_size = 1

    def __init__(
        self,
        target: TargetSalesforceBulk,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        target.client.check_access()
        self.logger.info("Connected to Salesforce")

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Ignore the record."""

    def process_batch(self, context: dict[str, Any]) -> None:
        """Ignore the batch."""


def _without_formats(schema: dict[str, Any]) -> dict[str, Any]:
    schema = copy.deepcopy(schema)
    for declared in schema["properties"].values():
        if isinstance(declared, dict):
            declared.pop("format", None)
            for alternative in declared.get("anyOf", ()):
                alternative.pop("format", None)
    return schema
