"""How a create request is read."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.emulator.http.ingest import read_job_request
from target_salesforce_bulk.emulator.org.job_request import JobRequest


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        ({}, {"sobject": None, "operation": None}),
        (
            {
                "object": "Lead",
                "operation": "upsert",
                "externalIdFieldName": "Key__c",
                "lineEnding": "CRLF",
                "columnDelimiter": "TAB",
                "assignmentRuleId": "01Q",
                "contentType": "CSV",
            },
            {
                "sobject": "Lead",
                "operation": "upsert",
                "external_id": "Key__c",
                "line_ending": "CRLF",
                "delimiter": "TAB",
                "assignment_rule": "01Q",
            },
        ),
        (
            {"object": 5, "operation": ["x"], "lineEnding": None},
            {"sobject": "5", "operation": "['x']", "line_ending": "None"},
        ),
    ],
    ids=["empty", "complete", "wrong types"],
)
def test_the_body_of_a_create_request(body: dict[str, Any], facts: dict[str, Any]) -> None:
    """Members are optional, and wrong types are left for the org to refuse."""
    assert read_job_request(body, "67.0") == JobRequest(api_version="67.0", **facts)
