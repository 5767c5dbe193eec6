"""The journal knows which rows of earlier runs come again, by the STATE that was brought back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from known_outcomes import DELETES, INSERTS, WRITES, Decided, sealed

from target_salesforce_bulk.journal import fingerprints
from target_salesforce_bulk.journal.expected import Answer
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.recognised import Coverage, is_remembered
from target_salesforce_bulk.rows.csvfile import encode_row
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan

NEW, AGAIN, UNDECIDED = Answer
LAYOUT = ("Key__c", "Phone", "Title")
ADA, GRACE = (encode_row([name, "", ""]) for name in ("Ada", "Grace"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def journal(folder: Path) -> Iterator[SqliteJournal]:
    with run(folder) as journal:
        yield journal


def run(folder: Path) -> SqliteJournal:
    """The journal of a run that begins."""
    journal = SqliteJournal(folder)
    journal.start_run(f"r{len(list(folder.iterdir()))}-{id(journal)}")
    journal.recognised.begin()
    return journal


def deal(journal: SqliteJournal, *names: str, plan: LoadPlan = INSERTS) -> Batch:
    """Settle a batch of rows that were loaded."""
    width = len(plan.columns) - 1
    batch = sealed(journal, plan, [(name, *[""] * width) for name in names])
    journal.settle(batch, Decided())
    return batch


def cover(journal: SqliteJournal, covered: dict[int, Any], *, numbered: bool = True) -> int:
    """Write a STATE; its number."""
    coverage = Coverage(batches=covered)
    number = journal.intend_state(coverage)
    journal.state_written(number, coverage, {}, numbered=numbered)
    return number


def known(journal: SqliteJournal, *lines: bytes) -> list[Answer]:
    return journal.recognised.match("people", LAYOUT, lines)


@pytest.mark.parametrize(
    ("operation", "remembered"),
    [
        (Operation.INSERT, True),
        (Operation.DELETE, True),
        (Operation.HARD_DELETE, True),
        (Operation.UPSERT, False),
        (Operation.UPDATE, False),
    ],
)
def test_what_does_no_harm_twice_is_not_remembered(
    operation: Operation, *, remembered: bool
) -> None:
    """A row that is written twice says the same twice."""
    assert is_remembered(operation) is remembered


def test_rows_without_a_state_come_again(folder: Path) -> None:
    """Those of an upsert are not asked for, and a resent row is not remembered at all."""
    with run(folder) as first:
        deal(first, "Ada")
        deal(first, "Grace", plan=WRITES)
        deal(first, "Grace", plan=INSERTS)
    with run(folder) as second:
        second.recognised.settle_decision(None)
        recognised = second.recognised

        assert known(second, ADA, ADA, GRACE) == [AGAIN, NEW, AGAIN]
        assert (recognised.taken("people"), recognised.taken_in_all) == (2, 2)
        assert recognised.expects(replace(INSERTS, stream="others")) is False


def test_a_resent_row_is_not_remembered(journal: SqliteJournal) -> None:
    """The tap never sends it again."""
    batch = sealed(journal, INSERTS, [("Ada", "", "")])

    assert journal.recognised.write_files(replace(batch, resends=True)) is None
    assert journal.recognised.write_files(replace(batch, parent_id=7)) is None
    assert journal.recognised.write_files(batch) == (1, 0)


@pytest.mark.parametrize(
    ("brought_back", "answers"),
    [
        (2, [NEW, NEW]),
        (1, [NEW, AGAIN]),
        (None, [NEW, NEW]),
    ],
)
def test_the_number_that_came_back_says_what_was_lost(
    folder: Path, brought_back: int | None, answers: list[Answer]
) -> None:
    """A lower one, that the rows of the newer STATE come again; none, that what is out is kept."""
    with run(folder) as first:
        for name in ("Ada", "Grace"):
            cover(first, {deal(first, name).id: None})
    with run(folder) as second:
        before = known(second, ADA, GRACE)
        second.recognised.settle_decision(brought_back)

        assert before == [UNDECIDED, UNDECIDED]
        assert known(second, ADA, GRACE) == answers


def test_a_state_that_was_not_written_covers_nothing(folder: Path) -> None:
    """The run died before its line was out, and no number comes back."""
    with run(folder) as first:
        first.intend_state(Coverage(batches={deal(first, "Ada").id: None}))
    with run(folder) as second:
        second.recognised.settle_decision(None)

        assert known(second, ADA) == [AGAIN]


def test_a_state_without_a_number_is_kept_when_it_is_written(journal: SqliteJournal) -> None:
    """Nothing could come back that says more."""
    batch = deal(journal, "Ada")
    before = journal.recognised.remembers_any
    cover(journal, {batch.id: None}, numbered=False)

    assert (before, journal.recognised.remembers_any) == (True, False)


def test_numbers_go_on_after_what_came_back(journal: SqliteJournal) -> None:
    """Another machine may have written higher ones."""
    journal.recognised.settle_decision(41)

    assert [cover(journal, {}), cover(journal, {})] == [42, 43]


def test_the_first_decision_counts(folder: Path) -> None:
    """A later STATE of the tap says nothing about what was kept."""
    with run(folder) as first:
        cover(first, {deal(first, "Ada").id: None})
    with run(folder) as second:
        second.recognised.settle_decision(1)
        second.recognised.settle_decision(None)

        assert (known(second, ADA), second.recognised.newest_number()) == ([NEW], 1)


def test_files_of_rows_that_are_covered_for_certain_are_removed(folder: Path) -> None:
    """Nothing grows without bound."""
    with run(folder) as first:
        covered, other = deal(first, "Ada"), deal(first, "Grace")
        cover(first, {covered.id: None})
    with run(folder) as second:
        second.recognised.settle_decision(1)
        files = {path.name for path in (folder / "fingerprints").iterdir()}

    assert files == {f"{other.id}.rows"}


def test_what_a_completed_stream_covers(folder: Path) -> None:
    """What stands before the last row that came again will not come any more."""
    with run(folder) as first:
        batches = [deal(first, *names) for names in (["x"], ["Ada", "y", "z"], ["w"])]
    with run(folder) as second:
        second.recognised.settle_decision(None)
        known(second, ADA)
        own = deal(second, "new")
        covered = second.recognised.completion("people")

    assert covered == {batches[0].id: None, batches[1].id: (1, 0), own.id: None}


def test_deletes_that_were_dealt_with(folder: Path) -> None:
    """Only those of earlier runs, and of the same stream."""
    with run(folder) as first:
        deal(first, "Ada", plan=DELETES)
    with run(folder) as second:
        deal(second, "Grace", plan=DELETES)
        was_dealt = second.recognised.was_dealt
        lines = [encode_row([name]) for name in ("Ada", "Grace")]

        assert [was_dealt("people", line) for line in lines] == [True, False]
        assert was_dealt("others", lines[0]) is False


def test_a_stream_is_forgotten(folder: Path) -> None:
    """With the number of rows that could have come again."""
    with run(folder) as first:
        deal(first, "Ada", "Grace")
        first.recognised.settle_decision(None)
    with run(folder) as second:
        second.recognised.settle_decision(None)
        number = second.recognised.forget_stream("people")

        assert (number, known(second, ADA), list((folder / "fingerprints").iterdir())) == (
            2,
            [NEW],
            [],
        )


def test_a_stream_without_state_that_is_complete(folder: Path) -> None:
    """Its next run begins anew."""
    with run(folder) as first:
        deal(first, "Ada")
        first.complete_without_state("people")
    with run(folder) as second:
        second.recognised.settle_decision(None)

        assert known(second, ADA) == [NEW]


def test_refused_rows_are_asked_for_apart(journal: SqliteJournal) -> None:
    """One of an earlier run is left out as often as it was refused."""
    refused = fingerprints.of_refused({"Key__c": "Ada"})

    assert journal.recognised.match_refused("people", refused) is NEW
