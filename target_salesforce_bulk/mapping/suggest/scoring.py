"""The fields that a column may be meant for, each with a score and a reason."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from target_salesforce_bulk.mapping.suggest.demands import meets
from target_salesforce_bulk.mapping.suggest.names import joined, loose, shorter
from target_salesforce_bulk.mapping.suggest.refusals import doubt, refusal
from target_salesforce_bulk.mapping.suggest.similar import most_similar
from target_salesforce_bulk.mapping.suggest.types import evidence, fits
from target_salesforce_bulk.mapping.suggest.vocabulary import LONG, Meaning, Vocabulary, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.mapping.suggest.names import Words
    from target_salesforce_bulk.mapping.suggest.table import Column, Table
    from target_salesforce_bulk.salesforce.sobject import Field, SObject

_EQUAL, _LABEL, _SYNONYM, _SIMILAR = 1.0, 0.97, 0.92, 0.75
#: What a name loses for each word left out, for its rank in a list, and for a second choice.
_LEFT_OUT, _RANK, _SECOND_CHOICE = 0.015, 0.004, 0.4
_EVIDENCE, _LOOSE = 0.03, 0.03
#: What values alone are worth, and which share of them must be in a picklist.
_OPAQUE, _MOST = 0.62, 0.9
_BY_SHAPE = {"Email": "email", "Website": "url", "Phone": "phone"}
#: What Salesforce fills itself, though it may be written.
_KEPT_BY_SALESFORCE = frozenset({"Jigsaw", "CleanStatus", "IsConverted", "IsUnreadByOwner"})
_VAGUE = frozenset({"Type", "Status", "Rating", "Name", "Role", "Title", "Site", "State"})

#: What a column of Salesforce Ids has in its name besides the object.
_OF_SALESFORCE = frozenset({"sf", "id", "salesforce", "crm", "record"})


@dataclass(frozen=True)
class Candidate:
    """A field that a column may be meant for; scores are from 0 to 1."""

    field: str
    score: float
    reason: str


class Scorer:
    """Scores the columns of tables against the fields of one object."""

    def __init__(self, sobject: SObject, words: Vocabulary | None = None) -> None:
        self.sobject = sobject
        self._words = words or vocabulary()
        self._fields = {
            each.name: each
            for each in sobject.fields
            if (each.createable or each.updateable) and each.name not in _KEPT_BY_SALESFORCE
        }

    @cached_property
    def own_words(self) -> frozenset[str]:
        """What records of the object are called."""
        phrases = self._words.objects.get(self.sobject.name, ())
        label = self._words.words(self.sobject.label)
        person = self._words.person if self.sobject.name == "Lead" else ()
        return frozenset({*label, *person, *(each[0] for each in phrases if len(each) == 1)})

    @cached_property
    def _by_name(self) -> dict[str, list[tuple[Field, float, str]]]:
        found: dict[str, list[tuple[Field, float, str]]] = {}
        standard = {self._words.key(each) for each in self._fields if not each.endswith("__c")}
        for field in self._fields.values():
            name = self._words.key(field.name.removesuffix("__c").rpartition("__")[2])
            is_double = name in standard and field.name.endswith("__c")
            score = _EQUAL - _SECOND_CHOICE * is_double
            found.setdefault(name, []).append((field, score, "equal name"))
            label = self._words.key(field.label)
            if label != name:
                found.setdefault(label, []).append((field, _LABEL, f"label {field.label}"))
        return found

    def candidates(self, table: Table, column: Column) -> list[Candidate]:
        """The fields that a column may be meant for, the best first."""
        best: dict[str, Candidate] = {}
        for each in self._all(table, column):
            if each.score > best.get(each.field, each).score or each.field not in best:
                best[each.field] = each
        return sorted(best.values(), key=lambda each: (-each.score, each.field))

    def _all(self, table: Table, column: Column) -> Iterator[Candidate]:
        yield from self._custom(column)
        if column.profile.id_prefix() is not None:
            yield from self._references(column)
        elif self.refusal(column) is None:
            prefixes = self._words.wrappers | self.own_prefixes(table)
            endings = self._words.endings | (self._words.behind & self.own_words)
            for words, left_out in shorter(column.words, prefixes, endings):
                yield from self._named(table, column, words, _LEFT_OUT * left_out)
            if self.doubt(column) is None and self.read_only(column) is None:
                yield from self._similar(column)
            yield from self._opaque(column)

    def own_prefixes(self, table: Table) -> frozenset[str]:
        """Words in front that name the record, or that many columns of the table have."""
        of_table = {
            each
            for each in table.common_prefixes
            if each not in self._words.known or each in table.words[-1:]
        }
        return (self.own_words | of_table) - self._words.not_in_front

    def refusal(self, column: Column) -> str | None:
        """Why no field fits a column; None if one may."""
        return refusal(column, self._words)

    def doubt(self, column: Column) -> str | None:
        """Why only a well-known name should have a field; None if nothing is against it."""
        return doubt(column, self._words)

    def read_only(self, column: Column) -> str | None:
        """The field that has the column's name, if Salesforce alone writes it."""
        return self._read_only.get(joined(column.words)) if len(column.words) > 1 else None

    @cached_property
    def _read_only(self) -> dict[str, str]:
        labels = {self._words.key(each.label) for each in self._fields.values()}
        return {
            key: each.name
            for each in self.sobject.fields
            if each.name not in self._fields
            and each.type not in {"id", "address", "reference"}
            and (key := self._words.key(each.name)) not in labels
        }

    def _is_vague(self, field: Field) -> bool:
        """Whether the name alone says too little: it is decided by the vocabulary."""
        return field.name in _VAGUE and not self.sobject.name.endswith("__c")

    def _custom(self, column: Column) -> Iterator[Candidate]:
        """Custom fields of the same name, which may hold what no standard field does."""
        for field, score, why in self._by_name.get(joined(column.words), ()):
            if field.name.endswith("__c") and fits(field, column.profile):
                yield self._candidate(field, column, score - 0.01, why)

    def _named(
        self, table: Table, column: Column, words: Words, less: float
    ) -> Iterator[Candidate]:
        key = joined(words)
        for field, score, why in self._by_name.get(key, ()):
            if fits(field, column.profile) and not self._is_vague(field):
                yield self._candidate(field, column, score - less, why)
        for meaning, price in self._meanings(words):
            if not meaning.together or meaning.together & table.keys:
                yield from self._meant(column, meaning, _SYNONYM - less - price, "synonym")

    def _meanings(self, words: Words) -> Iterator[tuple[Meaning, float]]:
        exact = self._words.meanings.get(joined(words), ())
        yield from ((each, 0.0) for each in exact)
        if not exact:
            found = self._words.loose_meanings.get(loose(words, self._words.little), ())
            yield from ((each, _LOOSE) for each in found)
        for meaning, is_turned in self._words.places(words):
            yield meaning, _LOOSE * is_turned

    def _meant(
        self, column: Column, meaning: Meaning, score: float, why: str
    ) -> Iterator[Candidate]:
        names = meaning.fields_of(self.sobject.name)
        fields = [self._fields[each] for each in names if each in self._fields]
        for place, field in enumerate(fields):
            if fits(field, column.profile) and self._meets(meaning, field, column):
                less = min(_RANK * meaning.rank, 0.1) + _SECOND_CHOICE * bool(place)
                yield self._candidate(field, column, score - less, why)

    def _meets(self, meaning: Meaning, field: Field, column: Column) -> bool:
        return meets(meaning.values, field, column.profile, self._words.values)

    def _opaque(self, column: Column) -> Iterator[Candidate]:
        """Fields for a name that says nothing, by the shape of the values alone."""
        if {*column.words} - self._words.opaque:
            return
        for name, shape in _BY_SHAPE.items():
            if name in self._fields and column.profile.is_like(shape):
                yield Candidate(name, _OPAQUE, f"values look like {shape}")
                return
        for field in self._fields.values():
            if column.profile.overlap(field.picklist_values) >= _MOST:
                yield Candidate(field.name, _OPAQUE, "values are in the picklist")

    def _similar(self, column: Column) -> Iterator[Candidate]:
        key = joined(column.words)
        if len(key) < LONG or key in self._words.meanings:
            return
        found = most_similar(key, self._words.fuzzy_keys)
        for meaning in self._words.meanings[found] if found else ():
            if not meaning.together:
                yield from self._meant(column, meaning, _SIMILAR, "similar to a known name")

    def _references(self, column: Column) -> Iterator[Candidate]:
        """Fields that a column of Salesforce Ids may fill: the prefix must be the parent's."""
        prefix = column.profile.id_prefix()
        if prefix == self.sobject.key_prefix and self._names_own_id(column):
            yield Candidate("Id", _LABEL, "Ids of this object")
            return
        name = joined(
            tuple(each for each in column.words if each not in {"sf", "id", "salesforce"})
        )
        for field in self._fields.values():
            if self._points_to(field, prefix) and self._names_reference(field, name):
                yield Candidate(field.name, _LABEL, f"Salesforce Ids of {_targets(field)}")

    def _names_own_id(self, column: Column) -> bool:
        return not {*column.words} - self.own_words - _OF_SALESFORCE

    def _points_to(self, field: Field, prefix: str | None) -> bool:
        targets = {self._words.prefixes.get(each, "?") for each in field.reference_to}
        return field.type == "reference" and prefix in targets

    def _names_reference(self, field: Field, name: str) -> bool:
        own = {self._words.key(field.name.removesuffix("__c").removesuffix("Id")), ""}
        return name in own | self._words.references.get(field.name, frozenset())

    def _candidate(self, field: Field, column: Column, score: float, why: str) -> Candidate:
        said = evidence(field, column.profile)
        total = min(score + (_EVIDENCE if said else 0), 1.0)
        return Candidate(field.name, round(total, 3), f"{why}; {said}" if said else why)


def _targets(field: Field) -> str:
    return " or ".join(field.reference_to[:3])
