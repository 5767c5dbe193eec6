"""Record batches are made small enough for memory."""

from __future__ import annotations

import pyarrow as pa
import pytest

from target_salesforce_bulk.singer import slices


def sizes(monkeypatch: pytest.MonkeyPatch, batch: pa.RecordBatch, limit: int) -> list[int]:
    """Rows of each slice, where a slice may have so many bytes."""
    monkeypatch.setattr(slices, "SLICE_BYTES", limit)
    return [each.num_rows for each in slices.decoded(batch)]


def test_a_dictionary_is_decoded() -> None:
    """The rows are the same, as plain text."""
    column = pa.array(["a", "b", "a", None]).dictionary_encode()
    (found,) = slices.decoded(pa.RecordBatch.from_arrays([column], names=["x"]))

    assert (found.schema.field("x").type, found.to_pydict()) == (
        pa.string(),
        {"x": ["a", "b", "a", None]},
    )


def test_a_dictionary_counts_at_its_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """One long text in every row is halved until its slices fit."""
    column = pa.array(["x" * 100] * 8).dictionary_encode()
    batch = pa.RecordBatch.from_arrays([column], names=["x"])

    assert sizes(monkeypatch, batch, 250) == [2, 2, 2, 2]


def test_a_row_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused with its size, not read."""
    batch = pa.RecordBatch.from_arrays([pa.array(["x" * 300])], names=["x"])

    with pytest.raises(ValueError, match="a row has 3"):
        sizes(monkeypatch, batch, 250)


def test_a_type_that_is_not_read() -> None:
    """It is named."""
    column = pa.RunEndEncodedArray.from_arrays([2], ["a"])
    batch = pa.RecordBatch.from_arrays([column], names=["x"])

    with pytest.raises(ValueError, match="a column of type run_end_encoded"):
        list(slices.decoded(batch))
