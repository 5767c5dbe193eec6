"""The Singer target: reads messages and passes rows and STATE to a run."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import PluginCapabilities
from singer_sdk.mapper import RemoveRecordTransform, SameRecordTransform

from target_salesforce_bulk.configuration.names import WITHOUT_EFFECT
from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.failed.resend import resend
from target_salesforce_bulk.journal.failed_rows import FailureClass
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.login.connect import connect
from target_salesforce_bulk.preview.dry_load import DryLoad
from target_salesforce_bulk.run import Run
from target_salesforce_bulk.settings import CONNECTION_TEST_STREAM, Settings
from target_salesforce_bulk.singer.aliases import Aliases
from target_salesforce_bulk.singer.batch_sources import BatchSources
from target_salesforce_bulk.singer.connection_test import ConnectionTestSink
from target_salesforce_bulk.singer.key_order import KeyOrder
from target_salesforce_bulk.singer.left_out import LeftOutSink
from target_salesforce_bulk.singer.listing import Listing
from target_salesforce_bulk.singer.reader import MessageReader
from target_salesforce_bulk.singer.sdk import SafeTarget
from target_salesforce_bulk.singer.sink import SalesforceSink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from singer_sdk.sinks import Sink

    from target_salesforce_bulk.reporting.progress.display import Display
    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.singer.intake import Intake, OpenRun


def open_run(settings: Settings, client: Client, progress: Display | None = None) -> OpenRun:
    """Open a run that loads, or only says what it would load.

    Jobs that an earlier run left behind are settled first.

    Args:
        settings: The settings.
        client: The connection to the org.
        progress: Shows how far a run is that loads.

    Raises:
        SalesforceBulkError: the run cannot be opened.
    """
    if settings.dry_run:
        return DryLoad(settings, client)
    run = Run.open(settings, client, progress)
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
    # No JSON schema validation: rows are checked against their Salesforce object.
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
        self._latest_sinks: dict[str, Sink] = {}
        # Sinks only hand over files; the waiting is done by the loader's own threads.
        self.max_parallelism = 1
        if isinstance(self.message_reader, MessageReader):
            self.message_reader.find_sink = self.sink_of_decoded
            self.message_reader.seal_old = self._seal_old
            self.message_reader.leaves_out = self._leaves_out
            self.message_reader.batch_sources = lambda: BatchSources(
                self.settings.batch_protocols or (), self.settings.batch_roots or ()
            )

    def setup_mapper(self) -> None:
        """Prepare stream maps and flattening.

        Raises:
            SettingsError: flattening is enabled without its depth.
        """
        try:
            super().setup_mapper()
        except ConfigValidationError as error:
            raise SettingsError(*error.errors) from error

    @cached_property
    def settings(self) -> Settings:
        """The configuration, typed.

        Raises:
            SettingsError: settings contradict each other.
        """
        return Settings.from_config(self.config)

    @cached_property
    def client(self) -> Client:
        """The connection to the org."""
        return connect(self.settings)

    @cached_property
    def key_order(self) -> KeyOrder:
        """Which streams write the same records."""
        return KeyOrder()

    @cached_property
    def run(self) -> OpenRun:
        """The run, opened on first access."""
        return self._open_run(self.settings, self.client)

    def show_progress(self, progress: Display) -> None:
        """Let a run that is opened from now on show how far it is."""
        self._open_run = partial(open_run, progress=progress)

    @cached_property
    def listing(self) -> Listing:
        """Which streams of the input are loaded."""
        return Listing(self.settings)

    @property
    def intake(self) -> Intake:
        """Takes rows and STATE."""
        return self.run.intake

    @cached_property
    def aliases(self) -> Aliases:
        """The names of streams here and in the tap."""
        return Aliases(self.config.get("stream_maps"))

    def take_over(self, stream: str, sink: Sink) -> None:
        """Seal what an earlier sink of a stream has read: its rows stand before those that come."""
        earlier = self._latest_sinks.get(stream)
        if earlier is not None:
            earlier.process_batch({})
        self._latest_sinks[stream] = sink

    def earlier_properties(self, stream: str, properties: Iterable[str]) -> set[str]:
        """The properties of a stream's earlier schemas; adds the given ones for the next call."""
        earlier = self._properties.setdefault(stream, set())
        before = set(earlier)
        earlier.update(properties)
        return before

    def _seal_old(self) -> float:
        """Seal the batches that are old enough; the seconds until the next may be."""
        ages = [
            sink.seal_old()
            for sink in self._latest_sinks.values()
            if isinstance(sink, SalesforceSink)
        ]
        return min(ages, default=self.settings.max_batch_age_seconds)

    def sink_of_decoded(self, stream: str) -> SalesforceSink | None:
        """The sink that takes decoded records of a stream; None if a stream map changes them."""
        maps = self.mapper.stream_maps.get(stream, [])
        if len(maps) != 1 or type(maps[0]) is not SameRecordTransform or maps[0].flattening_enabled:
            return None
        self._tap_stream = stream
        sink = self.get_sink(stream)
        return sink if isinstance(sink, SalesforceSink) else None

    def get_sink_class(self, stream_name: str) -> type[Sink]:
        """The sink class of a stream."""
        if stream_name == CONNECTION_TEST_STREAM:
            return ConnectionTestSink
        alias = self.aliases.alias(stream_name)
        if self._is_removed(alias) or not self.listing.takes(alias):
            return LeftOutSink
        return super().get_sink_class(stream_name)

    def _is_removed(self, alias: str) -> bool:
        """Whether stream maps leave nothing of a stream."""
        maps = self.mapper.stream_maps.get(self._tap_stream, [])
        mine = [each for each in maps if each.stream_alias == alias]
        return bool(mine) and all(isinstance(each, RemoveRecordTransform) for each in mine)

    def _leaves_out(self, stream: str) -> bool:
        """Whether no record of a stream of the tap is loaded; notes that some came."""
        self._tap_stream = stream
        maps = self.mapper.stream_maps.get(stream, [])
        sinks = [self.get_sink(each.stream_alias) for each in maps]
        if not sinks or not all(isinstance(sink, LeftOutSink) for sink in sinks):
            return False
        for sink in sinks:
            sink.process_record({}, {})
        return True

    def process_endofpipe(self) -> None:
        """Load the remaining rows and report the run.

        Raises:
            SalesforceBulkError: the outcome needs attention.
        """
        with self.intake.input_ends():
            super().process_endofpipe()
        for remark in self.listing.remarks():
            self.logger.warning("%s", remark, extra=log_facts(LogCode.ENTRY_UNUSED))
        self.run.finish()
        self.run.close()

    def stop(self) -> None:
        """Stop without waiting for jobs in progress; the next run settles them."""
        if "run" in self.__dict__:
            try:
                self.run.stop()
            finally:
                self.run.close()
        for sink in self._latest_sinks.values():
            if isinstance(sink, SalesforceSink):
                sink.discard()

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the SDK's own settings, except those without effect here."""
        super().append_builtin_config(config_jsonschema)
        for name in WITHOUT_EFFECT:
            config_jsonschema["properties"].pop(name, None)

    @classmethod
    def settings_schema(cls) -> dict[str, Any]:
        """The JSON schema of each setting by name, the SDK's own included."""
        cls.append_builtin_config(cls.config_jsonschema)
        properties: dict[str, Any] = cls.config_jsonschema["properties"]
        return properties
