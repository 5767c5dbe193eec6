"""What is in the journal is on disk, whole, and for nobody else to read."""

from __future__ import annotations

import os
import sqlite3
import stat
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.journal import schema
from target_salesforce_bulk.journal.batch import BatchColumn, Counts, LoadPlan
from target_salesforce_bulk.journal.failed_rows import FailedRow, RowError
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.lifecycle import BatchState, Event, IllegalTransitionError
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PLAN = LoadPlan(
    stream="people",
    sobject="Contact",
    operation=Operation.UPSERT,
    columns=(BatchColumn(header="Key__c", type="string"),),
    key="Key__c",
    parents=("Account",),
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal(tmp_path / "state") as journal:
        journal.start_run("r1")
        yield journal


PEOPLE = Selection(run_id="r1", stream="people")


class Decided:
    """An outcome that is known."""

    def __init__(self, rows: Iterable[FailedRow] = (), counts: Counts | None = None) -> None:
        self._rows = rows
        self._counts = counts or Counts()

    def refused(self) -> Iterator[FailedRow]:
        return iter(())

    def sent(self, *, loaded: bool) -> Iterator[FailedRow]:
        return iter(self._rows)

    def children(self) -> list[Any]:
        return []

    def counts(self) -> Counts:
        return self._counts


def failed(key: str, code: str = "DUPLICATE_VALUE") -> FailedRow:
    return FailedRow(
        row={"Key__c": key}, key=key, same_key=key, error=RowError(code=code, message="no")
    )


def test_a_batch_comes_back_as_it_was(tmp_path: Path) -> None:
    """Also for another process."""
    with SqliteJournal(tmp_path) as journal:
        journal.start_run("r1")
        batch = journal.seal(journal.open_batch(PLAN).id, rows=3, size=99, merged=1)
        sent = journal.record(batch.id, Event.CREATED, job_id="750", jobs_made=1)

    with SqliteJournal(tmp_path) as again:
        assert again.batches(BatchState.CREATED) == [sent]


def test_what_cannot_happen_changes_nothing(journal: SqliteJournal) -> None:
    """The facts that came with it are not kept either."""
    batch = journal.open_batch(PLAN)

    with pytest.raises(IllegalTransitionError):
        journal.record(batch.id, Event.SUBMITTED, job_id="750")
    assert journal.batches(BatchState.FILLING) == [batch]


def test_settling_is_all_or_nothing(journal: SqliteJournal) -> None:
    """An error half-way through the failed rows leaves the batch unsettled and none of them."""
    batch = journal.seal(journal.open_batch(PLAN).id, rows=2, size=9, merged=0)

    def rows() -> Iterator[FailedRow]:
        yield failed("a")
        raise OSError("disk")

    with pytest.raises(StateDirectoryError, match="disk"):
        journal.settle(batch, Decided(rows()))
    assert journal.batches(BatchState.SEALED) == [batch]
    assert journal.failures.streams("r1") == []


def test_failed_rows_are_grouped(journal: SqliteJournal) -> None:
    """By stream and code, with a few keys."""
    batch = journal.seal(journal.open_batch(PLAN).id, rows=9, size=9, merged=0)
    rows = [*(failed(f"k{n}") for n in range(7)), failed("z", "STRING_TOO_LONG")]
    journal.settle(batch, Decided(rows, Counts(failed=8, loaded=1)))

    groups = journal.failures.groups(Selection(run_id="r1"))

    assert [(each.code, each.rows, len(each.keys)) for each in groups] == [
        ("DUPLICATE_VALUE", 7, 5),
        ("STRING_TOO_LONG", 1, 1),
    ]
    assert [row.key for row in journal.failures.select(PEOPLE)][:2] == ["k0", "k1"]


def test_files_are_private(journal: SqliteJournal) -> None:
    """They hold customer data."""
    journal.open_batch(PLAN)
    paths = [journal.state_dir, *journal.state_dir.rglob("*")]

    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in paths}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_a_second_process_is_refused(journal: SqliteJournal) -> None:
    """With the name of the first."""
    with pytest.raises(StateDirectoryError, match=f"in use by process {os.getpid()}"):
        SqliteJournal(journal.state_dir)


#: What the first schema did not have yet.
_NEW_COLUMNS = (
    "parent_id", "origin_id", "depth", "resends", "retried", "covered_rows", "covered_refused",
    "same_key", "retry_batch_id",
)  # fmt: skip


def test_a_journal_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """With what it holds: a batch under way, and a failed row that can be sent again."""
    lines = [
        line
        for line in schema._TABLES.splitlines()
        if not line.strip().startswith(tuple(f"{name} " for name in _NEW_COLUMNS))
    ]
    script = "\n".join(lines).replace("failed_at TEXT NOT NULL,", "failed_at TEXT NOT NULL")
    assert len(lines) == len(schema._TABLES.splitlines()) - len(_NEW_COLUMNS)
    (tmp_path / "batches").mkdir()
    with sqlite3.connect(tmp_path / "journal.sqlite3") as old:
        old.executescript(f"{script} PRAGMA user_version = 1;")
        old.execute("INSERT INTO runs VALUES ('r0', '2026-01-01', NULL)")
        old.executemany(
            "INSERT INTO batches (run_id, plan, state, rows, job_id, changed_at)"
            " VALUES ('r0', ?, ?, 3, ?, '2026-01-01T00:00:00.000+00:00')",
            [(PLAN.to_json(), "released", "7501"), (PLAN.to_json(), "submitted", "7502")],
        )
        old.execute(
            "INSERT INTO failed_rows VALUES (1, 'r0', 1, 'people', 'Contact', 'upsert', 'k', '{}',"
            " 'DUPLICATE_VALUE', 'no', '[]', '7501', 1, 'salesforce', 'permanent', '2026-01-01')"
        )
    old.close()

    with SqliteJournal(tmp_path) as journal:
        journal.start_run("r1")
        (left,) = journal.batches(BatchState.SUBMITTED)
        (row,) = journal.failures.select(Selection(code="DUPLICATE_VALUE"))
        again = journal.retry(journal.open_batch(journal.plan_of(row)), [row.id], rows=1, size=9)
        journal.settle(journal.record(left.id, Event.ENDED), Decided([failed("a")]))

        assert (left.job_id, left.origin_id, left.depth) == ("7502", 2, 0)
        assert (again.rows, again.resends) == (1, True)
        assert [each.key for each in journal.failures.select(PEOPLE)] == ["a"]
    with SqliteJournal(tmp_path) as journal:  # and it stays so
        assert len(journal.batches(BatchState.SEALED, BatchState.SETTLED)) == 2


def test_an_open_job_of_version_2_may_have_been_closed(tmp_path: Path) -> None:
    """It closed a job before it said so, so nothing of it is taken for not sent."""
    with sqlite3.connect(tmp_path / "journal.sqlite3") as old:
        old.executescript(f"{schema._STEPS[0][0]} PRAGMA user_version = 2;")
        old.execute("INSERT INTO runs VALUES ('r0', '2026-01-01', NULL)")
        old.execute(
            "INSERT INTO batches (run_id, plan, state, job_id, changed_at)"
            " VALUES ('r0', ?, 'created', '7501', '2026-01-01T00:00:00.000+00:00')",
            (PLAN.to_json(),),
        )
    old.close()

    with SqliteJournal(tmp_path) as journal:
        assert [each.job_id for each in journal.batches(BatchState.CLOSING)] == ["7501"]


def test_a_journal_of_a_later_version_is_refused(tmp_path: Path) -> None:
    """It may mean something that this version does not know."""
    with SqliteJournal(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "journal.sqlite3") as later:
        later.execute("PRAGMA user_version = 99")
    later.close()

    with pytest.raises(StateDirectoryError, match=r"later version.*schema 99"):
        SqliteJournal(tmp_path)


def test_a_released_batch_leaves_no_file(journal: SqliteJournal) -> None:
    """Its rows are in Salesforce, or among the failed ones."""
    batch = journal.seal(journal.open_batch(PLAN).id, rows=0, size=9, merged=0)
    journal.settle(batch, Decided())
    journal.release_settled()

    assert not batch.folder.exists()


def test_a_newer_failure_of_a_record_takes_the_place_of_an_older_one(
    journal: SqliteJournal,
) -> None:
    """What failed before is not what the record should be now."""
    for code in ("DUPLICATE_VALUE", "STRING_TOO_LONG"):
        batch = journal.seal(journal.open_batch(PLAN).id, rows=1, size=9, merged=0)
        journal.settle(batch, Decided([failed("a", code)]))

    assert [row.code for row in journal.failures.select(PEOPLE)] == ["STRING_TOO_LONG"]


def test_recent_runs(journal: SqliteJournal) -> None:
    """The newest first, with the outcomes of the batches that each has sealed."""
    batch = journal.seal(journal.open_batch(PLAN).id, rows=6, size=9, merged=0)
    journal.record(batch.id, Event.CREATED, job_id="750", jobs_made=1)
    for event in (Event.CLOSING, Event.SUBMITTED, Event.ENDED):
        batch = journal.record(batch.id, event)
    journal.settle(batch, Decided(counts=Counts(loaded=3, failed=2, uncertain=1)))
    journal.leave_run()
    journal.start_run("r2")
    journal.open_batch(PLAN)
    newest, first = journal.recent_runs(2)

    assert (newest["id"], newest["left_at"], newest["seconds"]) == ("r2", None, None)
    assert [(each["loaded"], each["not_loaded"], each["jobs"]) for each in (newest, first)] == [
        (0, 0, 0),
        (3, 3, 1),
    ]
    assert 0 <= first["seconds"] < 60
    assert [each["id"] for each in journal.recent_runs(1)] == ["r2"]
