"""Every use of the SDK's internals, with the reason for each.

`tests/unit/singer/test_sdk.py` fails when an SDK release changes one of them.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from singer_sdk.metrics import Metric, Timer
from singer_sdk.plugin_base import JSONSchemaValidator
from singer_sdk.sinks import BatchSink, Sink
from singer_sdk.target_base import Target

from target_salesforce_bulk.configuration.meltano import whole_streams
from target_salesforce_bulk.configuration.validation import conceal_secrets, problems
from target_salesforce_bulk.errors import SettingsError, Terminated

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Sequence
    from types import FrameType

    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.settings import Settings
    from target_salesforce_bulk.singer.aliases import Aliases
    from target_salesforce_bulk.singer.intake import Intake
    from target_salesforce_bulk.singer.key_order import KeyOrder


#: Lines of the SDK; whoever raises the error of a sink says what is wrong.
_NO_NEWS = ("Skipping parse of env var settings", "Error initializing target sink")


def _has_news(record: logging.LogRecord) -> bool:
    """Whether a line of the SDK tells what the log does not say anyway."""
    return not str(record.msg).startswith(_NO_NEWS)


class SafeTarget(Target):
    """A target that acknowledges nothing before it is loaded."""

    # The SDK drains all sinks when a record comes more than five minutes after the last full drain,
    # which would cost a Bulk API job every five minutes. Batches have an age limit of their own.
    _MAX_RECORD_AGE_IN_MINUTES = float("inf")

    _terminated = False

    def __init__(self, **kwargs: Any) -> None:
        self._replication_keys: dict[str, str] = {}
        #: The tap's stream of the message that is being processed.
        self._tap_stream = ""
        self.logger.addFilter(_has_news)
        super().__init__(**kwargs)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        # The SDK's sentences repeat values, and secrets with them; it lets unknown settings pass.
        # Its validator also fills in the defaults.
        self.append_builtin_config(self.config_jsonschema)
        properties = self.config_jsonschema["properties"]
        conceal_secrets(self._config, properties)
        if "streams" in self._config:
            of_stream = properties["streams"]["additionalProperties"]["properties"]
            self._config["streams"] = whole_streams(self._config["streams"], of_stream)
        validator = JSONSchemaValidator(self.config_jsonschema)
        given = dict(self._config)
        found = problems(given, properties, validator.iter_errors(self._config))
        if found and raise_errors:
            raise SettingsError(*found)
        return found

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        # The SDK's handler drains inside the signal handler: it acknowledges work that is not done
        # and exits with 0 (https://github.com/meltano/sdk/issues/3775). A second signal must not
        # break the cleanup: Meltano forwards one that the terminal also sends.
        if not self._terminated:
            self._terminated = True
            raise Terminated(signum)

    @property
    @abstractmethod
    def settings(self) -> Settings:
        """The configuration, typed."""

    @property
    @abstractmethod
    def client(self) -> Client:
        """The connection to the org."""

    @property
    @abstractmethod
    def intake(self) -> Intake:
        """Takes rows and STATE."""

    @property
    @abstractmethod
    def aliases(self) -> Aliases:
        """The names of streams here and in the tap."""

    def _assert_sink_exists(self, stream_name: str) -> None:
        super()._assert_sink_exists(self.aliases.name(stream_name, self._tap_stream))

    def get_sink(
        self,
        stream_name: str,
        *,
        record: dict[str, Any] | None = None,
        schema: dict[str, Any] | None = None,
        key_properties: Sequence[str] | None = None,
    ) -> Sink:
        """The sink of a stream of the tap, whose message is being processed."""
        name = self.aliases.name(stream_name, self._tap_stream or stream_name)
        return super().get_sink(name, record=record, schema=schema, key_properties=key_properties)

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        self._tap_stream = str(message_dict.get("stream"))
        super()._process_record_message(message_dict)

    @property
    @abstractmethod
    def key_order(self) -> KeyOrder:
        """Which streams write the same records."""

    @abstractmethod
    def take_over(self, stream: str, sink: Sink) -> None:
        """Seal what an earlier sink of a stream has read: its rows stand before those that come."""

    def replication_key(self, stream: str) -> str | None:
        """The property by which the tap goes on, as the newest SCHEMA of a stream declares it."""
        return self._replication_keys.get(self.aliases.tap_stream(stream))

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        # The SDK does not tell sinks of `bookmark_properties`.
        stream, keys = message_dict.get("stream"), message_dict.get("bookmark_properties")
        if isinstance(keys, list) and len(keys) == 1 and isinstance(keys[0], str):
            self._replication_keys[str(stream)] = keys[0]
        self._tap_stream = str(stream)
        self.intake.note_schema()
        super()._process_schema_message(message_dict)

    @abstractmethod
    def earlier_properties(self, stream: str, properties: Iterable[str]) -> set[str]:
        """The properties of a stream's earlier schemas; adds the given ones for the next call."""

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        # The SDK keeps only the newest STATE and writes it at the end of the input; ours are
        # written as soon as every row before them has an outcome.
        self._assert_line_requires(message_dict, requires={"value"})
        self.intake.state_received(message_dict["value"])

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        # The SDK takes for granted that the stream is there.
        stream = message_dict["stream"]
        if stream not in self.mapper.stream_maps:
            self._assert_sink_exists(stream)
        for each in self.mapper.stream_maps[stream]:
            if self.sink_exists(each.stream_alias):
                self.get_sink(each.stream_alias).activate_version(message_dict["version"])

    def _write_state_message(self, state: dict[str, Any]) -> None:
        # Never called, as `_process_state_message` leaves the SDK without a STATE to write. Should
        # a release of the SDK write one all the same, it must not pass.
        raise AssertionError("STATE may be written by the checkpoint only.")


class _UnloggedTimer(Timer):
    """Measures and says nothing."""

    def __exit__(self, *_: object) -> None:
        """Log nothing."""


class SafeSink(BatchSink):
    """A sink that survives bad records."""

    def get_batch_processing_timer(self) -> Timer:
        """A timer without a line in the log.

        The SDK would log how long it takes to seal what is left at the end of the input. A batch is
        processed when its rows have an outcome, which is when its time is logged.
        """
        return _UnloggedTimer(Metric.BATCH_PROCESSING_TIME)

    def _singer_validate_message(self, record: dict[str, Any]) -> None:
        # The SDK ends the run over a record without a key property; here that is a failed row.
        pass

    def _remove_sdc_metadata_from_record(self, record: dict[str, Any]) -> None:
        # `_sdc_deleted_at` marks a deleted record. Properties outside the field map are not loaded.
        pass
