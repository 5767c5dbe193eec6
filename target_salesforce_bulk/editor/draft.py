"""A mapping that is being edited: what is decided for each stream, and what is only suggested."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The options of a column that go before those of its stream.
POLICIES = ("nulls", "empty_strings", "too_long")


class State(StrEnum):
    """How sure it is that a column has its field."""

    OPEN = "open"  #: nothing is decided, and nothing fits
    SUGGESTED = "suggested"  #: filled in, to be accepted or rejected; not written
    ACCEPTED = "accepted"  #: written
    REJECTED = "rejected"  #: written as having no field

    @property
    def is_decided(self) -> bool:
        """Whether it is written."""
        return self in {State.ACCEPTED, State.REJECTED}


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnDraft:
    """The field of a column.

    Attributes:
        field: As a header, such as `Email` or `Account.External_Id__c`; empty for none.
        state: Whether that is decided.
        nulls: `clear` or `ignore`; None for what the stream has. The others likewise.
    """

    field: str = ""
    state: State = State.OPEN
    nulls: str | None = None
    empty_strings: str | None = None
    too_long: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Constant:
    """A value for every row, for a field that no column fills; `name` is its entry's name."""

    name: str
    field: str
    value: Any = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamDraft:
    """The mapping of one stream.

    Attributes:
        object: None until one is chosen.
        operation: Of the jobs.
        key: The field that identifies the record of a row; None for insert, or if it is open.
        columns: What is decided or suggested, by the name of the column.
        constants: Values for every row.
    """

    object: str | None
    operation: Operation = Operation.UPSERT
    key: str | None = None
    columns: Mapping[str, ColumnDraft]
    constants: tuple[Constant, ...] = ()

    @classmethod
    def from_json(cls, body: Any) -> StreamDraft:
        """Read what the page sends.

        Raises:
            InputError: it is not a draft.
        """
        try:
            columns = {str(name): _column(each) for name, each in body["columns"].items()}
            return cls(
                object=_text_or_none(body["object"]),
                operation=Operation(body["operation"]),
                key=_text_or_none(body["key"]),
                columns=columns,
                constants=tuple(_constant(each) for each in body["constants"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise InputError("The page sent something that is not a mapping.") from None

    def as_json(self) -> dict[str, Any]:
        """As the page reads it."""
        return asdict(self)

    def field_mapping(self, *, decided: bool) -> dict[str, Any]:
        """As in the settings.

        Args:
            decided: Whether to leave out what is only suggested.
        """
        found = {
            name: _entry(each.field, {policy: getattr(each, policy) for policy in POLICIES})
            for name, each in self.columns.items()
            if each.state.is_decided or (each.field and not decided)
        }
        constants = {
            each.name: {"field": each.field, "value": each.value} for each in self.constants
        }
        return found | constants


def _entry(field: str, policies: Mapping[str, str | None]) -> str | dict[str, str]:
    chosen = {name: value for name, value in policies.items() if value}
    return {"field": field} | chosen if field and chosen else field


def _column(body: Mapping[str, Any]) -> ColumnDraft:
    policies = {name: _text_or_none(body.get(name)) for name in POLICIES}
    return ColumnDraft(field=_text(body["field"]), state=State(body["state"]), **policies)


def _constant(body: Mapping[str, Any]) -> Constant:
    value = body["value"]
    if not isinstance(value, str | int | float | bool):
        raise TypeError
    return Constant(name=_text(body["name"]), field=_text(body["field"]), value=value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None or value == "" else _text(value)
