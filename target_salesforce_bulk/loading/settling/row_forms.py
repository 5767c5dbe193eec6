"""The two forms in which sent rows and result rows compare."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from target_salesforce_bulk.rows.canonical import canonical, canonical_echo, canonical_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_salesforce_bulk.journal.batch import LoadPlan

_SLOTS = 1 << 22


class RowForms:
    """The forms of the rows of one plan, in a file with its columns in some order.

    Rows whose *values* are equal ask for the same and are interchangeable. Rows of one *echo* are
    those that a result cannot tell apart where it says less than was sent: they have one key, or
    for an insert the same cells but for numbers and times.

    Args:
        plan: The plan.
        places: Place in the file of each column of the plan; none for the batch's own file.
    """

    def __init__(self, plan: LoadPlan, places: Sequence[int | None] | None = None) -> None:
        sent = plan.sent_columns or range(len(plan.columns))
        at = range(len(plan.columns)) if places is None else places
        columns = [(at[number], plan.columns[number].field) for number in sent]
        self._values = [(place, canonical(field)) for place, field in columns]
        key = plan.key_index
        if key is not None:
            self._echo = [(at[key], canonical_key(plan.columns[key].field))]
        else:
            forms = ((place, canonical_echo(field)) for place, field in columns)
            self._echo = [(place, form) for place, form in forms if form is not None]

    def echo(self, row: Sequence[str]) -> str:
        """The echo of a row."""
        if len(self._echo) == 1:  # a key, asked for every row
            place, form = self._echo[0]
            return form("" if place is None else row[place])
        return _joined(self._echo, row)

    def digests(self, row: Sequence[str]) -> tuple[bytes, bytes]:
        """Echo and values of a row, in 16 bytes each."""
        return _digest(self.echo(row)), _digest(_joined(self._values, row))


def _joined(forms: Sequence[tuple[int | None, Callable[[str], str]]], row: Sequence[str]) -> str:
    return "\x1f".join([form("" if place is None else row[place]) for place, form in forms])


class EchoFilter:
    """Remembers echoes in four megabytes; it may see one that never came, but misses none."""

    def __init__(self) -> None:
        self._slots = bytearray(_SLOTS)
        #: Whether none came.
        self.empty = True

    def add(self, echo: str) -> None:
        """Remember an echo."""
        self.empty = False
        self._slots[hash(echo) % _SLOTS] = 1

    def __contains__(self, echo: str) -> bool:
        return self._slots[hash(echo) % _SLOTS] == 1


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
