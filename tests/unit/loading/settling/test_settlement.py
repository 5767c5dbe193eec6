"""Each result finds its row, whatever the order, the columns and the spelling of values."""

from __future__ import annotations

import csv
import random
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.emulator.org.values import java_double
from target_salesforce_bulk.journal.batch import Batch, BatchColumn, Counts, LoadPlan
from target_salesforce_bulk.journal.failed_rows import FailedRow
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.journal.outcome import LoadedRow
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.loading.settling.settlement import Settlement
from target_salesforce_bulk.salesforce.job import JobInfo, JobState, Operation, ResultKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLUMNS = (
    BatchColumn(header="Key__c", type="string"),
    BatchColumn(header="Score__c", type="double"),
    BatchColumn(header="Seen__c", type="datetime"),
)
ROWS = [[f"k{n}", str(912260031 + n), f"2024-03-11T09:00:{n:02}.123Z"] for n in range(6)]
ERROR = "UNABLE_TO_LOCK_ROW:busy:--"


def re_serialised(row: list[str]) -> list[str]:
    """As Salesforce prints the values."""
    return [row[0], java_double(float(row[1])), row[2].replace(".123Z", ".000Z")]


@pytest.fixture
def settle(tmp_path: Path) -> Callable[..., tuple[list[FailedRow], Counts, str]]:
    """Settle a batch by the rows of its three result files."""

    def run(
        *,
        operation: Operation = Operation.UPSERT,
        rows: list[list[str]] = ROWS,
        loaded: list[list[str]],
        failed: list[list[str]] = (),  # type: ignore[assignment]
        unprocessed: list[list[str]] = (),  # type: ignore[assignment]
        headers: dict[str, list[str]] | None = None,
        counted: int | None = None,
        processed: int | None = None,
        damage: dict[ResultKind, bytes] | None = None,
    ) -> tuple[list[FailedRow], Counts, str]:
        names = [column.header for column in COLUMNS]
        plan = LoadPlan(
            stream="s",
            sobject="Contact",
            operation=operation,
            columns=COLUMNS,
            key=None if operation is Operation.INSERT else "Key__c",
        )
        batch = Batch(
            id=1, run_id="r", plan=plan, state=BatchState.ENDED, folder=tmp_path, rows=len(rows)
        )
        write(batch.csv, names, rows)
        files = {kind: tmp_path / f"{kind}.csv" for kind in ResultKind}
        own = headers or {}
        write(
            files[ResultKind.SUCCESSFUL],
            ["sf__Id", "sf__Created", *names],
            [["003", "true", *row] for row in loaded],
        )
        write(
            files[ResultKind.FAILED],
            own.get("failed", ["sf__Id", "sf__Error", *names]),
            [["", ERROR, *row] for row in failed] if not own else failed,
        )
        write(files[ResultKind.UNPROCESSED], names, unprocessed)
        for kind, tail in (damage or {}).items():
            files[kind].write_bytes(files[kind].read_bytes() + tail)
        job = JobInfo(
            id="750",
            object="Contact",
            operation=operation,
            state=JobState.JOB_COMPLETE,
            records_processed=len(loaded) + len(failed) if processed is None else processed,
            records_failed=len(failed) if counted is None else counted,
        )
        settlement = Settlement(batch, ErrorTable(), job, files)
        outcome = [*settlement.refused(), *settlement.sent(loaded=False)]
        return outcome, settlement.counts(), settlement.mismatch

    return run


def write(path: Path, header: list[str], rows: Any) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


@pytest.mark.parametrize("operation", [Operation.UPSERT, Operation.INSERT, Operation.UPDATE])
def test_results_in_any_order_and_spelling(settle: Any, operation: Operation) -> None:
    """What is kept of a failed row is the row as it was sent."""
    results = [re_serialised(row) for row in ROWS]
    random.Random(1).shuffle(results)
    failed = [re_serialised(ROWS[4]), re_serialised(ROWS[1])]
    loaded = [row for row in results if row not in failed]

    outcome, counts, mismatch = settle(operation=operation, loaded=loaded, failed=failed)

    assert [list(row.row.values()) for row in outcome] == [ROWS[1], ROWS[4]]
    assert {row.error.code for row in outcome} == {"UNABLE_TO_LOCK_ROW"}
    assert (counts, mismatch) == (Counts(loaded=4, failed=2), "")


def test_columns_in_any_order_and_case(settle: Any) -> None:
    """Salesforce gives its own order."""
    header = {"failed": ["seen__C", "sf__Error", "KEY__c", "sf__Id", "score__c"]}
    failed = [[ROWS[2][2], ERROR, "K2", "", ROWS[2][1]]]

    outcome, counts, _ = settle(
        loaded=[row for row in ROWS if row != ROWS[2]], failed=failed, headers=header
    )

    assert [row.key for row in outcome] == ["k2"]
    assert counts == Counts(loaded=5, failed=1)


def test_equal_rows_of_an_insert_are_counted(settle: Any) -> None:
    """Two of five equal rows failed: two are kept, whichever."""
    rows = [ROWS[0]] * 5
    outcome, counts, mismatch = settle(
        operation=Operation.INSERT, rows=rows, loaded=[ROWS[0]] * 3, failed=[ROWS[0]] * 2
    )

    assert (len(outcome), counts, mismatch) == (2, Counts(loaded=3, failed=2), "")


def test_unprocessed_records(settle: Any) -> None:
    """A job that ended early left them alone."""
    outcome, counts, _ = settle(loaded=ROWS[:2], failed=[ROWS[2]], unprocessed=ROWS[3:])

    assert counts == Counts(loaded=2, failed=1, unprocessed=3)
    assert [row.error.code for row in outcome] == ["UNABLE_TO_LOCK_ROW", *["UNPROCESSED"] * 3]


@pytest.mark.parametrize("operation", [Operation.UPSERT, Operation.INSERT])
def test_a_row_that_no_result_names_is_uncertain(settle: Any, operation: Operation) -> None:
    """Never loaded by assumption: only those that Salesforce names."""
    outcome, counts, mismatch = settle(operation=operation, loaded=ROWS[:3], failed=[ROWS[3]])

    assert counts == Counts(loaded=3, failed=1, uncertain=2)
    assert [row.error.code for row in outcome] == ["UNABLE_TO_LOCK_ROW", "UNCERTAIN", "UNCERTAIN"]
    assert "6 rows were sent, but the results name 3 successful, 1 failed" in mismatch


def test_the_job_counts_more_failures_than_it_names(settle: Any) -> None:
    """The numbers are reconciled, not believed."""
    _, counts, mismatch = settle(loaded=ROWS[:5], failed=[ROWS[5]], counted=2)

    assert "the job counts 2 failed rows, its results name 1" in mismatch
    assert counts.loaded + counts.not_loaded == 6


def test_a_failed_result_that_nobody_sent(settle: Any) -> None:
    """The row that was sent in its place is uncertain."""
    stranger = ["other", "1", ""]
    _, counts, mismatch = settle(loaded=ROWS[:5], failed=[stranger])

    assert counts == Counts(loaded=5, uncertain=1)
    assert "1 results match no sent row" in mismatch


def test_a_job_without_data(settle: Any) -> None:
    """Salesforce processed nothing, and names nothing: the upload has not arrived."""
    outcome, counts, mismatch = settle(loaded=[])

    assert (len(outcome), counts, mismatch) == (6, Counts(unprocessed=6), "")


def test_all_loaded(settle: Any) -> None:
    """Nothing is matched, and every row is loaded."""
    outcome, counts, mismatch = settle(loaded=ROWS)

    assert (outcome, counts, mismatch) == ([], Counts(loaded=6), "")


def test_loaded_rows_stand_among_those_that_did_not_arrive(tmp_path: Path) -> None:
    """In the order in which they were sent, with the fields that each wrote."""
    rows = [["K0", "1", ""], ["k1", "", ""], ["k2", "", "2024-03-11"], ["k3", "4", ""]]
    names = [column.header for column in COLUMNS]
    plan = LoadPlan(
        stream="s", sobject="Contact", operation=Operation.UPSERT, columns=COLUMNS, key="Key__c"
    )
    batch = Batch(
        id=1, run_id="r", plan=plan, state=BatchState.ENDED, folder=tmp_path, rows=len(rows)
    )
    write(batch.csv, names, rows)
    files = {kind: tmp_path / f"{kind}.csv" for kind in ResultKind}
    write(files[ResultKind.SUCCESSFUL], ["sf__Id", *names], [["003", *rows[n]] for n in (0, 1, 2)])
    write(files[ResultKind.FAILED], ["sf__Id", "sf__Error", *names], [["", ERROR, *rows[3]]])
    write(files[ResultKind.UNPROCESSED], names, [])
    job = JobInfo(
        id="750",
        object="Contact",
        operation=Operation.UPSERT,
        state=JobState.JOB_COMPLETE,
        records_processed=4,
        records_failed=1,
    )
    settlement = Settlement(batch, ErrorTable(), job, files)
    found = list(settlement.sent(loaded=True))

    assert [
        (row.same_key, sorted(row.written.fields)) for row in found if isinstance(row, LoadedRow)
    ] == [("k0", ["Score__c"]), ("k1", []), ("k2", ["Seen__c"])]
    assert [row.key for row in found if isinstance(row, FailedRow)] == ["k3"]
    assert settlement.counts() == Counts(loaded=3, failed=1)


def test_more_successes_than_the_job_counts(settle: Any) -> None:
    """One of the five that are called loaded was not; nobody knows which."""
    _, counts, mismatch = settle(loaded=ROWS[:5], failed=[ROWS[5]], processed=5)

    assert counts == Counts(failed=1, uncertain=5)
    assert mismatch == "the job counts 1 unprocessed rows, its results name 0"


def test_rows_that_were_left_alone_although_the_job_counts_them(settle: Any) -> None:
    """Some of them may have been loaded, so none is sent again."""
    _, counts, _ = settle(loaded=ROWS[:2], failed=[ROWS[2]], unprocessed=ROWS[3:], processed=4)

    assert counts == Counts(failed=1, uncertain=5)


@pytest.mark.parametrize("operation", [Operation.INSERT, Operation.UPSERT])
def test_results_that_are_not_utf_8(settle: Any, operation: Operation) -> None:
    """Rows that other files name keep their outcome, as their numbers add up."""
    _, counts, mismatch = settle(
        operation=operation,
        loaded=ROWS[:4],
        failed=[ROWS[4]],
        unprocessed=[ROWS[5]],
        damage={ResultKind.UNPROCESSED: b"\xff\xfe"},
    )

    assert counts == Counts(loaded=4, failed=1, uncertain=1)
    assert mismatch == "unprocessedrecords is not UTF-8"


def test_a_result_with_too_few_cells(settle: Any) -> None:
    """It names nobody, so the one row that no other result names is uncertain."""
    outcome, counts, _ = settle(loaded=ROWS[:4], failed=[ROWS[4], ROWS[5][:1]])

    assert [row.key for row in outcome] == ["k4", "k5"]
    assert counts == Counts(loaded=4, failed=1, uncertain=1)


def test_rows_that_results_cannot_tell_apart(settle: Any) -> None:
    """One of two that differ in milliseconds failed, and the echo has cut both."""
    rows = [["k", "1", f"2024-03-11T09:00:00.{millis}Z"] for millis in ("123", "456")]
    cut = ["k", "1.0", "2024-03-11T09:00:00.000Z"]
    _, counts, mismatch = settle(
        operation=Operation.INSERT, rows=[*rows, ROWS[1]], loaded=[cut, ROWS[1]], failed=[cut]
    )

    assert counts == Counts(loaded=1, uncertain=2)
    assert mismatch.startswith("2 rows differ only in details that results omit")
