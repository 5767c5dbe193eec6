"""The queries that are read page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.emulator.org.refusal import RefusalError
from target_salesforce_bulk.emulator.org.soql import parse

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator.org.records import Records
    from target_salesforce_bulk.emulator.org.soql import Query


class Queries:
    """Query jobs, and the cursors of REST queries."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._jobs: dict[str, Query] = {}
        self._cursors: dict[str, tuple[str, int]] = {}

    def create_job(self, soql: str) -> str:
        """Create a query job; its id.

        Raises:
            RefusalError: the query is not supported.
        """
        query = parse(soql, self._records.schema)
        job_id = self._records.next_job_id()
        self._jobs[job_id] = query
        return job_id

    def find_job(self, job_id: str) -> Query:
        """The query of a job.

        Raises:
            RefusalError: there is no such job.
        """
        query = self._jobs.get(job_id)
        if query is None:
            raise RefusalError.not_found()
        return query

    def open_cursor(self, soql: str, start: int) -> str:
        """A cursor for the page of a query that begins at a row."""
        cursor = f"01g5g0000{len(self._cursors):06d}-{start}"
        self._cursors[cursor] = (soql, start)
        return cursor

    def find_cursor(self, cursor: str) -> tuple[str, int]:
        """The query of a cursor, and the row at which its page begins.

        Raises:
            RefusalError: there is no such cursor.
        """
        if cursor not in self._cursors:
            raise RefusalError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._cursors[cursor]
