"""A dry run counts batches and keeps nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import failed_row, make_plan

from target_salesforce_bulk.journal.failed_rows import RowError
from target_salesforce_bulk.loading.guards.deletes import DeleteGuard, DeleteLimits
from target_salesforce_bulk.preview.dry_run import DryRun
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path) -> Iterator[DryRun]:
    guard = DeleteGuard(
        limits=lambda _: DeleteLimits(
            accepted=frozenset({Operation.DELETE}), max_deletes=5, max_delete_percent=100
        ),
        count=lambda _: 1000,
        hold_seconds=0,
    )
    run = DryRun(client=None, folder=tmp_path, deletes=guard)  # type: ignore[arg-type]
    run.stream_started("people", "people", resolved=None)  # type: ignore[arg-type]
    yield run
    run.close()


def hand_over(
    run: DryRun, rows: int, *refused: Any, operation: Operation = Operation.UPSERT
) -> Path:
    batch = run.open_batch(make_plan(operation=operation))
    if refused:
        batch.refused.write_text("".join(f"{each.to_json()}\n" for each in refused))
    run.hand_over(batch, rows=rows, size=10 * rows, merged=1)
    return batch.folder


def test_batches_are_counted(run: DryRun) -> None:
    """A batch without rows to send makes no job."""
    folders = [hand_over(run, rows) for rows in (10_001, 2, 0)]
    count = vars(run.counts["people"])

    assert count == {
        "read": 0,
        "rows": 10_003,
        "deletes": 0,
        "jobs": 2,
        "bulk_batches": 3,
        "size": 100_030,
        "merged": 3,
        "refused": 0,
        "reasons": {},
        "stopped": "",
    }
    assert [folder for folder in folders if folder.exists()] == []


def test_refused_rows_are_counted_by_reason(run: DryRun) -> None:
    """With the keys of the first few; a row may have none."""
    same = [failed_row(f"K-{number}") for number in range(7)]
    other = failed_row("", key=None, error=RowError(code="MALFORMED_ID", message="no Id"))
    hand_over(run, 0, *same, other)
    count = run.counts["people"]

    assert count.refused == 8
    assert {reason: vars(found) for reason, found in count.reasons.items()} == {
        ("DUPLICATE_VALUE", "duplicate value"): {
            "number": 7,
            "sample": ["K-0", "K-1", "K-2", "K-3", "K-4"],
        },
        ("MALFORMED_ID", "no Id"): {"number": 1, "sample": []},
    }


def test_earlier_runs_do_not_matter(run: DryRun) -> None:
    """No stream is stopped, no row is recognised, no batch is limited."""
    batch = run.open_batch(make_plan())

    def row(_: int) -> tuple[bytes, str | None]:
        return b"x", None

    assert (
        run.is_stopped("people"),
        run.recogniser(make_plan(), replication_key="at", skip_repeated=True).judge(1, row, [1]),
        run.row_limit(batch, 100),
        run.intake,
    ) == (False, None, 100, run)


def test_deletes_are_held_against_their_limit(run: DryRun) -> None:
    """All of a stream's, as in a load; the first reason stays."""
    stopped = []
    for rows in (3, 2, 1, 1):
        hand_over(run, rows, operation=Operation.DELETE)
        stopped.append(run.counts["people"].stopped.partition(";")[0])

    assert run.counts["people"].deletes == 7
    assert stopped == ["", "", *2 * ["Stream people would delete 6 Contact records"]]
