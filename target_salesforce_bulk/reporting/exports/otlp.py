"""A run as a trace and as counters, sent to an OpenTelemetry receiver by OTLP over HTTP.

The usual variables configure it: endpoints, headers, timeouts, sampler, resource attributes.
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from target_salesforce_bulk.redaction import conceal
from target_salesforce_bulk.reporting.exports.counters import Counters
from target_salesforce_bulk.reporting.exports.receivers import GuardedSession, OneWarning
from target_salesforce_bulk.reporting.exports.spans import Spans
from target_salesforce_bulk.reporting.exports.variables import METRICS, TRACES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from opentelemetry.context import Context

    from target_salesforce_bulk.loading.events import Event
    from target_salesforce_bulk.reporting.exports.totals import RunEnd

_NAME = "target-salesforce-bulk"


class OtlpExport:
    """See `Export`.

    Args:
        signals: Which of `TRACES` and `METRICS` to send.
    """

    def __init__(self, signals: Collection[str]) -> None:
        self.warning = OneWarning("OpenTelemetry")
        self.warning.replace_log_of("opentelemetry")
        _conceal_headers(os.environ)
        own = Resource.create(_own_attributes(os.environ))
        self._spans = self._counters = None
        if TRACES in signals:
            self._tracing = TracerProvider(resource=own, shutdown_on_exit=False)
            self._tracing.add_span_processor(
                BatchSpanProcessor(OTLPSpanExporter(session=GuardedSession()))
            )
            self._spans = Spans(self._tracing.get_tracer(_NAME), parent_of(os.environ))
        if METRICS in signals:
            reader = PeriodicExportingMetricReader(OTLPMetricExporter(session=GuardedSession()))
            self._metering = MeterProvider([reader], resource=own, shutdown_on_exit=False)
            self._counters = Counters(self._metering.get_meter(_NAME))

    def opened(self, run_id: str, org_url: str) -> None:
        """See `Export.opened`."""
        if self._spans is not None:
            self._spans.opened(run_id, org_url)

    def observe(self, event: Event) -> None:
        """See `Export.observe`."""
        if self._spans is not None:
            self._spans.observe(event)
        if self._counters is not None:
            self._counters.observe(event)

    def input_ended(self, records: int) -> None:
        """See `Export.input_ended`."""
        if self._spans is not None:
            self._spans.input_ended(records)

    def ended(self, end: RunEnd) -> None:
        """See `Export.ended`."""
        if self._spans is not None:
            self._spans.ended(end)
            self._tracing.shutdown()
        if self._counters is not None:
            self._counters.ended(end)
            self._metering.shutdown()


def parent_of(environ: Mapping[str, str]) -> Context:
    """The context of the span that started this process, in `TRACEPARENT` and `TRACESTATE`.

    https://opentelemetry.io/docs/specs/otel/context/env-carriers/
    """
    carrier = {name: environ.get(name.upper(), "") for name in ("traceparent", "tracestate")}
    return TraceContextTextMapPropagator().extract(carrier)


def _own_attributes(environ: Mapping[str, str]) -> dict[str, str]:
    """What the resource has beside what the environment says of it."""
    attributes = {"service.version": version(_NAME)}
    if "service.name=" not in environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        attributes["service.name"] = environ.get("OTEL_SERVICE_NAME") or _NAME
    return attributes


def _conceal_headers(environ: Mapping[str, str]) -> None:
    """Keep what the receiver's headers hold out of the log: they are keys, mostly."""
    for signal in ("", f"{TRACES}_", f"{METRICS}_"):
        for header in environ.get(f"OTEL_EXPORTER_OTLP_{signal}HEADERS", "").split(","):
            conceal(header.partition("=")[2])
