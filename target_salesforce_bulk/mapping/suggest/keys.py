"""Which column identifies the rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.mapping.suggest.names import joined
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from target_salesforce_bulk.mapping.suggest.table import Table
    from target_salesforce_bulk.salesforce.sobject import Field, SObject

#: What the column of a key is called, the most usual first.
_KINDS = (
    frozenset({"id", "uuid", "guid", "identifier", "uid", "gid", "oid"}),
    frozenset({"number", "code", "ref", "reference", "nummer", "numero", "codigo"}),
    frozenset({"key", "sk", "pk", "token", "uri", "urn", "iid", "vid", "hk"}),
)


def choose_key(
    table: Table, fields: Mapping[str, str], sobject: SObject, own_words: Collection[str]
) -> str | None:
    """The column that identifies rows, if one can be told.

    A column whose field can be the key goes before the key of the source.

    Args:
        table: The table.
        fields: The fields of those columns that have one.
        sobject: The object.
        own_words: What records of the object are called, and words that say nothing of which
            record is meant.
    """
    named = {field: column for column, field in fields.items()}
    return (
        _mapped_key(fields, sobject)
        or _source_key(table, {*own_words, *table.words})
        or named.get("AccountNumber")
        or named.get("Name")
    )


def choose_operation(key: str | None, field: str | None) -> Operation:
    """The operation that fits a key column and its field."""
    if key is None:
        return Operation.INSERT
    return Operation.UPDATE if field == "Id" else Operation.UPSERT


def _mapped_key(fields: Mapping[str, str], sobject: SObject) -> str | None:
    ranked = [
        (rank, column)
        for column, name in fields.items()
        if (field := sobject.field(name)) and (rank := _rank(field)) is not None
    ]
    return min(ranked, key=lambda each: each[0])[1] if ranked else None


def _rank(field: Field) -> int | None:
    if field.name == "Id":
        return 0
    if field.external_id:
        return 1
    is_unique = field.type == "email" or field.name.endswith("__c")
    return 2 if field.id_lookup and is_unique else None


def _source_key(table: Table, own: Collection[str]) -> str | None:
    if len(table.key_properties) == 1:
        return table.key_properties[0]
    found = (_own_key(table, own, kinds) for kinds in _KINDS)
    return next(filter(None, found), None)


def _own_key(table: Table, own: Collection[str], kinds: frozenset[str]) -> str | None:
    """The column named after the record: `id` goes before `ticket_id`, that before `problem_id`."""
    together = {f"{name}{kind}" for name in own for kind in kinds}
    ranked = [
        (len({*column.words} - kinds), len({*column.words} - kinds - {*table.words}), place)
        for place, column in enumerate(table.columns)
        if _is_own(column.words, kinds, own) or joined(column.words) in together
    ]
    return table.columns[min(ranked)[-1]].name if ranked else None


def _is_own(words: Collection[str], kinds: frozenset[str], own: Collection[str]) -> bool:
    return bool({*words} & kinds) and not {*words} - kinds - {*own}
