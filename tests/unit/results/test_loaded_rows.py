"""The files of `save_results: all` are read as they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.results.loaded_rows import loaded_rows, saved_results

if TYPE_CHECKING:
    from pathlib import Path

HEADER = '"sf__Id","sf__Created","Key__c"\n'


def read(folder: Path, text: str, key_type: str = "string", **given: Any) -> list[dict[str, Any]]:
    (folder / "f.csv").write_text(text, encoding="utf-8", newline="")
    given = {"has_key": True} | given
    return list(loaded_rows(folder, "f.csv", key_type, **given))


def test_rows_with_a_key(tmp_path: Path) -> None:
    """Quotes, line breaks and other alphabets are those of the key."""
    text = f'{HEADER}"003A","true","a ""b""\r\n, ü"\n"003B","false","=1+1"\n'

    assert read(tmp_path, text) == [
        {"salesforce_id": "003A", "created": True, "key": 'a "b"\r\n, ü', "cells": None},
        {"salesforce_id": "003B", "created": False, "key": "=1+1", "cells": None},
    ]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("9.12260031E8", "912260031"),
        ("1.50", "1.5"),
        ("-3.0", "-3"),
        ("1E9999", "1E9999"),
        ("NaN", "NaN"),
        ("x", "x"),
    ],
)
def test_a_key_that_is_a_number(tmp_path: Path, given: str, shown: str) -> None:
    """Salesforce repeats it in its own notation, which no source uses."""
    (row,) = read(tmp_path, f'{HEADER}"003A","true","{given}"\n', "double")

    assert row["key"] == shown


def test_a_text_of_digits_stays(tmp_path: Path) -> None:
    """Zeros of a text count."""
    (row,) = read(tmp_path, f'{HEADER}"003A","true","0010"\n')

    assert row["key"] == "0010"


def test_rows_without_a_key(tmp_path: Path) -> None:
    """They are known by their cells; empty ones say nothing."""
    text = '"sf__Id","sf__Created","LastName","Phone"\n"003A","true","Ü","",\n'
    (row,) = read(tmp_path, text, has_key=False)

    assert row == {
        "salesforce_id": "003A",
        "created": True,
        "key": None,
        "cells": '{"LastName": "\\u00dc"}',
    }


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    """It has been removed to save room."""
    assert list(loaded_rows(tmp_path, "gone.csv", None, has_key=True)) == []


def test_a_damaged_file(tmp_path: Path) -> None:
    """One line says which, and what to do."""
    with pytest.raises(StateDirectoryError, match=r"f\.csv is damaged: .*Move it away"):
        read(tmp_path, f'{HEADER}"003A"\n')


def test_the_newest_file_of_a_batch(tmp_path: Path) -> None:
    """A run that was killed before it settled a batch leaves one too."""
    names = [
        "r1/people-7.csv",
        "r2/people-7.csv",
        "r1/a-b-3-12.csv",
        "r1/people-8.part",
        "r1/x.csv",
    ]
    for name in names:
        path = tmp_path / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = {number: path.parent.name for number, path in saved_results(tmp_path).items()}

    assert found == {7: "r2", 12: "r1"}
