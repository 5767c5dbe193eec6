"""Columns that no field fits, whatever their names resemble."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.mapping.suggest.names import contains

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_salesforce_bulk.mapping.suggest.table import Column
    from target_salesforce_bulk.mapping.suggest.vocabulary import Vocabulary

_NEVER = {
    "ingestion": "metadata of the ingestion",
    "parts": "only a part of a field",
    "secrets": "a secret or a hash",
}
_HARDLY = {
    "audit": "a timestamp or a mark of the source, which Salesforce keeps itself",
    "measures": "a count or a score of the source",
    "flags": "a flag of the source",
    "places": "no standard field has this",
}


def refusal(column: Column, vocabulary: Vocabulary) -> str | None:
    """Why no field fits a column; None if one may.

    A column of Salesforce Ids is judged by its values, not here.
    """
    if column.name.startswith("_"):
        return "metadata of the ingestion"
    if column.profile.is_nested:
        return "values are arrays or objects"
    if column.profile.is_like("hash"):
        return "values are hashes"
    if is_identifier(column, vocabulary):
        return "an identifier of the source"
    return _reason(column, vocabulary, _NEVER)


def doubt(column: Column, vocabulary: Vocabulary) -> str | None:
    """Why only a well-known name should have a field; None if nothing is against it."""
    return _reason(column, vocabulary, _HARDLY)


def _reason(column: Column, vocabulary: Vocabulary, reasons: Mapping[str, str]) -> str | None:
    refused = vocabulary.refusals
    return next(
        (reason for name, reason in reasons.items() if contains(column.words, refused[name])), None
    )


def is_identifier(column: Column, vocabulary: Vocabulary) -> bool:
    """Whether the name says that values identify a record of the source."""
    known = vocabulary.refusals["identifiers"]
    first, last = column.words[:1], column.words[-1:]
    return bool({*last} & {*known} or {*first} & {"id", "key", "uuid"})
