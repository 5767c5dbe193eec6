"""The org's objects and records, and what one row of a job does to them.

Written from what Salesforce documents, and from nothing else: keys compare without regard to case,
an empty cell leaves a field alone, `#N/A` clears it, a parent that is not there fails the row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

CLEAR = "#N/A"

Cells = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class RowError(Exception):
    """Why a row of a job failed."""

    text: str


def describe_field(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    """One of the `fields` of a describe."""
    facts = {
        "name": name,
        "type": kind,
        "label": name,
        "createable": True,
        "updateable": True,
        "nillable": True,
        "length": 255 if kind == "string" else 0,
    }
    return facts | more


def _key(name: str) -> dict[str, Any]:
    return describe_field(name, externalId=True, idLookup=True, unique=True)


def _object(name: str, prefix: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    record_id = describe_field("Id", "id", createable=False, updateable=False, idLookup=True)
    flags = {"createable": True, "updateable": True, "deletable": True}
    return {"name": name, "keyPrefix": prefix, "fields": [record_id, *fields], **flags}


#: Describe documents by the lower-case name of the object.
OBJECTS: dict[str, dict[str, Any]] = {
    "thing__c": _object(
        "Thing__c",
        "a01",
        [
            _key("Key__c"),
            _key("Other__c"),
            describe_field("A__c"),
            describe_field("B__c"),
            describe_field("C__c"),
            describe_field("Score__c", "double", precision=18, scale=4),
            describe_field("Seen__c", "datetime"),
            describe_field(
                "Parent__c",
                "reference",
                referenceTo=["Parent__c"],
                relationshipName="Parent__r",
            ),
        ],
    ),
    "parent__c": _object("Parent__c", "a02", [_key("Key__c"), describe_field("A__c")]),
}


@dataclass
class Record:
    """One record."""

    id: str
    cells: dict[str, Any]
    modified_at: float = 0.0


@dataclass
class Table:
    """The records of one object."""

    describe: dict[str, Any]
    records: dict[str, Record] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    made: int = 0

    def __post_init__(self) -> None:
        self.fields = {each["name"].lower(): each for each in self.describe["fields"]}

    def find(self, name: str, value: str) -> list[Record]:
        """The records with a value in a field."""
        wanted = self.fields[name.lower()]
        if wanted["name"] == "Id":
            return [r for r in self.records.values() if r.id[:15] == value[:15]]
        key = comparable(wanted, value)
        return [r for r in self.records.values() if _compare(r.cells.get(wanted["name"])) == key]

    def add(self, cells: dict[str, Any], now: float) -> Record:
        """Make a record."""
        self.made += 1
        number = f"{self.describe['keyPrefix']}{self.made:012d}AAA"
        record = self.records[number] = Record(number, cells, now)
        return record


def comparable(wanted: dict[str, Any], value: str) -> Any:
    """A value as Salesforce compares it."""
    return _compare(stored(wanted, value))


def _compare(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def stored(wanted: dict[str, Any], cell: str) -> Any:
    """A cell as Salesforce keeps it: typed, and without whitespace at its ends."""
    if wanted["type"] == "double":
        return Decimal(cell)
    if wanted["type"] == "datetime":
        return datetime.fromisoformat(cell).astimezone(UTC)
    return cell.strip() or None


def echoed(wanted: dict[str, Any] | None, cell: str) -> str:
    """A cell as a result file shows it: by its type, not as it was sent."""
    if wanted is None or cell in {"", CLEAR}:
        return "" if cell == CLEAR else cell
    if wanted["type"] == "double":
        return f"{Decimal(cell).quantize(Decimal('0.01')):E}"
    if wanted["type"] == "datetime":
        return f"{stored(wanted, cell):%Y-%m-%dT%H:%M:%S}.000Z"
    return cell


class Tables:
    """All objects of the org."""

    def __init__(self) -> None:
        self._tables = {name: Table(describe) for name, describe in OBJECTS.items()}

    def table(self, name: str) -> Table:
        """One object, by its name in any case."""
        return self._tables[name.lower()]

    def apply(self, name: str, operation: str, key: str | None, row: Cells, now: float) -> Record:
        """Apply one row.

        Raises:
            RowError: it cannot be done.
        """
        table = self.table(name)
        if operation in {"delete", "hardDelete"}:
            return self._delete(table, row)
        values = self._values(table, row)
        if operation == "insert":
            return self._insert(table, values, now)
        found = self._named(table, key if operation == "upsert" else "Id", row)
        if found is None:
            if operation == "update":
                raise RowError(text="ENTITY_IS_DELETED:entity is deleted:--")
            return self._insert(table, values, now)
        found.cells |= values
        found.modified_at = now
        return found

    def _insert(self, table: Table, values: dict[str, Any], now: float) -> Record:
        for each in table.fields.values():
            value = values.get(each["name"])
            if each.get("unique") and value is not None and table.find(each["name"], value):
                raise RowError(
                    text="DUPLICATE_VALUE:duplicate value found: duplicates value on record:--"
                )
        return table.add(values, now)

    def _named(self, table: Table, key: str | None, row: Cells) -> Record | None:
        value = next(
            (cell for name, cell in row.items() if name.lower() == (key or "").lower()), ""
        )
        if not value:
            raise RowError(text=f"MISSING_ARGUMENT:{key} not specified:--")
        found = table.find(key or "", value)
        return found[0] if found else None

    def _delete(self, table: Table, row: Cells) -> Record:
        found = self._named(table, "Id", row)
        if found is None:
            raise RowError(text="ENTITY_IS_DELETED:entity is deleted:--")
        table.deleted.add(found.id)
        return table.records.pop(found.id)

    def _values(self, table: Table, row: Cells) -> dict[str, Any]:
        values = {}
        for header, cell in row.items():
            if cell == "" or header.lower() == "id":
                continue
            if "." in header:
                values["Parent__c"] = self._parent(header, cell)
                continue
            wanted = table.fields[header.lower()]
            values[wanted["name"]] = None if cell == CLEAR else stored(wanted, cell)
        return values

    def _parent(self, header: str, cell: str) -> str | None:
        if cell == CLEAR:
            return None
        found = self.table("Parent__c").find(header.partition(".")[2], cell)
        if len(found) != 1:
            raise RowError(
                text=f"INVALID_FIELD:Foreign key external ID: {cell.lower()} not found for field "
                "Key__c in entity Parent__c:--"
            )
        return found[0].id
