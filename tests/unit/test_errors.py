"""Errors that one line explains, and the facts that they carry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from target_salesforce_bulk import errors, redaction
from target_salesforce_bulk.errors import (
    JobError,
    MappingError,
    NotFoundError,
    SalesforceBulkError,
    SettingsError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def tree(error: type[BaseException], depth: int = 0) -> Iterator[tuple[int, str]]:
    """The error and the errors below it that this module defines, with their depths."""
    yield depth, error.__name__
    for each in error.__subclasses__():
        if each.__module__ == errors.__name__:
            yield from tree(each, depth + 1)


def test_the_documented_tree_is_the_real_one() -> None:
    """Every error stands where the docstring draws it."""
    drawn = re.findall(r"^( *)\* ``(\w+)``", errors.__doc__ or "", re.MULTILINE)

    assert [(len(blanks) // 4, name) for blanks, name in drawn] == list(tree(SalesforceBulkError))


def test_a_message_stays_on_its_line() -> None:
    """Line breaks, terminal escapes and changes of direction are escaped."""
    assert str(SalesforceBulkError("a\nb\x1b[31m\u202ec")) == "a\\nb\\x1b[31m\\u202ec"


def test_a_message_hides_secrets() -> None:
    """Also in text from outside."""
    redaction.conceal("hush-hush-hush")

    assert "hush" not in str(MappingError("field hush-hush-hush", stream="people"))


def test_a_message_has_an_end() -> None:
    """A table with thousands of wrong columns does not fill the log."""
    assert str(SalesforceBulkError("x" * 30_000)) == "x" * 19_999 + "…"


def test_problems_of_settings_are_kept_apart() -> None:
    """Each is a line of its own, and safe; the message has all of them."""
    error = SettingsError("Set a.", "Set\nb.")

    assert (error.problems, str(error)) == (("Set a.", "Set\\nb."), "Set a. Set\\nb.")


def test_facts_are_attributes() -> None:
    """What handles an error need not read its message."""
    refused = NotFoundError("gone", status=404, code="NOTFOUND", detail="no such job")
    job = JobError("failed", job_id="7501", permanent=True)

    assert (refused.status, refused.code, refused.detail) == (404, "NOTFOUND", "no such job")
    assert (job.job_id, job.permanent) == ("7501", True)
    assert MappingError("no", stream="people").stream == "people"
