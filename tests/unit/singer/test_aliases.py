"""Streams of the tap that a stream map gives one name are kept apart."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.singer.aliases import Aliases


@pytest.mark.parametrize(
    ("maps", "name"),
    [
        (None, "crm"),
        ({"people": {"__alias__": "crm"}}, "crm"),
        ({"people": {"__alias__": "crm"}, "leads": {"__alias__": "crm"}}, "crm (people)"),
        ({"people": {"__alias__": "crm"}, "crm": {"a": "b"}}, "crm (people)"),
        ({"pe*": {"__alias__": "crm"}}, "crm (people)"),
        ({"people": None, "leads": "x"}, "crm"),
    ],
)
def test_a_name_of_its_own(maps: Any, name: str) -> None:
    """Where another stream may have the same one, and the same in every run."""
    aliases = Aliases(maps)

    assert aliases.name("crm", "people") == name
    assert (aliases.alias(name), aliases.tap_stream(name)) == ("crm", "people")


def test_a_stream_that_keeps_its_name() -> None:
    """It has it alone."""
    aliases = Aliases({"people": {"__alias__": "crm"}, "crm": {"a": "b"}})

    assert aliases.name("crm", "crm") == "crm"
