"""Settings from environment variables, as people and Meltano write them."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.configuration.meltano import nested
from target_salesforce_bulk.configuration.names import did_you_mean, types_of
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

logger = logging.getLogger(__name__)

PREFIX = "TARGET_SALESFORCE_BULK_"

#: What the SDK reads itself.
_OF_THE_SDK = frozenset({f"{PREFIX}LOGLEVEL"})

_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,30}\s*")
_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


def read_environment(
    variables: Mapping[str, str], properties: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The settings that variables such as `TARGET_SALESFORCE_BULK_LOGIN_URL` hold.

    Text that is not what its setting takes stays text, so that the validation can name the setting.

    Args:
        variables: All there are; others are left alone, and those that look like ours are named in
            a warning.
        properties: The JSON schema of each setting.
    """
    names = {f"{PREFIX}{name.upper()}": name for name in properties}
    _warn_of_unknown(variables, names, properties)
    return {
        name: _value(name, variables[variable], properties[name])
        for variable, name in names.items()
        if variable in variables
    }


def _value(name: str, text: str, declared: Mapping[str, Any]) -> Any:
    types = types_of(declared)
    if "boolean" in types:
        return _BOOLEANS.get(text.strip().lower(), text)
    if "integer" in types:
        return int(text) if _INTEGER.fullmatch(text) else text
    if "array" in types:
        return _list(text)
    if "object" in types:
        parsed = _json(text)
        return nested(name, parsed) if isinstance(parsed, dict) else text
    return text


def _list(text: str) -> Any:
    """A JSON array, or texts between commas."""
    if text.lstrip()[:1] in {"[", "{", '"'}:
        parsed = _json(text)
        return parsed if isinstance(parsed, list) else text
    return [each.strip() for each in text.split(",")] if text.strip() else text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _warn_of_unknown(
    variables: Mapping[str, str],
    names: Mapping[str, str],
    properties: Mapping[str, Mapping[str, Any]],
) -> None:
    # Meltano also passes each member of an object, and settings of its own that begin with "_".
    objects = [
        f"{variable}_"
        for variable, name in names.items()
        if variable in variables and "object" in types_of(properties[name])
    ]
    expected = (*objects, f"{PREFIX}_")
    for variable in sorted({*variables} - {*names} - _OF_THE_SDK):
        if variable.startswith(PREFIX) and not variable.startswith(expected):
            _warn(variable.removeprefix(PREFIX), properties)


def _warn(name: str, properties: Collection[str]) -> None:
    logger.warning(
        "The environment variable %s%s is of no setting, and has no effect.%s",
        PREFIX,
        plain_text(name),
        did_you_mean(name, [each.upper() for each in properties], PREFIX),
        extra=log_facts(LogCode.VARIABLE_UNKNOWN),
    )
