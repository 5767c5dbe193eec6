"""What is wrong is said in one line with what to do; nothing is lost by it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import contact, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator


def assert_one_clear_line(result: Result, *parts: str) -> None:
    """Exit code 1, the reason last, no traceback, no STATE that nobody is entitled to."""
    assert result.code == 1, result.stderr
    assert result.states == []
    assert "Traceback" not in result.stderr
    assert all(part in result.last_line for part in parts), result.last_line


def nested(depth: int) -> str:
    """An object with so many objects within each other."""
    return '{"a":' * depth + "{}" + "}" * depth


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ('{"type": "RECORD", "stream": "Conta', ("Line 2 ", "not JSON", "output of a Singer tap")),
        ("[1, 2]", ("Line 2 ", "not a Singer message")),
        ('{"type": "ROW"}', ("Line 2 ", "its type is not one of RECORD, SCHEMA, STATE")),
        ('{"type": "RECORD", "record": {}}', ("Line 2 ", "with missing members")),
        ('{"type": "RECORD", "stream": "Contact", "record": null}', ("record is not an object",)),
        ('{"type": "RECORD", "stream": "Contact", "record": [1]}', ("record is not an object",)),
        ('{"type": "RECORD", "stream": "Contact", "record": "x"}', ("record is not an object",)),
        ('{"type": "RECORD", "stream": ["Contact"], "record": {}}', ("stream is not text",)),
        ('{"type": ["RECORD"]}', ("its type is not one of RECORD",)),
        ('{"type": "SCHEMA", "stream": "Contact", "schema": null}', ("schema is not the schema",)),
        ('{"type": "SCHEMA", "stream": "Contact", "schema": {}}', ("schema is not the schema",)),
        (
            '{"type": "SCHEMA", "stream": "Contact", "schema": {"properties": {"a": 5}}}',
            ("schema is not the schema",),
        ),
        (
            '{"type": "SCHEMA", "stream": "Contact", "schema": {"properties": {}}, '
            '"key_properties": "id"}',
            ("key_properties is not a list of names",),
        ),
        (
            '{"type": "ACTIVATE_VERSION", "stream": "other", "version": 1}',
            ("stream other", "no SCHEMA came before it"),
        ),
        ('{"type": "ACTIVATE_VERSION", "stream": "Contact"}', ("with missing members",)),
        (
            f'{{"type": "RECORD", "stream": "Contact", "record": {nested(2000)}}}',
            ("nested too deeply",),
        ),
        (
            f'{{"type": "SCHEMA", "stream": "Contact", "schema": {{"properties": {nested(600)}}}}}',
            ("nested too deeply",),
        ),
        (
            '{"type": "RECORD", "stream": "o\\u001b[2J\\nther", "record": {}}',
            ("stream o\\x1b[2J\\nther",),
        ),
        (
            '{"type": "RECORD", "stream": "other", "record": {}}',
            ("Line 2 ", "stream other", "no SCHEMA came before it"),
        ),
    ],
)
def test_a_line_that_cannot_be_read(
    org: Emulator, load: Callable[..., Result], line: str, parts: tuple[str, ...]
) -> None:
    """The line is named by its number; what it holds is not repeated."""
    result = load([schema(), line, contact(1), state(Contact=1)])

    assert_one_clear_line(result, "Line 2 ", *parts)
    assert org.count("Contact") == 0


def test_rows_before_a_broken_line_come_again(org: Emulator, load: Callable[..., Result]) -> None:
    """Nothing is lost by it: the next run loads what this one did not."""
    rows = [contact(n) for n in range(100)]
    broken = load([schema(), *rows, "{"], batch_size_rows=30)
    whole = load([schema(), *rows, state(Contact=1)], batch_size_rows=30)

    assert (broken.code, whole.code, org.count("Contact")) == (1, 0, 100)


def test_an_object_that_is_not_there(load: Callable[..., Result]) -> None:
    """By the stream's own name, and by the settings."""
    by_name = load([schema("customers"), record("customers", External_Id__c="1")])
    by_setting = load([schema("customers")], streams={"customers": {"object": "Kontakt"}})

    assert_one_clear_line(by_name, "customers", "streams.customers.object")
    assert_one_clear_line(by_setting, "no object Kontakt", "spelling")


def test_all_bad_columns_are_named_at_once(load: Callable[..., Result]) -> None:
    """One wrong column would fail the whole job, so it fails before the first record."""
    mapping = {"FirstName": "Fist_Name", "Email": "Account.Nope", "gone": "Title"}
    result = load([schema()], streams={"Contact": {"field_mapping": mapping}})

    assert_one_clear_line(
        result,
        "no field Fist_Name",
        "did you mean FirstName?",
        "Account.Nope cannot identify a parent",
        "gone is not a property of the stream",
        "streams.Contact.field_mapping",
    )


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"client_secret": "wrong"}, ("invalid client credentials", "Compare client_id and")),
        ({"client_id": "wrong"}, ("client identifier invalid", "Consumer Key")),
        ({"client_id": None}, ("client_credentials needs client_id",)),
        ({"login_url": "http://127.0.0.1:1"}, ("No response from http://127.0.0.1:1", "network")),
        ({"api_version": "99.0"}, ("99.0", "does not exist")),
        ({"poll_interval_seconds": "soon"}, ("poll_interval_seconds must be a finite number",)),
        ({"poll_interval_seconds": 9}, ("poll_max_interval_seconds (0.1) is less than",)),
        (
            {"auth_method": "refresh_token"},
            ("No refresh token is set", "target-salesforce-bulk login"),
        ),
    ],
)
def test_settings_that_do_not_work(
    load: Callable[..., Result], settings: dict[str, Any], parts: tuple[str, ...]
) -> None:
    """The setting is named, and what to set instead."""
    patience = {"request_attempts": 2, "request_max_seconds": 1}
    result = load([schema(), contact(1)], **patience | settings)

    assert_one_clear_line(result, *parts)


def test_a_setting_of_the_wrong_type(load: Callable[..., Result]) -> None:
    """The setting is named, and what it takes; the target does not start."""
    result = load([schema()], streams={"Contact": {"operation": "replace"}})

    assert_one_clear_line(
        result, "streams.Contact.operation must be one of insert, update, upsert, delete"
    )


def test_a_state_directory_that_cannot_be_made(load: Callable[..., Result], tmp_path: Path) -> None:
    """It is named, with what to do; nothing is sent."""
    (tmp_path / "file").write_text("")
    result = load([schema(), contact(1)], state_dir=str(tmp_path / "file" / "state"))

    assert_one_clear_line(result, "state directory", "file/state", "set state_dir")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_directory_that_cannot_be_written(
    load: Callable[..., Result], tmp_path: Path
) -> None:
    """As above, for one that is there."""
    (tmp_path / "locked").mkdir(mode=0o500)
    result = load([schema(), contact(1)], state_dir=str(tmp_path / "locked"))

    assert_one_clear_line(result, "state directory", "locked", "set state_dir")


def test_a_second_run_on_one_state_directory(
    load: Callable[..., Result], start: Callable[..., Any], org: Emulator
) -> None:
    """The process that uses it is named."""
    first = start()
    first.stdin.write(json.dumps(schema()) + "\n")
    first.stdin.flush()
    while not org.calls("GET", "*/describe"):
        pass
    second = load([schema(), contact(1)])
    first.stdin.close()

    assert_one_clear_line(second, f"in use by process {first.pid}", "set a different state_dir")
    assert first.wait(30) == 0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ("file:///nowhere.gz cannot be read", "No such file", "Run the tap again")),
        ({"manifest": ["nowhere://a"]}, ("nowhere://a", "only files by file, s3", "add nowhere")),
        ({"manifest": ["https://a/b"]}, ("https://a/b", "only files by file, s3")),
        ({"manifest": ["zip://a::file:///b"]}, ("neither an absolute path nor a plain URL",)),
        ({"manifest": ["good.jsonl"]}, ("good.jsonl", "neither an absolute path nor a plain URL")),
        ({"manifest": ["file://good.jsonl"]}, ("good.jsonl", "path is not absolute")),
        ({"manifest": ["/"]}, ("it is not a regular file",)),
        ({"manifest": ["/dev/zero"]}, ("it is not a regular file",)),
        ({"manifest": "/a"}, ("Line 2 ", "whose manifest is not a list of files")),
        ({"manifest": [1]}, ("Line 2 ", "whose manifest is not a list of files")),
        ({"encoding": "jsonl"}, ("Line 2 ", "whose encoding is not an object")),
        ({"encoding": {"format": ["jsonl"]}}, ("jsonl, parquet, arrow",)),
        ({"encoding": {"format": "avro"}}, ("avro", "jsonl, parquet, arrow", "batch_config")),
        ({"encoding": {"format": "jsonl", "compression": "zstd"}}, ("zstd", "gzip")),
        ({"encoding": {"format": "parquet"}, "manifest": [__file__]}, (__file__, "cannot be read")),
        ({"encoding": {"format": "arrow"}, "manifest": [__file__]}, (__file__, "cannot be read")),
        ({"encoding": {"format": "jsonl"}, "manifest": [__file__]}, ("Line 1 of", "not JSON")),
        ({"manifest": [__file__]}, (__file__, "cannot be read")),
        ({"manifest": None}, ("Line 2 ", "whose manifest is not a list of files")),
        ({"stream": "Other"}, ("Line 1 of ", "stream Other, but no SCHEMA")),
    ],
    ids=str,
)
def test_batch_files_that_cannot_be_read(
    load: Callable[..., Result], tmp_path: Path, changes: dict[str, Any], told: tuple[str, ...]
) -> None:
    """Each is one clear line; nothing of them is taken for loaded."""
    good = tmp_path / "good.jsonl"
    good.write_text('{"LastName": "x"}\n')
    batch = {
        "type": "BATCH",
        "stream": "Contact",
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "manifest": ["file:///nowhere.gz"],
    }
    if "stream" in changes:
        changes = changes | {"encoding": {"format": "jsonl"}, "manifest": [str(good)]}
    assert_one_clear_line(load([schema(), batch | changes, state(Contact=1)]), *told)


def test_a_stream_map_that_cannot_be_evaluated(load: Callable[..., Result]) -> None:
    """The line, the stream and the setting."""
    stream_maps = {"Contact": {"LastName": "nothing.here"}}
    result = load([schema(), contact(1)], stream_maps=stream_maps)

    assert_one_clear_line(result, "Line 2 ", "stream Contact", "Correct stream_maps")
