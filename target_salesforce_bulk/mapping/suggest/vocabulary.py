"""The words of CRM exports and warehouses; `vocabulary.toml` has them, for people to extend."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.mapping.suggest.names import (
    Words,
    expand,
    joined,
    loose,
    segment,
    split,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Meaning:
    """What a phrase may stand for.

    Attributes:
        fields: Salesforce fields in the order of choice; `Lead.Company` is for one object only.
        rank: Place of the phrase in its list; the first one is meant most often.
        values: What the values must be like besides fitting the field's type; empty for nothing.
        together: Names of which another column of the table must have one; empty for none.
    """

    fields: tuple[str, ...]
    rank: int
    values: str = ""
    together: frozenset[str] = frozenset()

    def fields_of(self, sobject: str) -> list[str]:
        """The fields that an object may have, in the order of choice."""
        parts = [each.rpartition(".") for each in self.fields]
        return [field for owner, _, field in parts if owner in {"", sobject}]


@dataclass(frozen=True)
class _Part:
    """A part of an address, or of what is known of a requester.

    Attributes:
        name: As fields end.
        rank: Place of the phrase in its list.
        values: What the values must be like.
        is_bare: Whether the phrase may stand without a qualifier.
        only: Beginnings of the fields that have this part; empty for all.
    """

    name: str
    rank: int
    values: str
    is_bare: bool
    only: list[str]


class Vocabulary:
    """Phrases and what they stand for."""

    def __init__(self, source: dict[str, Any]) -> None:
        self._source = source
        self._words: dict[str, Words] = {}
        self.wrappers = frozenset(source["words"]["wrappers"])
        self.endings = frozenset(source["words"]["endings"])
        self.little = frozenset(source["words"]["little"])
        self._at_the_end = frozenset(source["words"]["at_the_end"])
        self.systems = frozenset(source["words"]["systems"])
        self.person = frozenset(source["words"]["person"])
        self.behind = frozenset(source["words"]["behind"])
        self.opaque = frozenset(source["words"]["opaque"])
        self.not_in_front = frozenset(source["words"]["not_in_front"])
        self.prefixes: dict[str, str] = source["prefixes"]
        self.refusals: dict[str, list[str]] = source["refusals"]
        self.values = {name: frozenset(each) for name, each in source["values"].items()}

    def words(self, name: str) -> Words:
        """The words of a name, with abbreviations replaced."""
        return expand(self._segmented(split(name)), self._source["abbreviations"])

    def _segmented(self, words: Words) -> Words:
        for each in words:
            if each not in self._words:
                self._words[each] = segment(each, self.known, self._at_the_end)
        return tuple(part for each in words for part in self._words[each])

    def key(self, name: str) -> str:
        """A name in the form in which names are compared."""
        return joined(self._phrase(name))

    def _phrase(self, text: str) -> Words:
        return expand(split(text), self._source["abbreviations"])

    @cached_property
    def known(self) -> frozenset[str]:
        """All words of phrases and of refusals, and all abbreviations."""
        groups = [self.wrappers, self.endings, self._source["abbreviations"], self._qualifiers]
        lists = [*self.refusals.values(), *self._source["objects"].values(), *groups]
        texts = [each for one in lists for each in one]
        texts += [phrase for each in self._contents for phrase in _phrases(each)]
        return frozenset(word for each in texts for word in split(each) if len(word) > 2)

    @cached_property
    def _contents(self) -> list[dict[str, Any]]:
        return [*self._source["concepts"].values(), *self._source["parts"].values()]

    @cached_property
    def _qualifiers(self) -> list[str]:
        return [each for one in self._source["addresses"].values() for each in one["phrases"]]

    @cached_property
    def meanings(self) -> dict[str, list[Meaning]]:
        """Every phrase, without spaces, with its meanings."""
        found: dict[str, list[Meaning]] = {}
        for phrase, meaning in self._phrases_of_concepts:
            found.setdefault(joined(phrase), []).append(meaning)
        return found

    @cached_property
    def loose_meanings(self) -> dict[Words, list[Meaning]]:
        """The meanings by the words of phrases in any order, without little words."""
        found: dict[Words, list[Meaning]] = {}
        for phrase, meaning in self._phrases_of_concepts:
            known = found.setdefault(loose(phrase, self.little), [])
            if all(each.fields != meaning.fields for each in known):
                known.append(meaning)
        return found

    @cached_property
    def _phrases_of_concepts(self) -> list[tuple[Words, Meaning]]:
        return [each for one in self._source["concepts"].values() for each in self._concept(one)]

    def _concept(self, concept: dict[str, Any]) -> Iterator[tuple[Words, Meaning]]:
        fields, values = tuple(concept["fields"]), concept.get("values", "")
        for rank, phrase in enumerate(concept["phrases"]):
            yield self._phrase(phrase), Meaning(fields, rank, values)
        for phrase, others in concept.get("together", {}).items():
            together = frozenset(map(self.key, others))
            yield self._phrase(phrase), Meaning(fields, 0, values, together)

    def places(self, words: Words) -> Iterator[tuple[Meaning, bool]]:
        """What a name may stand for as the part of an address, with whether the part is in front.

        The part is usually at the end: `billing_city`, but `ville_facturation`.
        """
        for cut in range(len(words)):
            qualifier, part = words[:cut], words[cut:]
            yield from ((each, False) for each in self._placed(qualifier, part))
            if cut:
                yield from ((each, True) for each in self._placed(part, qualifier))

    def _placed(self, qualifier: Words, part: Words) -> Iterator[Meaning]:
        contents = self._parts.get(loose(part, self.little), ())
        kinds = self._places.get(loose(qualifier, self.little), ()) if contents else ()
        for kind in kinds:
            for each in contents:
                if (qualifier or each.is_bare) and (not each.only or each.only == kind):
                    fields = tuple(f"{beginning}{each.name}" for beginning in kind)
                    yield Meaning(fields, each.rank + bool(qualifier), each.values)

    @cached_property
    def _places(self) -> dict[Words, list[list[str]]]:
        """Qualifiers of addresses, each with the beginnings of the fields."""
        found: dict[Words, list[list[str]]] = {}
        for place in self._source["addresses"].values():
            for phrase in place["phrases"]:
                found.setdefault(self._loose(phrase), []).append(place["fields"])
        return found

    @cached_property
    def _parts(self) -> dict[Words, list[_Part]]:
        found: dict[Words, list[_Part]] = {}
        for name, content in self._source["parts"].items():
            for phrase, part in _phrases_of_part(name, content):
                found.setdefault(self._loose(phrase), []).append(part)
        return found

    def _loose(self, phrase: str) -> Words:
        return loose(self._phrase(phrase), self.little)

    @cached_property
    def references(self) -> dict[str, frozenset[str]]:
        """Reference fields and the names that columns of their Ids have."""
        source: dict[str, list[str]] = self._source["references"]
        return {field: frozenset(map(self.key, names)) for field, names in source.items()}

    @cached_property
    def objects(self) -> dict[str, tuple[Words, ...]]:
        """Objects and what tables of their records are called, the best name first."""
        source: dict[str, list[str]] = self._source["objects"]
        return {name: tuple(map(self.words, phrases)) for name, phrases in source.items()}

    @cached_property
    def fuzzy_keys(self) -> list[str]:
        """The phrases that are long enough for a typing error to be told from another word."""
        return [each for each in self.meanings if len(each) >= LONG]


def _phrases(content: dict[str, Any]) -> list[str]:
    return [*content["phrases"], *content.get("together", ()), *content.get("qualified", ())]


def _phrases_of_part(name: str, content: dict[str, Any]) -> Iterator[tuple[str, _Part]]:
    values, only = content.get("values", ""), content.get("only", [])
    for rank, phrase in enumerate(content["phrases"]):
        yield phrase, _Part(name, rank, values, is_bare=True, only=only)
    for rank, phrase in enumerate(content.get("qualified", ())):
        yield phrase, _Part(name, rank, values, is_bare=False, only=only)
    for phrase in content.get("by_values", ()):
        yield phrase, _Part(name, len(content["phrases"]), "state", is_bare=True, only=only)


#: Letters of a name in which a typing error may be looked for.
LONG = 10


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of this package."""
    return Vocabulary(shipped())


@cache
def shipped() -> dict[str, Any]:
    """The content of `vocabulary.toml`."""
    path = Path(__file__).with_name("vocabulary.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
