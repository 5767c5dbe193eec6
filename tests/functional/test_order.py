"""The org ends as if every loaded row had been applied in the order of the input, cell by cell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import CONTACT, contact, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

LOCK = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"
TEXT = {"type": ["string", "null"]}
PROPERTIES = CONTACT | {"Phone": TEXT, "Title": TEXT, "_sdc_deleted_at": TEXT}
SCHEMA = schema(properties=PROPERTIES)
GONE = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}
ANYTHING = {"max_failed_percent": 100}
MAIL = {"object": "Contact", "external_id_field": "Email"}


@pytest.fixture
def failed(act: Callable[..., Any]) -> Callable[..., Any]:
    """Run a `failed` command as a process, with a JSON document as its answer."""

    def run(name: str, *options: str, **settings: Any) -> Any:
        process = act("failed", name, *options, **settings)
        lines = [json.loads(line) for line in process.stdout.splitlines()] if options else []
        return lines if name == "export" else json.loads(process.stdout)

    return run


@pytest.fixture
def stored(failed: Any) -> Callable[[], dict[str, Any]]:
    """The stored failed rows: their non-empty cells by key."""

    def read() -> dict[str, Any]:
        rows = failed("export", "--format", "jsonl")
        return {
            row["key"]: {name: cell for name, cell in row["row"].items() if cell} for row in rows
        }

    return read


def row(number: int, **values: Any) -> dict[str, Any]:
    """A partial record of a contact."""
    return record(External_Id__c=f"C-{number}", **values)


def cells(org: Emulator, *names: str) -> dict[str, list[Any]]:
    """Fields of the org's contacts by their key."""
    return {
        each["External_Id__c"]: [each.get(name) for name in names] for each in org.rows("Contact")
    }


def lock(org: Emulator, column: str, glob: str, times: int = -1) -> None:
    """Let rows fail for a passing reason."""
    org.configure(rules=[{"error": LOCK, "column": column, "glob": glob, "times": times}])


def test_partial_records_of_one_batch_are_merged_by_cell(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """The later cell wins, and a cell that only the earlier record has stays."""
    rows = [row(1, LastName="A", Phone="1", Title="old"), row(1, Title="new"), row(1, Email=None)]
    result = load([SCHEMA, *rows])

    assert result.code == 0, result.stderr
    assert cells(org, "LastName", "Phone", "Title") == {"C-1": ["A", "1", "new"]}
    assert len(org.jobs()) == 1


def test_a_row_that_waits_is_sent_without_what_newer_rows_wrote(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """What only the older row says still arrives."""
    lock(org, "Title", "old", times=2)
    rows = [row(1, LastName="A", Title="old", Phone="1"), row(2, LastName="B", Title="old")]
    rows += [row(1, LastName="A2", Title="new"), row(3, LastName="C")]
    result = load([SCHEMA, *rows], batch_size_rows=2, row_retry_wait_seconds=1)

    assert result.code == 0, result.stderr
    assert cells(org, "LastName", "Title", "Phone") == {
        "C-1": ["A2", "new", "1"],
        "C-2": ["B", "old", None],
        "C-3": ["C", None, None],
    }


def test_a_row_that_waits_is_not_dropped_for_another_key_field(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """Equal texts in two external ID fields name two records."""
    lock(org, "Title", "old", times=1)
    key = "a@b.example"
    rows = [
        SCHEMA,
        record(External_Id__c=key, LastName="A", Title="old"),
        schema("mail", {"Email": TEXT, "LastName": TEXT, "Title": TEXT}, key="Email"),
        record("mail", Email=key, LastName="B", Title="new"),
    ]
    result = load(rows, streams={"mail": MAIL, "Contact": {}}, row_retry_wait_seconds=1, **ANYTHING)

    assert result.code == 0, result.stderr
    titles = {each.get("External_Id__c"): each.get("Title") for each in org.rows("Contact")}
    assert titles == {key: "old", None: "new"}


def test_a_deleted_record_does_not_come_back(org: Emulator, load: Callable[..., Result]) -> None:
    """The delete that found nothing meant the record whose creation waited for a retry."""
    lock(org, "Title", "old", times=1)
    rows = [SCHEMA, row(1, LastName="A", Title="old"), row(1, **GONE), state(Contact=1)]
    result = load(rows, deletes="delete", row_retry_wait_seconds=1, state_ledger=False)

    assert (result.code, result.states[-1]) == (0, {"bookmarks": {"Contact": 1}}), result.stderr
    assert (org.count("Contact"), result.failed_rows()) == (0, [])


@pytest.mark.parametrize("batches", [{}, {"batch_size_rows": 1}], ids=["one batch", "two batches"])
def test_a_refused_row_is_gone_when_a_newer_one_loads(
    org: Emulator, load: Callable[..., Result], stored: Any, batches: dict[str, int]
) -> None:
    """It is of no use to anybody; what the newer one does not say stays."""
    rows = [row(1, LastName="A", Email="nobody"), row(2, LastName="B", Email="nobody", Phone="2")]
    rows += [row(1, LastName="A", Email="a@b.example"), row(2, LastName="B", Email="b@b.example")]
    result = load([SCHEMA, *rows], **ANYTHING, **batches)

    assert result.code == 0, result.stderr
    assert stored() == {"C-2": {"External_Id__c": "C-2", "Phone": "2"}}


@pytest.mark.parametrize("batches", [{}, {"batch_size_rows": 1}], ids=["one batch", "two batches"])
def test_a_newer_refused_row_stays_when_an_older_one_loads(
    org: Emulator, load: Callable[..., Result], stored: Any, batches: dict[str, int]
) -> None:
    """Also where the older one loads late, after a retry."""
    lock(org, "FirstName", "locked", times=1)
    rows = [row(1, LastName="old", FirstName="locked"), row(1, LastName="new", Email="nobody")]
    result = load([SCHEMA, *rows], **ANYTHING, **batches)

    assert result.code == 0, result.stderr
    assert cells(org, "LastName") == {"C-1": ["old"]}
    assert stored() == {"C-1": {"External_Id__c": "C-1", "LastName": "new", "Email": "nobody"}}


def test_a_stored_row_loses_the_cells_that_a_newer_one_wrote(
    org: Emulator, load: Callable[..., Result], failed: Any, stored: Any
) -> None:
    """`failed retry` sends what is left of it; a row of which nothing is left is gone."""
    lock(org, "Title", "old")
    rows = [row(1, LastName="A", Title="old", Phone="1"), row(2, LastName="B", Title="old")]
    load([SCHEMA, *rows], row_retries=0, **ANYTHING)
    org.configure(rules=[])
    load([SCHEMA, row(1, LastName="A2", Title="new"), row(2, LastName="B2", Title="new")])
    left = stored()
    retried = failed("retry", "--json")

    assert left == {"C-1": {"External_Id__c": "C-1", "Phone": "1"}}
    assert (retried["sent"], retried["loaded"]) == (1, 1)
    assert cells(org, "LastName", "Title", "Phone") == {
        "C-1": ["A2", "new", "1"],
        "C-2": ["B2", "new", None],
    }


def test_two_streams_on_one_object_keep_their_failed_rows(
    org: Emulator, load: Callable[..., Result], failed: Any
) -> None:
    """Equal key texts of two key fields are two identities, also across runs."""
    key = "a@b.example"
    mail = schema("mail", {"Email": TEXT, "LastName": TEXT, "Title": TEXT}, key="Email")
    lock(org, "Title", "locked")
    load([SCHEMA, record(External_Id__c=key, LastName="A", Title="locked")], row_retries=0)
    load(
        [mail, record("mail", Email=key, LastName="B", Title="free")],
        streams={"mail": MAIL, "Contact": {}},
    )

    assert [line["key"] for line in failed("export", "--format", "jsonl")] == [key]


def test_failed_partial_rows_of_one_record_are_sent_again_together(
    org: Emulator, load: Callable[..., Result], failed: Any, stored: Any
) -> None:
    """Merged by cell in their order, over two runs; none of them is dropped."""
    lock(org, "External_Id__c", "C-1")
    load([SCHEMA, row(1, LastName="A", Phone="1", Title="old")], row_retries=0, **ANYTHING)
    load([SCHEMA, row(1, LastName="A2", Title="new")], row_retries=0, **ANYTHING)
    org.configure(rules=[])
    retried = failed("retry", "--json")

    assert (retried["sent"], retried["loaded"], len(org.jobs())) == (1, 1, 3)
    assert cells(org, "LastName", "Phone", "Title") == {"C-1": ["A2", "1", "new"]}
    assert stored() == {}


def test_failed_writes_and_deletes_are_sent_again_in_order(
    org: Emulator, config: dict[str, Any], load: Callable[..., Result], failed: Any, stored: Any
) -> None:
    """A record that was written after it was deleted is there; the delete went first."""
    config["deletes"] = "delete"  # also for the retry: it deletes only while the settings ask
    org.insert("Contact", [{"External_Id__c": "C-1", "LastName": "old", "Phone": "1"}])
    org.configure(rules=[{"error": LOCK, "object": "Contact"}])
    load([SCHEMA, row(1, **GONE)], row_retries=0, **ANYTHING)
    load([SCHEMA, row(1, LastName="new")], row_retries=0, **ANYTHING)
    org.configure(rules=[])
    retried = failed("retry", "--json")

    assert (retried["sent"], retried["loaded"]) == (2, 2)
    assert cells(org, "LastName", "Phone") == {"C-1": ["new", None]}
    assert stored() == {}


def test_a_row_that_fails_again_keeps_its_place_in_the_order(
    org: Emulator, load: Callable[..., Result], failed: Any, stored: Any
) -> None:
    """A resent row is still older than a row that was refused after it."""
    org.insert("Contact", [{"External_Id__c": "C-1", "LastName": "there"}])
    lock(org, "External_Id__c", "C-1")
    load([SCHEMA, row(1, LastName="old", Phone="1")], row_retries=0, **ANYTHING)
    load([SCHEMA, row(1, LastName="new", Email="nobody")], **ANYTHING)
    failed("retry", "--json")  # fails again
    org.configure(rules=[])
    failed("retry", "--json")

    assert stored() == {"C-1": {"External_Id__c": "C-1", "LastName": "new", "Email": "nobody"}}
    load([SCHEMA, row(1, LastName="newest", Email="a@b.example")])
    assert stored() == {}


def test_rows_that_wait_for_their_parents_wait_again_after_a_crash(
    org: Emulator, load: Callable[..., Result], start: Callable[..., Any]
) -> None:
    """The run that resumes loads the parents first."""
    settings = {
        "streams": {
            "Contact": {"field_mapping": {"account": "Account.External_Id__c"}},
            "Account": {},
        },
        "state_ledger": False,
    }
    children = [contact(n, account="A-1") for n in range(3)]
    process = start(**settings, batch_size_rows=3)
    lines = [schema(properties=CONTACT | {"account": {}}), *children, contact(4)]
    lines += [schema("Account", {"External_Id__c": {}, "Name": {}})]
    process.stdin.write("".join(json.dumps(each) + "\n" for each in lines))
    process.stdin.flush()
    for line in process.stderr:
        if "3 resent" in line:
            break
    process.kill()
    process.wait()

    parents = [record("Account", External_Id__c="A-1", Name="Acme")]
    again = load([lines[-1], *parents, state(Account=1)], **settings)

    assert again.code == 0, again.stderr
    assert (org.count("Contact"), again.failed_rows()) == (3, [])
