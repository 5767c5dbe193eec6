"""The trace of a run has its place in another one, and the names of its process."""

from __future__ import annotations

import pytest
from opentelemetry.trace import get_current_span

from target_salesforce_bulk.redaction import redacted
from target_salesforce_bulk.reporting.exports.otlp import (
    _conceal_headers,
    _own_attributes,
    parent_of,
)

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_the_parent_is_in_the_environment() -> None:
    """As the W3C writes it."""
    found = get_current_span(parent_of({"TRACEPARENT": f"00-{TRACE}-{SPAN}-01"}))
    context = found.get_span_context()

    assert (f"{context.trace_id:032x}", f"{context.span_id:016x}") == (TRACE, SPAN)


@pytest.mark.parametrize("text", ["", "nonsense", f"00-{'0' * 32}-{SPAN}-01"])
def test_a_parent_that_is_none(text: str) -> None:
    """The run begins a trace of its own."""
    found = get_current_span(parent_of({"TRACEPARENT": text}))

    assert not found.get_span_context().is_valid


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "target-salesforce-bulk"),
        ({"OTEL_SERVICE_NAME": "crm"}, "crm"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=crm"}, None),
    ],
)
def test_the_name_of_the_service(environ: dict[str, str], name: str | None) -> None:
    """The environment decides; the library reads one of its variables by itself."""
    assert _own_attributes(environ).get("service.name") == name


def test_keys_in_headers_are_secrets() -> None:
    """They are hidden in every line."""
    _conceal_headers({"OTEL_EXPORTER_OTLP_HEADERS": "a=1,api-key=long-enough-secret"})

    assert redacted("no long-enough-secret here") == "no *** here"
