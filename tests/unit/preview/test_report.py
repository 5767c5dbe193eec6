"""What a preview says of counts."""

from __future__ import annotations

from target_salesforce_bulk.preview.dry_run import Count, Reason
from target_salesforce_bulk.preview.report import count_lines


def counted(**facts: int) -> Count:
    count = Count()
    for name, value in facts.items():
        setattr(count, name, value)
    return count


def test_one_of_each() -> None:
    """Nouns agree with their numbers, and what is zero and rare is not mentioned."""
    count = counted(read=1, rows=1, jobs=1, size=1)

    assert [*count_lines({"people": count})] == [
        "Stream people: 1 record, 1 row to be sent, in 1 job of 1 byte, 0 merged, 0 refused",
    ]


def test_refused_rows_and_deletes() -> None:
    """Each reason has a line, with some keys."""
    count = counted(read=1200, rows=1100, deletes=5, jobs=2, size=4000, merged=97, refused=3)
    count.reasons["LIMIT", "too long"] = reason = Reason()
    for key in ("a", "b", None):
        reason.add(key)

    assert [*count_lines({"people": count, "other": Count()})] == [
        "Stream people: 1,200 records, 1,100 rows to be sent, 5 of them deletes, in 2 jobs of "
        "4,000 bytes, 97 merged, 3 refused",
        "  3 x LIMIT: too long  [a, b]",
        "Stream other: 0 records, 0 rows to be sent, in 0 jobs of 0 bytes, 0 merged, 0 refused",
    ]
