"""Any body of a response is read or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.salesforce.answer import Answer, printable


def answer(body: bytes, status: int = 200) -> Answer:
    return Answer(status=status, headers={}, body=body)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<html>Sign in</html>", "HTML"),
        (b'{"id": "750', "something else"),
        (b"", "something else"),
        (b"[" * 100_000, "something else"),
        (b'{"a": "\xff"}', "not UTF-8"),
    ],
)
def test_what_is_not_json_is_a_response_error(body: bytes, what: str) -> None:
    """The message says what came instead."""
    with pytest.raises(ResponseError, match=what):
        _ = answer(body).json


def test_an_object_is_not_a_list() -> None:
    """JSON of another type is refused."""
    with pytest.raises(ResponseError, match="not an object"):
        _ = answer(b"[1]").object


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([{"errorCode": "NOT_FOUND", "message": "no\n such"}], ("NOTFOUND", "no such")),
        ({"error": "invalid_grant", "error_description": "old"}, ("INVALIDGRANT", "old")),
        ([], ("", "HTTP 400 without a message")),
        ("text", ("", "HTTP 400 without a message")),
        ({"errorCode": 7, "message": None}, ("7", "")),
    ],
)
def test_an_error_has_a_code_and_a_message(body: Any, expected: tuple[str, str]) -> None:
    """In every format."""
    assert answer(json.dumps(body).encode(), 400).error == expected


def test_an_error_page_is_an_error_without_a_reason() -> None:
    """Proxies send these."""
    assert answer(b"<html>", 502).error == ("", "HTTP 502 without a message")


def test_text_from_outside_is_one_short_line() -> None:
    """Control characters could rewrite a terminal or forge a log line."""
    assert printable("a\nb\x1b[31mc") == "a b\N{REPLACEMENT CHARACTER}[31mc"
    assert len(printable("x" * 1000)) == 400
