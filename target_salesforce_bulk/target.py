"""The Singer target, and the command line that it and the other commands share."""

from __future__ import annotations

import logging
import sqlite3
import sys
from contextlib import suppress
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

import click
from singer_sdk.helpers.capabilities import PluginCapabilities
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.plugin_base import SingerCommand

from target_salesforce_bulk.cli.check import check
from target_salesforce_bulk.cli.emulator import emulator
from target_salesforce_bulk.cli.failed import failed
from target_salesforce_bulk.cli.jobs import jobs
from target_salesforce_bulk.errors import SalesforceBulkError
from target_salesforce_bulk.login.connect import connect
from target_salesforce_bulk.run import Run
from target_salesforce_bulk.settings import CONNECTION_TEST_STREAM, Settings
from target_salesforce_bulk.singer.reader import MessageReader
from target_salesforce_bulk.singer.sdk import SafeTarget, Terminated
from target_salesforce_bulk.singer.sink import ConnectionTestSink, SalesforceSink

if TYPE_CHECKING:
    from singer_sdk.sinks import Sink

    from target_salesforce_bulk.salesforce.client import Client

logger = logging.getLogger(__name__)


class SingerGroup(SingerCommand, click.Group):
    """The SDK's command with its handling of configuration errors, as a group of commands."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command: one clear line for what goes wrong."""
        try:
            return super().invoke(context)
        except SalesforceBulkError as error:
            logger.error("%s", error)  # noqa: TRY400 - the sentence is all that is needed
            sys.exit(1)


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

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Sinks only hand over files; the waiting is done by the loader's own threads.
        self.max_parallelism = 1
        if isinstance(self.message_reader, MessageReader):
            self.message_reader.find_sink = self.sink_of_decoded

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
    def run(self) -> Run:
        """The run; opening it brings to an end what an earlier one left behind."""
        return Run(self.settings, self.client)

    def tap_stream(self, stream: str) -> str:
        """The tap's name of a stream that a stream map may have renamed."""
        for name, maps in self.mapper.stream_maps.items():
            if any(each.stream_alias == stream for each in maps):
                return name
        return stream

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

    def state_received(self, state: dict[str, Any]) -> None:
        """Take in a STATE; it is written when everything before it is settled."""
        self.run.state_received(state)

    def process_endofpipe(self) -> None:
        """Send what is left, wait for it, and say what was done.

        Raises:
            SalesforceBulkError: a person must look at the outcome.
        """
        with self.run.input_ends():
            super().process_endofpipe()
        self.run.finish()
        self.close()

    def stop(self) -> None:
        """Leave without waiting for what is under way; the next run goes on from there."""
        if "run" in self.__dict__:
            self.run.stop()
            self.close()

    def close(self) -> None:
        """Give the state directory free."""
        self.run.close()
        del self.__dict__["run"]

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

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        file_input: IO[str] | None = None,
    ) -> None:
        """Run the target as a process: one clear line for what goes wrong, and its exit code."""
        if about:
            cls.print_about(about_format)
            return
        target: TargetSalesforceBulk | None = None
        try:
            target = cls(
                config=config.config if config else None,
                parse_env_config=bool(config and config.parse_env),
            )
            target.run  # noqa: B018 - opened before the first line is read
            target.listen(file_input)
        except Terminated as signal:
            cls._leave(target, f"Stopped by signal {signal.signum}. The next run goes on.")
            sys.exit(128 + signal.signum)
        except SalesforceBulkError as error:
            cls._leave(target, str(error))
            sys.exit(1)
        except BrokenPipeError:
            cls._leave(
                target,
                "Nobody reads stdout any more, so STATE cannot be written. "
                "Nothing is lost: the next run goes on from the last STATE that was read.",
            )
            sys.stdout = None  # not to be flushed at the end
            sys.exit(1)
        except (OSError, sqlite3.Error) as error:
            cls._leave(
                target,
                f"The state directory cannot be written: {error}. Make room, or set "
                "state_dir to another folder. Nothing is lost: the next run goes on.",
            )
            sys.exit(1)
        except BaseException:
            cls._leave(target, None)
            raise

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The command line: the Singer run, and the other commands beside it."""
        singer = super().get_singer_command()

        def run_unless_subcommand(**options: Any) -> None:
            if click.get_current_context().invoked_subcommand is None:
                cls.invoke(**options)

        group = SingerGroup(
            name=singer.name,
            help="Load Singer messages from stdin into Salesforce.",
            params=singer.params,
            context_settings=singer.context_settings,
            callback=run_unless_subcommand,
            invoke_without_command=True,
            logger=cls.logger,
        )
        for command in (check, emulator, failed, jobs):
            group.add_command(command)
        return group

    @classmethod
    def _leave(cls, target: TargetSalesforceBulk | None, why: str | None) -> None:
        if target is not None:
            with suppress(OSError, sqlite3.Error):  # what is wrong may still be wrong
                target.stop()
        if why:
            logger.error("%s", why)
