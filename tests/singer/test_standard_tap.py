"""The SDK's standard tests of taps, over a state directory with every kind of row."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from sample_batches import org_folder
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from stored_results import failed, load, loaded, saved

from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.tap import TapSalesforceBulkResults

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE = TemporaryDirectory()

Standard = get_tap_test_class(
    TapSalesforceBulkResults,
    config={"state_dir": str(Path(STATE.name) / "state")},
    suite_config=SuiteConfig(),
)


class TestStandardTap(Standard):  # type: ignore[misc, valid-type]
    """None of its tests is left out."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _results(cls) -> Iterator[None]:
        """Of a row that was loaded, and of one that was not."""
        with STATE, SqliteJournal(org_folder(Path(STATE.name) / "state")) as journal:
            journal.start_run("r1")
            load(journal, loaded("A-1"), saved=saved(("003A", "true", "A-1", "1", "Dr")))
            load(journal, failed("B-1"))
            yield
