"""The emulator answers as Salesforce does: recorded shapes, documented refusals, other clients."""

from __future__ import annotations

import csv
import io
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from simple_salesforce import Salesforce

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator import Emulator

VERSION = "67.0"


@pytest.fixture
def http(org: Emulator) -> requests.Session:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {org.access_token}"
    return session


class Job:
    """A job driven by hand, as the API's documentation does it."""

    def __init__(self, org: Emulator, http: requests.Session, **request: Any) -> None:
        self.root = f"{org.url}/services/data/v{VERSION}/jobs/ingest"
        self.http = http
        self.created = http.post(self.root, json={"contentType": "CSV", **request})
        self.url = f"{self.root}/{self.created.json()['id']}" if self.created.ok else ""

    def upload(self, text: str | bytes) -> requests.Response:
        body = text if isinstance(text, bytes) else text.encode()
        return self.http.put(f"{self.url}/batches", data=body, headers={"Content-Type": "text/csv"})

    def set_state(self, state: str) -> requests.Response:
        return self.http.patch(self.url, json={"state": state})

    def run(self, text: str | bytes) -> dict[str, Any]:
        assert self.upload(text).status_code == 201
        assert self.set_state("UploadComplete").status_code == 200
        return self.ended()

    def ended(self) -> dict[str, Any]:
        deadline = time.monotonic() + 20
        while True:
            info: dict[str, Any] = self.http.get(self.url).json()
            if info["state"] in {"JobComplete", "Failed", "Aborted"}:
                return info
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def results(self, kind: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.http.get(f"{self.url}/{kind}/").text)))


def errors(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()[0]["errorCode"]


def test_the_life_of_a_job(org: Emulator, http: requests.Session) -> None:
    """Members and states of each answer, as recorded from a real org."""
    job = Job(org, http, object="Contact", operation="insert")
    info = job.run("LastName,Score__c\nOne,912260031\nTwo,1.5\n")

    created = job.created.json()
    assert (job.created.status_code, created["state"]) == (200, "Open")
    assert created["contentUrl"] == f"services/data/v{VERSION}/jobs/ingest/{created['id']}/batches"
    assert created["lineEnding"] == "LF"
    assert "numberRecordsProcessed" not in created
    assert (info["state"], info["numberRecordsProcessed"], info["numberRecordsFailed"]) == (
        "JobComplete",
        2,
        0,
    )
    assert info["jobType"] == "V2Ingest"
    assert info["apiVersion"] == 67.0
    rows = job.results("successfulResults")
    assert {(row["LastName"], row["Score__c"]) for row in rows} == {
        ("One", "9.12260031E8"),
        ("Two", "1.5"),
    }
    assert all(row["sf__Created"] == "true" and len(row["sf__Id"]) == 18 for row in rows)


def test_results_are_shuffled(org: Emulator, http: requests.Session) -> None:
    """No client may rely on their order."""
    job = Job(org, http, object="Contact", operation="insert")
    names = [f"N{n:04}" for n in range(500)]
    job.run("LastName\n" + "\n".join(names) + "\n")

    came = [row["LastName"] for row in job.results("successfulResults")]
    assert came != names
    assert sorted(came) == names


def test_nothing_is_checked_before_the_job_is_closed(org: Emulator, http: requests.Session) -> None:
    """Rubbish is taken, and fails the job as a whole."""
    job = Job(org, http, object="Contact", operation="insert")
    info = job.run("Nope__c\nx\n")

    assert (info["state"], info["errorMessage"]) == (
        "Failed",
        "InvalidBatch : Field name not found : Nope__c",
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"LastName\r\nOne\r\n", "ClientInputError : LineEnding is invalid on user data."),
        (b"\xef\xbb\xbfLastName\nOne\n", "InvalidBatch : Failed to parse CSV."),
        (b'LastName\n"One\n', "InvalidBatch : Failed to parse CSV."),
    ],
    ids=["line ending", "byte order mark", "open quote"],
)
def test_a_file_that_fails_as_a_whole(
    org: Emulator, http: requests.Session, body: bytes, reason: str
) -> None:
    """With Salesforce's words."""
    info = Job(org, http, object="Contact", operation="insert").run(body)

    assert info["state"] == "Failed"
    assert info["errorMessage"].startswith(reason)


def test_a_second_upload_ruins_a_job(org: Emulator, http: requests.Session) -> None:
    """It can then not be closed any more."""
    job = Job(org, http, object="Contact", operation="insert")
    job.upload("LastName\nOne\n")
    job.upload("LastName\nOne\n")

    answer = job.set_state("UploadComplete")

    assert errors(answer) == (400, "INVALIDJOB")
    assert "only do 'PUT' once" in answer.json()[0]["message"]


def test_refusals(org: Emulator, http: requests.Session) -> None:
    """Code and status of what a job cannot do."""
    job = Job(org, http, object="Contact", operation="insert")
    job.set_state("Aborted")

    assert errors(Job(org, http, object="Nope__c", operation="insert").created) == (
        400,
        "INVALIDENTITY",
    )
    assert errors(Job(org, http, object="Contact", operation="Insert").created) == (
        400,
        "INVALIDJOB",
    )
    assert errors(job.set_state("UploadComplete")) == (400, "INVALIDJOBSTATE")
    assert errors(http.get(f"{job.root}/750000000000000AAA")) == (404, "NOT_FOUND")
    assert errors(requests.get(job.url, timeout=5)) == (401, "INVALID_SESSION_ID")


#: One row each that Salesforce refuses, and its words.
REFUSED = [
    ("FirstName", "Ada", "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName"),
    ("LastName,Email", "x,nobody", "INVALID_EMAIL_ADDRESS:Email: invalid email address: nobody"),
    ("LastName,FirstName", f"x,{'y' * 41}", "STRING_TOO_LONG:First Name: data value too large"),
    ("LastName,Tier__c", "x,Wood", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:"),
    ("LastName,External_Id__c", "x,taken", "DUPLICATE_VALUE:"),
    (
        "LastName,Account.External_Id__c",
        "x,gone",
        "INVALID_FIELD:Foreign key external ID: gone not found for field External_Id__c in entity "
        "Account",
    ),
    ("LastName,AccountId", "x,001", "MALFORMED_ID:"),
]


@pytest.mark.parametrize(("header", "row", "error"), REFUSED)
def test_a_refused_row(
    org: Emulator, http: requests.Session, header: str, row: str, error: str
) -> None:
    """`CODE:message:fields --`, beside the row as it came; the others are taken."""
    org.insert("Contact", [{"LastName": "Old", "External_Id__c": "taken"}])
    job = Job(org, http, object="Contact", operation="insert")
    info = job.run(f"{header}\n{row}\n")

    failed = job.results("failedResults")
    assert (info["numberRecordsFailed"], len(failed)) == (1, 1)
    assert failed[0]["sf__Error"].startswith(error), failed[0]["sf__Error"]
    assert failed[0]["sf__Error"].endswith("--")
    assert [failed[0][name] for name in header.split(",")] == row.split(",")


def test_describe_has_what_clients_read(org: Emulator, http: requests.Session) -> None:
    """The members of a recorded describe document."""
    url = f"{org.url}/services/data/v{VERSION}/sobjects/Contact/describe"
    document = http.get(url).json()
    fields = {each["name"]: each for each in document["fields"]}

    assert (document["keyPrefix"], document["custom"]) == ("003", False)
    assert {"createable", "updateable", "deletable", "urls"} <= set(document) | {"urls"}
    assert (fields["LastName"]["nillable"], fields["LastName"]["length"]) == (False, 80)
    assert fields["External_Id__c"]["externalId"] is True
    assert fields["AccountId"]["referenceTo"] == ["Account"]
    assert fields["AccountId"]["relationshipName"] == "Account"
    assert fields["Name"]["createable"] is False


def test_simple_salesforce_loads_and_reads(org: Emulator) -> None:
    """Another project's Bulk API 2.0 client works against it unchanged."""
    client = Salesforce(instance_url=org.url, session_id=org.access_token, version=VERSION)
    # It knows https only, which a server on 127.0.0.1 does not speak.
    client.base_url = f"{org.url}/services/data/v{VERSION}/"
    client.bulk2_url = f"{client.base_url}jobs/"
    records = [{"LastName": f"N{n}", "External_Id__c": f"S-{n}"} for n in range(10)]
    results = client.bulk2.Contact.upsert(records=records, external_id_field="External_Id__c")
    found = client.query("SELECT LastName FROM Contact WHERE External_Id__c = 'S-3'")

    assert [(each["numberRecordsProcessed"], each["numberRecordsFailed"]) for each in results] == [
        (10, 0)
    ]
    assert [each["LastName"] for each in found["records"]] == ["N3"]


def test_every_request_to_the_api_is_counted(org: Emulator, http: requests.Session) -> None:
    """As `Sforce-Limit-Info` tells it."""
    url = f"{org.url}/services/data/v{VERSION}/limits"
    first = http.get(url).headers["Sforce-Limit-Info"]
    second = http.get(url).headers["Sforce-Limit-Info"]

    assert (first, second) == ("api-usage=1/100000", "api-usage=2/100000")
