"""The page of the listener; requests to it are tested with the command."""

from __future__ import annotations

from target_salesforce_bulk.login.loopback import page_of


def test_the_page_is_plain() -> None:
    """Text is escaped, and nothing is loaded or run."""
    page = page_of("<script>&").decode()

    assert "<p>&lt;script&gt;&amp;</p>" in page
    assert "<script" not in page
    assert "http" not in page
