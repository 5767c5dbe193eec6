"""Messages are dispatched in order, and an error names the line without showing it."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import record, schema, state
from singer_sdk.exceptions import RecordsWithoutSchemaException

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.singer.reader import MessageReader

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "Secretname"
KINDS = ("SCHEMA", "RECORD", "STATE", "ACTIVATE_VERSION")


class Calls:
    """The callbacks of the SDK, which record what they get."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def read(self, *lines: Any, **callbacks: Any) -> dict[str, int]:
        text = "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in lines)
        source = io.TextIOWrapper(io.BytesIO(text.encode(errors="surrogateescape")))
        known = dict.fromkeys(KINDS, self.messages.append)
        return dict(MessageReader().process_lines(source, known | callbacks))


def test_messages_keep_their_order() -> None:
    """Each goes to its callback, and each type is counted."""
    calls = Calls()
    messages = [schema(), record(External_Id__c="1"), state(Contact=1), record(External_Id__c="2")]
    counts = calls.read(*messages)

    assert calls.messages == messages
    assert counts == {"SCHEMA": 1, "RECORD": 2, "STATE": 1}


def test_the_records_of_a_batch(tmp_path: Path) -> None:
    """They come as RECORD messages in the place of the BATCH."""
    path = tmp_path / "records.jsonl"
    path.write_text('{"a": 1}\n{"a": 2}')
    calls = Calls()
    batch = {
        "type": "BATCH",
        "stream": "s",
        "encoding": {"format": "jsonl", "compression": "none"},
        "manifest": [str(path)],
    }
    counts = calls.read(schema("s"), batch, state(s=1))

    assert calls.messages == [schema("s"), record("s", a=1), record("s", a=2), state(s=1)]
    assert counts == {"SCHEMA": 1, "BATCH": 1, "STATE": 1}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            f'{{"type": "RECORD", {SECRET}',
            "Line 2 of the input is not JSON (29 bytes). The input must be the output of a Singer "
            "tap; nothing after this line was read.",
        ),
        (f'["{SECRET}"]', "Line 2 of the input is JSON, but not a Singer message."),
        (
            {"type": "NOTHING", "value": SECRET},
            "Line 2 of the input is not a Singer message: its type is not one of RECORD, SCHEMA, "
            "STATE, ACTIVATE_VERSION and BATCH. The input must be the output of a Singer tap.",
        ),
        (
            {"type": ["RECORD"], "value": SECRET},
            "Line 2 of the input is not a Singer message: its type is not one of RECORD, SCHEMA, "
            "STATE, ACTIVATE_VERSION and BATCH. The input must be the output of a Singer tap.",
        ),
        (
            {"type": "BATCH", "stream": SECRET},
            "Line 2 of the input is a BATCH message with missing members. The tap must send all "
            "of them.",
        ),
    ],
)
def test_a_line_that_is_not_a_message(line: Any, sentence: str) -> None:
    """What came before it is dispatched; what it holds is not shown."""
    calls = Calls()

    with pytest.raises(InputError) as raised:
        calls.read(schema(), line, state(Contact=1))

    assert (str(raised.value), calls.messages) == (sentence, [schema()])


def test_a_line_that_is_cut_short() -> None:
    """The last line of a tap that died says so."""
    source = io.TextIOWrapper(io.BytesIO(b'{"type": "STATE", "va'))

    with pytest.raises(InputError, match=r"Line 1 .* is not JSON \(21 bytes, cut short\)"):
        MessageReader().process_lines(source, {})


def test_a_record_before_its_schema() -> None:
    """The SDK's exception becomes a line that names the stream, and stays that exception."""

    def refuse(message: dict[str, Any]) -> None:
        raise RecordsWithoutSchemaException

    with pytest.raises(InputError) as raised:
        Calls().read(record("s", a=SECRET), RECORD=refuse)

    assert isinstance(raised.value, RecordsWithoutSchemaException)
    assert str(raised.value) == (
        "Line 1 of the input is a RECORD of stream s, but no SCHEMA came before it. "
        "The tap must send one."
    )
