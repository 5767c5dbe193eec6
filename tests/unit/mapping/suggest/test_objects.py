"""The object that a table's name speaks of."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.mapping.suggest.objects import name_score, told
from target_salesforce_bulk.mapping.suggest.vocabulary import vocabulary
from target_salesforce_bulk.salesforce.sobject import SObject

NAMES = ["Contact", "Lead", "Account", "Opportunity", "Case", "OpportunityContactRole"]


@pytest.mark.parametrize(
    ("table", "sobject"),
    [
        ("crm.account_contacts", "Contact"),
        ("FCT_OPPTY", "Opportunity"),
        ("companies", "Account"),
        ("support-tickets", "Case"),
        ("webinar_registrations", "Lead"),
        ("deal_contacts", "OpportunityContactRole"),
        ("bridge_contact_to_deal", "OpportunityContactRole"),
    ],
)
def test_known_names(table: str, sobject: str) -> None:
    """The last word counts most, and two words more than one."""
    words = vocabulary().words(table)
    scores = {each: name_score(words, SObject(name=each), vocabulary()) for each in NAMES}

    assert max(scores, key=lambda each: scores[each]) == sobject


def test_custom_objects() -> None:
    """By name or label."""
    invoice = SObject(name="Invoice__c", label="Customer Bill")

    assert name_score(("invoices",), invoice, vocabulary()) == 1
    assert name_score(("customer", "bills"), invoice, vocabulary()) == 1.4
    assert name_score(("page", "views"), invoice, vocabulary()) == 0


def test_told() -> None:
    """By the fields without which hardly any record is kept."""
    assert told("Event", {"Subject", "StartDateTime", "EndDateTime"}) == 1
    assert told("Contact", {"Phone"}) == 0
    assert told("Invoice__c", {"Name"}) == 1
