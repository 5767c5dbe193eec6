"""Credentials in headers."""

from __future__ import annotations

import base64

import pytest

from target_salesforce_bulk.emulator.http.oauth import bearer_token, with_basic


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("OAuth abc", "abc"),
        ("Basic abc", ""),
        ("abc", ""),
        ("", ""),
    ],
)
def test_the_token_of_a_request(header: str, token: str) -> None:
    """Salesforce accepts both schemes, in any case."""
    assert bearer_token(header) == token


@pytest.mark.parametrize(
    ("header", "form"),
    [
        (f"Basic {base64.b64encode(b'id:se:cret').decode()}", ("id", "se:cret")),
        ("Basic x", ("form", "form")),
        ("Bearer abc", ("form", "form")),
        ("", ("form", "form")),
    ],
)
def test_the_credentials_of_a_client(header: str, form: tuple[str, str]) -> None:
    """Those of HTTP Basic come before those of the form."""
    found = with_basic({"client_id": "form", "client_secret": "form", "x": "y"}, header)

    assert found == {"client_id": form[0], "client_secret": form[1], "x": "y"}
