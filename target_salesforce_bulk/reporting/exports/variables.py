"""Which exports the environment asks for.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
https://openlineage.io/docs/client/python/
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

TRACES, METRICS = "TRACES", "METRICS"
_PROTOCOL = "http/protobuf"


def wanted_signals(environ: Mapping[str, str]) -> frozenset[str]:
    """The signals that go to an OTLP receiver: `TRACES`, `METRICS`, both or none."""
    if _is_true(environ.get("OTEL_SDK_DISABLED")):
        return frozenset()
    return frozenset(each for each in (TRACES, METRICS) if _is_wanted(environ, each))


def _is_wanted(environ: Mapping[str, str], signal: str) -> bool:
    exporters = environ.get(f"OTEL_{signal}_EXPORTER", "").strip()
    names = [f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"]
    if exporters:
        wanted = "otlp" in [each.strip() for each in exporters.split(",")]
    else:
        wanted = any(environ.get(name, "").strip() for name in names)
    return wanted and _speaks_http(environ, signal)


def _speaks_http(environ: Mapping[str, str], signal: str) -> bool:
    names = (f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
    protocol = next((environ[name] for name in names if environ.get(name)), _PROTOCOL)
    if protocol.strip() != _PROTOCOL:
        logger.warning(
            "OpenTelemetry: no %s are sent, because the protocol is %s. Set %s to %s, and the "
            "endpoint to a port for it, usually 4318.",
            signal.lower(),
            plain_text(protocol),
            names[0],
            _PROTOCOL,
            extra=log_facts(LogCode.EXPORT_OFF),
        )
        return False
    return True


def wants_lineage(environ: Mapping[str, str]) -> bool:
    """Whether run events go to an OpenLineage receiver."""
    if _is_true(environ.get("OPENLINEAGE_DISABLED")):
        return False
    names = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT__TYPE")
    return any(environ.get(name, "").strip() for name in (*names, "OPENLINEAGE__TRANSPORT"))


def _is_true(value: str | None) -> bool:
    return (value or "").strip().lower() == "true"
