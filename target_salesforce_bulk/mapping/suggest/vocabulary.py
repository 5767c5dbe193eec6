"""The words of CRM exports and warehouses; `vocabulary.toml` has them, for people to extend."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from target_salesforce_bulk.mapping.suggest.names import Words, expand, joined, split


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


class Vocabulary:
    """Phrases and what they stand for."""

    def __init__(self, source: dict[str, Any]) -> None:
        self._source = source
        self._keys: dict[str, str] = {}
        self.wrappers = frozenset(source["words"]["wrappers"])
        self.endings = frozenset(source["words"]["endings"])
        self.not_in_front = frozenset(source["words"]["not_in_front"])
        self.prefixes: dict[str, str] = source["prefixes"]
        self.refusals: dict[str, list[str]] = source["refusals"]
        self.values = {name: frozenset(each) for name, each in source["values"].items()}

    def words(self, name: str) -> Words:
        """The words of a name, with abbreviations replaced."""
        return expand(split(name), self._source["abbreviations"])

    def key(self, name: str) -> str:
        """A name in the form in which names are compared."""
        if name not in self._keys:
            self._keys[name] = joined(self.words(name))
        return self._keys[name]

    @cached_property
    def meanings(self) -> dict[str, list[Meaning]]:
        """Every phrase, without spaces, with its meanings."""
        found: dict[str, list[Meaning]] = {}
        for concept in self._source["concepts"].values():
            self._add_concept(found, concept)
        for place in self._source["addresses"].values():
            for part, content in self._source["parts"].items():
                self._add_place(found, place, part, content)
        return found

    def _add_concept(self, found: dict[str, list[Meaning]], concept: dict[str, Any]) -> None:
        fields, values = tuple(concept["fields"]), concept.get("values", "")
        for rank, phrase in enumerate(concept["phrases"]):
            found.setdefault(self.key(phrase), []).append(Meaning(fields, rank, values))
        for phrase, others in concept.get("together", {}).items():
            together = frozenset(map(self.key, others))
            found.setdefault(self.key(phrase), []).append(Meaning(fields, 0, values, together))

    def _add_place(
        self,
        found: dict[str, list[Meaning]],
        place: dict[str, Any],
        part: str,
        content: dict[str, Any],
    ) -> None:
        fields = tuple(f"{each}{part}" for each in place["fields"])
        for qualifier in place["phrases"]:
            phrases = [*content["phrases"], *(content.get("qualified", ()) if qualifier else ())]
            for rank, phrase in enumerate(phrases):
                meaning = Meaning(fields, rank + bool(qualifier), content.get("values", ""))
                known = found.setdefault(self.key(qualifier) + self.key(phrase), [])
                if all(each.fields != fields for each in known):
                    known.append(meaning)

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


#: Letters of a name in which a typing error may be looked for.
LONG = 10


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of this package."""
    path = Path(__file__).with_name("vocabulary.toml")
    return Vocabulary(tomllib.loads(path.read_text(encoding="utf-8")))
