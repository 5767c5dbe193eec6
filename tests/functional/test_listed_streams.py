"""Once streams are listed, only those are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_messages import contact, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

ACCOUNT = schema("Account", {"External_Id__c": {}, "Name": {}})
ROW = record("Account", External_Id__c="A-1", Name="Acme")
MESSAGES = [schema(), contact(1), ACCOUNT, ROW, state(Contact=1, Account=1)]
#: The second stream may have no object, and records that nobody could load.
ODD = [
    schema("nowhere", {"at": {"type": "string", "format": "date-time"}}, "at"),
    record("nowhere", at="yesterday"),
    {
        "type": "BATCH",
        "stream": "nowhere",
        "encoding": {"format": "jsonl", "compression": "none"},
        "manifest": ["/there/is/no/such/file"],
    },
]


def test_a_stream_that_is_not_listed_stops_the_run(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """Although an object has its name; the line names the stream and the setting."""
    result = load([ACCOUNT, ROW, *MESSAGES], streams={"Contact": {}, "account": {}})

    assert (result.code, org.count("Account"), result.states) == (1, 0, [])
    assert result.last_line == (
        "Stream Account (did you mean account?) has no entry in streams, so it is not loaded. "
        "Add an entry with its exact name, deselect it in the tap, or set unlisted_streams to "
        "skip or load."
    )


def test_a_stream_that_is_not_listed_is_skipped(org: Emulator, load: Callable[..., Result]) -> None:
    """Its bookmark moves on with the others, and one line says what was left out."""
    messages = [*ODD, *MESSAGES, *ODD, ROW, state(Contact=2, Account=2, nowhere=2)]
    settings = {"unlisted_streams": "skip", "state_ledger": False}
    result = load(messages, streams={"Contact": {}}, **settings)

    assert (result.code, org.count("Contact"), org.count("Account")) == (0, 1, 0), result.stderr
    assert result.states[-1]["bookmarks"] == {"Contact": 2, "Account": 2, "nowhere": 2}
    said = [line.rpartition(" | ")[2] for line in result.stderr.splitlines() if "Left out" in line]
    assert said == [
        "Left out, because streams has no entry for them and unlisted_streams is skip: nowhere, "
        "Account."
    ]


def test_a_stream_that_is_not_listed_is_loaded(org: Emulator, load: Callable[..., Result]) -> None:
    """Where that is set, where nothing is listed, and where a pattern matches it."""
    settings: list[dict[str, Any]] = [
        {"streams": {"Contact": {}}, "unlisted_streams": "load"},
        {},
        {"streams": {"*": {}}},
    ]
    codes = [load(MESSAGES, **each).code for each in settings]

    assert codes == [0, 0, 0]
    assert (org.count("Contact"), org.count("Account")) == (1, 1)


def test_an_entry_that_matches_no_stream(org: Emulator, load: Callable[..., Result]) -> None:
    """One warning at the end of the input; the run is not wrong."""
    streams = {"Contact": {}, "account": {}, "orders-*": {}}
    result = load(MESSAGES, streams=streams, unlisted_streams="load")

    assert (result.code, org.count("Account")) == (0, 1)
    said = [line.rpartition(" | ")[2] for line in result.stderr.splitlines() if "Entries" in line]
    assert said == [
        "Entries of streams that matched no stream of the input: account (did you mean Account?), "
        "orders-*."
    ]


def test_a_stream_that_a_stream_map_removes(org: Emulator, load: Callable[..., Result]) -> None:
    """It need not be listed, nor have an object; nobody is told about it."""
    maps = {"nowhere": None, "Account": None}
    messages = [*ODD, *MESSAGES, state(Contact=2, Account=2)]
    result = load(messages, streams={"Contact": {}}, stream_maps=maps)

    assert (result.code, org.count("Contact"), org.count("Account")) == (0, 1, 0), result.stderr
    assert "Left out" not in result.stderr


def test_the_test_of_a_connection_needs_no_entry(load: Callable[..., Result]) -> None:
    """`meltano config test` sends a stream of its own."""
    name = "meltano_test_stream"
    result = load([schema(name, {"id": {}}, "id"), record(name, id="1")], streams={"users": {}})

    assert result.code == 0, result.stderr
    assert "Entries" not in result.stderr
