"""How request bodies are read."""

from __future__ import annotations

import json
import urllib.parse
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from starlette.requests import Request


async def read_json(request: Request) -> dict[str, Any]:
    """The JSON object in a body.

    Raises:
        RefusalError: the body is not a JSON object.
    """
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise RefusalError("JSON_PARSER_ERROR", "The body is not JSON") from None
    if not isinstance(body, dict):
        raise RefusalError("JSON_PARSER_ERROR", "The body is not an object")
    return body


async def read_form(request: Request) -> dict[str, str]:
    """The form in a body."""
    return dict(urllib.parse.parse_qsl((await request.body()).decode()))
