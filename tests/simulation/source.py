"""What a tap reads, and how taps of each kind send it.

A source is a log: its rows stand in the order in which they came to be. Which of them a run sends
depends on the STATE that the run begins with, and on nothing else.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Message = dict[str, Any]
State = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the source.

    The texts of its cells name it, so that it is known wherever they turn up; only rows that are
    meant to be equal share them.
    """

    number: int
    stream: str
    #: Value of the replication key.
    at: int
    cells: dict[str, str]
    key: str | None = None
    deleted: bool = False
    #: Whether our own checks refuse it.
    refused: bool = False

    def message(self, stream: Stream) -> Message:
        """Its RECORD."""
        record: dict[str, Any] = {**self.cells, "Rk": self.at}
        if self.key is not None:
            record[stream.key or ""] = self.key
        if self.deleted:
            record["_sdc_deleted_at"] = "2026-03-01T00:00:00Z"
        return {"type": "RECORD", "stream": self.stream, "record": record}


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A stream of a tap, and where it goes.

    kind: `>=` and `>`, sorted incremental; `unsorted`, with progress markers; `full` table.
    """

    name: str
    kind: str
    operation: str
    sobject: str = "Thing__c"
    #: The property and field that tells records apart; none for inserts.
    key: str | None = None
    #: Its name after stream maps.
    alias: str = ""
    columns: tuple[str, ...] = ("A__c", "B__c")

    @property
    def target(self) -> str:
        """Its name in the target."""
        return self.alias or self.name

    def schema(self, columns: Sequence[str], *, keeps_state: bool) -> Message:
        """Its SCHEMA with these columns; a tap without STATE has no replication key."""
        names = [*([self.key] if self.key else []), *columns, "_sdc_deleted_at"]
        properties: dict[str, Any] = {name: {"type": ["string", "null"]} for name in names}
        message = {
            "type": "SCHEMA",
            "stream": self.name,
            "schema": {"type": "object", "properties": properties | {"Rk": {"type": "integer"}}},
            "key_properties": [self.key] if self.key else [],
        }
        if self.kind == "full" or not keeps_state:
            return message
        return message | {"bookmark_properties": ["Rk"]}


@dataclass(frozen=True, kw_only=True)
class Tap:
    """A program that reads the source.

    Args:
        streams: What it reads, in this order.
        sdk: Whether it is built on the SDK: it sends the STATE that it began with first, and keeps
            bookmarks that are not its own.
        form: Of its STATE: `bookmarks`, `renamed` ones, `opaque` (without bookmarks), or `none`.
        every: Records between two STATEs.
        mixed: Whether the records of its streams come in turns.
    """

    streams: tuple[Stream, ...]
    sdk: bool = True
    form: str = "bookmarks"
    every: int = 3
    mixed: bool = False

    def bookmark(self, state: State | None, stream: Stream) -> int | None:
        """Where a stream continues."""
        found = ((state or {}).get(self._place) or {}).get(self._name(stream)) or {}
        value: int | None = found.get("replication_key_value")
        return value

    def pending(self, state: State | None, stream: Stream, rows: Sequence[Row]) -> list[Row]:
        """The rows of a stream that a run sends if it begins with a STATE."""
        mine = [each for each in rows if each.stream == stream.name]
        start = self.bookmark(state, stream)
        if stream.kind == "full" or self.form == "none" or start is None:
            found = mine
        elif stream.kind == ">":
            found = [each for each in mine if each.at > start]
        else:
            found = [each for each in mine if each.at >= start]
        backwards = stream.kind == "unsorted"
        return sorted(found, key=lambda each: (each.at, each.number), reverse=backwards)

    def messages(
        self, state: State | None, rows: Sequence[Row], changed: Sequence[str] = ()
    ) -> Iterator[tuple[Message, Row | None]]:
        """What one run sends, each RECORD with its row.

        Args:
            state: What the run begins with.
            rows: All rows of the source.
            changed: Streams whose SCHEMA grows in the middle.
        """
        now = copy.deepcopy(state) if self.sdk and state else {}
        self._bookmarks(now)
        for stream in self.streams:
            # Progress of a run that did not end is dropped when the next one begins.
            (self._bookmarks(now).get(self._name(stream)) or {}).pop("progress_markers", None)
            if not self.sdk and self.form != "none" and self.bookmark(state, stream) is not None:
                self._move(now, stream, self.bookmark(state, stream), whole=True)
        if self.sdk and self.form != "none":
            yield self._state(now), None
        parts = [
            self._part(now, state, stream, rows, stream.name in changed) for stream in self.streams
        ]
        turns = zip_longest(*parts) if self.mixed else [chain.from_iterable(parts)]
        for each in chain.from_iterable(turns):
            if each is not None:
                yield each
        if self.form != "none":
            yield self._state(now), None

    def _part(
        self, now: State, state: State | None, stream: Stream, rows: Sequence[Row], grows: bool
    ) -> Iterator[tuple[Message, Row | None]]:
        found = self.pending(state, stream, rows)
        columns = stream.columns[:-1] if grows and len(stream.columns) > 1 else stream.columns
        wide = {name for name in stream.columns if name not in columns}
        yield stream.schema(columns, keeps_state=self.form != "none"), None
        for number, row in enumerate(found, 1):
            if wide & row.cells.keys():
                yield stream.schema(stream.columns, keeps_state=self.form != "none"), None
                wide = set()
            yield row.message(stream), row
            if number % self.every == 0 and self.form != "none" and number < len(found):
                self._move(now, stream, row.at, whole=stream.kind != "unsorted")
                yield self._state(now), None
        if found:
            self._move(now, stream, max(each.at for each in found), whole=True)
        if self.form != "none":
            yield self._state(now), None

    def _move(self, now: State, stream: Stream, value: int | None, *, whole: bool) -> None:
        """Move a stream's bookmark on, or note its progress."""
        mark = self._bookmarks(now).setdefault(self._name(stream), {})
        if stream.kind == "full":
            return
        facts = {"replication_key": "Rk", "replication_key_value": value}
        if whole:
            mark.pop("progress_markers", None)
            mark.update(facts)
        else:
            mark["progress_markers"] = facts

    def _bookmarks(self, state: State) -> dict[str, Any]:
        found: dict[str, Any] = state.setdefault(self._place, {})
        return found

    @property
    def _place(self) -> str:
        return "cursors" if self.form == "opaque" else "bookmarks"

    def _name(self, stream: Stream) -> str:
        return f"public-{stream.name}" if self.form == "renamed" else stream.name

    @staticmethod
    def _state(now: State) -> Message:
        return {"type": "STATE", "value": copy.deepcopy(now)}


@dataclass
class Delivered:
    """Rows that the target has read, with the places in the input where they stood."""

    places: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def note(self, row: Row, run: int, position: int) -> None:
        """Note that a row was read."""
        self.places.setdefault(row.number, []).append((run, position))
