"""Decodes and encodes the records of a stream by a function generated for it.

For plain records, the function produces the same bytes as `RowEncoder`, many times faster. It stops
before a record that may have to be refused or needs a closer look; `RowEncoder` takes that one.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, DecimalException
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from target_salesforce_bulk.rows import values
from target_salesforce_bulk.rows.checks import EMAIL, Length, WholeDigits
from target_salesforce_bulk.rows.csvfile import TextLines
from target_salesforce_bulk.rows.encoder import CLEAR, DELETED_AT, MISSING, RowRefused, look_up
from target_salesforce_bulk.rows.values import ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from target_salesforce_bulk.rows.encoder import CellEncoder, RowEncoder

# Tab and line feed are text; the encoder refuses or changes all other control characters.
_NOT_PLAIN = re.compile(r"[\x00-\x08\x0b-\x1f]")
# JSON escapes that may stand for such a character, or for a part of `#N/A`. All others stand for a
# quote, a backslash, a tab, a line feed or a non-ASCII character.
_ODD_ESCAPE = re.compile(rb"\\(?:[bfr/]|u00[0-7])")
# As many digits as a field holds; the encoder decides about longer numbers.
_MOST_DIGITS = 18
#: Raised by records that the encoder has to take.
_MISFITS = (RowRefused, ValueRefusedError, ValueError, DecimalException)


class TextHazards(Enum):
    """How closely the texts in a block of JSON must be checked."""

    #: Not at all: no text contains quotes or control characters.
    NONE = auto()
    #: Quotes must be doubled.
    QUOTES = auto()
    #: Texts may contain anything.
    ALL = auto()

    @classmethod
    def of(cls, block: bytes) -> TextHazards:
        """The hazards of a block of JSON."""
        if b"#" in block and CLEAR.encode() in block:  # searching for one byte is much faster
            return cls.ALL
        if b"\\" not in block:
            return cls.NONE
        return cls.ALL if _ODD_ESCAPE.search(block) else cls.QUOTES


class JsonRows:
    """Decodes the RECORD messages of one stream and encodes their rows.

    Args:
        stream: The stream's name.
        encoder: Defines the bytes to produce.
        properties: The properties of the stream's schema.
        deletions: Whether records with `_sdc_deleted_at` are deletes, which are left out here.
        replication_key: The stream's replication key; None if it has none.
    """

    def __init__(
        self,
        stream: str,
        encoder: RowEncoder,
        properties: Mapping[str, Any],
        *,
        deletions: bool,
        replication_key: str | None = None,
    ) -> None:
        names = {cell.column.path[0]: None for cell in encoder.columns if cell.column.path}
        names[DELETED_AT] = None
        if replication_key is not None:
            names[replication_key] = None
        self._replication_key = replication_key
        self._attributes = {name: f"value_{place}" for place, name in enumerate(names)}
        self._texts = {name for name in names if _only_text(properties.get(name))}
        record = msgspec.defstruct("Record", [self._member(name) for name in names], gc=False)
        message = msgspec.defstruct(
            "Message",
            [("record", record), ("stream", Literal[stream])],
            tag="RECORD",
            tag_field="type",
            gc=False,
        )
        #: Decodes a RECORD message of this stream.
        self.message = msgspec.json.Decoder(message, float_hook=Decimal)
        #: Decodes a record.
        self.record = msgspec.json.Decoder(record, float_hook=Decimal)
        self._deletions = deletions
        self._encoder = encoder
        self._functions: dict[tuple[str, TextHazards], Callable[..., None]] = {}

    def rows(
        self, messages: Iterator[Any], *, of: str, hazards: TextHazards
    ) -> tuple[TextLines, list[str], list[Any]]:
        """The lines, key cells and replication-key values of messages, up to the first not plain.

        That message has been taken from the iterator too; as many messages precede it as there are
        rows.

        Args:
            messages: Decoded by `message` or `record`.
            of: The decoder: `message` or `record`.
            hazards: `TextHazards.of` their JSON.
        """
        function = self._functions.get((of, hazards))
        if function is None:
            function = self._functions[of, hazards] = self._function(of, hazards)
        rows: list[str] = []
        keys: list[str] = []
        positions: list[Any] = []
        with suppress(*_MISFITS):  # the encoder says what is wrong
            function(messages, rows.append, keys.append, positions.append)
        return TextLines(rows), keys, positions

    def _member(self, name: str) -> Any:
        kind = str | None | msgspec.UnsetType if name in self._texts else object
        return (self._attributes[name], kind, msgspec.field(name=name, default=msgspec.UNSET))

    def _function(self, of: str, hazards: TextHazards) -> Callable[..., None]:
        known = _KNOWN | {"count_deleted": self._encoder.count_deleted}
        deleted_at = f"record.{self._attributes[DELETED_AT]}"
        is_deleted = f"if {deleted_at} is not None and {deleted_at} is not UNSET:"
        body = [f"record = message{'.record' if of == 'message' else ''}"]
        if self._deletions:
            body += [f"{is_deleted} return"]
        for place, cell in enumerate(self._encoder.columns):
            body += self._column(place, cell, known, hazards)
        if not self._deletions:
            body += [f"{is_deleted} count_deleted({deleted_at})"]
        cells = '","'.join(f"{{c{place}}}" for place in range(len(self._encoder.columns)))
        body += [f"add_row(f'\"{cells}\"\\n')"]
        if any(cell.is_key for cell in self._encoder.columns):
            body += ["add_key(key)"]
        if self._replication_key is not None:
            body += [f"add_position(record.{self._attributes[self._replication_key]})"]
        return _compiled(body, known)

    def _column(
        self, place: int, cell: CellEncoder, known: dict[str, Any], hazards: TextHazards
    ) -> Iterator[str]:
        """The statements that assign a cell to its variable, or return."""
        path = cell.column.path
        column = _Column(
            place=place,
            cell=cell,
            only_text=path is not None and len(path) == 1 and path[0] in self._texts,
            hazards=hazards,
            known=known,
        )
        c = column.name
        if path is None:
            yield f"{c} = {column.know('constant', cell.column.constant)}"
        else:
            yield f"{c} = record.{self._attributes[path[0]]}"
        if path is not None and len(path) > 1:
            yield f"{c} = look_up({c}, {column.know('path', path[1:])})"
        kind = _KINDS.get(cell.write)
        if kind is not None and path is not None:
            yield from kind(column)
            if not cell.is_key:
                yield f"elif {c} is None: {c} = {column.know('null', cell.null)}"
            yield f"else: {c} = {column.other}"
        else:
            yield f"{c} = {column.other}"
        if cell.required:
            yield f"if not {c}: return"
        if cell.is_key:
            yield f"key = {c}"
            yield from column.quote


def _compiled(body: Iterable[str], known: dict[str, Any]) -> Callable[..., None]:
    """The function with these statements as the body of its loop.

    No value or name from outside is ever part of the code: the code refers to it by a name of ours.
    Those names are bound to parameters, which are fastest to read.
    """
    bound = ", ".join(f"{name}={name}" for name in known)
    lines = [
        f"def function(messages, add_row, add_key, add_position, *, {bound}):",
        "  for message in messages:",
    ]
    code = compile("\n".join([*lines, *(f"    {line}" for line in body)]), "<rows>", "exec")
    exec(code, known)  # noqa: S102 - see above
    function: Callable[..., None] = known["function"]
    return function


@dataclass(frozen=True, kw_only=True)
class _Column:
    """A column while the function is generated."""

    place: int
    cell: CellEncoder
    #: Whether its values are text, null or missing.
    only_text: bool
    hazards: TextHazards
    #: The objects that the function refers to, by name.
    known: dict[str, Any]

    @property
    def name(self) -> str:
        """The variable that holds the cell."""
        return f"c{self.place}"

    @property
    def other(self) -> str:
        """An expression for the cell of any value, as the encoder writes it."""
        cell = self.cell

        def other(value: Any) -> str:
            written = cell.cell(MISSING if value is msgspec.UNSET else value)
            return written if cell.is_key else written.replace('"', '""')

        return f"{self.know('other', other)}({self.name})"

    @property
    def quote(self) -> Iterable[str]:
        """A statement that doubles the quotes of the cell."""
        yield f"if '\"' in {self.name}: {self.name} = {self.name}.replace('\"', '\"\"')"

    def know(self, what: str, value: Any) -> str:
        """Bind a value; returns its name in the function."""
        name = f"{what}_{self.place}"
        self.known[name] = value
        return name


def _only_text(schema: Any) -> bool:
    types = schema.get("type") if isinstance(schema, dict) else None
    return types == "string" or (isinstance(types, list) and set(types) <= {"string", "null"})


def _text(column: _Column) -> Iterable[str]:
    c = column.name
    yield f"if {c}:" if column.only_text else f"if {c}.__class__ is str and {c}:"
    if column.hazards is TextHazards.ALL:
        yield f"  if {c} == clear or not_plain({c}): return"
    for number, check in enumerate(column.cell.checks):
        name = column.know(f"check_{number}", check)
        if isinstance(check, Length):
            # A text may have twice as many UTF-16 code units as characters.
            unchecked = check.longest // 2 if check.truncate else check.longest
            yield f"  if len({c}) > {column.know(f'unchecked_{number}', unchecked)}:"
            yield f"    {c} = {name}({c})"
            yield f"    if {c} == clear: return"
        elif check is EMAIL:
            yield f"  if not is_email({c}): return"
        else:
            yield f"  {c} = {name}({c})"
    if column.hazards is TextHazards.NONE or column.cell.is_key:
        yield "  pass"
    else:
        yield from (f"  {line}" for line in column.quote)


def _boolean(column: _Column) -> Iterable[str]:
    c = column.name
    yield f"if {c} is True: {c} = 'true'"
    yield f"elif {c} is False: {c} = 'false'"


def _integer(column: _Column) -> Iterable[str]:
    c = column.name
    yield f"if {c}.__class__ is int:"
    yield from _if_short(column)


def _number(column: _Column) -> Iterable[str]:
    c = column.name
    yield f"if {c}.__class__ is Decimal or {c}.__class__ is int:"
    yield from _if_short(column)


def _if_short(column: _Column) -> Iterable[str]:
    """A number in plain notation that certainly fits its field."""
    digits = [check.most for check in column.cell.checks if isinstance(check, WholeDigits)]
    yield f"  number = str({column.name})"
    most = column.know("most", min([_MOST_DIGITS, *digits]))
    yield f"  if len(number) <= {most} and 'E' not in number:"
    yield f"    {column.name} = number"
    yield f"  else: {column.name} = {column.other}"


def _day(column: _Column) -> Iterable[str]:
    c = column.name
    yield f"if {c}.__class__ is str and len({c}) == 10 and {c}[7] == '-':"
    yield f"  read_day({c})"
    yield f"  if not {_year_fits(c)}: return"


def _moment(column: _Column) -> Iterable[str]:
    """A text in the form `YYYY-MM-DDTHH:MM:SS`, in UTC; parsed to be sure that it is valid."""
    c = column.name
    yield f"if ({c}.__class__ is str and len({c}) > 18"
    yield f"    and {c}[7] == '-' and {c}[10] == 'T' and {c}[13] == {c}[16] == ':'):"
    yield f"  moment = read_moment({c})"
    yield f"  if not {_year_fits(c)}: return"
    yield f"  if {c}[19:] == 'Z': {c} = {c}[:19] + '.000Z'"
    yield "  elif moment.tzinfo is UTC or moment.tzinfo is None:"
    yield f"    {c} = f'{{{c}[:19]}}.{{moment.microsecond // 1000:03d}}Z'"
    yield f"  else: {c} = {column.other}"


def _year_fits(c: str) -> str:
    """A condition: the year at the beginning of a text is within Salesforce's range."""
    return f"'{values.FIRST_YEAR}' <= {c} < '{values.LAST_YEAR + 1}'"


_KINDS: dict[Callable[[Any], str], Callable[[_Column], Iterable[str]]] = {
    values.text: _text,
    values.boolean: _boolean,
    values.integer: _integer,
    values.number: _number,
    values.day: _day,
    values.moment: _moment,
}

_KNOWN: dict[str, Any] = {
    "Decimal": Decimal,
    "UNSET": msgspec.UNSET,
    "clear": CLEAR,
    "UTC": UTC,
    "is_email": EMAIL.pattern.fullmatch,
    "look_up": look_up,
    "not_plain": _NOT_PLAIN.search,
    "read_day": date.fromisoformat,
    "read_moment": datetime.fromisoformat,
}
