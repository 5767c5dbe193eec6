"""Matches the rows of result files to the rows that were sent."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.failed_rows import UNCERTAIN, RowError
from target_salesforce_bulk.loading.settling.result_files import cell, in_our_order, result_rows
from target_salesforce_bulk.loading.settling.sent_rows import LEFT_ALONE, failed_row, sent_rows
from target_salesforce_bulk.rows.canonical import canonical, canonical_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import LoadPlan
    from target_salesforce_bulk.journal.failed_rows import FailedRow


class Matcher:
    """Matches result rows to sent rows in a scratch database, so that memory stays bounded."""

    def __init__(self, plan: LoadPlan) -> None:
        self._plan = plan
        self._key = _key_function(plan)
        # An empty name is SQLite's private temporary database: in memory while it is small, on
        # disk when it is not, and gone when it is closed.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(
            "CREATE TABLE result (id INTEGER PRIMARY KEY, key TEXT, error TEXT, row INTEGER);"
            "CREATE INDEX open_results ON result (key) WHERE row IS NULL;"
            "CREATE TABLE success (key TEXT PRIMARY KEY, times INTEGER) WITHOUT ROWID;"
            "BEGIN;"
        )
        self.unmatched = 0

    def __enter__(self) -> Matcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def expect_failed(self, path: Path) -> int:
        """Take in the failed results, and count them."""
        return self._expect(path, "sf__error")

    def expect_unprocessed(self, path: Path) -> int:
        """Take in the unprocessed records, and count them."""
        return self._expect(path, None)

    def _expect(self, path: Path, error_column: str | None) -> int:
        added = 0
        for header, row in result_rows(path):
            error = LEFT_ALONE.raw if error_column is None else cell(header, row, error_column)
            self._db.execute(
                "INSERT INTO result (key, error) VALUES (?, ?)",
                (self._key(in_our_order(self._plan, header, row)), error),
            )
            added += 1
        self.unmatched += added
        return added

    def match(self, sent: Path) -> None:
        """Find the row that each result speaks of."""
        for number, row in sent_rows(sent):
            if self.unmatched == 0:
                return
            cursor = self._db.execute(
                "UPDATE result SET row = ? WHERE id ="
                " (SELECT id FROM result WHERE key = ? AND row IS NULL LIMIT 1)",
                (number, self._key(row)),
            )
            self.unmatched -= cursor.rowcount

    def doubt(self, sent: Path, successful: Path, why: str) -> None:
        """Call every row uncertain that is neither matched yet nor among the successful ones."""
        for header, row in result_rows(successful):
            self._db.execute(
                "INSERT INTO success VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1",
                (self._key(in_our_order(self._plan, header, row)),),
            )
        matched = {row for (row,) in self._db.execute("SELECT row FROM result")}
        for number, row in sent_rows(sent):
            if number not in matched and not self._take_success(self._key(row)):
                self._db.execute(
                    "INSERT INTO result (error, row) VALUES (?, ?)",
                    (f"{UNCERTAIN}:Salesforce's answers do not add up: {why}:--", number),
                )

    def _take_success(self, key: str) -> bool:
        cursor = self._db.execute(
            "UPDATE success SET times = times - 1 WHERE key = ? AND times > 0", (key,)
        )
        return cursor.rowcount == 1

    def not_loaded(self, sent: Path) -> Iterator[FailedRow]:
        """The sent rows that have a result other than success, in the order in which they went."""
        results = self._db.execute(
            "SELECT row, error FROM result WHERE row IS NOT NULL ORDER BY row"
        )
        following = results.fetchone()
        for number, row in sent_rows(sent):
            if following is None:
                return
            if number == following[0]:
                yield failed_row(self._plan, row, _error(following[1]))
                following = results.fetchone()


def _error(text: str) -> RowError:
    return LEFT_ALONE if text == LEFT_ALONE.raw else RowError.parse(text)


def _key_function(plan: LoadPlan) -> Callable[[Sequence[str]], str]:
    place = plan.key_index
    if place is not None:
        same = canonical_key(plan.columns[place].field)
        return lambda row: same(row[place])
    cells = [canonical(column.field) for column in plan.columns]

    def fingerprint(row: Sequence[str]) -> str:
        text = "\x1f".join(same(cell) for same, cell in zip(cells, row, strict=True))
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    return fingerprint
