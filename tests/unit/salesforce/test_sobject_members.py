"""A describe response is checked and typed when it is read."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.salesforce.sobject import Field, SObject

HOSTILE = "0: __import__('os').system('id')\n\x1b[2J#"
FIELD: dict[str, Any] = {
    "name": "Stage__c",
    "type": "picklist",
    "label": "Stage",
    "length": 10,
    "digits": 1,
    "precision": 2,
    "scale": 3,
    "createable": True,
    "updateable": True,
    "nillable": True,
    "defaultedOnCreate": False,
    "externalId": False,
    "idLookup": False,
    "unique": False,
    "caseSensitive": False,
    "restrictedPicklist": True,
    "picklistValues": [{"value": "New", "active": True}, {"value": "Old", "active": False}],
    "referenceTo": ["Account"],
    "relationshipName": "Account",
    "compoundFieldName": None,
    "calculated": False,
    "autoNumber": False,
}
ANSWER: dict[str, Any] = {
    "name": "Contact",
    "label": "Contact",
    "keyPrefix": "003",
    "createable": True,
    "updateable": True,
    "deletable": True,
    "fields": [FIELD],
}


def hostile(member: str, value: Any, *, of_field: bool) -> dict[str, Any]:
    answer = copy.deepcopy(ANSWER)
    (answer["fields"][0] if of_field else answer)[member] = value
    return answer


def test_a_good_answer() -> None:
    """All members of a field, by our names."""
    (field,) = SObject.from_json(ANSWER).fields

    assert field == Field(
        name="Stage__c",
        type="picklist",
        label="Stage",
        length=10,
        digits=1,
        precision=2,
        scale=3,
        restricted_picklist=True,
        picklist_values=("New",),
        reference_to=("Account",),
        relationship_name="Account",
    )


#: Free texts, of which only the type is known.
_FREE = {"label"}
_MEMBERS = [
    *((name, True) for name in FIELD if name not in _FREE),
    *((name, False) for name in ANSWER if name not in _FREE),
]


@pytest.mark.parametrize(("member", "of_field"), _MEMBERS)
@pytest.mark.parametrize("value", [HOSTILE, [HOSTILE], {"a": HOSTILE}, 1.5, -1], ids=range(5))
def test_a_hostile_value_is_refused(member: str, value: Any, *, of_field: bool) -> None:
    """In any member; the message is one printable line."""
    with pytest.raises(ResponseError) as caught:
        SObject.from_json(hostile(member, value, of_field=of_field))

    assert str(caught.value).isprintable()


@pytest.mark.parametrize("answer", [[], None, "x", {}, {"name": "A", "fields": [{}]}])
def test_what_is_no_describe(answer: Any) -> None:
    """One clear error."""
    with pytest.raises(ResponseError, match="Salesforce sent a describe"):
        SObject.from_json(answer)


@pytest.mark.parametrize("member", ["value", "active"])
def test_picklist_values_are_typed(member: str) -> None:
    """Like everything else."""
    entry = {"value": "New", "active": True} | {member: [HOSTILE]}
    with pytest.raises(ResponseError):
        SObject.from_json(hostile("picklistValues", [entry], of_field=True))
