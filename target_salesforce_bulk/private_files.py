"""Files of the state directory: for their owner only, and replaced in one step."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from target_salesforce_bulk.errors import StateDirectoryError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

#: A new file of ours; one that stands there already, or a link, is somebody else's.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_BUFFER_BYTES = 1 << 20

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})


class UsingFiles:
    """Turns errors with files of a state directory within this context into one line.

    It costs little, keeps nothing, and may be entered again and again, from any thread.

    Raises:
        StateDirectoryError: one of them cannot be read or written.
    """

    __slots__ = ("_state_dir",)

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, (OSError, sqlite3.Error)):
            raise StateDirectoryError(
                f"The state directory {self._state_dir} cannot be used: {error}. {_remedy(error)}"
            ) from error


def _remedy(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ELOOP:
        return "One of its files was replaced by a symbolic link; remove the link."
    if number in _NO_DESCRIPTORS:
        return "This process has too many files open; raise its limit (ulimit -n)."
    if number in _NO_ROOM or "full" in str(error):
        return "Free some space; the next run continues."
    return "Make it writable for this user, or set state_dir to a writable folder."


def check_folder(path: Path) -> None:
    """Make sure that a folder is one, and this user's.

    Raises:
        StateDirectoryError: it is a link or a file, or belongs to somebody else.
        OSError: it is not there, or cannot be looked at.
    """
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        problem = "is a symbolic link"
    elif not stat.S_ISDIR(found.st_mode):
        problem = "is not a folder"
    elif found.st_uid != os.geteuid():
        problem = "belongs to another user"
    else:
        return
    raise StateDirectoryError(
        f"{path} {problem}, so no rows are stored there. Remove it, or set state_dir to a new "
        "folder."
    )


def check_links(path: Path) -> None:
    """Make sure that whoever made a link on the way to a path is this user or root.

    Raises:
        StateDirectoryError: somebody else chose where it leads.
    """
    for part in (path, *path.parents):
        if part.is_symlink():
            if part.lstat().st_uid not in {0, os.geteuid()}:
                raise StateDirectoryError(
                    f"{part} is a symbolic link of another user, so no rows are kept behind it. "
                    "Set state_dir to another folder."
                )
            check_links(part.parent / part.readlink())


def check_writable(path: Path) -> None:
    """Make sure that files can be made in a folder, which may have to be made first.

    Raises:
        NotADirectoryError: it, or what it would be made in, is no folder.
        PermissionError: this user may not write there.
    """
    there = next(each for each in (path, *path.parents) if each.exists())
    if not there.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(there))


def make_folder(path: Path) -> None:
    """Make a folder for its owner only; one that is there becomes private.

    Raises:
        StateDirectoryError: see `check_folder`.
        OSError: it cannot be made.
    """
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    check_folder(path)
    if stat.S_IMODE(path.stat().st_mode) != 0o700:
        path.chmod(0o700)


def make_subfolder(folder: Path, *names: str) -> Path:
    """Make folders one in the other, each like `make_folder`; the innermost."""
    for name in names:
        folder /= name
        make_folder(folder)
    return folder


@contextmanager
def rewrite(path: Path) -> Iterator[IO[bytes]]:
    """The new content of a file, put in place in one step when it is complete and on disk.

    A crash leaves the old file or the new one, and so does an error.
    """
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)  # left by a run that died here
    try:
        with os.fdopen(os.open(draft, _NEW, 0o600), "wb", _BUFFER_BYTES) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
