"""A run: assembled, opened, finished and closed. It makes no decisions itself."""

from __future__ import annotations

import secrets
import sys
import threading
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.loading.batch_loader import BatchLoader
from target_salesforce_bulk.loading.events import Events
from target_salesforce_bulk.loading.guards.api_usage import ApiUsageLimit
from target_salesforce_bulk.loading.guards.canary import Canaries
from target_salesforce_bulk.loading.guards.deletes import DeleteGuard, DeleteLimits
from target_salesforce_bulk.loading.guards.thresholds import Thresholds
from target_salesforce_bulk.loading.ingest_jobs import IngestJobs
from target_salesforce_bulk.loading.loader import Loader
from target_salesforce_bulk.loading.polling import PollPlan
from target_salesforce_bulk.loading.resume import Resume
from target_salesforce_bulk.loading.settling.child_batches import RowRetries
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.loading.tally import Tally
from target_salesforce_bulk.reporting.end_of_run import EndOfRun
from target_salesforce_bulk.reporting.exports.exports import Exports
from target_salesforce_bulk.reporting.loaded_ids import LoadedIds
from target_salesforce_bulk.reporting.metrics import log_batch
from target_salesforce_bulk.reporting.progress.facts import Facts
from target_salesforce_bulk.reporting.report.job_times import WatchedIngest
from target_salesforce_bulk.reporting.report.recorder import RunRecorder
from target_salesforce_bulk.reporting.report.writer import ReportWriter, RunFacts
from target_salesforce_bulk.reporting.retention import delete_old
from target_salesforce_bulk.salesforce.ingest import IngestApi
from target_salesforce_bulk.salesforce.objects import Objects
from target_salesforce_bulk.salesforce.query import QueryApi
from target_salesforce_bulk.salesforce.transport import RetryPolicy
from target_salesforce_bulk.singer import bookmarks
from target_salesforce_bulk.singer.aliases import alias_of
from target_salesforce_bulk.singer.checkpoint import Checkpoint
from target_salesforce_bulk.singer.ledger import Ledger
from target_salesforce_bulk.singer.live_intake import LiveIntake
from target_salesforce_bulk.singer.state_output import StateOutput
from target_salesforce_bulk.state_directory import StateDirectory

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.reporting.progress.display import Display
    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.settings import Settings


class Run:
    """The parts of a run, wired together.

    Args:
        settings: The settings.
        client: The connection to the org.
        journal: The open journal; the run closes it.
        exports: Tells other systems what the run does.
    """

    def __init__(
        self, settings: Settings, client: Client, journal: Journal, exports: Exports
    ) -> None:
        #: Identifies the run in the journal and in file names.
        self.id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        self._client = client
        self._recorder = RunRecorder(self.id)
        self._stopping = threading.Event()
        self._succeeded = False
        self._closed = False
        self._exports = exports
        self._exports.opened(self.id, client.instance_url)
        self.journal = journal
        self.tally = Tally()
        self.table = ErrorTable(settings.retryable_errors or ())
        self.api = IngestApi(client)
        self.query = QueryApi(client, self._stopping)
        self._thresholds = Thresholds(
            max_failed_percent=settings.max_failed_percent, max_failed_rows=settings.max_failed_rows
        )
        self._canaries = Canaries(settings.canary_rows)
        self._ledger = Ledger(journal, client.org_id, enabled=settings.state_ledger)
        self._checkpoint = Checkpoint(
            StateOutput(self._ledger).write,
            journal,
            numbered=self._ledger.enabled,
            starts=_starts(journal),
        )
        self._events = Events()
        self._events.subscribe(self.tally.observe)
        self._events.subscribe(self._checkpoint.observe)
        self._events.subscribe(log_batch)
        self._events.subscribe(self._recorder.observe)
        # Apart from the events that STATE depends on: no step waits for a reader of stdout.
        self._steps = Events()
        self._steps.subscribe(self._exports.observe)
        self._events.subscribe(self._steps.publish)
        self._facts: Facts | None = None
        self._progress: Display | None = None
        self._batch_loader = self._make_batch_loader(settings)
        self._loader = Loader(
            client=client,
            batch_loader=self._batch_loader,
            retries=self._batch_loader.retries,
            workers=settings.max_concurrent_jobs,
            max_spool_bytes=settings.max_spool_bytes,
            events=self._events,
            deletes=DeleteGuard(
                limits=partial(delete_limits, settings),
                count=self.query.count,
                hold_seconds=settings.max_batch_age_seconds,
            ),
            early_problem=self._early_problem,
            stopping=self._stopping,
        )
        self._resume = Resume(journal, self._batch_loader.jobs, self._loader)
        self.intake = LiveIntake(
            journal=journal,
            loader=self._loader,
            checkpoint=self._checkpoint,
            ledger=self._ledger,
            tally=self.tally,
            canaries=self._canaries,
            objects=Objects(client),
            publish=self._events.publish,
        )
        self._end = EndOfRun(
            run_id=self.id,
            journal=journal,
            table=self.table,
            tally=self.tally,
            thresholds=self._thresholds,
            escape_formulas=settings.csv_formulas == "escape",
        )
        self._report = ReportWriter(
            facts=RunFacts(
                org=client.org_id, instance_url=client.instance_url, settings=settings.given()
            ),
            recorder=self._recorder,
            journal=journal,
            tally=self.tally,
            table=self.table,
        )

    def _make_batch_loader(self, settings: Settings) -> BatchLoader:
        usage_limit = ApiUsageLimit(settings.api_usage_limit_percent)
        jobs = IngestJobs(
            api=WatchedIngest(self.api, self._recorder.jobs),
            journal=self.journal,
            poll=PollPlan(
                interval_seconds=settings.poll_interval_seconds,
                max_interval_seconds=settings.poll_max_interval_seconds,
                timeout_seconds=settings.job_timeout_seconds,
            ),
            policy=RetryPolicy(
                attempts=settings.request_attempts, max_seconds=settings.request_max_seconds
            ),
            stopping=self._stopping,
            usage_problem=lambda: usage_limit.problem(self._client.find_api_usage()),
            compress=settings.compress_uploads,
            steps=self._steps,
        )
        loaded_ids = LoadedIds(self.journal.state_dir, self.id, self._recorder.note_created)
        return BatchLoader(
            jobs=jobs,
            query=self.query,
            journal=self.journal,
            stopping=self._stopping,
            table=self.table,
            retries=RowRetries(
                retries=settings.row_retries, wait_seconds=settings.row_retry_wait_seconds
            ),
            events=self._events,
            steps=self._steps,
            keep_results=loaded_ids.keep if settings.save_results == "all" else None,
        )

    def _early_problem(self, batch: Batch) -> str:
        tally = self.tally.of(batch.plan.stream)
        return self._thresholds.early_problem(tally, canary=batch in self._canaries)

    @classmethod
    def open(cls, settings: Settings, client: Client, progress: Display | None = None) -> Self:
        """Lock the state directory and finish what an earlier run left behind.

        Args:
            settings: The settings.
            client: The connection to the org.
            progress: Shows how far the run is.

        Raises:
            SettingsError: `dry_run` is on.
            StateDirectoryError: the state directory cannot be used.
            SalesforceError: the jobs of an earlier run cannot be settled.
        """
        settings.check_sends()
        exports = Exports.begin(settings.metrics_file)
        with exports.starting():
            return cls._open(settings, client, exports, progress)

    @classmethod
    def _open(
        cls, settings: Settings, client: Client, exports: Exports, progress: Display | None
    ) -> Self:
        directory = StateDirectory(settings.state_dir, settings.login)
        directory.check()  # before a login that may replace the refresh token
        journal = SqliteJournal(directory.of_org(client.org_id, client.instance_url))
        try:
            run = cls(settings, client, journal, exports)
            if progress is not None:
                run._show(progress)
            run._begin(settings.keep_days)
        except BaseException:
            journal.close()
            raise
        return run

    def _begin(self, keep_days: int) -> None:
        self.journal.start_run(self.id)
        try:
            self._resume.run()
            self.journal.release_settled()
            self.journal.sweep()
            delete_old(self.journal, keep_days)
            self.journal.recognised.begin()
            self._loader.start()
        except BaseException:
            self._write_report()
            raise

    def _write_report(self) -> None:
        """Write the report, which tells of the error that is being handled, if there is one."""
        self._report.write(sys.exception(), self._client.traffic, self._client.api_usage)

    def _show(self, progress: Display) -> None:
        """Show how far the run is, until its end."""
        facts = Facts(
            tally=self.tally,
            traffic=lambda: self._client.traffic,
            usage=lambda: self._client.api_usage,
        )
        self._steps.subscribe(facts.observe)
        self._facts, self._progress = facts, progress
        progress.watch(facts)

    def load_again(self, batch: Batch) -> None:
        """Load a sealed batch of stored failed rows."""
        self.tally.stream_started(batch.plan.stream, batch.plan.sobject)
        self._loader.submit(batch)

    def finish(self) -> None:
        """See `OpenRun.finish`.

        Raises:
            LoadError: the outcome needs attention.
            SalesforceBulkError: loading ended early for all streams.
        """
        self._finish(self.intake.complete)

    def finish_left(self) -> None:
        """End a run that reads nothing: what an earlier one left behind is loaded, and reported.

        Raises:
            SalesforceBulkError: as for `finish`.
        """
        self._finish(lambda: None)

    def _finish(self, complete: Callable[[], None]) -> None:
        self._exports.input_ended(self.tally.streams)
        self._recorder.input_ended()
        if self._facts is not None:
            self._facts.input_ended()
        try:
            self._loader.drain()
            if self._ledger.has_news:
                self._checkpoint.repeat()
            if not self._end.stopped:
                complete()
        finally:
            if self._progress is not None:
                self._progress.stop()
            self._end.report(self._client.traffic, self._client.api_usage)
        self._end.judge(state_withheld=self._checkpoint.withheld)
        self._succeeded = True

    def stop(self) -> None:
        """See `OpenRun.stop`."""
        self._loader.stop()

    def close(self) -> None:
        """See `OpenRun.close`."""
        if not self._closed:
            self._closed = True
            # What cannot be noted counts as a kill, which is the safe side.
            with closing(self.journal):
                with suppress(StateDirectoryError):
                    self.journal.leave_run()
                self._end_exports(sys.exception())
                self._write_report()

    def _end_exports(self, error: BaseException | None) -> None:
        self._exports.end(
            succeeded=self._succeeded,
            error=error,
            streams=self.tally.streams,
            failures=lambda: self.journal.failures.groups(Selection(run_id=self.id)),
            traffic=self._client.traffic,
            usage=self._client.api_usage,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop loading if the run has not finished, and release the state directory."""
        try:
            self.stop()
        finally:
            self.close()


def delete_limits(settings: Settings, stream: str) -> DeleteLimits:
    """What a stream may delete in one run."""
    known = settings.streams or {}
    options = settings.for_stream(stream if stream in known else alias_of(stream))
    return DeleteLimits(
        accepted=options.accepted_deletes,
        max_deletes=options.max_deletes,
        max_delete_percent=options.max_delete_percent,
    )


def _starts(journal: Journal) -> dict[str, Any] | None:
    """The bookmarks that the tap starts from, if it got what was written last."""
    if journal.last_state_in_doubt:
        return None
    last = journal.last_state()
    return {} if last is None else bookmarks.by_stream(last)
