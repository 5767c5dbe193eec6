"""Events add up to the totals of each stream."""

from __future__ import annotations

from itertools import count

from sample_batches import make_batch, make_plan

from target_salesforce_bulk.errors import LoadError
from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.loading.events import BatchSettled, RowsKept, StreamStopped
from target_salesforce_bulk.loading.tally import StreamTally, Tally


def ticking() -> Tally:
    """A tally whose clock advances by a second with each look at it."""
    ticks = count(10)
    return Tally(clock=lambda: float(next(ticks)))


def test_a_settled_batch_is_added() -> None:
    """With its merged rows, jobs, API calls and the time."""
    tally = ticking()
    tally.stream_started("people", "Contact").read += 9
    for failed in (1, 2):
        tally.observe(
            BatchSettled(
                batch=make_batch(merged=1),
                counts=Counts(loaded=3, failed=failed, refused=failed),
                jobs=1,
                api_calls=8,
            )
        )

    assert tally.of("people") == StreamTally(
        stream="people",
        sobject="Contact",
        read=9,
        merged=2,
        batches=2,
        jobs=2,
        api_calls=16,
        counts=Counts(loaded=6, failed=3, refused=3),
        started_at=10,
        ended_at=12,
    )
    assert tally.of("people").seconds == 2


def test_rows_that_are_kept_are_added() -> None:
    """They have an outcome, but they cost no job."""
    tally = ticking()
    tally.observe(RowsKept(batch=make_batch(), counts=Counts(unprocessed=5)))

    assert tally.of("people") == StreamTally(
        stream="people",
        sobject="Contact",
        counts=Counts(unprocessed=5),
        started_at=10,
        ended_at=10,
    )


def test_a_stopped_stream_keeps_the_reason() -> None:
    """And the time of its end."""
    tally, error = ticking(), LoadError("stop")
    tally.stream_started("people", "Contact")
    tally.observe(StreamStopped(stream="people", error=error))

    assert (tally.of("people").stopped, tally.of("people").ended_at) == (error, 11)


def test_streams_keep_their_order() -> None:
    """That of their first SCHEMA; a second SCHEMA changes nothing."""
    tally = ticking()
    first = tally.stream_started("users", "User")
    tally.stream_started("people", "Contact")

    assert tally.stream_started("users", "User") is first
    assert [each.stream for each in tally.streams] == ["users", "people"]


def test_a_batch_of_an_earlier_run_is_counted() -> None:
    """Its stream need not have started in this run."""
    tally = ticking()
    batch = make_batch(plan=make_plan(stream="old", sobject="Lead"))
    tally.observe(BatchSettled(batch=batch, counts=Counts(loaded=1)))

    assert [(each.stream, each.sobject, each.counts.loaded) for each in tally.streams] == [
        ("old", "Lead", 1)
    ]


def test_the_failed_percentage() -> None:
    """Of the rows with an outcome; retried rows have none yet."""
    stream = StreamTally(stream="people", sobject="Contact")
    empty = stream.failed_percent
    stream.counts = Counts(loaded=6, failed=1, unprocessed=1, retried=100)

    assert (empty, stream.failed_percent) == (0.0, 25.0)
