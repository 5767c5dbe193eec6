"""The newest refresh token is on disk, for its owner and one process at a time."""

from __future__ import annotations

import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.login.token_store import TokenStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "refresh_token.json"


def save(path: Path, token: str) -> None:
    store = TokenStore(path, "configured")
    with store.locked():
        store.save(token)


def test_what_replaced_the_configured_token_wins(path: Path) -> None:
    """Until another one is configured."""
    save(path, "second")
    save(path, "third")

    assert TokenStore(path, "configured").newest() == "third"
    assert TokenStore(path, "another").newest() == "another"


@pytest.mark.parametrize("content", ["", "{", "[]", "7", "{}", '{"refresh_token": 7}', "\xff"])
def test_a_file_that_is_damaged_is_ignored(path: Path, content: str) -> None:
    """The configured token may still work."""
    path.parent.mkdir()
    path.write_text(content, encoding="latin-1")

    assert TokenStore(path, "configured").newest() == "configured"


def test_a_file_that_cannot_be_read_is_named(path: Path) -> None:
    """The configured token is dead, if there is another one."""
    path.mkdir(parents=True)

    with pytest.raises(StateDirectoryError, match=r"refresh_token\.json cannot be read"):
        TokenStore(path, "configured").newest()


def test_only_the_owner_reads_it(path: Path) -> None:
    """The folder as well."""
    save(path, "second")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(each.name for each in path.parent.iterdir()) == [
        "refresh_token.json",
        "refresh_token.lock",
    ]


def test_a_link_in_the_place_of_the_draft_is_not_followed(path: Path, tmp_path: Path) -> None:
    """The token would go where somebody else reads it."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    path.parent.mkdir()
    path.with_suffix(".new").symlink_to(victim)
    save(path, "second")

    assert victim.read_text() == "mine"
    assert TokenStore(path, "configured").newest() == "second"


def test_what_others_may_read_is_replaced(path: Path) -> None:
    """A draft or a store that lies there does not lend its mode to the token."""
    path.parent.mkdir()
    for each in (path, path.with_suffix(".new")):
        each.write_text("{}")
        each.chmod(0o666)
    save(path, "second")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert TokenStore(path, "configured").newest() == "second"


def test_a_link_in_the_place_of_the_lock_is_refused(path: Path, tmp_path: Path) -> None:
    """Nobody chooses which file is created."""
    path.parent.mkdir()
    path.with_suffix(".lock").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StateDirectoryError, match="cannot be opened"):
        save(path, "second")
    assert not (tmp_path / "elsewhere").exists()


HOLD = """
import sys
from pathlib import Path
from target_salesforce_bulk.login.token_store import TokenStore
with TokenStore(Path(sys.argv[1]), "configured").locked():
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_another_process_waits(path: Path) -> None:
    """And goes on when the first one is done."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            holder.communicate()

        with TokenStore(path, "configured", sleep=sleep).locked():
            assert len(waits) == 1


def test_the_wait_for_another_process_ends(path: Path) -> None:
    """It may hang."""
    waits: list[float] = []
    second = TokenStore(path, "configured", sleep=waits.append)

    with (
        TokenStore(path, "configured").locked(),
        pytest.raises(StateDirectoryError, match="for 600 seconds"),
        second.locked(),
    ):
        pass
    assert sum(waits) == pytest.approx(600, abs=1)
