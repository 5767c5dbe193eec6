"""A subset of SOQL, enough to read back what was loaded.

``SELECT fields | COUNT() FROM Object [WHERE conditions joined by AND] [ORDER BY field] [LIMIT n]``
"""

from __future__ import annotations

import operator as operator_module
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.records import Records
    from target_salesforce_bulk.emulator.org.schema import FieldSchema, ObjectSchema, Schema

_QUERY = re.compile(
    r"\s*SELECT\s+(?P<fields>.+?)\s+FROM\s+(?P<object>\w+)"
    r"(?:\s+WHERE\s+(?P<where>.+?))?"
    r"(?:\s+ORDER\s+BY\s+(?P<order>\w+)(?:\s+(?P<direction>ASC|DESC))?)?"
    r"(?:\s+LIMIT\s+(?P<limit>\d+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(
    r"\s*(?P<field>\w+)\s*(?P<operator>=|!=|<=|>=|<|>|\bIN\b|\bLIKE\b)\s*(?P<value>.+?)\s*",
    re.IGNORECASE | re.DOTALL,
)
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'")


_COMPARISONS = {
    "<": operator_module.lt,
    ">": operator_module.gt,
    "<=": operator_module.le,
    ">=": operator_module.ge,
}


@dataclass(frozen=True)
class Query:
    """A query, resolved against the org."""

    schema: ObjectSchema
    fields: list[FieldSchema]
    count_only: bool
    keeps: list[Callable[[dict[str, Any]], bool]]
    #: The field and its values where the only condition is `IN` on an indexed field.
    keys: tuple[FieldSchema, list[Any]] | None
    order: str | None
    descending: bool
    limit: int | None

    def run(self, records: Records) -> list[dict[str, Any]]:
        """The matching records."""
        if self.keys is None:
            rows = records.rows(self.schema.name)
            found = [row for row in rows if all(keep(row) for keep in self.keeps)]
        else:
            field, keys = self.keys
            found = records.rows_by_keys(self.schema, field, keys)
        if self.order is not None:
            name = self.order
            found.sort(
                key=lambda row: (row.get(name) is not None, str(row.get(name) or "").casefold()),
                reverse=self.descending,
            )
        return found[: self.limit]


def parse(text: str, schema: Schema) -> Query:
    """Parse a query.

    Raises:
        RefusalError: the text is not a query, or names something that does not exist.
    """
    match = _QUERY.fullmatch(text)
    if match is None:
        raise RefusalError(
            "MALFORMED_QUERY", "unexpected token; the emulator supports a subset of SOQL"
        )
    found = schema.find(match["object"])
    if found is None:
        raise RefusalError(
            "INVALID_TYPE",
            f"sObject type '{match['object']}' is not supported. If you are attempting to use a "
            "custom object, be sure to append the '__c' after the entity name. Please reference "
            "your WSDL or the describe call for the appropriate names.",
        )
    count_only = re.fullmatch(r"count\(\s*\)", match["fields"], re.IGNORECASE) is not None
    names = [] if count_only else [each.strip() for each in match["fields"].split(",")]
    return Query(
        schema=found,
        fields=[_field(found, name) for name in names],
        count_only=count_only,
        keeps=_conditions(found, match["where"]),
        keys=_keys(found, match["where"]),
        order=_field(found, match["order"]).name if match["order"] else None,
        descending=(match["direction"] or "").upper() == "DESC",
        limit=int(match["limit"]) if match["limit"] else None,
    )


def _field(schema: ObjectSchema, name: str) -> FieldSchema:
    field = schema.field(name)
    if field is None:
        raise RefusalError(
            "INVALID_FIELD",
            f"No such column '{name}' on entity '{schema.name}'. If you are attempting to use a "
            "custom field, be sure to append the '__c' after the custom field name.",
        )
    return field


def _conditions(schema: ObjectSchema, where: str | None) -> list[Callable[[dict[str, Any]], bool]]:
    if not where:
        return []
    strings: list[str] = []

    def keep_string(match: re.Match[str]) -> str:
        strings.append(re.sub(r"\\(.)", r"\1", match[1]))
        return f"\x00{len(strings) - 1}\x00"

    safe = _STRING.sub(keep_string, where)
    parts = re.split(r"\s+AND\s+", safe, flags=re.IGNORECASE)
    return [_condition(schema, part, strings) for part in parts]


def _keys(schema: ObjectSchema, where: str | None) -> tuple[FieldSchema, list[Any]] | None:
    match = re.fullmatch(r"\s*(\w+)\s+IN\s*\((.*)\)\s*", where or "", re.IGNORECASE | re.DOTALL)
    field = schema.field(match[1]) if match else None
    if match is None or field is None or not (field.indexed or field.name == "Id"):
        return None
    texts = [re.sub(r"\\(.)", r"\1", each) for each in _STRING.findall(match[2])]
    rest = _STRING.sub("", match[2]).replace(",", " ").split()
    return field, [*texts, *(_literal(each, []) for each in rest)]


def _condition(
    schema: ObjectSchema, text: str, strings: list[str]
) -> Callable[[dict[str, Any]], bool]:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise RefusalError("MALFORMED_QUERY", "unexpected token in WHERE")
    name = _field(schema, match["field"]).name
    operator, value = match["operator"].upper(), match["value"]
    if operator == "IN":
        wanted = {_folded(_literal(each, strings)) for each in value.strip("() \n").split(",")}
        return lambda row: _folded(row.get(name)) in wanted
    literal = _literal(value, strings)
    if operator == "LIKE":
        glob = re.escape(str(literal)).replace("%", ".*").replace("_", ".")
        pattern = re.compile(glob, re.IGNORECASE | re.DOTALL)
        return lambda row: pattern.fullmatch(str(row.get(name) or "")) is not None
    if operator in {"=", "!="}:
        return lambda row: (_folded(row.get(name)) == _folded(literal)) is (operator == "=")
    return lambda row: _compares(operator, row.get(name), literal)


def _literal(text: str, strings: list[str]) -> Any:
    text = text.strip()
    if text.startswith("\x00"):
        return strings[int(text.strip("\x00"))]
    if text.lower() in {"null", "true", "false"}:
        return {"null": None, "true": True, "false": False}[text.lower()]
    try:
        return float(text)
    except ValueError:
        return text


def _folded(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    return value.casefold() if isinstance(value, str) else float(value)


def _compares(operator: str, left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, str) or isinstance(right, str):
        left, right = str(left), str(right)
    return bool(_COMPARISONS[operator](left, right))
