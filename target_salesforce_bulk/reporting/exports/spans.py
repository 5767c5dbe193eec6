"""The trace of a run: spans for the run, for reading, for each batch, and for each of its steps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Status, StatusCode, set_span_in_context

from target_salesforce_bulk.loading.events import BatchSettled, RowsKept, StepEnded, StreamStopped
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.reporting.exports.receivers import explain
from target_salesforce_bulk.reporting.exports.totals import outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

    from target_salesforce_bulk.journal.batch import Batch, Counts
    from target_salesforce_bulk.loading.events import Event
    from target_salesforce_bulk.reporting.exports.totals import RunEnd
    from target_salesforce_bulk.salesforce.job import JobInfo

#: Steps of one batch that are kept until it is settled; a batch has few, unless jobs fail.
_MOST_STEPS = 200


class Spans:
    """Makes the spans of one run.

    Those of a batch are made when it is settled, as only then its beginning is known.

    Args:
        tracer: Takes them.
        parent: The context of the run.
        now: Seconds since 1970.
    """

    def __init__(
        self, tracer: Tracer, parent: Context, now: Callable[[], float] = time.time
    ) -> None:
        self._tracer = tracer
        self._now = now
        started_at = _nanoseconds(now())
        self._run = tracer.start_span("run", parent, start_time=started_at)
        self._context = set_span_in_context(self._run, parent)
        self._read = tracer.start_span("read", self._context, start_time=started_at)
        self._steps: dict[int, list[StepEnded]] = {}

    def opened(self, run_id: str, org_url: str) -> None:
        """Say which run this is, and of which org."""
        self._run.set_attribute("target_salesforce_bulk.run.id", run_id)
        self._run.set_attribute("salesforce.instance_url", plain_text(org_url))

    def input_ended(self, records: int) -> None:
        """End the span of reading."""
        self._read.set_attribute("target_salesforce_bulk.records_read", records)
        self._read.end(_nanoseconds(self._now()))

    def observe(self, event: Event) -> None:
        """Take an event."""
        match event:
            case StepEnded():
                steps = self._steps.setdefault(event.batch.id, [])
                if len(steps) < _MOST_STEPS:
                    steps.append(event)
            case BatchSettled():
                now = self._now()
                attributes = _outcome(event.batch, event.counts)
                attributes["target_salesforce_bulk.jobs"] = event.jobs
                attributes["target_salesforce_bulk.api_calls"] = event.api_calls
                self._add_batch(event.batch, now - event.seconds, now, attributes)
            case RowsKept():
                self._add_unsettled(event.batch, _outcome(event.batch, event.counts))
            case StreamStopped():
                attributes = {"target_salesforce_bulk.stream": plain_text(event.stream)}
                self._run.add_event("stream stopped", attributes | {"reason": explain(event.error)})

    def ended(self, end: RunEnd) -> None:
        """End what has not ended, and the run with it."""
        for steps in [*self._steps.values()]:
            self._add_unsettled(steps[-1].batch, _facts(steps[-1].batch))
        if self._read.is_recording():
            self._read.set_status(Status(StatusCode.ERROR, "The input was not read to its end."))
            self._read.end(_nanoseconds(self._now()))
        if not end.succeeded:
            why = "The run was stopped." if end.error is None else explain(end.error)
            self._run.set_status(Status(StatusCode.ERROR, why))
            self._run.set_attribute("error.type", type(end.error).__name__)
        self._run.set_attribute(
            "target_salesforce_bulk.rows.loaded",
            sum(load.counts.loaded for load in end.loads.values()),
        )
        self._run.set_attribute(
            "target_salesforce_bulk.rows.not_loaded",
            sum(load.counts.not_loaded for load in end.loads.values()),
        )
        self._run.end(_nanoseconds(self._now()))

    def _add_unsettled(self, batch: Batch, attributes: dict[str, Any]) -> None:
        """Add the span of a batch that this run began and did not settle."""
        steps = self._steps.get(batch.id, ())
        now = self._now()
        began = steps[0].started_at if steps else now
        ended = max((step.started_at + step.seconds for step in steps), default=now)
        status = Status(StatusCode.ERROR, "The batch was not settled in this run.")
        self._add_batch(batch, began, ended, attributes, status)

    def _add_batch(
        self,
        batch: Batch,
        began: float,
        ended: float,
        attributes: dict[str, Any],
        status: Status | None = None,
    ) -> None:
        span = self._tracer.start_span(
            "batch", self._context, attributes=attributes, start_time=_nanoseconds(began)
        )
        if status is not None:
            span.set_status(status)
        context = set_span_in_context(span, self._context)
        for step in self._steps.pop(batch.id, ()):
            self._add_step(step, context)
        span.end(_nanoseconds(ended))

    def _add_step(self, step: StepEnded, context: Context) -> None:
        attributes = _facts(step.batch) | ({} if step.job is None else _job(step.job))
        span = self._tracer.start_span(
            str(step.step), context, attributes=attributes, start_time=_nanoseconds(step.started_at)
        )
        if step.error:
            span.set_status(Status(StatusCode.ERROR, step.error))
            span.set_attribute("error.type", step.error)
        span.end(_nanoseconds(step.started_at + step.seconds))


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)


def _facts(batch: Batch) -> dict[str, Any]:
    """What identifies a batch and its job."""
    facts = {
        "target_salesforce_bulk.stream": plain_text(batch.plan.stream),
        "target_salesforce_bulk.batch.id": batch.id,
        "salesforce.object": plain_text(batch.plan.sobject),
        "salesforce.operation": str(batch.plan.operation),
    }
    return facts if batch.job_id is None else facts | {"salesforce.job.id": batch.job_id}


def _outcome(batch: Batch, counts: Counts) -> dict[str, Any]:
    rows = outcomes(counts, batch.merged)
    sizes = {"rows": batch.rows, "bytes": batch.size, "depth": batch.depth}
    facts = _facts(batch)
    facts |= {f"target_salesforce_bulk.batch.{name}": size for name, size in sizes.items()}
    return facts | {f"target_salesforce_bulk.rows.{name}": number for name, number in rows.items()}


def _job(job: JobInfo) -> dict[str, Any]:
    """A job as Salesforce reports it at its end; times in milliseconds."""
    return {
        "salesforce.job.id": job.id,
        "salesforce.job.state": str(job.state),
        "salesforce.job.records_processed": job.records_processed or 0,
        "salesforce.job.records_failed": job.records_failed or 0,
        "salesforce.job.total_processing_ms": job.total_processing_ms,
        "salesforce.job.api_active_processing_ms": job.api_active_processing_ms,
        "salesforce.job.apex_processing_ms": job.apex_processing_ms,
    }
