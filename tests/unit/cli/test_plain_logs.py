"""Log records whose text cannot forge a line."""

from __future__ import annotations

import io
import logging
import sys
from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.cli import plain_logs

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = "a\x1b[2J\nERROR forged\x9b\u202e"


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a logger with a hostile name and any formatter prints, once the records are plain."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    factory = logging.getLogRecordFactory()
    plain_logs.set_up()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("{levelname} {name} {message}", style="{"))
    logger = logging.getLogger(HOSTILE)
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)
    logging.setLogRecordFactory(factory)


@pytest.mark.parametrize("message", [HOSTILE, "%s"])
def test_a_message_is_one_plain_line(output: io.StringIO, message: str) -> None:
    """With its arguments, and the name of its logger."""
    logging.getLogger(HOSTILE).error(message, *([HOSTILE] if message == "%s" else []))

    plain = "a\\x1b[2J\\nERROR forged\\x9b\\u202e"
    assert output.getvalue() == f"ERROR {plain} {plain}\n"


def test_a_traceback_forges_no_line(output: io.StringIO) -> None:
    """Each of its lines is indented and plain, also those of the errors that it follows from."""
    error = KeyError(HOSTILE)
    error.__cause__ = ValueError(HOSTILE)
    logging.getLogger(HOSTILE).error("failed", exc_info=error)

    first, *lines = output.getvalue().removesuffix("\n").split("\n")
    assert first.endswith("failed")
    assert "  ValueError: a\\x1b[2J" in lines
    assert all(line.startswith("  ") and line.isprintable() for line in lines)


def test_what_nobody_caught_forges_no_line(
    output: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python's exception hook prints it."""
    error = ValueError(HOSTILE)
    sys.excepthook(ValueError, error, None)

    assert capsys.readouterr().err.split("\n") == [
        "  ValueError: a\\x1b[2J",
        "  ERROR forged\\x9b\\u202e",
        "",
    ]
