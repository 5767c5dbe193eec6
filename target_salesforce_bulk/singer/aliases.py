"""Streams that a stream map gives one name.

Each stream of the tap has a bookmark of its own, so its rows are kept apart from those of the
others: where several have one name here, each gets a name of its own, with the tap's in brackets.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_GLOB = frozenset("*?[")


class Aliases:
    """Names the streams of one target.

    Args:
        stream_maps: The setting of that name.
    """

    def __init__(self, stream_maps: Mapping[str, Any] | None) -> None:
        names: Counter[str] = Counter()
        for source, definition in (stream_maps or {}).items():
            if isinstance(definition, dict) and isinstance(
                alias := definition.get("__alias__", source), str
            ):
                # A pattern may match several streams.
                names[alias] += 1 + (alias != source and not _GLOB.isdisjoint(source))
        self._shared = {name for name, number in names.items() if number > 1}
        self._origins: dict[str, tuple[str, str]] = {}

    def name(self, alias: str, tap_stream: str) -> str:
        """The name here of a stream of the tap that a stream map gives an alias."""
        own = alias if tap_stream == alias or alias not in self._shared else _own(alias, tap_stream)
        self._origins[own] = (alias, tap_stream)
        return own

    def alias(self, name: str) -> str:
        """The name by which the settings know a stream."""
        return self._origins.get(name, (name, name))[0]

    def tap_stream(self, name: str) -> str:
        """The name of a stream in the tap, under which STATE has its bookmark."""
        return self._origins.get(name, (name, name))[1]


def alias_of(name: str) -> str:
    """The name by which the settings know a stream, from the name that it has here."""
    return name.partition(" (")[0] if name.endswith(")") else name


def _own(alias: str, tap_stream: str) -> str:
    return f"{alias} ({tap_stream})"
