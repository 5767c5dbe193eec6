"""Writes suggestions to a file, and says what is still open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import MappingError, NoKeyError, SettingsError
from target_salesforce_bulk.mapping.field_map import is_left_out
from target_salesforce_bulk.mapping.proposal import Written
from target_salesforce_bulk.mapping.resolve import resolve_stream
from target_salesforce_bulk.plain_text import counted
from target_salesforce_bulk.preview.report import missing_required
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.settings import Settings, StreamSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from target_salesforce_bulk.cli.mapping_sources import MappingSources
    from target_salesforce_bulk.mapping.mapping_file import MappingFile
    from target_salesforce_bulk.mapping.proposal import Proposal

_GENERAL = frozenset(StreamSettings.__dataclass_fields__)


class WrittenStreams:
    """What a file sets for streams; nothing without a file."""

    def __init__(self, file: MappingFile | None) -> None:
        self._file = file
        self._streams = (
            {} if file is None else {name: {**each} for name, each in file.streams.items()}
        )
        self._settings = Settings(streams=self._streams)
        self._config: Mapping[str, Any] = {} if file is None else file.config

    @property
    def objects(self) -> list[str]:
        """The objects that it names."""
        found = (each.get("object") for each in self._streams.values())
        return [each for each in found if isinstance(each, str)]

    def of(self, stream: str) -> Written:
        """What it sets for a stream."""
        general = {name: each for name, each in self._config.items() if name in _GENERAL}
        entry = self._settings.entry_for(stream)
        merged = {**general, **entry}
        return Written(
            # An operation for all streams is decided for each of them.
            entry={
                **{name: each for name, each in general.items() if name == "operation"},
                **entry,
            },
            own=self._streams.get(stream, {}),
            auto_map=merged.get("auto_map") not in {False, "false"},
            unmapped_fields=str(merged.get("unmapped_fields")),
        )

    def decided(self, given: Mapping[str, str], sources: MappingSources) -> dict[str, str]:
        """The objects of streams, as they are spelt in the org: those in the file, and given ones.

        Raises:
            SettingsError: they differ, or the object in the file is unknown.
        """
        known = {each.lower(): each for each in sources.sobjects}
        found = dict(given)
        for stream in (each["stream"] for each in sources.schemas):
            written = self.of(stream).object
            if written is None:
                continue
            if written.lower() != found.get(stream, written).lower():
                raise SettingsError(
                    f"--object names {given[stream]} for the stream {stream}, but the file has "
                    f"{written}, which is never overwritten. Remove one of them."
                )
            if written.lower() not in known:
                raise SettingsError(
                    f"The file loads the stream {stream} into {written}, {sources.unknown_object}"
                )
            found[stream] = written
        return {stream: known[each.lower()] for stream, each in found.items()}


def write(
    file: MappingFile,
    sources: MappingSources,
    proposals: Mapping[str, Proposal],
    *,
    only_diff: bool,
    say: Callable[..., None],
) -> None:
    """Write the changes of proposals to a file, or show them; say what is still open.

    Args:
        file: The file.
        sources: The streams and objects.
        proposals: By stream.
        only_diff: Whether to show the changes instead.
        say: Prints lines.

    Raises:
        SettingsError: the file cannot be changed, or has changed meanwhile.
    """
    changes = {name: each.changes for name, each in proposals.items() if each.changes}
    text = file.merged(changes)
    if only_diff:
        say(*file.diff(text).splitlines())
    elif text != file.text:
        file.save(text)
    planned = file.planned(changes)
    said = [_done(file, changes, only_diff=only_diff), *file.remarks, *_left_out(changes)]
    if remaining := "; ".join(open_points(planned, file.config, sources)):
        said.append(f"Still open: {remaining}.")
    say(" ".join(said))


def _done(file: MappingFile, changes: Mapping[str, Any], *, only_diff: bool) -> str:
    if not changes:
        return f"{file.path} stays as it is."
    mappings = [each.get("field_mapping", {}) for each in changes.values()]
    columns = sum(not is_left_out(target) for each in mappings for target in each.values())
    done = "Nothing was written to" if only_diff else "Wrote to"
    return f"{done} {file.path}: {counted(columns, 'column')} of {counted(len(changes), 'stream')}."


def _left_out(changes: Mapping[str, Any]) -> Iterator[str]:
    """A sentence about columns that are left out by name from now on."""
    names = [
        f"{stream}.{column}"
        for stream, each in changes.items()
        for column, target in each.get("field_mapping", {}).items()
        if is_left_out(target)
    ]
    if names:
        yield f"Left out by name, as nothing is suggested for them: {', '.join(names)}."


def open_points(
    streams: Mapping[str, Any], config: Mapping[str, Any], sources: MappingSources
) -> Iterator[str]:
    """Why streams cannot be loaded yet, and which required fields of new records have no column.

    Args:
        streams: The settings of each stream.
        config: All settings of the target.
        sources: The streams and objects.
    """
    general = {name: each for name, each in config.items() if name in _GENERAL}
    try:
        settings = Settings.from_config(
            {**general, "allow_hard_delete": True, "streams": {**streams}}
        )
    except (SettingsError, ValueError) as error:
        yield str(error)
        return
    for schema in sources.schemas:
        yield from _open_points(schema, settings, sources)


def _open_points(
    schema: Mapping[str, Any], settings: Settings, sources: MappingSources
) -> Iterator[str]:
    stream, keys = schema["stream"], schema.get("key_properties") or ()
    if not settings.is_listed(stream) or not settings.streams:
        yield f"{stream}: no object fits; set streams.{stream}.object, or leave the stream out"
        return
    options = settings.for_stream(stream)
    properties = schema["schema"].get("properties", {})
    try:
        resolved = resolve_stream(stream, properties, keys, options, sources.objects)
    except NoKeyError:
        yield f"{stream}: the key ({', '.join(keys) or 'no column'}) has no external ID field"
    except MappingError as error:
        yield str(error).rstrip(".")
    else:
        missing = missing_required(resolved)
        if missing and resolved.operation is Operation.UPSERT:
            yield f"{stream}: new records need {', '.join(missing)}, but no column has them"
