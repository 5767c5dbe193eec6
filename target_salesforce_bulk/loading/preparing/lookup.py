"""Finds the Ids of the records that an update or delete names by another key.

Bulk API 2.0 updates and deletes by Id only. So the keys of a sealed batch are looked up, rows
without exactly one record fail, and the rest goes on with an `Id` column in front.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.journal.failed_rows import FailedRow, Origin, RowError
from target_salesforce_bulk.rows.canonical import canonical_key
from target_salesforce_bulk.rows.csvfile import CsvFile, encode_row, read_rows
from target_salesforce_bulk.salesforce.query import literal, queries_that_fit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.salesforce.query import QueryApi

#: Above this many keys, one query job that reads all keys of the object costs less than queries.
_MOST_KEYS_BY_QUERY = 4000


class KeyLookup:
    """Adds Ids to the rows of one batch."""

    def __init__(self, batch: Batch, query: QueryApi) -> None:
        self._batch = batch
        self._query = query
        plan = batch.plan
        place = plan.key_index
        if place is None:
            raise AssertionError("A lookup needs a key.")
        self._place = place
        self._field = plan.columns[place]
        self._places = plan.with_ids().sent_columns
        self._same: Callable[[str], str] = canonical_key(self._field.field)
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("CREATE TABLE found (key TEXT, id TEXT, PRIMARY KEY (key, id))")
        self._db.execute("BEGIN")

    def run(self) -> tuple[int, int]:
        """Look all keys up and rewrite the batch's CSV.

        Returns:
            Rows that are left to be sent, and their bytes.

        Raises:
            SalesforceError: they cannot be looked up.
        """
        try:
            keys = self._keys()
            if self._batch.rows > _MOST_KEYS_BY_QUERY:
                self._find_all()
            else:
                self._find(keys)
            return self._rewrite()
        finally:
            self._db.close()

    def _keys(self) -> Iterator[str]:
        rows = read_rows(self._batch.csv)
        next(rows)
        return (row[self._place] for row in rows)

    def _find(self, keys: Iterator[str]) -> None:
        name = self._field.header
        head = f"SELECT Id, {name} FROM {self._batch.plan.sobject} WHERE {name} IN ("  # noqa: S608
        literals = (literal(key, self._field.type) for key in keys)
        for soql in queries_that_fit(head, literals):
            for record in self._query.select(soql):
                self._add_record(record, name)

    def _add_record(self, record: dict[str, Any], name: str) -> None:
        if record.get(name) is None or not isinstance(record.get("Id"), str):
            raise ResponseError(f"Salesforce answered a query for {name} without Id or {name}.")
        self._add(str(record[name]), record["Id"])

    def _find_all(self) -> None:
        name = self._field.header
        soql = (
            f"SELECT Id, {name} FROM {self._batch.plan.sobject} "  # noqa: S608 - our own names
            f"WHERE {name} != null"
        )
        for row in self._query.bulk(soql):
            if len(row) != 2:
                raise ResponseError(
                    f"Salesforce answered a query for Id and {name} with {len(row)} cells a row."
                )
            self._add(row[1], row[0])

    def _add(self, key: str, record_id: str) -> None:
        self._db.execute("INSERT OR IGNORE INTO found VALUES (?, ?)", (self._same(key), record_id))

    def _rewrite(self) -> tuple[int, int]:
        """Put the Ids in front of the rows; a crash leaves the old file or the new one."""
        draft = self._batch.csv.with_suffix(".resolving")
        draft.unlink(missing_ok=True)
        rows = read_rows(self._batch.csv)
        header = next(rows)
        file = CsvFile.create(draft, encode_row(["Id", *header]))
        upload = self._new_upload(header)
        descriptor = os.open(self._batch.unresolved, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as unresolved:
            for row in rows:
                ids = self._ids(row[self._place])
                if len(ids) == 1:
                    file.write(encode_row([ids[0], *row]))
                    upload.write(self._sent([ids[0], *row]))
                else:
                    unresolved.write(self._refused(header, row, ids).to_json() + "\n")
            unresolved.flush()
            os.fsync(unresolved.fileno())
        upload.seal()
        file.seal()
        original = self._batch.folder / "original.csv"
        if not original.exists():
            original.hardlink_to(self._batch.csv)
        draft.replace(self._batch.csv)
        return upload.rows, upload.size

    def _new_upload(self, header: list[str]) -> CsvFile:
        path = self._batch.folder / "upload.csv"
        path.unlink(missing_ok=True)
        return CsvFile.create(path, self._sent(["Id", *header]))

    def _sent(self, cells: list[str]) -> bytes:
        places = self._places
        return encode_row(cells if places is None else [cells[place] for place in places])

    def _ids(self, key: str) -> list[str]:
        found = self._db.execute("SELECT id FROM found WHERE key = ? LIMIT 6", (self._same(key),))
        return [row[0] for row in found]

    def _refused(self, header: list[str], row: list[str], ids: list[str]) -> FailedRow:
        key, name = row[self._place], self._field.header
        if ids:
            code, message = (
                "DUPLICATE_EXTERNAL_ID",
                f"{name}: more than one {self._batch.plan.sobject} has the value {key}: "
                f"{', '.join(ids)}",
            )
        else:
            code, message = "NOT_FOUND", f"no {self._batch.plan.sobject} has {name} {key}"
        return FailedRow(
            row=dict(zip(header, row, strict=True)),
            key=key,
            same_key=self._same(key),
            error=RowError(code=code, message=message, fields=(name,)),
            origin=Origin.LOCAL,
        )
