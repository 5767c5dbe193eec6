"""The log, without secrets and without what other libraries say of requests."""

from __future__ import annotations

import logging
import re

from target_salesforce_bulk.redaction import redacted

#: Loggers of this package, and of the SDK, which names loggers after the target and its streams.
_OWN = ("target_salesforce_bulk", "target-salesforce-bulk", "singer_sdk", "root")
_QUERY = re.compile(r"\?[^\s\"']+")
_USER = re.compile(r"://[^/\s]*@")


class _WithoutSecrets(logging.Formatter):
    """Formats as another formatter does, and hides secrets in all that it makes of a record."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Format a record, its traceback included."""
        text = self._inner.format(record)
        if not _is_own(record):
            text = _USER.sub("://***@", _QUERY.sub("?***", text))
        return redacted(text)


def _is_own(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in _OWN


def _says_no_more_than_we_do(record: logging.LogRecord) -> bool:
    """Whether a record is ours, or a warning.

    HTTP libraries log whole URLs at level DEBUG, and with them the keys that a query asks for; AWS
    libraries log headers. Each request has a line of our own.
    """
    return _is_own(record) or record.levelno >= logging.WARNING


def hide_secrets() -> None:
    """Hide secrets, and values of rows, in what every handler writes that there is now."""
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in root.manager.loggerDict)]
    for handler in {each for logger in loggers for each in logger.handlers}:
        handler.addFilter(_says_no_more_than_we_do)
        handler.setFormatter(_WithoutSecrets(handler.formatter or logging.Formatter()))
