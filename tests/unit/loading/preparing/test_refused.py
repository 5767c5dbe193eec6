"""A refused row loses what later rows of its record in the same batch say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from known_outcomes import DELETES, HEADERS, WRITES
from sample_batches import make_batch

from target_salesforce_bulk.journal.failed_rows import FailedRow, Origin, RowError, read_refused
from target_salesforce_bulk.loading.preparing.merge import KeyWatch, SameRecords
from target_salesforce_bulk.loading.preparing.refused import NO_PLACE, mark_overwritten
from target_salesforce_bulk.rows.csvfile import CsvFile, encode_row

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan

#: The cells of a row that was refused, and how many rows to be sent came before it.
Refused = tuple[int, list[str]]


def mark(
    folder: Path, sent: list[list[str]], refused: list[Refused], plan: LoadPlan = WRITES
) -> Batch:
    """Mark the refused rows of a batch; keys compare without case."""
    batch = make_batch(folder, plan=plan)
    headers, watch = HEADERS[: len(plan.columns)], KeyWatch()
    file = CsvFile.create(batch.csv, encode_row(headers))
    for cells in sent:
        file.write(encode_row(cells))
        watch.add([cells[0].lower()])
    file.seal()
    lines = []
    for _, cells in refused:
        key = cells[0] or None
        same = key.lower() if key else None
        watch.add([same] if same else [])
        row = FailedRow(
            row=dict(zip(headers, cells, strict=True)),
            error=RowError(code="STRING_TOO_LONG", message="too long"),
            key=key,
            same_key=same,
            origin=Origin.LOCAL,
        )
        lines.append(row.to_json() + "\n")
    batch.refused.write_text("".join(lines))
    repeated = watch.repeated()
    rows = SameRecords(batch.csv, repeated, lambda cells: cells[0].lower())
    mark_overwritten(batch, rows, [place for place, _ in refused], repeated)
    return batch


def marks(batch: Batch) -> list[tuple[str | None, tuple[str, ...], bool]]:
    """What is noted with each refused row."""
    return [(row.key, row.overwritten, row.superseded) for row in read_refused(batch.refused)]


@pytest.mark.parametrize(
    ("place", "fields", "superseded"),
    [(0, ("Phone", "Title"), True), (1, ("Title",), False), (2, ("Title",), False), (3, (), False)],
)
def test_later_rows_alone_count(
    tmp_path: Path, place: int, fields: tuple[str, ...], *, superseded: bool
) -> None:
    """By the place of the refused row among the rows to be sent, whatever the case of keys."""
    sent = [["a", "1", ""], ["b", "1", ""], ["A", "", "x"]]

    assert marks(mark(tmp_path, sent, [(place, ["a", "9", "9"])])) == [("a", fields, superseded)]


def test_a_row_of_which_nothing_is_left_is_superseded(tmp_path: Path) -> None:
    """Also where it said less than the later row; one that said more stays."""
    sent = [["a", "1", ""], ["b", "1", ""]]
    refused = [(0, ["a", "9", ""]), (0, ["b", "9", "9"])]

    assert marks(mark(tmp_path, sent, refused)) == [
        ("a", ("Phone",), True),
        ("b", ("Phone",), False),
    ]


def test_later_refused_rows_count_too(tmp_path: Path) -> None:
    """They stand for an earlier one as those do that are sent; the last stays as it is."""
    refused = [(0, ["a", "9", ""]), (0, ["a", "8", "8"]), (0, ["a", "", "7"])]

    assert marks(mark(tmp_path, [], refused)) == [
        ("a", ("Phone", "Title"), True),
        ("a", ("Title",), False),
        ("a", (), False),
    ]


def test_sent_and_refused_rows_together(tmp_path: Path) -> None:
    """What is later of either kind is said."""
    sent = [["a", "1", ""], ["a", "2", ""]]
    refused = [(1, ["a", "9", "9"]), (2, ["a", "", "8"])]

    assert marks(mark(tmp_path, sent, refused)) == [
        ("a", ("Phone", "Title"), True),
        ("a", (), False),
    ]


def test_a_delete_leaves_nothing_of_a_refused_delete(tmp_path: Path) -> None:
    """The later one does the same."""
    assert marks(mark(tmp_path, [["a"]], [(0, ["a"])], DELETES)) == [("a", (), True)]


@pytest.mark.parametrize(
    "refused",
    [
        (0, ["c", "9", "9"]),  # no other row has its record
        (0, ["", "9", "9"]),  # it names no record
        (NO_PLACE, ["c", "9", "9"]),
    ],
)
def test_other_rows_stay_as_they_are(tmp_path: Path, refused: Refused) -> None:
    """Beside one that is marked, in the order of the file."""
    batch = mark(tmp_path, [["a", "1", ""]], [(0, ["a", "9", ""]), refused])

    assert marks(batch) == [("a", ("Phone",), True), (refused[1][0] or None, (), False)]
    assert batch.refused.stat().st_mode & 0o777 == 0o600
    assert {each.name for each in tmp_path.iterdir()} == {"rows.csv", "refused.jsonl"}


def test_a_row_without_a_place_is_not_marked(tmp_path: Path) -> None:
    """Even where its key is that of others."""
    assert marks(mark(tmp_path, [["a", "1", ""]], [(NO_PLACE, ["a", "9", ""])])) == [
        ("a", (), False)
    ]


def test_a_batch_without_repeated_records_is_not_written_again(tmp_path: Path) -> None:
    """Its file of refused rows stays the one that it was."""
    (tmp_path / "refused.jsonl").touch()
    inode = (tmp_path / "refused.jsonl").stat().st_ino
    batch = mark(tmp_path, [["a", "1", ""]], [(0, ["b", "9", ""])])

    assert (batch.refused.stat().st_ino, marks(batch)) == (inode, [("b", (), False)])
