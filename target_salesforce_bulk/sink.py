"""The sinks: a record becomes a CSV row of the open batch; a full batch goes to the loader."""

from __future__ import annotations

import copy
import os
import time
from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import Sink

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.loading.batch import BatchColumn, LoadPlan
from target_salesforce_bulk.loading.failed_rows import FailedRow, Origin, RowError
from target_salesforce_bulk.loading.merge import KeyWatch, merge_rows
from target_salesforce_bulk.resolve import resolve_stream
from target_salesforce_bulk.rows.canonical import canonical_key
from target_salesforce_bulk.rows.csvfile import CsvFile
from target_salesforce_bulk.rows.encoder import RowEncoder, RowOptions, RowRefused
from target_salesforce_bulk.sdk import SafeSink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_salesforce_bulk.loading.batch import Batch
    from target_salesforce_bulk.run import Run
    from target_salesforce_bulk.settings import Settings
    from target_salesforce_bulk.target import TargetSalesforceBulk


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
        self._open: OpenBatch | None = None

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
        resolved = resolve_stream(
            self.stream_name, self.schema["properties"], self.key_properties, options, self._run
        )
        for unmapped in resolved.field_map.unmapped:
            if options.unmapped_fields == "warn":
                self.logger.warning(
                    "Stream %s: property %s is not loaded: %s",
                    self.stream_name,
                    unmapped.property,
                    unmapped.reason,
                )
        self._encoder = RowEncoder(
            resolved.field_map,
            resolved.operation,
            RowOptions(
                nulls=options.nulls,
                empty_strings=options.empty_strings,
                too_long=options.too_long,
                validate=options.validate_rows,
            ),
        )
        key = resolved.field_map.key
        self._plan = LoadPlan(
            stream=self.stream_name,
            sobject=resolved.sobject.name,
            operation=resolved.operation,
            columns=tuple(
                BatchColumn(
                    header=column.header,
                    type=column.field.type,
                    case_sensitive=column.field.case_sensitive,
                )
                for column in resolved.field_map.columns
            ),
            key=None if key is None else key.header,
            assignment_rule_id=options.assignment_rule_id,
            parents=resolved.field_map.parents,
        )
        self._max_rows = options.batch_size_rows or float("inf")
        self._summary = self._run.stream_started(
            self.stream_name, self._tap_stream, resolved.sobject.name
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
        if self._run.is_stopped(self.stream_name):
            return
        try:
            row = self._row(record)
        except RowRefused as refusal:
            self._batch().refuse(record, refusal, self._encoder)
            return
        batch = self._batch()
        if not batch.fits(row, self._settings.max_job_bytes):
            self._seal()
            batch = self._batch()
        batch.write(row, self._encoder.key(record))

    def _row(self, record: dict[str, Any]) -> bytes:
        row = self._encoder.encode(record)
        limit = self._settings.max_job_bytes - len(self._encoder.header)
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

    def _batch(self) -> OpenBatch:
        """The batch that takes the next row."""
        if self._open is not None and (
            self._open.rows >= self._max_rows
            or self._open.age_seconds() >= self._settings.max_batch_age_seconds
        ):
            self._seal()
        if self._open is None:
            self._open = OpenBatch(self._run.open_batch(self._plan), self._encoder.header)
        return self._open

    def _seal(self) -> None:
        if self._open is None:
            return
        closed, self._open = self._open, None
        if self._run.is_stopped(self.stream_name):
            closed.discard()
        else:
            self._run.sealed(closed.batch, **closed.seal())


class OpenBatch:
    """The files of a batch while rows are written to them."""

    def __init__(
        self, batch: Batch, header: bytes, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.batch = batch
        self._file = CsvFile.create(batch.csv, header)
        self._refused: Any = None
        self._clock = clock
        self._opened_at = clock()
        self._watch = KeyWatch()
        place = batch.plan.key_index
        self._same_key = None if place is None else canonical_key(batch.plan.columns[place].field)
        self._key_place = place or 0

    @property
    def rows(self) -> int:
        """Rows to be sent so far."""
        return self._file.rows

    def age_seconds(self) -> float:
        """Time since it was opened."""
        return self._clock() - self._opened_at

    def fits(self, row: bytes, max_bytes: int) -> bool:
        """Whether the batch stays within so many bytes with this row."""
        return self._file.size + len(row) <= max_bytes

    def write(self, row: bytes, key: str | None) -> None:
        """Add a row."""
        self._file.write(row)
        if self._same_key is not None and key is not None:
            self._watch.add(self._same_key(key))

    def refuse(self, record: dict[str, Any], refusal: RowRefused, encoder: RowEncoder) -> None:
        """Keep a row that our own checks refused, beside those to be sent."""
        if self._refused is None:
            descriptor = os.open(self.batch.refused, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._refused = os.fdopen(descriptor, "w", encoding="utf-8")
        row = FailedRow(
            row=encoder.describe(record),
            key=encoder.key(record),
            error=RowError(
                code=refusal.code, message=refusal.message, fields=tuple(refusal.fields)
            ),
            origin=Origin.LOCAL,
        )
        self._refused.write(row.to_json() + "\n")

    def seal(self) -> dict[str, int]:
        """Bring everything to disk; the facts that the journal keeps of it."""
        if self._refused is not None:
            self._refused.flush()
            os.fsync(self._refused.fileno())
            self._refused.close()
        self._file.seal()
        merged = 0
        if self._same_key is not None:
            same_key, place = self._same_key, self._key_place
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
