"""Configuration files, and `.env` of the working directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values

from target_salesforce_bulk.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def read_files(paths: Iterable[str]) -> dict[str, Any]:
    """The settings of JSON files; a later file goes before an earlier one.

    Raises:
        SettingsError: a file cannot be read, or is not a JSON object.
    """
    config: dict[str, Any] = {}
    for path in paths:
        config |= _read_file(Path(path))
    return config


def _read_file(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"The configuration file {path} cannot be read: {error.strerror}. Check --config."
        ) from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(
            f"The configuration file {path} is not JSON{_place(error)}. Correct it."
        ) from None
    if not isinstance(content, dict):
        raise SettingsError(
            f"The configuration file {path} holds no JSON object. Write the settings as "
            '{"login_url": "...", ...}.'
        )
    return content


def _place(error: Exception) -> str:
    """Where a JSON document is broken, without a word of it."""
    if isinstance(error, json.JSONDecodeError):
        return f" (line {error.lineno}, column {error.colno})"
    return ""


def read_dotenv(folder: Path) -> Mapping[str, str]:
    """The variables of `.env` in a folder; none if there is no such file.

    No other folder is looked into, as whoever can write there could choose the login.

    Raises:
        SettingsError: the file cannot be read.
    """
    path = folder / ".env"
    try:
        found = dotenv_values(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingsError(f"{path} cannot be read: {reason}. Correct or remove it.") from None
    return {name: value for name, value in found.items() if value is not None}
