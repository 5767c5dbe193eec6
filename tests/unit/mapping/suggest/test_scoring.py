"""The fields that a column may be meant for."""

from __future__ import annotations

from typing import Any

import pytest
from crm_objects import describe, field

from target_salesforce_bulk.mapping.suggest.scoring import Candidate, Scorer
from target_salesforce_bulk.mapping.suggest.table import Table
from target_salesforce_bulk.salesforce.sobject import SObject


def best(sobject: dict[str, Any], name: str, *samples: Any) -> Candidate | None:
    properties = {name: {"type": ["null", "string"]}}
    table = Table.from_schema(
        {"stream": "t", "schema": {"properties": properties}}, {name: samples}
    )
    found = Scorer(SObject.from_json(sobject)).candidates(table, table.columns[0])
    return found[0] if found else None


@pytest.mark.parametrize(
    ("name", "samples", "expected"),
    [
        ("LastName", (), Candidate("LastName", 1.0, "equal name")),
        ("surname", (), Candidate("LastName", 0.916, "synonym")),
        ("cust_lst_nm", (), Candidate("LastName", 0.985, "equal name")),
        (
            "mobile",
            ("+44 20 7946 0810",),
            Candidate("MobilePhone", 0.946, "synonym; values look like a phone"),
        ),
        ("mobile", ("yes please",), None),
        ("fammily_name", (), Candidate("LastName", 0.742, "similar to a known name")),
        ("owner_id", ("4711",), None),
        (
            "account_sfid",
            ("0015e0000cJcPsMAAV",),
            Candidate("AccountId", 0.97, "Salesforce Ids of Account"),
        ),
        ("contact_sf_id", ("0035e0000cJcPsMAAV",), Candidate("Id", 0.97, "Ids of this object")),
        ("created_date", (), None),
        ("field_7", ("a@b.example",), Candidate("Email", 0.62, "values look like email")),
        ("field_7", ("Hot",), None),
        ("number_of_fax", (), Candidate("Fax", 0.886, "synonym")),
    ],
)
def test_a_contact(name: str, samples: tuple[str, ...], expected: Candidate | None) -> None:
    """With a score and a reason; values may speak for a field or against it."""
    assert best(describe("Contact"), name, *samples) == expected


def test_custom_fields() -> None:
    """They are found by name and label, also for what has no standard field."""
    shoe = field("Shoe_Size__c:double")
    erp = field("Erp_Id__c:string", label="Number in ERP", externalId=True)
    contact = describe("Contact", shoe, erp)

    assert best(contact, "shoe_size") == Candidate("Shoe_Size__c", 1.0, "equal name")
    assert best(contact, "erp_id") == Candidate("Erp_Id__c", 0.99, "equal name")
    assert best(contact, "number_in_erp") == Candidate("Erp_Id__c", 0.97, "label Number in ERP")


def test_a_custom_field_of_a_standard_name() -> None:
    """The standard field goes before it, also if another column could have that."""
    contact = describe("Contact", field("ns__Description__c:textarea"))

    assert best(contact, "description") == Candidate("Description", 1.0, "equal name")


def test_read_only() -> None:
    """A field that Salesforce alone writes is named, and not suggested."""
    contact = SObject.from_json(describe("Contact"))
    message = {"stream": "t", "schema": {"properties": {"created_date": {"type": "string"}}}}

    assert Scorer(contact).read_only(Table.from_schema(message, {}).columns[0]) == "CreatedDate"
