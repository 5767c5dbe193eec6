"""A stream's name cannot lead a file elsewhere, and no two streams have one file."""

from __future__ import annotations

import re

import pytest

from target_salesforce_bulk.reporting.file_names import file_name


@pytest.mark.parametrize("stream", ["crm-users.v2_x", "Größe", "a_b"])
def test_a_harmless_name_stays(stream: str) -> None:
    """People find the file by it."""
    assert file_name(stream) == stream


@pytest.mark.parametrize(
    ("stream", "name"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\\b:c*d\n", "a_b_c_d_"),
        ("", ""),
        (".hidden", "hidden"),
        ("a\ud800", "a_"),
    ],
)
def test_only_harmless_characters_stay(stream: str, name: str) -> None:
    """Separators, wildcards and control characters become underscores, and a hash follows."""
    assert re.fullmatch(f"{re.escape(name)}-[0-9a-f]{{8}}", file_name(stream))


def test_no_two_streams_have_one_file() -> None:
    """Also where one is named like the file of another."""
    streams = ["a/b", "a b", "a_b", file_name("a/b"), file_name("a b"), "x" * 300, "x" * 301]

    assert len({file_name(each) for each in streams}) == len(streams)


@pytest.mark.parametrize("letter", ["x", "ß", "\U00020000"])
def test_a_long_name_is_shortened(letter: str) -> None:
    """File systems take 255 bytes, and some is added to the name."""
    assert len(file_name(letter * 300).encode()) <= 160
