"""Suggestions for a stream beside what its settings say already, and what to write of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.mapping.field_map import is_left_out
from target_salesforce_bulk.mapping.suggest.suggestion import (
    FieldSuggestion,
    Suggester,
    Suggestion,
)
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_salesforce_bulk.mapping.suggest.table import Table
    from target_salesforce_bulk.mapping.suggest.vocabulary import Vocabulary
    from target_salesforce_bulk.salesforce.sobject import Field, SObject

#: The score from which a suggestion is written to a file.
MIN_SCORE = 0.7

WRITTEN = "set in the file"
LEFT_OUT = "left out in the file"


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a file sets for a stream.

    Attributes:
        entry: The settings of all entries that match the stream; the most specific one wins.
        own: Those of the entry with the stream's exact name.
        auto_map: Whether other properties go to the fields of the same name.
        unmapped_fields: `error` if a property that is not loaded stops a load.
    """

    entry: Mapping[str, Any]
    own: Mapping[str, Any]
    auto_map: bool = True
    unmapped_fields: str = "warn"

    @property
    def object(self) -> str | None:
        """The object."""
        return self.entry.get("object") or None

    @property
    def columns(self) -> Mapping[str, Any]:
        """Fields by property."""
        return self.entry.get("field_mapping") or {}

    def field(self, column: str) -> str | None:
        """The field of a property; None if it has none."""
        target = self.columns.get(column)
        if is_left_out(target):
            return None
        found = target.get("field") if isinstance(target, dict) else target
        return found if isinstance(found, str) else None

    def fills(self, field: Field) -> bool:
        """Whether a column fills a field, as a value or by a parent."""
        own = {field.name.lower()} | {each.lower() for each in [field.relationship_name] if each}
        return any(own & _named(each) for each in map(self.field, self.columns) if each)


def _named(header: str) -> set[str]:
    """The names of the field that a column of a CSV fills: itself, or by a relationship."""
    before, _, name = header.lower().rpartition(".")
    relationship = before.rpartition(":")[2]
    return {relationship, f"{relationship}id"} if before else {name}


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What is proposed for a stream.

    Attributes:
        suggestion: The suggestions, with what is written already in place of others.
        changes: The settings to write; empty if there is nothing to add.
    """

    suggestion: Suggestion
    changes: dict[str, Any]


def propose(
    table: Table,
    sobjects: Mapping[str, SObject],
    written: Written,
    sobject: str | None = None,
    min_score: float = MIN_SCORE,
    *,
    completes_key: bool = False,
    words: Vocabulary | None = None,
) -> Proposal:
    """Suggest what is not decided yet for a stream.

    What is written is never changed, and a column that is left out stays so.

    Args:
        table: The stream.
        sobjects: The objects by name.
        written: What its file sets.
        sobject: Its object, if that is decided.
        min_score: The score from which the field of a column is written.
        completes_key: Whether a key without a field gets the object's external ID, if it has just
            one and that is free.
        words: What names of columns mean; None for the package's vocabulary alone.
    """
    whole = Suggester(sobjects.values(), words).suggest(table, sobject)
    if whole.object is None:
        return Proposal(suggestion=whole, changes={})
    target = sobjects[whole.object]
    fields = _fields(table, target, written, whole, words)
    whole = _with_declared_key(table, whole, target, fields)
    key = _only_key(table, whole, target, written, fields) if completes_key else {}
    suggestion = replace(whole, key=next(iter(key), whole.key), fields={**fields, **key})
    return Proposal(suggestion=suggestion, changes=_changes(suggestion, target, written, min_score))


def _fields(
    table: Table,
    sobject: SObject,
    written: Written,
    whole: Suggestion,
    words: Vocabulary | None,
) -> dict[str, FieldSuggestion]:
    """The suggestions of the columns that are not decided, among the fields that are left."""
    if not written.columns:
        return dict(whole.fields)
    columns = tuple(each for each in table.columns if each.name not in written.columns)
    fields = tuple(each for each in sobject.fields if not written.fills(each))
    rest = Suggester([replace(sobject, fields=fields)], words).suggest(
        replace(table, columns=columns), sobject.name
    )
    return {
        each.name: rest.fields.get(each.name) or _decided(each.name, written)
        for each in table.columns
    }


def _decided(column: str, written: Written) -> FieldSuggestion:
    field = written.field(column)
    return FieldSuggestion(field, 1.0 if field else 0.0, WRITTEN if field else LEFT_OUT)


def _with_declared_key(
    table: Table, whole: Suggestion, sobject: SObject, fields: Mapping[str, FieldSuggestion]
) -> Suggestion:
    """With the key that the tap declares, if it has an external ID field: a load takes it."""
    declared = table.key_properties[0] if len(table.key_properties) == 1 else ""
    name = fields[declared].field if declared in fields else None
    field = sobject.field(name or "")
    if field is None or not field.external_id:
        return whole
    return replace(whole, key=declared, operation=Operation.UPSERT)


def _only_key(
    table: Table,
    suggestion: Suggestion,
    sobject: SObject,
    written: Written,
    fields: Mapping[str, FieldSuggestion],
) -> dict[str, FieldSuggestion]:
    """The key with the only external ID of its object; empty if it has a field, or none is free.

    The key that the tap declares goes before a column such as an email address, which may be
    missing in some rows.
    """
    key = table.key_properties[0] if len(table.key_properties) == 1 else suggestion.key
    if key is None or key not in fields or key in written.columns or fields[key].field:
        return {}
    if not _is_upsert(suggestion, written):
        return {}
    found = [each for each in sobject.fields if each.external_id]
    taken = {each.field for each in fields.values()}
    if len(found) != 1 or found[0].type != "string":
        return {}
    if found[0].name in taken or written.fills(found[0]):
        return {}
    reason = f"the key, and {sobject.name} has one external ID field"
    return {key: FieldSuggestion(found[0].name, 1.0, reason, fields[key].alternatives)}


def _is_upsert(suggestion: Suggestion, written: Written) -> bool:
    """Whether rows are upserted by a key that the file does not set."""
    operation = written.entry.get("operation") or suggestion.operation
    return operation == Operation.UPSERT and not written.entry.get("external_id_field")


def _changes(
    suggestion: Suggestion, sobject: SObject, written: Written, min_score: float
) -> dict[str, Any]:
    columns = {
        name: each.field
        for name, each in suggestion.fields.items()
        if each.field and each.score >= min_score and name not in written.columns
    }
    left_out = {
        name: ""
        for name, each in suggestion.fields.items()
        if not each.field and name not in written.columns and _must_be_named(name, sobject, written)
    }
    found: dict[str, Any] = {}
    if written.object is None:
        found["object"] = sobject.name
    if not written.entry.get("operation"):
        found["operation"] = str(suggestion.operation)
    key = sobject.field(
        columns.get(suggestion.key or "") or written.field(suggestion.key or "") or ""
    )
    if key and (key.external_id or key.id_lookup) and _is_upsert(suggestion, written):
        found["external_id_field"] = key.name
    if columns or left_out:
        # The columns of an entry with a pattern are no longer those of the stream once its own
        # entry has some.
        inherited = {} if "field_mapping" in written.own else dict(written.columns)
        found["field_mapping"] = {**inherited, **columns, **left_out}
    return found


def _must_be_named(column: str, sobject: SObject, written: Written) -> bool:
    """Whether a load would take a column without a field, or stop because of it."""
    if written.unmapped_fields == "error":
        return True
    plain = column.replace("_", "").lower()
    alike = [each for each in sobject.fields if each.name.replace("_", "").lower() == plain]
    return written.auto_map and any(
        (each.createable or each.updateable) or len(alike) > 1 for each in alike
    )
