"""Rows that an earlier run has processed and that the tap may send again.

Three kinds of rows are remembered:

* *dealt with, not covered*: inserts and deletes that have an outcome on disk, but that no STATE
  covers. The tap sends them again; an insert is then left out, a delete that finds nothing counts
  as loaded.
* *covered, not confirmed*: what a STATE covers is remembered until a later run brings the number of
  that STATE back. A lower number says that lines were lost, and which rows come again.
* *at the bookmark*: taps ask for `replication_key >= bookmark`, so the rows of the newest value
  come again in every run, crash or not.

The files and tables here are the only record of it. `match` and `settle_decision` are for the
reading thread; `deal` is called inside the journal's transactions; the rest takes the journal's
lock by itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.journal import fingerprints
from target_salesforce_bulk.journal.expected import Answer, Expected
from target_salesforce_bulk.journal.top_rows import TopRows, store_top
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.journal.database import Database
    from target_salesforce_bulk.journal.fingerprints import Layout

#: Rows of a batch that are to be sent, and rows that were refused.
Position = tuple[int, int]
#: More than any batch has.
_ALL: Position = (1 << 62, 1 << 62)


def is_remembered(operation: Operation) -> bool:
    """Whether rows of an operation are remembered until a STATE covers them."""
    return operation is not Operation.UPSERT and operation is not Operation.UPDATE


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """What a STATE covers."""

    #: Batches, with how much of each; None where it is all.
    batches: Mapping[int, Position | None]
    #: Rows that came again, so far, by stream.
    taken: Mapping[str, int] = field(default_factory=dict)
    #: The rows at the bookmark of each stream, and how many of them were there.
    tops: Mapping[str, tuple[TopRows, int]] = field(default_factory=dict)


class RecognisedRows:
    """The only owner of remembered rows, and of which of them came again.

    Args:
        database: The journal's file.
        folder: Where the files of fingerprints lie.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._db = database
        self._folder = folder
        self._streams: dict[str, Expected] = {}
        #: Fingerprints of deletes that earlier runs processed, by stream.
        self._deletes: dict[str, set[bytes]] = {}
        self._number_back: int | None = None
        #: The newest batch of earlier runs.
        self._newest_before = 0
        #: Whether it is known which covered rows come again.
        self.decided = False

    def begin(self) -> None:
        """Treat all existing batches as those of earlier runs."""
        (row,) = self._db.query("SELECT coalesce(max(id), 0) AS newest FROM batches")
        self._newest_before = int(row["newest"])

    # --- what this run deals with -------------------------------------------------------------

    def write_files(self, batch: Batch) -> tuple[int, int] | None:
        """Write the fingerprints of a batch that is about to be settled; None where it needs none.

        Rows that were resent from the store never come again from the tap.
        """
        if batch.parent_id is not None or batch.resends or not is_remembered(batch.plan.operation):
            return None
        return fingerprints.write_files(batch, self._folder)

    def deal(self, db: sqlite3.Connection, batch: Batch, written: tuple[int, int]) -> None:
        """Remember the rows of a batch, in the transaction that settles it."""
        layout = [column.header for column in batch.plan.columns if column.header != "Id"]
        if batch.plan.label is None:
            layout = [column.header for column in batch.plan.columns]
        db.execute(
            "INSERT INTO dealt_batches VALUES (?, ?, ?, ?, ?, ?)",
            (batch.id, batch.plan.stream, batch.plan.operation, json.dumps(layout), *written),
        )

    # --- what a STATE covers -------------------------------------------------------------------

    @property
    def remembers_any(self) -> bool:
        """Whether any row may come again."""
        query = "SELECT EXISTS (SELECT 1 FROM dealt_batches) OR EXISTS (SELECT 1 FROM top_sets)"
        return bool(self._db.query(query)[0][0])

    def newest_number(self) -> int:
        """The number of the newest STATE; 0 where there was none."""
        (row,) = self._db.query("SELECT coalesce(max(number), 0) AS newest FROM states")
        return max(int(row["newest"]), self._number_back or 0)

    def intend(self, db: sqlite3.Connection, number: int, coverage: Coverage) -> None:
        """Note what a STATE will cover, before it is written."""
        db.execute("INSERT INTO states VALUES (?, 0)", (number,))
        db.executemany(
            "INSERT INTO dealt_coverage SELECT batch_id, :number,"
            " iif(:rows >= rows AND :refused >= refused, NULL, :rows),"
            " iif(:rows >= rows AND :refused >= refused, NULL, :refused)"
            " FROM dealt_batches WHERE batch_id = :batch_id",
            [
                {"number": number, "batch_id": batch_id, "rows": rows, "refused": refused}
                for batch_id, position in coverage.batches.items()
                for rows, refused in [position or _ALL]
            ],
        )
        for stream, taken in coverage.taken.items():
            if stream in self._streams:
                self._streams[stream].store_taken(db, stream, number, taken)
        for stream, (top, rows) in coverage.tops.items():
            store_top(db, stream, number, top, rows)

    def written(self, db: sqlite3.Connection, number: int, *, numbered: bool) -> None:
        """Note that a STATE is out.

        Args:
            db: The connection, within a transaction.
            number: Its number.
            numbered: Whether it carries the number; without, what is written counts as kept.
        """
        db.execute("UPDATE states SET written = 1 WHERE number = ?", (number,))
        if not numbered:
            db.execute(
                "DELETE FROM dealt_batches WHERE batch_id IN (SELECT batch_id FROM dealt_coverage"
                " WHERE number = ? AND rows IS NULL)",
                (number,),
            )

    def note_states_of(self, streams: Iterable[str]) -> None:
        """Note that the tap sends STATE for streams: where it sends none, it broke off."""
        with self._db.transaction() as db:
            rows = [(stream,) for stream in streams]
            db.executemany("INSERT OR IGNORE INTO streams_with_state VALUES (?)", rows)

    def forget_states_of(self, stream: str) -> None:
        """Note that the tap has sent no STATE for a stream in a run that was read to its end."""
        with self._db.transaction() as db:
            db.execute("DELETE FROM streams_with_state WHERE stream = ?", (stream,))

    def has_states(self, stream: str) -> bool:
        """Whether the tap sent STATE for a stream in the newest run that says so."""
        return self._db.exists("SELECT 1 FROM streams_with_state WHERE stream = ?", (stream,))

    def forget_completed(self, db: sqlite3.Connection, stream: str) -> None:
        """Forget what is remembered of a stream without a STATE; its run is complete."""
        db.execute("DELETE FROM dealt_batches WHERE stream = ?", (stream,))
        db.execute("DELETE FROM taken_rows WHERE stream = ?", (stream,))

    def completion(self, stream: str) -> dict[int, Position | None]:
        """What is covered when a run has brought a stream to its end.

        Rows that were expected, did not come again and stand before the last one that did will not
        come. Those after it may: the tap may have broken off at a STATE.
        """
        rows = self._db.query(
            "SELECT batch_id, rows, refused FROM dealt_batches WHERE stream = ? AND batch_id NOT IN"
            " (SELECT batch_id FROM dealt_coverage WHERE rows IS NULL) ORDER BY batch_id",
            (stream,),
        )
        expected = self._streams.get(stream)
        last = None if expected is None else expected.last_taken
        covered: dict[int, Position | None] = {}
        for row in rows:
            batch_id = row["batch_id"]
            if last is None or batch_id < last[0] or batch_id > self._newest_before:
                covered[batch_id] = None
            elif batch_id == last[0]:
                whole = last[1] + 1 >= row["rows"]
                covered[batch_id] = None if whole else (last[1] + 1, row["refused"])
        return covered

    # --- what comes again ----------------------------------------------------------------------

    def settle_decision(self, number: int | None) -> None:
        """Decide which covered rows come again, by the number that the first STATE brought back.

        Args:
            number: It; None where nothing came back, so that what was written counts as kept.
        """
        if self.decided:
            return
        self.decided = True
        self._number_back = number
        with self._db.transaction() as db:
            lost = "written = 0" if number is None else f"number > {number}"
            _drop_lost(db, lost)
            _drop_confirmed(db)
        self._sweep()
        for each in self._streams.values():
            each.decide()

    def _sweep(self) -> None:
        known = {
            str(row["batch_id"]) for row in self._db.query("SELECT batch_id FROM dealt_batches")
        }
        for path in self._folder.iterdir():
            if fingerprints.is_file_name(path.name) and path.stem not in known:
                path.unlink(missing_ok=True)

    def expects(self, plan: LoadPlan) -> bool:
        """Whether rows of a stream may come again that are to be left out."""
        if plan.operation.only_ids:
            return False
        return not self._expected(plan.stream).is_empty

    def expects_any(self, stream: str) -> bool:
        """Whether rows of a stream may still come again that an earlier run dealt with."""
        return not self._expected(stream).is_empty

    def top_rows(self, stream: str) -> TopRows | None:
        """The rows at the bookmark of a stream, as the last confirmed STATE left them."""
        return self._expected(stream).top

    def bookmarks(self, stream: str) -> list[Any]:
        """The bookmarks at which rows of a stream may come again: one, once it is decided."""
        return self._expected(stream).bookmarks

    def match(self, stream: str, layout: Layout, lines: Sequence[bytes]) -> list[Answer]:
        """What is known of rows that have come, in their order.

        Args:
            stream: Their stream.
            layout: The headers of their lines.
            lines: Their CSV lines.
        """
        return self._expected(stream).match(layout, lines, refused=False, decided=self.decided)

    def match_refused(self, stream: str, fingerprint: bytes) -> Answer:
        """What is known of a row that our own checks refused."""
        expected = self._expected(stream)
        return expected.match((), [fingerprint], refused=True, decided=self.decided)[0]

    def match_top(self, stream: str, layout: Layout, line: bytes, same_key: str | None) -> Answer:
        """What is known of a row at the bookmark.

        A row without a key is taken once for each time that it was there. One with a key is known
        if it is the last of its record there: loading an earlier one again is for the order to say.

        Args:
            stream: Its stream.
            layout: The headers of its line; `NO_LINE` where that is a fingerprint.
            line: Its line.
            same_key: Its key, in the form in which keys compare.
        """
        expected = self._expected(stream)
        return expected.take_top(layout, line, same_key, decided=self.decided)

    def expects_records(self, stream: str) -> bool:
        """Whether rows of records may come again at the bookmark of a stream."""
        return self._expected(stream).expects_records

    def write_records(self, stream: str, same_keys: Iterable[str]) -> None:
        """Expect no more rows of records that are written again in this run.

        A row that was there has to be loaded after those that stood before it.
        """
        self._expected(stream).write_records(same_keys)

    def leave_top(self, stream: str) -> None:
        """Expect no more rows at the bookmark: the tap has started further back."""
        self._expected(stream).leave_top()

    def was_dealt(self, stream: str, line: bytes) -> bool:
        """Whether an earlier run processed a delete that no STATE covers.

        Called while a batch is settled, so by one thread at a time.
        """
        if stream not in self._deletes:
            batches = self._db.query(
                "SELECT batch_id FROM dealt_batches"
                " WHERE stream = ? AND operation != 'insert' AND batch_id <= ?",
                (stream, self._newest_before),
            )
            paths = [self._folder / f"{row['batch_id']}.rows" for row in batches]
            self._deletes[stream] = set(chain.from_iterable(map(fingerprints.read_file, paths)))
        return fingerprints.of_line(line) in self._deletes[stream]

    def taken(self, stream: str) -> int:
        """How many rows of a stream have come again."""
        expected = self._streams.get(stream)
        return 0 if expected is None else expected.taken

    @property
    def taken_in_all(self) -> int:
        """How many rows have come again, of all streams."""
        return sum(each.taken + each.tops_taken for each in self._streams.values())

    def _expected(self, stream: str) -> Expected:
        if stream not in self._streams:
            self._streams[stream] = Expected(self._db, self._folder, stream, decided=self.decided)
        return self._streams[stream]

    def forget_stream(self, stream: str) -> int:
        """Forget all that is remembered of a stream; how many rows of it could have come again."""
        number = self._expected(stream).number
        with self._db.transaction() as db:
            self.forget_completed(db, stream)
            for table in ("top_sets", "streams_with_state"):
                db.execute(f"DELETE FROM {table} WHERE stream = ?", (stream,))  # noqa: S608 - ours
        self._streams.pop(stream, None)
        self._sweep()
        return number


def _drop_lost(db: sqlite3.Connection, condition: str) -> None:
    """Forget what lost STATE lines would have covered: those rows come again."""
    for table in ("dealt_coverage", "taken_rows", "top_states", "states"):
        db.execute(
            f"DELETE FROM {table} WHERE number IN"  # noqa: S608 - our own names
            f" (SELECT number FROM states WHERE {condition})"
        )


def _drop_confirmed(db: sqlite3.Connection) -> None:
    """Forget what is covered for certain."""
    db.execute(
        "DELETE FROM dealt_batches WHERE batch_id IN"
        " (SELECT batch_id FROM dealt_coverage WHERE rows IS NULL)"
    )
    db.execute("DELETE FROM taken_rows WHERE stream NOT IN (SELECT stream FROM dealt_batches)")
    db.execute(
        "DELETE FROM top_states WHERE rowid NOT IN (SELECT last_value(rowid) OVER ("
        "PARTITION BY stream ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED"
        " FOLLOWING) FROM top_states)"
    )
    db.execute("DELETE FROM top_sets WHERE id NOT IN (SELECT set_id FROM top_states)")
    db.execute("DELETE FROM states WHERE number < (SELECT max(number) FROM states)")
