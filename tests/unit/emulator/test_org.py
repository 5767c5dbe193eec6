"""The org as a whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.emulator.org.job_request import JobRequest
from target_salesforce_bulk.emulator.org.org import Org
from target_salesforce_bulk.emulator.org.refusal import RefusalError
from target_salesforce_bulk.emulator.org.tokens import ORG_ID

if TYPE_CHECKING:
    from pathlib import Path


def test_requests_are_counted_until_none_is_left(org: Org) -> None:
    """The one beyond the daily allowance is refused as Salesforce does, and counted as well."""
    org.behaviour.configure({"daily_api_requests": 2})
    org.count_api_call()
    org.count_api_call()
    with pytest.raises(RefusalError) as raised:
        org.count_api_call()

    assert (raised.value.code, raised.value.message, org.api_calls) == (
        "REQUEST_LIMIT_EXCEEDED",
        "TotalRequests Limit exceeded.",
        3,
    )


def test_records_are_inserted_as_they_are(org: Org) -> None:
    """Without validation, each with an id of its object; what was given does not change."""
    rows = [{"LastName": "Ada"}, {"Email": "nobody"}]
    ids = org.insert("cOnTaCt", rows)
    found = {
        row["Id"]: (row.get("LastName"), row.get("Email")) for row in org.records.rows("Contact")
    }

    assert found == dict(zip(ids, [("Ada", None), (None, "nobody")], strict=True))
    assert {each[:3] for each in ids} == {"003"}
    assert rows == [{"LastName": "Ada"}, {"Email": "nobody"}]


def test_records_of_an_object_that_is_not_there(org: Org) -> None:
    """An error that names it."""
    with pytest.raises(ValueError, match=r"^The org has no object Nope__c\.$"):
        org.insert("Nope__c", [{}])


def test_a_reset_forgets_records_and_jobs(org: Org) -> None:
    """What the org is and who may use it stays, and so do the calls that were counted."""
    org.insert("Contact", [{"LastName": "Ada"}])
    org.jobs.create(JobRequest(api_version="67.0", sobject="Contact", operation="insert"))
    org.count_api_call()
    before = (org.tokens.access_token, org.control_token)
    jobs = len(org.jobs)
    org.reset()

    assert (jobs, len(org.jobs), org.records.count("Contact")) == (1, 0, 0)
    assert (org.tokens.access_token, org.control_token) == before
    assert org.api_calls == 1


def test_records_outlive_an_org_with_a_file(tmp_path: Path) -> None:
    """Without one, they go with it."""
    counts = []
    for data in (tmp_path / "org.sqlite3", None):
        for _ in range(2):
            org = Org(data=data)
            org.insert("Contact", [{"LastName": "Ada"}])
            counts.append(org.records.count("Contact"))
            org.close()

    assert counts == [1, 2, 1, 1]


def test_additional_objects(tmp_path: Path) -> None:
    """They come from a file."""
    path = tmp_path / "objects.json"
    path.write_text(json.dumps([{"name": "Own__c", "fields": []}]))
    org = Org(objects=path)
    names = {each.name for each in org.schema}
    org.close()

    assert {"Own__c", "Contact"} <= names


@pytest.mark.parametrize("org_id", [ORG_ID, "00D000000000002EAA"])
def test_its_tokens_name_it(org_id: str) -> None:
    """A token begins with the id; the one that controls the org is another one each time."""
    orgs = [Org(org_id=org_id) for _ in range(2)]
    for each in orgs:
        each.close()

    assert {each.tokens.access_token.partition("!")[0] for each in orgs} == {org_id[:15]}
    assert len({each.control_token for each in orgs}) == 2
