"""The state directory: what may be used, and which org is meant."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.errors import SettingsError, StateDirectoryError
from target_salesforce_bulk.state_directory import JOURNAL, StateDirectory

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO, THREE = (f"00D00000000000{number}EAA" for number in (1, 2, 3))
URL = "https://acme.my.salesforce.com"


def directory(tmp_path: Path, login: str = "login") -> StateDirectory:
    return StateDirectory(tmp_path / "state", login)


def contents(folder: Path) -> dict[str, str]:
    """The mode of everything in a folder, by its path."""
    return {
        str(path.relative_to(folder)): f"{stat.S_IMODE(path.stat().st_mode):o}"
        for path in folder.rglob("*")
    }


def test_what_is_made(tmp_path: Path) -> None:
    """Including the parents; only the owner has access, and git ignores it all."""
    state = StateDirectory(tmp_path / "deep" / "state", "login")
    folder = state.of_org(ONE, URL)

    assert folder == state.path / ONE
    assert contents(state.path) == {
        "target-salesforce-bulk": "600",
        ".gitignore": "600",
        "logins": "700",
        "logins/login.org": "600",
        ONE: "700",
    }
    assert (state.path / ".gitignore").read_text() == "*\n"
    assert stat.S_IMODE(state.path.stat().st_mode) == 0o700


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    """Files keep their content; the folder becomes private again."""
    state = directory(tmp_path)
    state.of_org(ONE, URL)
    (state.path / ".gitignore").write_text("mine")
    state.path.chmod(0o755)
    state.of_org(ONE, URL)

    assert (state.path / ".gitignore").read_text() == "mine"
    assert stat.S_IMODE(state.path.stat().st_mode) == 0o700


@pytest.mark.parametrize("names", [[], [".gitignore"], ["target-salesforce-bulk", "x"], [JOURNAL]])
def test_a_folder_that_may_be_used(tmp_path: Path, names: list[str]) -> None:
    """An empty one, and one that is ours; looking at it changes nothing."""
    state = directory(tmp_path)
    state.check()
    not_made = not state.path.exists()
    state.path.mkdir(mode=0o755)
    for name in names:
        (state.path / name).touch()
    before = contents(tmp_path)
    state.check()

    assert (not_made, contents(tmp_path)) == (True, before)


def test_a_folder_with_other_files(tmp_path: Path) -> None:
    """It is left alone."""
    state = directory(tmp_path)
    state.path.mkdir(mode=0o755)
    (state.path / "thesis.txt").touch()
    before = contents(tmp_path)
    with pytest.raises(StateDirectoryError) as raised:
        state.of_org(ONE, URL)

    assert str(raised.value) == (
        f"The folder {state.path} holds files that are not this program's, so it is not used. "
        "Set state_dir to a new or empty folder."
    )
    assert contents(tmp_path) == before


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """It is found out before a login, which may replace the refresh token."""
    (tmp_path / "file").touch()

    with pytest.raises(StateDirectoryError) as raised:
        StateDirectory(tmp_path / "file" / "state", "").check()

    assert str(raised.value) == (
        f"The state directory {tmp_path}/file/state cannot be used: [Errno 20] Not a directory: "
        f"'{tmp_path}/file'. Make it writable for this user, or set state_dir to a writable folder."
    )
    assert sorted(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_journal_that_does_not_name_its_org(tmp_path: Path) -> None:
    """It may be another org's, so a person must decide; the message names the command."""
    state = StateDirectory(tmp_path / "my state", "login")
    state.path.mkdir()
    (state.path / JOURNAL).touch()
    with pytest.raises(StateDirectoryError) as raised:
        state.of_org(ONE, URL)
    with pytest.raises(StateDirectoryError, match="The next run prints the command that moves it"):
        state.find(None, to_change=False)

    command = f"cd '{state.path}' && mkdir -p {ONE} && mv {JOURNAL}* batches fingerprints {ONE}/"
    assert command in str(raised.value)
    assert not (state.path / ONE).exists()


def test_no_run_has_made_anything(tmp_path: Path) -> None:
    """There is nothing to find, and nothing is made."""
    assert directory(tmp_path).find(None, to_change=True) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to_change", [True, False])
def test_the_org_of_the_login(tmp_path: Path, *, to_change: bool) -> None:
    """The one that these settings logged in to last is meant, whatever others there are."""
    for login, org in (("mine", ONE), ("other", TWO), ("mine", THREE)):
        directory(tmp_path, login).of_org(org, URL)
    state = directory(tmp_path, "mine")

    assert state.find(None, to_change=to_change) == state.path / THREE


@pytest.mark.parametrize("text", [TWO, TWO[:15]])
def test_an_org_that_is_named(tmp_path: Path, text: str) -> None:
    """By either form of its id; it wins over that of the login."""
    state = directory(tmp_path)
    directory(tmp_path, "other").of_org(TWO, URL)
    state.of_org(ONE, URL)

    assert state.find(text, to_change=True) == state.path / TWO


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "../x",
            "'../x' is not the ID of an org, which starts with 00D and has 15 or 18 characters.",
        ),
        (TWO, f"The state directory has no data of org {TWO}. It has: {ONE}."),
    ],
)
def test_an_org_that_is_not_there(tmp_path: Path, text: str, problem: str) -> None:
    """No other one takes its place."""
    state = directory(tmp_path)
    state.of_org(ONE, URL)
    with pytest.raises(SettingsError) as raised:
        state.find(text, to_change=False)

    assert str(raised.value) == problem


@pytest.mark.parametrize(
    ("login", "to_change", "is_found"),
    [("", False, True), ("", True, True), ("new", False, True), ("new", True, False)],
)
def test_the_only_org(tmp_path: Path, login: str, *, to_change: bool, is_found: bool) -> None:
    """An unknown login may be another org's: it may read, but remove nothing."""
    directory(tmp_path, "other").of_org(ONE, URL)
    state = directory(tmp_path, login)
    if is_found:
        assert state.find(None, to_change=to_change) == state.path / ONE
        return
    with pytest.raises(SettingsError) as raised:
        state.find(None, to_change=to_change)

    assert str(raised.value) == (
        f"The state directory {state.path} holds rows of an org that these settings have not "
        f"logged in to: {ONE} ({URL}). Select one with --org."
    )


def test_several_orgs(tmp_path: Path) -> None:
    """They are named with their URLs, if a login recorded them."""
    directory(tmp_path, "a").of_org(ONE, URL)
    directory(tmp_path, "b").of_org(ONE, "https://b.my.salesforce.com")
    state = directory(tmp_path, "")
    state.of_org(TWO, URL)
    (state.path / f"{THREE}.old").mkdir()
    with pytest.raises(SettingsError) as raised:
        state.find(None, to_change=False)

    assert str(raised.value) == (
        f"The state directory {state.path} holds rows of 2 orgs: "
        f"{ONE} ({URL}, https://b.my.salesforce.com), {TWO}. Select one with --org."
    )


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"org": 7}', '{"org": "../.."}'])
def test_a_note_that_is_damaged(tmp_path: Path, content: str) -> None:
    """It is as if there were none, and the next login writes it anew."""
    state = directory(tmp_path)
    state.of_org(ONE, URL)
    note = state.path / "logins" / "login.org"
    note.write_text(content)
    found = state.find(None, to_change=False)
    state.of_org(ONE, URL)

    assert found == state.path / ONE
    assert json.loads(note.read_text()) == {"org": ONE, "instance_url": URL}


def test_a_link_in_the_place_of_an_org(tmp_path: Path) -> None:
    """It is not followed."""
    state = directory(tmp_path)
    state.of_org(ONE, URL).rename(tmp_path / "elsewhere")
    (state.path / ONE).symlink_to(tmp_path / "elsewhere")

    for use in (lambda: state.of_org(ONE, URL), lambda: state.find(ONE, to_change=False)):
        with pytest.raises(StateDirectoryError, match="is a symbolic link"):
            use()
