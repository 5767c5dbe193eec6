"""Failed rows become messages that the same configuration loads again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from known_outcomes import DELETES, WRITES
from sample_batches import stored_row

from target_salesforce_bulk.failed.singer_export import singer_messages
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.settings import Settings

if TYPE_CHECKING:
    from target_salesforce_bulk.journal.batch import LoadPlan
    from target_salesforce_bulk.journal.failed_rows import StoredFailedRow

TEXT = {"type": ["string", "null"]}
ROW = {"Key__c": "a", "Phone": "1", "Title": "x"}


class Plans:
    """The plan that all rows have."""

    def __init__(self, plan: LoadPlan) -> None:
        self._plan = plan

    def plan_of(self, _: StoredFailedRow) -> LoadPlan:
        return self._plan


def messages(
    rows: list[dict[str, Any]], plan: LoadPlan = WRITES, stream: str = "people", **options: Any
) -> list[dict[str, Any]]:
    """The messages of rows with these cells."""
    settings = Settings.from_config({"streams": {stream: options}})
    stored = (stored_row(row=row, stream=stream) for row in rows)
    return list(singer_messages(cast("Any", Plans(plan)), settings, stored))


def schema(*names: str, key: str | None = "Key__c") -> dict[str, Any]:
    return {
        "type": "SCHEMA",
        "stream": "people",
        "schema": {"type": "object", "properties": dict.fromkeys(names, TEXT)},
        "key_properties": [] if key is None else [key],
    }


def record(**values: Any) -> dict[str, Any]:
    return {"type": "RECORD", "stream": "people", "record": values}


def test_a_schema_comes_where_properties_change() -> None:
    """Not before each row; empty cells are left out."""
    first, second, third = ROW, ROW | {"Phone": "2"}, ROW | {"Title": ""}

    assert messages([first, second, third]) == [
        schema("Key__c", "Phone", "Title"),
        record(**first),
        record(**second),
        schema("Key__c", "Phone"),
        record(Key__c="a", Phone="1"),
    ]


def test_properties_have_the_names_of_the_mapping() -> None:
    """Whatever the case of a field; those that no cell fills are announced all the same."""
    mapping = {"id": "KEY__C", "call": {"field": "Phone"}, "mail": "Email"}

    assert messages([ROW], field_mapping=mapping) == [
        schema("id", "call", "mail", "Title", key="id"),
        record(id="a", call="1", Title="x"),
    ]


def test_constants_are_left_out() -> None:
    """The configuration has them; a constant key is not in the SCHEMA."""
    phone: dict[str, Any] = {"const": {"field": "Phone", "value": "1"}}
    key: dict[str, Any] = {"const": {"field": "Key__c", "value": "a"}}

    assert messages([ROW], field_mapping=phone)[1] == record(Key__c="a", Title="x")
    assert messages([ROW], field_mapping=key) == [
        schema("Phone", "Title", key=None),
        record(Phone="1", Title="x"),
    ]


def test_a_cell_that_clears_becomes_what_clears() -> None:
    """A null; where nulls are ignored, an empty text."""
    cleared = [ROW | {"Phone": "#N/A"}]

    assert messages(cleared)[1]["record"]["Phone"] is None
    assert messages(cleared, nulls="ignore")[1]["record"]["Phone"] == ""


def test_ids_that_were_looked_up_are_left_out() -> None:
    """The next run looks them up again, by the key."""
    plan = WRITES.with_ids()

    assert messages([{"Id": "003a", **ROW}], plan) == [
        schema("Key__c", "Phone", "Title"),
        record(**ROW),
    ]
    assert messages([{"Id": "003a"}], DELETES)[1] == record(
        Id="003a", _sdc_deleted_at="2026-01-01T00:00:00.000+00:00"
    )


def test_deletes_of_a_stream_that_writes_say_that_they_are_such() -> None:
    """A stream that only deletes does not need it."""
    rows = [{"Key__c": "a"}]
    deleted = {"Key__c": "a", "_sdc_deleted_at": "2026-01-01T00:00:00.000+00:00"}

    assert messages(rows, DELETES)[1] == record(**deleted)
    assert messages(rows, DELETES, operation=str(Operation.DELETE))[1] == record(Key__c="a")
