"""What is wrong with a configuration, in sentences that hold none of its values.

A value may be a secret, also in a setting that is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.configuration.names import WITHOUT_EFFECT, did_you_mean, refusal
from target_salesforce_bulk.redaction import conceal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jsonschema import ValidationError

_ABOUT = "`target-salesforce-bulk --about` lists all settings."


def conceal_secrets(config: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
    """Hide the values of secret settings from all that is logged, printed and stored."""
    for name, declared in properties.items():
        if declared.get("secret") and isinstance(config.get(name), str):
            conceal(config[name])


def problems(
    config: Mapping[str, Any], properties: Mapping[str, Any], errors: Iterable[ValidationError]
) -> list[str]:
    """One sentence for each thing that is wrong: the setting, what it takes, what to do.

    Args:
        config: The configuration.
        properties: The JSON schema of each setting.
        errors: What the validation against the schema has found.
    """
    unknown = [
        _unknown(name, properties)
        for name in config
        if name not in properties and name not in WITHOUT_EFFECT
    ]
    invalid = (sentence for error in errors for sentence in _sentences(error))
    return [*unknown, *dict.fromkeys(invalid)]


def _unknown(name: str, known: Mapping[str, Any], where: str = "") -> str:
    return f"{where}{name} is not a setting.{did_you_mean(name, known)} {_ABOUT}"


def _sentences(error: ValidationError) -> list[str]:
    path = ".".join(str(each) for each in error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        return [_unknown(name, known, f"{path}.") for name in error.instance if name not in known]
    if error.validator == "anyOf":
        return [f"{path} has a value that it does not take. Correct or remove it. {_ABOUT}"]
    return [refusal(path, error.schema)]
