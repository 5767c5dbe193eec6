"""Every way to log in, and what happens when the session or the line breaks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import contact, schema, state

from target_salesforce_bulk.emulator import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

ROWS = [schema(), *(contact(n) for n in range(20)), state(Contact=20)]
NO_SECRET = {"client_id": None, "client_secret": None}


def test_access_token(org: Emulator, load: Callable[..., Result]) -> None:
    """A token that somebody else got is used as it is: no request for one."""
    token = {"access_token": org.access_token, "instance_url": org.url}
    result = load(ROWS, **NO_SECRET, **token)

    assert (result.code, org.count("Contact")) == (0, 20)
    assert org.calls(path="/services/oauth2/*") == 0


def test_an_access_token_that_has_expired(org: Emulator, load: Callable[..., Result]) -> None:
    """It cannot be renewed, and that is what is said."""
    org.expire_tokens()
    token = {"access_token": org.access_token, "instance_url": org.url}
    result = load(ROWS, **NO_SECRET, **token)

    assert result.code == 1
    assert "cannot be renewed" in result.last_line
    assert org.access_token not in result.stderr


def test_refresh_token(org: Emulator, load: Callable[..., Result]) -> None:
    """A user's refresh token, without the app's secret."""
    result = load(ROWS, client_secret=None, refresh_token=org.refresh_token)

    assert (result.code, org.count("Contact")) == (0, 20)


def test_a_rotated_refresh_token_is_kept(org: Emulator, load: Callable[..., Result]) -> None:
    """Each renewal kills the token in the configuration; the next run uses the new one."""
    org.configure(rotate_refresh_tokens=True)
    settings = {"client_secret": None, "refresh_token": org.refresh_token}
    codes = [load(ROWS, **settings).code for _ in range(3)]

    assert codes == [0, 0, 0]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "*/describe"),
        ("POST", "*/jobs/ingest"),
        ("PUT", "*/batches"),
        ("PATCH", "*/jobs/ingest/*"),
        ("GET", "*/failedResults/"),
    ],
)
def test_a_session_that_ends_in_mid_run(
    org: Emulator, load: Callable[..., Result], method: str, path: str
) -> None:
    """It is renewed once, and the request repeated."""
    body = json.dumps(
        [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]
    )
    org.inject(Fault(method=method, path=path, kind=FaultKind.STATUS, status=401, body=body))

    result = load(ROWS)

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    assert org.calls("POST", "/services/oauth2/token") == 2
    assert len(org.jobs()) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": FaultKind.STATUS, "status": 429},
        {"kind": FaultKind.STATUS, "status": 503},
        {"kind": FaultKind.STATUS, "status": 502, "body": "<html>Bad gateway</html>"},
        {"kind": FaultKind.RESET_BEFORE},
        {"kind": FaultKind.RESET_AFTER},
    ],
    ids=["429", "503", "502 with HTML", "reset before", "reset after"],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/services/oauth2/token"),
        ("GET", "*/describe"),
        ("POST", "*/jobs/ingest"),
        ("PUT", "*/batches"),
        ("PATCH", "*/jobs/ingest/*"),
        ("GET", "*/jobs/ingest/???????????????AAA"),
        ("GET", "*/successfulResults/"),
        ("GET", "*/failedResults/"),
        ("GET", "*/unprocessedrecords/"),
    ],
)
def test_one_fault_on_any_request_costs_nothing(
    org: Emulator, load: Callable[..., Result], method: str, path: str, fault: dict[str, Any]
) -> None:
    """All rows are loaded, each by one job that was processed."""
    org.inject(Fault(method=method, path=path, **fault))
    operation = {"operation": "insert", "streams": {"Contact": {"external_id_field": None}}}

    result = load(ROWS, **operation, save_results="all")  # or no successful ones are asked for

    assert org.calls(method, path) >= 1

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    assert [job["state"] for job in org.jobs()].count("JobComplete") == 1


def test_the_daily_allowance_is_used_up(org: Emulator, load: Callable[..., Result]) -> None:
    """The run stops and says so; the rows come again."""
    org.configure(daily_api_requests=2)
    stopped = load(ROWS)
    org.configure(daily_api_requests=1000)
    again = load(ROWS)

    assert (stopped.code, stopped.states) == (1, [])
    assert "24-hour allowance is used up" in stopped.last_line
    assert (again.code, org.count("Contact")) == (0, 20)
