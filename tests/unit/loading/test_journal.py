"""What is in the journal is on disk, whole, and for nobody else to read."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.loading.batch import BatchColumn, Counts, LoadPlan
from target_salesforce_bulk.loading.failed_rows import FailedRow, RowError
from target_salesforce_bulk.loading.failure_store import Selection
from target_salesforce_bulk.loading.journal import Journal
from target_salesforce_bulk.loading.lifecycle import BatchState, Event, IllegalTransitionError
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
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "state") as journal:
        journal.start_run("r1")
        yield journal


PEOPLE = Selection(run_id="r1", stream="people")


class Decided:
    """An outcome that is known."""

    def __init__(self, rows: Iterable[FailedRow] = (), counts: Counts | None = None) -> None:
        self._rows = rows
        self._counts = counts or Counts()

    def failed_rows(self) -> Iterator[FailedRow]:
        return iter(self._rows)

    def superseded(self) -> set[str]:
        return set()

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
    with Journal(tmp_path) as journal:
        journal.start_run("r1")
        batch = journal.seal(journal.open_batch(PLAN).id, rows=3, size=99, merged=1)
        sent = journal.record(batch.id, Event.CREATED, job_id="750", attempt=1)

    with Journal(tmp_path) as again:
        assert again.batches(BatchState.CREATED) == [sent]


def test_what_cannot_happen_changes_nothing(journal: Journal) -> None:
    """The facts that came with it are not kept either."""
    batch = journal.open_batch(PLAN)

    with pytest.raises(IllegalTransitionError):
        journal.record(batch.id, Event.SUBMITTED, job_id="750")
    assert journal.batches(BatchState.FILLING) == [batch]


def test_settling_is_all_or_nothing(journal: Journal) -> None:
    """An error half-way through the failed rows leaves the batch unsettled and none of them."""
    batch = journal.seal(journal.open_batch(PLAN).id, rows=2, size=9, merged=0)

    def rows() -> Iterator[FailedRow]:
        yield failed("a")
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        journal.settle(batch, Decided(rows()))
    assert journal.batches(BatchState.SEALED) == [batch]
    assert journal.failures.streams("r1") == []


def test_failed_rows_are_grouped(journal: Journal) -> None:
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


def test_files_are_private(journal: Journal) -> None:
    """They hold customer data."""
    journal.open_batch(PLAN)
    paths = [journal.state_dir, *journal.state_dir.rglob("*")]

    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in paths}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_a_second_process_is_refused(journal: Journal) -> None:
    """With the name of the first."""
    with pytest.raises(StateDirectoryError, match=f"in use by process {os.getpid()}"):
        Journal(journal.state_dir)


def test_a_released_batch_leaves_no_file(journal: Journal) -> None:
    """Its rows are in Salesforce, or among the failed ones."""
    batch = journal.seal(journal.open_batch(PLAN).id, rows=0, size=9, merged=0)
    journal.settle(batch, Decided())
    journal.release(batch.id)

    assert not batch.folder.exists()


def test_a_newer_failure_of_a_record_takes_the_place_of_an_older_one(journal: Journal) -> None:
    """What failed before is not what the record should be now."""
    for code in ("DUPLICATE_VALUE", "STRING_TOO_LONG"):
        batch = journal.seal(journal.open_batch(PLAN).id, rows=1, size=9, merged=0)
        journal.settle(batch, Decided([failed("a", code)]))

    assert [row.code for row in journal.failures.select(PEOPLE)] == ["STRING_TOO_LONG"]
