"""Stored failed rows become batches again, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from known_outcomes import DELETES, HEADERS, WRITES, Decided, sealed

from target_salesforce_bulk.failed.resend import Resend
from target_salesforce_bulk.journal.failed_rows import FailedRow, FailureClass, RowError
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.rows.csvfile import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import LoadPlan


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal(tmp_path / "state") as journal:
        journal.start_run("r1")
        yield journal


def store(journal: SqliteJournal, plan: LoadPlan, *rows: list[str]) -> None:
    """Settle a batch with rows that failed."""
    headers = [column.header for column in plan.columns]
    failed = [
        FailedRow(
            row=dict(zip(headers, cells, strict=True)),
            key=cells[0],
            same_key=cells[0].lower(),
            error=RowError(code="UNABLE_TO_LOCK_ROW", message="busy"),
            failure_class=FailureClass.TRANSIENT,
        )
        for cells in rows
    ]
    journal.settle(sealed(journal, plan), Decided(*failed))


def resent(journal: SqliteJournal, max_bytes: int = 10_000) -> list[tuple[str, list[list[str]]]]:
    """Operation and rows of each batch, in the order in which they are sent."""
    return [
        (str(batch.plan.operation), list(read_rows(batch.csv))[1:])
        for batch in Resend(journal, max_bytes).batches(Selection())
    ]


def test_rows_of_one_record_are_merged_by_cell(journal: SqliteJournal) -> None:
    """In the order of the input, whatever was stored first."""
    older, newer = (
        journal.seal(journal.open_batch(WRITES).id, rows=1, size=9, merged=0) for _ in range(2)
    )
    store(journal, WRITES, ["b", "3", ""])
    for batch, cells in ((newer, ["A", "", "new"]), (older, ["a", "1", "old"])):
        row = FailedRow(
            row=dict(zip(HEADERS, cells, strict=True)),
            key=cells[0],
            same_key="a",
            error=RowError(code="UNABLE_TO_LOCK_ROW", message="busy"),
        )
        journal.settle(batch, Decided(row))

    assert resent(journal) == [("upsert", [["A", "1", "new"], ["b", "3", ""]])]


def test_a_batch_of_another_operation_with_the_same_record_goes_first(
    journal: SqliteJournal,
) -> None:
    """So a delete and the write after it go out in order, and other rows stay together."""
    store(journal, DELETES, ["a"], ["c"])
    store(journal, WRITES, ["b", "1", ""], ["a", "2", ""])
    store(journal, DELETES, ["b"])

    assert resent(journal) == [
        ("delete", [["a"], ["c"]]),
        ("upsert", [["a", "2", ""]]),
        ("delete", [["b"]]),
    ]


def test_a_full_batch_is_sealed(journal: SqliteJournal) -> None:
    """No batch exceeds the limit."""
    store(journal, WRITES, ["a", "1", ""], ["b", "2", ""], ["c", "3", ""])

    assert resent(journal, max_bytes=55) == [
        ("upsert", [["a", "1", ""], ["b", "2", ""]]),
        ("upsert", [["c", "3", ""]]),
    ]
