"""The log, without secrets."""

from __future__ import annotations

import logging

from target_salesforce_bulk.redaction import redacted


class _WithoutSecrets(logging.Formatter):
    """Formats as another formatter does, and hides secrets in all that it makes of a record."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Format a record, its traceback included."""
        return redacted(self._inner.format(record))


def hide_secrets() -> None:
    """Hide secrets in what every handler writes that there is now."""
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in root.manager.loggerDict)]
    for handler in {each for logger in loggers for each in logger.handlers}:
        handler.setFormatter(_WithoutSecrets(handler.formatter or logging.Formatter()))
