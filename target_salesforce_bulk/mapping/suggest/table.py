"""A table whose columns are to be mapped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.mapping.suggest.names import Words, joined
from target_salesforce_bulk.mapping.suggest.values import Profile
from target_salesforce_bulk.mapping.suggest.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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
    """A stream: its name, its columns and the columns of its key."""

    name: str
    columns: tuple[Column, ...]
    key_properties: tuple[str, ...] = ()

    @cached_property
    def keys(self) -> frozenset[str]:
        """The names of the columns as they are compared."""
        return frozenset(joined(each.words) for each in self.columns)

    @cached_property
    def words(self) -> Words:
        """The words of the table's name."""
        return vocabulary().words(self.name)

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
        )
