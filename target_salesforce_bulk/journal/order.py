"""Which of two rows of one record counts, cell by cell.

A row's place in the order is the batch that it first came in, then whether it was refused before
sending. Within a batch, a refused row has lost what later rows of its record say when the batch is
sealed; so what it still says is newer than what the batch's other row of that record says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Id of the batch that a row first came in, and `SENT` or `REFUSED`. The larger is the newer.
Order = tuple[int, int]

SENT = 0
REFUSED = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What a row writes to its record, or would write."""

    fields: frozenset[str] = frozenset()
    #: Whether it deletes the record.
    deletes: bool = False

    @classmethod
    def by(cls, row: Mapping[str, str], key_field: str | None, *, deletes: bool) -> Written:
        """What a row with these cells writes beside its key; an empty cell says nothing."""
        if deletes:
            return cls(deletes=True)
        return cls(
            fields=frozenset(
                field_of(header)
                for header, cell in row.items()
                if cell and not _is_key(header, key_field)
            )
        )


def left_of(
    row: Mapping[str, str],
    key_field: str | None,
    newer: Written,
    *,
    deletes: bool = False,
    loaded: bool,
) -> dict[str, str] | None:
    """What is left of an older row beside a newer one of the same record.

    Args:
        row: The cells of the older row by header.
        key_field: Header of its key.
        newer: What the newer row writes.
        deletes: Whether the older row deletes the record.
        loaded: Whether the newer row is in Salesforce. Where it is not, a delete before it stays:
            both are to be sent again, in order.

    Returns:
        Its cells, those that do not count any more empty; None where nothing is left.
    """
    if newer.deletes or (deletes and loaded):
        return None
    if deletes:
        return dict(row)
    left = {
        header: "" if field_of(header) in newer.fields and not _is_key(header, key_field) else cell
        for header, cell in row.items()
    }
    return left if Written.by(left, key_field, deletes=False).fields else None


def field_of(header: str) -> str:
    """The field that a column writes: `AccountId` for `Account.Key__c`, `A__c` for `A__r.Key__c`.

    https://developer.salesforce.com/docs/platform/api-asynch/guide/datafiles-csv-rel-field-header-row.html
    """
    path, dot, _ = header.partition(".")
    if not dot:
        return header
    relationship = path.rpartition(":")[2]
    return f"{relationship[:-1]}c" if relationship.endswith("__r") else f"{relationship}Id"


def _is_key(header: str, key_field: str | None) -> bool:
    return header in {key_field, "Id"}
