"""Encodes Arrow data column by column.

Produces the same bytes as `RowEncoder`. A column that needs no checks beyond its type is encoded
for all rows at once; any other column goes through its `CellEncoder`, value by value. A row with a
value to refuse is left to `RowEncoder`.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from target_salesforce_bulk.rows import values
from target_salesforce_bulk.rows.arrow_values import python_values
from target_salesforce_bulk.rows.checks import EMAIL, Length, WholeDigits
from target_salesforce_bulk.rows.encoder import CLEAR, DELETED_AT, MISSING, RowRefused, look_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.rows.encoder import CellEncoder, RowEncoder

# Characters that `RowEncoder` may change or refuse: all control characters but tab and line feed.
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n")
# The first UTF-8 byte of a character with two UTF-16 code units.
_BEYOND_BMP = b"\xf0\xf1\xf2\xf3\xf4"
# As many digits as a field holds; `RowEncoder` decides about longer numbers.
_MOST_DIGITS = 18
# The same as `EMAIL`, in the syntax of Arrow's regular expressions.
_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s.]+$"
# Up to this share of distinct values, each distinct value of a column is encoded once.
_SHARE_OF_DIFFERENT = 0.5


class ArrowLines:
    """CSV lines in one contiguous buffer; see `Lines`."""

    def __init__(self, texts: pa.StringArray) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def encoded(self, start: int, end: int) -> bytes:
        """The bytes of the lines from `start` up to `end`."""
        return _data(self._texts.slice(start, end - start))


class PlainRows:
    """The lines of a record batch, except the rows that are left to `RowEncoder`."""

    def __init__(
        self,
        texts: pa.StringArray,
        keys: list[str],
        misfits: list[int],
        positions: list[Any],
    ) -> None:
        self._texts = texts
        self._keys = keys
        self._positions = positions
        self._misfits = misfits

    def after(self, place: int) -> tuple[ArrowLines, list[str], list[Any]]:
        """Lines, key cells and replication-key values from `place` up to the next row left out."""
        following = bisect_left(self._misfits, place)
        end = self._misfits[following] if following < len(self._misfits) else len(self._texts)
        texts = ArrowLines(self._texts.slice(place, end - place))
        return texts, self._keys[place:end], self._positions[place:end]


class ArrowRows:
    """Encodes the Arrow data of one stream.

    Args:
        encoder: Defines the bytes to produce.
        deletions: Whether rows with `_sdc_deleted_at` are deletes, which are left out here.
        replication_key: The stream's replication key; None if it has none.
    """

    def __init__(
        self, encoder: RowEncoder, *, deletions: bool, replication_key: str | None = None
    ) -> None:
        self._encoder = encoder
        self._replication_key = replication_key
        self._deletions = deletions

    def rows(self, batch: pa.RecordBatch) -> PlainRows:
        """Encode a record batch."""
        misfits: set[int] = set()
        keys: list[str] = []
        cells = []
        for encoder in self._encoder.columns:
            column = _Column(encoder, batch, misfits)
            cell = column.cells()
            if encoder.is_key:
                keys = cell.to_pylist()
            elif encoder.required:
                misfits |= _places(pc.equal(cell, ""))
            cells.append(column.quoted(cell))
        deleted = _find(batch, DELETED_AT)
        if deleted is not None and self._deletions:
            misfits |= _places(pc.is_valid(deleted))
        elif deleted is not None:
            self._count_deleted(deleted, misfits)
        inner = pc.binary_join_element_wise(*cells, '","')
        lines = pc.binary_join_element_wise('"', inner, '"\n', "")
        return PlainRows(lines, keys, sorted(misfits), self._position_values(batch))

    def _position_values(self, batch: pa.RecordBatch) -> list[Any]:
        if self._replication_key is None:
            return []
        array = _find(batch, self._replication_key)
        return [None] * batch.num_rows if array is None else array.to_pylist()

    def _count_deleted(self, array: pa.Array, misfits: set[int]) -> None:
        """Count the deleted rows among those that are encoded here."""
        marked = _places(pc.is_valid(array)) - misfits
        for deleted_at in python_values(array.take(pa.array(sorted(marked), pa.int64()))):
            self._encoder.count_deleted(deleted_at)


class _Column:
    """One column of the CSV while its cells are encoded."""

    def __init__(self, encoder: CellEncoder, batch: pa.RecordBatch, misfits: set[int]) -> None:
        self._encoder = encoder
        self._batch = batch
        self._misfits = misfits

    def cells(self) -> pa.StringArray:
        """The cells, before quotes are doubled."""
        column, rows = self._encoder.column, self._batch.num_rows
        if column.path is None:
            return self._same(column.constant, rows)
        array = _find(self._batch, column.path[0])
        if array is None:
            return self._same(MISSING, rows)
        if len(column.path) > 1:
            path = column.path[1:]
            return self._one_by_one([look_up(value, path) for value in python_values(array)])
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        if pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type):
            array = array.cast(pa.string())
        write = _KINDS.get(self._encoder.write)
        plain = None if write is None else write(array, self._encoder)
        if plain is None:
            return self._by_value(array)
        if plain.null_count:
            if self._encoder.is_key:
                self._misfits |= _places(pc.is_null(plain))
            plain = pc.fill_null(plain, self._encoder.null)
        return plain

    @staticmethod
    def quoted(cells: pa.StringArray) -> pa.StringArray:
        """Cells with quotes doubled."""
        return pc.replace_substring(cells, '"', '""') if b'"' in _data(cells) else cells

    def _same(self, value: Any, rows: int) -> pa.StringArray:
        """The cell of a value, repeated for every row."""
        try:
            cell = self._encoder.cell(value)
        except RowRefused:
            self._misfits |= set(range(rows))
            cell = ""
        return pa.repeat(pa.scalar(cell), rows)

    def _by_value(self, array: pa.Array) -> pa.StringArray:
        """The cells of any values; if few are distinct, each distinct value is encoded once."""
        try:
            encoded = array.dictionary_encode(null_encoding="encode")
        except pa.ArrowNotImplementedError:  # such as lists
            return self._one_by_one(python_values(array))
        different = encoded.dictionary
        if len(different) > _SHARE_OF_DIFFERENT * len(array):
            return self._one_by_one(python_values(array))
        cells, refused = self._written(python_values(different))
        if refused:
            among = pa.array(sorted(refused), pa.int32())
            self._misfits |= _places(pc.is_in(encoded.indices, among))
        return pc.take(pa.array(cells, pa.string()), encoded.indices)

    def _one_by_one(self, found: list[Any]) -> pa.StringArray:
        cells, refused = self._written(found)
        self._misfits |= refused
        return pa.array(cells, pa.string())

    def _written(self, found: list[Any]) -> tuple[list[str], set[int]]:
        """The cells of values, and the positions of refused values."""
        cells, refused = [], set()
        for place, value in enumerate(found):
            try:
                cells.append(self._encoder.cell(value))
            except RowRefused:
                refused.add(place)
                cells.append("")
        return cells, refused


def _find(batch: pa.RecordBatch, name: str) -> pa.Array | None:
    places = batch.schema.get_all_field_indices(name)
    return batch.column(places[-1]) if places else None


def _places(mask: pa.BooleanArray) -> set[int]:
    """The positions where a mask is true."""
    return set(pc.indices_nonzero(mask).to_pylist())


def _data(texts: pa.StringArray) -> bytes:
    """The bytes of all texts, concatenated."""
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return b""
    ends = memoryview(offsets).cast("i")
    start, end = ends[texts.offset], ends[texts.offset + len(texts)]
    return bytes(data.slice(start, end - start))


def _text(array: pa.Array, encoder: CellEncoder) -> pa.StringArray | None:
    """Texts that need no change."""
    if not pa.types.is_string(array.type):
        return None
    data = _data(array)
    size = pc.min_max(pc.binary_length(array)).as_py()
    if (
        len(data.translate(None, _CONTROLS)) != len(data)
        or CLEAR.encode() in data
        or size["min"] == 0
        or not all(_passes(check, array, size["max"] or 0) for check in encoder.checks)
    ):
        return None
    return array


def _passes(check: Callable[[str], str], array: pa.StringArray, most_bytes: int) -> bool:
    """Whether it is certain that all texts pass a check unchanged."""
    if isinstance(check, Length):
        if most_bytes <= check.longest:
            return True
        if check.truncate and len(_data(array).translate(None, _BEYOND_BMP)) != len(_data(array)):
            return False  # a text may have more UTF-16 code units than characters
        return bool(pc.max(pc.utf8_length(array)).as_py() <= check.longest)
    if check is EMAIL:
        # In Arrow's regular expressions, \s matches ASCII whitespace only.
        plain = pc.and_(pc.string_is_ascii(array), pc.match_substring_regex(array, _EMAIL))
        return pc.all(plain).as_py() is not False
    return False


def _boolean(array: pa.Array, encoder: CellEncoder) -> pa.StringArray | None:
    return pc.if_else(array, "true", "false") if pa.types.is_boolean(array.type) else None


def _integer(array: pa.Array, encoder: CellEncoder) -> pa.StringArray | None:
    return _digits(array, encoder) if pa.types.is_integer(array.type) else None


def _number(array: pa.Array, encoder: CellEncoder) -> pa.StringArray | None:
    kind = array.type
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return _digits(array, encoder)
    if pa.types.is_float64(kind):
        texts = pa.array([None if value is None else repr(value) for value in array.to_pylist()])
        return None if texts.type != pa.string() else _short(texts, encoder)
    return None


def _digits(array: pa.Array, encoder: CellEncoder) -> pa.StringArray | None:
    return _short(array.cast(pa.string()), encoder)


def _short(texts: pa.StringArray, encoder: CellEncoder) -> pa.StringArray | None:
    """Numbers in plain notation that certainly fit their field."""
    digits = [check.most for check in encoder.checks if isinstance(check, WholeDigits)]
    longest = pc.max(pc.binary_length(texts)).as_py() or 0
    data = _data(texts)
    # Exponents, nan and inf contain one of these letters.
    plain = len(data.translate(None, b"EeNni")) == len(data)
    return texts if plain and longest <= min([_MOST_DIGITS, *digits]) else None


def _day(array: pa.Array, encoder: CellEncoder) -> pa.StringArray | None:
    if not pa.types.is_date(array.type) or not _in_range(array):
        return None
    return array.cast(pa.date32()).cast(pa.string())


def _moment(array: pa.Array, encoder: CellEncoder) -> pa.StringArray | None:
    """Rounded down to milliseconds, also before 1970."""
    if not pa.types.is_timestamp(array.type) or not _in_range(array):
        return None
    floored = array
    if array.type.unit not in {"s", "ms"}:
        floored = pc.floor_temporal(array, unit="millisecond")
    utc = floored.cast(pa.timestamp("ms", array.type.tz), safe=False).cast(pa.timestamp("ms"))
    texts = pc.utf8_replace_slice(utc.cast(pa.string()), start=10, stop=11, replacement="T")
    return pc.binary_join_element_wise(texts, "", "Z")


def _in_range(array: pa.Array) -> bool:
    """Whether all years are within Salesforce's range.

    The raw integers are compared, because Arrow's `year` is wrong for values far out of range.
    """
    bounds = pc.min_max(array.view(pa.int32() if pa.types.is_date32(array.type) else pa.int64()))
    least, most = bounds.as_py().values()
    per_day = _PER_DAY["D" if pa.types.is_date32(array.type) else _unit(array.type)]
    return least is None or (_FIRST_DAY * per_day <= least and most < _END_DAY * per_day)


def _unit(kind: pa.DataType) -> str:
    return "ms" if pa.types.is_date64(kind) else str(kind.unit)


# Days since 1970-01-01, and units per day by type.
_FIRST_DAY = (date(values.FIRST_YEAR, 1, 1) - date(1970, 1, 1)).days
_END_DAY = (date(values.LAST_YEAR + 1, 1, 1) - date(1970, 1, 1)).days
_PER_DAY = {"D": 1, "s": 86400, "ms": 86400 * 10**3, "us": 86400 * 10**6, "ns": 86400 * 10**9}

_KINDS: dict[Callable[[Any], str], Callable[[pa.Array, CellEncoder], pa.StringArray | None]] = {
    values.text: _text,
    values.boolean: _boolean,
    values.integer: _integer,
    values.number: _number,
    values.day: _day,
    values.moment: _moment,
}
