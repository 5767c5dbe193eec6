"""Query jobs and cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.emulator.org.queries import Queries
from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator.org.records import Records


@pytest.fixture
def queries(records: Records) -> Queries:
    return Queries(records)


def test_a_query_job(queries: Queries) -> None:
    """Its query is found by its id."""
    job_id = queries.create_job("SELECT Name FROM Team")

    assert queries.find_job(job_id).schema.name == "Team"


def test_a_query_job_that_does_not_exist(queries: Queries) -> None:
    """It is not found."""
    with pytest.raises(RefusalError) as caught:
        queries.find_job("7505g0000000001AAA")

    assert caught.value.code == "NOT_FOUND"


def test_cursors(queries: Queries) -> None:
    """Each leads to its own query and row."""
    pages = [("SELECT Id FROM Team", 2000), ("SELECT Id FROM User", 2000)]
    cursors = [queries.open_cursor(*page) for page in pages]

    assert [queries.find_cursor(cursor) for cursor in cursors] == pages


def test_a_cursor_that_does_not_exist(queries: Queries) -> None:
    """It is refused with its own code."""
    with pytest.raises(RefusalError) as caught:
        queries.find_cursor("x")

    assert caught.value.code == "INVALID_QUERY_LOCATOR"
