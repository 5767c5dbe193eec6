"""The newest refresh token is on disk, for its owner and one process at a time."""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.errors import AuthenticationError, StateDirectoryError
from target_salesforce_bulk.login import system_keyring
from target_salesforce_bulk.login.token_store import TokenStore
from target_salesforce_bulk.state_directory import StateDirectory

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return StateDirectory(tmp_path / "state", "login").token_file


def token_store(path: Path, configured: str = "configured", **more: Any) -> TokenStore:
    return TokenStore(StateDirectory(path.parent.parent, path.stem), configured, **more)


def save(path: Path, token: str, *, in_keyring: bool | None = None) -> None:
    store = token_store(path, "configured", in_keyring=in_keyring)
    with store.locked():
        store.save(token)


def test_what_replaced_the_configured_token_wins(path: Path) -> None:
    """Until another one is configured."""
    save(path, "second")
    save(path, "third")

    assert token_store(path, "configured").newest() == "third"
    assert token_store(path, "another").newest() == "another"


@pytest.mark.parametrize("content", ["", "{", "[]", "7", "{}", '{"refresh_token": 7}', "\xff"])
def test_a_file_that_is_damaged_is_ignored(path: Path, content: str) -> None:
    """The configured token may still work."""
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="latin-1")

    assert token_store(path, "configured").newest() == "configured"


def test_a_file_that_cannot_be_read_is_named(path: Path) -> None:
    """The configured token is dead, if there is another one."""
    path.mkdir(parents=True)

    with pytest.raises(StateDirectoryError, match=r"logins/login\.json cannot be read"):
        token_store(path, "configured").newest()


def test_only_the_owner_reads_it(path: Path) -> None:
    """The folder as well."""
    save(path, "second")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(each.name for each in path.parent.iterdir()) == [
        "login.json",
        "login.lock",
    ]


def test_a_link_in_the_place_of_the_draft_is_not_followed(path: Path, tmp_path: Path) -> None:
    """The token would go where somebody else reads it."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    StateDirectory(path.parent.parent, path.stem).prepare()
    path.with_suffix(".new").symlink_to(victim)
    save(path, "second")

    assert victim.read_text() == "mine"
    assert token_store(path, "configured").newest() == "second"


def test_what_others_may_read_is_replaced(path: Path) -> None:
    """A draft or a store that lies there does not lend its mode to the token."""
    StateDirectory(path.parent.parent, path.stem).prepare()
    for each in (path, path.with_suffix(".new")):
        each.write_text("{}")
        each.chmod(0o666)
    save(path, "second")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token_store(path, "configured").newest() == "second"


def test_a_link_in_the_place_of_the_lock_is_refused(path: Path, tmp_path: Path) -> None:
    """Nobody chooses which file is created."""
    StateDirectory(path.parent.parent, path.stem).prepare()
    path.with_suffix(".lock").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StateDirectoryError, match="cannot be opened"):
        save(path, "second")
    assert not (tmp_path / "elsewhere").exists()


HOLD = """
import sys
from pathlib import Path
from target_salesforce_bulk.login.token_store import TokenStore
from target_salesforce_bulk.state_directory import StateDirectory
with TokenStore(StateDirectory(Path(sys.argv[1]), "login"), "configured").locked():
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_another_process_waits(path: Path) -> None:
    """And goes on when the first one is done."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path.parent.parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            holder.communicate()

        with token_store(path, "configured", sleep=sleep).locked():
            assert len(waits) == 1


def test_the_wait_for_another_process_ends(path: Path) -> None:
    """It may hang."""
    waits: list[float] = []
    second = token_store(path, "configured", sleep=waits.append)

    with (
        token_store(path, "configured").locked(),
        pytest.raises(StateDirectoryError, match="for 600 seconds"),
        second.locked(),
    ):
        pass
    assert sum(waits) == pytest.approx(600, abs=1)


def test_the_token_of_an_earlier_version_is_taken_over(path: Path) -> None:
    """Its file was one for all logins; a token of another login stays there."""
    other = '{"replaces": "another", "refresh_token": "theirs"}'
    mine = {"replaces": hashlib.sha256(b"configured").hexdigest(), "refresh_token": "second"}
    earlier = path.parent.parent / "refresh_token.json"
    StateDirectory(path.parent.parent, path.stem).prepare()
    found = []
    for content in (other, json.dumps(mine)):
        earlier.write_text(content)
        with token_store(path).locked():
            found.append((token_store(path).newest(), earlier.exists()))

    assert found == [("configured", True), ("second", False)]


def test_two_logins_keep_a_token_each(path: Path) -> None:
    """What one org replaces is not what the other one takes."""
    other = path.with_name("other.json")
    save(path, "second")
    with token_store(other, "for another org").locked():
        token_store(other, "for another org").save("theirs")

    assert token_store(path, "configured").newest() == "second"
    assert token_store(other, "for another org").newest() == "theirs"


def locked(*_: str) -> None:
    raise AuthenticationError("The keyring is locked.")


def test_a_keyring_that_does_not_take_the_next_token(
    path: Path,
    known: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Salesforce has revoked the one before, so it goes to the file."""
    save(path, "first", in_keyring=True)
    with monkeypatch.context() as patched:
        patched.setattr(system_keyring, "write_token", locked)
        save(path, "second")

    assert token_store(path).newest() == "second"
    assert f"The keyring is locked. The refresh token is kept in {path} instead." in caplog.text


def test_a_keyring_that_does_not_delete(
    path: Path,
    known: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A login without it works all the same, and says what is left where."""
    save(path, "first", in_keyring=True)
    [account] = known
    monkeypatch.setattr(system_keyring, "delete_token", locked)
    save(path, "second", in_keyring=False)

    assert token_store(path).newest() == "second"
    assert f"The token of account {account} of target-salesforce-bulk stays" in caplog.text


def test_a_token_that_is_gone_from_the_keyring(path: Path, known: dict[str, str]) -> None:
    """The line tells it from a login that never was."""
    store = token_store(path, "", in_keyring=True)
    with store.locked():
        store.save("first")
    known.clear()

    with pytest.raises(AuthenticationError, match=r"keyring no longer has the refresh token"):
        token_store(path, "").newest()


def test_the_keyring_has_one_account_for_a_store(path: Path, known: dict[str, str]) -> None:
    """A process that dies before the file names it leaves nothing that the next login misses."""
    save(path, "first", in_keyring=True)
    path.unlink()
    save(path, "second", in_keyring=True)

    assert list(known.values()) == ["second"]


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What is in the system's keyring, by account."""
    found: dict[str, str] = {}
    monkeypatch.setattr(system_keyring, "read_token", lambda account: found.get(account, ""))
    monkeypatch.setattr(system_keyring, "write_token", found.__setitem__)
    monkeypatch.setattr(system_keyring, "delete_token", lambda account: found.pop(account, None))
    return found


def test_a_token_in_the_keyring(path: Path, known: dict[str, str]) -> None:
    """The file names its account only; later tokens go there without being told."""
    save(path, "first", in_keyring=True)
    [account] = known
    save(path, "second")

    assert known == {account: "second"}
    assert "second" not in path.read_text()
    assert token_store(path).newest() == "second"
    assert token_store(path, "another").newest() == "another"


def test_a_login_without_the_keyring_takes_the_token_out_of_it(
    path: Path, known: dict[str, str]
) -> None:
    """It would stay there for ever."""
    save(path, "first", in_keyring=True)
    save(path, "second", in_keyring=False)

    assert known == {}
    assert token_store(path).newest() == "second"


def test_a_deleted_token_is_gone_from_the_keyring(path: Path, known: dict[str, str]) -> None:
    """And its account from the file."""
    save(path, "first", in_keyring=True)
    with token_store(path).locked():
        token_store(path).delete()

    assert (known, path.exists()) == ({}, False)
    assert token_store(path).newest() == "configured"


@pytest.mark.parametrize("account", [7, "", None, ["a"]])
def test_an_account_that_is_damaged_is_ignored(path: Path, account: Any) -> None:
    """The configured token may still work."""
    path.parent.mkdir(parents=True)
    mark = hashlib.sha256(b"configured").hexdigest()
    path.write_text(json.dumps({"replaces": mark, "keyring_account": account}))

    assert token_store(path).newest() == "configured"
