"""BATCH messages: their files are loaded as if their records stood in the input."""

from __future__ import annotations

import gzip
import json
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from singer_messages import CONTACT, contact, schema, state
from two_ways import batches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

PROPERTIES = CONTACT | {
    "Score__c": {"type": ["number", "null"]},
    "Birthdate": {"type": ["string", "null"], "format": "date"},
    "Last_Seen__c": {"type": ["string", "null"], "format": "date-time"},
    "_sdc_deleted_at": {"type": ["string", "null"]},
}
FORMATS = ["jsonl", "jsonl gzip", "parquet", "arrow", "arrow stream"]


def batch(manifest: list[Any], kind: str = "jsonl", stream: str = "Contact") -> dict[str, Any]:
    """A BATCH message."""
    encoding = {"format": kind.split()[0], "compression": "gzip" if "gzip" in kind else "none"}
    return {
        "type": "BATCH",
        "stream": stream,
        "encoding": encoding,
        "manifest": [str(each) for each in manifest],
    }


def write(path: Path, records: list[dict[str, Any]], kind: str) -> Path:
    """Write records to a file, as taps do."""
    if kind.startswith("jsonl"):
        text = "".join(
            json.dumps(each, default=str, ensure_ascii=False) + "\n" for each in records
        ).encode()
        path.write_bytes(gzip.compress(text) if "gzip" in kind else text)
        return path
    table = pa.Table.from_pylist(records)
    if kind == "parquet":
        pq.write_table(table, path, row_group_size=100)
    else:
        new = pa.ipc.new_stream if "stream" in kind else pa.ipc.new_file
        with new(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=130)
    return path


def awkward(number: int) -> dict[str, Any]:
    """A record, of which some are refused, deleted, or come twice."""
    chance = random.Random(number)
    return {
        "External_Id__c": f"C-{number % 400}",
        "FirstName": chance.choice(["Ada", 'The "Boss"', "Zoë", "a\nb", None, "", "\x07"]),
        "LastName": chance.choice(["Lovelace"] * 20 + ["x" * 200]),
        "Email": chance.choice(["a@b.c", "none", None, "d@e.f"]),
        "Score__c": chance.choice([Decimal("1.50"), None, Decimal("99999999999.25")]),
        "Birthdate": chance.choice([date(2000, 2, 29), date(1600, 1, 1), None]),
        "Last_Seen__c": chance.choice([datetime(2024, 2, 29, 1, 2, 3, 456_789, UTC), None]),
        "_sdc_deleted_at": chance.choice([None] * 30 + ["2024-01-01"]),
    }


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"max_job_bytes": 5000},
        {"batch_size_rows": 7},
        {"streams": {"*": {"deletes": "delete"}}},
        {"too_long": "truncate"},
        {"stream_maps": {"Contact": {"LastName": "LastName.upper()"}}},
        {"flattening_enabled": True, "flattening_max_depth": 1},
    ],
    ids=str,
)
def test_the_same_batches_in_bulk_and_one_by_one(
    org: Emulator, config: dict[str, Any], tmp_path: Path, settings: dict[str, Any], kind: str
) -> None:
    """Whatever the format, and whatever the ordinary way has to do to the records."""
    files = [
        write(tmp_path / f"{part}", [awkward(450 * part + n) for n in range(450)], kind)
        for part in range(2)
    ]
    text = "".join(
        json.dumps(each) + "\n" for each in [schema(properties=PROPERTIES), batch(files, kind)]
    )
    config |= settings

    model, one_by_one = batches(config, tmp_path / "a", text, in_bulk=False)
    made, not_in_bulk = batches(config, tmp_path / "b", text, in_bulk=True)

    assert made == model
    assert one_by_one == 900
    changed = bool({"stream_maps", "flattening_enabled"} & set(settings))
    assert (not_in_bulk == 900) is changed


@pytest.mark.parametrize("kind", ["jsonl", "jsonl gzip"])
def test_json_files_are_like_records_in_the_input(
    org: Emulator, config: dict[str, Any], tmp_path: Path, kind: str
) -> None:
    """The same batches, byte for byte, wherever the records stand."""
    records = [awkward(number) for number in range(700)]
    told = [{"type": "RECORD", "stream": "Contact", "record": each} for each in records]
    first = json.dumps(schema(properties=PROPERTIES)) + "\n"
    inline = first + "".join(json.dumps(each, default=str) + "\n" for each in told)
    files = [write(tmp_path / "1", records[:300], kind), write(tmp_path / "2", records[300:], kind)]
    filed = first + json.dumps(batch(files, kind)) + "\n"

    model, _ = batches(config, tmp_path / "a", inline, in_bulk=True)
    made, _ = batches(config, tmp_path / "b", filed, in_bulk=True)

    assert made == model


@pytest.mark.parametrize("kind", FORMATS)
def test_batches_and_records_in_turns(
    org: Emulator, load: Callable[..., Result], tmp_path: Path, kind: str
) -> None:
    """The later value of a key wins, STATE comes after all of it, and rows are counted."""
    old, new = (
        [{"External_Id__c": f"C-{n}", "LastName": f"{word} {n}"} for n in range(50)]
        for word in ("old", "new")
    )
    result = load(
        [
            schema(),
            contact(1, LastName="first"),
            batch([write(tmp_path / "1", old, kind)], kind),
            contact(2, LastName="between"),
            batch([f"file://{write(tmp_path / '2', new[5:], kind)}"], kind),
            contact(49, LastName="last", Email="nobody"),
            contact(48, LastName="last"),
            state(Contact=7),
        ],
        max_failed_percent=50,
    )
    names = {row["External_Id__c"]: row["LastName"] for row in org.rows("Contact")}

    assert result.code == 0, result.stderr
    assert result.states[-1]["bookmarks"]["Contact"] == 7
    assert len(names) == 50
    assert [names[f"C-{n}"] for n in (1, 2, 3, 5, 49, 48)] == [
        "old 1",
        "between",
        "old 3",
        "new 5",
        "new 49",
        "last",
    ]
    assert len(result.failed_rows()) == 1
    assert " 99 " in " ".join(result.stderr.split())  # read


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_dates_beyond_all_years(
    org: Emulator, load: Callable[..., Result], tmp_path: Path, kind: str
) -> None:
    """Each costs its row, and is named; the run goes on."""
    table = pa.table(
        {
            "External_Id__c": ["C-1", "C-2", "C-3", "C-4"],
            "LastName": ["a", "b", "c", "d"],
            "Birthdate": pa.array([0, 10_000_000, None, None], pa.date32()),
            "Last_Seen__c": pa.array([0, None, 2**61 // 1000, None], pa.timestamp("ms")),
        }
    )
    path = tmp_path / "1"
    if kind == "parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    result = load(
        [schema(properties=PROPERTIES), batch([path], kind), state(Contact=1)],
        max_failed_percent=100,
    )

    assert (result.code, org.count("Contact")) == (0, 2), result.stderr
    assert {row["External_Id__c"] for row in result.failed_rows()} == {"C-2", "C-3"}
    assert result.states[-1]["bookmarks"]["Contact"] == 1


def test_roots_of_batch_files(load: Callable[..., Result], tmp_path: Path) -> None:
    """A file elsewhere is not read."""
    path = write(tmp_path / "1", [awkward(1)], "jsonl")
    inside = load([schema(), batch([path])], batch_roots=[str(tmp_path)])
    outside = load([schema(), batch([path])], batch_roots=[str(tmp_path / "exports")])

    assert (inside.code, outside.code) == (0, 1), inside.stderr
    assert "is not in any of batch_roots" in outside.last_line


def test_nested_columns_and_stream_maps(
    org: Emulator, load: Callable[..., Result], tmp_path: Path
) -> None:
    """A property within a property, and a map that renames the stream and drops records."""
    records = [
        {"id": f"C-{n}", "name": {"first": "Ada", "last": f"Number {n}"}, "keep": n % 2 == 0}
        for n in range(10)
    ]
    properties: dict[str, Any] = {
        "id": {"type": "string"},
        "name": {"type": "object", "properties": {"last": {"type": "string"}}},
        "keep": {"type": "boolean"},
    }
    mapping = {"id": "External_Id__c", "name.last": "LastName", "keep": None}
    streams = {"*": {"object": "Contact", "field_mapping": mapping}}
    file = write(tmp_path / "1", records, "parquet")
    first = schema("people", properties, key="id")
    all_of_them = load([first, batch([file], "parquet", "people")], streams=streams)

    assert (all_of_them.code, org.count("Contact")) == (0, 10), all_of_them.stderr
    assert org.rows("Contact")[3]["LastName"] == "Number 3"

    maps = {"people": {"__filter__": "keep", "__alias__": "humans", "id": "'D-' + id"}}
    some = load(
        [first, batch([file], "parquet", "people")],
        streams={"humans": streams["*"] | {"field_mapping": mapping | {"keep": ""}}},
        stream_maps=maps,
    )
    assert (some.code, org.count("Contact")) == (0, 15), some.stderr


def test_a_file_that_ends_early(org: Emulator, load: Callable[..., Result], tmp_path: Path) -> None:
    """What was read before is not lost and not loaded twice when the file is whole again."""
    records = [
        {"External_Id__c": f"C-{n}", "LastName": f"Number {random.Random(n).random()}"}
        for n in range(30_000)
    ]
    path = write(tmp_path / "1", records, "jsonl gzip")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    messages = [schema(key=None), batch([path], "jsonl gzip"), state(Contact=1)]
    cut = load(messages, operation="insert", batch_size_rows=4000)
    path.write_bytes(whole)
    again = load(messages, operation="insert", batch_size_rows=4000)

    assert (cut.code, cut.states) == (1, [])
    assert f"The batch file {path} cannot be read" in cut.last_line
    assert (again.code, org.count("Contact")) == (0, 30_000), again.stderr
    assert len({row["LastName"] for row in org.rows("Contact")}) == 30_000


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "arrow"])
def test_text_that_is_not_utf_8(
    org: Emulator, load: Callable[..., Result], tmp_path: Path, kind: str
) -> None:
    """It cannot be meant, and nothing of the file is taken for loaded."""
    records = [{"External_Id__c": f"C-{n}", "LastName": "Müller"} for n in range(3)]
    path = write(tmp_path / "1", records, kind)
    path.write_bytes(path.read_bytes().replace("ü".encode(), b"\xfc\xfc"))
    result = load([schema(), batch([path], kind), state(Contact=1)])

    assert (result.code, result.states, org.count("Contact")) == (1, [], 0)
    assert str(path) in result.last_line
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("kind", ["jsonl", "arrow"])
def test_rows_of_a_broken_run_are_recognised(
    org: Emulator, load: Callable[..., Result], tmp_path: Path, kind: str
) -> None:
    """Inserts that come again in a BATCH are not made twice."""
    records = [{"External_Id__c": f"C-{n}", "LastName": f"Number {n}"} for n in range(20)]
    messages: list[Any] = [schema(key=None), batch([write(tmp_path / "1", records, kind)], kind)]
    broken = load([*messages, "{"], operation="insert", batch_size_rows=8)
    again = load([*messages, state(Contact=1)], operation="insert", batch_size_rows=8)

    assert (broken.code, again.code) == (1, 0), again.stderr
    assert sorted(row["External_Id__c"] for row in org.rows("Contact")) == sorted(
        each["External_Id__c"] for each in records
    )


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An S3 bucket on this machine."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem().mkdir("tap-output")
    yield "s3://tap-output"
    server.stop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_files_on_s3(
    org: Emulator, load: Callable[..., Result], tmp_path: Path, bucket: str
) -> None:
    """Each format, and a key that is not there."""
    import s3fs

    manifests = []
    for number, kind in enumerate(("jsonl gzip", "parquet", "arrow")):
        records = [{"External_Id__c": f"{number}-{n}", "LastName": "x"} for n in range(10)]
        url = f"{bucket}/{number}"
        s3fs.S3FileSystem().put(str(write(tmp_path / f"{number}", records, kind)), url)
        manifests.append(batch([url], kind))
    good = load([schema(), *manifests, state(Contact=1)])
    missing = load([schema(), batch([f"{bucket}/nothing"])])

    assert (good.code, org.count("Contact")) == (0, 30), good.stderr
    assert missing.code == 1
    assert f"The batch file {bucket}/nothing cannot be read" in missing.last_line


def test_other_protocols_must_be_named(
    org: Emulator, load: Callable[..., Result], tmp_path: Path
) -> None:
    """A file that only another protocol leads to is opened if the settings name that."""
    url = f"local://{write(tmp_path / 'rows.jsonl', [contact(1)['record']], 'jsonl')}"
    messages = [schema(), batch([url])]
    refused = load(messages)
    allowed = load(messages, batch_protocols=["local"])

    assert (refused.code, "batch_protocols" in refused.last_line) == (1, True)
    assert (allowed.code, org.count("Contact")) == (0, 1), allowed.stderr
