"""Which files a BATCH message may name, and what is printed of their URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.singer.batch_sources import BatchSources, shown

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """A folder with a file, beside a secret one."""
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "a::b@c?d").write_text("plain")
    (folder / "link").symlink_to(tmp_path / "secret")
    return folder


@pytest.mark.parametrize(
    "url",
    [
        "a.jsonl",
        "./a.jsonl",
        "../a.jsonl",
        "",
        "file://a.jsonl",
        "FILE://a.jsonl",
        "http://127.0.0.1/a",
        "https://127.0.0.1/a",
        "data:,x",
        "data://,x",
        "zip://a::file:///a",
        "s3://bucket/a::file:///etc/passwd",
        "simplecache::file:///etc/passwd",
        "simplecache://a",
        "reference://a",
        "memory://a",
        "gs://bucket/a",
        "local:///etc/passwd",
    ],
)
def test_what_is_never_opened_unasked(url: str) -> None:
    """Whatever `fsspec` would make of it."""
    with pytest.raises(InputError, match="A BATCH message names the file"):
        BatchSources().open(url, None)


def test_protocols_that_the_settings_name() -> None:
    """By their names; chains stay closed."""
    sources = BatchSources(protocols=["memory"])

    sources.open("memory://a", None)
    with pytest.raises(InputError):
        sources.open("simplecache::memory://a", None)


@pytest.mark.parametrize("form", ["{}", "file://{}", "FILE://{}"])
def test_a_local_file_by_its_path(exports: Path, form: str) -> None:
    """Its name is a name, whatever it looks like."""
    url = form.format(exports / "a::b@c?d")

    with BatchSources(roots=[str(exports)]).open(url, None) as file:
        assert file.read() == b"plain"


@pytest.mark.parametrize("form", ["{}/link", "{}/../secret", "file://{}/../secret", "/etc/passwd"])
def test_local_roots_hold_after_links_and_dots(exports: Path, form: str) -> None:
    """A file outside is not opened, however it is named."""
    for roots in ([str(exports)], [f"file://{exports}"], ["s3://bucket", str(exports)]):
        with pytest.raises(InputError, match="is not in any of batch_roots"):
            BatchSources(roots=roots).open(form.format(exports), None)


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("memory://bucket/exports/a", True),
        ("memory://bucket/exports-2/a", False),
        ("memory://bucket/exports/../a", False),
        ("memory://other/exports/a", False),
        ("memory://bucket/a", False),
    ],
)
@pytest.mark.parametrize("root", ["memory://bucket/exports", "memory://bucket/exports/"])
def test_roots_of_urls(url: str, root: str, *, inside: bool) -> None:
    """A prefix ends where a folder does."""
    sources = BatchSources(protocols=["memory"], roots=[root])
    if inside:
        sources.open(url, None)
    else:
        with pytest.raises(InputError, match="is not in any of batch_roots"):
            sources.open(url, None)


@pytest.mark.parametrize(
    ("url", "printed"),
    [
        ("s3://bucket/key", "s3://bucket/key"),
        ("s3://AKIA:hush@bucket/key", "s3://***@bucket/key"),
        ("https://host/a?X-Amz-Signature=hush#b", "https://host/a"),
        ("/data/a@b?c", "/data/a@b?c"),
        ("file:///data/a?c", "file:///data/a?c"),
        ("/data/\x1b[2J\n", "/data/\\x1b[2J\\n"),
    ],
)
def test_what_is_printed_of_a_url(url: str, printed: str) -> None:
    """No user, no password, no signature, no control character."""
    assert shown(url) == printed
