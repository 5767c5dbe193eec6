"""Requests for jobs, and the meaning of their responses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from wire import make_client

from target_salesforce_bulk.errors import (
    AnswerLostError,
    NotFoundError,
    ResponseError,
    SettingsError,
    StateDirectoryError,
    UnreachableError,
)
from target_salesforce_bulk.salesforce.ingest import IngestApi, create_request
from target_salesforce_bulk.salesforce.job import JobState, Operation, ResultKind

ID = "750000000000001AAA"
JOB = {"id": ID, "object": "Contact", "operation": "insert", "state": "Open"}
GONE = (404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}])
#: The first page of a process's memory: it opens, and reading it fails.
UNREADABLE = Path("/proc/self/mem")
RESULT = b'"sf__Id"\n"003"\n'


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def api(waits: list[float]) -> Any:
    def make(*replies: Any, **policy: Any) -> Any:
        client, wire = make_client(*replies, sleep=waits.append, **policy)
        return IngestApi(client), wire

    return make


def test_the_body_of_a_create_request() -> None:
    """Only an upsert names its key."""
    plain = {
        "object": "Contact",
        "contentType": "CSV",
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    }
    assert create_request("Contact", Operation.INSERT, "Key__c", None) == {
        **plain,
        "operation": "insert",
    }
    assert create_request("Contact", Operation.UPSERT, "Key__c", "01Q") == {
        **plain,
        "operation": "upsert",
        "externalIdFieldName": "Key__c",
        "assignmentRuleId": "01Q",
    }


@pytest.mark.parametrize(
    "reply",
    [
        (503, ""),
        (200, "<html>"),
        (200, {}),
        (200, JOB | {"id": "../x"}),
        (200, []),
        requests.ConnectionError("reset"),
    ],
)
def test_a_create_without_a_job_in_its_answer(api: Any, reply: Any, waits: list[float]) -> None:
    """A job may exist, so the request is not retried."""
    made, wire = api(reply)

    with pytest.raises(AnswerLostError):
        made.create("Contact", Operation.INSERT)
    assert (len(wire.requests), waits) == (1, [])


def test_a_job_that_is_not_found_once_is_asked_for_again(api: Any, waits: list[float]) -> None:
    """After a short wait: a node may lag behind the others."""
    made, wire = api(GONE, (200, JOB))

    assert made.get(ID).state is JobState.OPEN
    assert (len(wire.requests), waits) == (2, [1.0])


def test_a_job_that_is_not_found_twice_is_gone(api: Any) -> None:
    """There is no third request."""
    made, wire = api(GONE, GONE)

    with pytest.raises(NotFoundError):
        made.get(ID)
    assert len(wire.requests) == 2


def test_a_retired_version_is_not_asked_again(api: Any) -> None:
    """It stays retired."""
    made, wire = api((410, []))

    with pytest.raises(NotFoundError, match="retired"):
        made.get(ID)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("job_id", ["../../sobjects", "750?x=1", ""])
def test_what_is_not_a_job_id_is_not_asked_for(api: Any, job_id: str, tmp_path: Path) -> None:
    """By no kind of request."""
    made, wire = api()
    csv = tmp_path / "upload.csv"
    csv.write_text("Id\n")

    for act in (made.get, made.close, made.abort):
        with pytest.raises(SettingsError, match="is not a job id"):
            act(job_id)
    with pytest.raises(SettingsError, match="is not a job id"):
        made.upload(job_id, csv)
    with pytest.raises(SettingsError, match="is not a job id"):
        made.download(job_id, ResultKind.FAILED, tmp_path / "failed.csv")
    assert wire.requests == []


def test_an_upload_is_sent_as_it_is(api: Any, tmp_path: Path) -> None:
    """With its length, so that truncation is detected."""
    csv = tmp_path / "upload.csv"
    csv.write_bytes(b"Id\n1\n")
    made, wire = api((201, ""))

    made.upload(ID, csv)

    assert wire.bodies == [b"Id\n1\n"]
    assert wire.requests[0].headers["Content-Length"] == "5"


def test_an_upload_that_is_refused_unread_begins_anew(api: Any, tmp_path: Path) -> None:
    """From the first byte."""
    csv = tmp_path / "upload.csv"
    csv.write_bytes(b"Id\n1\n")
    made, wire = api((429, ""), (201, ""))

    made.upload(ID, csv)

    assert wire.bodies == [b"Id\n1\n"] * 2


def test_an_upload_with_another_answer_than_201(api: Any, tmp_path: Path) -> None:
    """The data may not be stored."""
    csv = tmp_path / "upload.csv"
    csv.touch()
    made, _ = api((200, "<html>"))

    with pytest.raises(AnswerLostError, match="HTTP 200 instead of 201"):
        made.upload(ID, csv)


def test_a_csv_that_cannot_be_opened_is_not_salesforces_fault(api: Any, tmp_path: Path) -> None:
    """Nothing is sent."""
    made, wire = api()

    with pytest.raises(StateDirectoryError, match="No such file"):
        made.upload(ID, tmp_path / "gone.csv")
    assert wire.requests == []


@pytest.mark.skipif(not UNREADABLE.exists(), reason="needs a file that opens and cannot be read")
def test_a_csv_that_cannot_be_read_is_not_salesforces_fault(api: Any) -> None:
    """Also if the disk fails during the upload."""
    made, _ = api((201, ""))

    with pytest.raises(StateDirectoryError, match="mem cannot be read: Input/output error"):
        made.upload(ID, UNREADABLE)


def test_a_result_that_is_cut_short_is_asked_for_again(
    api: Any, tmp_path: Path, waits: list[float]
) -> None:
    """With a wait, and from its start."""
    path = tmp_path / "failed.csv"
    made, wire = api((200, RESULT[:8], {"Content-Length": str(len(RESULT))}), (200, RESULT))

    made.download(ID, ResultKind.FAILED, path)

    assert path.read_bytes() == RESULT
    assert (len(wire.requests), len(waits)) == (2, 1)


def test_a_result_that_stays_cut_short(api: Any, tmp_path: Path) -> None:
    """Attempts are bounded."""
    made, wire = api(*[(200, b"x", {"Content-Length": "9"})] * 9, attempts=3)

    with pytest.raises(UnreachableError, match="1 of 9 bytes"):
        made.download(ID, ResultKind.FAILED, tmp_path / "failed.csv")
    assert len(wire.requests) == 3


@pytest.mark.parametrize("body", [b"<html>Sign in", b"\xff\xfe"])
def test_a_result_that_is_not_csv(api: Any, body: bytes, tmp_path: Path) -> None:
    """After some attempts, a `ResponseError`."""
    made, wire = api(*[(200, body)] * 2, attempts=2)

    with pytest.raises(ResponseError):
        made.download(ID, ResultKind.FAILED, tmp_path / "failed.csv")
    assert len(wire.requests) == 2


def test_a_result_that_is_too_large_is_not_asked_for_again(api: Any, tmp_path: Path) -> None:
    """It would fill the disk each time."""
    made, wire = api((200, RESULT * 100))

    with pytest.raises(ResponseError, match="more than 1,000 bytes"):
        made.download(ID, ResultKind.FAILED, tmp_path / "failed.csv", most_bytes=1_000)
    assert len(wire.requests) == 1


def test_a_result_that_cannot_be_written(api: Any, tmp_path: Path) -> None:
    """It is not requested again, as Salesforce is not at fault."""
    made, wire = api((200, RESULT))

    with pytest.raises(StateDirectoryError):
        made.download(ID, ResultKind.FAILED, tmp_path / "gone" / "failed.csv")
    assert len(wire.requests) == 1


@pytest.mark.parametrize("status", [200, 204])
def test_a_result_without_a_body_is_an_empty_file(api: Any, status: int, tmp_path: Path) -> None:
    """There are no such rows."""
    path = tmp_path / "failed.csv"
    made, _ = api((status, b""))

    made.download(ID, ResultKind.FAILED, path)

    assert path.read_bytes() == b""
