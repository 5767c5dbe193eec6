"""The streams of a Singer catalog, as the SCHEMA messages that a tap would send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib import Catalog

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from pathlib import Path

    from singer_sdk.singerlib import CatalogEntry


def read_catalog(path: Path) -> list[dict[str, Any]]:
    """The SCHEMA messages of the streams of a catalog that are selected.

    Args:
        path: A catalog, such as `tap --discover` prints, or the one that Meltano gives its taps.

    Raises:
        InputError: it is not a catalog, or it selects no stream.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"The catalog {plain_text(path)} cannot be read: {error.strerror}"
        ) from None
    return parse_catalog(content, path)


def parse_catalog(content: bytes, path: Path | str) -> list[dict[str, Any]]:
    """The SCHEMA messages of the streams of a catalog that are selected.

    Args:
        content: The catalog.
        path: What it is called in messages.

    Raises:
        InputError: it is not a catalog, or it selects no stream.
    """
    entries = _entries(content, path)
    if not any(_says_what_is_selected(entry) for entry in entries):
        return [_schema(entry, everything=True) for entry in entries]
    selected = [entry for entry in entries if entry.metadata.resolve_selection()[()]]
    if not selected:
        raise InputError(
            f"The catalog {plain_text(path)} selects none of its {len(entries)} streams. Select "
            "those that the tap is to send."
        )
    return [_schema(entry, everything=False) for entry in selected]


def _entries(content: bytes, path: Path | str) -> list[CatalogEntry]:
    try:
        found = Catalog.from_dict({"streams": json.loads(content)["streams"]})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InputError(
            f"{plain_text(path)} is not a Singer catalog. Give the output of the tap's --discover, "
            "or of `meltano invoke --dump=catalog <tap>`."
        ) from None
    if not found:
        raise InputError(f"The catalog {plain_text(path)} has no stream.")
    return list(found.values())


def _says_what_is_selected(entry: CatalogEntry) -> bool:
    return entry.metadata.root.selected is not None


def _schema(entry: CatalogEntry, *, everything: bool) -> dict[str, Any]:
    schema = entry.schema.to_dict()
    if not everything:
        mask = entry.metadata.resolve_selection()
        schema["properties"] = {
            name: declared
            for name, declared in schema.get("properties", {}).items()
            if mask["properties", name]
        }
    return {
        "type": "SCHEMA",
        "stream": entry.stream or entry.tap_stream_id,
        "schema": schema,
        "key_properties": list(
            entry.key_properties or entry.metadata.root.table_key_properties or ()
        ),
    }
