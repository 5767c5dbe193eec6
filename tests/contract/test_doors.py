"""Who the emulator lets in."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.emulator import Fault, FaultKind

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator import Emulator

DATA = "/services/data/v67.0"
FORM = "application/x-www-form-urlencoded"


def ask(org: Emulator, method: str, path: str, body: str = "", **headers: str) -> tuple[int, Any]:
    """Status and JSON of an answer to a request with exactly these headers, and a Host."""
    connection = http.client.HTTPConnection(org.url.removeprefix("http://"), timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.putrequest(method, path, skip_host="Host" in named, skip_accept_encoding=True)
        for name, value in ({"Content-Length": str(len(body))} | named).items():
            connection.putheader(name, value)
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def control(org: Emulator) -> dict[str, str]:
    return {"Authorization": f"Bearer {org.control_token}", "Content_Type": "application/json"}


HOSTS = {
    "127.0.0.1:{port}": 200,
    "localhost:{port}": 200,
    "LocalHost:{port}": 200,
    "localhost": 200,
    "rebound.example:{port}": 403,
    "rebound.example": 403,
    "127.0.0.1.rebound.example:{port}": 403,
    "localhost.rebound.example": 403,
    "127.0.0.1@rebound.example": 403,
    "localhost:80.rebound.example": 403,
    "localhost.": 403,
    "": 403,
}


@pytest.mark.parametrize("path", ["/services/data", "/_emulator/counts"])
def test_a_foreign_host_is_refused(org: Emulator, path: str) -> None:
    """A page whose name was made to lead to this machine can read nothing, wherever it asks."""
    port = org.url.rpartition(":")[2]
    found = {
        host: ask(org, "GET", path, Host=host.format(port=port), **control(org))[0]
        for host in HOSTS
    }

    assert found == HOSTS


def test_a_web_page_is_refused(org: Emulator) -> None:
    """Whichever it is, and also where it has every token."""
    org.insert("Contact", [{"LastName": "Kept"}])
    statuses = []
    for origin in ("https://page.example", "null", "http://127.0.0.1:3000", ""):
        reset = ask(org, "POST", "/_emulator/reset", "{}", Origin=origin, **control(org))
        token = ask(org, "POST", "/services/oauth2/token", Origin=origin, Content_Type=FORM)
        statuses += [reset[0], token[0]]

    assert statuses == [403] * 8
    assert org.count("Contact") == 1
    assert org.requests == []


def test_a_refused_client_takes_no_fault(org: Emulator) -> None:
    """The tested program gets it."""
    org.inject(Fault(kind=FaultKind.STATUS, status=503))
    bearer = {"Authorization": f"Bearer {org.access_token}"}
    found = [
        ask(org, "GET", f"{DATA}/limits", Host=host, **bearer)[0]
        for host in ("rebound.example", "localhost")
    ]

    assert found == [403, 503]


@pytest.mark.parametrize(
    ("method", "resource"),
    [("POST", "reset"), ("POST", "rows/Contact"), ("DELETE", "faults"), ("GET", "rows/Contact")],
)
def test_control_needs_its_token(org: Emulator, method: str, resource: str) -> None:
    """A client of Salesforce does not have it, and one without any learns nothing."""
    org.insert("Contact", [{"LastName": "Kept"}])
    given = ["", "Bearer ", "Bearer x", "Bearer é", f"Bearer {org.access_token}", org.control_token]
    json_type = {"Content_Type": "application/json"}
    path = f"/_emulator/{resource}"
    answers = [ask(org, method, path, "[]", Authorization=each, **json_type) for each in given]

    refused = (401, {"error": "The emulator's own resources need its control token."})
    assert answers == [refused] * len(given)
    assert org.count("Contact") == 1


@pytest.mark.parametrize("resource", ["reset", "rows/Contact", "settings", "faults"])
def test_control_takes_nothing_but_json(org: Emulator, resource: str) -> None:
    """What a form of a web page can send does not act."""
    org.insert("Contact", [{"LastName": "Kept"}])
    kinds = ["text/plain", FORM, "multipart/form-data; boundary=x", "application/jsonx", ""]
    path = f"/_emulator/{resource}"
    found = [
        ask(org, "POST", path, "[]", **control(org) | {"Content_Type": kind})[0] for kind in kinds
    ]

    assert found == [415] * len(kinds)
    assert org.count("Contact") == 1


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=UTF-8"])
def test_control_takes_json(org: Emulator, kind: str) -> None:
    """With any parameters."""
    headers = control(org) | {"Content_Type": kind}
    status, ids = ask(org, "POST", "/_emulator/rows/Contact", '[{"LastName": "New"}]', **headers)

    assert (status, len(ids), org.count("Contact")) == (200, 1, 1)


@pytest.mark.parametrize(
    ("kind", "status"), [(FORM, 200), (f"{FORM}; charset=UTF-8", 200), ("text/plain", 400)]
)
def test_token_requests_are_forms(org: Emulator, kind: str, status: int) -> None:
    """A real org reads no parameters from anything else, and so finds no grant type."""
    client = f"client_id={org.client_id}&client_secret={org.client_secret}"
    text = f"grant_type=client_credentials&{client}"
    found, answer = ask(org, "POST", "/services/oauth2/token", text, Content_Type=kind)

    assert (found, answer.get("error")) == (
        status,
        None if status == 200 else "unsupported_grant_type",
    )


def test_salesforce_takes_json_and_csv_as_such(org: Emulator) -> None:
    """A job is made by JSON and filled by CSV; nothing else acts."""
    bearer = {"Authorization": f"Bearer {org.access_token}"}
    job = json.dumps({"object": "Contact", "operation": "insert", "contentType": "CSV"})
    answers = [
        ask(org, "POST", f"{DATA}/jobs/ingest", job, Content_Type="text/plain", **bearer),
        ask(org, "POST", f"{DATA}/jobs/query", "{}", Content_Type="text/plain", **bearer),
    ]
    _, made = ask(
        org, "POST", f"{DATA}/jobs/ingest", job, Content_Type="application/json", **bearer
    )
    path = f"{DATA}/jobs/ingest/{made['id']}"
    answers += [
        ask(org, "PUT", f"{path}/batches", "LastName\nA\n", Content_Type="text/plain", **bearer),
        ask(org, "PATCH", path, '{"state": "Aborted"}', Content_Type="text/plain", **bearer),
    ]

    assert [(status, answer[0]["errorCode"]) for status, answer in answers] == [
        (415, "UNSUPPORTED_MEDIA_TYPE")
    ] * 4
    assert [job["state"] for job in org.jobs()] == ["Open"]


def test_an_upload_over_the_limit_is_refused_unread(org: Emulator) -> None:
    """By its header; the job stays open and takes the next one."""
    bearer = {"Authorization": f"Bearer {org.access_token}"}
    job = json.dumps({"object": "Contact", "operation": "insert", "contentType": "CSV"})
    _, made = ask(
        org, "POST", f"{DATA}/jobs/ingest", job, Content_Type="application/json", **bearer
    )
    path = f"{DATA}/jobs/ingest/{made['id']}/batches"
    csv = {"Content_Type": "text/csv", **bearer}
    status, answer = ask(org, "PUT", path, "", **csv | {"Content_Length": "112500001"})
    taken, _ = ask(org, "PUT", path, "LastName\nA\n", **csv)

    assert (status, answer[0]["errorCode"], taken) == (413, "EXCEEDED_MAX_SIZE_REQUEST", 201)
