"""The Singer target: reads messages, and passes rows and STATE to a run."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.helpers.capabilities import PluginCapabilities
from singer_sdk.mapper import SameRecordTransform

from target_salesforce_bulk.failed.resend import resend
from target_salesforce_bulk.journal.failed_rows import FailureClass
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.login.connect import connect
from target_salesforce_bulk.run import Run
from target_salesforce_bulk.settings import CONNECTION_TEST_STREAM, Settings
from target_salesforce_bulk.singer.batch_sources import BatchSources
from target_salesforce_bulk.singer.reader import MessageReader
from target_salesforce_bulk.singer.sdk import SafeTarget
from target_salesforce_bulk.singer.sink import ConnectionTestSink, SalesforceSink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from singer_sdk.sinks import Sink

    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.singer.intake import Intake, OpenRun


def open_run(settings: Settings, client: Client) -> Run:
    """A run that loads; what an earlier one left behind is brought to an end first.

    Raises:
        SalesforceBulkError: it cannot be opened.
    """
    run = Run.open(settings, client)
    if settings.retry_failed_on_start:
        resend(run, Selection(failure_class=FailureClass.TRANSIENT), settings.max_job_bytes)
    return run


class TargetSalesforceBulk(SafeTarget):
    """Loads Singer streams into Salesforce through Bulk API 2.0."""

    name = "target-salesforce-bulk"
    package_name = "target-salesforce-bulk"
    config_jsonschema = Settings.json_schema()
    default_sink_class = SalesforceSink
    message_reader_class = MessageReader
    # No JSON schema validation: rows are checked against the object that they go to.
    capabilities = [  # noqa: RUF012 - the SDK's own declaration
        PluginCapabilities.ABOUT,
        PluginCapabilities.BATCH,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(
        self, *, open_run: Callable[[Settings, Client], OpenRun] = open_run, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._open_run = open_run
        self._properties: dict[str, set[str]] = {}
        # Sinks only hand over files; the waiting is done by the loader's own threads.
        self.max_parallelism = 1
        if isinstance(self.message_reader, MessageReader):
            self.message_reader.find_sink = self.sink_of_decoded
            self.message_reader.batch_sources = lambda: BatchSources(
                self.settings.batch_protocols or (), self.settings.batch_roots or ()
            )

    @cached_property
    def settings(self) -> Settings:
        """The configuration, typed.

        Raises:
            SettingsError: settings that contradict each other.
        """
        return Settings.from_config(self.config)

    @cached_property
    def client(self) -> Client:
        """The connection to the org."""
        return connect(self.settings)

    @cached_property
    def run(self) -> OpenRun:
        """The run, opened when it is first asked for."""
        return self._open_run(self.settings, self.client)

    @property
    def intake(self) -> Intake:
        """Where rows and STATE go."""
        return self.run.intake

    def tap_stream(self, stream: str) -> str:
        """The tap's name of a stream that a stream map may have renamed."""
        for name, maps in self.mapper.stream_maps.items():
            if any(each.stream_alias == stream for each in maps):
                return name
        return stream

    def earlier_properties(self, stream: str, properties: Iterable[str]) -> set[str]:
        """The properties that a stream had in earlier schemas; these are remembered as well."""
        earlier = self._properties.setdefault(stream, set())
        before = set(earlier)
        earlier.update(properties)
        return before

    def sink_of_decoded(self, stream: str) -> SalesforceSink | None:
        """The sink that takes the records of a stream decoded: none where a map changes them."""
        maps = self.mapper.stream_maps.get(stream, [])
        if len(maps) != 1 or type(maps[0]) is not SameRecordTransform or maps[0].flattening_enabled:
            return None
        sink = self.get_sink(stream)
        return sink if isinstance(sink, SalesforceSink) else None

    def get_sink_class(self, stream_name: str) -> type[Sink]:
        """The sink of a stream."""
        if stream_name == CONNECTION_TEST_STREAM:
            return ConnectionTestSink
        return super().get_sink_class(stream_name)

    def process_endofpipe(self) -> None:
        """Send what is left, wait for it, and say what was done.

        Raises:
            SalesforceBulkError: a person must look at the outcome.
        """
        with self.intake.input_ends():
            super().process_endofpipe()
        self.run.finish()
        self.run.close()

    def stop(self) -> None:
        """Leave without waiting for what is under way; the next run goes on from there."""
        if "run" in self.__dict__:
            try:
                self.run.stop()
            finally:
                self.run.close()

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the SDK's own settings, without those that mean nothing here."""
        super().append_builtin_config(config_jsonschema)
        for name in ("load_method", "add_record_metadata", "batch_config"):
            config_jsonschema["properties"].pop(name, None)

    @classmethod
    def cb_config(cls, context: click.Context, parameter: click.Option, value: Any) -> Any:
        """Read the configuration that `--config` names.

        Raises:
            BadParameter: the file is not there, or is not JSON.
        """
        try:
            return super().cb_config(context, parameter, value)
        except (OSError, ValueError) as error:
            raise click.BadParameter(f"{error}", context, parameter) from None
