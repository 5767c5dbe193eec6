"""Answers the page: how to begin, what is wrong, what would be sent, and what would be written."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.configuration.declared import typed_values
from target_salesforce_bulk.editor.changes import entry_of, is_written
from target_salesforce_bulk.editor.columns import Columns, columns_of
from target_salesforce_bulk.editor.draft import StreamDraft
from target_salesforce_bulk.editor.fields import object_as_json
from target_salesforce_bulk.editor.opening import first_draft
from target_salesforce_bulk.editor.preview import preview_of
from target_salesforce_bulk.editor.problems import find_problems
from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.mapping.proposal import LEFT_OUT, WRITTEN, Written, propose
from target_salesforce_bulk.mapping.suggest.table import Table
from target_salesforce_bulk.rows.encoder import RowOptions
from target_salesforce_bulk.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_salesforce_bulk.editor.stream import SampledStream
    from target_salesforce_bulk.mapping.mapping_file import MappingFile
    from target_salesforce_bulk.mapping.suggest.suggestion import Suggestion
    from target_salesforce_bulk.mapping.suggest.vocabulary import Vocabulary
    from target_salesforce_bulk.salesforce.objects import Objects
    from target_salesforce_bulk.salesforce.sobject import SObject
    from target_salesforce_bulk.settings import StreamSettings

#: Values of a column that suggestions are made from.
_TOLD = 20
#: The settings of the top level that a stream may take its own from.
_GENERAL = ("operation", "nulls", "empty_strings", "too_long", "validate_rows", "auto_map")


@dataclass(frozen=True, kw_only=True)
class Org:
    """The objects that rows can be loaded into.

    Attributes:
        place: Where they come from, for people.
        sobjects: Those that can be chosen, by name.
        objects: Describes these, and their parents.
        words: What names of columns mean; None for the package's vocabulary alone.
    """

    place: str
    sobjects: Mapping[str, SObject]
    objects: Objects
    words: Vocabulary | None = None


class Editor:
    """The mapping of some streams, between a file and a page; safe to call from any thread.

    Args:
        streams: The streams.
        org: The objects.
        read: Reads the file that is written to.
        fixed: The objects that are decided, by stream.
    """

    def __init__(
        self,
        streams: Sequence[SampledStream],
        org: Org,
        read: Callable[[], MappingFile],
        fixed: Mapping[str, str] | None = None,
    ) -> None:
        self._streams = {each.name: each for each in streams}
        self._org = org
        self._read = read
        self._file = read()
        self._fixed = fixed or {}
        self._lock = threading.RLock()

    def start(self) -> dict[str, Any]:
        """Everything that the page needs to begin with."""
        with self._lock:
            opened = {name: self._open(name) for name in self._streams}
            used = dict.fromkeys(each["draft"]["object"] for each in opened.values())
            return {
                "file": str(self._file.path),
                "remarks": list(self._file.remarks),
                "place": self._org.place,
                "choices": [
                    {"name": name, "label": each.label or name}
                    for name, each in self._org.sobjects.items()
                ],
                "objects": {name: self._object(name) for name in used if name},
                "streams": list(opened.values()),
            }

    def choose_object(self, body: Any) -> dict[str, Any]:
        """Begin a stream again with another object.

        Args:
            body: `stream`, and `object`, a name.

        Raises:
            InputError: there is no such stream or object.
        """
        stream = self._stream(body)
        name = body.get("object")
        if not isinstance(name, str) or name not in self._org.sobjects:
            raise InputError("The page named an object that cannot be chosen.")
        with self._lock:
            found = self._suggestion(stream, Written(entry={}, own={}), name)
            return {
                "object": self._object(name),
                "draft": first_draft(stream, found, self._sobject(name)).as_json(),
                "suggestion": _as_json(found),
            }

    def review(self, body: Any) -> dict[str, Any]:
        """The problems of a draft, and its first rows as they would be sent.

        Args:
            body: `stream`, and `draft`.

        Raises:
            InputError: there is no such stream, or the draft is not one.
        """
        stream = self._stream(body)
        return self._review(stream, StreamDraft.from_json(body.get("draft")))

    def _review(self, stream: SampledStream, draft: StreamDraft) -> dict[str, Any]:
        with self._lock:
            sobject, columns = None, Columns(encoders={}, refused={})
            if draft.object is not None:
                sobject = self._sobject(draft.object)
                options = _row_options(self._effective(stream.name))
                columns = columns_of(stream, draft, sobject, self._org.objects.sobject, options)
            problems = find_problems(stream, draft, sobject, columns)
        return {
            "problems": [asdict(each) for each in problems],
            "preview": preview_of(stream, columns),
        }

    def changes(self, body: Any) -> dict[str, Any]:
        """What would be written, as a unified diff.

        Args:
            body: `drafts`, by stream.

        Raises:
            InputError: it has another form.
        """
        with self._lock:
            return {"diff": self._file.diff(self._file.merged(self._entries(body)))}

    def save(self, body: Any) -> dict[str, Any]:
        """Write the drafts; returns the diff of what was written.

        Raises:
            InputError: the body has another form.
            SettingsError: the file has changed since it was read, or cannot be written.
        """
        with self._lock:
            text = self._file.merged(self._entries(body))
            diff = self._file.diff(text)
            if diff:
                self._file.save(text)
                self._file = self._read()
            return {"diff": diff}

    def _entries(self, body: Any) -> dict[str, dict[str, Any]]:
        drafts = body.get("drafts") if isinstance(body, dict) else None
        if not isinstance(drafts, dict):
            raise InputError("The page sent no mapping.")
        read = {name: StreamDraft.from_json(each) for name, each in drafts.items()}
        return {
            name: self._entry(self._stream({"stream": name}), draft)
            for name, draft in read.items()
            if is_written(draft) or name in self._file.streams
        }

    def _entry(self, stream: SampledStream, draft: StreamDraft) -> dict[str, Any]:
        if draft.object is None:
            return {}
        sobject = self._sobject(draft.object)
        old = self._file.streams.get(stream.name)
        return entry_of(stream, draft, sobject, old, self._effective(stream.name))

    def _open(self, name: str) -> dict[str, Any]:
        stream = self._streams[name]
        settings = self._settings()
        is_written = bool(settings.streams) and settings.is_listed(name)
        entry = settings.entry_for(name)
        written = Written(entry=entry, own=self._file.streams.get(name, {}))
        found = self._suggestion(stream, written, self._fixed.get(name) or written.object)
        sobject = None if found.object is None else self._sobject(found.object)
        draft = first_draft(
            stream, found, sobject, settings.for_stream(name) if is_written else None
        )
        return {
            **stream.as_json(draft.columns),
            "draft": draft.as_json(),
            "suggestion": _as_json(found),
            "review": self._review(stream, draft),
        }

    def _suggestion(
        self, stream: SampledStream, written: Written, sobject: str | None
    ) -> Suggestion:
        schema = {
            "stream": stream.name,
            "schema": {"properties": stream.properties},
            "key_properties": stream.key_properties,
        }
        table = Table.from_schema(schema, stream.values(_TOLD))
        if sobject is None:
            return propose(
                table, self._org.sobjects, written, completes_key=True, words=self._org.words
            ).suggestion
        described = self._sobject(sobject)
        found = propose(
            table,
            {described.name: described},
            written,
            described.name,
            completes_key=True,
            words=self._org.words,
        )
        return found.suggestion

    def _sobject(self, name: str) -> SObject:
        return self._org.objects.sobject(name)

    def _object(self, name: str) -> dict[str, Any]:
        return object_as_json(self._sobject(name), self._org.objects.sobject)

    def _stream(self, body: Any) -> SampledStream:
        name = body.get("stream") if isinstance(body, dict) else None
        if not isinstance(name, str) or name not in self._streams:
            raise InputError("The page named a stream that is not among those it was given.")
        return self._streams[name]

    def _settings(self) -> Settings:
        given = {name: self._file.config[name] for name in _GENERAL if name in self._file.config}
        return Settings(**typed_values(Settings, given | {"streams": dict(self._file.streams)}))

    def _effective(self, name: str) -> StreamSettings:
        return self._settings().for_stream(name)


def _row_options(settings: StreamSettings) -> RowOptions:
    return RowOptions(
        nulls=settings.nulls,
        empty_strings=settings.empty_strings,
        too_long=settings.too_long,
        validate=settings.validate_rows,
    )


def _as_json(found: Suggestion) -> dict[str, Any]:
    return {
        "key": found.key,
        "columns": {
            name: {
                "field": each.field,
                "score": None if each.reason in {WRITTEN, LEFT_OUT} else each.score,
                "reason": each.reason,
                "alternatives": [asdict(other) for other in each.alternatives],
            }
            for name, each in found.fields.items()
        },
    }
