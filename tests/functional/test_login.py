"""Login, logout and whoami as processes; a browser is played by plain HTTP."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from singer_messages import contact, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator import Emulator

DEBUG = {"TARGET_SALESFORCE_BULK_LOGLEVEL": "DEBUG"}
ROWS = [schema(), contact(1), state(Contact=1)]


@pytest.fixture
def config(org: Emulator, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """An app without a secret, whose user has not logged in."""
    monkeypatch.setenv(*next(iter(DEBUG.items())))
    del config["client_secret"]
    return config | {"request_attempts": 1}


@pytest.fixture
def begun(start_command: Callable[..., Any]) -> Callable[..., Any]:
    """Start a login; the process and the address that it prints."""

    def run(*arguments: str, **settings: Any) -> tuple[subprocess.Popen[str], str]:
        process = start_command("login", "--no-browser", "--port", "0", *arguments, **settings)
        assert "Open this address" in process.stdout.readline()
        return process, process.stdout.readline().strip()

    return run


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, stdout and the last line of stderr."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err.strip().splitlines()[-1]


def sent_to(address: str) -> str:
    """Where the org sends the browser."""
    answer = requests.get(address, allow_redirects=False, timeout=30)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def fetch(url: str, host: str | None = None, method: str = "GET") -> tuple[int, str]:
    """Status and page of the listener."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=30)
    connection.request(
        method, f"{parts.path}?{parts.query}", headers={"Host": host or parts.netloc}
    )
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    return answer.status, page


def log_in(begun: Callable[..., Any], org: Emulator, *arguments: str) -> str:
    org.configure(consent="allow")
    process, address = begun(*arguments)
    assert fetch(sent_to(address))[0] == 200
    code, out, err = ended(process)
    assert code == 0, err
    return str(out)


def stored(config: dict[str, Any]) -> list[Path]:
    return sorted((Path(config["state_dir"]) / "logins").glob("*.json"))


def printed_settings(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(x for x in out.splitlines() if x.startswith("{")))
    return found


def test_a_run_uses_what_a_login_stored(
    org: Emulator, config: dict[str, Any], begun: Callable[..., Any], load: Callable[..., Any]
) -> None:
    """With the settings that it prints, and none that is secret."""
    settings = printed_settings(log_in(begun, org))
    [store] = stored(config)

    assert settings == {
        "auth_method": "refresh_token",
        "login_url": org.url,
        "client_id": org.client_id,
        "state_dir": config["state_dir"],
    }
    assert store.stat().st_mode & 0o777 == 0o600
    assert load(ROWS, **settings).code == 0
    assert org.count("Contact") == 1


def test_the_settings_work_as_environment(
    org: Emulator, config: dict[str, Any], begun: Callable[..., Any], tmp_path: Path
) -> None:
    """The lines for .env are read as they are printed."""
    out = log_in(begun, org)
    lines = [each for each in out.splitlines() if each.startswith("TARGET_SALESFORCE_BULK_")]
    (tmp_path / ".env").write_text("\n".join(lines))
    done = subprocess.run(
        [sys.executable, "-m", "target_salesforce_bulk", "whoami", "--config", "ENV"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "User:        admin@emulator.example",
        f"Org:         {org.org.tokens.org_id}",
        "Kind of org: sandbox",
        f"URL:         {org.url}",
        "API version: 67.0",
        "Scopes:      api refresh_token",
        "Login:       refresh_token",
    ]


def test_a_person_allows_or_denies(org: Emulator, begun: Callable[..., Any]) -> None:
    """By the form that the emulator shows."""
    codes = []
    for answer in ("allow", "deny"):
        process, address = begun()
        page = requests.get(address, timeout=30).text
        form = re.search(r'action="(.*?)".*name="request" value="(.*?)"', page)
        assert form is not None
        query = urlencode({"request": form[2], "answer": answer})
        assert fetch(sent_to(f"{org.url}{form[1]}?{query}"))[0] == 200
        code, _, last = ended(process)
        codes.append((code, "Salesforce refused the login: access_denied" in last))

    assert codes == [(0, False), (1, True)]


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("access_denied", "Log in again, and choose Allow."),
        ("redirect_uri_mismatch", "Add the address that the login used to Callback URL in Setup"),
        ("OAUTH_APP_BLOCKED", "Unblock the app in Setup > Connected Apps OAuth Usage."),
        ("odd\x1b[31m", "Check the app, the user and login_url."),
    ],
)
def test_an_error_that_comes_back_ends_the_login(
    org: Emulator, config: dict[str, Any], begun: Callable[..., Any], error: str, remedy: str
) -> None:
    """It is named in one line with what to do; nothing is stored or asked for."""
    org.configure(consent=error)
    process, address = begun()
    assert fetch(sent_to(address))[0] == 200
    code, out, last = ended(process)

    assert (code, out, stored(config)) == (1, "", [])
    assert remedy in last
    assert "\x1b" not in last
    assert org.calls("POST", "*") == 0


def test_a_callback_that_is_not_registered(org: Emulator, begun: Callable[..., Any]) -> None:
    """Salesforce sends no browser there, so the login waits in vain and says so."""
    org.configure(callback_url="http://localhost:1/callback")
    process, address = begun("--wait-seconds", "1")
    page = requests.get(address, allow_redirects=False, timeout=30)
    code, _, last = ended(process)

    assert (page.status_code, "redirect_uri_mismatch" in page.text) == (400, True)
    assert code == 1
    assert "No answer came from the browser within 1 seconds" in last


def test_only_the_answer_is_taken(org: Emulator, begun: Callable[..., Any]) -> None:
    """Other hosts, paths, methods and states change nothing; the answer then still counts."""
    org.configure(consent="allow")
    process, address = begun()
    answer = sent_to(address)
    state = parse_qs(urlsplit(answer).query)["state"][0]
    statuses = [
        fetch(answer, host="evil.example")[0],
        fetch(answer.replace("/callback", "/other"))[0],
        fetch(answer, method="POST")[0],
        fetch(answer.replace(state, "x" * len(state)))[0],
        fetch(answer + "&code=second")[0],
        fetch(answer)[0],
    ]

    assert statuses == [400, 404, 501, 400, 400, 200]
    assert ended(process)[0] == 0


def test_ctrl_c_ends_it_in_one_line(config: dict[str, Any], begun: Callable[..., Any]) -> None:
    """Nothing is stored."""
    process, _ = begun()
    process.send_signal(signal.SIGINT)
    code, out, last = ended(process)

    assert (code, out, stored(config)) == (130, "", [])
    assert last.endswith("Stopped by SIGINT. Nobody was logged in.")


def test_a_port_that_is_taken(begun: Callable[..., Any], act: Callable[..., Any]) -> None:
    """The line names it and the option."""
    _, address = begun()
    uri = parse_qs(urlsplit(address).query)["redirect_uri"][0]
    port = str(urlsplit(uri).port)
    done = act("login", "--no-browser", "--port", port)

    assert done.returncode == 1
    assert f"Port {port} cannot be used" in done.stderr
    assert "--port" in done.stderr


def test_a_token_in_the_keyring(
    org: Emulator,
    config: dict[str, Any],
    begun: Callable[..., Any],
    act: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Runs find it there, also when it was replaced; logout deletes it."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "file_keyring.FileKeyring")
    monkeypatch.setenv("FILE_KEYRING", str(tmp_path / "keyring.json"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    org.configure(rotate_refresh_tokens=True)
    out = log_in(begun, org, "--keyring")
    first = (tmp_path / "keyring.json").read_text()
    run = act("whoami", auth_method="refresh_token")
    [store] = stored(config)
    second, named = (tmp_path / "keyring.json").read_text(), store.read_text()
    ended = act("logout")

    assert "stored in the system keyring" in out
    assert (run.returncode, ended.stdout) == (0, "Logged out.\n"), run.stderr
    tokens = [*json.loads(first).values(), *json.loads(second).values()]
    assert len(set(tokens)) == 2
    assert not any(each in named for each in tokens)
    assert (json.loads((tmp_path / "keyring.json").read_text()), stored(config)) == ({}, [])


def test_logout_revokes_and_deletes(
    org: Emulator, config: dict[str, Any], begun: Callable[..., Any], act: Callable[..., Any]
) -> None:
    """Afterwards no run logs in, and a second logout has nothing to do."""
    log_in(begun, org)
    token = json.loads(stored(config)[0].read_bytes())["refresh_token"]
    first, second = act("logout"), act("logout")
    run = act("whoami", auth_method="refresh_token")

    assert (first.returncode, first.stdout) == (0, "Logged out.\n")
    assert stored(config) == []
    assert org.org.tokens.kind_of(token) == ""
    assert second.stdout == "No login is stored for this client_id and login_url.\n"
    assert run.returncode == 1
    assert "Run target-salesforce-bulk login." in run.stderr


def test_a_revocation_that_fails_is_said(
    org: Emulator, config: dict[str, Any], begun: Callable[..., Any], act: Callable[..., Any]
) -> None:
    """The token is deleted all the same."""
    log_in(begun, org)
    org.org.tokens.revoke(json.loads(stored(config)[0].read_bytes())["refresh_token"])
    done = act("logout")

    assert (done.returncode, stored(config)) == (1, [])
    assert "did not revoke it: INVALIDTOKEN, invalid token." in done.stderr


def test_processes_share_a_token_that_rotates(
    org: Emulator, begun: Callable[..., Any], act: Callable[..., Any]
) -> None:
    """Each takes the one that the process before it has stored; no token is used twice."""
    log_in(begun, org)
    org.configure(rotate_refresh_tokens=True)
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(act, "whoami", auth_method="refresh_token") for _ in range(3)]
        codes = [run.result().returncode for run in runs]

    assert codes == [0, 0, 0]


def test_nothing_secret_is_left_behind(
    org: Emulator,
    config: dict[str, Any],
    begun: Callable[..., Any],
    act: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """Neither printed at level DEBUG nor in any file but the store, also where a login fails."""
    org.configure(consent="allow")
    process, address = begun(client_secret=org.client_secret)
    answer = sent_to(address)
    page = fetch(answer)[1]
    text = "".join(process.communicate(timeout=60)) + page
    [store] = stored(config)
    secrets = [
        json.loads(store.read_bytes())["refresh_token"],
        org.client_secret,
        parse_qs(urlsplit(answer).query)["code"][0],
    ]
    for arguments in (("whoami",), ("logout",), ("whoami",)):
        done = act(*arguments, auth_method="refresh_token")
        text += done.stdout + done.stderr
    failed, address = begun(client_secret="a-secret-that-is-wrong")
    answer = sent_to(address)
    fetch(answer)
    text += "".join(failed.communicate(timeout=60))
    secrets += [parse_qs(urlsplit(answer).query)["code"][0], "a-secret-that-is-wrong"]
    files = [each for each in Path(config["state_dir"]).rglob("*") if each.is_file()]
    text += "".join(each.read_text() for each in files if each != store)

    assert failed.returncode == 1
    assert [secret for secret in secrets if secret in text] == []
    assert re.search(r"00D\w+!\S", text) is None
