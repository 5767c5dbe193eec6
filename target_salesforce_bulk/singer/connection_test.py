"""The sink of `meltano config test`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import Sink

from target_salesforce_bulk.log_codes import LogCode, log_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_salesforce_bulk.singer.sdk import SafeTarget


class ConnectionTestSink(Sink):
    """Takes what `meltano config test` sends, checks the login, and loads nothing."""

    max_size = 1

    def __init__(
        self,
        target: SafeTarget,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        target.client.check_access()
        self.logger.info("Connected to Salesforce", extra=log_facts(LogCode.CONNECTION_TESTED))

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Ignore the record."""

    def process_batch(self, context: dict[str, Any]) -> None:
        """Ignore the batch."""
