"""Which streams and properties of a catalog are checked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.preview.catalog import read_catalog

if TYPE_CHECKING:
    from pathlib import Path


def stream(name: str, *metadata: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "tap_stream_id": name,
        "schema": {"type": "object", "properties": {"id": {}, "zip": {}}},
        "metadata": [*metadata],
    } | more


def about(*breadcrumb: str, **values: Any) -> dict[str, Any]:
    return {"breadcrumb": [*breadcrumb], "metadata": values}


def read(folder: Path, *streams: dict[str, Any]) -> list[dict[str, Any]]:
    path = folder / "catalog.json"
    path.write_text(json.dumps({"streams": streams}))
    return read_catalog(path)


def test_selected_streams_and_properties(tmp_path: Path) -> None:
    """With their keys, by whichever member the tap names them."""
    messages = read(
        tmp_path,
        stream("no", about(selected=False)),
        stream(
            "a-b",
            about(**{"selected": True, "table-key-properties": ["id"]}),
            about("properties", "zip", selected=False),
            stream="b",
        ),
        stream("c", about(selected=True), key_properties=["id"]),
    )

    assert [(m["stream"], [*m["schema"]["properties"]], m["key_properties"]) for m in messages] == [
        ("b", ["id"], ["id"]),
        ("c", ["id", "zip"], ["id"]),
    ]


def test_a_catalog_as_it_was_discovered(tmp_path: Path) -> None:
    """It selects nothing yet, so all of it is checked."""
    messages = read(tmp_path, stream("a"), stream("b", about(inclusion="available")))

    assert [(each["stream"], [*each["schema"]["properties"]]) for each in messages] == [
        ("a", ["id", "zip"]),
        ("b", ["id", "zip"]),
    ]


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "{}", '{"streams": [{}]}', '{"streams": 7}', "[" * 10_000]
)
def test_what_is_no_catalog(tmp_path: Path, text: str) -> None:
    """One line names the file and says where a catalog comes from."""
    path = tmp_path / "catalog.json"
    path.write_text(text)
    with pytest.raises(InputError, match="is not a Singer catalog"):
        read_catalog(path)


@pytest.mark.parametrize(
    ("streams", "why"),
    [([], "has no stream"), ([stream("a", about(selected=False))], "selects none of its 1 stream")],
)
def test_nothing_to_check(tmp_path: Path, streams: list[Any], why: str) -> None:
    """A check of nothing would pass."""
    with pytest.raises(InputError, match=why):
        read(tmp_path, *streams)
