"""What a STATE says of each stream."""

from __future__ import annotations

from typing import Any

State = Any
#: Stands for the bookmark of a STATE that has no bookmarks by stream.
WHOLE = ""
#: Stands for a bookmark that a STATE does not have.
ABSENT = object()
# Members that the Singer SDK puts into a bookmark, and the `currently_syncing` of classic taps.
# https://github.com/meltano/sdk/blob/main/singer_sdk/helpers/_state.py
_PROGRESS = "progress_markers"
_STARTING = "starting_replication_value"
_SIGNPOST = "replication_key_signpost"
_VALUE = "replication_key_value"


def by_stream(state: State) -> dict[str, Any]:
    """The bookmarks of a STATE by name; the whole value where it has none."""
    bookmarks = state.get("bookmarks") if isinstance(state, dict) else None
    return dict(bookmarks) if isinstance(bookmarks, dict) else {WHOLE: state}


def composed(state: State, bookmarks: dict[str, Any]) -> State:
    """A STATE with other bookmarks."""
    if not isinstance(state, dict) or not isinstance(state.get("bookmarks"), dict):
        return bookmarks.get(WHOLE, state)
    return {**state, "bookmarks": bookmarks}


def is_resumable(bookmark: Any) -> bool:
    """Whether a tap can resume from a bookmark, so that earlier rows do not come again."""
    if not isinstance(bookmark, dict):
        return bookmark is not None
    if _PROGRESS in bookmark:
        return False
    if _STARTING in bookmark:  # the stream is under way
        return bookmark.get(_VALUE) not in (None, bookmark[_STARTING])
    return _has_value(bookmark)


def _has_value(bookmark: Any) -> bool:
    """Whether there is anything in a bookmark besides empty members."""
    if isinstance(bookmark, dict):
        return any(map(_has_value, bookmark.values()))
    if isinstance(bookmark, list):
        return any(map(_has_value, bookmark))
    return bookmark is not None


def is_under_way(state: State, stream: str) -> bool:
    """Whether a STATE says that the tap had not finished a stream."""
    if isinstance(state, dict) and state.get("currently_syncing") == stream:
        return True
    bookmark = by_stream(state).get(stream)
    if not isinstance(bookmark, dict):
        return False
    return any(name in bookmark for name in (_PROGRESS, _STARTING, _SIGNPOST))


def lacks(state: State, stream: str, streams: set[str]) -> bool:
    """Whether a STATE has bookmarks by stream, and none that could be that of a stream."""
    names = set(by_stream(state))
    return WHOLE not in names and stream not in names and names <= streams


def position(bookmark: Any) -> Any:
    """The replication-key value of a bookmark; None where it has none."""
    return bookmark.get(_VALUE) if isinstance(bookmark, dict) else None


def replication_key(bookmark: Any) -> str | None:
    """The property that a bookmark tells the position by."""
    name = bookmark.get("replication_key") if isinstance(bookmark, dict) else None
    return name if isinstance(name, str) else None
