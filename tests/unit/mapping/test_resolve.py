"""A stream resolves to its object, operation and key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sample_batches import CONTACT, KnownObjects

from target_salesforce_bulk.errors import MappingError
from target_salesforce_bulk.mapping.resolve import ResolvedStream, resolve_stream
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.settings import Settings

PROPERTIES: dict[str, Any] = {"key__c": {}, "last_name": {}, "email": {}}


def resolve(
    stream: str = "Contact",
    properties: dict[str, Any] | None = None,
    keys: tuple[str, ...] = ("key__c",),
    sobject: Any = CONTACT,
    **options: Any,
) -> ResolvedStream:
    settings = Settings.from_config(
        {"allow_hard_delete": True, "streams": {stream: options}}
    ).for_stream(stream)
    return resolve_stream(
        stream,
        PROPERTIES if properties is None else properties,
        keys,
        settings,
        KnownObjects(sobject),  # type: ignore[arg-type]
    )


def facts(resolved: ResolvedStream) -> tuple[str, str, str | None, bool]:
    key = resolved.field_map.key
    return (
        resolved.sobject.name,
        str(resolved.operation),
        key and key.header,
        resolved.lookup,
    )


@pytest.mark.parametrize("stream", ["Contact", "contact", "crm-contact", "a-b-CONTACT"])
def test_the_object_of_a_streams_name(stream: str) -> None:
    """Ignoring case; of `schema-table`, the table."""
    assert facts(resolve(stream)) == ("Contact", "upsert", "Key__c", False)


def test_the_object_that_is_set() -> None:
    """It wins over the name."""
    assert resolve("people", object="contact").sobject == CONTACT


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"operation": "insert"}, ("Contact", "insert", None, False)),
        ({"operation": "update"}, ("Contact", "update", "Key__c", True)),
        ({"operation": "delete"}, ("Contact", "delete", "Key__c", True)),
        ({"external_id_field": "Key__c"}, ("Contact", "upsert", "Key__c", False)),
        (
            {"operation": "update", "field_mapping": {"email": "Id"}},
            ("Contact", "update", "Id", False),
        ),
    ],
)
def test_the_key_of_an_operation(options: dict[str, Any], expected: Any) -> None:
    """An insert has none, an Id needs no lookup, and another key of an update does."""
    assert facts(resolve(**options)) == expected


@pytest.mark.parametrize(
    "mapping", [{"user_id": "Key__c"}, {"user_id": {"field": "key__C", "nulls": "ignore"}}]
)
def test_a_key_property_that_is_mapped(mapping: dict[str, Any]) -> None:
    """The external ID field that it maps to becomes the key."""
    resolved = resolve(
        properties={"user_id": {}, "last_name": {}}, keys=("user_id",), field_mapping=mapping
    )

    assert facts(resolved) == ("Contact", "upsert", "Key__c", False)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"stream": "people"},
            "Stream people: the org has no object of that name. Set streams.people.object to the "
            "object to load it into.",
        ),
        (
            {"object": "Nope__c"},
            "Stream Contact: the org has no object Nope__c, or this user may not see it. Check the "
            "spelling (custom objects end in __c) and the user's permissions.",
        ),
        (
            {"keys": ("email",)},
            "Stream Contact: upsert needs a field that identifies the record of a row, and the "
            "stream's key (email) does not map to an external ID field. "
            "Set streams.Contact.external_id_field. External ID fields of Contact: Key__c.",
        ),
        (
            {"keys": ()},
            "Stream Contact: upsert needs a field that identifies the record of a row, and the "
            "stream's key (no property) does not map to an external ID field. "
            "Set streams.Contact.external_id_field. External ID fields of Contact: Key__c.",
        ),
        (
            {"assignment_rule_id": "01Q000000000001"},
            "Stream Contact: assignment_rule_id is for Lead and Case, not for Contact. "
            "Remove it from streams.Contact.",
        ),
        (
            {"sobject": replace(CONTACT, updateable=False)},
            "Stream Contact: upsert needs the permission Edit on Contact, which this user lacks. "
            "Grant it in Setup > Permission Sets, under Object Settings, if the object offers it "
            "there; or choose another operation.",
        ),
        (
            {"sobject": replace(CONTACT, deletable=False), "deletes": "delete"},
            "Stream Contact: delete needs the permission Delete on Contact, which this user "
            "lacks. Grant it in Setup > Permission Sets, under Object Settings, if the object "
            "offers it there; or choose another operation.",
        ),
        (
            {"operation": "insert", "deletes": "delete"},
            "Stream Contact: deletes is delete, but an insert has no key to identify the record "
            "to delete. Set streams.Contact.deletes to ignore, or the operation to upsert.",
        ),
    ],
)
def test_a_stream_that_cannot_be_loaded(arguments: dict[str, Any], sentence: str) -> None:
    """The error names the stream, the reason and the setting to change."""
    with pytest.raises(MappingError) as raised:
        resolve(**arguments)

    assert (str(raised.value), raised.value.stream) == (
        sentence,
        arguments.get("stream", "Contact"),
    )


@pytest.mark.parametrize(
    ("deletes", "operation"),
    [("delete", Operation.DELETE), ("hard_delete", Operation.HARD_DELETE)],
)
def test_deletes_of_a_stream(deletes: str, operation: Operation) -> None:
    """They have a plan with only the key, whose Ids are looked up."""
    plan = resolve(deletes=deletes).deletes

    assert plan is not None
    assert (plan.operation, [each.header for each in plan.field_map.columns], plan.lookup) == (
        operation,
        ["Key__c"],
        True,
    )


@pytest.mark.parametrize("options", [{}, {"operation": "delete", "deletes": "delete"}])
def test_no_deletes(options: dict[str, Any]) -> None:
    """None by default, and none where the stream itself deletes."""
    assert resolve(**options).deletes is None
