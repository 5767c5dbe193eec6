"""`meltano config test` checks the login, and loads nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.errors import SalesforceBulkError
from target_salesforce_bulk.settings import CONNECTION_TEST_STREAM
from target_salesforce_bulk.target import TargetSalesforceBulk

if TYPE_CHECKING:
    from pathlib import Path


class Client:
    """Counts how often access is checked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.checks = 0
        self._error = error

    def check_access(self) -> None:
        self.checks += 1
        if self._error is not None:
            raise self._error


def make_sink(config: dict[str, Any], client: Client) -> Any:
    target: Any = TargetSalesforceBulk(config=config)
    target.__dict__["client"] = client
    sink_class = target.get_sink_class(CONNECTION_TEST_STREAM)
    return sink_class(target, CONNECTION_TEST_STREAM, {"properties": {}}, [])


def test_access_is_checked_once(settings: dict[str, Any], tmp_path: Path) -> None:
    """Its record goes nowhere, and no state directory is made."""
    client = Client()
    sink = make_sink(settings, client)
    sink.process_record({"id": 1}, {})
    sink.process_batch({})

    assert (client.checks, list(tmp_path.iterdir())) == (1, [])


def test_a_login_that_is_refused(settings: dict[str, Any]) -> None:
    """Its error is that of the test."""
    with pytest.raises(SalesforceBulkError, match="refused"):
        make_sink(settings, Client(SalesforceBulkError("refused")))
