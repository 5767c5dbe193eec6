"""The org as a whole."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.emulator.org.authorizations import Authorizations
from target_salesforce_bulk.emulator.org.behaviour import Behaviour
from target_salesforce_bulk.emulator.org.faults import FaultBox
from target_salesforce_bulk.emulator.org.jobs import Jobs
from target_salesforce_bulk.emulator.org.queries import Queries
from target_salesforce_bulk.emulator.org.records import Records
from target_salesforce_bulk.emulator.org.refusal import RefusalError
from target_salesforce_bulk.emulator.org.schema import Schema
from target_salesforce_bulk.emulator.org.tokens import ORG_ID, Tokens

if TYPE_CHECKING:
    from pathlib import Path

_ROWS_PER_BATCH = 10_000


class Org:
    """The state of one org: objects, records, jobs, tokens, and how it behaves.

    Args:
        data: SQLite file for the records; without one they are discarded on close.
        objects: JSON file with additional objects.
        org_id: Its id, with 18 characters.
    """

    def __init__(
        self, *, data: Path | None = None, objects: Path | None = None, org_id: str = ORG_ID
    ) -> None:
        self.api_calls = 0
        #: Lets its holder inspect and control the emulator; never expires.
        self.control_token = secrets.token_urlsafe(32)
        self.schema = Schema.load(objects)
        self.behaviour = Behaviour()
        self.faults = FaultBox()
        self.tokens = Tokens(self.behaviour, org_id)
        self.authorizations = Authorizations(self.tokens.client_id, self.behaviour)
        self.records = Records(self.schema, data)
        self.jobs = Jobs(self.records, self.behaviour)
        self.queries = Queries(self.records)

    def count_api_call(self) -> None:
        """Count an API request.

        Raises:
            RefusalError: the daily allowance is used up.
        """
        self.api_calls += 1
        if self.api_calls > self.behaviour.daily_api_requests:
            raise RefusalError.daily_limit()

    @property
    def bulk_batches(self) -> int:
        """The Bulk API batches used so far: one for each 10,000 rows of a job, at least one."""
        rows = (job.processed for job in self.jobs.all())
        return sum(max(1, -(-number // _ROWS_PER_BATCH)) for number in rows)

    def insert(self, name: str, rows: list[dict[str, Any]]) -> list[str]:
        """Insert records into an object without validation; their ids.

        Raises:
            ValueError: there is no such object.
        """
        schema = self.schema.find(name)
        if schema is None:
            raise ValueError(f"The org has no object {name}.")
        with self.records.mutex:
            return [self.records.insert(schema, dict(row)) for row in rows]

    def reset(self) -> None:
        """Forget records and jobs."""
        self.records.reset()
        self.jobs.clear()

    def close(self) -> None:
        """Stop processing, close the database and remove temporary files."""
        self.jobs.stop()
        self.records.close()
