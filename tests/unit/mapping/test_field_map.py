"""Which property goes to which field if names are similar."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.errors import MappingError
from target_salesforce_bulk.mapping.field_map import FieldMap
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.sobject import Field, SObject

CONTACT = SObject(
    name="Contact",
    fields=(
        Field(name="Id", type="id", createable=False, updateable=False, id_lookup=True),
        Field(name="Email", type="email", length=80),
        Field(name="First_Name__c", type="string", length=40),
        Field(name="External_Id__c", type="string", length=80, external_id=True),
    ),
)


def build(*properties: str, operation: Operation = Operation.UPSERT, **changes: Any) -> FieldMap:
    facts: dict[str, Any] = {
        "stream": "people",
        "properties": {name: {} for name in properties},
        "sobject": CONTACT,
        "operation": operation,
        "key_field": None,
        "field_mapping": {},
        "auto_map": True,
        "unmapped_fields": "warn",
        "describe": lambda _: CONTACT,
    }
    return FieldMap.build(**facts | changes)


def sources(field_map: FieldMap) -> dict[str, str]:
    return {column.header: ".".join(column.path or ()) for column in field_map.columns}


def reasons(field_map: FieldMap) -> dict[str, str]:
    return {each.property: each.reason for each in field_map.unmapped}


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize(
    ("properties", "field", "winner"),
    [
        (["Email", "email", "e_mail"], "Email", "Email"),
        (["email", "e_mail"], "Email", "email"),
        (["First_Name__c", "first_name__c", "firstnamec"], "First_Name__c", "First_Name__c"),
        (["FIRST_NAME__C", "firstnamec"], "First_Name__c", "FIRST_NAME__C"),
    ],
)
def test_the_closest_name_wins(properties: list[str], field: str, winner: str, turn: int) -> None:
    """In any order; the report about the others is true."""
    made = build(*properties[::turn])

    assert sources(made) == {field: winner}
    assert reasons(made) == {
        name: f"{field} is filled by the property {winner}" for name in properties if name != winner
    }


def test_field_mapping_wins_over_any_name() -> None:
    """The property of that name is reported as left out."""
    made = build("Email", "mail", field_mapping={"mail": "Email"})

    assert sources(made) == {"Email": "mail"}
    assert reasons(made) == {"Email": "field_mapping already fills Email"}


def test_an_update_by_another_key_has_no_column_for_the_id() -> None:
    """Ids are looked up, and a second column would fail the whole job."""
    update: dict[str, Any] = {"operation": Operation.UPDATE, "key_field": "External_Id__c"}
    made = build("External_Id__c", "id", "Email", **update)

    assert sources(made) == {"External_Id__c": "External_Id__c", "Email": "Email"}
    assert reasons(made) == {"id": "records are identified by External_Id__c, not by Id"}
    with pytest.raises(MappingError, match="identified by External_Id__c, not by Id"):
        build("External_Id__c", "sf", field_mapping={"sf": "Id"}, **update)


def test_an_update_by_id_has_its_column() -> None:
    """It is the key."""
    made = build("id", "Email", operation=Operation.UPDATE, key_field="Id")

    assert sources(made) == {"Id": "id", "Email": "Email"}


@pytest.mark.parametrize(
    ("details", "told"),
    [
        ({"nulls": "Clear"}, "mail.nulls must be clear or ignore"),
        ({"nulls": []}, "mail.nulls must be clear or ignore"),
        ({"empty_strings": True}, "mail.empty_strings must be clear or ignore"),
        ({"too_long": "cut"}, "mail.too_long must be reject or truncate"),
        (
            {"Nulls": "clear"},
            "mail.Nulls is unknown (allowed: field, value, nulls, empty_strings, too_long)",
        ),
        ({"field": None}, "mail: the mapping names no field"),
        ({"field": ["Email"]}, "mail: the mapping names no field"),
    ],
    ids=str,
)
def test_a_long_form_that_cannot_be_meant(details: dict[str, Any], told: str) -> None:
    """The path, the value and what is allowed."""
    with pytest.raises(MappingError) as caught:
        build("mail", field_mapping={"mail": {"field": "Email"} | details})

    assert told in str(caught.value)
    assert "Correct streams.people.field_mapping." in str(caught.value)


def test_what_meltano_leaves_open() -> None:
    """Null counts as not set."""
    details = {"field": "Email", "nulls": None, "empty_strings": "ignore", "too_long": None}
    (column,) = build("mail", field_mapping={"mail": details}).columns

    assert (column.nulls, column.empty_strings, column.too_long) == (None, "ignore", None)


def test_names_from_outside_cannot_change_a_message() -> None:
    """They are escaped, on one line."""
    with pytest.raises(MappingError) as caught:
        build("a\n\x1b[2Jb", stream="s\x1b[0m", unmapped_fields="error")

    assert str(caught.value).isprintable()


@pytest.mark.parametrize("auto_map", [True, False])
def test_metadata_of_taps_is_no_remark(auto_map: bool) -> None:
    """What taps add to each record, nobody means to load; what is mapped by hand is loaded."""
    made = build(
        "_sdc_extracted_at",
        "_sdc_batched_at",
        field_mapping={"_sdc_batched_at": "Email"},
        auto_map=auto_map,
        unmapped_fields="error",
    )

    assert (sources(made), reasons(made)) == ({"Email": "_sdc_batched_at"}, {})


@pytest.mark.parametrize("target", ["", None, {"field": ""}, {"field": "", "nulls": "clear"}])
def test_a_property_that_is_left_out(target: Any) -> None:
    """In each form it is neither loaded nor reported, even if any other one is a mistake."""
    found = build(
        "mail", "email", field_mapping={"mail": "Email", "email": target}, unmapped_fields="error"
    )

    assert (sources(found), found.unmapped) == ({"Email": "mail"}, ())
