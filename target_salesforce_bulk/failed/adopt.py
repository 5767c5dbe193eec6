"""Imports the failed rows of a job that another machine ran."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import JobError
from target_salesforce_bulk.journal.batch import BatchColumn, LoadPlan
from target_salesforce_bulk.journal.failed_rows import UNPROCESSED, FailedRow, RowError
from target_salesforce_bulk.rows.canonical import canonical_key
from target_salesforce_bulk.rows.csvfile import read_rows
from target_salesforce_bulk.salesforce.job import Operation, ResultKind, read_time
from target_salesforce_bulk.salesforce.query import literal, queries_that_fit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.loading.settling.error_table import ErrorTable
    from target_salesforce_bulk.salesforce.ingest import IngestApi
    from target_salesforce_bulk.salesforce.job import JobInfo
    from target_salesforce_bulk.salesforce.query import QueryApi
    from target_salesforce_bulk.salesforce.sobject import SObject


class Adopter:
    """Fetches failed rows of jobs from Salesforce.

    Args:
        journal: Stores the rows.
        api: The ingest resources.
        query: Looks up records that were written since.
        table: Classifies errors.
    """

    def __init__(
        self, journal: Journal, api: IngestApi, query: QueryApi, table: ErrorTable
    ) -> None:
        self._journal = journal
        self._api = api
        self._query = query
        self._table = table
        #: Number of rows left out because their records were written after the job.
        self.newer = 0

    def adopt(self, job_id: str, stream: str, sobject: SObject) -> int:
        """Fetch the failed rows of a job; returns their number.

        Raises:
            JobError: the job has not ended.
            NotFoundError: Salesforce does not have the job, or no longer has it.
        """
        job = self._api.get(job_id)
        if not job.state.is_terminal:
            raise JobError(
                f"Job {job_id} is {job.state}; retry its rows when it has ended.",
                job_id=job_id,
                permanent=False,
            )
        with tempfile.TemporaryDirectory(dir=self._journal.state_dir) as folder:
            rows = list(self._rows(job, sobject, Path(folder)))
        plan = _plan(job, stream, sobject, [*rows[0].row] if rows else [])
        newer = self._newer_keys(job, plan, rows)
        older = [row for row in rows if row.same_key not in newer]
        self.newer += len(rows) - len(older)
        self._journal.adopt(plan, job.id, older)
        return len(older)

    def _rows(self, job: JobInfo, sobject: SObject, folder: Path) -> Iterator[FailedRow]:
        for kind in (ResultKind.FAILED, ResultKind.UNPROCESSED):
            path = folder / f"{kind}.csv"
            self._api.download(job.id, kind, path)
            lines = read_rows(path, strict=False)
            header = next(lines, [])
            for line in lines:
                cells = dict(zip(header, line, strict=False))
                text = cells.pop("sf__Error", UNPROCESSED)
                cells.pop("sf__Id", None)
                yield self._row(job, sobject, cells, text)

    def _row(self, job: JobInfo, sobject: SObject, cells: dict[str, str], text: str) -> FailedRow:
        error = (
            RowError(code=UNPROCESSED, message="Salesforce did not process this row.", raw=text)
            if text == UNPROCESSED
            else RowError.parse(text)
        )
        name = _key_name(job)
        key = next((cell for header, cell in cells.items() if header.lower() == name), None)
        field = sobject.field(name) if name else None
        same = canonical_key(field)(key) if field is not None and key is not None else None
        kind = self._table.kind(error.code, error.raw)
        return FailedRow(
            row=cells, error=error, key=key, same_key=same, failure_class=kind.failure_class
        )

    def _newer_keys(self, job: JobInfo, plan: LoadPlan, rows: list[FailedRow]) -> set[str | None]:
        """Keys of records written after the job; an older value must not overwrite them."""
        place = plan.key_index
        if place is None or plan.operation.only_ids or not job.modified_date:
            return set()
        column = plan.columns[place]
        same, ended = canonical_key(column.field), read_time(job.modified_date)
        head = (
            f"SELECT {column.header}, LastModifiedDate FROM {plan.sobject} "  # noqa: S608
            f"WHERE {column.header} IN ("
        )
        literals = (literal(row.key, column.type) for row in rows if row.key)
        newer: set[str | None] = set()
        for soql in queries_that_fit(head, literals):
            for record in self._query.select(soql):
                if read_time(record.get("LastModifiedDate", "")) > ended:
                    newer.add(same(str(record.get(column.header))))
        return newer


def _key_name(job: JobInfo) -> str:
    """Lower-case header of the key; empty for an insert."""
    if job.operation is Operation.INSERT:
        return ""
    return (job.external_id_field or "Id").lower()


def _plan(job: JobInfo, stream: str, sobject: SObject, header: list[str]) -> LoadPlan:
    columns = []
    for name in header:
        field = sobject.field(name)
        columns.append(
            BatchColumn(header=name, type="string")
            if field is None
            else BatchColumn(header=name, type=field.type, case_sensitive=field.case_sensitive)
        )
    key = next((name for name in header if name.lower() == _key_name(job)), None)
    plan = LoadPlan(
        stream=stream,
        sobject=job.object,
        operation=job.operation,
        columns=tuple(columns),
        key=key,
    )
    return replace(plan, sobject=sobject.name)
