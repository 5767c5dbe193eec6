"""Objects as Meltano passes them, made what they are in `meltano.yml` again.

In environment variables it writes an object as one level of dotted names
(`{"crm-accounts.field_mapping.id": "External_Id__c"}`); in configuration files it splits the names
that hold a dot themselves, such as a stream `crm.accounts`. Settings of a stream have known names,
so where its own name ends can be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_MAPPING = "field_mapping"
#: Members of the long form of a field mapping.
_LONG_FORM = frozenset({"field", "value", "nulls", "empty_strings", "too_long"})


def nested(name: str, flat: Mapping[str, Any]) -> dict[str, Any]:
    """An object of a variable, with the members that dotted names stand for.

    `streams` is left as it is: see `whole_streams`.
    """
    if name == "streams":
        return dict(flat)
    found: dict[str, Any] = {}
    for key, value in flat.items():
        # Of a stream map, the name of the stream may hold dots, and the property has none.
        *outer, last = key.rsplit(".", 1) if name == "stream_maps" else key.split(".")
        inner = found
        for each in outer:
            inner = inner.setdefault(each, {})
        inner[last] = value
    return found


def whole_streams(streams: Any, settings: Collection[str]) -> Any:
    """The entries of `streams` by the full names of their streams.

    Args:
        streams: As it came; what is not an object is returned as it is.
        settings: The names of a stream's settings.
    """
    if not isinstance(streams, dict):
        return streams
    found: dict[str, Any] = {}
    for key, value in streams.items():
        if not isinstance(value, dict) and "." in key:
            _put(found, key, value, settings)
        elif isinstance(value, dict):
            for stream, entry in _entries(key, value, settings):
                found.setdefault(stream, {}).update(entry)
        else:
            found[key] = value
    for entry in found.values():
        if isinstance(entry, dict) and isinstance(entry.get(_MAPPING), dict):
            entry[_MAPPING] = _whole_mapping(entry[_MAPPING])
    return found


def _put(found: dict[str, Any], key: str, value: Any, settings: Collection[str]) -> None:
    """Take up one dotted name: `<stream>.<setting>` or `<stream>.field_mapping.<property>`."""
    stream, mapping, rest = key.partition(f".{_MAPPING}.")
    if not mapping:
        stream, _, setting = key.rpartition(".")
        found.setdefault(stream, {})[setting] = value
    else:
        found.setdefault(stream, {}).setdefault(_MAPPING, {})[rest] = value


def _entries(
    name: str, entry: Mapping[str, Any], settings: Collection[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entry of a stream, and of those whose names were split at the dots within."""
    inner = {
        key: value
        for key, value in entry.items()
        if key not in settings and isinstance(value, dict) and _leads_to(value, settings)
    }
    own = {key: value for key, value in entry.items() if key not in inner}
    if own or not inner:
        yield name, own
    for key, value in inner.items():
        yield from _entries(f"{name}.{key}", value, settings)


def _leads_to(entry: Mapping[str, Any], settings: Collection[str]) -> bool:
    """Whether an object within an entry holds settings itself, so that its name is one's rest."""
    return any(
        key in settings or (isinstance(value, dict) and _leads_to(value, settings))
        for key, value in entry.items()
    )


def _whole_mapping(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """A field mapping by the full names of properties, with the long form where it is used."""
    leaves = dict(_leaves("", mapping))
    long_forms = {key.removesuffix(".field") for key in leaves if key.endswith(".field")}
    found: dict[str, Any] = {}
    for key, value in leaves.items():
        outer, _, member = key.rpartition(".")
        if outer in long_forms and member in _LONG_FORM:
            found.setdefault(outer, {})[member] = value
        else:
            found[key] = value
    return found


def _leaves(prefix: str, mapping: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The members by their paths; one that is the long form, or nearly, stays whole."""
    for key, value in mapping.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict) and value and not _LONG_FORM & {*value}:
            yield from _leaves(f"{path}.", value)
        else:
            yield path, value
