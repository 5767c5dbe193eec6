"""What keeps a receiver of exports from doing harm, be it down, slow or hostile."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import requests

from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable

logger = logging.getLogger(__name__)

_QUERY = re.compile(r"\?[^\s\"']+")
_USER = re.compile(r"://[^/\s]*@")


def explain(error: object) -> str:
    """An error of a library in one line, without what an address may hold of secrets."""
    text = str(error) or type(error).__name__
    return plain_text(_USER.sub("://***@", _QUERY.sub("?***", text)).rstrip("."))


class GuardedSession(requests.Session):
    """A session that reads nothing of a response but its head, and follows no redirect."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request.

        Raises:
            requests.TooManyRedirects: the response is a redirect.
        """
        response = super().send(request, **options | {"stream": True})
        response.close()
        if response.is_redirect:
            raise requests.TooManyRedirects(
                "the receiver redirects, which is not followed; set its final address"
            )
        return response

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: `requests` would read the whole response before it follows one."""


class OneWarning(logging.Handler):
    """Turns what a library logs about its receiver into one warning.

    Args:
        name: The name of the export in the warning.
        level: What is worth a warning.
    """

    def __init__(self, name: str, level: int = logging.WARNING) -> None:
        super().__init__(level)
        self._name = name
        self._warned = False

    def emit(self, record: logging.LogRecord) -> None:
        """Log the first record as a warning of our own, and all others at level DEBUG."""
        level = logging.DEBUG if self._warned else logging.WARNING
        self._warned = True
        logger.log(
            level, "%s: %s. The load is not affected.", self._name, explain(record.getMessage())
        )


def warn_once(name: str, loggers: Iterable[str]) -> OneWarning:
    """Let a library's loggers warn once.

    Args:
        name: The name of the export in the warning.
        loggers: The names of its top loggers.
    """
    handler = OneWarning(name)
    for each in loggers:
        library = logging.getLogger(each)
        library.handlers = [handler]
        library.propagate = False
    return handler
