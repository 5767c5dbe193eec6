"""A file with the setting `streams`, which is changed in place."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from target_salesforce_bulk.errors import InputError, SettingsError
from target_salesforce_bulk.mapping.json_text import JsonText
from target_salesforce_bulk.mapping.meltano_project import MeltanoProject, Streams
from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_BOM = b"\xef\xbb\xbf"
_NEWLINE = re.compile(r"\r\n|\r|\n")
_MAPPING = "field_mapping"
#: An unchanged line of a diff with a setting that may be a secret, up to its value.
_SECRET = re.compile(
    r"^( .*(?:passw|passphrase|secret|token|private_key|credential|api_?key)[\w-]*[\"']?\s*:\s*).+",
    re.IGNORECASE,
)


class _Document(Protocol):
    @property
    def config(self) -> Mapping[str, Any]:
        """All settings of the target in the file."""

    @property
    def streams(self) -> Streams:
        """The streams of the file."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is worth to know about where they are."""

    def changed(self, streams: Streams) -> str:
        """The text with these streams."""


class _JsonConfig:
    """A `config.json`, which has the streams at its top."""

    remarks: tuple[str, ...] = ()

    def __init__(self, text: str, name: str) -> None:
        self._json = JsonText(text, name)
        self.config = self._json.value
        found = self.config.get("streams") or {}
        entries = found.values() if isinstance(found, dict) else [None]
        mappings = [each.get(_MAPPING) for each in entries if isinstance(each, dict)]
        if len(mappings) < len(entries) or not all(isinstance(e, dict | None) for e in mappings):
            raise InputError(
                f"{plain_text(name)}: streams does not have the form "
                '{"<stream>": {"object": "...", "field_mapping": {...}}}. Correct it.'
            )
        self.streams: Streams = found

    def changed(self, streams: Streams) -> str:
        """The text with these streams."""
        return self._json.changed("streams", streams)


@dataclass(frozen=True, kw_only=True)
class MappingFile:
    """A Meltano project file or a configuration file of the target.

    Attributes:
        path: The file. It may not exist yet.
        text: What it holds.
    """

    path: Path
    text: str
    _document: _Document
    #: None if it did not exist.
    _content: bytes | None

    @classmethod
    def read(cls, path: Path, plugin: str = "target-salesforce-bulk") -> MappingFile:
        """Read a file.

        Args:
            path: A `.json` file is a configuration of the target and may be missing; any other one
                is a Meltano project file.
            plugin: The loader of the project file whose settings are meant.

        Raises:
            InputError: it cannot be read, is not JSON or YAML, or has another form.
            SettingsError: it does not exist, or has no such loader.
        """
        is_json = path.suffix.lower() == ".json"
        content = _read(path)
        if content is None and not is_json:
            raise SettingsError(
                f"{plain_text(path)} does not exist. Run meltano init first, or name a .json file, "
                "which is created."
            )
        text = _decoded(content or b"", path)
        name = str(path)
        document: _Document = (
            _JsonConfig(text, name) if is_json else MeltanoProject(text, name, plugin)
        )
        return cls(path=path, text=text, _document=document, _content=content)

    @property
    def streams(self) -> Mapping[str, Mapping[str, Any]]:
        """The settings of each stream that are written now, as plain values."""
        return self._document.streams

    @property
    def config(self) -> Mapping[str, Any]:
        """All settings of the target that are written at the same place."""
        return self._document.config

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is worth to know about where the settings are, in sentences."""
        return self._document.remarks

    def merged(self, streams: Mapping[str, Mapping[str, Any]]) -> str:
        """The text of the file with settings of streams replaced.

        What is not given stays as it is, with comments, order, quotes and indentation. In JSON,
        `streams` is written anew as a whole.

        Args:
            streams: By stream, the settings to write; `field_mapping` is replaced column by
                column. None removes a setting or a column.

        Raises:
            SettingsError: anchors or merge keys of the file are in the way.
        """
        new = self.planned(streams)
        return self.text if new == self._document.streams else self._document.changed(new)

    def planned(self, streams: Mapping[str, Mapping[str, Any]]) -> Streams:
        """The settings of each stream that `merged` would write, as plain values."""
        new = {**self._document.streams}
        for stream, entry in streams.items():
            new[stream] = _merged(new.get(stream, {}), entry)
        return new

    def diff(self, text: str) -> str:
        """The unified diff from what the file holds to another text; empty if nothing differs.

        Secrets in the lines around are hidden.
        """
        name = str(self.path)
        before, after = _lines(self.text), _lines(text)
        found = difflib.unified_diff(before, after, name, name, lineterm="")
        return "\n".join(_SECRET.sub(r"\1***", each) for each in found)

    def save(self, text: str) -> None:
        """Replace the file in one step, keeping its permissions.

        Raises:
            SettingsError: it has changed since it was read, or cannot be written.
        """
        if _read(self.path) != self._content:
            raise SettingsError(
                f"{plain_text(self.path)} has changed since it was read, so it is left as it is. "
                "Repeat the command."
            )
        mark = _BOM if (self._content or b"").startswith(_BOM) else b""
        try:
            _replace(self.path.resolve(), mark + text.encode())
        except OSError as error:
            raise SettingsError(
                f"{plain_text(self.path)} cannot be written: {error.strerror}. Make the file and "
                "its folder writable for this user."
            ) from None


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(old)
    for name, value in new.items():
        if name == _MAPPING and value is not None:
            columns = {**(old.get(name) or {}), **value}
            found[name] = {column: each for column, each in columns.items() if each is not None}
        else:
            found[name] = value
    return {name: value for name, value in found.items() if value is not None or name not in new}


def _lines(text: str) -> list[str]:
    lines = _NEWLINE.split(text)
    return lines if lines[-1] else lines[:-1]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(
            f"{plain_text(path)} cannot be read: {error.strerror}. Check its path and permissions."
        ) from None


def _decoded(content: bytes, path: Path) -> str:
    try:
        return content.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{plain_text(path)}, line {line}: the file is not UTF-8. Save it in this encoding."
        ) from None


def _replace(path: Path, content: bytes) -> None:
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
    number, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(draft).unlink()
        raise
