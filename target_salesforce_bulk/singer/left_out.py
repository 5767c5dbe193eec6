"""The sink of a stream that is not loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.singer.sdk import SafeSink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_salesforce_bulk.singer.intake import Intake
    from target_salesforce_bulk.singer.sdk import SafeTarget


class LeftOutSink(SafeSink):
    """Takes the records of a stream and does nothing with them; its bookmark moves on."""

    def __init__(
        self,
        target: SafeTarget,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        # The SDK reads no value of a property that is not declared, so none can be wrong.
        self.schema = {"type": "object", "properties": {}, "additionalProperties": True}
        self._intake: Intake = target.intake
        self._intake.stream_left_out(stream_name, target.aliases.tap_stream(stream_name))

    def get_validator(self) -> None:
        """No validation: nothing is loaded."""
        return

    @property
    def is_full(self) -> bool:
        """Never: it keeps nothing."""
        return False

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Note that a record came: a tap that breaks off here has not come to its end."""
        self._intake.note_rows(self.stream_name)

    def process_batch(self, context: dict[str, Any]) -> None:
        """Nothing to do: there is no batch."""
