"""Suggests the object, operation, key and fields of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.mapping.suggest.assignment import assign
from target_salesforce_bulk.mapping.suggest.keys import choose_key, choose_operation
from target_salesforce_bulk.mapping.suggest.objects import name_score, told
from target_salesforce_bulk.mapping.suggest.scoring import Candidate, Scorer
from target_salesforce_bulk.mapping.suggest.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_salesforce_bulk.mapping.suggest.table import Column, Table
    from target_salesforce_bulk.salesforce.job import Operation
    from target_salesforce_bulk.salesforce.sobject import SObject

#: The score from which a field is suggested rather than an alternative.
THRESHOLD = 0.6
_ALTERNATIVES = 3
#: What the fields count that records of an object cannot do without.
_TELLS = 0.3
#: With fewer fields than these, the name of the table decides.
_ENOUGH = 5


@dataclass(frozen=True)
class FieldSuggestion:
    """A column's field, or None if no field fits.

    Attributes:
        field: The API name.
        score: From 0 to 1; 0 without a field.
        reason: Why, in words.
        alternatives: Up to three other fields, the best first.
    """

    field: str | None
    score: float
    reason: str
    alternatives: tuple[Candidate, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As `map suggest --json` prints it."""
        others = [{"field": each.field, "score": each.score} for each in self.alternatives]
        return {
            "field": self.field,
            "score": self.score,
            "reason": self.reason,
            "alternatives": others,
        }


@dataclass(frozen=True)
class Suggestion:
    """What is suggested for a table.

    Attributes:
        object: The object; None if the table resembles none of those that were given.
        operation: None without an object.
        key: The column that identifies rows; it may have no field yet.
        fields: Of each column.
    """

    object: str | None
    operation: Operation | None
    key: str | None
    fields: dict[str, FieldSuggestion]

    def as_json(self) -> dict[str, Any]:
        """As `map suggest --json` prints it."""
        return {
            "object": self.object,
            "operation": self.operation,
            "key": self.key,
            "fields": {name: each.as_json() for name, each in self.fields.items()},
        }


class Suggester:
    """Suggests mappings to some objects."""

    def __init__(self, sobjects: Iterable[SObject], words: Vocabulary | None = None) -> None:
        self._words = words or vocabulary()
        self._scorers = {each.name: Scorer(each, self._words) for each in sobjects}

    def suggest(self, table: Table, sobject: str | None = None) -> Suggestion:
        """What to load a table into.

        Args:
            table: The table.
            sobject: Its object, if that is decided.
        """
        table = table.in_words_of(self._words)
        names = self._scorers if sobject is None else (sobject,)
        tried = {name: self._fields(table, self._scorers[name]) for name in names}
        chosen = sobject or self._choose(table, tried)
        if chosen is None:
            none = FieldSuggestion(None, 0.0, "no object fits the table")
            return Suggestion(None, None, None, {each.name: none for each in table.columns})
        return self._suggestion(table, self._scorers[chosen], tried[chosen])

    def _suggestion(
        self, table: Table, scorer: Scorer, fields: dict[str, FieldSuggestion]
    ) -> Suggestion:
        mapped = {name: each.field for name, each in fields.items() if each.field}
        vague = (self._words.wrappers - self._words.not_in_front) | self._words.systems
        own = scorer.own_prefixes(table) | vague
        key = choose_key(table, mapped, scorer.sobject, own)
        operation = choose_operation(key, mapped.get(key or ""))
        return Suggestion(scorer.sobject.name, operation, key, fields)

    def _choose(
        self, table: Table, tried: Mapping[str, Mapping[str, FieldSuggestion]]
    ) -> str | None:
        found = {
            name: [each.field for each in fields.values() if each.field]
            for name, fields in tried.items()
        }
        most = max(_ENOUGH, *map(len, found.values()))
        totals = {
            name: name_score(table.words, self._scorers[name].sobject, self._words)
            + len(fields) / most
            + _TELLS * told(name, fields)
            for name, fields in found.items()
        }
        best = max(totals, key=lambda name: totals[name], default=None)
        return best if best and totals[best] > 0 else None

    def _fields(self, table: Table, scorer: Scorer) -> dict[str, FieldSuggestion]:
        found = {each.name: scorer.candidates(table, each) for each in table.columns}
        likely = {
            name: {each.field: each.score for each in candidates if each.score >= THRESHOLD}
            for name, candidates in found.items()
        }
        assigned = assign(likely)
        return {
            each.name: _describe(each, found[each.name], assigned.get(each.name), scorer)
            for each in table.columns
        }


def _describe(
    column: Column, candidates: list[Candidate], chosen: str | None, scorer: Scorer
) -> FieldSuggestion:
    others = tuple(each for each in candidates if each.field != chosen)[:_ALTERNATIVES]
    for each in candidates:
        if each.field == chosen:
            return FieldSuggestion(chosen, each.score, each.reason, others)
    return FieldSuggestion(None, 0.0, _why_none(column, candidates, scorer), others)


def _why_none(column: Column, candidates: list[Candidate], scorer: Scorer) -> str:
    if candidates and candidates[0].score >= THRESHOLD:
        return f"another column fits {candidates[0].field} better"
    if read_only := scorer.read_only(column):
        return f"Salesforce alone writes {read_only}"
    return scorer.refusal(column) or scorer.doubt(column) or "no field fits"
