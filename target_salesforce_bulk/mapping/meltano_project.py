"""The settings of a plugin in a Meltano project file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.configuration.meltano import whole_streams
from target_salesforce_bulk.errors import InputError, SettingsError
from target_salesforce_bulk.mapping.yaml_text import YamlText
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.settings import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Streams = dict[str, dict[str, Any]]
Path = tuple[str | int, ...]

_STREAM_SETTINGS = frozenset(StreamSettings.__dataclass_fields__)
_MAPPING = "field_mapping"
_FLAT = "streams."


class MeltanoProject:
    """A `meltano.yml`, in which a loader has the setting `streams`.

    Meltano prefers the settings of the active environment to those of the plugin, and takes those
    of the plugin that it inherits from where it has none.
    https://docs.meltano.com/concepts/environments

    Args:
        text: The text of the file.
        name: What it is called in messages.
        plugin: The name of the loader.

    Raises:
        InputError: it is not YAML, or its plugins have another form.
        SettingsError: it has no such loader, or several environments have `streams`.
    """

    def __init__(self, text: str, name: str, plugin: str) -> None:
        self._yaml = YamlText(text, name)
        self._name = plain_text(name)
        #: What is worth to know about where the settings are.
        self.remarks: tuple[str, ...] = ()
        self._place = self._find(plugin)
        self._plugin = _at(self._yaml.value, self._place)
        self.config: dict[str, Any] = self._dict(self._plugin, "config", self._place)
        self.streams: Streams = self._read()

    def changed(self, streams: Streams) -> str:
        """The text with these streams.

        Raises:
            SettingsError: anchors or merge keys are in the way.
        """
        config = _placed(self.config, self.streams, streams)
        return self._yaml.changed(self._place, {**self._plugin, "config": config})

    def _read(self) -> Streams:
        nested = self._dict(self.config, "streams", (*self._place, "config"))
        flat = {
            key.removeprefix(_FLAT): value
            for key, value in self.config.items()
            if isinstance(key, str) and key.startswith(_FLAT)
        }
        found = whole_streams({str(key): each for key, each in nested.items()}, _STREAM_SETTINGS)
        for stream, entry in whole_streams(flat, _STREAM_SETTINGS).items():
            found[stream] = _merged_entry(found.get(stream, {}), entry)
        for stream, entry in found.items():
            self._check_entry(stream, entry)
        return dict(found)

    def _check_entry(self, stream: str, entry: Any) -> None:
        mapping = entry.get(_MAPPING) if isinstance(entry, dict) else entry
        if not isinstance(entry, dict) or not isinstance(mapping, dict | None):
            where = f"streams.{plain_text(stream)}" + (f".{_MAPPING}" * isinstance(entry, dict))
            raise InputError(
                f"{self._name}: {where} is not a mapping. Write its settings as <name>: <value>."
            )

    def _find(self, plugin: str) -> Path:
        base = self._loader(plugin)
        by_environment = dict(self._of_environments(plugin))
        default = self._yaml.value.get("default_environment")
        if default in by_environment:
            return self._note(by_environment, default)
        if self._has_streams(base):
            self._note(by_environment)
            return base
        if len(by_environment) > 1:
            names = ", ".join(plain_text(each) for each in by_environment)
            raise SettingsError(
                f"{self._name}: the environments {names} each have streams of "
                f"{plain_text(plugin)}. Set default_environment to the one that is meant."
            )
        if by_environment:
            return self._note(by_environment, next(iter(by_environment)))
        return self._inherited(base)

    def _note(self, by_environment: Mapping[str, Path], used: str | None = None) -> Path:
        """Remark which environments have streams."""
        if used is not None:
            self.remarks += (
                f"The streams are those of the environment {plain_text(used)}, "
                f"line {self._yaml.line_at(*by_environment[used])}.",
            )
        self.remarks += tuple(
            f"The environment {plain_text(each)} has streams of its own, which stay as they are."
            for each in by_environment
            if each != used
        )
        return () if used is None else by_environment[used]

    def _inherited(self, place: Path) -> Path:
        """The plugin that the streams are inherited from, or the plugin itself."""
        seen = {place}
        parent = _at(self._yaml.value, place).get("inherit_from")
        loaders = dict(self._loaders((), self._yaml.value))
        while parent in loaders and loaders[parent] not in seen:
            found = loaders[parent]
            if self._has_streams(found):
                self.remarks += (f"The streams are those of {plain_text(parent)}, inherited.",)
                return found
            seen.add(found)
            parent = _at(self._yaml.value, found).get("inherit_from")
        return place

    def _loader(self, plugin: str) -> Path:
        loaders = dict(self._loaders((), self._yaml.value))
        if plugin in loaders:
            return loaders[plugin]
        heirs = [
            each
            for each, place in loaders.items()
            if _at(self._yaml.value, place).get("inherit_from") == plugin
        ]
        if len(heirs) == 1:
            self.remarks += (f"The plugin is {plain_text(heirs[0])}.",)
            return loaders[heirs[0]]
        known = ", ".join(plain_text(each) for each in loaders) or "none"
        raise SettingsError(
            f"{self._name} has no loader {plain_text(plugin)} (loaders: {known}). Add it with "
            f"meltano add, name another one, or give the file of include_paths that has it."
        )

    def _of_environments(self, plugin: str) -> Iterator[tuple[str, Path]]:
        """The environments in which the loader has streams."""
        for number, each in enumerate(self._list(self._yaml.value, "environments", ())):
            top: Path = ("environments", number)
            config = self._dict(self._checked(each, top), "config", top)
            place = dict(self._loaders((*top, "config"), config)).get(plugin)
            if place is not None and self._has_streams(place):
                yield str(each.get("name")), place

    def _loaders(self, top: Path, holder: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
        plugins = self._dict(holder, "plugins", top)
        for number, each in enumerate(self._list(plugins, "loaders", (*top, "plugins"))):
            place = (*top, "plugins", "loaders", number)
            yield str(self._checked(each, place).get("name")), place

    def _has_streams(self, place: Path) -> bool:
        config = self._dict(_at(self._yaml.value, place), "config", place)
        return any(str(key) == "streams" or str(key).startswith(_FLAT) for key in config)

    def _checked(self, value: Any, place: Path) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        raise self._wrong(place, "a mapping")

    def _dict(self, holder: Mapping[str, Any], key: str, place: Path) -> dict[str, Any]:
        found = holder.get(key)
        return {} if found is None else self._checked(found, (*place, key))

    def _list(self, holder: Mapping[str, Any], key: str, place: Path) -> list[Any]:
        found = holder.get(key)
        if not isinstance(found, list | None):
            raise self._wrong((*place, key), "a list")
        return found or []

    def _wrong(self, place: Path, kind: str) -> InputError:
        try:
            line = f", line {self._yaml.line_at(*place)}"
        except (StopIteration, IndexError):  # behind an alias
            line = ""
        where = ".".join(plain_text(each) for each in place if isinstance(each, str))
        return InputError(f"{self._name}{line}: {where} is not {kind}. Correct the file.")


def _at(value: Any, place: Path) -> Any:
    for each in place:
        value = value[each]
    return value


def _merged_entry(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**first, **second}
    if _MAPPING in first and _MAPPING in second:
        merged[_MAPPING] = {**first[_MAPPING], **second[_MAPPING]}
    return merged


def _placed(config: Mapping[str, Any], old: Streams, new: Streams) -> dict[str, Any]:
    """The configuration of a plugin with changed streams, each in the form it has."""
    found = dict(config)
    nested = dict(config.get("streams") or {})
    for stream in {**old, **new}:
        before, after = old.get(stream, {}), new.get(stream)
        if before == after:
            continue
        if any(str(each).startswith(f"{_FLAT}{stream}.") for each in config):
            _put_flat(found, f"{_FLAT}{stream}.", before, after or {})
        elif any(str(each).startswith(f"{stream}.") for each in nested):
            _put_flat(nested, f"{stream}.", before, after or {})
        elif after is None:
            nested.pop(stream, None)
        else:
            nested[stream] = _with_changes(nested.get(stream) or {}, before, after)
    if nested != (config.get("streams") or {}):
        found["streams"] = nested
    return found


def _put_flat(
    found: dict[str, Any], prefix: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> None:
    before, after = dict(_leaves(prefix, old)), dict(_leaves(prefix, new))
    for key in before.keys() - after.keys():
        found.pop(key, None)
    found.update({key: value for key, value in after.items() if before.get(key, ...) != value})


def _leaves(prefix: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in entry.items():
        if isinstance(value, dict):
            yield from _leaves(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}", value


def _with_changes(
    raw: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, Any]:
    """An entry as it is written, with what differs; the rest keeps the form it has."""
    found = dict(raw)
    for key in {**old, **new}:
        before, after = old.get(key, ...), new.get(key, ...)
        if before == after:
            continue
        if after is ...:
            found.pop(key, None)
        elif key == _MAPPING and isinstance(found.get(key), dict):
            found[key] = _with_changes(found[key], old[key], new[key])
        else:
            found[key] = after
    return found
