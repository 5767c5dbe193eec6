"""Only the streams that the settings name are loaded."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.errors import MappingError
from target_salesforce_bulk.settings import Settings
from target_salesforce_bulk.singer.listing import Listing, nearest


def listing(*entries: str, **settings: Any) -> Listing:
    return Listing(Settings.from_config({"streams": {each: {} for each in entries}} | settings))


def test_a_stream_that_nobody_named_is_refused() -> None:
    """With the stream, the setting and the entry that may have been meant."""
    with pytest.raises(MappingError) as raised:
        listing("users", "crm-*").takes("Users")

    assert raised.value.stream == "Users"
    assert str(raised.value) == (
        "Stream Users (did you mean users?) has no entry in streams, so it is not loaded. Add an "
        "entry with its exact name, deselect it in the tap, or set unlisted_streams to skip or "
        "load."
    )


@pytest.mark.parametrize(
    ("entries", "settings"),
    [((), {}), (("User",), {}), (("U*",), {}), (("other",), {"unlisted_streams": "load"})],
)
def test_a_stream_is_loaded(entries: tuple[str, ...], settings: dict[str, str]) -> None:
    """By its name, by a pattern, where nothing is listed, and where all are wanted."""
    assert listing(*entries, **settings).takes("User")


def test_what_is_left_out_is_said_once() -> None:
    """Each stream by its name, whatever its name is and however often its SCHEMA comes."""
    known = listing("users", "*orders", unlisted_streams="skip")
    taken = [known.takes(each) for each in ("Users", "users", "User", "b\x1b", "User", "orders")]

    assert taken == [False, True, False, False, False, True]
    assert list(known.remarks()) == [
        "Left out, because streams has no entry for them and unlisted_streams is skip: Users "
        "(did you mean users?), User (did you mean users?), b\\x1b."
    ]


def test_entries_without_a_stream_are_named() -> None:
    """Once, with the stream that may have been meant; a pattern that any stream matches is not."""
    known = listing("users", "orders", "order", "Us*", "lost-*", unlisted_streams="load")
    for stream in ("Users", "orders"):
        known.takes(stream)

    assert list(known.remarks()) == [
        "Entries of streams that matched no stream of the input: users (did you mean Users?), "
        "order, lost-*."
    ]


def test_an_input_without_streams_matches_nothing() -> None:
    """It is empty, or a test of the connection: the entries are not to blame."""
    assert list(listing("users").remarks()) == []


@pytest.mark.parametrize(
    ("name", "others", "near"),
    [
        ("Users", ["orders", "users"], "users"),
        ("order_items", ["OrderItems"], "OrderItems"),
        ("crm-accounts", ["accounts"], "accounts"),
        ("accounts", ["crm-accounts"], "crm-accounts"),
        ("acounts", ["accounts", "contacts"], "accounts"),
        ("CRM-users", ["crm-*"], "crm-*"),
        ("User", ["Account", "Contact"], None),
        ("---", ["???", "-"], "???"),
        ("-", ["--"], None),
        ("x" * 100_000, ["y" * 100_000], None),
    ],
)
def test_names_that_are_near(name: str, others: list[str], near: str | None) -> None:
    """Apart from case and punctuation, with or without the schema, or with a slip."""
    assert nearest(name, others) == near
