"""Settings declared as fields of a dataclass: their JSON schema, and values in their types."""

from __future__ import annotations

import dataclasses
import math
import os
import re
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from target_salesforce_bulk.configuration.names import refusal
from target_salesforce_bulk.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: JSON types by Python type. Choices and paths are strings.
_JSON_TYPES: dict[Any, dict[str, Any]] = {
    bool: {"type": ["boolean", "null"]},
    int: {"type": ["integer", "null"]},
    # A number that comes from the environment stays text until it is read.
    float: {"type": ["number", "string", "null"]},
    dict: {"type": ["object", "null"]},
    # The SDK needs to know the items to read an array from the environment.
    list: {"type": ["array", "null"], "items": {"type": "string"}},
}


def setting(
    description: str,
    *,
    default: Any = None,
    secret: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    pattern: str | None = None,
    example: str | None = None,
) -> Any:
    """A field of a dataclass whose metadata is its JSON schema, apart from type and default."""
    bounds = {"minimum": minimum, "maximum": maximum, "pattern": pattern}
    schema: dict[str, Any] = {"description": description}
    schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    schema |= {} if example is None else {"examples": [example]}
    schema |= {"secret": True, "writeOnly": True} if secret else {}
    return dataclasses.field(default=default, metadata=schema, repr=not secret)


def typed_values(cls: type, config: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """The values in `config` that `cls` declares and that are not null, converted to its types.

    Args:
        cls: Declares them.
        config: What is given.
        within: What stands before a setting's name in a message.

    Raises:
        SettingsError: a number is not finite or out of range, or a path cannot be one.
    """
    return {
        declared.name: _typed(config[declared.name], base, declared, within)
        for declared, base in _declared(cls)
        if config.get(declared.name) is not None
    }


def _typed(value: Any, base: Any, declared: dataclasses.Field[Any], within: str) -> Any:
    if base is float:
        return _number(value, declared, within)
    if base is Path:
        return _path(value, declared.name)
    return base(value) if base is int or _is_enum(base) else value


def _is_enum(base: Any) -> bool:
    return isinstance(base, type) and issubclass(base, StrEnum)


def _path(text: str, name: str) -> Path:
    """Read a path as a shell does."""
    if not text.strip():
        raise SettingsError(f"{name} is empty. Set it to a folder, or remove the setting.")
    if "\0" in text:
        raise SettingsError(f"{name} contains a null character, which no path has.")
    expanded = os.path.expandvars(text)
    if unset := re.search(r"\$(\w+|\{[^}]*\})", expanded):
        raise SettingsError(f"{name} refers to {unset[0]}, which is not set in the environment.")
    try:
        return Path(expanded).expanduser()
    except RuntimeError:
        raise SettingsError(f"{name} refers to the home folder of a user who has none.") from None


def _number(value: Any, declared: dataclasses.Field[Any], within: str) -> float:
    """Convert a number and check its range: the schema lets any text through, and NaN."""
    try:
        number = float(Decimal(value))
    except (ArithmeticError, ValueError, TypeError):
        number = math.nan
    bounds = declared.metadata
    inside = bounds.get("minimum", -math.inf) <= number <= bounds.get("maximum", math.inf)
    if inside and math.isfinite(number):
        return number
    name = f"{within}{declared.name}"
    raise SettingsError(refusal(name, _property_schema(declared, float)))


def _declared(cls: type) -> list[tuple[dataclasses.Field[Any], Any]]:
    """The settings of `cls`, each with its type, without the None that stands for "not set"."""
    hints = get_type_hints(cls)
    return [(each, _without_none(hints[each.name])) for each in dataclasses.fields(cls)]


def _without_none(hint: Any) -> Any:
    args = get_args(hint)
    return next(each for each in args if each is not NoneType) if NoneType in args else hint


def properties_schema(cls: type) -> dict[str, Any]:
    """The JSON schema of each setting that `cls` declares."""
    return {declared.name: _property_schema(declared, base) for declared, base in _declared(cls)}


def _property_schema(declared: dataclasses.Field[Any], base: Any) -> dict[str, Any]:
    types = _JSON_TYPES.get(get_origin(base) or base, {"type": ["string", "null"]})
    schema = {**types, **declared.metadata}
    if choices := _choices(base):
        schema["enum"] = [*choices, None]
    if declared.default is not None:
        is_text = isinstance(declared.default, (Path, StrEnum))
        schema["default"] = str(declared.default) if is_text else declared.default
    return schema


def _choices(base: Any) -> list[str]:
    if _is_enum(base):
        return [str(each) for each in base]
    return list(get_args(base)) if get_origin(base) is Literal else []
