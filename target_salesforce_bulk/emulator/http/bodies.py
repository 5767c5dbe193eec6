"""How request bodies are read: of the declared type only, and only up to a size."""

from __future__ import annotations

import json
import urllib.parse
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

#: The longest body that is read into memory, in bytes.
_MOST_BYTES = 10_000_000


async def chunks_of(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body of a request, as it comes.

    Args:
        request: The request.
        most: Bytes that the body may have.

    Raises:
        RefusalError: it has more; nothing is read if its header says so.
    """
    if int(request.headers.get("content-length", 0)) > most:
        raise too_large(most)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise too_large(most)
        yield chunk


def too_large(most: int) -> RefusalError:
    """The refusal of a body of more than that many bytes."""
    # How a real org words it is not documented.
    return RefusalError(
        "EXCEEDED_MAX_SIZE_REQUEST", f"Maximum size of request exceeded {most} bytes"
    )


def check_type(request: Request, wanted: str) -> None:
    """Raise RefusalError unless a request declares this content type, with any parameters."""
    found = _media_type(request)
    if found != wanted:
        # The status is documented, the wording is not.
        raise RefusalError(
            "UNSUPPORTED_MEDIA_TYPE", f"Content-Type must be {wanted}, not {found or 'missing'}"
        )


async def read_json(request: Request) -> Any:
    """The JSON in a body.

    Raises:
        RefusalError: the body is not JSON, not declared as JSON, or too large.
    """
    check_type(request, "application/json")
    try:
        return json.loads(await _read(request))
    except (ValueError, RecursionError):
        raise RefusalError("JSON_PARSER_ERROR", "The body is not JSON") from None


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object in a body.

    Raises:
        RefusalError: the body is not a JSON object, not declared as JSON, or too large.
    """
    body = await read_json(request)
    if not isinstance(body, dict):
        raise RefusalError("JSON_PARSER_ERROR", "The body is not an object")
    return body


async def read_form(request: Request) -> dict[str, str]:
    """The form in a body; empty if the body is not declared as one, as in a real org.

    Raises:
        RefusalError: the body is too large.
    """
    if _media_type(request) != "application/x-www-form-urlencoded":
        return {}
    return dict(urllib.parse.parse_qsl((await _read(request)).decode(errors="replace")))


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _read(request: Request) -> bytes:
    return b"".join([chunk async for chunk in chunks_of(request, _MOST_BYTES)])
