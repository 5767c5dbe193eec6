"""Rows of one record go to one open batch at a time, whichever stream they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.singer.key_order import KeyOrder

if TYPE_CHECKING:
    from collections.abc import Collection


class Sink:
    """Counts how often it is sealed."""

    def __init__(self, stream_name: str) -> None:
        self.stream_name = stream_name
        self.sealed = 0

    def holds_any(self, keys: Collection[int]) -> bool:
        return bool(keys)

    def seal(self) -> None:
        self.sealed += 1


def test_streams_of_one_object_and_key_know_each_other() -> None:
    """And no others: another key field, another object, or an insert."""
    order, one, two = KeyOrder(), Sink("one"), Sink("two")
    order.join("Contact", "Key__c", one)
    order.join("Contact", "Key__c", two)
    order.join("Contact", "Email", Sink("by mail"))
    order.join("Lead", "Key__c", Sink("leads"))
    order.join("Contact", None, Sink("inserts"))

    assert order.others("Contact", "Key__c", one) == [two]
    assert order.others("Contact", None, one) == []


def test_what_was_not_watched_is_sealed() -> None:
    """A stream that was alone so far did not note the keys of its open batch."""
    order, one = KeyOrder(), Sink("one")
    order.join("Contact", "Key__c", one)
    order.join("Contact", "Key__c", Sink("two"))

    assert one.sealed == 1


def test_a_new_schema_takes_the_place_of_the_old_one() -> None:
    """A stream is not its own rival."""
    order, new = KeyOrder(), Sink("one")
    order.join("Contact", "Key__c", Sink("one"))
    order.join("Contact", "Key__c", new)

    assert order.others("Contact", "Key__c", new) == []
