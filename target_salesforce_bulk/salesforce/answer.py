"""A complete response from Salesforce."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_TEXT = 400


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Status, headers and body of a response."""

    status: int
    #: By name, ignoring case.
    headers: Mapping[str, str] = field(repr=False)
    #: Decompressed; empty if the body went to a file.
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text; Salesforce sends UTF-8, often without declaring it.

        Raises:
            ResponseError: the body is not UTF-8.
        """
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ResponseError(
                f"Salesforce returned HTTP {self.status} with text that is not UTF-8."
            ) from error

    @cached_property
    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ResponseError: the body is something else, such as an error page of a proxy.
        """
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            what = "an HTML page" if self.body.lstrip()[:1] == b"<" else "something else"
            raise ResponseError(
                f"The response with HTTP {self.status} should be JSON but is {what}. Check the URL "
                "and the proxy (HTTPS_PROXY)."
            ) from None

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            ResponseError: the body is something else.
        """
        if not isinstance(self.json, dict):
            raise ResponseError("Salesforce returned JSON that is not an object.")
        return self.json

    @property
    def error(self) -> tuple[str, str]:
        """Code (upper case, no underscores) and message of an error response in any format."""
        try:
            body = self.json
        except ResponseError:
            body = None
        if isinstance(body, list) and body:
            body = body[0]
        if not isinstance(body, dict):
            return "", f"HTTP {self.status} without a message"
        code = printable(body.get("errorCode") or body.get("error") or "")
        message = printable(body.get("message") or body.get("error_description") or "")
        return code.upper().replace("_", ""), message


def printable(value: object) -> str:
    """External text as one short line without control characters or secrets."""
    line = redacted(" ".join(str(value).split()))[:_LONGEST_TEXT]
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
