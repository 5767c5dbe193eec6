"""`check` says what would fail and what a run would cost, and sends nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import CONTACT, contact, schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.emulator import Emulator


@pytest.fixture
def check(config: dict[str, Any], tmp_path: Path) -> Callable[..., Any]:
    """Run `check` as a process."""

    def run(
        messages: list[dict[str, Any]] | None = None, *more: str, **settings: Any
    ) -> subprocess.CompletedProcess[str]:
        (tmp_path / "config.json").write_text(json.dumps(config | settings))
        command = [sys.executable, "-m", "target_salesforce_bulk", "check"]
        command += ["--config", str(tmp_path / "config.json"), *more]
        if messages is not None:
            lines = "".join(json.dumps(each) + "\n" for each in messages)
            (tmp_path / "input.singer").write_text(lines)
            command += ["--input", str(tmp_path / "input.singer")]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path
        )

    return run


def test_a_configuration_that_works(org: Emulator, check: Any) -> None:
    """The org, the user, what is left, and each stream's table."""
    mapping = {"id": "External_Id__c", "name": "LastName", "acc": "Account.External_Id__c"}
    result = check(streams={"users": {"object": "Contact", "field_mapping": mapping}})

    assert result.returncode == 0, result.stdout + result.stderr
    assert (
        f"Logged in to {org.url}, user admin@emulator.example, sandbox org "
        f"{org.org.tokens.org_id}, by client_credentials, API 67.0\n"
    ) in result.stdout
    assert "left for today" in result.stdout
    assert "Stream users → Contact, upsert by External_Id__c" in result.stdout
    assert "acc   →  Account.External_Id__c  string(80), looks up Account" in result.stdout


def test_all_streams_that_would_fail_are_shown(check: Any) -> None:
    """Not only the first."""
    result = check(streams={"a": {"object": "Nope__c"}, "b": {"object": "Account"}}, auto_map=False)

    assert result.returncode == 1
    assert "no object Nope__c" in result.stdout
    assert "Stream b: upsert needs a field" in result.stdout


@pytest.mark.parametrize(("allowed", "code"), [(True, 0), (False, 1)])
def test_the_permission_for_hard_deletes(
    org: Emulator, check: Any, allowed: bool, code: int
) -> None:
    """A job of hardDelete is refused without it, so it is known before."""
    org.configure(hard_delete_allowed=allowed)
    users = {"object": "Contact", "operation": "hardDelete", "field_mapping": {"id": "Id"}}
    result = check(streams={"users": users}, allow_hard_delete=True)

    assert result.returncode == code, result.stdout + result.stderr
    assert ("hardDelete needs the permission Bulk API Hard Delete" in result.stdout) != allowed


def test_a_catalog_is_checked_in_full(org: Emulator, check: Any, tmp_path: Path) -> None:
    """Every selected stream, though one fails; through stream maps, and against `streams`."""
    streams = [
        {
            "tap_stream_id": name,
            "schema": {"properties": CONTACT | {"zip": {}}},
            "key_properties": ["External_Id__c"],
            "metadata": [{"breadcrumb": [], "metadata": {"selected": name != "unused"}}],
        }
        for name in ("people", "Nope", "unused", "users")
    ]
    (tmp_path / "catalog.json").write_text(json.dumps({"streams": streams}))
    result = check(
        None,
        "--catalog",
        str(tmp_path / "catalog.json"),
        streams={"Contact": {}, "user": {}, "Nope": {}},
        stream_maps={"people": {"__alias__": "Contact", "LastName": None}},
        unlisted_streams="skip",
    )

    assert result.returncode == 1
    assert "Problem: Stream Nope: the org has no object of that name" in result.stdout
    _, _, shown = result.stdout.partition("\nStream Contact")
    assert shown.splitlines() == [
        " → Contact, upsert by External_Id__c",
        "  External_Id__c  →  External_Id__c  string(80)",
        "  FirstName       →  FirstName       string(40)",
        "  Email           →  Email           email(80)",
        "  Warning: zip is not loaded: Contact has no field of that name",
        "  Warning: new records need LastName, but no property maps to them",
        "",
        "Left out, because streams has no entry for them and unlisted_streams is skip: users "
        "(did you mean user?).",
        "",
        "Entries of streams that matched no stream of the input: user (did you mean users?).",
    ]
    assert org.jobs() == []


def test_a_file_that_is_no_catalog(check: Any, tmp_path: Path) -> None:
    """One line, before the login."""
    (tmp_path / "catalog.json").write_text("{}")
    result = check(None, "--catalog", str(tmp_path / "catalog.json"))

    assert (result.returncode, result.stdout) == (1, "")
    assert "is not a Singer catalog" in result.stderr.splitlines()[-1]


def test_an_input_is_read_but_not_sent(org: Emulator, check: Any, tmp_path: Path) -> None:
    """Rows that would be refused, jobs and API requests it would take; no trace is left."""
    rows = [contact(n, Email="a@b.example" if n else "nobody") for n in range(25)]
    result = check([schema(properties=CONTACT | {"zip": {}}), *rows, rows[1]], batch_size_rows=10)

    assert result.returncode == 1
    assert "Stream Contact: 26 records, 25 rows to be sent, in 3 jobs" in result.stdout, (
        result.stdout
    )
    assert "1 refused" in result.stdout
    assert "1 x INVALID_EMAIL_ADDRESS: Email: invalid email address: nobody  [C-0]" in result.stdout
    assert "Warning: zip is not loaded" in result.stdout
    assert "About 24 API requests, 0.02 % of the remaining limit" in result.stdout
    assert "3 Bulk API batches, 0.02 % of the remaining limit" in result.stdout
    assert (org.jobs(), org.count("Contact"), (tmp_path / "state").exists()) == ([], 0, False)


def test_an_input_that_does_not_fit_today(org: Emulator, check: Any) -> None:
    """Both allowances are compared with what the input needs."""
    org.configure(daily_api_requests=40, daily_bulk_batches=2)
    result = check([schema(), *(contact(n) for n in range(25))], batch_size_rows=10)

    assert result.returncode == 1
    assert "3 Bulk API batches, 150.00 % of the remaining limit" in result.stdout
    assert "Problem: The load needs 3 Bulk API batches, but only 2 of 2 are left" in result.stdout
    assert "Problem: The load needs about 24 API requests" not in result.stdout
    org.org.api_calls = 20
    again = check(batch_size_rows=10, messages=[schema(), *(contact(n) for n in range(25))])
    assert "Problem: The load needs about 24 API requests, but only 1" in again.stdout


def test_limits_that_the_user_may_not_see(org: Emulator, check: Any) -> None:
    """They are unknown, and no problem; the header of responses tells a part of them."""
    org.configure(limits_visible=False)
    result = check([schema(), contact(1)])

    assert result.returncode == 0, result.stdout + result.stderr
    assert "API requests: 99,99" in result.stdout
    assert "Bulk API batches: what is left for today is unknown" in result.stdout
    assert "\n1 Bulk API batch\n" in result.stdout


def test_a_login_that_is_refused(check: Any) -> None:
    """One line, exit code 1."""
    result = check(client_secret="wrong")

    assert (result.returncode, result.stdout) == (1, "")
    assert "invalid client credentials" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", [["check"], []])
def test_a_configuration_file_that_is_not_there(command: list[str]) -> None:
    """It is named, and nothing crashes."""
    result = subprocess.run(
        [sys.executable, "-m", "target_salesforce_bulk", *command, "--config", "/nowhere.json"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert "The configuration file /nowhere.json cannot be read" in result.stderr
    assert "Traceback" not in result.stderr
