"""Which streams of the input are loaded: those that the settings name.

A tap may send a stream that happens to have the name of an object, such as User. So once `streams`
has an entry, a stream that no entry matches is loaded only if `unlisted_streams` says so.
"""

from __future__ import annotations

import difflib
import fnmatch
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import MappingError
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.settings import is_glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_salesforce_bulk.settings import Settings

#: Share of two names that must agree for one to be meant by the other.
_ALIKE = 0.8
#: Comparing names takes time by their lengths multiplied, and a tap may send any name.
_LONGEST_NAME = 200


class Listing:
    """Compares the streams of one input with the settings; used by the reading thread only."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        #: The streams that came, in their order.
        self._came: dict[str, None] = {}
        self._left_out: dict[str, None] = {}

    def takes(self, stream: str) -> bool:
        """Whether a stream that comes is loaded.

        Raises:
            MappingError: no entry matches it, and `unlisted_streams` is error.
        """
        self._came[stream] = None
        if self._settings.is_listed(stream) or self._settings.unlisted_streams == "load":
            return True
        if self._settings.unlisted_streams == "error":
            raise MappingError(
                f"Stream {stream}{self._meant(stream)} has no entry in streams, so it is not "
                "loaded. Add an entry with its exact name, deselect it in the tap, or set "
                "unlisted_streams to skip or load.",
                stream=stream,
            )
        self._left_out[stream] = None
        return False

    def remarks(self) -> Iterator[str]:
        """What a user should know at the end of the input; safe to print."""
        if self._left_out:
            streams = ", ".join(f"{plain_text(each)}{self._meant(each)}" for each in self._left_out)
            yield (
                "Left out, because streams has no entry for them and unlisted_streams is skip: "
                f"{streams}."
            )
        unmatched = self._settings.unmatched(self._came) if self._came else []
        if unmatched:
            unnamed = [each for each in self._came if each not in (self._settings.streams or {})]
            entries = ", ".join(
                f"{plain_text(each)}{_did_you_mean(nearest(each, unnamed))}" for each in unmatched
            )
            yield f"Entries of streams that matched no stream of the input: {entries}."

    def _meant(self, stream: str) -> str:
        return _did_you_mean(nearest(stream, self._settings.streams or {}))


def _did_you_mean(name: str | None) -> str:
    return "" if name is None else f" (did you mean {plain_text(name)}?)"


def nearest(name: str, others: Iterable[str]) -> str | None:
    """The name among others that may be meant by a name; None where none is near.

    Case, punctuation and the schema of `schema-table` do not matter, nor does a letter or two.
    """
    known: dict[str, str] = {}
    for other in others:
        if is_glob(other) and fnmatch.fnmatchcase(name.casefold(), other.casefold()):
            return other
        known |= dict.fromkeys(_forms(other), other)
    for form in _forms(name):
        if found := difflib.get_close_matches(form, known, 1, _ALIKE):
            return known[found[0]]
    return None


def _forms(name: str) -> list[str]:
    """A name as it compares, and that of its table."""
    name = name[:_LONGEST_NAME].casefold()
    forms = ("".join(filter(str.isalnum, each)) for each in (name, name.rsplit("-", 1)[-1]))
    return [form for form in dict.fromkeys(forms) if form]
