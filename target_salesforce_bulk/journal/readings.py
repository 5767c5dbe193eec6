"""What the tap of results reads of a journal, also beside a run. Nothing is changed.

Everything is read in portions, so that neither memory nor the time in which the journal is kept
from tidying up grows with it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from target_salesforce_bulk.journal.database import Database
from target_salesforce_bulk.journal.lifecycle import BatchState

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

_PORTION = 1000
#: After every time in the journal, as text.
_END_OF_TIME = "9999"

_RUNS = """
WITH sums AS (
    SELECT run_id, count(job_id) AS jobs, total(loaded) AS loaded, total(failed) AS failed,
        total(unprocessed) AS unprocessed, total(uncertain) AS uncertain,
        total(refused) AS refused, max(changed_at) AS changed_at
    FROM batches GROUP BY run_id
), known AS (
    SELECT runs.id AS run, started_at, coalesce(left_at, ended_at) AS left_at, ended_at,
        api_used, api_allowed, jobs, loaded, failed, unprocessed, uncertain, refused,
        lead(started_at) OVER (ORDER BY runs.rowid) AS next_at,
        max(started_at, coalesce(left_at, ''), coalesce(ended_at, ''),
            coalesce(api_usage_at, ''), coalesce(sums.changed_at, '')) AS changed_at
    FROM runs LEFT JOIN sums ON sums.run_id = runs.id
)
SELECT *, CASE WHEN left_at IS NULL THEN max(changed_at, coalesce(next_at, '')) ELSE changed_at END
    AS newest_at
FROM known WHERE newest_at >= ? ORDER BY newest_at, run
"""

_JOBS = """
SELECT batches.*, parents.run_id AS parent_run FROM batches
LEFT JOIN batches AS parents ON parents.id = batches.parent_id
WHERE batches.id IN ({marks}) AND batches.changed_at <= ?
ORDER BY batches.changed_at, batches.id
"""

_FAILED = """
SELECT failed.id, failed.batch_id, json_object(
    'run', failed.run_id,
    'load_job', batches.run_id || '/' || failed.batch_id,
    'job', failed.job_id,
    'stream', stream,
    'object', object,
    'operation', operation,
    'key_field', key_field,
    'key', key,
    'cells', iif(key IS NULL, row, NULL),  -- only where no key tells it from others
    'origin', origin,
    'code', code,
    'message', message,
    'fields', (SELECT group_concat(value, ',') FROM json_each(fields)),
    'class', class,
    'attempt', failed.attempt,
    'settled_at', failed_at
) AS facts
FROM stored_failed_rows AS failed JOIN batches ON batches.id = failed.batch_id
WHERE failed.id BETWEEN ? AND ? ORDER BY failed.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a batch's plan says of it as a whole."""

    stream: str
    sobject: str
    operation: str
    #: The field whose value identifies the record of a row; None for an insert.
    key_field: str | None
    #: The type of that field.
    key_type: str | None

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `LoadPlan.to_json` wrote."""
        plan = json.loads(text)
        key_field = plan.get("label") or plan["key"]
        types = {column["header"]: column["type"] for column in plan["columns"]}
        return cls(
            stream=plan["stream"],
            sobject=plan["sobject"],
            operation=plan["operation"],
            key_field=key_field,
            key_type=types.get(key_field),
        )


class Readings:
    """A journal that is open for reading.

    Args:
        folder: The folder of its org.

    Raises:
        StateDirectoryError: it is damaged, of another version, or cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._db = Database(folder, read_only=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def runs(self, since: str) -> list[sqlite3.Row]:
        """The runs that have changed at a time or later, in that order.

        Args:
            since: The time, in the journal's format; empty for all.
        """
        return self._db.query(_RUNS, (since,))

    def jobs(self, since: str) -> Iterator[sqlite3.Row]:
        """The sealed batches that have changed at a time or later, in that order."""
        found = self._db.query(
            "SELECT id, changed_at FROM batches WHERE state != 'filling' AND changed_at >= ?"
            " ORDER BY changed_at, id",
            (since,),
        )
        for start in range(0, len(found), _PORTION):
            portion = found[start : start + _PORTION]
            # One that changes meanwhile is left for the next time, when it stands in its place.
            yield from self._batches([row["id"] for row in portion], portion[-1]["changed_at"])

    def settled(self, batch_ids: Sequence[int]) -> Iterator[sqlite3.Row]:
        """Those of these batches whose rows have an outcome, each portion by its last change."""
        for start in range(0, len(batch_ids), _PORTION):
            for row in self._batches(batch_ids[start : start + _PORTION], _END_OF_TIME):
                if row["state"] in {BatchState.SETTLED, BatchState.RELEASED}:
                    yield row

    def _batches(self, batch_ids: Sequence[int], until: str) -> list[sqlite3.Row]:
        marks = ",".join("?" * len(batch_ids))
        return self._db.query(_JOBS.format(marks=marks), (*batch_ids, until))

    def failed_row_ids(self, after: int) -> list[tuple[int, int]]:
        """The next numbers of failed rows after one, each with its batch; empty at the end."""
        rows = self._db.query(
            "SELECT id, batch_id FROM stored_failed_rows WHERE id > ? ORDER BY id LIMIT ?",
            (after, _PORTION),
        )
        return [(row["id"], row["batch_id"]) for row in rows]

    def failed_rows(self, first: int, last: int) -> list[tuple[int, int, str]]:
        """The failed rows with numbers in a range: number, batch, and all else as JSON."""
        return [tuple(row) for row in self._db.query(_FAILED, (first, last))]
