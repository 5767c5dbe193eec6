"""No secret leaves the process, by any flow, at level DEBUG."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import contact, record, schema, state

from target_salesforce_bulk.emulator import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator import Emulator

ROWS = [schema(), *(contact(n) for n in range(5)), state(Contact=5)]
#: One row that Salesforce refuses.
BAD = [schema(), contact(1), record(External_Id__c="C-2", Email="x"), state(Contact=2)]
#: A session that no login brought, as a proxy's page may hold one.
FOREIGN = "00D5g000009ForeAAA!AQEAQ.foreign_session"
UPDATE = {"Contact": {"operation": "update", "external_id_field": "External_Id__c"}}
SESSION = re.compile(rb"00D\w+!\S")


@pytest.fixture
def shown(org: Emulator, config: dict[str, Any], tmp_path: Path) -> Callable[..., bytes]:
    """Run a command; what it printed and what lies in its state directory, without secrets."""

    def run(*arguments: str, rows: Any = (), code: int | None = None, **settings: Any) -> bytes:
        path = tmp_path / "config.json"
        path.write_text(json.dumps(config | settings))
        process = subprocess.run(
            [sys.executable, "-m", "target_salesforce_bulk", "--config", str(path), *arguments],
            input="".join(f"{json.dumps(each)}\n" for each in rows).encode(),
            capture_output=True,
            timeout=120,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "TARGET_SALESFORCE_BULK_LOGLEVEL": "DEBUG"},
        )
        assert code is None or process.returncode == code, process.stderr.decode()
        found = process.stdout + process.stderr + _files(Path(config["state_dir"]))
        for secret in (org.client_secret, org.refresh_token, org.access_token, FOREIGN):
            assert secret.encode() not in found
        assert SESSION.search(found) is None
        return found

    return run


def _files(folder: Path) -> bytes:
    """All that lies in a folder, but for the store of the refresh token."""
    paths = (each for each in folder.rglob("*") if each.is_file())
    return b"\n".join(each.read_bytes() for each in paths if each.name != "refresh_token.json")


def ways(org: Emulator) -> dict[str, dict[str, Any]]:
    """Every way to log in."""
    nothing = dict.fromkeys(("client_id", "client_secret"))
    return {
        "client_credentials": {},
        "refresh_token": {"refresh_token": org.refresh_token},
        "access_token": nothing | {"access_token": org.access_token, "instance_url": org.url},
        "pasted": nothing | {"access_token": f" {org.access_token}\n", "instance_url": org.url},
    }


@pytest.mark.parametrize("way", ["client_credentials", "refresh_token", "access_token", "pasted"])
def test_a_load(org: Emulator, shown: Any, way: str) -> None:
    """By each way to log in; a new refresh token is kept in its store only."""
    org.configure(rotate_refresh_tokens=way == "refresh_token")
    found = shown(rows=ROWS, code=0, **ways(org)[way])

    assert b"DEBUG" in found
    assert b"5" in found


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("failed", "list"),
        ("failed", "show", "1"),
        ("failed", "export"),
        ("failed", "retry"),
        ("jobs", "list"),
        ("jobs", "resume"),
    ],
)
def test_a_command(shown: Any, arguments: tuple[str, ...]) -> None:
    """After a load that left a failed row behind."""
    settings = {"streams": {"Contact": {"object": "Contact"}}, "max_failed_percent": 100}
    shown(rows=BAD, code=0, **settings)
    shown(*arguments, **settings)


def test_keys_that_a_query_asks_for(org: Emulator, shown: Any) -> None:
    """No line of any library shows the values of rows, which stand in the address of a query."""
    org.insert("Contact", [{"External_Id__c": "KEY-1", "LastName": "Old"}])
    rows = [schema(), record(External_Id__c="KEY-1", LastName="VALUE-1"), state(Contact=1)]
    found = shown(rows=rows, code=0, streams=UPDATE)

    assert org.rows("Contact")[0]["LastName"] == "VALUE-1"
    assert b"DEBUG" in found
    assert b"KEY-1" not in found
    assert b"VALUE-1" not in found


def test_secrets_in_the_url_of_a_batch(shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even in the errors and the lines of the libraries that open it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "hush-1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-2")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "hush-3")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for url in ("s3://user:hush-4@bucket/x?X-Amz-Signature=hush-5", "s3://bucket/x"):
        batch = {"type": "BATCH", "stream": "Contact", "manifest": [url]}
        batch["encoding"] = {"format": "jsonl", "compression": "none"}
        found = shown(rows=[schema(), batch], code=1)

        assert b"hush" not in found
        assert b"Traceback" not in found
        assert b"/x cannot be read: " in found


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("*/token", 400),
        ("*/describe", 400),
        ("*/describe", 401),
        ("*/jobs/ingest", 400),
        ("*/batches", 400),
        ("*/jobs/ingest/*", 404),
    ],
)
def test_an_error_that_repeats_what_was_sent(
    org: Emulator, shown: Any, path: str, status: int
) -> None:
    """As one of Salesforce, whoever it comes from."""
    said = f"bad {org.client_secret} {org.access_token} {FOREIGN}"
    error = {"errorCode": "E", "message": said, "error": "e", "error_description": said}
    body = json.dumps(error if "token" in path else [error])
    fault = {"kind": FaultKind.STATUS, "status": status, "body": body, "times": -1}
    org.inject(Fault(path=path, **fault))

    assert b"bad ***" in shown(rows=ROWS, code=1)


def test_a_page_of_a_proxy(org: Emulator, shown: Any) -> None:
    """It is not JSON, and nothing of it is shown."""
    body = f"<html>{org.client_secret} {FOREIGN}</html>"
    org.inject(Fault(path="*/token", kind=FaultKind.STATUS, status=403, body=body, times=-1))

    shown(rows=ROWS, code=1)


def test_a_row_error_that_repeats_what_was_sent(org: Emulator, shown: Any) -> None:
    """It goes to the journal, to the CSV of failed rows, and to what commands print."""
    header = '"sf__Id","sf__Error","Email","External_Id__c","FirstName","LastName"'
    said = f"E_X:bad {org.client_secret} {FOREIGN}:--"
    columns = {"Email": "x", "External_Id__c": "C-2", "FirstName": "", "LastName": ""}
    body = f'{header}\n"","{said}",' + ",".join(f'"{each}"' for each in columns.values()) + "\n"
    org.inject(
        Fault(path="*/failedResults/*", kind=FaultKind.STATUS, status=200, body=body, times=-1)
    )
    settings = {"validate_rows": False, "max_failed_percent": 100}
    found = shown(rows=[schema(), contact(1), record(**columns), state(Contact=2)], **settings)

    assert b"bad ***" in found
    assert b"bad ***" in shown("failed", "list")


@pytest.mark.parametrize(("formulas", "cell"), [("escape", "'=1+1"), ("keep", "=1+1")])
def test_results_that_repeat_what_was_sent(
    org: Emulator, shown: Any, tmp_path: Path, formulas: str, cell: str
) -> None:
    """`jobs results` writes files that show no secret, and run in no spreadsheet unless asked."""
    shown(rows=[schema(), contact(1), state(Contact=1)], code=0)
    (job,) = org.jobs()
    said = f"E_X:bad {org.client_secret} {FOREIGN}:--"
    body = f'"sf__Id","sf__Error","LastName"\n"","{said}","=1+1"\n'
    org.inject(
        Fault(path="*/failedResults/*", kind=FaultKind.STATUS, status=200, body=body, times=-1)
    )
    arguments = ("jobs", "results", job["id"], "--output", str(tmp_path / "out"))
    shown(*arguments, code=0, csv_formulas=formulas)
    written = (tmp_path / "out" / f"{job['id']}-failedResults.csv").read_text()

    assert written == f'"sf__Id","sf__Error","LastName"\n"","E_X:bad *** ***:--","{cell}"\n'


@pytest.mark.parametrize(
    "settings",
    [
        {"client_secret": 7_777_777_777_777_777_777},
        {"client_secret": ["SECRET"]},
        {"client_secret": {"a": "SECRET"}},
        {"auth_method": "SECRET"},
        {"streams": "SECRET"},
        {"streams": {"users": "SECRET"}},
        {"streams": {"users": {"nulls": "SECRET"}}},
        {"login_url": "https://me:SECRET@acme.my.salesforce.com"},
        {"max_failed_rows": "SECRET"},
        {"max_failed_percent": "SECRET"},
        {"api_version": "SECRET"},
        {"retryable_errors": ["[SECRET"]},
    ],
)
def test_a_secret_in_the_wrong_place(shown: Any, settings: dict[str, Any]) -> None:
    """The setting is named in the last line, the value is not."""
    text = json.dumps(settings)
    found = shown(code=1, **settings)
    last = found.decode().strip().splitlines()[-1]

    assert b"SECRET" not in found
    assert b"7777777" not in found
    assert next(iter(settings)) in last, text
    assert "validation failed" not in last
