"""Times on the command line."""

from __future__ import annotations

import click
import pytest

from target_salesforce_bulk.cli.times import UTC_TIME


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-24", "2026-11-24T00:00:00.000+00:00"),
        ("2026-11-24T08:30", "2026-11-24T08:30:00.000+00:00"),
        ("2026-11-24T08:30:01.9999+02:00", "2026-11-24T06:30:01.999+00:00"),
        ("2026-11-24T23:30-01:00", "2026-11-25T00:30:00.000+00:00"),
        ("2026-11-24T08:30Z", "2026-11-24T08:30:00.000+00:00"),
    ],
)
def test_a_time(text: str, time: str) -> None:
    """It gets the form of the journal's times, with which it is compared as a text."""
    assert UTC_TIME.convert(text, None, None) == time


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "yesterday\n",
            "'yesterday\\n' is not a time such as 2026-11-24 or 2026-11-24T08:30.",
        ),
        ("0001-01-01T00:00+01:00", "'0001-01-01T00:00+01:00' is out of range."),
        ("9999-12-31T23:59-01:00", "'9999-12-31T23:59-01:00' is out of range."),
    ],
)
def test_what_is_no_time(text: str, problem: str) -> None:
    """An error of the command line, with an example."""
    with pytest.raises(click.BadParameter) as raised:
        UTC_TIME.convert(text, None, None)

    assert raised.value.message == problem
