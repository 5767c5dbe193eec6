"""The rows of one stream that may come again."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.journal import fingerprints
from target_salesforce_bulk.journal.top_rows import NO_LINE, load_top

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from target_salesforce_bulk.journal.database import Database
    from target_salesforce_bulk.journal.fingerprints import Layout
    from target_salesforce_bulk.journal.top_rows import TopRows

_CHUNK = 500
#: The layout of rows that our own checks refused.
_REFUSED = -1


class Answer(Enum):
    """What is known of a row that has come."""

    NEW = "new"  #: load it
    AGAIN = "again"  #: an earlier run processed it; leave it out
    UNDECIDED = "undecided"  #: known only when the first STATE has come


class Expected:
    """What may come again of one stream; in a scratch database, so that memory stays bounded."""

    def __init__(self, database: Database, folder: Path, stream: str, *, decided: bool) -> None:
        self._database = database
        self._folder = folder
        self._stream = stream
        self._layouts: list[Layout] = []
        self._translators: dict[tuple[Layout, int], Callable[[bytes], bytes | None]] = {}
        #: Fingerprints that came again, in order; read by the thread that writes STATE.
        self._taken = bytearray()
        #: The batch and place of the last one of them, in the order in which they were dealt with.
        self.last_taken: tuple[int, int] | None = None
        self._stored = 0
        self.tops_taken = 0
        #: Whether rows of records have been written again that were expected at the bookmark.
        self._written = False
        #: Whether the tap has started further back than the bookmark.
        self._left_top = False
        self._scratch = sqlite3.connect("", isolation_level=None)
        self._scratch.executescript(
            "CREATE TABLE expected (layout INTEGER, fingerprint BLOB, batch INTEGER, place INTEGER,"
            " covered INTEGER);"
            # In the order in which equal rows are taken: there may be a million of them.
            "CREATE INDEX by_fingerprint ON expected (fingerprint, covered, batch, place, layout);"
            "CREATE TABLE coverage (batch INTEGER, layout INTEGER, rows INTEGER,"
            " PRIMARY KEY (batch, layout)) WITHOUT ROWID;"
            "BEGIN;"
        )
        self._load()
        if decided:
            self._scratch.execute("DELETE FROM expected WHERE covered")
        self._load_top(decided=decided)

    @property
    def taken(self) -> int:
        """How many rows have come again, beside those at the bookmark."""
        return len(self._taken) // fingerprints.SIZE

    @property
    def number(self) -> int:
        """Rows that may come again, beside those at the bookmark."""
        return int(self._scratch.execute("SELECT count(*) FROM expected").fetchone()[0])

    @property
    def is_empty(self) -> bool:
        """Whether no row may come again, beside those at the bookmark."""
        return self._scratch.execute("SELECT 1 FROM expected LIMIT 1").fetchone() is None

    def _load(self) -> None:
        for row in self._batches():
            layout = self._layout_number(tuple(json.loads(row["layout"])))
            for kind, number in (("rows", layout), ("refused", _REFUSED)):
                path = self._folder / f"{row['batch_id']}.{kind}"
                covered = row[f"covered_{kind}"] or 0
                self._scratch.executemany(
                    "INSERT INTO expected VALUES (?, ?, ?, ?, ?)",
                    (
                        (number, each, row["batch_id"], place, int(place < covered))
                        for place, each in enumerate(fingerprints.read_file(path))
                    ),
                )
        self._cover_taken()

    def _cover_taken(self) -> None:
        """Take rows that came again in earlier runs as covered: their STATE may turn out lost."""
        query = "SELECT fingerprint FROM taken_rows WHERE stream = ? ORDER BY id"
        for row in self._database.query(query, (self._stream,)):
            self._scratch.execute(
                "UPDATE expected SET covered = 1 WHERE rowid = (SELECT rowid FROM expected"
                " WHERE fingerprint = ? ORDER BY covered, batch, place LIMIT 1)",
                (row["fingerprint"],),
            )

    def _batches(self) -> list[sqlite3.Row]:
        return self._database.query(
            "SELECT d.batch_id, d.layout, max(coalesce(c.rows, d.rows)) AS covered_rows,"
            " max(coalesce(c.refused, d.refused)) AS covered_refused"
            " FROM dealt_batches d LEFT JOIN"
            " (SELECT batch_id, coalesce(rows, 9223372036854775807) AS rows,"
            "   coalesce(refused, 9223372036854775807) AS refused FROM dealt_coverage"
            "  UNION ALL SELECT batch_id, 0, 0 FROM dealt_batches) c ON c.batch_id = d.batch_id"
            " WHERE d.stream = ? AND d.operation = 'insert'"
            " GROUP BY d.batch_id ORDER BY d.batch_id",
            (self._stream,),
        )

    def decide(self) -> None:
        """Keep only what will come again, now that the journal knows."""
        self._cover()
        self._cover_taken()
        self._scratch.execute("DELETE FROM expected WHERE covered")
        self._load_top(decided=True)
        if self._written:  # nobody noted which, of those that were not expected before
            self._top_of.clear()
        if self._left_top:
            self.leave_top()

    def _cover(self) -> None:
        """Take as covered what the journal says now, in one pass over all rows."""
        self._scratch.execute("DELETE FROM coverage")
        self._scratch.executemany(
            "INSERT INTO coverage VALUES (?, ?, ?)",
            (
                (row["batch_id"], layout, row[f"covered_{kind}"] or 0)
                for row in self._batches()
                for kind, layout in (("rows", 0), ("refused", _REFUSED))
            ),
        )
        self._scratch.execute(
            "UPDATE expected SET covered = coalesce(place < (SELECT rows FROM coverage AS c"
            " WHERE c.batch = expected.batch AND c.layout = min(expected.layout, 0)), 1)"
        )

    def _load_top(self, *, decided: bool) -> None:
        self.top = load_top(self._database, self._stream, least_written=0 if decided else 1)
        #: The rows at the bookmark if the newest STATE, which may not be out, has come back.
        self._doubtful = None if decided else load_top(self._database, self._stream)
        rows = [] if self._doubtful is None else self._doubtful.rows
        self._doubtful_rows = {(each.layout, each.fingerprint) for each in rows}
        self._top_left = Counter[tuple[int, bytes]]()
        #: Of rows with a key: the last one of each record.
        self._top_of = {} if self.top is None else dict(self.top.last)
        if self.top is not None:
            self._top_left.update(
                (each.layout, each.fingerprint) for each in self.top.rows if each.same_key is None
            )

    def _layout_number(self, layout: Layout) -> int:
        if layout not in self._layouts:
            self._layouts.append(layout)
        return self._layouts.index(layout)

    def match(
        self, layout: Layout, lines: Sequence[bytes], *, refused: bool, decided: bool
    ) -> list[Answer]:
        """See `RecognisedRows.match`."""
        answers = [Answer.NEW] * len(lines)
        for number in [_REFUSED] if refused else range(len(self._layouts)):
            translate = _itself if refused else self._translator(layout, number)
            found = [translate(line) for line in lines]
            known = self._known(number, {each for each in found if each is not None})
            for at, each in enumerate(found):
                if each is not None and each in known and answers[at] is Answer.NEW:
                    answers[at] = self._take(number, each, decided=decided)
        return answers

    def _translator(self, layout: Layout, number: int) -> Callable[[bytes], bytes | None]:
        key = (layout, number)
        if key not in self._translators:
            self._translators[key] = fingerprints.translator(layout, self._layouts[number])
        return self._translators[key]

    def _known(self, number: int, wanted: set[bytes]) -> set[bytes]:
        """Those of some fingerprints that are expected."""
        known: set[bytes] = set()
        every = list(wanted)
        for start in range(0, len(every), _CHUNK):
            chunk = every[start : start + _CHUNK]
            marks = ",".join(["(?)"] * len(chunk))
            rows = self._scratch.execute(
                f"WITH wanted (fingerprint) AS (VALUES {marks})"  # noqa: S608 - marks
                " SELECT fingerprint FROM wanted WHERE EXISTS (SELECT 1 FROM expected AS e"
                " WHERE e.fingerprint = wanted.fingerprint AND e.layout = ?)",
                (*chunk, number),
            )
            known.update(row[0] for row in rows)
        return known

    def _take(self, number: int, fingerprint: bytes, *, decided: bool) -> Answer:
        row = self._scratch.execute(
            "SELECT rowid, covered, batch, place FROM expected WHERE fingerprint = ? AND layout = ?"
            " ORDER BY covered, batch, place LIMIT 1",
            (fingerprint, number),
        ).fetchone()
        if row is None:
            return Answer.NEW
        if row[1]:
            return Answer.NEW if decided else Answer.UNDECIDED
        self._scratch.execute("DELETE FROM expected WHERE rowid = ?", (row[0],))
        self._taken += fingerprint
        if number != _REFUSED:
            self.last_taken = max(self.last_taken or (0, 0), (row[2], row[3]))
        return Answer.AGAIN

    def store_taken(self, db: sqlite3.Connection, stream: str, number: int, taken: int) -> None:
        """Store the first so many of the rows that came again as covered by a STATE."""
        size = fingerprints.SIZE
        new = self._taken[self._stored * size : taken * size]
        self._stored = max(self._stored, taken)
        db.executemany(
            "INSERT INTO taken_rows (stream, fingerprint, number) VALUES (?, ?, ?)",
            ((stream, new[at : at + size], number) for at in range(0, len(new), size)),
        )

    @property
    def bookmarks(self) -> list[Any]:
        """The bookmarks at which rows may come again: one, once it has been decided."""
        return [each.value for each in (self.top, self._doubtful) if each is not None]

    @property
    def expects_records(self) -> bool:
        """Whether rows of records may come again at the bookmark."""
        return bool(self._top_of)

    def take_top(
        self, layout: Layout, line: bytes, same_key: str | None, *, decided: bool
    ) -> Answer:
        """See `RecognisedRows.match_top`."""
        for number, fingerprint in _readings(self.top, layout, line):
            if self._is_expected(number, fingerprint, same_key):
                return self._take_top(number, fingerprint, same_key, decided=decided)
        doubtful = _readings(self._doubtful, layout, line) if same_key is None else ()
        known = not self._doubtful_rows.isdisjoint(doubtful)
        return Answer.UNDECIDED if known else Answer.NEW

    def _is_expected(self, layout: int, fingerprint: bytes, same_key: str | None) -> bool:
        if same_key is None:
            return self._top_left[layout, fingerprint] > 0
        last = self._top_of.get(same_key)
        return last is not None and (last.layout, last.fingerprint) == (layout, fingerprint)

    def _take_top(
        self, layout: int, fingerprint: bytes, same_key: str | None, *, decided: bool
    ) -> Answer:
        if not decided:
            return Answer.UNDECIDED
        if same_key is None:
            self._top_left[layout, fingerprint] -= 1
        self.tops_taken += 1
        return Answer.AGAIN

    def write_records(self, same_keys: Iterable[str]) -> None:
        """See `RecognisedRows.write_records`."""
        for same_key in same_keys:
            self._written = True
            self._top_of.pop(same_key, None)

    def leave_top(self) -> None:
        """See `RecognisedRows.leave_top`."""
        self._left_top = True
        self._doubtful = None
        self._top_left.clear()
        self._top_of.clear()


def _readings(top: TopRows | None, layout: Layout, line: bytes) -> Iterator[tuple[int, bytes]]:
    """The fingerprints of a line in the layouts of the rows at a bookmark, with their numbers."""
    for number, earlier in enumerate(() if top is None else top.layouts):
        if (earlier == NO_LINE) == (layout == NO_LINE):
            found = line if layout == NO_LINE else fingerprints.translator(layout, earlier)(line)
            if found is not None:
                yield number, found


def _itself(fingerprint: bytes) -> bytes | None:
    return fingerprint
