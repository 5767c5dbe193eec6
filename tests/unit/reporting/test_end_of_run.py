"""What is reported at the end of a run, and what fails it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import failed_row, make_plan

from target_salesforce_bulk.errors import LoadError, MappingError
from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.loading.events import BatchSettled, StreamStopped
from target_salesforce_bulk.loading.guards.thresholds import Thresholds
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.loading.tally import Tally
from target_salesforce_bulk.reporting.end_of_run import EndOfRun
from target_salesforce_bulk.salesforce.meter import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal(tmp_path) as journal:
        journal.start_run("r1")
        yield journal


@pytest.fixture
def end(journal: SqliteJournal) -> Callable[[Tally], EndOfRun]:
    """The end of a run that took 2.5 seconds and had a tally."""

    def of(tally: Tally) -> EndOfRun:
        times = iter([10.0, 12.5])
        return EndOfRun(
            run_id="r1",
            journal=journal,
            table=ErrorTable(),
            tally=tally,
            thresholds=Thresholds(max_failed_percent=10),
            escape_formulas=True,
            clock=lambda: next(times),
        )

    return of


def settled(journal: SqliteJournal, **counts: int) -> BatchSettled:
    batch = journal.open_batch(make_plan())
    return BatchSettled(batch=batch, counts=Counts(**counts), jobs=1, api_calls=8)


def still() -> Tally:
    return Tally(clock=lambda: 0.0)


def test_a_run_without_records(end: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so, on stderr only."""
    end(still()).report(Traffic(requests=1), None)
    shown = capsys.readouterr()

    assert (shown.out, shown.err) == (
        "",
        "Run r1: 2.5 seconds, 1 API calls\nNo records were read.\n",
    )


def test_failed_rows_are_written_and_named(
    end: Any, journal: SqliteJournal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary, the groups of failures, and a file for each stream that has some."""
    tally = still()
    event = settled(journal, loaded=1, failed=1)
    tally.observe(event)
    journal.adopt(event.batch.plan, "750000000000001AAA", [failed_row("K-1")])
    end(tally).report(Traffic(requests=9), None)
    path = tmp_path / "failed" / "r1" / "people.csv"
    lines = capsys.readouterr().err.splitlines()

    assert lines[0] == "Run r1: 2.5 seconds, 9 API calls"
    assert lines[3:] == [
        f"Failed rows of people: {path}",
        "  1 x DUPLICATE_VALUE: duplicate value  [K-1]",
        f"      {ErrorTable().kind('DUPLICATE_VALUE', 'duplicate value').hint}",
    ]
    assert path.read_text().splitlines() == [
        '"sf__Error","code","fields","job_id","attempt","Key__c","LastName"',
        '"DUPLICATE_VALUE: duplicate value","DUPLICATE_VALUE","Key__c","750000000000001AAA","1",'
        '"K-1","Name K-1"',
    ]


def test_a_good_run_is_not_judged(end: Any, journal: SqliteJournal) -> None:
    """Failures within the thresholds do not fail it."""
    tally = still()
    tally.observe(settled(journal, loaded=90, failed=10))

    end(tally).judge(state_withheld="")


def test_everything_that_needs_attention_is_said(end: Any, journal: SqliteJournal) -> None:
    """Stopped streams, thresholds, uncertain rows and a STATE that was withheld, in one error."""
    tally = still()
    tally.observe(settled(journal, loaded=8, failed=1, uncertain=1))
    tally.stream_started("users", "User").read = 5
    error = MappingError("No such field.", stream="users")
    tally.observe(StreamStopped(stream="users", error=error))

    with pytest.raises(LoadError) as raised:
        end(tally).judge(state_withheld="of a reason")

    assert str(raised.value) == (
        "Stream users stopped and keeps its bookmark, so its rows will be read again: "
        "No such field. "
        "2 of 10 rows of stream people failed, 20.00 %; max_failed_percent is 10. "
        "The outcome of 1 row of stream people is uncertain. "
        "The rows are stored: `target-salesforce-bulk failed list` says why they failed; correct "
        "that in the source and load them again, or in Salesforce and run "
        "`target-salesforce-bulk failed retry`. "
        "No STATE could be written for the streams that did load, because of a reason."
    )


def test_a_stopped_stream_is_not_judged_twice(end: Any, journal: SqliteJournal) -> None:
    """Its reason is enough: its thresholds are not repeated."""
    tally = still()
    tally.observe(settled(journal, failed=10))
    tally.of("people").read = 10
    tally.observe(StreamStopped(stream="people", error=LoadError("Too many failed.")))
    run = end(tally)

    with pytest.raises(LoadError) as raised:
        run.judge(state_withheld="")

    assert [each.stream for each in run.stopped] == ["people"]
    assert str(raised.value) == (
        "Stream people stopped and keeps its bookmark, so its rows will be read again: "
        "Too many failed."
    )


def test_stored_rows_of_a_stopped_stream_stay_stored(end: Any, journal: SqliteJournal) -> None:
    """Nothing of the stream was read, so nothing will be read again."""
    tally = still()
    tally.observe(settled(journal))
    tally.observe(StreamStopped(stream="people", error=LoadError("Too many deletes.")))

    with pytest.raises(LoadError) as raised:
        end(tally).judge(state_withheld="")

    assert str(raised.value) == (
        "Stream people stopped, and its rows stay stored: Too many deletes."
    )
