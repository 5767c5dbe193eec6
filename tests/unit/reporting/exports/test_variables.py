"""The environment decides what is exported."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.reporting.exports.variables import (
    METRICS,
    TRACES,
    wanted_signals,
    wants_lineage,
)

URL = "http://localhost:4318"
BOTH = {TRACES, METRICS}
ALL = {"OTEL_EXPORTER_OTLP_ENDPOINT": URL}


@pytest.mark.parametrize(
    ("environ", "signals"),
    [
        ({}, set()),
        ({"OTEL_SERVICE_NAME": "load"}, set()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, set()),
        (ALL, BOTH),
        (ALL | {"OTEL_SDK_DISABLED": "True"}, set()),
        (ALL | {"OTEL_SDK_DISABLED": "false"}, BOTH),
        (ALL | {"OTEL_METRICS_EXPORTER": "none"}, {TRACES}),
        (ALL | {"OTEL_TRACES_EXPORTER": "console"}, {METRICS}),
        ({"OTEL_TRACES_EXPORTER": "console, otlp"}, {TRACES}),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": URL}, {METRICS}),
        (ALL | {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, BOTH),
        (ALL | {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"}, {METRICS}),
    ],
)
def test_signals(environ: dict[str, str], signals: set[str]) -> None:
    """An endpoint turns both on, and each has variables of its own."""
    assert wanted_signals(environ) == signals


def test_another_protocol_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """With what to set instead."""
    wanted_signals(ALL | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_METRICS_EXPORTER": "none"})

    assert caplog.messages == [
        "OpenTelemetry: no traces are sent, because the protocol is grpc. Set "
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL to http/protobuf, and the endpoint to a port for it, "
        "usually 4318."
    ]


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OPENLINEAGE_NAMESPACE": "prod"}, False),
        ({"OPENLINEAGE_URL": URL}, True),
        ({"OPENLINEAGE_URL": ""}, False),
        ({"OPENLINEAGE_CONFIG": "/etc/openlineage.yml"}, True),
        ({"OPENLINEAGE__TRANSPORT__TYPE": "http"}, True),
        ({"OPENLINEAGE__TRANSPORT": "{}"}, True),
        ({"OPENLINEAGE_URL": URL, "OPENLINEAGE_DISABLED": "true"}, False),
    ],
)
def test_lineage(environ: dict[str, str], wanted: bool) -> None:
    """An address, a file or a transport turns it on."""
    assert wants_lineage(environ) is wanted
