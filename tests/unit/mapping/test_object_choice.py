"""Which objects of an org are described for some streams."""

from __future__ import annotations

from target_salesforce_bulk.mapping.object_choice import MOST_OBJECTS, choose_objects
from target_salesforce_bulk.salesforce.object_list import ListedObject

CUSTOM = [
    ListedObject(name="Invoice__c", label="Invoice"),
    ListedObject(name="acme__Sub__c", label="Subscription"),
    ListedObject(name="Ticket__c", label="Ticket"),
    ListedObject(name="Log__c", label="Log", writable=False),
]
ORG = [*(ListedObject(name=each) for each in ("Account", "Contact", "Asset", "ApexLog")), *CUSTOM]


def test_what_matters() -> None:
    """Those that are named, the usual ones, and those that a stream's name or label resembles."""
    streams = ["crm-invoices", "customer_subscriptions", "logs"]

    assert choose_objects(ORG, streams, ["asset", "Nope"]) == [
        "Asset",
        "Account",
        "Contact",
        "Invoice__c",
        "acme__Sub__c",
    ]


def test_the_bound() -> None:
    """However many resemble a stream; those that are named come first."""
    many = [ListedObject(name=f"Item{chr(65 + n)}__c", label="Item") for n in range(26)]
    more = [ListedObject(name=f"Item{chr(65 + n)}x__c", label="Item") for n in range(26)]
    found = choose_objects([*ORG, *many, *more], ["items"], ["ItemZx__c"])

    assert (len(found), found[:3]) == (MOST_OBJECTS, ["ItemZx__c", "Account", "Contact"])
