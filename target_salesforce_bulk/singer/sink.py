"""The sinks: a record becomes a CSV row of the open batch; a full batch goes to the loader."""

from __future__ import annotations

import copy
import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import Sink

from target_salesforce_bulk.journal.batch import BatchColumn, LoadPlan
from target_salesforce_bulk.journal.expected import Answer
from target_salesforce_bulk.loading.preparing.open_batch import OpenBatch, RowWriter
from target_salesforce_bulk.mapping.resolve import resolve_stream
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.rows.encoder import RowEncoder, RowOptions, RowRefused, is_deleted
from target_salesforce_bulk.rows.json_rows import JsonRows
from target_salesforce_bulk.singer.sdk import SafeSink

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from target_salesforce_bulk.mapping.resolve import DeletePlan, ResolvedStream
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
        #: Hashes of the keys in the open batch of deletes.
        self._deleted_keys: set[int] = set()
        #: Hashes of the keys in the open batches, where another stream writes the same records.
        self._open_keys: set[int] = set()
        self._recogniser: Recogniser
        #: Take the rows of which the first STATE will tell whether they come again; each with its
        #: key in the form in which keys compare.
        self._undecided: list[tuple[str | None, Callable[[], None]]] = []

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
        properties = self.schema["properties"]
        resolved = resolve_stream(
            alias,
            properties,
            self.key_properties,
            options,
            self._intake.objects,
            self._target.earlier_properties(self.stream_name, properties),
        )
        for unmapped in resolved.field_map.unmapped:
            if options.unmapped_fields == "warn":
                self.logger.warning(
                    "Stream %s: property %s is not loaded: %s",
                    plain_text(self.stream_name),
                    plain_text(unmapped.property),
                    plain_text(unmapped.reason),
                )
        self._writes = self._writer(resolved, resolved, options)
        if resolved.deletes is not None:
            self._deletes = self._writer(resolved, resolved.deletes, options)
        #: Decodes records and writes their rows, where that is all there is to do.
        self.json_rows = JsonRows(
            self.stream_name,
            self._writes.encoder,
            properties,
            deletions=self._deletes is not None,
            replication_key=self._replication_key,
        )
        self._max_rows = options.batch_size_rows or float("inf")
        tap_stream = self._target.aliases.tap_stream(self.stream_name)
        self._reads: Reads = self._intake.stream_started(self.stream_name, tap_stream, resolved)
        self._recogniser = self._intake.recogniser(
            self._writes.plan,
            replication_key=self._replication_key,
            skip_repeated=self._settings.skip_repeated,
        )
        self._intake.when_decided(self._release_undecided)
        self._target.key_order.join(resolved.sobject.name, self._key_header, self)
        self._target.take_over(self.stream_name, self)

    def _writer(
        self, resolved: ResolvedStream, does: ResolvedStream | DeletePlan, options: StreamSettings
    ) -> RowWriter:
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
        encoder = RowEncoder(
            field_map, does.operation, row_options, deletions=resolved.deletes is not None
        )
        return RowWriter(plan, encoder)

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
        same_key = self._same_key(key)
        answer = self._recogniser.judge_refused(described, same_key, positions)
        if self._is_taken(answer, same_key, lambda: self._refuse(writer, record, refusal)):
            hashes = self._keep_order(writer, () if key is None else (key,))
            self._batch(writer).refuse(described, key, refusal)
            self._open_keys |= hashes

    def _position_of(self, record: dict[str, Any]) -> tuple[Any, ...]:
        return () if self._replication_key is None else (record.get(self._replication_key),)

    def _same_key(self, key: str | None) -> str | None:
        if key is None:
            return None
        return (self._writes if self._deletes is None else self._deletes).same_key(key)

    def _is_taken(self, answer: Answer, same_key: str | None, take: Callable[[], None]) -> bool:
        """Whether a row is to be loaded: not if an earlier run did, or if that is not known yet."""
        if answer is Answer.UNDECIDED:
            self._undecided.append((same_key, take))
        elif answer is Answer.NEW and same_key is not None:
            self._release({same_key})
        return answer is Answer.NEW

    def give_way(self, same_keys: Collection[str]) -> None:
        """Another stream is about to write records: load what was read of them before."""
        self._recogniser.write_records(same_keys)
        self._release(same_keys)

    def leave_bookmark(self) -> None:
        """Leave out no more rows that come again at the bookmark."""
        self._recogniser.leave_bookmark()

    def _release(self, same_keys: Collection[str]) -> None:
        """Load the rows of records that wait for the first STATE: they stand before others."""
        if self._undecided:
            waiting, self._undecided = self._undecided, []
            self._undecided = [each for each in waiting if each[0] not in same_keys]
            for same_key, take in waiting:
                if same_key in same_keys:
                    take()

    @property
    def _key_header(self) -> str | None:
        return (self._writes if self._deletes is None else self._deletes).plan.key

    def holds_any(self, keys: Collection[int]) -> bool:
        """Whether an open batch has a row of any of these keys, given by their hashes."""
        return not self._open_keys.isdisjoint(keys)

    def seal(self) -> None:
        """Seal the open batches."""
        self._seal()

    def seal_old(self) -> float:
        """Seal the open batches if one is old enough; the seconds until one may be."""
        limit: float = self._settings.max_batch_age_seconds
        writers = (self._writes, self._deletes)
        ages = [w.open.age_seconds() for w in writers if w is not None and w.open is not None]
        if ages and max(ages) >= limit:
            self._seal()
            return limit
        return limit - max(ages, default=0.0)

    def _keep_order(self, writer: RowWriter, keys: Sequence[str]) -> set[int]:
        """Seal what was read of the same records and is in other batches: it stands before.

        Returns:
            What `_open_keys` must hold once the rows are in a batch; opening one may clear it.
        """
        if not keys:
            return set()
        deleted = self._deleted_keys if writer is self._writes else ()
        if deleted and any(self._key_hash(key) in deleted for key in keys):
            self._seal()
        sobject = self._writes.plan.sobject
        others = self._target.key_order.others(sobject, self._key_header, self)
        if not others:
            return set()
        hashes = {self._key_hash(key) for key in keys}
        same_keys = {same_key for key in keys if (same_key := self._same_key(key)) is not None}
        for other in others:
            other.give_way(same_keys)
        if holding := [other for other in others if other.holds_any(hashes)]:
            for other in holding:
                other.seal()
            self._seal()  # a batch that was opened before theirs must not take these rows
        return hashes

    def _add(self, writer: RowWriter, row: bytes, key: str | None) -> None:
        keys = () if key is None else (key,)
        hashes = self._keep_order(writer, keys)
        batch = self._batch(writer)
        if not batch.fits(len(row), self._settings.max_job_bytes):
            self._seal()
            batch = self._batch(writer)
        batch.write(row, keys)
        self._open_keys |= hashes
        if writer is self._deletes:
            # After its batch is open: opening that may have sealed an earlier one.
            self._deleted_keys.add(self._key_hash(key))

    def _key_hash(self, key: str | None) -> int:
        same_key = self._writes.same_key if self._deletes is None else self._deletes.same_key
        return hash(same_key(key or ""))

    def _release_undecided(self) -> None:
        """Load the rows that waited for the first STATE, and do not come again."""
        undecided, self._undecided = self._undecided, []
        for _, take in undecided:
            take()

    def _take_row(self, row: bytes, key: str | None, positions: tuple[Any, ...]) -> None:
        """Load a row, unless it is one that an earlier run dealt with."""
        same_key = None if key is None else self._writes.same_key(key)
        answers = self._recogniser.judge(1, lambda _: (row, same_key), positions)
        answer = Answer.NEW if answers is None else answers[0]
        if self._is_taken(answer, same_key, lambda: self._take_row(row, key, positions)):
            self._add(self._writes, row, key)

    def _take_delete(self, row: bytes, key: str | None, positions: tuple[Any, ...]) -> None:
        """Delete a record, unless an earlier run did and nothing was written since."""
        if self._deletes is None:
            raise AssertionError("The stream deletes nothing.")
        same_key = self._same_key(key) or ""
        answer = self._recogniser.judge_delete(same_key, positions)
        if self._is_taken(answer, same_key, lambda: self._take_delete(row, key, positions)):
            self._add(self._deletes, row, key)

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
            if not self._deleted_keys:
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
                self._release({same_key(keys[place])})
            if answer is Answer.UNDECIDED:
                position = tuple(positions[place : place + 1])
                line, known_as = row(place)
                key = keys[place] if keys else None
                take = partial(self._take_row, line, key, position)
                self._undecided.append((known_as, take))
        yield start, len(lines)

    def _write(
        self,
        lines: Lines,
        keys: list[str],
        places: tuple[int, int],
        first: int,
        one_by_one: Callable[[int], None],
    ) -> None:
        """Add lines to the open batch, and to the next ones where it is full."""
        writer, (start, last) = self._writes, places
        end = last
        hashes = self._keep_order(writer, keys[start:last])
        while start < last:
            batch = self._batch(writer)
            end = int(min(end, start + writer.row_limit - batch.rows))
            data = lines.encoded(start, end)
            if batch.fits(len(data), self._settings.max_job_bytes, rows=end - start):
                batch.write(data, keys[start:end], rows=end - start)
                self._open_keys |= hashes
                self._count(end - start)
                start, end = end, last
            elif end - start > 1:
                end = (start + end) // 2
            elif len(data) > self._longest_row(writer):
                one_by_one(first + start)
                start, end = end, last
            else:
                self._seal()
                end = last

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
        limit = self._longest_row(writer)
        if len(row) > limit:
            raise RowRefused(
                "LIMIT_EXCEEDED",
                f"the row has {len(row)} bytes, and max_job_bytes leaves {limit} for it",
                (),
            )
        return row

    def _longest_row(self, writer: RowWriter) -> int:
        """Bytes of the longest row that a batch of its own has room for."""
        return self._settings.max_job_bytes - len(writer.encoder.header) - writer.reserve(1)

    def process_batch(self, context: dict[str, Any]) -> None:
        """Seal what has been read: the schema changed, or the input has come to its end."""
        records = {same_key for same_key, _ in self._undecided if same_key is not None}
        self._recogniser.write_records(records)
        self._release(records)
        self._seal()

    def clean_up(self) -> None:
        """Say at the end of the input what the settings let pass."""
        deleted = self._writes.encoder.deleted_rows
        if deleted and self._deletes is None and not self._writes.plan.operation.only_ids:
            self.logger.warning(
                "Stream %s: %s records that have _sdc_deleted_at were loaded like any other; "
                "set deletes to delete them in Salesforce",
                plain_text(self.stream_name),
                f"{deleted:,}",
            )
        super().clean_up()

    def activate_version(self, new_version: int) -> None:
        """Ignore that a full refresh has begun or ended: nothing is deleted by surprise."""
        self.logger.info(
            "Stream %s: ACTIVATE_VERSION %s is ignored; no record is deleted for it",
            plain_text(self.stream_name),
            plain_text(new_version),
        )

    def _batch(self, writer: RowWriter) -> OpenBatch:
        """The batch of a writer that takes the next row."""
        if writer.open is not None and (
            writer.open.rows >= writer.row_limit
            or writer.open.age_seconds() >= self._settings.max_batch_age_seconds
        ):
            self._seal()
        if writer.open is None:
            batch = self._intake.open_batch(writer.plan)
            writer.open = OpenBatch(batch, writer)
            self._intake.watch_position(batch, writer.open.position)
            writer.row_limit = self._intake.row_limit(batch, self._max_rows)
        return writer.open

    def _seal(self) -> None:
        """Hand over what is open: the writes first, then the deletes of what they wrote."""
        for writer in (self._writes, self._deletes):
            if writer is not None and writer.open is not None:
                closed, writer.open = writer.open, None
                if self._intake.is_stopped(self.stream_name):
                    closed.discard()
                else:
                    self._intake.hand_over(closed.batch, **closed.seal())
        self._deleted_keys.clear()
        self._open_keys.clear()


class ConnectionTestSink(Sink):
    """Takes what `meltano config test` sends, checks the login, and loads nothing."""

    max_size = 1

    def __init__(
        self,
        target: SafeTarget,
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
