"""Names of several meanings are decided by their values."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.mapping.suggest.demands import DEMANDS, meets
from target_salesforce_bulk.mapping.suggest.values import Profile
from target_salesforce_bulk.mapping.suggest.vocabulary import vocabulary
from target_salesforce_bulk.salesforce.sobject import Field

RATING = Field(name="Rating", type="picklist", picklist_values=("Hot", "Cold"))


def met(demand: str, *samples: str) -> bool:
    profile = Profile.of({"type": "string"}, samples)
    return meets(demand, RATING, profile, vocabulary().values)


@pytest.mark.parametrize(
    ("demand", "value", "other"),
    [
        ("job title", "Head of Sales", "admin"),
        ("job title", "Team Lead", "lead"),
        ("salutation", "Frau", "Buyer"),
        ("no salutation", "Buyer", "Mr."),
        ("picklist", "Hot", "4"),
        ("pipeline status", "New", "unsubscribed"),
        ("region", "Hessen", "EMEA"),
        ("state", "Hessen", "EMEA"),
        ("like a phone", "+44 20 7946 0810", "K-4711"),
        ("phone", "+44 20 7946 0810", "mobile"),
        ("web address", "www.a.example", "marketing"),
        ("web address", "https://a.example", "https://a.example/api/v2/users/3.json"),
    ],
)
def test_meets(demand: str, value: str, other: str) -> None:
    """Most values must be what the meaning demands."""
    assert (met(demand, value), met(demand, other)) == (True, False)


def test_without_values() -> None:
    """What must be seen is not met without values; what must not be seen is."""
    assert {each for each in DEMANDS if met(each)} == {
        "no salutation",
        "pipeline status",
        "region",
        "phone",
        "web address",
    }
    assert met("")
