"""A compressed copy of what is to be uploaded."""

from __future__ import annotations

import gzip
import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Most of what can be saved, in a fraction of the time that the best level takes.
_GZIP_LEVEL = 1


def pack(path: Path, packed: Path) -> None:
    """Write a compressed copy of a file, readable by its owner only."""
    descriptor = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with (
        path.open("rb") as plain,
        os.fdopen(descriptor, "wb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=file) as writer,
    ):
        shutil.copyfileobj(plain, writer, 1 << 20)
