"""Writes STATE to stdout, one line each; nothing else is written there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.json import serialize_json

from target_salesforce_bulk.errors import OutputError

if TYPE_CHECKING:
    from target_salesforce_bulk.singer.ledger import Ledger


class StateOutput:
    """Writes STATE with the ledger of failed rows; called under the checkpoint's lock."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def write(self, state: Any, number: int | None = None) -> None:
        """Write a STATE, with its number where it is given one.

        Raises:
            OutputError: stdout cannot be written.
        """
        line = serialize_json(self._ledger.put_in(state, number)) + "\n"
        try:
            sys.stdout.write(line)  # one write, so that no reader sees half a line
            sys.stdout.flush()
        except BrokenPipeError as error:
            sys.stdout = None  # Python would flush it at exit
            raise OutputError(
                "The reader of stdout has closed the pipe, so STATE cannot be written. "
                "Nothing is lost: the next run continues from the last STATE that was read."
            ) from error
        except OSError as error:
            raise OutputError(
                f"STATE cannot be written to stdout: {error.strerror or error}. "
                "Nothing is lost: the next run continues from the last STATE that was read."
            ) from error
