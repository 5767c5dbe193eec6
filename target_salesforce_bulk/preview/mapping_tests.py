"""Tests of a mapping: given records, and the rows or refusals expected of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import InputError, MappingError
from target_salesforce_bulk.mapping.yaml_text import YamlText, texts
from target_salesforce_bulk.plain_text import counted, plain_text
from target_salesforce_bulk.preview.sent_rows import sent_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from target_salesforce_bulk.preview.sent_rows import SentRow
    from target_salesforce_bulk.salesforce.objects import Objects
    from target_salesforce_bulk.settings import StreamSettings

_TOP = "unit_tests"
_MEMBERS = frozenset({"name", "stream", "key_properties", "describes", "given", "expect"})
_REQUIRED = ("name", "stream", "given", "expect")
#: Members of an expected row that are no columns.
_REFUSED, _OPERATION = "refused", "operation"
_REFUSAL = frozenset({"code", "column", "field", "message"})


@dataclass(frozen=True, kw_only=True)
class MappingTest:
    """One test.

    Attributes:
        place: The file and the line.
        name: What it claims.
        stream: The stream, as `streams` names it.
        given: Records.
        expect: By row, the cells as text; or `refused`, with the code or several facts.
        key_properties: The key of the stream.
        describes: Folder of describe documents, from the file's folder; None for the default.
    """

    place: str
    name: str
    stream: str
    given: Sequence[Mapping[str, Any]]
    expect: Sequence[Mapping[str, Any]]
    key_properties: Sequence[str] = ()
    describes: str | None = None

    def problems(self, settings: StreamSettings, objects: Objects | None) -> list[str]:
        """What is not as expected, in lines.

        Args:
            settings: The settings of the stream.
            objects: The objects of the org; see `sent_rows`.
        """
        try:
            found = sent_rows(self._schema(settings), settings, self.given, objects)
        except MappingError as error:
            return [str(error)]
        if len(found.rows) != len(self.expect):
            rows = counted(len(self.expect), "row")
            return [f"expected {rows}, but given {counted(len(found.rows), 'record')}"]
        columns = dict.fromkeys(name for each in self.expect for name in each)
        if unknown := [
            each for each in columns if each not in {*found.header, _REFUSED, _OPERATION}
        ]:
            known = ", ".join(found.header)
            return [f"no column {', '.join(unknown)} is sent; the columns are {known}"]
        pairs = enumerate(zip(self.expect, found.rows, strict=True), 1)
        return [
            f"row {n}: {each}" for n, (wanted, row) in pairs for each in _differences(wanted, row)
        ]

    def _schema(self, settings: StreamSettings) -> dict[str, Any]:
        """A SCHEMA with the properties that are given, and those that the mapping names."""
        mapped = [
            name.split(".")[0]
            for name, target in (settings.field_mapping or {}).items()
            if not (isinstance(target, dict) and "value" in target)
        ]
        names = dict.fromkeys([*(name for each in self.given for name in each), *mapped])
        return {
            "stream": self.stream,
            "schema": {"properties": {name: {} for name in names}},
            "key_properties": list(self.key_properties),
        }


def _differences(wanted: Mapping[str, Any], row: SentRow) -> Iterator[str]:
    if _REFUSED in wanted:
        yield from _refusal_differences(wanted[_REFUSED], row)
        return
    if row.refusals:
        first = row.refusals[0]
        yield f"refused in {first.column}, not sent: {first.code}: {first.message}"
        return
    if wanted.get(_OPERATION, row.operation) != row.operation:
        yield f"operation: expected {wanted[_OPERATION]}, got {row.operation}"
    for name, cell in wanted.items():
        if name != _OPERATION and row.cells.get(name, "") != cell:
            yield f"{name}: expected {cell!r}, got {row.cells.get(name, '')!r}"


def _refusal_differences(wanted: Any, row: SentRow) -> Iterator[str]:
    facts = wanted if isinstance(wanted, dict) else {"code": wanted}
    if not row.refusals:
        yield f"sent, not refused with {facts.get('code', 'an error')}: {dict(row.cells)}"
        return
    for name, value in facts.items():
        got = getattr(row.refusals[0], name)
        if got != value:
            yield f"{name} of the refusal: expected {value!r}, got {got!r}"


def read_tests(path: Path) -> list[MappingTest]:
    """The tests of a file.

    Raises:
        InputError: it cannot be read, is not YAML, or has another form; the message has the line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{plain_text(path)} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{plain_text(path)} is not UTF-8. Save it in this encoding.") from None
    return _Reader(text, path).tests()


class _Reader:
    def __init__(self, text: str, path: Path) -> None:
        self._path = path
        self._yaml = YamlText(text, str(path))
        # Cells are compared as they are written: 1.50 and 2024-01-31 are texts of a CSV.
        self._texts = texts(text)

    def tests(self) -> list[MappingTest]:
        found = self._yaml.value.get(_TOP)
        if not isinstance(found, list) or not found or {*self._yaml.value} != {_TOP}:
            raise InputError(
                f"{plain_text(self._path)} has no tests, or other members beside them. Begin it "
                f"with {_TOP}: and a list of tests."
            )
        tests = [self._test(number, each) for number, each in enumerate(found)]
        names = [each.name for each in tests]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise self._wrong(f"another test is named {plain_text(name)} too", number)
        return tests

    def _test(self, number: int, found: Any) -> MappingTest:
        if not isinstance(found, dict):
            raise self._wrong("the test is not a mapping", number)
        if unknown := [str(each) for each in found if each not in _MEMBERS]:
            allowed = ", ".join(sorted(_MEMBERS))
            raise self._wrong(f"{plain_text(unknown[0])} is unknown (allowed: {allowed})", number)
        if missing := [each for each in _REQUIRED if each not in found]:
            raise self._wrong(f"the test has no {missing[0]}", number)
        written = self._texts[_TOP][number]
        for name in ("given", "expect"):
            self._check_rows(number, name, found[name])
        self._check_refusals(number, written["expect"])
        keys = found.get("key_properties") or []
        if not isinstance(keys, list):
            raise self._wrong("key_properties is not a list", number, "key_properties")
        return MappingTest(
            place=f"{plain_text(self._path)}:{self._yaml.line_at(_TOP, number)}",
            name=str(found["name"]),
            stream=str(found["stream"]),
            given=_exact(found["given"], written["given"]),
            expect=written["expect"],
            key_properties=[str(each) for each in keys],
            describes=None if found.get("describes") is None else str(found["describes"]),
        )

    def _check_rows(self, number: int, name: str, rows: Any) -> None:
        if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
            raise self._wrong(
                f"{name} is not a list of rows, each with <column>: <value>", number, name
            )

    def _check_refusals(self, number: int, rows: Sequence[Mapping[str, Any]]) -> None:
        for place, row in enumerate(rows):
            facts = row.get(_REFUSED)
            unknown = (
                [each for each in facts if each not in _REFUSAL] if isinstance(facts, dict) else []
            )
            if unknown or (_REFUSED in row and len(row) > 1):
                raise self._wrong(
                    "a refused row has nothing but refused, which is a code, or some of code, "
                    "column, field and message",
                    number,
                    "expect",
                    place,
                )

    def _wrong(self, problem: str, *path: str | int) -> InputError:
        line = self._yaml.line_at(_TOP, *path)
        return InputError(f"{plain_text(self._path)}, line {line}: {problem}. Correct the file.")


def _exact(value: Any, text: Any) -> Any:
    """A value as a tap would send it: a number with its digits, a date as text."""
    if isinstance(value, dict):
        return {str(name): _exact(each, text.get(name)) for name, each in value.items()}
    if isinstance(value, list):
        return [_exact(each, other) for each, other in zip(value, text, strict=True)]
    if isinstance(value, float):
        return Decimal(text)
    return str(text) if isinstance(value, date) else value
