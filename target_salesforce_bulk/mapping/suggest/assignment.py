"""Which column gets which field, if each field goes to one column at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def assign(scores: Mapping[str, Mapping[str, float]]) -> dict[str, str]:
    """The assignment of columns to fields with the highest sum of scores.

    Columns get their fields one after another along the path that adds most: a column may take
    the field of another, if that one has an alternative. Columns that gain nothing get none.

    Args:
        scores: For each column, the fields it may get with their scores, all positive.
    """
    owners: dict[str, str] = {}
    for column in scores:
        _augment(column, scores, owners)
    return {column: field for field, column in owners.items()}


def _augment(
    column: str, scores: Mapping[str, Mapping[str, float]], owners: dict[str, str]
) -> None:
    """Make a new column part of the assignment, by the best chain of changes (Bellman-Ford)."""
    gain = {column: 0.0}
    path: dict[str, list[tuple[str, str]]] = {column: []}
    best: tuple[float, list[tuple[str, str]]] = (0.0, [])
    waiting = [column]
    while waiting:
        now = waiting.pop(0)
        for field, score in scores[now].items():
            chain, total = [*path[now], (now, field)], gain[now] + score
            owner = owners.get(field)
            if owner is None:
                best = max(best, (total, chain), key=lambda each: each[0])
            elif owner not in {each for each, _ in chain}:
                total -= scores[owner][field]
                best = max(best, (total, chain), key=lambda each: each[0])
                if total > gain.get(owner, -1e9) + 1e-9:
                    gain[owner], path[owner] = total, chain
                    waiting.append(owner)
    owners.update({field: each for each, field in best[1]})
