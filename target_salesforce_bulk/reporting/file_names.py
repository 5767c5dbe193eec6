"""Names of files that are named after a stream."""

from __future__ import annotations

import hashlib
import re

#: With what is added to a name, it fits into the 255 bytes that file systems allow.
_MOST_BYTES = 150
_HASH = re.compile(r"-[0-9a-f]{8}")


def file_name(stream: str) -> str:
    """A stream's name for use in a file name: no two streams have the same.

    A name that had to be changed or shortened ends in a hash of the whole one, and so does one that
    could be taken for such a name.
    """
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in stream)
    short = safe.encode()[:_MOST_BYTES].decode(errors="ignore")
    if (
        stream
        and short == stream
        and not _HASH.fullmatch(stream[-9:])
        and not stream.startswith(".")
    ):
        return stream
    # Not the bytes of UTF-8 alone: a name may hold half of a surrogate pair.
    digest = hashlib.sha256(stream.encode(errors="surrogatepass")).hexdigest()
    return f"{short.lstrip('.')}-{digest[:8]}"
