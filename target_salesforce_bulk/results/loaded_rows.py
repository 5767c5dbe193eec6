"""The loaded rows of a batch, as `save_results: all` keeps them."""

from __future__ import annotations

import csv
import json
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.private_files import UsingFiles
from target_salesforce_bulk.rows.csvfile import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: `reporting/loaded_ids.py` names a file after its stream and its batch.
_NAME = re.compile(r".*-([1-9][0-9]*)\.csv", re.DOTALL)
#: Types whose values Salesforce repeats in another notation: 912260031 comes as 9.12260031E8.
_NUMBERS = frozenset({"int", "long", "double", "currency", "percent"})
#: `sf__Id` and `sf__Created` stand before the cells of the row.
_OWN_COLUMNS = 2


def saved_results(folder: Path) -> dict[int, Path]:
    """The files of loaded rows by the numbers of their batches.

    A run that was killed before it could settle a batch leaves a file which a later run writes
    again, in a folder of its own: the newest counts.

    Args:
        folder: The folder of the org.

    Raises:
        StateDirectoryError: they cannot be listed.
    """
    found = {}
    with UsingFiles(folder):
        for path in sorted((folder / "results").glob("*/*.csv")):
            if match := _NAME.fullmatch(path.name):
                found[int(match[1])] = path
    return found


def loaded_rows(
    folder: Path, name: str, key_type: str | None, *, has_key: bool
) -> Iterator[dict[str, Any]]:
    """The Id, whether the record was created, and the key or the cells of each row; in order.

    A file that is gone has no rows.

    Args:
        folder: The folder of the org.
        name: The path of the file in it.
        key_type: The type of the key's field.
        has_key: Whether the rows have a key.

    Raises:
        StateDirectoryError: it cannot be read.
    """
    names = _key_reader(key_type) if has_key else None
    with UsingFiles(folder):
        try:
            rows = read_rows(folder / name)
            header = next(rows, [])[_OWN_COLUMNS:]
            for record_id, created, *cells in rows:
                yield {
                    "salesforce_id": record_id or None,
                    "created": _BOOLEANS.get(created),
                    "key": names(cells[0]) if names and cells else None,
                    "cells": None if names else _cells(header, cells),
                }
        except FileNotFoundError:
            return
        except (ValueError, csv.Error) as error:
            raise StateDirectoryError(
                f"{folder / name} is damaged: {error}. Move it away to go on without its rows."
            ) from error


_BOOLEANS = {"true": True, "false": False}


def _key_reader(key_type: str | None) -> Callable[[str], str]:
    return _plain_number if key_type in _NUMBERS else str


def _plain_number(text: str) -> str:
    """A number as a source writes it."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    if not value.is_finite() or abs(value.adjusted()) > 100:
        return text
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _cells(header: list[str], cells: list[str]) -> str:
    return json.dumps({name: cell for name, cell in zip(header, cells, strict=False) if cell})
