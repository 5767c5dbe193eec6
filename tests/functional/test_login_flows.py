"""The ways to log in by JWT, by the Salesforce CLI and by password, and what is left of secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from key_pairs import certificate_pem, private_pem
from singer_messages import contact, schema, state

from target_salesforce_bulk.emulator import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

ROWS = [schema(), *(contact(n) for n in range(20)), state(Contact=20)]
USER = "loader@acme.example"
PASSWORD = "pass-word-of-loader"
SECURITY_TOKEN = "SecurityTokenOfLoader"
PASSPHRASE = "open-sesame-please"
EXPIRED = json.dumps([{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}])

#: The Salesforce CLI: its first tokens come first, and the last one again and again.
SF = """#!{python}
import json, pathlib, sys
here = pathlib.Path({folder!r})
with (here / "calls").open("a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1:3] == ["org", "display"]:
    replies = json.loads((here / "replies.json").read_text())
    (here / "replies.json").write_text(json.dumps(replies[1:] or replies))
    reply = replies[0]
else:
    reply = json.loads((here / "shown.json").read_text())
print(json.dumps(reply))
sys.exit(reply.get("status", 0))
"""


@pytest.fixture
def sf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[[], Any]]:
    """Install a Salesforce CLI with these replies; the commands that it got."""
    folder = tmp_path / "sf"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def install(*replies: dict[str, Any], shown: dict[str, Any] | None = None) -> Any:
        (folder / "replies.json").write_text(json.dumps(replies))
        (folder / "shown.json").write_text(
            json.dumps(shown or {"status": 2, "name": "NotACommand"})
        )
        (folder / "sf").write_text(SF.format(python=sys.executable, folder=str(folder)))
        (folder / "sf").chmod(0o700)
        calls = folder / "calls"
        return lambda: [json.loads(each) for each in calls.read_text().splitlines()]

    return install


def displayed(org: Emulator, token: str, **changes: Any) -> dict[str, Any]:
    """What `sf org display` prints for an org."""
    result = {
        "id": org.org.tokens.org_id,
        "accessToken": token,
        "instanceUrl": org.url,
        "connectedStatus": "Connected",
    }
    return {"status": 0, "result": result | changes, "warnings": []}


def issued(org: Emulator) -> str:
    """Another access token of the org."""
    form = {"grant_type": "client_credentials", "client_id": org.client_id}
    return org.org.tokens.grant(form | {"client_secret": org.client_secret}).access_token


def ways(org: Emulator, tmp_path: Path) -> dict[str, dict[str, Any]]:
    """Settings of each way, for an org that accepts them."""
    org.configure(
        jwt_certificates=[certificate_pem()],
        users=[{"username": USER, "password": PASSWORD, "security_token": SECURITY_TOKEN}],
    )
    (tmp_path / "server.key").write_text(private_pem(passphrase=PASSPHRASE))
    app = {"client_secret": None, "username": USER}
    return {
        "private_key": app | {"private_key": private_pem()},
        "private_key_path": app
        | {"private_key_path": "server.key", "private_key_passphrase": PASSPHRASE},
        "password": {"username": USER, "password": PASSWORD, "security_token": SECURITY_TOKEN},
        "sf_cli": {"login_url": None, "client_id": None, "client_secret": None}
        | {"sf_cli_target_org": "dev"},
    }


@pytest.mark.parametrize("way", ["private_key", "private_key_path", "password"])
def test_a_load(org: Emulator, load: Callable[..., Result], tmp_path: Path, way: str) -> None:
    """The method follows from the credentials, and one login is enough."""
    result = load(ROWS, **ways(org, tmp_path)[way])

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    assert org.calls("POST", "/services/oauth2/token") == 1
    assert result.stderr.count("2027-02-20") == (way == "password")


@pytest.mark.parametrize("way", ["private_key", "password"])
def test_the_user_and_the_org_are_shown(
    org: Emulator, config: dict[str, Any], tmp_path: Path, way: str
) -> None:
    """Not the app's user, but the one whom the credentials name."""
    org.configure(sandbox=False)
    settings = {k: v for k, v in (config | ways(org, tmp_path)[way]).items() if v is not None}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [sys.executable, "-m", "target_salesforce_bulk", "whoami", "--config", "config.json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    assert done.returncode == 0, done.stderr
    assert f"User:        {USER}\n" in done.stdout
    assert "Kind of org: production\n" in done.stdout


@pytest.mark.parametrize("way", ["private_key", "password"])
def test_a_session_that_ends_in_mid_run(
    org: Emulator, load: Callable[..., Result], tmp_path: Path, way: str
) -> None:
    """The login is repeated, once."""
    body = {"kind": FaultKind.STATUS, "status": 401, "body": EXPIRED}
    org.inject(Fault(method="PUT", path="*/batches", **body))
    result = load(ROWS, **ways(org, tmp_path)[way])

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    assert org.calls("POST", "/services/oauth2/token") == 2
    assert result.stderr.count("2027-02-20") == (way == "password")


@pytest.mark.parametrize("way", ["client_credentials", "private_key", "password"])
def test_sessions_that_end_again_and_again(
    org: Emulator, load: Callable[..., Result], tmp_path: Path, way: str
) -> None:
    """Each is renewed when it ends, at whichever request that is."""
    settings = ways(org, tmp_path).get(way, {})
    org.configure(requests_per_session=2)
    result = load(ROWS, **settings)

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    assert org.calls("POST", "/services/oauth2/token") >= 3
    assert len(org.jobs()) == 1


def test_the_salesforce_cli(org: Emulator, load: Callable[..., Result], sf: Any) -> None:
    """It is asked once, by a list of arguments; no login request is sent."""
    calls = sf(displayed(org, org.access_token))
    nothing = {"login_url": None, "client_id": None, "client_secret": None}
    result = load(ROWS, **nothing, auth_method="sf_cli")
    named = load(ROWS, **nothing, sf_cli_target_org="a; touch b")

    assert (result.code, named.code, org.count("Contact")) == (0, 0, 20), result.stderr
    assert calls() == [
        ["org", "display", "--verbose", "--json"],
        ["org", "display", "--verbose", "--target-org=a; touch b", "--json"],
    ]
    assert org.calls(path="/services/oauth2/token") == 0


def test_a_session_of_the_cli_that_ends_in_mid_run(
    org: Emulator, load: Callable[..., Result], sf: Any, tmp_path: Path
) -> None:
    """The CLI is asked again, and the load goes on with its new token."""
    calls = sf(displayed(org, org.access_token), displayed(org, issued(org)))
    body = {"kind": FaultKind.STATUS, "status": 401, "body": EXPIRED}
    org.inject(Fault(method="PUT", path="*/batches", **body))
    result = load(ROWS, **ways(org, tmp_path)["sf_cli"])

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    assert len(calls()) == 2


def test_a_cli_that_hides_tokens(
    org: Emulator, load: Callable[..., Result], sf: Any, tmp_path: Path
) -> None:
    """Its command that shows one is asked for it."""
    hidden = displayed(org, "[REDACTED] Use 'sf org auth show-access-token' to view")
    calls = sf(hidden, shown={"status": 0, "result": {"accessToken": org.access_token}})
    result = load(ROWS, **ways(org, tmp_path)["sf_cli"])

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    assert calls()[1] == ["org", "auth", "show-access-token", "--target-org=dev", "--json"]


@pytest.mark.parametrize(
    ("error", "description", "advice"),
    [
        ("invalid_client", "invalid client credentials", "Compare client_id and client_secret"),
        ("invalid_client_id", "client identifier invalid", "no app with this client_id"),
        ("inactive_user", "user is inactive", "Activate the user in Setup > Users"),
        ("inactive_org", "organization is inactive", "The org is locked"),
        ("OAUTH_APP_BLOCKED", "app is blocked", "Unblock the app in Setup >"),
        ("OAUTH_EC_APP_NOT_FOUND", "app not found", "no app with this client_id"),
        ("invalid_grant", "ip restricted", "Login IP Ranges"),
        ("invalid_grant", "expired certificate", "Upload a certificate"),
        ("invalid_grant", "user hasn't approved this consumer", "Pre-authorize it"),
    ],
)
def test_a_refused_login(
    org: Emulator, load: Callable[..., Result], error: str, description: str, advice: str
) -> None:
    """Its line says where to look, and the login is not repeated."""
    org.configure(login_rules=[{"error": error, "description": description}])
    result = load(ROWS)

    assert (result.code, result.states) == (1, [])
    assert f"{error}, {description}. " in result.last_line
    assert advice in result.last_line
    assert org.calls("POST", "/services/oauth2/token") == 1


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("API_DISABLED_FOR_ORG", "the user lacks API Enabled"),
        ("INSUFFICIENT_ACCESS", "Object Settings for the objects"),
    ],
)
def test_a_user_without_access(
    org: Emulator, load: Callable[..., Result], code: str, advice: str
) -> None:
    """What the login allows is not enough; the request is not repeated."""
    body = json.dumps([{"errorCode": code, "message": "no"}])
    fault = {"kind": FaultKind.STATUS, "status": 403, "body": body, "times": -1}
    org.inject(Fault(path="*/describe", **fault))
    result = load(ROWS)

    assert result.code == 1
    assert advice in result.last_line
    assert org.calls("GET", "*/describe") == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"username": "nobody@acme.example"}, "user hasn't approved this consumer"),
        ({"private_key": private_pem(1)}, "does not belong to the app's certificate"),
        ({"private_key": "no key"}, "private_key is not a private key in PEM form"),
        ({"password": PASSWORD}, "private_key and password belong to different ways"),
    ],
)
def test_a_jwt_that_makes_no_login(
    org: Emulator, load: Callable[..., Result], tmp_path: Path, change: Any, message: str
) -> None:
    """The last line says what is wrong."""
    result = load(ROWS, **ways(org, tmp_path)["private_key"] | change)

    assert result.code == 1
    assert message in result.last_line


def test_a_cli_without_the_org(
    org: Emulator, load: Callable[..., Result], sf: Any, tmp_path: Path
) -> None:
    """Its words are in the last line, with what to do."""
    sf({"status": 1, "name": "NamedOrgNotFoundError", "message": "No login found for dev."})
    result = load(ROWS, **ways(org, tmp_path)["sf_cli"])

    assert result.code == 1
    assert "NamedOrgNotFoundError, No login found for dev. `sf org list` shows" in result.last_line


@pytest.mark.parametrize("fails", ["the login", "the renewal", "a request"])
@pytest.mark.parametrize("way", ["private_key", "private_key_path", "password", "sf_cli"])
def test_no_secret_is_left_by_a_run_that_fails(
    org: Emulator,
    config: dict[str, Any],
    sf: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    fails: str,
) -> None:
    """At level DEBUG: not in stdout, not in stderr, and in no file that it writes."""
    monkeypatch.setenv("TARGET_SALESFORCE_BULK_LOGLEVEL", "DEBUG")
    first, second = issued(org), issued(org)
    url = f"force://x::{org.refresh_token}@host"
    sf(displayed(org, first, sfdxAuthUrl=url), displayed(org, second, sfdxAuthUrl=url))
    settings = config | ways(org, tmp_path)[way]
    secrets = {
        "private_key": private_pem().splitlines()[1:-1],
        "private_key_path": [PASSPHRASE, *(tmp_path / "server.key").read_text().splitlines()[1:-1]],
        "password": [PASSWORD, SECURITY_TOKEN, PASSWORD + SECURITY_TOKEN, org.client_secret],
        "sf_cli": [first, second] if fails == "the renewal" else [first],
    }[way]
    break_down(org, fails, secrets)
    before = {*tmp_path.rglob("*")}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    before.add(tmp_path / "config.json")
    process = subprocess.run(
        [sys.executable, "-m", "target_salesforce_bulk", "--config", "config.json"],
        input="".join(f"{json.dumps(each)}\n" for each in ROWS).encode(),
        capture_output=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )
    written = [each for each in tmp_path.rglob("*") if each.is_file() and each not in before]
    left = process.stdout + process.stderr + b"".join(map(Path.read_bytes, written))

    assert process.returncode == 1
    assert b"DEBUG" in process.stderr
    assert b"***" in process.stderr
    assert [each for each in [*secrets, org.refresh_token] if each.encode() in left] == []
    assert b"00D5g000004Emul!" not in left
    assert b"eyJ" not in left


def break_down(org: Emulator, fails: str, secrets: list[str]) -> None:
    """Make a run fail, by an answer that repeats every secret."""
    said = " ".join(secrets)
    if fails == "the login":
        body = json.dumps({"error": "invalid_grant", "error_description": said})
        fault = {"path": "*/token", "status": 400, "body": body}
    else:
        body = json.dumps([{"errorCode": "INVALID_SESSION_ID", "message": f"expired {said}"}])
        fault = {"path": "*/describe", "status": 401 if "renewal" in fails else 400, "body": body}
    org.inject(Fault(kind=FaultKind.STATUS, times=-1, **fault))
    if fails == "the login":
        org.inject(Fault(kind=FaultKind.STATUS, times=-1, **fault | {"path": "*/describe"}))
