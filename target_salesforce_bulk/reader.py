"""Reads Singer messages, and says which line it could not read."""

from __future__ import annotations

from collections import Counter
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.exceptions import (
    MapExpressionError,
    RecordsWithoutSchemaException,
    StreamMapConfigError,
)
from singer_sdk.io_base import SingerReader
from singer_sdk.singerlib.exceptions import InvalidInputLine
from singer_sdk.singerlib.json import deserialize_json

from target_salesforce_bulk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable


class _NoSchemaError(InputError, RecordsWithoutSchemaException):
    """Also the SDK's own exception, for whoever embeds the target."""


_KNOWN = "RECORD, SCHEMA, STATE, ACTIVATE_VERSION and BATCH"


class MessageReader(SingerReader):
    """The SDK's reader, with errors that name the line and do not repeat what it holds.

    A line may be customer data, so no error message and no log shows it.
    """

    def process_lines(
        self,
        file_input: IO[str] | None,
        callbacks: dict[str, Callable[[dict[str, Any]], None]],
    ) -> Counter[str]:
        """Hand each message to the callback of its type.

        Raises:
            InputError: a line that is not a Singer message, or not one that may come here.
        """
        stats: Counter[str] = Counter()
        for number, line in enumerate(file_input or self.default_input, 1):
            message = self._read(number, line)
            try:
                callback = callbacks[message["type"]]
            except (KeyError, TypeError):
                raise InputError(
                    f"Line {number} of the input is no Singer message: its type is none of "
                    f"{_KNOWN}. The input must be the output of a Singer tap."
                ) from None
            self._hand_over(number, message, callback)
            stats[message["type"]] += 1
        return stats

    @staticmethod
    def _read(number: int, line: str) -> dict[str, Any]:
        try:
            message = deserialize_json(line)  # the reader's own would log the line
        except ValueError:
            cut = "" if line.endswith("\n") else ", cut short"
            raise InputError(
                f"Line {number} of the input is not JSON ({len(line)} characters{cut}). "
                "The input must be the output of a Singer tap; nothing after this line was read."
            ) from None
        if not isinstance(message, dict):
            raise InputError(f"Line {number} of the input is JSON, but no Singer message.")
        return message

    @staticmethod
    def _hand_over(
        number: int, message: dict[str, Any], callback: Callable[[dict[str, Any]], None]
    ) -> None:
        try:
            callback(message)
        except RecordsWithoutSchemaException:
            raise _NoSchemaError(
                f"Line {number} of the input is a {message['type']} of stream "
                f"{message.get('stream')}, but no SCHEMA came before it. The tap must send one."
            ) from None
        except InvalidInputLine:
            raise InputError(
                f"Line {number} of the input is a {message['type']} message without all of its "
                "members. The tap must send them."
            ) from None
        except (MapExpressionError, StreamMapConfigError) as error:
            raise InputError(
                f"Line {number} of the input: the stream map of stream {message.get('stream')} "
                f"cannot be used: {error} Correct stream_maps."
            ) from None
