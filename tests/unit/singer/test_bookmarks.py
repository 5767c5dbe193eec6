"""What a STATE says of each stream, in whatever shape it comes."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.singer import bookmarks
from target_salesforce_bulk.singer.bookmarks import WHOLE


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ({"bookmarks": {"a": 1}}, {"a": 1}),
        ({"bookmarks": {}}, {}),
        ({"at": 1}, {WHOLE: {"at": 1}}),
        ({"bookmarks": [1]}, {WHOLE: {"bookmarks": [1]}}),
        ([1], {WHOLE: [1]}),
        (None, {WHOLE: None}),
    ],
)
def test_bookmarks_by_stream(state: Any, found: dict[str, Any]) -> None:
    """The whole value where there are none; composing them again gives the STATE."""
    assert bookmarks.by_stream(state) == found
    assert bookmarks.composed(state, found) == state


@pytest.mark.parametrize(
    ("bookmark", "resumable"),
    [
        ({"replication_key_value": 5}, True),
        (5, True),
        ({}, False),
        (None, False),
        ({"progress_markers": {}, "replication_key_value": 5}, False),
        ({"starting_replication_value": 5, "replication_key_value": 5}, False),
        ({"starting_replication_value": 5, "replication_key_value": 6}, True),
        ({"starting_replication_value": None}, False),
    ],
)
def test_whether_a_tap_can_go_on(bookmark: Any, resumable: bool) -> None:
    """From its position, unless the tap marks it as unfinished or it has not moved."""
    assert bookmarks.is_resumable(bookmark) is resumable


@pytest.mark.parametrize(
    ("state", "under_way"),
    [
        ({"bookmarks": {"a": {"starting_replication_value": 1}}}, True),
        ({"bookmarks": {"a": {"progress_markers": {}}}}, True),
        ({"bookmarks": {"a": {"replication_key_value": 1}}}, False),
        ({"bookmarks": {}, "currently_syncing": "a"}, True),
        ({"bookmarks": {}, "currently_syncing": "b"}, False),
        (7, False),
    ],
)
def test_a_stream_that_is_not_finished(state: Any, under_way: bool) -> None:
    """By the marks of the SDK, and by that of classic taps."""
    assert bookmarks.is_under_way(state, "a") is under_way


@pytest.mark.parametrize(
    ("names", "lacking"), [(["a"], False), (["b"], True), ([], True), (["other"], False)]
)
def test_a_stream_without_a_bookmark(names: list[str], lacking: bool) -> None:
    """One of an unknown name may be its own."""
    state = {"bookmarks": dict.fromkeys(names, 1)}

    assert bookmarks.lacks(state, "a", {"a", "b"}) is lacking
