"""A stream's name cannot lead a file elsewhere."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.reporting.file_names import file_name


@pytest.mark.parametrize(
    ("stream", "name"),
    [
        ("crm-users.v2_x", "crm-users.v2_x"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("a\\b:c*d\n", "a_b_c_d_"),
        ("Größe", "Größe"),
    ],
)
def test_only_harmless_characters_stay(stream: str, name: str) -> None:
    """Separators, wildcards and control characters become underscores."""
    assert file_name(stream) == name
