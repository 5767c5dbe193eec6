"""What keeps a receiver of exports from doing harm, be it down, slow or hostile."""

from __future__ import annotations

import logging
import re
from typing import Any

import requests

from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.plain_text import plain_text

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
    """Warns once that an export fails; what comes after that is logged at level DEBUG.

    As a handler, it does so with what a library logs about its receiver.

    Args:
        name: The name of the export.
    """

    def __init__(self, name: str) -> None:
        super().__init__(logging.WARNING)
        self._name = name
        self._warned = False

    def warn(self, reason: str) -> None:
        """Log why the export fails."""
        level = logging.DEBUG if self._warned else logging.WARNING
        self._warned = True
        logger.log(
            level,
            "%s: %s. The load is not affected.",
            self._name,
            reason,
            extra=log_facts(LogCode.EXPORT_FAILED, export=self._name),
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Log what a library says."""
        self.warn(explain(record.getMessage()))

    def replace_log_of(self, library: str) -> None:
        """Take all that a library logs."""
        top = logging.getLogger(library)
        top.handlers = [self]
        top.propagate = False
