"""Failed rows find their place among older and newer rows of their records."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from known_outcomes import DELETES, WRITES, Decided, sealed

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.journal import settling
from target_salesforce_bulk.journal.batch import ChildDraft, Counts, LoadPlan
from target_salesforce_bulk.journal.failed_rows import FailedRow, Origin, RowError
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.lifecycle import BatchState, Event
from target_salesforce_bulk.journal.order import REFUSED, Written
from target_salesforce_bulk.journal.outcome import LoadedRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch

OTHER_KEY = replace(WRITES, stream="others", key="Phone")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal(tmp_path / "state") as journal:
        journal.start_run("r1")
        yield journal


def failed(key: str, code: str = "UNABLE_TO_LOCK_ROW", **cells: str) -> FailedRow:
    row = {"Key__c": key, "Phone": "", "Title": ""} | cells
    return FailedRow(row=row, key=key, same_key=key, error=RowError(code=code, message="no"))


def refused(key: str, **cells: str) -> FailedRow:
    return replace(failed(key, "TOO_LONG", **cells), origin=Origin.LOCAL, position=REFUSED)


def loaded(key: str, *fields: str) -> LoadedRow:
    return LoadedRow(same_key=key, written=Written(fields=frozenset(fields)))


def deleted(key: str) -> LoadedRow:
    return LoadedRow(same_key=key, written=Written(deletes=True))


def settle(journal: SqliteJournal, outcome: Decided, plan: LoadPlan = WRITES) -> Counts:
    return journal.settle(sealed(journal, plan), outcome)[0]


def stored(journal: SqliteJournal) -> list[tuple[str, dict[str, str]]]:
    """Code and non-empty cells beside the key of the stored rows, the older ones first."""
    return [
        (row.code, {name: cell for name, cell in row.row.items() if cell and name != "Key__c"})
        for row in journal.failures.select_in_order(Selection())
    ]


def test_an_older_stored_row_loses_what_a_newer_one_loaded(journal: SqliteJournal) -> None:
    """It is gone when nothing is left of it; other records are left alone."""
    rows = [failed("a", Phone="1", Title="x"), failed("b", Phone="2"), failed("c", Phone="3")]
    settle(journal, Decided(*rows))
    settle(journal, Decided(loaded("a", "Title"), loaded("b", "Phone")))

    assert [cells for _, cells in stored(journal)] == [{"Phone": "1"}, {"Phone": "3"}]


def test_another_key_field_names_another_record(journal: SqliteJournal) -> None:
    """Also where the texts of the keys are equal."""
    settle(journal, Decided(failed("a", Title="x")))
    settle(journal, Decided(loaded("a", "Title")), OTHER_KEY)

    assert [cells for _, cells in stored(journal)] == [{"Title": "x"}]


def test_an_older_row_that_loads_late_leaves_newer_ones_alone(journal: SqliteJournal) -> None:
    """What counts is the order of the input, not that of the answers."""
    older = sealed(journal)
    settle(journal, Decided(refused=[refused("a", Phone="new")]))
    journal.settle(older, Decided(loaded("a", "Phone")))

    assert stored(journal) == [("TOO_LONG", {"Phone": "new"})]


def test_an_older_row_that_fails_late_is_stored_without_what_newer_ones_say(
    journal: SqliteJournal,
) -> None:
    """Nothing of it is stored where those say all of it, and it is counted as superseded."""
    older = sealed(journal)
    settle(journal, Decided(refused=[refused("a", Phone="new"), refused("b", Title="new")]))
    rows = [failed("a", Phone="old"), failed("b", Phone="old", Title="old")]
    counts, _ = journal.settle(older, Decided(*rows))

    assert counts == Counts(failed=1, superseded=1)
    assert stored(journal) == [
        ("UNABLE_TO_LOCK_ROW", {"Phone": "old"}),
        ("TOO_LONG", {"Phone": "new"}),
        ("TOO_LONG", {"Title": "new"}),
    ]


def test_one_record_that_fails_again_and_again_is_stored_once(journal: SqliteJournal) -> None:
    """The newest row takes over what older ones say too."""
    for value in ("1", "2", "3"):
        settle(journal, Decided(failed("a", Phone=value, Title="x")))

    assert stored(journal) == [("UNABLE_TO_LOCK_ROW", {"Phone": "3", "Title": "x"})]


def test_a_refused_row_counts_as_newer_than_the_row_of_its_batch(journal: SqliteJournal) -> None:
    """What it still says, no later row of the batch says."""
    counts = settle(
        journal, Decided(failed("a", Phone="1", Title="x"), refused=[refused("a", Phone="2")])
    )

    assert counts == Counts(failed=2, refused=1)
    assert stored(journal) == [
        ("UNABLE_TO_LOCK_ROW", {"Title": "x"}),
        ("TOO_LONG", {"Phone": "2"}),
    ]


def test_deletes(journal: SqliteJournal) -> None:
    """One that is newer stands for all before it; one that is older is done by a loaded write."""
    settle(journal, Decided(failed("a", Phone="1"), failed("b", Phone="1")))
    settle(journal, Decided(deleted("a"), failed("b", "LOCKED")), DELETES)
    after_deletes = stored(journal)
    settle(journal, Decided(failed("b", "LOCKED_TOO", Phone="2")))
    after_a_failed_write = stored(journal)
    settle(journal, Decided(loaded("b", "Phone")))

    assert after_deletes == [("LOCKED", {})]
    assert after_a_failed_write == [("LOCKED", {}), ("LOCKED_TOO", {"Phone": "2"})]
    assert stored(journal) == []


def child(journal: SqliteJournal, *keys: str) -> Batch:
    """A child batch with rows that wait."""
    parent = sealed(journal)
    folder = parent.folder / "retry-0"
    folder.mkdir()
    draft = ChildDraft(
        folder=folder,
        rows=len(keys),
        size=9,
        same_keys=lambda: iter(keys),
        for_parents=False,
    )
    return journal.settle(parent, Decided(children=[draft]))[1][0]


def test_what_newer_rows_write_of_rows_that_wait(journal: SqliteJournal) -> None:
    """It is noted for the batch in which they wait, and forgotten with it."""
    older = child(journal, "a", "b", "c")
    settle(journal, Decided(loaded("a", "Phone"), failed("b", Phone="1"), loaded("d", "Phone")))
    settle(journal, Decided(loaded("a", "Title")))
    settle(journal, Decided(deleted("c")), DELETES)
    settle(journal, Decided(loaded("a", "Other")), OTHER_KEY)
    noted = journal.waiting.overwritten(older.id)
    journal.settle(older, Decided())

    assert noted == {
        "a": Written(fields=frozenset({"Phone", "Title"})),
        "c": Written(deletes=True),
    }
    assert journal.waiting.overwritten(older.id) == {}
    assert not journal.waiting.has_rows_of("Contact", "Key__c")


def test_rows_that_wait_are_stored_without_what_newer_rows_wrote(journal: SqliteJournal) -> None:
    """Where they are not sent after all, because their stream stopped."""
    older = child(journal, "a", "b")
    settle(journal, Decided(loaded("a", "Phone"), loaded("b", "Phone")))
    rows = [failed("a", Phone="1", Title="x"), failed("b", Phone="1")]
    counts, _ = journal.settle(older, Decided(*rows))

    assert counts == Counts(failed=1, superseded=1)
    assert [cells for _, cells in stored(journal)] == [{"Title": "x"}]


@pytest.mark.parametrize("code", ["NOT_FOUND", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"])
def test_a_delete_that_found_nothing_because_its_record_waits(
    journal: SqliteJournal, code: str
) -> None:
    """The row that waits will not be sent, so the delete has what it wanted."""
    older = child(journal, "a")
    counts = settle(journal, Decided(failed("a", code), failed("b", code)), DELETES)

    assert counts == Counts(loaded=1, failed=1)
    assert journal.waiting.overwritten(older.id) == {"a": Written(deletes=True)}
    assert [row.key for row in journal.failures.select(Selection())] == ["b"]


def resend(journal: SqliteJournal) -> Batch:
    """A batch that sends all stored rows again."""
    ids = [row.id for row in journal.failures.select(Selection())]
    return journal.retry(journal.open_batch(WRITES), ids, rows=1, size=9)


def test_rows_that_fail_again_stay_as_they_are_in_their_places(journal: SqliteJournal) -> None:
    """Each of those that were sent as one; what was refused between them stays the newer."""
    settle(journal, Decided(failed("a", Phone="1", Title="x")))
    settle(journal, Decided(failed("a", Title="y")))
    again = resend(journal)
    settle(journal, Decided(refused=[refused("a", Title="z")]))
    counts, _ = journal.settle(again, Decided(failed("a", "AGAIN", Phone="1", Title="y")))

    assert counts == Counts(failed=1)
    assert stored(journal) == [("AGAIN", {"Phone": "1"}), ("TOO_LONG", {"Title": "z"})]


def test_rows_that_load_when_they_are_resent(journal: SqliteJournal) -> None:
    """They take nothing from a row that was stored after them."""
    settle(journal, Decided(failed("a", Phone="1")))
    again = resend(journal)
    settle(journal, Decided(refused=[refused("a", Title="z")]))
    journal.settle(again, Decided(loaded("a", "Phone", "Title")))

    assert stored(journal) == [("TOO_LONG", {"Title": "z"})]


def test_a_batch_that_is_resent_once_more_as_a_whole(journal: SqliteJournal) -> None:
    """Its child stands for the same stored rows, which are gone when it is loaded."""
    settle(journal, Decided(failed("a", Phone="1")))
    again = resend(journal)
    folder = again.folder / "retry-0"
    folder.mkdir()
    draft = ChildDraft(
        folder=folder, rows=1, size=9, same_keys=lambda: iter(["a"]), for_parents=False
    )
    _, (once_more,) = journal.settle(again, Decided(children=[draft]))
    before = stored(journal)
    journal.settle(once_more, Decided(loaded("a", "Phone")))

    assert (once_more.resends, before) == (True, [("UNABLE_TO_LOCK_ROW", {"Phone": "1"})])
    assert stored(journal) == []


def test_a_row_without_its_key_that_comes_again_after_a_crash(journal: SqliteJournal) -> None:
    """It is stored once."""
    row = replace(failed("", "MISSING_ARGUMENT", Phone="1"), key=None, same_key=None)
    settle(journal, Decided(refused=[row, row]))
    journal.start_run("r2")
    settle(journal, Decided(refused=[row]))

    assert stored(journal) == [("MISSING_ARGUMENT", {"Phone": "1"})]


@pytest.fixture
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where there are more rows than are kept for one transaction."""
    monkeypatch.setattr(settling, "_PORTION", 2)
    monkeypatch.setattr(settling, "_RECORDS", 2)


@pytest.mark.usefixtures("small_portions")
def test_nothing_counts_before_the_settlement_does(journal: SqliteJournal) -> None:
    """Neither what is stored in portions, nor what it makes of older rows."""
    settle(journal, Decided(*(failed(f"k{n}", Phone="1") for n in range(5))))
    before = stored(journal)
    batch = sealed(journal)

    class Broken(Decided):
        def sent(self, *, loaded: bool) -> Iterator[FailedRow | LoadedRow]:
            yield from super().sent(loaded=loaded)
            raise OSError("disk")

    rows: list[Any] = [loaded(f"k{n}", "Phone") for n in range(5)]
    with pytest.raises(StateDirectoryError, match="disk"):
        journal.settle(batch, Broken(*rows, *(failed(f"n{n}", Phone="2") for n in range(5))))
    assert (stored(journal), journal.batches(BatchState.SEALED)) == (before, [batch])


@pytest.mark.usefixtures("small_portions")
def test_what_a_dying_run_prepared_is_removed(tmp_path: Path) -> None:
    """The next one starts without it, and what was settled is brought to its end."""
    with SqliteJournal(tmp_path) as journal:
        journal.start_run("r1")
        settle(journal, Decided(*(failed(f"k{n}", Phone="1") for n in range(4))))
        child(journal, "a", "b", "c")
    with sqlite3.connect(tmp_path / "journal.sqlite3") as file:
        file.execute("INSERT INTO settling VALUES (1)")  # as if it had died before it counted
        file.execute("INSERT INTO changes VALUES (2, 3, NULL), (1, 4, NULL)")
        file.execute("UPDATE batches SET state = 'filling' WHERE parent_id IS NOT NULL")
    file.close()

    with SqliteJournal(tmp_path) as journal:
        assert stored(journal) == []
        assert not journal.waiting.has_rows_of("Contact", "Key__c")
        assert journal.batches(BatchState.FILLING) == []
    with sqlite3.connect(tmp_path / "journal.sqlite3") as file:
        left = [
            file.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in (
                "failed_rows",
                "settling",
                "changes",
            )
        ]
    file.close()
    assert left == [0, 0, 0]


@pytest.mark.usefixtures("small_portions")
def test_settling_in_portions_comes_to_the_same(journal: SqliteJournal) -> None:
    """For rows that are stored, that lose cells, that go, and that wait."""
    older = child(journal, *(f"k{n}" for n in range(6)))
    settle(journal, Decided(*(failed(f"k{n}", Phone="1", Title="x") for n in range(6))))
    rows = [loaded(f"k{n}", "Phone", *(["Title"] if n % 2 else [])) for n in range(6)]
    counts = settle(journal, Decided(*rows, refused=[refused("k0", Phone="2")] * 3))

    assert counts == Counts(loaded=6, failed=3, refused=3)
    assert (
        stored(journal)
        == [("UNABLE_TO_LOCK_ROW", {"Title": "x"})] * 3 + [("TOO_LONG", {"Phone": "2"})] * 3
    )
    assert sorted(journal.waiting.overwritten(older.id)) == [f"k{n}" for n in range(6)]


def test_an_adopted_row_has_its_place(journal: SqliteJournal) -> None:
    """It is newer than what is stored already, and its job is known from then on."""
    settle(journal, Decided(failed("a", Phone="1", Title="x")))
    journal.adopt(WRITES, "7501", [failed("a", "AGAIN", Phone="2")])
    (job,) = [job for job in journal.recent_jobs(9) if job["job_id"]]

    assert stored(journal) == [("UNABLE_TO_LOCK_ROW", {"Title": "x"}), ("AGAIN", {"Phone": "2"})]
    assert (job["state"], job["failed"], journal.knows_job("7501")) == ("released", 1, True)


def test_an_abandoned_resend_leaves_its_rows(journal: SqliteJournal) -> None:
    """They may be sent by a later one."""
    settle(journal, Decided(failed("a", Phone="1")))
    again = resend(journal)
    journal.record(again.id, Event.CREATED, job_id="7501")
    journal.record(again.id, Event.ABORTED)
    journal.abandon(again.id)

    assert [row.key for row in journal.failures.select(Selection(waiting_only=True))] == ["a"]
