"""What came in earlier runs is known again, each row once for each time that it was dealt with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from known_outcomes import INSERTS, Decided, sealed

from target_salesforce_bulk.journal import fingerprints
from target_salesforce_bulk.journal.database import Database
from target_salesforce_bulk.journal.expected import Answer, Expected
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.recognised import Coverage
from target_salesforce_bulk.journal.top_rows import TopRows
from target_salesforce_bulk.rows.csvfile import encode_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEW, AGAIN, UNDECIDED = Answer
LAYOUT = ("Key__c", "Phone", "Title")
ADA, GRACE, MARY = (encode_row([name, "1", ""]) for name in ("Ada", "Grace", "Mary"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state directory in which a run has dealt with Ada twice and with Grace; Ada is covered."""
    with SqliteJournal(tmp_path) as journal:
        journal.start_run("r1")
        batch = sealed(journal, INSERTS, [("Ada", "1", ""), ("Ada", "1", ""), ("Grace", "1", "")])
        journal.settle(batch, Decided())
        coverage = Coverage(batches={batch.id: (1, 0)})
        number = journal.intend_state(coverage)
        journal.state_written(number, coverage, {}, numbered=True)
    return tmp_path


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    database = Database(folder)
    yield database
    database.close()


def expected(database: Database, *, decided: bool) -> Expected:
    return Expected(database, database.fingerprints_dir, "people", decided=decided)


def match(found: Expected, *lines: bytes, decided: bool) -> list[Answer]:
    return found.match(LAYOUT, lines, refused=False, decided=decided)


def test_each_row_comes_again_once_for_each_time(database: Database) -> None:
    """What is covered does not count, nor does a row that nobody dealt with."""
    found = expected(database, decided=True)

    assert found.number == 2
    assert match(found, MARY, ADA, ADA, GRACE, GRACE, decided=True) == [NEW, AGAIN, NEW, AGAIN, NEW]
    assert (found.is_empty, found.last_taken) == (True, (1, 2))


def test_what_is_covered_is_undecided_before_the_first_state(database: Database) -> None:
    """The row that is not covered is taken first: it comes again whatever STATE says."""
    found = expected(database, decided=False)

    assert match(found, ADA, ADA, MARY, decided=False) == [AGAIN, UNDECIDED, NEW]


def test_the_decision_drops_what_is_covered(database: Database) -> None:
    """Rows that waited for it are new then."""
    found = expected(database, decided=False)
    first = match(found, GRACE, decided=False)
    database_number = found.number
    found.decide()

    assert (first, database_number, found.number) == ([AGAIN], 2, 1)
    assert match(found, ADA, ADA, decided=True) == [AGAIN, NEW]


def test_another_layout_of_the_same_cells(database: Database) -> None:
    """A new column is empty in rows that come again, and the order does not matter."""
    found = expected(database, decided=True)
    lines = [encode_row(["", "1", "Grace"]), encode_row(["x", "1", "Ada"])]

    answers = found.match(("New", "Phone", "Key__c"), lines, refused=False, decided=True)

    assert answers == [AGAIN, NEW]


def test_a_refused_row_is_not_one_to_be_sent(database: Database) -> None:
    """Equal cells do not make them the same."""
    found = expected(database, decided=True)
    refused = fingerprints.of_refused({"Key__c": "Grace", "Phone": "1"})

    assert found.match((), [refused], refused=True, decided=True) == [NEW]


def test_what_came_again_is_stored_once(database: Database) -> None:
    """Only what is new since the last STATE, in the order in which it came."""
    found = expected(database, decided=True)
    match(found, GRACE, ADA, decided=True)
    for number, taken in ((5, 1), (6, 1), (7, 2)):
        with database.transaction() as db:
            found.store_taken(db, "people", number, taken)

    rows = database.query("SELECT fingerprint, number FROM taken_rows ORDER BY id")
    assert [tuple(row) for row in rows] == [
        (fingerprints.of_line(GRACE), 5),
        (fingerprints.of_line(ADA), 7),
    ]


@pytest.fixture
def at_bookmark(tmp_path: Path) -> Iterator[Expected]:
    """Two equal rows without a key, and two versions of a record, at the bookmark."""
    top = TopRows(value=5)
    for line, key in ((ADA, None), (ADA, None), (GRACE, "g"), (MARY, "g")):
        top.add(fingerprints.of_line(line), LAYOUT, key)
    with SqliteJournal(tmp_path) as journal:
        coverage = Coverage(batches={}, tops={"people": (top, 4)})
        journal.state_written(journal.intend_state(coverage), coverage, {}, numbered=True)
    database = Database(tmp_path)
    yield expected(database, decided=True)
    database.close()


def take(found: Expected, line: bytes, key: str | None, *, decided: bool = True) -> Answer:
    return found.take_top(LAYOUT, line, key, decided=decided)


def test_rows_at_the_bookmark_without_a_key(at_bookmark: Expected) -> None:
    """Each is left out once for each time that it was there."""
    answers = [take(at_bookmark, line, None) for line in (ADA, ADA, ADA, MARY)]

    assert (answers, at_bookmark.tops_taken) == ([AGAIN, AGAIN, NEW, NEW], 2)


def test_rows_at_the_bookmark_with_a_key(at_bookmark: Expected) -> None:
    """Only the last one of its record is known, however often it comes."""
    answers = [take(at_bookmark, line, "g") for line in (GRACE, MARY, MARY)]

    assert answers == [NEW, AGAIN, AGAIN]
    assert take(at_bookmark, MARY, "m") is NEW


def test_a_record_that_is_written_again_is_not_expected(at_bookmark: Expected) -> None:
    """Its row at the bookmark has to be loaded after the newer one."""
    at_bookmark.write_records(["g"])

    assert (take(at_bookmark, MARY, "g"), at_bookmark.expects_records) == (NEW, False)


def test_a_tap_that_starts_further_back(at_bookmark: Expected) -> None:
    """Nothing is at the bookmark any more."""
    at_bookmark.leave_top()

    assert [take(at_bookmark, ADA, None), take(at_bookmark, MARY, "g")] == [NEW, NEW]


def test_the_bookmark_is_undecided_before_the_first_state(at_bookmark: Expected) -> None:
    """An answer that is not known uses nothing up."""
    before = [take(at_bookmark, ADA, None, decided=False) for _ in range(3)]

    assert (before, take(at_bookmark, ADA, None)) == ([UNDECIDED] * 3, AGAIN)
