"""Text from outside reaches no terminal as commands, and forges no line, whichever way it comes."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from conftest import command
from singer_messages import CONTACT, contact, record, schema, state

from target_salesforce_bulk.emulator import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from target_salesforce_bulk.emulator import Emulator

FORGED = "2026-01-01 00:00:00,000 | INFO     | forged"
#: Commands to a terminal of 7 and 8 bits, ends of lines of all kinds, and changes of direction.
HOSTILE = (
    f"\x1b[2J\x1b]0;x\x07\r\n{FORGED}\x9b31m\x85{FORGED}\u2028{FORGED}\u202e\u2066\x7f\x08\x0b"
)
#: The same where Salesforce's names allow nothing else.
BATCH = {
    "type": "BATCH",
    "stream": "Contact",
    "encoding": {"format": "jsonl", "compression": "none"},
    "manifest": [],
}


def alarming(output: bytes) -> list[str]:
    """Characters that a terminal may obey, and lines that were forged."""
    text = output.decode()
    characters = {ascii(each) for each in text if each != "\n" and not each.isprintable()}
    return sorted(characters) + [line for line in text.split("\n") if line.startswith(FORGED)]


@pytest.fixture
def run(config: dict[str, Any], tmp_path: Path) -> Callable[..., bytes]:
    """Run the target or one of its commands over messages; everything it printed at debug level."""

    def of(
        *arguments: str, messages: Iterable[dict[str, Any] | str] = (), **settings: Any
    ) -> bytes:
        lines = (each if isinstance(each, str) else json.dumps(each) for each in messages)
        process = subprocess.run(
            [*command(config | settings, tmp_path), *arguments],
            input="".join(f"{line}\n" for line in lines).encode(),
            capture_output=True,
            check=False,
            timeout=120,
            cwd=tmp_path,
            env=os.environ | {"LOGLEVEL": "DEBUG"},
        )
        assert process.stderr
        return process.stdout + process.stderr

    return of


INPUTS: dict[str, list[dict[str, Any] | str]] = {
    "a type of message": [{"type": HOSTILE}],
    "no JSON": [f'{{"type": "{HOSTILE}"'],
    "a line of something else": [HOSTILE],
    "a record without a schema": [record(HOSTILE, a=1)],
    "a stream without an object": [schema(HOSTILE)],
    "a property without a field": [schema(properties=CONTACT | {HOSTILE: {"type": "string"}})],
    "a type of property": [schema(properties={"LastName": {"type": HOSTILE}}), contact(1)],
    "a format of property": [
        schema(properties={"LastName": {"type": "string", "format": HOSTILE}}),
        contact(1),
    ],
    "a key property": [schema(key=HOSTILE), contact(1)],
    "a bookmark property": [schema() | {"bookmark_properties": [HOSTILE]}, contact(1)],
    "no object for a schema": [schema() | {"schema": HOSTILE}],
    "a version": [schema(), {"type": "ACTIVATE_VERSION", "stream": "Contact", "version": HOSTILE}],
    "a version of no stream": [{"type": "ACTIVATE_VERSION", "stream": HOSTILE, "version": 1}],
    "a deleted time": [
        schema(properties=CONTACT | {"_sdc_deleted_at": {"type": "string"}}),
        contact(1, _sdc_deleted_at=HOSTILE),
    ],
    "values": [schema(), contact(1, **dict.fromkeys(CONTACT, HOSTILE)), state(Contact=HOSTILE)],
    "a state": [schema(), contact(1), {"type": "STATE", "value": HOSTILE}],
    "a bookmark": [schema(), contact(1), state(**{HOSTILE: HOSTILE})],
    "an encoding": [schema(), BATCH | {"encoding": {"format": HOSTILE}}],
    "an encoding of another type": [schema(), BATCH | {"encoding": HOSTILE}],
    "a manifest of another type": [schema(), BATCH | {"manifest": HOSTILE}],
    "a path": [schema(), BATCH | {"manifest": [f"/{HOSTILE}"]}],
    "a relative path": [schema(), BATCH | {"manifest": [HOSTILE]}],
    "a protocol": [schema(), BATCH | {"manifest": [f"http://{HOSTILE}"]}],
    "a bucket": [schema(), BATCH | {"manifest": [f"s3://{HOSTILE}/x"]}],
}


@pytest.mark.parametrize("messages", INPUTS.values(), ids=INPUTS.keys())
def test_from_the_tap(run: Callable[..., bytes], messages: list[Any]) -> None:
    """Names, values and what is no message."""
    assert alarming(run(messages=messages)) == []


ANSWERS: dict[str, Fault] = {
    "a login": Fault(
        kind=FaultKind.STATUS,
        path="*/oauth2/token",
        status=400,
        body=json.dumps({"error": HOSTILE, "error_description": HOSTILE}),
    ),
    "a token": Fault(
        kind=FaultKind.STATUS,
        path="*/oauth2/token",
        status=200,
        body=json.dumps({"access_token": HOSTILE, "instance_url": HOSTILE}),
    ),
    "an instance": Fault(
        kind=FaultKind.STATUS,
        path="*/oauth2/token",
        status=200,
        body=json.dumps({"access_token": "x", "instance_url": f"https://{HOSTILE}"}),
    ),
    "a redirection": Fault(
        kind=FaultKind.STATUS, path="*/describe", status=302, headers={"Location": "//x/\x9b31m"}
    ),
    **{
        f"{status} to {method} {path}": Fault(
            kind=FaultKind.STATUS,
            method=method,
            path=path,
            status=status,
            body=json.dumps([{"errorCode": HOSTILE, "message": HOSTILE}]),
            times=-1,
        )
        for status in (200, 400)
        for method, path in (
            ("GET", "*/describe"),
            ("POST", "*/jobs/ingest"),
            ("PUT", "*/batches"),
            ("PATCH", "*/jobs/ingest/*"),
            ("GET", "*/jobs/ingest/*"),
        )
    },
    "a page": Fault(kind=FaultKind.STATUS, status=502, body=f"<html>{HOSTILE}", times=9),
    "the fields of an object": Fault(
        kind=FaultKind.STATUS,
        path="*/describe",
        status=200,
        body=json.dumps({"name": "Contact", "fields": [{"name": HOSTILE, "type": "string"}]}),
    ),
    "the type of a field": Fault(
        kind=FaultKind.STATUS,
        path="*/describe",
        status=200,
        body=json.dumps({"name": "Contact", "fields": [{"name": "Email", "type": HOSTILE}]}),
    ),
    "a job": Fault(
        kind=FaultKind.STATUS,
        method="POST",
        path="*/jobs/ingest",
        status=200,
        body=json.dumps({"id": HOSTILE, "state": HOSTILE, "operation": HOSTILE, "object": HOSTILE}),
    ),
    "a header of results": Fault(
        kind=FaultKind.STATUS, path="*Results/", status=200, body=f'"{HOSTILE}"\n"x"\n', times=-1
    ),
}
QUICK = {"request_attempts": 2, "request_max_seconds": 3, "row_retries": 0}


@pytest.mark.parametrize("fault", ANSWERS.values(), ids=ANSWERS.keys())
def test_from_salesforce(org: Emulator, run: Callable[..., bytes], fault: Fault) -> None:
    """Whichever answer it stands in."""
    org.inject(fault)
    messages = [schema(), contact(1), contact(2, Email="nobody")]

    assert alarming(run(messages=messages, **QUICK)) == []


@pytest.mark.parametrize("body", [json.dumps(HOSTILE), json.dumps([HOSTILE])])
def test_a_check_of_limits_of_another_type(
    org: Emulator, run: Callable[..., bytes], body: str
) -> None:
    """It ends with one line."""
    org.inject(Fault(kind=FaultKind.STATUS, path="*/limits", status=200, body=body))
    output = run("check", **QUICK)

    assert alarming(output) == []
    assert b"Salesforce returned JSON that is not an object." in output


@pytest.mark.parametrize("body", [json.dumps(HOSTILE), json.dumps([HOSTILE])])
def test_a_check_of_a_user_of_another_type(
    org: Emulator, run: Callable[..., bytes], body: str
) -> None:
    """The user is not shown, as where the app lacks the scope for it."""
    org.inject(Fault(kind=FaultKind.STATUS, path="*/userinfo", status=200, body=body))
    output = run("check", **QUICK)

    assert alarming(output) == []
    assert f"Logged in to {org.url}, sandbox org {org.org.tokens.org_id}".encode() in output
    assert b"Traceback" not in output


def test_a_check_of_limits_and_a_user(org: Emulator, run: Callable[..., bytes]) -> None:
    """What is no number is unknown, and a name is a name."""
    limits = {"DailyApiRequests": {"Remaining": HOSTILE, "Max": 1}, "DailyBulkApiBatches": HOSTILE}
    for path, body in (("*/limits", limits), ("*/userinfo", {"preferred_username": HOSTILE})):
        org.inject(Fault(kind=FaultKind.STATUS, path=path, status=200, body=json.dumps(body)))
    output = run("check", **QUICK)

    assert alarming(output) == []
    assert output.count(b": what is left for today is unknown") == 2


COMMANDS = [
    ("failed", "list"),
    ("failed", "list", "--json"),
    ("failed", "show", "1"),
    ("failed", "show", "1", "--json"),
    ("failed", "show", HOSTILE),
    ("failed", "export", "--format", "jsonl"),
    ("failed", "export", "--format", "singer"),
    ("failed", "retry"),
    ("jobs", "list"),
    ("jobs", "list", "--json"),
    ("jobs", "show", HOSTILE),
    ("jobs", "abort", HOSTILE),
    ("jobs", "results", HOSTILE),
    ("jobs", "forget", HOSTILE),
    ("jobs", "resume"),
    ("check",),
    ("failed", "discard", "--stream", HOSTILE),
    ("failed", HOSTILE),
    ("--config", f"/{HOSTILE}"),
]


def test_from_what_is_stored(org: Emulator, run: Callable[..., bytes], tmp_path: Path) -> None:
    """Each command prints names, values and errors of a run, refused here or by Salesforce."""
    org.configure(
        rules=[
            {"error": f"{HOSTILE}:{HOSTILE}:{HOSTILE} --", "column": "FirstName", "glob": "Bad"},
        ]
    )
    streams = {HOSTILE: {"object": "Contact", "operation": "upsert"}}
    messages = [
        schema(HOSTILE),
        *(
            each | {"stream": HOSTILE}
            for each in (
                contact(1, External_Id__c=HOSTILE, LastName=HOSTILE, FirstName="Bad"),
                contact(2, Email=HOSTILE),
                contact(3),
                contact(4, FirstName="Bad"),
            )
        ),
        state(**{HOSTILE: 1}),
    ]
    output = {("load",): run(messages=messages, streams=streams, **QUICK)}
    recorded = tmp_path / "input.jsonl"
    recorded.write_text("".join(json.dumps(each) + "\n" for each in messages))
    for arguments in (*COMMANDS, ("check", "--input", str(recorded))):
        output[arguments] = run(*arguments, streams=streams, **QUICK)

    assert {name: found for name, text in output.items() if (found := alarming(text))} == {}


def test_from_a_job(org: Emulator, run: Callable[..., bytes]) -> None:
    """Why it failed as a whole."""
    org.configure(fail_jobs_with=HOSTILE, fail_jobs_times=-1)

    assert alarming(run(messages=[schema(), contact(1)], **QUICK)) == []
