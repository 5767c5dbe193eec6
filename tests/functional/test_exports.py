"""What other systems receive of a run, and that none of them can harm it."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from openlineage.client import event_v2, facet_v2
from openlineage.client.serde import Serde
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families
from singer_messages import contact, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
#: The second of the rows is refused by the org.
MESSAGES = [schema(), contact(1), contact(2, LastName=None), state(Contact={"at": 1})]
FACETS = {
    "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
    "columnLineage": facet_v2.column_lineage_dataset.ColumnLineageDatasetFacet,
    "dataSource": facet_v2.datasource_dataset.DatasourceDatasetFacet,
    "inputStatistics": (facet_v2.input_statistics_input_dataset.InputStatisticsInputDatasetFacet),
    "outputStatistics": (
        facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet
    ),
    "jobType": facet_v2.job_type_job.JobTypeJobFacet,
    "processing_engine": facet_v2.processing_engine_run.ProcessingEngineRunFacet,
    "errorMessage": facet_v2.error_message_run.ErrorMessageRunFacet,
    "tags": facet_v2.tags_run.TagsRunFacet,
}


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps the body of each request by its path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[tuple[str, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def of(self, path: str) -> list[bytes]:
        return [body for own, body in self.bodies if own == path]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class _Endless(_Handler):
    """Answers with a body without end."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            pass


@contextmanager
def serving(handler: type[_Handler] = _Handler) -> Iterator[Receiver]:
    with Receiver() as receiver:
        receiver.RequestHandlerClass = handler
        thread = threading.Thread(target=receiver.serve_forever, args=(0.05,))
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set variables for the processes of a test."""

    def set_all(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_all


def spans_of(bodies: list[bytes]) -> dict[str, Any]:
    """Each span by its name."""
    requests = map(ExportTraceServiceRequest.FromString, bodies)
    return {
        span.name: span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    }


def rows_of(bodies: list[bytes]) -> dict[str, int]:
    """The counter of rows by outcome."""
    requests = map(ExportMetricsServiceRequest.FromString, bodies)
    metrics = [
        metric
        for request in requests
        for resource in request.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    ]
    (rows,) = (each for each in metrics if each.name == "target_salesforce_bulk.rows")
    return {
        next(label.value.string_value for label in point.attributes if label.key == "outcome"): (
            point.as_int
        )
        for point in rows.sum.data_points
    }


def test_what_receivers_get_of_a_run(
    org: Emulator, load: Callable[..., Result], tmp_path: Path, environ: Callable[..., None]
) -> None:
    """A trace below its parent, the counters, and events that the client's models accept."""
    with serving() as receiver:
        environ(
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
            OPENLINEAGE_URL=receiver.url,
            TRACEPARENT=f"00-{TRACE}-{PARENT}-01",
        )
        done = load(MESSAGES, metrics_file=str(tmp_path / "m.prom"), max_failed_percent=100)
    spans = spans_of(receiver.of("/v1/traces"))
    events = [json.loads(body) for body in receiver.of("/api/v1/lineage")]

    assert (done.code, org.count("Contact")) == (0, 1), done.stderr
    assert parents(spans) == {
        "run": PARENT,
        "read": "run",
        "batch": "run",
        **dict.fromkeys(
            (
                "create job",
                "upload",
                "await turn",
                "close job",
                "await job",
                "download results",
                "store outcomes",
            ),
            "batch",
        ),
    }
    assert {span.trace_id.hex() for span in spans.values()} == {TRACE}
    assert rows_of(receiver.of("/v1/metrics")) == {"loaded": 1, "failed": 1}
    assert [each["eventType"] for each in events] == ["START", "COMPLETE"]
    for event in events:
        check_event(event)
    assert events[-1]["outputs"][0]["namespace"] == org.url.replace("http://", "salesforce://")
    assert "metrics_file" not in done.stderr
    assert written(tmp_path / "m.prom", "rows_total") == {"loaded": 1, "failed": 1}


def parents(spans: dict[str, Any]) -> dict[str, str]:
    """The name of each span's parent; its id where it is of another process."""
    names = {span.span_id: name for name, span in spans.items()}
    return {
        name: names.get(span.parent_span_id, span.parent_span_id.hex())
        for name, span in spans.items()
    }


def check_event(event: dict[str, Any]) -> None:
    """Build an event of the client's own classes from a received one, and compare the two."""
    rebuilt = event_v2.RunEvent(
        eventType=event_v2.RunState(event["eventType"]),
        eventTime=event["eventTime"],
        producer=event["producer"],
        run=event_v2.Run(event["run"]["runId"], facets(event["run"])),
        job=event_v2.Job(event["job"]["namespace"], event["job"]["name"], facets(event["job"])),
        inputs=[
            event_v2.InputDataset(
                each["namespace"],
                each["name"],
                facets=facets(each),
                inputFacets=facets(each, "inputFacets"),
            )
            for each in event["inputs"]
        ],
        outputs=[
            event_v2.OutputDataset(
                each["namespace"],
                each["name"],
                facets=facets(each),
                outputFacets=facets(each, "outputFacets"),
            )
            for each in event["outputs"]
        ],
    )
    assert Serde.to_dict(rebuilt) == event


def facets(holder: dict[str, Any], name: str = "facets") -> dict[str, Any]:
    """The facets of a received object, as the client's own classes."""
    return {
        kind: FACETS[kind](
            producer=facet["_producer"],
            **{name: value for name, value in facet.items() if not name.startswith("_")},
        )
        for kind, facet in holder.get(name, {}).items()
    }


def written(path: Path, name: str) -> dict[str, float]:
    """The values of a metric in a file, by the label that is no part of the load."""
    return {
        sample.labels.get("outcome") or sample.labels.get("result") or "": sample.value
        for family in text_string_to_metric_families(path.read_text(encoding="utf-8"))
        for sample in family.samples
        if sample.name == f"target_salesforce_bulk_{name}"
    }


def test_a_login_that_is_refused_is_a_failed_run(
    load: Callable[..., Result], tmp_path: Path, environ: Callable[..., None]
) -> None:
    """Every receiver learns it, and why."""
    with serving() as receiver:
        environ(OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url, OPENLINEAGE_URL=receiver.url)
        done = load(MESSAGES, metrics_file=str(tmp_path / "m.prom"), client_secret="wrong-secret")
    run = spans_of(receiver.of("/v1/traces"))["run"]
    events = [json.loads(body) for body in receiver.of("/api/v1/lineage")]

    assert (done.code, run.status.code) == (1, 2), done.stderr
    assert [each["eventType"] for each in events] == ["START", "FAIL"]
    check_event(events[-1])
    assert events[-1]["run"]["facets"]["errorMessage"]["message"] == run.status.message
    assert "wrong-secret" not in run.status.message
    assert written(tmp_path / "m.prom", "runs_total") == {"failed": 1}


def silent() -> socket.socket:
    """A receiver that accepts connections and never answers."""
    return socket.create_server(("127.0.0.1", 0))


def test_receivers_that_do_not_work(
    org: Emulator, load: Callable[..., Result], tmp_path: Path, environ: Callable[..., None]
) -> None:
    """One never answers, one does so without end, one is not there, and a folder is gone.

    The run succeeds, with one warning of each export.
    """
    with silent() as listener:
        nobody = address(listener)
    with silent() as listener, serving(_Endless) as receiver:
        environ(
            OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=address(listener),
            OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=receiver.url,
            OPENLINEAGE_URL=nobody,
        )
        done = load(MESSAGES, metrics_file=str(tmp_path / "no" / "m.prom"), max_failed_percent=100)

    assert (done.code, org.count("Contact")) == (0, 1), done.stderr
    assert [each["bookmarks"]["Contact"] for each in done.states] == [{"at": 1}]
    assert sorted(warnings(done)) == ["OpenLineage", "OpenTelemetry", "metrics_file"]


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def warnings(done: Result) -> list[str]:
    """The exports that have a warning, in order."""
    return [
        line.split(" | ")[-1].partition(":")[0]
        for line in done.stderr.splitlines()
        if "The load is not affected." in line
    ]
