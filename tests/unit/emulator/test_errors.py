"""Error answers."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from target_salesforce_bulk.emulator.http.errors import (
    error_answer,
    oauth_error_answer,
    on_http_exception,
)
from target_salesforce_bulk.emulator.org.refusal import OAuthError, RefusalError

if TYPE_CHECKING:
    from starlette.responses import Response


def read(response: Response) -> tuple[int, Any]:
    return response.status_code, json.loads(bytes(response.body))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("INVALIDJOB", 400),
        ("INVALID_SESSION_ID", 401),
        ("REQUEST_LIMIT_EXCEEDED", 403),
        ("NOT_FOUND", 404),
        ("UNSUPPORTED_MEDIA_TYPE", 415),
    ],
)
def test_a_refusal(code: str, status: int) -> None:
    """An array with one object; the code decides the status."""
    assert read(error_answer(RefusalError(code, "Why"))) == (
        status,
        [{"message": "Why", "errorCode": code}],
    )


def test_a_refused_token_request() -> None:
    """One object, as OAuth has it."""
    assert read(oauth_error_answer(OAuthError("invalid_grant", "Why"))) == (
        400,
        {"error": "invalid_grant", "error_description": "Why"},
    )


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (404, "NOT_FOUND", "The requested resource does not exist"),
        (405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed"),
    ],
)
def test_a_path_or_method_that_does_not_exist(status: int, code: str, message: str) -> None:
    """The same form."""
    answer = on_http_exception(Request({"type": "http"}), HTTPException(status))

    assert read(asyncio.run(answer)) == (status, [{"message": message, "errorCode": code}])
