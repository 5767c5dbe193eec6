"""The log, as the SDK sets it up, without secrets and what other libraries say of requests."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from typing import TYPE_CHECKING

from target_salesforce_bulk.cli.options import target_class
from target_salesforce_bulk.cli.singer_options import NAME
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.printing import log_lines
from target_salesforce_bulk.redaction import redacted

if TYPE_CHECKING:
    from types import TracebackType

logger = logging.getLogger(NAME)

#: Loggers of this package, and of the SDK, which names loggers after the target and its streams.
_OWN = ("target_salesforce_bulk", "target-salesforce-bulk", "singer_sdk", "root")
#: What the SDK logs a metric with.
_METRIC = "METRIC: %s"
_LEVELS = "DEBUG, INFO, WARNING, ERROR and CRITICAL"
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
        if record.msg == _METRIC:
            text = with_tags(text)
        if not _is_own(record):
            text = _USER.sub("://***@", _QUERY.sub("?***", text))
        return redacted(text)


def with_tags(text: str) -> str:
    """A metric as one line of JSON, with its stream and its other tags in its message.

    The SDK's structured log has nothing but METRIC there, and Meltano shows nothing but the message
    and the number.
    """
    try:
        line = json.loads(text)
        tags = line["metric_info"]["tags"]
    except (ValueError, TypeError, KeyError):
        return text
    shown = [f"{name}={value}" for name, value in tags.items() if name != "pid"]
    line["message"] = plain_text(" ".join(["METRIC", *shown]))
    return json.dumps(line, separators=(",", ":"))


def _is_own(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in _OWN


def _says_no_more_than_we_do(record: logging.LogRecord) -> bool:
    """Whether a record is ours, or a warning.

    HTTP libraries log whole URLs at level DEBUG, and with them the keys that a query asks for; AWS
    libraries log headers. Each request has a line of our own.
    """
    return _is_own(record) or record.levelno >= logging.WARNING


def set_up() -> None:
    """Log to stderr without secrets: also warnings, and errors that nobody caught."""
    if "SINGER_SDK_LOG_CONFIG" in os.environ:
        _ = target_class().cli  # the file may name any class, most of all those of the SDK
        log_lines(instead_of_stderr=True)
    else:
        _log_to_stderr()
    hide_secrets()
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_of_thread


def _log_to_stderr() -> None:
    """Do what the SDK does, which takes long to import."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        logging.Formatter("{asctime:23s} | {levelname:8s} | {name:30s} | {message}", style="{")
    )
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    _set_level(root)


def _set_level(root: logging.Logger) -> None:
    for variable in (f"{NAME.upper().replace('-', '_')}_LOGLEVEL", "LOGLEVEL"):
        if value := os.environ.get(variable):
            if (level := value.upper()) in logging.getLevelNamesMapping():
                root.setLevel(level)
            else:
                logger.warning(
                    "%s is %r, but expects one of %s.",
                    variable,
                    value,
                    _LEVELS,
                    extra=log_facts(LogCode.LOG_LEVEL_UNKNOWN, variable=variable),
                )
            return


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    what = error.args[0] if error.args else kind.__name__
    logger.error(
        "%s",
        what,
        exc_info=(kind, error, trace),
        extra=log_facts(LogCode.PROGRAM_FAILED, error=kind.__name__),
    )


def _log_uncaught_of_thread(arguments: threading.ExceptHookArgs) -> None:
    error = arguments.exc_value
    if error is not None:
        _log_uncaught(arguments.exc_type, error, arguments.exc_traceback)


def hide_secrets() -> None:
    """Hide secrets, and values of rows, in what every handler writes that there is now."""
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in root.manager.loggerDict)]
    for handler in {each for logger in loggers for each in logger.handlers}:
        handler.addFilter(_says_no_more_than_we_do)
        handler.setFormatter(_WithoutSecrets(handler.formatter or logging.Formatter()))
