"""The port names what other rooms ask of the journal, and the SQLite engine answers all of it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.journal import port
from target_salesforce_bulk.journal.failure_store import FailureStore
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.recognised import RecognisedRows

if TYPE_CHECKING:
    from pathlib import Path


def asked(protocol: type) -> dict[str, Any]:
    """The methods of a port with their signatures."""
    return {
        name: inspect.signature(member)
        for name, member in vars(protocol).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }


@pytest.mark.parametrize(
    ("protocol", "engine"),
    [
        (port.Journal, SqliteJournal),
        (port.FailedRows, FailureStore),
        (port.Recognised, RecognisedRows),
    ],
)
def test_the_engine_has_the_signatures_of_the_port(protocol: type, engine: type) -> None:
    """Each method, with the same parameters and the same types."""
    signatures = asked(protocol)

    assert signatures
    assert {name: inspect.signature(getattr(engine, name)) for name in signatures} == signatures


def test_the_attributes_of_the_port(tmp_path: Path) -> None:
    """A journal has its folder and its two tables of rows."""
    with SqliteJournal(tmp_path) as journal:
        parts = (journal.state_dir, type(journal.failures), type(journal.recognised))

    assert parts == (tmp_path, FailureStore, RecognisedRows)
