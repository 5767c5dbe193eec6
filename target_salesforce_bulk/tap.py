"""The Singer tap of results: what became of each run, job and row, for a warehouse."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from singer_sdk import Tap
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities

from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.results.message_writer import BlockWriter
from target_salesforce_bulk.results.settings import ResultsSettings
from target_salesforce_bulk.results.streams import LoadJobs, LoadRows, LoadRuns
from target_salesforce_bulk.state_directory import JOURNAL, StateDirectory

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.results.streams import ResultStream


class TapSalesforceBulkResults(Tap):
    """Reads the state directory of target-salesforce-bulk, also beside a run."""

    name = "tap-salesforce-bulk-results"
    package_name = "target-salesforce-bulk"
    config_jsonschema = ResultsSettings.json_schema()
    message_writer_class = BlockWriter
    capabilities = [  # noqa: RUF012 - the SDK's own declaration
        TapCapabilities.STATE,
        TapCapabilities.CATALOG,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def discover_streams(self) -> list[ResultStream]:
        """The streams, which are the same for every state directory."""
        return [each(self, self.find_folder) for each in (LoadRuns, LoadJobs, LoadRows)]

    def find_folder(self) -> Path | None:
        """The folder of the org; None where no run has left anything.

        Raises:
            SettingsError: it is not clear which org is meant.
            StateDirectoryError: the folder cannot be used.
        """
        return self._folder

    @cached_property
    def _folder(self) -> Path | None:
        settings = ResultsSettings.from_config(self.config)
        directory = StateDirectory(settings.state_dir, "")
        folder = directory.find(settings.org, to_change=False, option="the setting org")
        if folder is not None and (folder / JOURNAL).exists():
            return folder
        self.logger.warning(
            "No run has left anything in the state directory %s. If the target has loaded rows, "
            "set state_dir to the folder that it uses.",
            directory.path,
            extra=log_facts(LogCode.STATE_DIRECTORY_EMPTY),
        )
        return None
