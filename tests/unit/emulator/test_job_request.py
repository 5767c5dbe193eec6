"""Which jobs may be created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.emulator.org.job_request import Admission, JobRequest
from target_salesforce_bulk.emulator.org.records import Records
from target_salesforce_bulk.emulator.org.refusal import RefusalError
from target_salesforce_bulk.emulator.org.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.emulator.org.behaviour import Behaviour

INSERT: dict[str, Any] = {"api_version": "67.0", "sobject": "Account", "operation": "insert"}
UPSERT = INSERT | {"operation": "upsert"}
ASSIGNED = INSERT | {"sobject": "Lead", "assignment_rule": "known"}
NOT_A_KEY = "does not match an External ID, Salesforce Id, or indexed field for Account"

ACCEPTED = [
    INSERT,
    INSERT | {"sobject": "ACCOUNT", "line_ending": "CRLF", "delimiter": "TAB"},
    INSERT | {"operation": "hardDelete"},
    UPSERT | {"external_id": "External_Id__c"},
    UPSERT | {"external_id": "id"},
    ASSIGNED,
]

REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"sobject": None}, "INVALIDENTITY", "Entity 'None' is not supported by the Bulk API."),
    ({"sobject": "Nope"}, "INVALIDENTITY", "Entity 'Nope' is not supported by the Bulk API."),
    ({"operation": "Insert"}, "INVALIDJOB", "InvalidJob : Operation Insert is not valid"),
    ({"operation": None}, "INVALIDJOB", "InvalidJob : Operation None is not valid"),
    ({"delimiter": "SPACE"}, "INVALIDJOB", "InvalidJob : columnDelimiter or lineEnding"),
    ({"line_ending": "CR"}, "INVALIDJOB", "InvalidJob : columnDelimiter or lineEnding"),
    (UPSERT, "INVALIDJOB", f"InvalidJob : Field name provided, None {NOT_A_KEY}"),
    (
        UPSERT | {"external_id": "Name"},
        "INVALIDJOB",
        f"InvalidJob : Field name provided, Name {NOT_A_KEY}",
    ),
    (
        ASSIGNED | {"assignment_rule": "other"},
        "INVALIDJOB",
        "InvalidJob : Invalid assignment rule other",
    ),
    (
        ASSIGNED | {"sobject": "Account"},
        "INVALIDJOB",
        "InvalidJob : Invalid assignment rule known",
    ),
]


@pytest.fixture
def admission(behaviour: Behaviour) -> Iterator[tuple[Admission, str]]:
    """The rules of the default org, and the id of its one assignment rule."""
    records = Records(Schema.load(), None)
    rules = records.schema.find("AssignmentRule")
    assert rules is not None
    yield Admission(records, behaviour), records.insert(rules, {})
    records.close()


def request(facts: dict[str, Any], rule: str) -> JobRequest:
    """A request, with the id of the known rule."""
    named = {"assignment_rule": rule} if facts.get("assignment_rule") == "known" else {}
    return JobRequest(**INSERT | facts | named)


@pytest.mark.parametrize("facts", ACCEPTED)
def test_an_accepted_request(admission: tuple[Admission, str], facts: dict[str, Any]) -> None:
    """It yields the object, by its own name."""
    schema = admission[0].check(request(facts, admission[1]))

    assert schema.name == facts["sobject"].capitalize()


@pytest.mark.parametrize(("facts", "code", "message"), REFUSED)
def test_a_refused_request(
    admission: tuple[Admission, str], facts: dict[str, Any], code: str, message: str
) -> None:
    """It has Salesforce's code and message."""
    with pytest.raises(RefusalError) as caught:
        admission[0].check(request(facts, admission[1]))

    assert (caught.value.code, caught.value.message.replace(admission[1], "known")) == (
        code,
        message,
    )


def test_a_hard_delete_needs_permission(
    admission: tuple[Admission, str], behaviour: Behaviour
) -> None:
    """Without it the feature is not enabled."""
    behaviour.hard_delete_allowed = False
    with pytest.raises(RefusalError) as caught:
        admission[0].check(request({"operation": "hardDelete"}, ""))

    assert caught.value.code == "FEATURENOTENABLED"
