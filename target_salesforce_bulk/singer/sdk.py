"""Every place where this target goes behind the SDK's public surface, with the reason for each.

`tests/unit/test_sdk.py` fails when a release of the SDK moves one of them.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import BatchSink
from singer_sdk.target_base import Target

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.settings import Settings
    from target_salesforce_bulk.singer.intake import Intake


class Terminated(BaseException):
    """The process was told to leave.

    Not an Exception, so that nothing on the way out takes it for an error it could handle.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        #: The signal's number.
        self.signum = signum


class SafeTarget(Target):
    """A target that acknowledges nothing before it is done."""

    # The SDK drains all sinks when a record comes more than five minutes after the last full drain,
    # which would cost a Bulk API job every five minutes. Batches have an age limit of their own.
    _MAX_RECORD_AGE_IN_MINUTES = float("inf")

    _terminated = False

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        # The SDK's handler drains inside the signal handler: it acknowledges work that is not done
        # and exits with 0 (https://github.com/meltano/sdk/issues/3775). A second signal, which
        # Meltano forwards beside the terminal's own, must not interrupt the way out.
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
        """Where rows and STATE go."""

    @abstractmethod
    def tap_stream(self, stream: str) -> str:
        """The tap's name of a stream that a stream map may have renamed."""

    @abstractmethod
    def earlier_properties(self, stream: str, properties: Iterable[str]) -> set[str]:
        """The properties that a stream had in earlier schemas; these are remembered as well."""

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        # The SDK keeps only the newest STATE and writes it at the end of the input; ours are
        # written as soon as what came before them is dealt with.
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


class SafeSink(BatchSink):
    """A sink that one bad record does not bring down."""

    def _singer_validate_message(self, record: dict[str, Any]) -> None:
        # The SDK ends the run over a record without a key property; here that is a failed row.
        pass

    def _remove_sdc_metadata_from_record(self, record: dict[str, Any]) -> None:
        # `_sdc_deleted_at` says that a record is gone. What is not in the field map goes nowhere.
        pass
