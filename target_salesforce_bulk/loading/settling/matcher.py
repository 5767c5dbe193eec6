"""Matches the rows of result files to the rows that were sent.

A result says what became of a row by repeating it: for a failed row as it was sent, for a loaded
one as Salesforce understood it, which may be less. Rows are therefore matched by their values, and
where that leaves results over, by what no echo leaves out. Where the results fit several rows that
differ, nobody knows which of them failed, and they are uncertain.

The successful results are by far the most. While the numbers add up, only those are looked at that
may speak of the same rows as a failed or unprocessed one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.journal.failed_rows import UNCERTAIN, RowError
from target_salesforce_bulk.loading.settling.pairing import NO_ROW, Pairing, Says
from target_salesforce_bulk.loading.settling.result_files import (
    ResultCounts,
    cell,
    needed_columns,
    places_in,
    result_rows,
)
from target_salesforce_bulk.loading.settling.row_forms import EchoFilter, RowForms
from target_salesforce_bulk.loading.settling.sent_rows import LEFT_ALONE, failed_row, sent_rows
from target_salesforce_bulk.salesforce.job import ResultKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.failed_rows import FailedRow
    from target_salesforce_bulk.salesforce.job import JobInfo

_NOT_LOADED = (ResultKind.FAILED, ResultKind.UNPROCESSED)


class Matcher:
    """Finds what became of each row of a batch.

    Args:
        batch: The batch.
        job: Its job as it ended.
        files: The result files; without the successful ones where the job's counts stand for them.
    """

    def __init__(self, batch: Batch, job: JobInfo, files: Mapping[ResultKind, Path]) -> None:
        self._batch = batch
        self._job = job
        self._files = files
        self._forms = RowForms(batch.plan)
        self._pairing = Pairing()
        #: Whether Salesforce had no data of the job.
        self.nothing_arrived = False

    def __enter__(self) -> Matcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._pairing.close()

    def match(self) -> str:
        """Match all rows; why the responses do not add up, empty if they do."""
        suspects = EchoFilter()
        counts = self._count(suspects)
        self.nothing_arrived = counts.nothing_arrived
        why = counts.explain()
        if not why and suspects.empty:
            return ""
        return self._match_all(counts, why) if why else self._match_suspects(counts, suspects)

    def not_loaded(self) -> Iterator[FailedRow]:
        """The sent rows that have a result other than success, in the order in which they went."""
        results = self._pairing.not_loaded()
        following = next(results, None)
        for number, row in sent_rows(self._batch.csv):
            if following is None:
                return
            if number == following[0]:
                yield failed_row(self._batch.plan, row, _error(following[1]))
                following = next(results, None)

    def _count(self, suspects: EchoFilter) -> ResultCounts:
        """Read every file once, and take in the results that may speak of suspects."""
        named: dict[ResultKind, int] = {}
        reasons = []
        for kind in (*_NOT_LOADED, ResultKind.SUCCESSFUL):
            if kind not in self._files:
                named[kind] = self._job.records_processed or 0
                continue
            try:
                named[kind] = self._take_suspects(kind, suspects)
            except ResponseError as error:
                reasons.append(str(error))
        return ResultCounts(
            sent=self._batch.rows, job=self._job, named=named, unreadable="; ".join(reasons)
        )

    def _take_suspects(self, kind: ResultKind, suspects: EchoFilter) -> int:
        if kind is ResultKind.SUCCESSFUL and suspects.empty:
            return sum(1 for _ in self._rows(kind))
        seen = 0

        def results() -> Iterator[tuple[bytes, bytes, Says, str | None]]:
            nonlocal seen
            for forms, row, error in self._rows(kind):
                seen += 1
                echo = "" if row is None else forms.echo(row)
                if kind is not ResultKind.SUCCESSFUL:
                    suspects.add(echo)
                if echo in suspects:
                    yield *_digests(forms, row), _says(kind), error

        self._pairing.add_results(results())
        return seen

    def _match_suspects(self, counts: ResultCounts, suspects: EchoFilter) -> str:
        """Match what failed or was left alone; all other rows were loaded, as the numbers say."""
        self._pairing.add_sent(
            (number, *self._forms.digests(row))
            for number, row in sent_rows(self._batch.csv)
            if self._forms.echo(row) in suspects
        )
        self._pairing.leave_out_loaded()
        if more := self._pairing.crowd():
            return self._match_all(
                counts, f"{more} results match no sent row, or a row that already has a result"
            )
        self._pairing.pair()
        if alike := self._pairing.count_alike():
            why = f"{alike} rows differ only in details that results omit, and some of them failed"
            self._pairing.doubt_alike(_doubt(why))
            return why
        return ""

    def _match_all(self, counts: ResultCounts, why: str) -> str:
        """Match every row, as only those may be called loaded that a believable result names."""
        self._pairing.close()
        self._pairing = Pairing()
        doubt = _doubt(why)
        for kind in counts.named.keys() & self._files.keys():
            believed = counts.believes(kind)
            says = _says(kind) if believed else Says.NOTHING
            self._pairing.add_results(
                (*_digests(forms, row), says, error if believed else doubt)
                for forms, row, error in self._rows(kind)
            )
        self._pairing.add_sent(
            (number, *self._forms.digests(row)) for number, row in sent_rows(self._batch.csv)
        )
        self._pairing.crowd()
        self._pairing.doubt_crowded(doubt)
        self._pairing.pair()
        self._pairing.doubt_rest(doubt)
        return why

    def _rows(self, kind: ResultKind) -> Iterator[tuple[RowForms, list[str] | None, str | None]]:
        """The rows of a result file, none for a damaged one, with their forms and errors."""
        plan = self._batch.plan
        forms = None
        for header, row in result_rows(self._files[kind], needed_columns(plan, kind)):
            forms = forms or RowForms(plan, places_in(header, plan))
            error = LEFT_ALONE.raw if kind is ResultKind.UNPROCESSED else None
            if kind is ResultKind.FAILED:
                error = cell(header, row, "sf__error")
            yield forms, (row if len(row) == len(header) else None), error


def _digests(forms: RowForms, row: list[str] | None) -> tuple[bytes, bytes]:
    return NO_ROW if row is None else forms.digests(row)


def _says(kind: ResultKind) -> Says:
    return Says.LOADED if kind is ResultKind.SUCCESSFUL else Says.NOT_LOADED


def _doubt(why: str) -> str:
    return f"{UNCERTAIN}:Salesforce's responses do not add up: {why}:--"


def _error(text: str) -> RowError:
    return LEFT_ALONE if text == LEFT_ALONE.raw else RowError.parse(text)
