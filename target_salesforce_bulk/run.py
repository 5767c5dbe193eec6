"""One run of the target: puts client, journal, loader, checkpoint and summary together."""

from __future__ import annotations

import logging
import secrets
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.singerlib.json import serialize_json

from target_salesforce_bulk.errors import LoadError, MappingError, NotFoundError
from target_salesforce_bulk.failed.adopt import Adopter
from target_salesforce_bulk.failed.resend import Resend
from target_salesforce_bulk.journal.failed_rows import FailureClass, write_csv
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import Journal
from target_salesforce_bulk.journal.seen import must_not_come_twice
from target_salesforce_bulk.loading.batch_loader import BatchLoader
from target_salesforce_bulk.loading.ingest_jobs import IngestJobs
from target_salesforce_bulk.loading.loader import Loader
from target_salesforce_bulk.loading.polling import PollPlan
from target_salesforce_bulk.loading.resume import resume
from target_salesforce_bulk.loading.settling.child_batches import RowRetries
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.reporting.loaded_ids import write_ids
from target_salesforce_bulk.reporting.summary import Summary, failure_lines
from target_salesforce_bulk.salesforce.ingest import IngestApi
from target_salesforce_bulk.salesforce.query import QueryApi
from target_salesforce_bulk.singer.checkpoint import Checkpoint
from target_salesforce_bulk.singer.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from target_salesforce_bulk.errors import SalesforceBulkError
    from target_salesforce_bulk.journal.batch import Batch, Counts, LoadPlan
    from target_salesforce_bulk.loading.loader import BatchReport
    from target_salesforce_bulk.mapping.resolve import ResolvedStream
    from target_salesforce_bulk.reporting.summary import StreamSummary
    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.salesforce.sobject import SObject
    from target_salesforce_bulk.settings import Settings
    from target_salesforce_bulk.singer.checkpoint import Position

logger = logging.getLogger(__name__)

#: Before so many rows of a stream have an outcome, a share that failed says little.
_ROWS_TO_JUDGE_BY = 200


class Describer:
    """Knows the objects of the org, and the schemas that streams have had."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sobjects: dict[str, SObject] = {}
        self._properties: dict[str, set[str]] = {}

    def sobject(self, name: str) -> SObject:
        """The description of an object, asked for once.

        Raises:
            NotFoundError: the org has no such object, or this user may not see it.
        """
        key = name.lower()
        if key not in self._sobjects:
            self._sobjects[key] = self._client.describe(name)
        return self._sobjects[key]

    def find_sobject(self, names: list[str]) -> SObject | None:
        """The description of the first of these objects that the org has.

        Raises:
            SettingsError: the org has not even the API version.
        """
        for name in names:
            try:
                return self.sobject(name)
            except NotFoundError:
                continue
        self._client.check_version()  # with a wrong one, nothing would be found
        return None

    def earlier_properties(self, stream: str, properties: Iterable[str]) -> set[str]:
        """The properties that a stream had in earlier schemas; these are remembered as well."""
        earlier = self._properties.setdefault(stream, set())
        before = set(earlier)
        earlier.update(properties)
        return before


class Run(Describer):
    """Everything that lives from the first message to the last.

    Opening one locks the state directory and brings to an end what an earlier run left behind.

    Raises:
        StateDirectoryError: the state directory cannot be used.
        SalesforceError: what an earlier run left behind cannot be brought to an end.
    """

    def __init__(self, settings: Settings, client: Client) -> None:
        super().__init__(client)
        self._settings = settings
        self._started_at = time.monotonic()
        self._tap_streams: dict[str, str] = {}
        self._stopped: dict[str, SalesforceBulkError] = {}
        self._states = 0
        self._rows_since_state = False
        self._filling: dict[int, Callable[[], Position]] = {}
        #: Rows that came again, in order, and how many of them are covered by STATE.
        self._came_again: list[tuple[str, str, bytes]] = []
        self._times_again: Counter[tuple[str, str, bytes]] = Counter()
        self._forgotten = 0
        self._input_ended = False
        self._opened: set[str] = set()
        self._canaries: set[int] = set()
        self._stopping = threading.Event()
        self._summary = Summary()
        #: Name of the run, in the journal and in the names of its files.
        self.id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        self._table = ErrorTable(settings.retryable_errors or ())
        self._journal = Journal(settings.state_dir)
        self._ledger = Ledger(self._journal, enabled=settings.state_ledger)
        self._checkpoint = Checkpoint(self._write_state, self._cover, self._forget_seen)
        retries = RowRetries(
            retries=settings.row_retries, wait_seconds=settings.row_retry_wait_seconds
        )
        self._api = IngestApi(client)
        query = QueryApi(client, self._stopping)
        self._adopter = Adopter(self._journal, self._api, query, self._table)
        jobs = IngestJobs(
            api=self._api,
            journal=self._journal,
            poll=PollPlan(
                interval_seconds=settings.poll_interval_seconds,
                max_interval_seconds=settings.poll_max_interval_seconds,
                timeout_seconds=settings.job_timeout_seconds,
            ),
            stopping=self._stopping,
            compress=settings.compress_uploads,
        )
        runner = BatchLoader(
            jobs=jobs,
            query=query,
            journal=self._journal,
            stopping=self._stopping,
            table=self._table,
            retries=retries,
            on_kept=self._rows_kept,
            keep_results=self._keep_results if settings.save_results == "all" else None,
        )
        try:
            self._journal.start_run(self.id)
            resume(self._journal, runner)
            self._journal.remember_seen_rows()
            self._journal.sweep()
        except BaseException:
            self._journal.close()
            raise
        self._loader = Loader(
            client=client,
            runner=runner,
            retries=retries,
            workers=settings.max_concurrent_jobs,
            max_spool_bytes=settings.max_spool_bytes,
            observer=self,
            stopping=self._stopping,
        )
        if settings.retry_failed_on_start:
            self.retry(Selection(failure_class=FailureClass.TRANSIENT))
            self._input_ended = False

    def stream_started(
        self, stream: str, tap_stream: str, resolved: ResolvedStream
    ) -> StreamSummary:
        """Begin to count a stream.

        Args:
            stream: Its name here, after stream maps.
            tap_stream: Its name in the tap, under which STATE has its bookmark.
            resolved: What becomes of its rows.
        """
        self._tap_streams[stream] = tap_stream
        return self._summary.stream_started(stream, resolved.sobject.name)

    def is_stopped(self, stream: str) -> bool:
        """Whether rows of a stream are not taken any more.

        Raises:
            SalesforceBulkError: no stream can be loaded any more.
        """
        self._loader.check()
        return stream in self._stopped

    def open_batch(self, plan: LoadPlan) -> Batch:
        """Make a batch to be filled; a STATE that comes later waits for it."""
        batch = self._journal.open_batch(plan)
        self._checkpoint.batch_opened(batch.id, self._tap_streams[plan.stream])
        if self._settings.canary_rows and plan.stream not in self._opened:
            self._canaries.add(batch.id)
        self._opened.add(plan.stream)
        return batch

    def filling(self, batch: Batch, position: Callable[[], Position]) -> None:
        """Tell how far a batch is filled, from now until it is sealed."""
        if must_not_come_twice(batch.plan.operation):
            self._filling[batch.id] = position

    def row_limit(self, batch: Batch, limit: float) -> float:
        """How many rows a batch takes: the first one of a stream may be a canary."""
        canary = self._settings.canary_rows
        return min(limit, canary) if canary and batch.id in self._canaries else limit

    def sealed(self, batch: Batch, **facts: int) -> None:
        """Hand a filled batch to the loader; waits while too many bytes are queued."""
        self._filling.pop(batch.id, None)
        self._loader.submit(self._journal.seal(batch.id, **facts))

    @contextmanager
    def input_ends(self) -> Iterator[None]:
        """Let what is sealed at the end of the input go parents first, not as it was sealed."""
        with self._loader.paused():
            yield
            self._input_ended = True

    def state_received(self, state: dict[str, Any]) -> None:
        """Take in a STATE; it is written when everything before it is settled."""
        positions = {batch_id: position() for batch_id, position in self._filling.items()}
        self._states += 1
        self._rows_since_state = False
        self._checkpoint.state_received(
            self._ledger.take_out(state), positions, len(self._came_again)
        )

    def _cover(self, batch_id: int, position: Position | None) -> None:
        """A STATE was written that covers a settled batch, up to a position or all of it."""
        if position is None:
            self._journal.release(batch_id)
        else:
            self._journal.cover(batch_id, *position)

    def _forget_seen(self, number: int) -> None:
        """A STATE was written that covers so many of the rows that came again."""
        new = self._came_again[self._forgotten : number]
        if new:
            self._journal.seen.forget(new)
        self._forgotten = max(self._forgotten, number)

    def check_seen(self, plan: LoadPlan) -> bool:
        """Whether rows of a stream may come again that an earlier run dealt with.

        Raises:
            MappingError: they could not be recognised, because the field map has changed.
        """
        seen = self._journal.seen.rows(plan.stream)
        others = sum(number for name, number in seen.items() if name != plan.map_fingerprint)
        if others:
            raise MappingError(
                f"Stream {plan.stream}: an interrupted run dealt with {others} rows that come "
                "again, but its mapping has changed since, so they could not be recognised. Set "
                f"the former settings of streams.{plan.stream} for one run; or, if they may be "
                f"{plan.operation}ed twice, run: target-salesforce-bulk jobs forget {plan.stream}",
                stream=plan.stream,
            )
        return bool(seen)

    def came_again(self, plan: LoadPlan, fingerprint: bytes) -> bool:
        """Whether a row was dealt with by an earlier run; each is told once."""
        row = (plan.stream, plan.map_fingerprint, fingerprint)
        if self._journal.seen.times(*row) <= self._times_again[row]:
            return False
        self._times_again[row] += 1
        self._came_again.append(row)
        return True

    def note_row(self) -> None:
        """Note that a record came after the last STATE."""
        self._rows_since_state = True

    def _write_state(self, state: dict[str, Any]) -> None:
        # One write, so that a reader never sees half a line.
        sys.stdout.write(serialize_json(self._ledger.put_in(state)) + "\n")
        sys.stdout.flush()

    def batch_settled(self, report: BatchReport) -> None:
        """Every row of a batch has an outcome on disk, or is in a child batch."""
        stream = self._summary.batch_settled(report)
        self._checkpoint.batch_settled(
            report.batch.id,
            origin_id=report.batch.origin_id,
            children=[child.id for child in report.children],
        )
        self._stop_early(report.batch, stream)

    def _rows_kept(self, batch: Batch, counts: Counts) -> None:
        """Rows of a stream that stopped are stored as failed, and will not be sent again."""
        self._summary.rows_kept(batch, counts)
        self._checkpoint.repeat()

    def _stop_early(self, batch: Batch, stream: StreamSummary) -> None:
        """Stop a stream of which so much failed that the rest had better not be sent."""
        more = not self._input_ended or self._checkpoint.is_open(
            self._tap_streams[batch.plan.stream]
        )
        enough = stream.counts.known >= _ROWS_TO_JUDGE_BY or batch.id in self._canaries
        if batch.plan.stream in self._stopped or not more or not enough:
            return
        for problem in self._threshold_problems(stream):
            self._loader.stop_stream(batch.plan.stream)
            self.stream_stopped(batch, LoadError(f"{problem} The rest of it is not sent."))
            return

    def stream_stopped(self, batch: Batch, error: SalesforceBulkError) -> None:
        """No further row of the batch's stream is loaded; the other streams go on."""
        stream = batch.plan.stream
        if stream in self._stopped:
            return
        logger.error("Stream %s stopped: %s", stream, error)
        self._stopped[stream] = error
        self._summary.stream_stopped(stream, str(error))
        self._checkpoint.stream_stopped(self._tap_streams[stream])

    def adopt(self, job_id: str, stream: str | None) -> None:
        """Take in the failed rows of a job, unless the journal knows the job already.

        Raises:
            SalesforceError: they cannot be fetched.
        """
        if not self._journal.knows_job(job_id):
            job = self._api.get(job_id)
            self._adopter.adopt(job.id, stream or job.object, self.sobject(job.object))

    def retry(self, chosen: Selection) -> dict[str, Any]:
        """Send stored failed rows again: how many, and how many not and why."""
        resend = Resend(self._journal, self._settings.max_job_bytes)
        sent = 0
        for batch in resend.batches(chosen):
            sent += batch.rows
            self._summary.stream_started(batch.plan.stream, batch.plan.sobject)
            self._tap_streams.setdefault(batch.plan.stream, batch.plan.stream)
            self._loader.submit(batch)
        skipped = dict(resend.skipped)
        if self._adopter.newer:
            skipped["their records were written later"] = self._adopter.newer
        self._input_ended = True
        return {"sent": sent, "skipped": skipped}

    def outcome(self) -> dict[str, int]:
        """The sums over all streams."""
        streams = self._summary.streams
        return {
            "loaded": sum(stream.counts.loaded for stream in streams),
            "failed": sum(stream.counts.not_loaded for stream in streams),
        }

    def finish(self) -> None:
        """Wait for what is under way, and say what was done.

        Raises:
            LoadError: a person must look at the outcome.
            SalesforceBulkError: loading ended early for a reason that concerns all streams.
        """
        try:
            self._loader.drain()
            if not self._stopped:
                self._end_run()
        finally:
            self._report()
        if problems := self._problems():
            raise LoadError(" ".join(problems))

    def _end_run(self) -> None:
        self._journal.end_run(stateless=not self._states)
        if self._came_again:
            logger.info(
                "%s rows had been dealt with by an interrupted run and were not sent again",
                len(self._came_again),
            )
        if self._states and not self._rows_since_state:
            # The tap came to its end: what it did not send again will not come.
            for stream in self._tap_streams:
                self._journal.seen.forget_stream(stream)

    def stop(self) -> None:
        """Leave at the next step of each job; the next run goes on from there."""
        self._loader.stop()

    def close(self) -> None:
        """Give the state directory free."""
        self._journal.close()

    def _report(self) -> None:
        """Write the summary to stderr, and the failed rows to files."""
        files = self._write_failed_rows()
        groups = self._journal.failures.groups(Selection(run_id=self.id))
        seconds = time.monotonic() - self._started_at
        lines = [
            f"Run {self.id}: {seconds:.1f} seconds, {self._client.calls} API calls",
            *([self._summary.table()] if self._summary.streams else ["No records came in."]),
            *filter(None, [self._summary.accounting()]),
            *failure_lines(groups, files, self._table),
        ]
        click.echo("\n".join(lines), err=True)

    def _keep_results(self, batch: Batch, successful: Path) -> None:
        """Keep the Ids of the records that a batch has written."""
        folder = self._settings.state_dir / "results" / self.id
        write_ids(folder / f"{_file_name(batch.plan.stream)}-{batch.id}.csv", batch, successful)

    def _write_failed_rows(self) -> dict[str, Path]:
        folder = self._settings.state_dir / "failed" / self.id
        files = {}
        for stream in self._journal.failures.streams(self.id):
            files[stream] = folder / f"{_file_name(stream)}.csv"
            headers = self._journal.failures.headers(self.id, stream)
            write_csv(
                files[stream],
                self._journal.failures.select(Selection(run_id=self.id, stream=stream)),
                headers,
            )
        return files

    def _problems(self) -> list[str]:
        problems = [
            f"Stream {stream} stopped; its bookmark stays, so its rows come again: {error}"
            for stream, error in self._stopped.items()
        ]
        for stream in self._summary.streams:
            if stream.stream not in self._stopped:
                problems += self._threshold_problems(stream)
            if stream.counts.uncertain:
                problems.append(
                    f"The outcome of {stream.counts.uncertain} rows of stream {stream.stream} is "
                    "uncertain."
                )
        if self._checkpoint.blocked:
            problems.append(
                "No STATE could be written for the streams that did load, because the tap's STATE "
                "has no bookmarks by stream."
            )
        return problems

    def _threshold_problems(self, stream: StreamSummary) -> list[str]:
        limit, counts = self._settings.max_failed_rows, stream.counts
        problems = []
        if stream.failed_percent > self._settings.max_failed_percent:
            problems.append(
                f"{counts.not_loaded} of {counts.known} rows of stream "
                f"{stream.stream} failed, {stream.failed_percent:.2f} %; max_failed_percent is "
                f"{self._settings.max_failed_percent:g}."
            )
        if limit is not None and counts.not_loaded > limit:
            problems.append(
                f"{counts.not_loaded} rows of stream {stream.stream} failed; max_failed_rows is "
                f"{limit}."
            )
        return problems


def _file_name(stream: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in stream)
