"""No secret is written to the log."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.cli.log import hide_secrets
from target_salesforce_bulk.redaction import conceal

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "correct-horse-battery"


class Output(logging.StreamHandler[io.StringIO]):
    """A handler that keeps what it writes."""

    def __init__(self, layout: str | None = None) -> None:
        super().__init__(io.StringIO())
        if layout is not None:
            self.setFormatter(logging.Formatter(layout))

    @property
    def text(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def outputs() -> Iterator[dict[str, Output]]:
    """Handlers of the root and of another logger, with a layout and without one."""
    found = {"": Output("%(levelname)s: %(message)s"), "test.secrets": Output()}
    handlers = [
        handler
        for each in (None, *logging.root.manager.loggerDict)
        for handler in logging.getLogger(each).handlers
    ]
    before = [(handler, handler.formatter) for handler in handlers]
    for name, handler in found.items():
        logging.getLogger(name or None).addHandler(handler)
    yield found
    for name, handler in found.items():
        logging.getLogger(name or None).removeHandler(handler)
    for each, formatter in before:
        each.setFormatter(formatter)


def test_every_handler_hides_secrets(outputs: dict[str, Output]) -> None:
    """In messages and their arguments; each keeps its own layout. What is no secret stays."""
    hide_secrets()
    conceal(SECRET)
    logging.getLogger("test.secrets").error("sent %s to %s", SECRET, "Salesforce")

    assert {name: output.text for name, output in outputs.items()} == {
        "": "ERROR: sent *** to Salesforce\n",
        "test.secrets": "sent *** to Salesforce\n",
    }


def test_an_exception_shows_no_secret(outputs: dict[str, Output]) -> None:
    """Its text is added by the formatter, after the message was made."""
    hide_secrets()
    conceal(SECRET)
    logging.getLogger("test.secrets").error("failed", exc_info=ValueError(SECRET))

    assert [SECRET in output.text for output in outputs.values()] == [False, False]
    assert [output.text.splitlines()[-1] for output in outputs.values()] == ["ValueError: ***"] * 2
