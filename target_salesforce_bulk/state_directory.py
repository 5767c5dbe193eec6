"""The state directory: the folder that the user named, with a folder for each org in it.

```
state_dir/
  target-salesforce-bulk   the marker: this folder is ours
  .gitignore               rows are never committed
  logins/                  the org of each login, and its newest refresh token
  00D...EAS/               journal, batches, failed rows and results of one org
```
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from shlex import quote
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import SettingsError, StateDirectoryError
from target_salesforce_bulk.private_files import (
    UsingFiles,
    check_folder,
    check_links,
    check_writable,
    make_folder,
    rewrite,
)
from target_salesforce_bulk.salesforce.org_id import org_id

if TYPE_CHECKING:
    from pathlib import Path

JOURNAL = "journal.sqlite3"
_MARKER = "target-salesforce-bulk"
_MARKER_TEXT = (
    "This folder holds what target-salesforce-bulk must remember between runs, and rows of your "
    "data.\nDo not change it. See docs/resume.md.\n"
)


class StateDirectory:
    """The folder that the user named.

    Args:
        path: It; a link on the way to it must be this user's or root's, and nothing below it one.
        login: Names what the settings log in with; empty where they hold no credentials.
    """

    def __init__(self, path: Path, login: str) -> None:
        self.path = path
        #: Where the refresh token of the login is kept.
        self.token_file = path / "logins" / f"{login}.json"
        #: Where an earlier version kept it.
        self.earlier_token_file = path / "refresh_token.json"
        self._login = login
        self._note = path / "logins" / f"{login}.org"

    def check(self) -> None:
        """Check that the folder may be used, without changing anything.

        Raises:
            StateDirectoryError: it is another user's, holds other files, or cannot be written.
        """
        with UsingFiles(self.path):
            folder = self.path.resolve()
            check_links(self.path.absolute())
            check_writable(folder)
            if not folder.exists():
                return
            check_folder(folder)
            names = {each.name for each in folder.iterdir()}
            if names - {".gitignore"} and not names & {_MARKER, JOURNAL}:
                raise StateDirectoryError(
                    f"The folder {self.path} holds files that are not this program's, so it is "
                    "not used. Set state_dir to a new or empty folder."
                )

    def prepare(self) -> None:
        """Make the folder, or make the one that is there private.

        Raises:
            StateDirectoryError: see `check`; or it cannot be made.
        """
        self.check()
        with UsingFiles(self.path):
            folder = self.path.resolve()
            folder.parent.mkdir(parents=True, exist_ok=True)
            make_folder(folder)
            _write_new(folder / _MARKER, _MARKER_TEXT)
            _write_new(folder / ".gitignore", "*\n")
            make_folder(folder / "logins")

    def of_org(self, org: str, instance_url: str) -> Path:
        """The folder of an org, which is made where there is none yet.

        Args:
            org: Id of the org, with 18 characters.
            instance_url: Its address.

        Raises:
            StateDirectoryError: it cannot be used, or holds a journal that does not name its org.
        """
        self.prepare()
        self._refuse_unnamed(org, instance_url)
        folder = self.path / org
        with UsingFiles(self.path):
            make_folder(folder)
            if self._login and self._noted() != {"org": org, "instance_url": instance_url}:
                with rewrite(self._note) as file:
                    file.write(json.dumps({"org": org, "instance_url": instance_url}).encode())
        return folder

    def _refuse_unnamed(self, org: str, instance_url: str) -> None:
        if (self.path / JOURNAL).exists():
            raise StateDirectoryError(
                f"The journal in {self.path} was written by an earlier version, which did not "
                f"note its org. If its rows do not belong to org {org} ({instance_url}), move "
                f"{JOURNAL}*, batches and fingerprints out of {self.path}. If they do, run: cd "
                f"{quote(str(self.path))} && mkdir -p {org} && mv {JOURNAL}* batches fingerprints "
                f"{org}/"
            )

    def find(self, org: str | None, *, to_change: bool, option: str = "--org") -> Path | None:
        """The folder of an org without logging in; None where no run has made one.

        Args:
            org: The id of the org, if the user named it. Without it, the org that these settings
                last logged in to; and for a login that is not known, the only one that there is.
            to_change: Whether rows are to be removed: then the only one is no reason.
            option: What the user names an org with.

        Raises:
            SettingsError: it is not clear which org is meant.
            StateDirectoryError: the folder cannot be used.
        """
        with UsingFiles(self.path):
            known = self._orgs()
            name = _named(org, known) if org is not None else str(self._noted().get("org"))
            if org is None and name not in known:
                name = self._only(known, to_change=to_change, option=option)
            if not name:
                return None
            check_folder(self.path / name)
            return self.path / name

    def _only(self, known: list[str], *, to_change: bool, option: str) -> str:
        if not known:
            if (self.path / JOURNAL).exists():
                raise StateDirectoryError(
                    f"The journal in {self.path} was written by an earlier version, which did not "
                    "note its org. The next run prints the command that moves it."
                )
            return ""
        if len(known) == 1 and not (to_change and self._login):
            return known[0]
        reason = (
            f"holds rows of {len(known)} orgs"
            if len(known) > 1
            else "holds rows of an org that these settings have not logged in to"
        )
        raise SettingsError(
            f"The state directory {self.path} {reason}: {', '.join(map(self._described, known))}. "
            f"Select one with {option}."
        )

    def _orgs(self) -> list[str]:
        if not self.path.exists():
            return []
        names = (each.name for each in self.path.iterdir())
        return sorted(name for name in names if org_id(name) == name)

    def _described(self, org: str) -> str:
        addresses = {
            note["instance_url"]
            for path in sorted((self.path / "logins").glob("*.org"))
            if (note := _read(path)).get("org") == org
        }
        return f"{org} ({', '.join(sorted(map(str, addresses)))})" if addresses else org

    def _noted(self) -> dict[str, Any]:
        return _read(self._note) if self._login else {}


def _named(org: str, known: list[str]) -> str:
    found = org_id(org)
    if found is None:
        raise SettingsError(
            f"{org!r} is not the ID of an org, which starts with 00D and has 15 or 18 characters."
        )
    if found not in known:
        raise SettingsError(
            f"The state directory has no data of org {found}. It has: {', '.join(known) or 'none'}."
        )
    return found


def _read(path: Path) -> dict[str, Any]:
    """A note of ours; empty where there is none that can be read."""
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_new(path: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with suppress(FileExistsError), os.fdopen(os.open(path, flags, 0o600), "w") as file:
        file.write(text)
