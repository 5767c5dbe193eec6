"""Suggestions for misspelt settings, and what a setting accepts, in words."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.configuration.names import (
    did_you_mean,
    refusal,
    types_of,
    what_it_takes,
)

KNOWN = ("client_id", "client_secret", "state_dir", "a_b_c")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("client_idd", " Did you mean client_id?"),
        ("Client-ID", " Did you mean client_id?"),
        ("STATEDIR", " Did you mean state_dir?"),
        ("A-B-C", " Did you mean a_b_c?"),
        ("batch", ""),
        ("", ""),
    ],
)
def test_a_name_that_is_near(name: str, sentence: str) -> None:
    """Case and hyphens do not matter; distant names are not suggested."""
    assert did_you_mean(name, KNOWN) == sentence


def test_two_names_at_most() -> None:
    """However many are near; the nearest stands first, and each has its prefix."""
    known = ("batch_size_a", "batch_size_b", "batch_size_c")

    assert did_you_mean("batch_size_b", known, "streams.users.") == (
        " Did you mean streams.users.batch_size_b or streams.users.batch_size_c?"
    )


@pytest.mark.parametrize(
    ("declared", "types"),
    [
        ({"type": "string"}, ["string"]),
        ({"type": ["integer", "null"]}, ["integer"]),
        ({"type": ["null", "number", "string"]}, ["number", "string"]),
        ({}, []),
    ],
)
def test_the_types_of_a_setting(declared: dict[str, Any], types: list[str]) -> None:
    """Null is none of them, whether there is one type or a list."""
    assert types_of(declared) == types


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": ["boolean", "null"]}, "true or false"),
        (
            {"type": ["integer", "null"], "minimum": 1, "maximum": 9},
            "an integer, at least 1, at most 9",
        ),
        ({"type": ["integer", "number"]}, "a finite number"),
        ({"type": ["array", "null"]}, "a list of texts"),
        ({"type": "object"}, "an object"),
        ({"type": "string", "pattern": "x", "default": "67.0"}, "text such as 67.0"),
        ({"type": "string", "pattern": "x", "examples": ["/a.prom"]}, "text such as /a.prom"),
        ({"type": "string", "enum": ["clear", "ignore", None]}, "one of clear, ignore"),
        ({}, "something else"),
    ],
)
def test_what_a_setting_takes(declared: dict[str, Any], words: str) -> None:
    """Its choices; else its type with an example and its bounds."""
    assert what_it_takes(declared) == words


def test_a_refusal_names_the_setting_and_the_way_out() -> None:
    """It does not repeat the value."""
    assert refusal("streams.users.nulls", {"enum": ["clear", "ignore"]}) == (
        "streams.users.nulls must be one of clear, ignore. "
        "Correct it, or remove it to get the default."
    )
