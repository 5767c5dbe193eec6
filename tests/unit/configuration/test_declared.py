"""Settings declared as fields: what their schema says, and what their values become."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest

from target_salesforce_bulk.configuration.declared import properties_schema, setting, typed_values
from target_salesforce_bulk.errors import SettingsError


class Colour(StrEnum):
    """Choices."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One setting of each type."""

    colour: Colour = setting("A colour.", default=Colour.RED)
    size: Literal["small", "large"] | None = setting("A size.")
    seconds: float = setting("A time.", default=1.0, minimum=0)
    rows: int | None = setting("A number.", minimum=1)
    folder: Path = setting("A folder.", default=Path("here"))
    password: str | None = setting("A secret.", secret=True)


def test_the_schema_of_each_field() -> None:
    """Type, default, choices, bounds and what is secret."""
    text = {"type": ["string", "null"]}
    assert properties_schema(Sample) == {
        "colour": {
            **text,
            "description": "A colour.",
            "enum": ["red", "blue", None],
            "default": "red",
        },
        "size": {**text, "description": "A size.", "enum": ["small", "large", None]},
        "seconds": {
            "type": ["number", "string", "null"],
            "description": "A time.",
            "minimum": 0,
            "default": 1.0,
        },
        "rows": {"type": ["integer", "null"], "description": "A number.", "minimum": 1},
        "folder": {**text, "description": "A folder.", "default": "here"},
        "password": {**text, "description": "A secret.", "secret": True, "writeOnly": True},
    }


def test_values_in_their_types() -> None:
    """Null and what is not declared are left out."""
    config = {"colour": "blue", "size": None, "seconds": "2.5", "rows": 3, "folder": "a", "x": 1}

    assert typed_values(Sample, config) == {
        "colour": Colour.BLUE,
        "seconds": 2.5,
        "rows": 3,
        "folder": Path("a"),
    }


def test_a_secret_is_not_shown() -> None:
    """Not in the text of the settings as a whole."""
    assert "hush" not in repr(Sample(password="hush"))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("seconds", "nan", "people.seconds must be a finite number, at least 0. "),
        ("seconds", -1, "people.seconds must be a finite number, at least 0. "),
        ("seconds", "soon", "people.seconds must be a finite number, at least 0. "),
        ("folder", " ", "folder is empty. "),
        ("folder", "a\0b", "folder contains a null character"),
        ("folder", "$NOT_SET_HERE/x", "folder refers to $NOT_SET_HERE, which is not set"),
    ],
)
def test_a_value_that_is_refused(name: str, value: Any, told: str) -> None:
    """The setting is named, with what it takes."""
    with pytest.raises(SettingsError) as raised:
        typed_values(Sample, {name: value}, "people.")

    assert str(raised.value).startswith(told)
