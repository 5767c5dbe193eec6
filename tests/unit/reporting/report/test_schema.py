"""The format of report files."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import jsonschema
import msgspec
from sample_reports import START, big, failed, make_report, make_stream

from target_salesforce_bulk.reporting.report.schema import Report, Rows

SCHEMA = Path(__file__).parents[4] / "docs" / "report.schema.json"


def test_the_schema_in_the_docs_is_current() -> None:
    """`tools/write_report_schema.py` writes it."""
    written = json.loads(SCHEMA.read_text())
    del written["$schema"]

    assert written == msgspec.json.schema(Report)


def test_reports_fit_the_schema() -> None:
    """An encoded report is valid for whoever reads it by the schema, and comes back as it was."""
    schema = json.loads(SCHEMA.read_text())
    for report in (big(), failed()):
        text = msgspec.json.encode(report)
        jsonschema.validate(json.loads(text), schema)

        assert msgspec.json.decode(text, type=Report) == report


def test_totals() -> None:
    """Rows that were loaded, those that have another outcome, and the time, of all streams."""
    streams = [
        make_stream(rows=Rows(loaded=5, failed=3, refused=2, unprocessed=1, retried=9)),
        make_stream(rows=Rows(loaded=1, uncertain=4)),
    ]
    report = make_report(streams=streams, ended_at=START + timedelta(seconds=90))

    assert (report.loaded, report.not_loaded, report.seconds) == (6, 8, 90.0)
