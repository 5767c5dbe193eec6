"""Rows that an interrupted run has dealt with already, and that the tap sends again.

An upsert or update of the same row twice does no harm. An insert would make a second record, and a
delete would fail for want of one, so rows of those are recognised when they come again, and left
out once for each time that they were dealt with.
"""

from __future__ import annotations

import hashlib
import json
from itertools import islice
from typing import TYPE_CHECKING

from target_salesforce_bulk.rows.csvfile import read_raw
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from target_salesforce_bulk.journal.batch import Batch

_NOT_TWICE = frozenset({Operation.INSERT, Operation.DELETE, Operation.HARD_DELETE})


def must_not_come_twice(operation: Operation) -> bool:
    """Whether a row that comes again must be recognised."""
    return operation in _NOT_TWICE


def row_fingerprint(line: bytes) -> bytes:
    """What a row is recognised by: its CSV line as it was written from the record."""
    return hashlib.blake2b(line, digest_size=16).digest()


def refused_fingerprint(row: Mapping[str, str]) -> bytes:
    """What a row is recognised by that was refused before sending."""
    text = json.dumps(list(row.values()), separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"refused").digest()


def fingerprints(batch: Batch, covered_rows: int, covered_refused: int) -> Iterator[bytes]:
    """The rows of a settled batch that no STATE covers."""
    lines = (line for line, _ in read_raw(batch.original))
    yield from map(row_fingerprint, islice(lines, 1 + covered_rows, None))
    if batch.refused.exists():
        with batch.refused.open(encoding="utf-8") as rows:
            for text in islice(rows, covered_refused, None):
                yield refused_fingerprint(json.loads(text)["row"])
