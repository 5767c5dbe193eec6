"""An error is one line, whatever stands in it."""

from __future__ import annotations

import re

import pytest

from target_salesforce_bulk import errors
from target_salesforce_bulk.errors import SalesforceBulkError, SettingsError
from target_salesforce_bulk.redaction import conceal

HOSTILE = "a\x1b[2J\nERROR forged\u202e"
PLAIN = "a\\x1b[2J\\nERROR forged\\u202e"


def test_an_error_is_one_plain_line() -> None:
    """Names and foreign messages in it cannot break it; a very long one is cut."""
    assert str(SalesforceBulkError(HOSTILE)) == PLAIN
    assert str(SalesforceBulkError("x" * 20_001)) == "x" * 19_999 + "…"


def test_an_error_shows_no_secret() -> None:
    """Also one that became known only after the error was made."""
    error = SalesforceBulkError("sent correct-horse-battery")
    conceal("correct-horse-battery")

    assert str(error) == "sent ***"


def test_each_problem_of_the_settings() -> None:
    """They make one line together, and each is a plain line by itself."""
    error = SettingsError("One.", HOSTILE)

    assert (str(error), error.problems) == (f"One. {PLAIN}", ("One.", PLAIN))


def test_the_tree_is_the_one_that_is_described() -> None:
    """Name by name, each below its parent."""
    described: dict[str, str] = {}
    above: list[str] = []
    for indent, name in re.findall(r"^( *)\* ``(\w+)``", errors.__doc__ or "", re.MULTILINE):
        above[len(indent) // 4 :] = [name]
        described[name] = above[-2] if len(above) > 1 else "Exception"
    classes = [each for each in vars(errors).values() if isinstance(each, type)]

    assert described == {each.__name__: each.__base__.__name__ for each in classes if each.__base__}


@pytest.mark.parametrize(
    ("error", "facts"),
    [
        (errors.MappingError("m", stream="s"), {"stream": "s"}),
        (
            errors.NotFoundError("m", status=404, code="C", detail="d"),
            {"status": 404, "code": "C", "detail": "d"},
        ),
        (errors.JobError("m", job_id="750", permanent=True), {"job_id": "750", "permanent": True}),
    ],
)
def test_the_facts_of_an_error(error: Exception, facts: dict[str, object]) -> None:
    """They are its attributes, beside the message."""
    assert (str(error), vars(error)) == ("m", facts)
