"""The sink of one stream: its records become rows of the open batches."""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.journal.expected import Answer
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.mapping.not_loaded import not_loaded
from target_salesforce_bulk.mapping.resolve import resolve_stream
from target_salesforce_bulk.plain_text import counted, plain_text
from target_salesforce_bulk.rows.encoder import RowRefused, is_deleted
from target_salesforce_bulk.rows.json_rows import JsonRows
from target_salesforce_bulk.singer.open_batches import BatchLimits, OpenBatches
from target_salesforce_bulk.singer.row_writers import make_row_writer
from target_salesforce_bulk.singer.sdk import SafeSink
from target_salesforce_bulk.singer.undecided import UndecidedRows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from target_salesforce_bulk.loading.preparing.open_batch import RowWriter
    from target_salesforce_bulk.mapping.resolve import ResolvedStream
    from target_salesforce_bulk.rows.arrow_rows import ArrowRows
    from target_salesforce_bulk.rows.csvfile import Lines
    from target_salesforce_bulk.settings import Settings, StreamSettings
    from target_salesforce_bulk.singer.intake import Intake, Reads
    from target_salesforce_bulk.singer.recogniser import Recogniser
    from target_salesforce_bulk.singer.sdk import SafeTarget


class SalesforceSink(SafeSink):
    """Takes the records of one stream, in one schema."""

    def __init__(
        self,
        target: SafeTarget,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        # Dates and times stay the text that the tap sent: the encoder reads them by the field's
        # type, and one that it cannot read fails its row, not the run.
        self.schema = _without_formats(self.schema)
        self._settings: Settings = target.settings
        self._target: SafeTarget = target
        self._intake: Intake = target.intake
        self._replication_key = target.replication_key(stream_name)
        self.json_rows: JsonRows | None = None
        self._writes: RowWriter
        self._deletes: RowWriter | None = None
        self._batches: OpenBatches
        self._recogniser: Recogniser
        self._undecided = UndecidedRows()

    def get_validator(self) -> None:
        """No JSON schema validation: rows are checked against the object they go to."""
        return

    def setup(self) -> None:
        """Find the object and the field map, before the first record.

        Raises:
            MappingError: the stream cannot be mapped; all of its bad columns are named.
        """
        super().setup()
        alias = self._target.aliases.alias(self.stream_name)
        options = self._settings.for_stream(alias)
        resolved = self._resolve(alias, options)
        self._make_batches(resolved, options)
        #: Decodes records and writes their rows, where that is all there is to do.
        self.json_rows = JsonRows(
            self.stream_name,
            self._writes.encoder,
            self.schema["properties"],
            deletions=self._deletes is not None,
            replication_key=self._replication_key,
        )
        tap_stream = self._target.aliases.tap_stream(self.stream_name)
        self._reads: Reads = self._intake.stream_started(self.stream_name, tap_stream, resolved)
        self._recogniser = self._intake.recogniser(
            self._writes.plan,
            replication_key=self._replication_key,
            skip_repeated=self._settings.skip_repeated,
        )
        self._intake.when_decided(self._undecided.release_all)
        self._target.key_order.join(resolved.sobject.name, self._batches.key, self)
        self._target.take_over(self.stream_name, self)

    def _resolve(self, alias: str, options: StreamSettings) -> ResolvedStream:
        """Find the stream's object and field map, and name what is not loaded."""
        properties = self.schema["properties"]
        resolved = resolve_stream(
            alias,
            properties,
            self.key_properties,
            options,
            self._intake.objects,
            self._target.earlier_properties(self.stream_name, properties),
        )
        if resolved.field_map.unmapped and options.unmapped_fields == "warn":
            self.logger.warning(
                "Stream %s: %s",
                plain_text(self.stream_name),
                not_loaded(resolved.field_map),
                extra=log_facts(LogCode.PROPERTIES_NOT_LOADED, stream=self.stream_name),
            )
        return resolved

    def _make_batches(self, resolved: ResolvedStream, options: StreamSettings) -> None:
        self._writes = make_row_writer(self.stream_name, resolved, resolved, options)
        if resolved.deletes is not None:
            self._deletes = make_row_writer(self.stream_name, resolved, resolved.deletes, options)
        self._batches = OpenBatches(
            self._intake,
            BatchLimits(
                max_rows=options.batch_size_rows or float("inf"),
                max_bytes=self._settings.max_job_bytes,
                max_age_seconds=self._settings.max_batch_age_seconds,
            ),
            writes=self._writes,
            deletes=self._deletes,
            others=lambda: self._target.key_order.others(
                self._writes.plan.sobject, self._batches.key, self
            ),
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
        self._reads.read += 1
        self._intake.note_rows(self.stream_name)
        if self._intake.is_stopped(self.stream_name):
            return
        writer = self._writer_of(record)
        try:
            row, key = self._row(writer, record), writer.encoder.key(record)
        except RowRefused as refusal:
            self._refuse(writer, record, refusal)
            return
        if writer is self._writes:
            self._take_row(row, key, self._position_of(record))
        else:
            self._take_delete(row, key, self._position_of(record))

    def _refuse(self, writer: RowWriter, record: dict[str, Any], refusal: RowRefused) -> None:
        """Keep a record among the refused ones, unless an earlier run has."""
        positions = self._position_of(record) if writer is self._writes else ()
        described, key = writer.encoder.describe(record), writer.encoder.key(record)
        same_key = self._batches.same_key(key)
        answer = self._recogniser.judge_refused(described, same_key, positions)
        if self._is_taken(answer, same_key, lambda: self._refuse(writer, record, refusal)):
            self._batches.refuse(writer, described, key, refusal)

    def _position_of(self, record: dict[str, Any]) -> tuple[Any, ...]:
        return () if self._replication_key is None else (record.get(self._replication_key),)

    def _is_taken(self, answer: Answer, same_key: str | None, take: Callable[[], None]) -> bool:
        """Whether a row is to be loaded: not if an earlier run did, or if that is not known yet."""
        if answer is Answer.UNDECIDED:
            self._undecided.add(same_key, take)
        elif answer is Answer.NEW and same_key is not None:
            self._undecided.release({same_key})
        return answer is Answer.NEW

    def give_way(self, same_keys: Collection[str]) -> None:
        """Load the waiting rows of records that another stream is about to write."""
        self._recogniser.write_records(same_keys)
        self._undecided.release(same_keys)

    def leave_bookmark(self) -> None:
        """Leave out no more rows that come again at the bookmark."""
        self._recogniser.leave_bookmark()

    def holds_any(self, keys: Collection[int]) -> bool:
        """Whether an open batch has a row of any of these keys, given by their hashes."""
        return self._batches.holds_any(keys)

    def seal(self) -> None:
        """Seal the open batches."""
        self._batches.seal()

    def discard(self) -> None:
        """Close the open batches of a run that stops; their rows come again."""
        self._batches.discard()

    def seal_old(self) -> float:
        """Seal the open batches if one is old enough; the seconds until one may be."""
        return self._batches.seal_old()

    def _take_row(self, row: bytes, key: str | None, positions: tuple[Any, ...]) -> None:
        """Load a row, unless an earlier run processed it."""
        same_key = None if key is None else self._writes.same_key(key)
        answers = self._recogniser.judge(1, lambda _: (row, same_key), positions)
        answer = Answer.NEW if answers is None else answers[0]
        if self._is_taken(answer, same_key, lambda: self._take_row(row, key, positions)):
            self._batches.add(self._writes, row, key)

    def _take_delete(self, row: bytes, key: str | None, positions: tuple[Any, ...]) -> None:
        """Delete a record, unless an earlier run did and nothing was written since."""
        if self._deletes is None:
            raise AssertionError("The stream deletes nothing.")
        same_key = self._batches.same_key(key) or ""
        answer = self._recogniser.judge_delete(same_key, positions)
        if self._is_taken(answer, same_key, lambda: self._take_delete(row, key, positions)):
            self._batches.add(self._deletes, row, key)

    def arrow_rows(self) -> ArrowRows:
        """What writes rows of Arrow data, where that is all there is to do with them.

        Raises:
            ImportError: pyarrow is not installed.
        """
        from target_salesforce_bulk.rows.arrow_rows import ArrowRows  # needs an optional package

        return ArrowRows(
            self._writes.encoder,
            deletions=self._deletes is not None,
            replication_key=self._replication_key,
        )

    def take(
        self,
        records: int,
        plain: Callable[[int], tuple[Lines, list[str], list[Any]]],
        one_by_one: Callable[[int], None],
    ) -> None:
        """Take records that need not be dictionaries, in order.

        Args:
            records: How many.
            plain: The lines, keys and replication-key values of the records from a place on, up to
                the first that `process_record` must see.
            one_by_one: Brings the record at a place to `process_record`.

        Raises:
            SalesforceBulkError: loading has come to an end for all streams.
        """
        self._intake.note_rows(self.stream_name)
        if self._intake.is_stopped(self.stream_name):
            self._count(records)
            return
        done = 0
        while done < records:
            if not self._batches.has_deletes:
                lines, keys, positions = plain(done)
                for start, end in self._new_ones(lines, keys, positions):
                    self._write(lines, keys, (start, end), done, one_by_one)
                done += len(lines)
            if done < records:
                one_by_one(done)
                done += 1

    def _new_ones(
        self, lines: Lines, keys: list[str], positions: list[Any]
    ) -> Iterator[tuple[int, int]]:
        """The runs of lines that are to be loaded; the others are counted."""
        same_key = self._writes.same_key

        def row(place: int) -> tuple[bytes, str | None]:
            return lines.encoded(place, place + 1), same_key(keys[place]) if keys else None

        answers = self._recogniser.judge(len(lines), row, positions)
        if answers is None:
            yield 0, len(lines)
            return
        start = 0
        for place, answer in enumerate(answers):
            if answer is not Answer.NEW:
                yield start, place
                start = place + 1
                self._count(1)
            elif self._undecided and keys:
                yield start, place
                start = place
                self._undecided.release({same_key(keys[place])})
            if answer is Answer.UNDECIDED:
                position = tuple(positions[place : place + 1])
                line, known_as = row(place)
                key = keys[place] if keys else None
                take = partial(self._take_row, line, key, position)
                self._undecided.add(known_as, take)
        yield start, len(lines)

    def _write(
        self,
        lines: Lines,
        keys: list[str],
        places: tuple[int, int],
        first: int,
        one_by_one: Callable[[int], None],
    ) -> None:
        """Add lines to the open batch, and to the next ones if it is full."""
        start, last = places
        while start < last:
            end = self._batches.add_lines(lines, keys, start, last)
            if end > start:
                self._count(end - start)
            else:
                one_by_one(first + start)
                end = start + 1
            start = end

    def _count(self, records: int) -> None:
        """Count records that did not come through `process_record`."""
        self._reads.read += records
        self.tally_record_read(records)
        self.record_counter_metric.increment(records)

    def _writer_of(self, record: dict[str, Any]) -> RowWriter:
        """Where a record goes."""
        if self._deletes is not None and is_deleted(record):
            return self._deletes
        return self._writes

    def _row(self, writer: RowWriter, record: dict[str, Any]) -> bytes:
        row = writer.encoder.encode(record)
        limit = self._batches.longest_row(writer)
        if len(row) > limit:
            raise RowRefused(
                "LIMIT_EXCEEDED",
                f"the row has {len(row)} bytes, and max_job_bytes leaves {limit} for it",
                (),
            )
        return row

    def process_batch(self, context: dict[str, Any]) -> None:
        """Seal what has been read: the schema changed, or the input has come to its end."""
        records = self._undecided.same_keys()
        self._recogniser.write_records(records)
        self._undecided.release(records)
        self._batches.seal()

    def clean_up(self) -> None:
        """Log at the end of the input how many deleted records were loaded."""
        deleted = self._writes.encoder.deleted_rows
        if deleted and self._deletes is None and not self._writes.plan.operation.only_ids:
            self.logger.warning(
                "Stream %s: loaded %s with _sdc_deleted_at like any other; set "
                "deletes to delete them in Salesforce",
                plain_text(self.stream_name),
                counted(deleted, "record"),
                extra=log_facts(
                    LogCode.DELETED_RECORDS_LOADED, stream=self.stream_name, records=deleted
                ),
            )
        super().clean_up()

    def activate_version(self, new_version: int) -> None:
        """Ignore that a full refresh has begun or ended: nothing is deleted by surprise."""
        self.logger.info(
            "Stream %s: ACTIVATE_VERSION %s is ignored; no record is deleted",
            plain_text(self.stream_name),
            plain_text(new_version),
            extra=log_facts(LogCode.VERSION_IGNORED, stream=self.stream_name),
        )


def _without_formats(schema: dict[str, Any]) -> dict[str, Any]:
    schema = copy.deepcopy(schema)
    for declared in schema["properties"].values():
        if isinstance(declared, dict):
            declared.pop("format", None)
            for alternative in declared.get("anyOf", ()):
                alternative.pop("format", None)
    return schema
