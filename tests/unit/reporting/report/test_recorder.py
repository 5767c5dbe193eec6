"""What a recorder keeps of the batches of a run."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import make_batch, make_plan

from target_salesforce_bulk.errors import LoadError
from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.loading.events import (
    BatchSettled,
    BatchTakenOver,
    RowsKept,
    StreamStopped,
)
from target_salesforce_bulk.reporting.report import recorder as module
from target_salesforce_bulk.reporting.report.job_times import as_time
from target_salesforce_bulk.reporting.report.recorder import RunRecorder
from target_salesforce_bulk.reporting.report.schema import BatchFacts, ReadingFacts, Rows

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch


@pytest.fixture
def recorder() -> RunRecorder:
    """A recorder whose clocks go on by 1 and by 10 seconds each time they are asked."""
    return RunRecorder(
        "r1",
        clock=map(float, count(1)).__next__,
        cpu_clock=map(float, count(10, 10)).__next__,
    )


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    return make_batch(
        tmp_path, run_id="r1", rows=7, size=99, merged=1, job_id="750000000000001AAA", jobs_made=2
    )


def test_a_settled_batch(recorder: RunRecorder, batch: Batch) -> None:
    """All its facts, with what its rows created."""
    recorder.note_created(batch.id, 2)
    recorder.observe(
        BatchSettled(batch=batch, counts=Counts(loaded=5, failed=2), api_calls=8, seconds=1.23456)
    )

    assert recorder.batches == [
        BatchFacts(
            id=batch.id, stream="people", object="Contact", operation="upsert", rows=7, bytes=99,
            merged=1, outcome=Rows(loaded=5, created=2, updated=3, failed=2),
            job="750000000000001AAA", jobs_made=2, api_calls=8, seconds=1.235,
            settled_at=as_time(2.0),
        )
    ]  # fmt: skip


def test_rows_add_up_by_stream(recorder: RunRecorder, tmp_path: Path) -> None:
    """Those of a child batch that is kept from being sent count as well."""
    first = make_batch(tmp_path, run_id="r0")
    other = make_batch(tmp_path, plan=make_plan(stream="firms"), parent_id=1)
    recorder.observe(BatchSettled(batch=first, counts=Counts(loaded=5)))
    recorder.observe(RowsKept(batch=first, counts=Counts(unprocessed=2)))
    recorder.observe(BatchSettled(batch=other, counts=Counts(loaded=1)))

    assert recorder.rows("people") == Rows(loaded=5, unprocessed=2)
    assert recorder.rows("firms") == Rows(loaded=1)
    assert recorder.rows("none") == Rows()
    assert [(each.parent, each.earlier_run) for each in recorder.batches] == [
        (None, True),
        (None, True),
        (1, False),
    ]


def test_other_events_are_no_batches(recorder: RunRecorder, batch: Batch) -> None:
    """They are told by the totals of the streams."""
    recorder.observe(BatchTakenOver(batch=batch))
    recorder.observe(StreamStopped(stream="people", error=LoadError("why")))

    assert recorder.batches == []


def test_memory_is_bounded(
    recorder: RunRecorder, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches beyond a number are counted, and their rows still add up."""
    monkeypatch.setattr(module, "MOST", 1)
    for _ in range(3):
        recorder.observe(BatchSettled(batch=batch, counts=Counts(loaded=5)))

    assert (len(recorder.batches), recorder.batches_left_out) == (1, 2)
    assert recorder.rows("people").loaded == 15


def test_reading(recorder: RunRecorder) -> None:
    """How long it took, in time and in CPU time; its end counts where it was reached."""
    before = recorder.reading
    recorder.input_ended()

    assert before == ReadingFacts(seconds=1.0, cpu_seconds=10.0)
    assert recorder.reading == ReadingFacts(seconds=2.0, cpu_seconds=20.0, complete=True)


def test_a_hostile_name_can_be_encoded(recorder: RunRecorder, tmp_path: Path) -> None:
    """Half of a surrogate pair, and what changes a terminal, become escapes."""
    plan: Any = make_plan(stream="a\ud800\x1b[31m")
    recorder.observe(BatchSettled(batch=make_batch(tmp_path, plan=plan), counts=Counts()))

    assert [each.stream for each in recorder.batches] == ["a\\ud800\\x1b[31m"]
