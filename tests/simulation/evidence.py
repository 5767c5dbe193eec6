"""What a history leaves behind, as the model judges it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.source import Row, Tap

#: Where a row stood in the input: its run, and its place in it.
Place = tuple[int, int]


@dataclass(frozen=True)
class StoredRow:
    """A row that the program has stored as failed."""

    stream: str
    operation: str
    code: str
    uncertain: bool
    cells: dict[str, str]


@dataclass
class RunFacts:
    """How one run of the target went."""

    #: Whether it was killed, and whether the tap broke off.
    killed: bool = False
    cut: bool = False
    code: int | None = None
    #: Whether STATE lines of it reached nobody.
    lost: bool = False
    #: Whether it began with a STATE that carries our number.
    numbered: bool = False
    #: Whether the tap broke off right after a STATE, as if it had come to its end.
    cut_at_state: bool = False
    #: Whether it was cut before it read a STATE.
    cut_before_state: bool = False
    #: Whether its input was read to an end that looks complete.
    read_to_the_end: bool = False


@dataclass
class Evidence:
    """Everything that the rules refer to."""

    tap: Tap
    rows: dict[int, Row] = field(default_factory=dict)
    #: Where each row stood, each time that it was read.
    places: dict[int, list[Place]] = field(default_factory=dict)
    runs: list[RunFacts] = field(default_factory=list)
    #: Records of the org by object: their fields.
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    stored: list[StoredRow] = field(default_factory=list)
    #: Whether anything happened of which nobody can know the outcome.
    doubtful: bool = False
