"""A run becomes a trace."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from exported_runs import KEPT, SETTLED, run_end
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sample_batches import make_batch

from target_salesforce_bulk.errors import LoadError
from target_salesforce_bulk.loading.events import Step, StepEnded, StreamStopped
from target_salesforce_bulk.reporting.exports.spans import Spans
from target_salesforce_bulk.salesforce.job import JobInfo, JobState, Operation

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

JOB = JobInfo(
    id="7505g0000000001AAA",
    object="Contact",
    operation=Operation.UPSERT,
    state=JobState.JOB_COMPLETE,
    records_processed=9,
    records_failed=4,
    total_processing_ms=700,
    api_active_processing_ms=600,
    apex_processing_ms=500,
)


class Trace:
    """Spans whose clock advances by a second with each look at it."""

    def __init__(self) -> None:
        self._memory = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._memory))
        ticks = count(100)
        self.spans = Spans(provider.get_tracer("t"), Context(), now=lambda: float(next(ticks)))

    @property
    def finished(self) -> dict[str, ReadableSpan]:
        return {each.name: each for each in self._memory.get_finished_spans()}

    def tree(self) -> dict[str, tuple[str | None, float, float]]:
        """Each span with its parent, its beginning and its end."""
        spans = self._memory.get_finished_spans()
        names = {each.context.span_id: each.name for each in spans}
        return {
            each.name: (
                None if each.parent is None else names[each.parent.span_id],
                (each.start_time or 0) / 1e9,
                (each.end_time or 0) / 1e9,
            )
            for each in spans
        }


@pytest.fixture
def trace() -> Trace:
    return Trace()


def step(kind: Step, started_at: float, **more: Any) -> StepEnded:
    facts = {"batch": SETTLED.batch, "step": kind, "started_at": started_at, "seconds": 0.5}
    return StepEnded(**facts | more)


def test_the_spans_of_a_run(trace: Trace) -> None:
    """Steps are below their batch, which begins before the first of them."""
    trace.spans.opened("r1", "https://acme.invalid")
    trace.spans.observe(step(Step.UPLOAD, 98.5))
    trace.spans.observe(step(Step.AWAIT_END, 99.0, job=JOB))
    trace.spans.observe(SETTLED)
    trace.spans.input_ended(12)
    trace.spans.ended(run_end())

    assert trace.tree() == {
        "upload": ("batch", 98.5, 99.0),
        "await job": ("batch", 99.0, 99.5),
        "batch": ("run", 97.0, 101.0),
        "read": ("run", 100.0, 102.0),
        "run": (None, 100.0, 103.0),
    }
    assert {each.status.status_code.name for each in trace.finished.values()} == {"UNSET"}


def test_what_spans_say(trace: Trace) -> None:
    """Ids, counts and times, and no values of rows."""
    trace.spans.opened("r1", "https://acme.invalid")
    trace.spans.observe(step(Step.AWAIT_END, 99.0, job=JOB))
    trace.spans.observe(SETTLED)
    trace.spans.ended(run_end())
    own = "target_salesforce_bulk."
    facts = {
        f"{own}stream": "people",
        f"{own}batch.id": 1,
        "salesforce.object": "Contact",
        "salesforce.operation": "upsert",
        "salesforce.job.id": JOB.id,
    }

    assert trace.finished["batch"].attributes == facts | {
        f"{own}batch.rows": 9,
        f"{own}batch.bytes": 400,
        f"{own}batch.depth": 0,
        f"{own}rows.loaded": 5,
        f"{own}rows.failed": 3,
        f"{own}rows.refused": 1,
        f"{own}rows.merged": 1,
        f"{own}jobs": 1,
        f"{own}api_calls": 7,
    }
    assert trace.finished["await job"].attributes == facts | {
        "salesforce.job.state": "JobComplete",
        "salesforce.job.records_processed": 9,
        "salesforce.job.records_failed": 4,
        "salesforce.job.total_processing_ms": 700,
        "salesforce.job.api_active_processing_ms": 600,
        "salesforce.job.apex_processing_ms": 500,
    }
    assert trace.finished["run"].attributes == {
        f"{own}run.id": "r1",
        "salesforce.instance_url": "https://acme.invalid",
        f"{own}rows.loaded": 5,
        f"{own}rows.not_loaded": 6,
    }


def test_a_run_that_fails(trace: Trace) -> None:
    """It says why, and which input was not read to its end."""
    trace.spans.ended(run_end(succeeded=False, error=LoadError("1 row\nfailed.")))
    run, read = trace.finished["run"], trace.finished["read"]

    assert (run.status.status_code.name, run.status.description) == ("ERROR", "1 row\\nfailed")
    assert (run.attributes or {})["error.type"] == "LoadError"
    assert read.status.description == "The input was not read to its end."


def test_a_batch_that_is_not_settled(trace: Trace) -> None:
    """It lasts as long as its steps, of which one failed."""
    trace.spans.observe(step(Step.CREATE, 98.0, batch=make_batch(job_id=None)))
    trace.spans.observe(step(Step.UPLOAD, 98.5, error="AnswerLostError"))
    trace.spans.input_ended(1)
    trace.spans.ended(run_end())
    batch, upload = trace.finished["batch"], trace.finished["upload"]

    assert trace.tree()["batch"] == ("run", 98.0, 99.0)
    assert batch.status.description == "The batch was not settled in this run."
    assert upload.status.description == "AnswerLostError"


def test_rows_that_are_kept(trace: Trace) -> None:
    """Their batch was not sent."""
    trace.spans.observe(KEPT)

    assert (trace.finished["batch"].attributes or {})[
        "target_salesforce_bulk.rows.unprocessed"
    ] == 2


def test_a_stream_that_stops(trace: Trace) -> None:
    """It is an event of the run."""
    trace.spans.observe(StreamStopped(stream="people", error=LoadError("too many")))
    trace.spans.ended(run_end())
    (event,) = trace.finished["run"].events

    assert (event.name, event.attributes) == (
        "stream stopped",
        {"target_salesforce_bulk.stream": "people", "reason": "too many"},
    )
