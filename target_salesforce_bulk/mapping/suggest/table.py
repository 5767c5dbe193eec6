"""A table whose columns are to be mapped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.mapping.suggest.names import Words, joined
from target_salesforce_bulk.mapping.suggest.values import Profile
from target_salesforce_bulk.mapping.suggest.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_salesforce_bulk.mapping.suggest.vocabulary import Vocabulary

#: How many columns, and what share of them, must start with a word that says nothing.
_FEW, _SHARE = 3, 0.25


@dataclass(frozen=True)
class Column:
    """One column: its name, split, and what its type and values say."""

    name: str
    words: Words
    profile: Profile

    @classmethod
    def of(cls, name: str, schema: Mapping[str, Any], samples: Iterable[Any]) -> Column:
        """Read a property of a JSON schema."""
        return cls(name, vocabulary().words(name), Profile.of(schema, samples))


@dataclass(frozen=True)
class Table:
    """A stream: its name, its columns, the columns of its key, and the words of its name."""

    name: str
    columns: tuple[Column, ...]
    key_properties: tuple[str, ...] = ()
    words: Words = ()

    @cached_property
    def keys(self) -> frozenset[str]:
        """The names of the columns as they are compared."""
        return frozenset(joined(each.words) for each in self.columns)

    @cached_property
    def common_prefixes(self) -> frozenset[str]:
        """Words that many columns start with, such as the `ca` of `ca_city`."""
        first = Counter(each.words[0] for each in self.columns if len(each.words) > 1)
        enough = max(_FEW, _SHARE * len(self.columns))
        return frozenset(word for word, number in first.items() if number >= enough)

    def in_words_of(self, vocabulary: Vocabulary) -> Table:
        """This table with its names split by another vocabulary."""
        columns = [replace(each, words=vocabulary.words(each.name)) for each in self.columns]
        return Table(self.name, tuple(columns), self.key_properties, vocabulary.words(self.name))

    @classmethod
    def from_schema(cls, message: Mapping[str, Any], samples: Mapping[str, Iterable[Any]]) -> Table:
        """Read a SCHEMA message.

        Args:
            message: The message.
            samples: Values of columns.
        """
        columns = message["schema"].get("properties", {}).items()
        return cls(
            message["stream"],
            tuple(Column.of(name, schema, samples.get(name, ())) for name, schema in columns),
            tuple(message.get("key_properties") or ()),
            vocabulary().words(message["stream"]),
        )
