"""A run as OpenLineage events: which streams went to which objects, column by column.

https://openlineage.io/docs/spec/object-model/
"""

from __future__ import annotations

import os
import queue
import threading
import time
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    error_message_run,
    job_type_job,
    parent_run,
    processing_engine_run,
    set_producer,
)
from openlineage.client.transport.http import HttpTransport
from openlineage.client.uuid import generate_new_uuid

from target_salesforce_bulk.loading.events import StreamStarted
from target_salesforce_bulk.redaction import conceal
from target_salesforce_bulk.reporting.exports.datasets import input_datasets, output_datasets
from target_salesforce_bulk.reporting.exports.receivers import GuardedSession, OneWarning, explain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openlineage.client.facet_v2 import RunFacet

    from target_salesforce_bulk.loading.events import Event
    from target_salesforce_bulk.reporting.exports.totals import RunEnd

_NAME = "target-salesforce-bulk"
_PRODUCER = f"urn:{_NAME}:{version(_NAME)}"
#: The client would read the address of the git repository that the process runs in, which may
#: contain a password, and which is not where this program comes from.
_CONFIG = {"facets": {"source_code_location": {"disabled": True}}}


class LineageExport:
    """See `Export`. Events are sent by a thread of its own."""

    def __init__(self) -> None:
        self.warning = OneWarning("OpenLineage")
        self.warning.replace_log_of("openlineage")
        set_producer(_PRODUCER)
        conceal(os.environ.get("OPENLINEAGE_API_KEY", ""))
        self._client = OpenLineageClient(config=_CONFIG)
        if isinstance(self._client.transport, HttpTransport):
            self._client.transport.session = GuardedSession()
        self._events = LineageEvents(os.environ)
        self._waiting: queue.SimpleQueue[RunEvent | None] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._send_all, name="openlineage", daemon=True)
        self._sender.start()
        self._waiting.put(self._events.start(time.time()))

    def opened(self, run_id: str, org_url: str) -> None:
        """See `Export.opened`."""
        self._events.opened(run_id, org_url)

    def observe(self, event: Event) -> None:
        """See `Export.observe`."""
        self._events.observe(event)

    def input_ended(self, records: int) -> None:
        """See `Export.input_ended`."""

    def ended(self, end: RunEnd) -> None:
        """See `Export.ended`."""
        self._waiting.put(self._events.end(end))
        self._waiting.put(None)
        self._sender.join()

    def _send_all(self) -> None:
        try:
            while (event := self._waiting.get()) is not None:
                self._client.emit(event)
        except Exception as error:  # noqa: BLE001 - whatever it is, the load goes on
            self.warning.warn(explain(error))
        finally:
            self._client.close()


class LineageEvents:
    """Makes the events of one run.

    Args:
        environ: Has the namespace and the parent.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._namespace = environ.get("OPENLINEAGE_NAMESPACE") or "default"
        self._run_id = str(generate_new_uuid())
        self._facets: dict[str, RunFacet] = {
            "processing_engine": processing_engine_run.ProcessingEngineRunFacet(
                version=version(_NAME), name=_NAME
            )
        }
        if parent := _parent(environ.get("OPENLINEAGE_PARENT_ID", "")):
            self._facets["parent"] = parent
        self._streams: dict[str, StreamStarted] = {}
        self._org = ""

    def opened(self, run_id: str, org_url: str) -> None:
        """Learn which org the run loads into."""
        self._org = urlsplit(org_url).netloc.rpartition("@")[2]

    def observe(self, event: Event) -> None:
        """Learn which streams are loaded; only the newest schema of each counts."""
        if isinstance(event, StreamStarted):
            self._streams[event.stream] = event

    def start(self, now: float) -> RunEvent:
        """The event of a run that begins."""
        return self._event(RunState.START, now, self._facets)

    def end(self, end: RunEnd) -> RunEvent:
        """The event of a run that is over, with its datasets."""
        facets = dict(self._facets)
        if not end.succeeded:
            why = "The run was stopped." if end.error is None else explain(end.error)
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
                message=why, programmingLanguage="PYTHON"
            )
        event = self._event(
            RunState.COMPLETE if end.succeeded else RunState.FAIL, end.ended_at, facets
        )
        streams = [*self._streams.values()]
        event.inputs = input_datasets(streams, self._namespace, end)
        event.outputs = output_datasets(streams, self._namespace, self._org, end)
        return event

    def _event(self, state: RunState, when: float, facets: Mapping[str, RunFacet]) -> RunEvent:
        kind = job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration="SINGER", jobType="TARGET"
        )
        return RunEvent(
            eventType=state,
            eventTime=datetime.fromtimestamp(when, UTC).isoformat(),
            run=Run(runId=self._run_id, facets=dict(facets)),
            job=Job(namespace=self._namespace, name=_NAME, facets={"jobType": kind}),
        )


def _parent(text: str) -> parent_run.ParentRunFacet | None:
    """The run that started this one, given as `namespace/job/run id`, as integrations pass it on.

    Raises:
        ValueError: the text is of another form.
    """
    if not text:
        return None
    namespace, _, rest = text.partition("/")
    job, _, run_id = rest.rpartition("/")
    try:
        return parent_run.ParentRunFacet(
            run=parent_run.Run(runId=run_id),
            job=parent_run.Job(namespace=namespace, name=job),
        )
    except ValueError:
        raise ValueError(
            "OPENLINEAGE_PARENT_ID is not of the form namespace/job/run, with a UUID as run"
        ) from None
