"""What the rules demand of a history, written from the rules alone.

It knows the source, what was read of it and when, the org at the end and the stored failed rows;
it knows nothing of batches, jobs or the journal. Where a rule leaves a case open, every outcome
that the rule allows passes.

Words: a row is *named* where it stands in the store of failed rows, and *definite* where it does
not: then it must have been loaded, or newer definite rows must have taken its place cell by cell.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.evidence import Evidence, StoredRow
    from simulation.source import Row, Stream

#: Fields that a row may write.
FIELDS = ("A__c", "B__c", "C__c", "Parent")


def judge(evidence: Evidence) -> list[str]:
    """The violations after a run that ended well, with everything before it settled."""
    named = _Named(evidence)
    problems = list(named.problems)
    if any(each.uncertain for each in evidence.stored) and not evidence.doubtful:
        problems.append("A row is called uncertain, but nothing happened that leaves one open")
    for stream in evidence.tap.streams:
        if stream.operation == "insert":
            problems += _judge_inserts(evidence, stream)
    problems += _judge_records(evidence, named)
    problems += _judge_children(evidence, named)
    return problems


def judge_settled(evidence: Evidence) -> list[str]:
    """The violations after the failed rows were sent again and none failed."""
    parents = _parents(evidence)
    # Rows of one record are sent as one, so one that cannot be loaded holds the others up.
    held_up = {_record_of(each) for each in evidence.stored if _cannot_be_sent(each, parents)}
    return [
        f"Row {each.cells} stays stored although it could be loaded: {each.code}"
        for each in evidence.stored
        if not each.uncertain and _record_of(each) not in held_up
    ]


def judge_last(evidence: Evidence, jobs: int) -> list[str]:
    """The violations after one more ordinary run, in which the source had nothing new."""
    problems = judge(evidence)
    kinds = {stream.kind for stream in evidence.tap.streams}
    idle = kinds <= {">", ">="} and evidence.tap.form == "bookmarks"
    if idle and jobs and not evidence.stored and not _any_twice_at_bookmark(evidence):
        problems.append(f"An idle run made {jobs} jobs")
    return problems


def _any_twice_at_bookmark(evidence: Evidence) -> bool:
    """Whether rows at a bookmark share a record: only the last is left out (rule 4.5)."""
    for stream in evidence.tap.streams:
        rows = [row for row in evidence.rows.values() if row.stream == stream.name and row.key]
        newest = max((row.at for row in rows), default=0)
        keys = Counter((row.key or "").lower() for row in rows if row.at == newest)
        if stream.kind == ">=" and any(times > 1 for times in keys.values()):
            return True
    return False


def _parents(evidence: Evidence) -> set[str]:
    return {(record.get("Key__c") or "").lower() for record in evidence.records["Parent__c"]}


def _record_of(stored: StoredRow) -> tuple[str, str]:
    return stored.stream, _key_of(stored)


def _key_of(stored: StoredRow) -> str:
    cells = stored.cells
    return (cells.get("Key__c") or cells.get("Other__c") or "").lower()


def _cannot_be_sent(stored: StoredRow, parents: set[str]) -> bool:
    if stored.cells.get("Parent__r.Key__c", "") not in {"", *parents}:
        return True
    # A row that our own checks refused stays until it is corrected in the source, whatever newer
    # rows have left of it: its cells are not in the form in which they could be sent.
    return stored.code in {"STRING_TOO_LONG", "NOT_FOUND", "ENTITY_IS_DELETED"}


def _judge_children(evidence: Evidence, named: _Named) -> list[str]:
    """Rows wait for parents that come in the same run."""
    last = len(evidence.runs) - 1
    parents = _parents(evidence)
    return [
        f"Row {row.number} was stored, but its parent came in the same run"
        for row in evidence.rows.values()
        if row.number in named.cells
        and not row.refused
        and row.cells.get("Parent") in parents
        and named.names(row, "Parent")
        and any(run == last for run, _ in evidence.places[row.number])
    ]


# -- inserts ----------------------------------------------------------------------------------


def _judge_inserts(evidence: Evidence, stream: Stream) -> list[str]:
    """Each row of the source is one record, or is named: exactly once."""
    rows = [row for row in evidence.rows.values() if row.stream == stream.name]
    wanted = Counter[str]()
    most = Counter[str]()
    for row in rows:
        least, greatest = _copies(evidence, stream, row)
        wanted[_text(row.cells)] += least
        most[_text(row.cells)] += greatest
    found = Counter(
        _text(record) for record in evidence.records[stream.sobject] if _text(record) in wanted
    )
    failed, open_ = Counter[str](), Counter[str]()
    for each in evidence.stored:
        if each.stream == stream.target:
            (open_ if each.uncertain else failed)[_text(each.cells)] += 1
    problems = []
    for text in wanted:
        known = found[text] + failed[text]
        if known + open_[text] < wanted[text]:
            problems.append(f"Lost: {text}: {known} of {wanted[text]}")
        if known > most[text] and not (failed[text] == 0 and found[text] <= most[text]):
            problems.append(f"Doubled: {text}: {known} of {most[text]}")
    return problems


def _copies(evidence: Evidence, stream: Stream, row: Row) -> tuple[int, int]:
    """How often a row must be in the org or named: minimum and maximum."""
    runs = sorted({run for run, _ in evidence.places.get(row.number, ())})
    if not runs:
        return 0, 0
    facts = evidence.runs
    if stream.kind == "full" or evidence.tap.form == "none":
        return _copies_without_position(evidence, stream, runs)
    cut = {run for run, each in enumerate(facts) if each.cut_before_state}
    if any(run in cut and cut & {run - 1, run + 1} for run in runs):
        return 1, len(runs)  # it looks like a tap that sends no STATE
    if stream.kind in {">=", "unsorted"} and evidence.tap.form in {"renamed", "opaque"}:
        return 1, len(runs)  # nobody can tell which rows stand at such a bookmark
    lost = [run for run in range(len(facts)) if facts[run].lost]
    if lost and not (evidence.tap.sdk and evidence.tap.form in {"bookmarks", "renamed"}):
        return 1, len(runs)  # such a tap brings no number back
    if lost and not all(facts[run + 1].numbered for run in lost):
        return 1, len(runs)  # nothing was kept that could have brought one back
    return 1, 1


def _copies_without_position(
    evidence: Evidence, stream: Stream, runs: list[int]
) -> tuple[int, int]:
    """The same for a stream that each run sends as a whole."""
    facts = evidence.runs
    complete = [run for run in runs if not facts[run].killed and not facts[run].cut]
    if stream.kind == "full" and _may_have_bookmark_of_another(evidence):
        return 1, len(runs)
    if any(facts[run].cut_at_state for run in runs):
        return 1, len(runs)  # it looks as if it had been complete
    if any(facts[run].killed and facts[run].read_to_the_end for run in runs):
        return 1, len(runs)  # whether it was complete depends on the moment
    if all(facts[run].code == 0 for run in complete):
        return len(complete), len(complete)
    # A run that ended with an error may have stopped the stream, and is then continued.
    return 1, len(complete)


def _may_have_bookmark_of_another(evidence: Evidence) -> bool:
    """Whether another stream's bookmark may be taken for that of a full table."""
    unclear = evidence.tap.form in {"renamed", "opaque"}
    return unclear and any(each.kind != "full" for each in evidence.tap.streams)


def _text(cells: dict[str, Any]) -> str:
    return "|".join(f"{name}={cells[name]}" for name in FIELDS[:3] if cells.get(name))


# -- records with keys --------------------------------------------------------------------------


class _Named:
    """Which cells of which rows are stored as failed."""

    def __init__(self, evidence: Evidence) -> None:
        self.cells: dict[int, set[str]] = {}
        self.uncertain: set[int] = set()
        self.deletes: Counter[tuple[str, str]] = Counter()
        #: Parents that stored rows name, with the key of the row. Unlike the other cells, they do
        #: not tell whose they were where rows have been merged.
        self._parents: set[tuple[str, str]] = set()
        self.problems: list[str] = []
        by_cell = {
            (name, cell): row.number
            for row in evidence.rows.values()
            for name, cell in row.cells.items()
            if row.key is not None and name != "Parent"
        }
        for each in evidence.stored:
            if each.operation == "delete":
                self.deletes[each.stream, _key_of(each)] += 1
                continue
            if parent := each.cells.get("Parent__r.Key__c"):
                self._parents.add((_key_of(each), parent))
            self._take(each, by_cell)

    def names(self, row: Row, name: str | None) -> bool:
        """Whether a cell of a row is stored as failed; without a field, whether any cell is."""
        if name == "Parent":
            return ((row.key or "").lower(), row.cells.get(name, "")) in self._parents
        cells = self.cells.get(row.number, set())
        return bool(cells) if name is None else name in cells

    def _take(self, stored: StoredRow, by_cell: dict[tuple[str, str], int]) -> None:
        for name in FIELDS[:3]:
            number = by_cell.get((name, stored.cells.get(name, "")))
            if number is None:
                continue
            cells = self.cells.setdefault(number, set())
            if name in cells:
                self.problems.append(f"Row {number} is named twice")
            cells.add(name)
            if stored.uncertain:
                self.uncertain.add(number)


@dataclass
class _Identity:
    """The rows of one record; only their positions order them."""

    writes: list[Row] = field(default_factory=list)
    deletes: list[Row] = field(default_factory=list)


def _judge_records(evidence: Evidence, named: _Named) -> list[str]:
    identities: dict[tuple[str, str, str], _Identity] = {}
    for row in evidence.rows.values():
        stream = next(each for each in evidence.tap.streams if each.name == row.stream)
        if row.key is None or row.number not in evidence.places:
            continue
        place = (stream.sobject, stream.key or "", row.key.strip().lower())
        identity = identities.setdefault(place, _Identity())
        (identity.deletes if row.deleted else identity.writes).append(row)
    problems = []
    for (sobject, name, key), identity in identities.items():
        found = [
            record
            for record in evidence.records[sobject]
            if (record.get(name) or "").lower() == key
        ]
        problems += _judge_identity(evidence, named, f"{sobject} {key}", identity, found)
    return problems


def _judge_identity(
    evidence: Evidence, named: _Named, what: str, identity: _Identity, found: list[dict[str, Any]]
) -> list[str]:
    if len(found) > 1:
        return [f"{what} is there {len(found)} times"]
    record = found[0] if found else None
    problems = []
    allowed = _allowed(evidence, named, identity, None)
    if record is None and None not in allowed:
        return [f"{what} is not there, but rows {sorted(map(str, allowed))} were loaded"]
    if record is not None and allowed == {None}:
        return [f"{what} is there, but was deleted or never loaded"]
    for name in FIELDS:
        allowed = _allowed(evidence, named, identity, name)
        value = record.get(name) if record else None
        if record is not None and value not in allowed:
            problems.append(f"{what}: {name} is {value}, allowed: {sorted(map(str, allowed))}")
    return problems


def _allowed(
    evidence: Evidence, named: _Named, identity: _Identity, name: str | None
) -> set[str | None]:
    """The values that a field may have; without a field, the rows by which the record is there."""
    sure: list[tuple[Row, str | None]] = []
    open_: list[tuple[Row, str | None]] = []
    for row in identity.writes:
        if name is not None and name not in row.cells:
            continue
        value = str(row.number) if name is None else row.cells[name]
        if (
            row.number in named.uncertain
            or _named_since(evidence, named, identity, row, name)
            or (row.refused and _delete_named_since(evidence, named, identity, row))
        ):
            open_.append((row, value))
        elif not named.names(row, name):
            sure.append((row, value))
        elif name == "Parent" and row.number not in named.cells:
            open_.append((row, value))  # another row of this record may have named this parent
        elif len(evidence.places[row.number]) > 1:
            open_.append((row, value))  # it may have been loaded when it came before
    for row in identity.deletes:
        (open_ if _is_named_delete(evidence, named, row) else sure).append((row, None))
    last = [
        value
        for row, value in sure
        if not any(_surely_before(evidence, row, other) for other, _ in sure)
    ]
    late = [
        value
        for row, value in open_
        if not any(_surely_before(evidence, row, other) for other, _ in sure)
    ]
    return {*last, *late, *([] if sure else [None])}


def _named_since(
    evidence: Evidence, named: _Named, identity: _Identity, row: Row, name: str | None
) -> bool:
    """Whether a named row that may be newer has the same values, and so replaces this one."""
    return not named.names(row, name) and any(
        named.names(other, name) and not _surely_before(evidence, other, row)
        for other in identity.writes
    )


def _delete_named_since(evidence: Evidence, named: _Named, identity: _Identity, row: Row) -> bool:
    """Whether a named delete that may be newer stands for a row."""
    return any(
        _is_named_delete(evidence, named, delete) and not _surely_before(evidence, delete, row)
        for delete in identity.deletes
    )


def _is_named_delete(evidence: Evidence, named: _Named, row: Row) -> bool:
    stream = next(each.target for each in evidence.tap.streams if each.name == row.stream)
    return bool(named.deletes[stream, (row.key or "").lower()])


def _surely_before(evidence: Evidence, row: Row, other: Row) -> bool:
    """Whether one row certainly precedes another."""
    if row is other:
        return False
    mine, theirs = evidence.places[row.number], evidence.places[other.number]
    kinds = {stream.name: stream.kind for stream in evidence.tap.streams}
    # A row at the bookmark that comes again is left out, though rows of another stream may have
    # come meanwhile (rule 4.5).
    left_out = row.stream != other.stream and kinds[other.stream] in {">=", "unsorted"}
    return mine[0] < theirs[0] and mine[-1] < theirs[0 if left_out else -1]
