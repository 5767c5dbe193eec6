"""Messages reach stdout in their order, whole, and none is kept at the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from singer_sdk.singerlib import RecordMessage, StateMessage

from target_salesforce_bulk.results import message_writer
from target_salesforce_bulk.results.message_writer import BlockWriter

if TYPE_CHECKING:
    import pytest


def test_records_are_written_together(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When there are many, and before the STATE that covers them."""
    monkeypatch.setattr(message_writer, "_MOST_LINES", 2)
    writer = BlockWriter()
    seen = []
    for number in range(3):
        writer.write_message(RecordMessage("s", {"text": f"ü\n{number}"}))
        seen.append(len(capsys.readouterr().out.splitlines()))
    writer.write_message(StateMessage({"bookmarks": {}}))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert seen == [0, 2, 0]
    assert lines == [
        {"type": "RECORD", "stream": "s", "record": {"text": "ü\n2"}},
        {"type": "STATE", "value": {"bookmarks": {}}},
    ]
