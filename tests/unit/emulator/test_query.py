"""Pages of queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.org import Org

V = "/services/data/v67.0"


def insert(org: Org, number: int) -> list[str]:
    return org.insert("Account", [{"Name": f"N{n}"} for n in range(number)])


def test_a_record(org: Org, call: Callable[..., Any]) -> None:
    """It has the fields asked for, and says where it comes from."""
    (record_id,) = insert(org, 1)
    answer = call("GET", f"{V}/query", query="q=SELECT+Name,Type+FROM+Account")
    url = f"{V}/sobjects/Account/{record_id}"

    assert answer.json == {
        "totalSize": 1,
        "done": True,
        "records": [
            {"attributes": {"type": "Account", "url": url}, "Name": "N0", "Type": None},
        ],
    }


def test_the_organization(org: Org, call: Callable[..., Any]) -> None:
    """Its one record is not among those that jobs write."""
    answer = call("GET", f"{V}/query", query="q=select+Id+from+Organization")
    org_id = org.tokens.org_id
    url = f"{V}/sobjects/Organization/{org_id}"

    assert answer.json == {
        "totalSize": 1,
        "done": True,
        "records": [{"attributes": {"type": "Organization", "url": url}, "Id": org_id}],
    }


@pytest.mark.parametrize("allowed", [True, False])
def test_the_permissions_of_the_user(org: Org, call: Callable[..., Any], allowed: bool) -> None:
    """Names are found whatever their case."""
    org.behaviour.hard_delete_allowed = allowed
    fields = "PermissionsApiEnabled,+permissionsbulkapiharddelete"
    answer = call("GET", f"{V}/query", query=f"q=SELECT+{fields}+FROM+userpermissionaccess+LIMIT+1")

    (record,) = answer.json["records"]
    del record["attributes"]
    assert record == {"PermissionsApiEnabled": True, "PermissionsBulkApiHardDelete": allowed}


def test_a_permission_that_the_org_does_not_know(call: Callable[..., Any]) -> None:
    """It is a field like any other."""
    answer = call("GET", f"{V}/query", query="q=SELECT+PermissionsFly+FROM+UserPermissionAccess")

    assert (answer.status, answer.json[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_a_count(org: Org, call: Callable[..., Any]) -> None:
    """It has no records and one page."""
    insert(org, 2001)
    answer = call("GET", f"{V}/query", query="q=SELECT+COUNT()+FROM+Account")

    assert answer.json == {"totalSize": 2001, "done": True, "records": []}


@pytest.mark.parametrize(("number", "sizes"), [(2000, [2000]), (2001, [2000, 1])])
def test_pages(org: Org, call: Callable[..., Any], number: int, sizes: list[int]) -> None:
    """Each leads to the next one, and the last one says so."""
    insert(org, number)
    page = call("GET", f"{V}/query", query="q=SELECT+Id+FROM+Account").json
    found = [len(page["records"])]
    while not page["done"]:
        page = call("GET", page["nextRecordsUrl"]).json
        found.append(len(page["records"]))

    assert found == sizes


@pytest.mark.parametrize(
    ("locator", "rows", "following"), [("", '"N0"\n"N1"\n', "2"), ("2", '"N2"\n"N3"\n', "null")]
)
def test_pages_of_a_query_job(
    org: Org, call: Callable[..., Any], locator: str, rows: str, following: str
) -> None:
    """CSV with a header each; the locator of the last page is `null`."""
    insert(org, 4)
    job_id = org.queries.create_job("SELECT Name FROM Account")
    answer = call(
        "GET", f"{V}/jobs/query/{job_id}/results", query=f"maxRecords=2&locator={locator}"
    )

    assert (answer.text, answer.headers["sforce-locator"]) == (f'"Name"\n{rows}', following)
    assert answer.headers["sforce-numberofrecords"] == "2"
