"""The report at the end of a run, and whether it needs attention."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import LoadError
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.plain_text import counted
from target_salesforce_bulk.printing import print_lines
from target_salesforce_bulk.private_files import UsingFiles, make_subfolder
from target_salesforce_bulk.reporting.failed_csv import write_csv
from target_salesforce_bulk.reporting.file_names import file_name
from target_salesforce_bulk.reporting.metrics import log_metrics
from target_salesforce_bulk.reporting.summary import accounting, cost_lines, failure_lines, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.loading.guards.thresholds import Thresholds
    from target_salesforce_bulk.loading.settling.error_table import ErrorTable
    from target_salesforce_bulk.loading.tally import StreamTally, Tally
    from target_salesforce_bulk.salesforce.limits import ApiUsage
    from target_salesforce_bulk.salesforce.meter import Traffic


_REMEDY = (
    "The rows are stored: `target-salesforce-bulk failed list` says why they failed; correct that "
    "in the source and load them again, or in Salesforce and run `target-salesforce-bulk failed "
    "retry`."
)


class EndOfRun:
    """Reports one run, and decides whether it succeeded."""

    def __init__(
        self,
        *,
        run_id: str,
        journal: Journal,
        table: ErrorTable,
        tally: Tally,
        thresholds: Thresholds,
        escape_formulas: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run_id = run_id
        self._journal = journal
        self._table = table
        self._tally = tally
        self._thresholds = thresholds
        self._escape_formulas = escape_formulas
        self._clock = clock
        self._started_at = clock()

    @property
    def stopped(self) -> list[StreamTally]:
        """The streams that stopped early."""
        return [each for each in self._tally.streams if each.stopped is not None]

    def report(self, traffic: Traffic, usage: ApiUsage | None) -> None:
        """Write metrics and the summary to stderr, and the failed rows to files.

        Args:
            traffic: What the run has sent.
            usage: How much of the org's API requests is used; None where that is unknown.
        """
        streams = self._tally.streams
        log_metrics(traffic, usage, streams)
        files = self._write_failed_rows()
        groups = self._journal.failures.groups(Selection(run_id=self._run_id))
        seconds = self._clock() - self._started_at
        lines = [
            f"Run {self._run_id}: {seconds:.1f} seconds, {traffic.requests} API calls",
            *(table(streams) if streams else ["No records were read."]),
            *filter(None, [accounting(streams)]),
            *cost_lines(traffic, usage),
            *failure_lines(groups, files, self._table),
        ]
        print_lines(*lines, err=True)
        if usage is not None:
            self._journal.note_api_usage(usage.used, usage.allowed)

    def _write_failed_rows(self) -> dict[str, Path]:
        streams = self._journal.failures.streams(self._run_id)
        if not streams:
            return {}
        files = {}
        with UsingFiles(self._journal.state_dir):
            folder = make_subfolder(self._journal.state_dir, "failed", self._run_id)
            for stream in streams:
                files[stream] = folder / f"{file_name(stream)}.csv"
                write_csv(
                    files[stream],
                    self._journal.failures.select(Selection(run_id=self._run_id, stream=stream)),
                    self._journal.failures.headers(self._run_id, stream),
                    escape=self._escape_formulas,
                )
        return files

    def judge(self, *, state_withheld: str) -> None:
        """Raise if the run needs attention.

        Args:
            state_withheld: Why STATE was withheld from all streams; empty if it was not.

        Raises:
            LoadError: a stream stopped, exceeded a threshold or has uncertain rows, or STATE was
                withheld.
        """
        if problems := self._problems(state_withheld):
            raise LoadError(" ".join(problems))

    def _problems(self, state_withheld: str) -> list[str]:
        problems = [
            f"Stream {each.stream} {_stopped(each)}: {each.stopped}" for each in self.stopped
        ]
        for each in self._tally.streams:
            if each.stopped is None:
                problems += self._thresholds.problems(each)
            if each.counts.uncertain:
                problems.append(
                    f"The outcome of {counted(each.counts.uncertain, 'row')} of stream "
                    f"{each.stream} is uncertain."
                )
        if len(problems) > len(self.stopped):
            problems.append(_REMEDY)
        if state_withheld:
            problems.append(
                "No STATE could be written for the streams that did load, because "
                f"{state_withheld}."
            )
        return problems


def _stopped(stream: StreamTally) -> str:
    """What became of the rows of a stream that stopped; without input, they were stored ones."""
    if stream.read:
        return "stopped and keeps its bookmark, so its rows will be read again"
    return "stopped, and its rows stay stored"
