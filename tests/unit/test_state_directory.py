"""The folder that the user named, with a folder for each org in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sample_batches import ORG_ID

from target_salesforce_bulk.errors import SettingsError, StateDirectoryError
from target_salesforce_bulk.state_directory import JOURNAL, StateDirectory

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://acme.my.salesforce.com"
OTHER = "00D5g000004EmuLEAS"
OTHER_URL = "https://other.my.salesforce.com"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def modes(folder: Path) -> dict[str, str]:
    """The modes of a folder and what is in it."""
    return {
        str(path.relative_to(folder)): f"{path.stat().st_mode & 0o777:o}"
        for path in (folder, *folder.rglob("*"))
    }


def test_what_is_made_is_private(folder: Path) -> None:
    """The marker, a folder for logins and one for the org; git ignores all of it."""
    found = StateDirectory(folder / "deep", "app").of_org(ORG_ID, URL)

    assert found == folder / "deep" / ORG_ID
    assert modes(folder / "deep") == {
        ".": "700",
        ".gitignore": "600",
        "target-salesforce-bulk": "600",
        "logins": "700",
        "logins/app.org": "600",
        ORG_ID: "700",
    }
    assert (folder / "deep" / ".gitignore").read_text() == "*\n"


def test_the_org_of_a_login_is_noted(folder: Path) -> None:
    """So it is found without logging in; a later login elsewhere replaces it."""
    directory = StateDirectory(folder, "app")
    directory.of_org(ORG_ID, URL)
    first = directory.find(None, to_change=True)
    directory.of_org(OTHER, OTHER_URL)

    assert (first, directory.find(None, to_change=True)) == (folder / ORG_ID, folder / OTHER)
    assert json.loads((folder / "logins" / "app.org").read_bytes()) == {
        "org": OTHER,
        "instance_url": OTHER_URL,
    }


def test_a_note_that_is_true_is_not_written_again(folder: Path) -> None:
    """Runs of many streams begin at once."""
    StateDirectory(folder, "app").of_org(ORG_ID, URL)
    note = folder / "logins" / "app.org"
    inode = note.stat().st_ino
    kept = note.open("rb")  # keeps its number from being used anew

    with kept:
        StateDirectory(folder, "app").of_org(ORG_ID, URL)
        assert note.stat().st_ino == inode


def test_settings_without_credentials_note_nothing(folder: Path) -> None:
    """There is no login to note it for."""
    StateDirectory(folder, "").of_org(ORG_ID, URL)

    assert list((folder / "logins").iterdir()) == []


@pytest.mark.parametrize("names", [["notes.txt"], ["notes.txt", ".gitignore"], ["logins"]])
def test_a_folder_of_somebody_else_is_left_alone(folder: Path, names: list[str]) -> None:
    """Nothing is added to it, and its mode is not changed."""
    folder.mkdir(mode=0o755)
    for name in names:
        (folder / name).touch()
    before = modes(folder)

    with pytest.raises(StateDirectoryError, match="holds files that are not this program's"):
        StateDirectory(folder, "app").of_org(ORG_ID, URL)
    assert modes(folder) == before


@pytest.mark.parametrize("names", [[], [".gitignore"], ["target-salesforce-bulk", "notes.txt"]])
def test_a_folder_that_may_be_used(folder: Path, names: list[str]) -> None:
    """An empty one and one that has the marker; files that are there stay as they are."""
    folder.mkdir()
    for name in names:
        (folder / name).write_text("mine")
    StateDirectory(folder, "").prepare()

    assert [(folder / name).read_text() for name in names] == ["mine"] * len(names)
    assert (folder / "target-salesforce-bulk").exists()


def test_looking_makes_nothing(tmp_path: Path, folder: Path) -> None:
    """Neither to check nor to find."""
    directory = StateDirectory(folder, "app")
    directory.check()

    assert directory.find(None, to_change=False) is None
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_does_not_name_its_org(folder: Path) -> None:
    """It is not taken for that of the org; the message says how to move it."""
    folder.mkdir()
    (folder / JOURNAL).touch()
    directory = StateDirectory(folder, "")

    with pytest.raises(StateDirectoryError, match=f"mkdir -p {ORG_ID} && mv {JOURNAL}"):
        directory.of_org(ORG_ID, URL)
    with pytest.raises(StateDirectoryError, match="The next run says how to move it"):
        directory.find(None, to_change=False)
    assert not (folder / ORG_ID).exists()


def test_the_only_org(folder: Path) -> None:
    """It is meant, but not where rows are removed for a login that has not been there."""
    StateDirectory(folder, "app").of_org(ORG_ID, URL)
    stranger = StateDirectory(folder, "stranger")

    assert stranger.find(None, to_change=False) == folder / ORG_ID
    assert StateDirectory(folder, "").find(None, to_change=True) == folder / ORG_ID
    with pytest.raises(SettingsError) as refused:
        stranger.find(None, to_change=True)
    assert str(refused.value) == (
        f"The state directory {folder} holds rows of an org that these settings have not logged in "
        f"to: {ORG_ID} ({URL}). Say which with --org."
    )


def test_several_orgs(folder: Path) -> None:
    """They are named with their addresses, and one of them must be."""
    StateDirectory(folder, "app").of_org(ORG_ID, URL)
    StateDirectory(folder, "").of_org(OTHER, OTHER_URL)

    with pytest.raises(SettingsError) as refused:
        StateDirectory(folder, "stranger").find(None, to_change=False)
    assert str(refused.value) == (
        f"The state directory {folder} holds rows of 2 orgs: {ORG_ID} ({URL}), {OTHER}. "
        "Say which with --org."
    )
    assert StateDirectory(folder, "app").find(None, to_change=True) == folder / ORG_ID


@pytest.mark.parametrize("org", [OTHER, OTHER[:15]])
def test_an_org_that_is_named(folder: Path, org: str) -> None:
    """With 15 characters or 18, whatever the login says."""
    StateDirectory(folder, "").of_org(OTHER, OTHER_URL)
    StateDirectory(folder, "app").of_org(ORG_ID, URL)

    assert StateDirectory(folder, "app").find(org, to_change=True) == folder / OTHER


@pytest.mark.parametrize(
    ("org", "message"),
    [
        (
            "../x",
            "'../x' is not the id of an org: that begins with 00D and has 15 or 18 characters.",
        ),
        (
            OTHER,
            f"The state directory has nothing of org {OTHER}. It has: {ORG_ID}.",
        ),
    ],
)
def test_an_org_that_is_not_there(folder: Path, org: str, message: str) -> None:
    """It is refused, and what there is is told."""
    StateDirectory(folder, "app").of_org(ORG_ID, URL)

    with pytest.raises(SettingsError) as refused:
        StateDirectory(folder, "app").find(org, to_change=False)
    assert str(refused.value) == message


@pytest.mark.parametrize("text", ["{", "[]", '{"org": "../x"}', "\xff"])
def test_a_note_that_cannot_be_read(folder: Path, text: str) -> None:
    """It counts for nothing, and is no path."""
    directory = StateDirectory(folder, "app")
    directory.of_org(ORG_ID, URL)
    (folder / "logins" / "app.org").write_bytes(text.encode("latin-1"))

    assert directory.find(None, to_change=False) == folder / ORG_ID
    with pytest.raises(SettingsError, match="have not logged in to"):
        directory.find(None, to_change=True)


def test_only_folders_of_orgs_are_orgs(folder: Path) -> None:
    """Whatever else lies beside them."""
    StateDirectory(folder, "app").of_org(ORG_ID, URL)
    for name in ("00D5g000004EmuL", "notes", "00D5g000004EmuLEAT"):
        (folder / name).mkdir()

    assert StateDirectory(folder, "").find(None, to_change=False) == folder / ORG_ID


def test_the_folder_of_an_org_is_no_link(tmp_path: Path, folder: Path) -> None:
    """Rows would go where somebody else wants them."""
    StateDirectory(folder, "").prepare()
    (tmp_path / "elsewhere").mkdir()
    (folder / ORG_ID).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StateDirectoryError):
        StateDirectory(folder, "").of_org(ORG_ID, URL)
    with pytest.raises(StateDirectoryError):
        StateDirectory(folder, "").find(ORG_ID, to_change=False)


def test_tokens_of_logins_are_kept_apart(folder: Path) -> None:
    """Each login has a file of its own."""
    assert StateDirectory(folder, "app").token_file == folder / "logins" / "app.json"
    assert StateDirectory(folder, "app").earlier_token_file == folder / "refresh_token.json"
