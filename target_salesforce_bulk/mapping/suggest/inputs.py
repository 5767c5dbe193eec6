"""Reads the files that suggestions are made from: describe documents and sample values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.salesforce.sobject import SObject

if TYPE_CHECKING:
    from pathlib import Path

Samples = dict[str, dict[str, list[Any]]]


def read_describes(folder: Path) -> list[SObject]:
    """The objects of a folder of describe documents, one JSON file each.

    Raises:
        InputError: the folder has none, or one cannot be read.
        ResponseError: one is not a describe document.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise InputError(
            f"{plain_text(folder)} has no describe document. Save each as <object>.json, for "
            "example with `sf sobject describe --sobject Contact --json`."
        )
    return [SObject.from_json(_described(_read(each))) for each in paths]


def read_samples(path: Path | None) -> Samples:
    """Values of columns by stream and column; nothing without a file.

    Raises:
        InputError: the file cannot be read, or has another form.
    """
    found = {} if path is None else _read(path)
    columns = [each for each in found.values() if isinstance(each, dict)]
    values = [each for column in columns for each in column.values()]
    if len(columns) < len(found) or not all(isinstance(each, list) for each in values):
        raise InputError(
            f"{plain_text(path)} does not have the form "
            '{"<stream>": {"<column>": [<value>, ...]}}.'
        )
    return found


def _described(document: dict[str, Any]) -> dict[str, Any]:
    """The document itself, which the Salesforce CLI wraps."""
    result = document.get("result")
    return result if isinstance(result, dict) else document


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{plain_text(path)} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise InputError(f"{plain_text(path)} is not JSON.") from None
    if not isinstance(found, dict):
        raise InputError(f"{plain_text(path)} is not a JSON object.")
    return found
