"""Rows of a batch in the order of their parents.

Salesforce writes 200 rows at a time and locks their parents meanwhile, several such chunks at once.
Siblings in one chunk lock their parent once; siblings in several lock each other out.
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/asynch_api_planning_guidelines.htm
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from target_salesforce_bulk.private_files import rewrite
from target_salesforce_bulk.rows.csvfile import read_raw

if TYPE_CHECKING:
    from target_salesforce_bulk.journal.batch import Batch

_CHUNK_ROWS = 200
#: References that say little about what is locked: almost every record shares them.
_COMMON = frozenset({"OwnerId", "RecordTypeId"})


def group_by_parent(batch: Batch) -> bool:
    """Make an upload of a batch's rows sorted by their parents, stably; whether it was needed.

    It is put in place in one step, so a crash leaves all of it or none. The rows themselves stay in
    the order in which they came.
    """
    places = _parent_places(batch)
    if not places or batch.rows <= _CHUNK_ROWS or batch.upload != batch.csv:
        return False
    # An unnamed database is SQLite's own temporary one: in memory while it is small.
    with (
        closing(sqlite3.connect("", isolation_level=None)) as db,
        batch.csv.open("rb") as file,
    ):
        db.execute("CREATE TABLE row (parents TEXT, start INTEGER, length INTEGER)")
        db.execute("BEGIN")
        rows = read_raw(batch.csv)
        header, _ = next(rows)
        start, sorted_already, last = len(header), True, ""
        for line, cells in rows:
            parents = "\x1f".join(cells[place] for place in places)
            db.execute("INSERT INTO row VALUES (?, ?, ?)", (parents, start, len(line)))
            sorted_already = sorted_already and parents >= last
            last = parents
            start += len(line)
        if sorted_already:
            return False
        with rewrite(batch.folder / "upload.csv") as grouped:
            grouped.write(header)
            for start, length in db.execute(
                "SELECT start, length FROM row ORDER BY parents, start"
            ):
                file.seek(start)
                grouped.write(file.read(length))
    return True


def _parent_places(batch: Batch) -> list[int]:
    columns = batch.plan.columns
    by_key = [
        place
        for place, column in enumerate(columns)
        if "." in column.header and not column.header.startswith("RecordType.")
    ]
    by_id = [
        place
        for place, column in enumerate(columns)
        if column.type == "reference" and column.header not in _COMMON
    ]
    return by_key or by_id
