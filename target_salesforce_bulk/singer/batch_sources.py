"""Where the files of BATCH messages may lie, and how they are opened.

A message can name any file, so only files of this machine and of S3 are opened, unless the settings
allow more. Chained URLs are never opened.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Bytes that one read may ask for: the body of an Arrow batch, a column of a Parquet row group.
_MOST_READ = 256_000_000
_PROTOCOL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_USER = re.compile(r"://[^/]*@")


@dataclass(frozen=True, slots=True)
class BatchSources:
    """What the settings allow."""

    #: Protocols besides `file` and `s3`.
    protocols: Sequence[str] = ()
    #: Folders and URLs that files must lie in; anywhere if there are none.
    roots: Sequence[str] = ()

    def open(self, url: str, compression: str | None) -> Any:
        """A file to read, as a context manager.

        Args:
            url: Its absolute path or its URL.
            compression: `gzip`, or None.

        Raises:
            InputError: the settings do not allow it.
            OSError: it cannot be opened.
        """
        protocol = _PROTOCOL.match(url)
        name = protocol[1].lower() if protocol else ""
        if url.startswith("/") or name == "file":
            path = Path(url[protocol.end() :] if protocol else url)
            return self._open_local(url, path, compression)
        if protocol is None or "::" in url:
            raise InputError(
                f"A BATCH message names the file {shown(url)}, which is neither an absolute path "
                "nor a plain URL. Configure the tap to write to one of these."
            )
        allowed = ("file", "s3", *self.protocols)
        if name not in allowed:
            raise InputError(
                f"A BATCH message names the file {shown(url)}, but only files by "
                f"{', '.join(allowed)} are read. If it is intended, add {name} to batch_protocols."
            )
        self._check_root(url, inside=self._is_below_a_root(url))
        return fsspec.open(url, "rb", compression=compression)

    def _open_local(self, url: str, path: Path, compression: str | None) -> Any:
        if not path.is_absolute():
            raise InputError(
                f"A BATCH message names the file {shown(url)}, whose path is not absolute. "
                "Configure the tap with an absolute path."
            )
        real = path.resolve()
        folders = [Path(root.removeprefix("file://")) for root in self.roots]
        inside = any(
            folder.is_absolute() and real.is_relative_to(folder.resolve()) for folder in folders
        )
        self._check_root(url, inside=inside)
        if real.exists() and not real.is_file():
            raise OSError("it is not a regular file")
        return gzip.open(real, "rb") if compression == "gzip" else real.open("rb")

    def _is_below_a_root(self, url: str) -> bool:
        below = (url.startswith(f"{root.rstrip('/')}/") for root in self.roots)
        return ".." not in url.split("/") and any(below)

    def _check_root(self, url: str, *, inside: bool) -> None:
        if self.roots and not inside:
            raise InputError(
                f"A BATCH message names the file {shown(url)}, which is not in any of batch_roots "
                f"({', '.join(map(shown, self.roots))}). If it is intended, add its folder."
            )


def is_remote(url: str) -> bool:
    """Whether a URL leads to a store, and is no file of this machine."""
    return _PROTOCOL.match(url) is not None and not url.lower().startswith("file:")


def shown(url: str) -> str:
    """A URL that is safe to print: without a user, a password or a signature."""
    if is_remote(url):
        url = _USER.sub("://***@", url).partition("?")[0]
    return plain_text(url, 500)


def says_secrets(url: str) -> bool:
    """Whether a URL holds what must not be printed, so that foreign messages may hold it too."""
    return shown(url) != plain_text(url, 500)


class BoundedReads:
    """A file that refuses very large reads, which a broken or hostile file may cause."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int = -1) -> bytes:
        """As the file's own.

        Raises:
            ValueError: it would read too much.
        """
        if not 0 <= size <= _MOST_READ:
            raise ValueError(f"it has parts of more than {_MOST_READ:,} bytes")
        data: bytes = self._file.read(size)
        return data
