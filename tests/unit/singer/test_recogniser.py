"""Rows of earlier runs are told from new ones by the line, the record and the bookmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from known_outcomes import INSERTS, WRITES

from target_salesforce_bulk.journal import fingerprints
from target_salesforce_bulk.journal.expected import Answer
from target_salesforce_bulk.journal.top_rows import NO_LINE, TopRows
from target_salesforce_bulk.singer.recogniser import LiveRecogniser, NothingToRecognise
from target_salesforce_bulk.singer.top_tracker import TopTracker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_salesforce_bulk.journal.batch import LoadPlan

NEW, AGAIN, UNDECIDED = Answer
LAYOUT = ("Key__c", "Phone", "Title")


class Remembered:
    """What a journal remembers, by line."""

    def __init__(
        self,
        *,
        rows: dict[bytes, Answer] | None = None,
        refused: dict[bytes, Answer] | None = None,
        top: dict[bytes, Answer] | None = None,
        bookmark: Any = None,
        doubtful: Any = None,
    ) -> None:
        self.rows, self.refused, self.top = rows or {}, refused or {}, top or {}
        self.bookmark, self.doubtful = bookmark, doubtful
        self.decided = doubtful is None
        self.written: list[str] = []
        self.left = False

    def expects(self, plan: LoadPlan) -> bool:
        return bool(self.rows)

    def expects_records(self, stream: str) -> bool:
        return bool(self.top)

    def top_rows(self, stream: str) -> TopRows | None:
        return None if self.bookmark is None else TopRows(value=self.bookmark)

    def bookmarks(self, stream: str) -> list[Any]:
        return [each for each in (self.bookmark, self.doubtful) if each is not None]

    def match(self, stream: str, layout: Any, lines: Iterable[bytes]) -> list[Answer]:
        return [self.rows.get(line, NEW) for line in lines]

    def match_refused(self, stream: str, fingerprint: bytes) -> Answer:
        return self.refused.get(fingerprint, NEW)

    def match_top(self, stream: str, layout: Any, line: bytes, same_key: Any) -> Answer:
        assert layout in {LAYOUT, NO_LINE}
        return self.top.get(line, NEW)

    def write_records(self, stream: str, same_keys: Iterable[str]) -> None:
        self.written += same_keys

    def leave_top(self, stream: str) -> None:
        self.left = True


class Asked:
    """A recogniser of what a journal remembers."""

    def __init__(
        self,
        remembered: Remembered,
        plan: LoadPlan = INSERTS,
        failed: frozenset[str] = frozenset(),
    ) -> None:
        self.remembered = remembered
        self.keyed = plan.key is not None
        self.tops = TopTracker()
        self.recogniser = LiveRecogniser(
            remembered,  # type: ignore[arg-type]
            plan,
            tops=self.tops,
            is_failed=failed.__contains__,
        )

    def judge(self, *lines: str, at: Iterable[Any] = ()) -> list[Answer] | None:
        def row(place: int) -> tuple[bytes, str | None]:
            return lines[place].encode(), lines[place][0] if self.keyed else None

        return self.recogniser.judge(len(lines), row, [*at])

    def noted(self, bookmark: Any) -> list[bytes]:
        """The rows that are noted at a bookmark."""
        found = self.tops.at(bookmark)
        return [] if found is None else [row.fingerprint for row in found[0].rows]


def of(*lines: str) -> list[bytes]:
    return [fingerprints.of_line(line.encode()) for line in lines]


def test_without_anything_expected_no_row_is_looked_at() -> None:
    """All are new; those at the newest value are noted."""
    asked = Asked(Remembered())

    assert asked.judge("a1", "a2", at=[1, 2]) is None
    assert asked.noted(2) == of("a2")


def test_inserts_are_known_by_their_lines() -> None:
    """In their order; what is undecided is not noted at the bookmark before it is decided."""
    asked = Asked(Remembered(rows={b"a": AGAIN, b"b": UNDECIDED}))

    assert asked.judge("a", "b", "c", at=[5, 5, 5]) == [AGAIN, UNDECIDED, NEW]
    assert asked.noted(5) == of("a", "c")


def test_inserts_at_the_bookmark_come_first() -> None:
    """A row after it that looks the same is not taken for the one at the bookmark."""
    asked = Asked(Remembered(rows={b"b": AGAIN}, top={b"a": AGAIN}, bookmark=5))

    assert asked.judge("a", "a", "b", at=[5, 6, 6]) == [AGAIN, NEW, AGAIN]


def test_a_smaller_value_leaves_the_bookmark() -> None:
    """The tap has started further back, so every row is to be loaded."""
    asked = Asked(Remembered(top={b"a": AGAIN}, bookmark=5))

    assert asked.judge("z", "a", at=[4, 5]) == [NEW, NEW]
    assert asked.remembered.left
    assert asked.judge("a", at=[5]) is None


def test_the_bookmark_that_counts_is_left_for_a_smaller_value_only() -> None:
    """A value between the two that may count leaves the larger one, which is then found lost."""
    remembered = Remembered(top={b"a": UNDECIDED}, bookmark=4, doubtful=6)
    asked = Asked(remembered)
    first = asked.judge("a", at=[4])
    remembered.doubtful, remembered.decided, remembered.top = None, True, {b"a": AGAIN}
    asked.recogniser.learn()

    assert (first, asked.judge("a", at=[4]), remembered.left) == ([UNDECIDED], [AGAIN], False)


def test_the_bookmark_that_counts_was_left_before_it_was_decided() -> None:
    """A smaller value came, so the tap has started further back; the journal is told then."""
    remembered = Remembered(top={b"a": UNDECIDED}, bookmark=4, doubtful=6)
    asked = Asked(remembered)
    asked.judge("b", at=[3])
    before = remembered.left
    remembered.doubtful, remembered.decided = None, True
    asked.recogniser.learn()

    assert (before, remembered.left, asked.judge("a", at=[4])) == (False, True, None)


def test_a_record_that_is_loaded_takes_its_later_rows_with_it() -> None:
    """What stood after it has to be loaded after it again."""
    asked = Asked(Remembered(top={b"a1": AGAIN, b"b1": AGAIN}, bookmark=5), WRITES)

    assert asked.judge("a1", "b2", "c1", at=[5, 5, 5]) == [AGAIN, NEW, NEW]
    assert asked.remembered.written == ["b", "c"]


def test_a_record_with_a_failed_row_is_loaded_again() -> None:
    """It is not in Salesforce as the tap has it."""
    asked = Asked(
        Remembered(top={b"a1": AGAIN, b"b1": AGAIN}, bookmark=5), WRITES, frozenset({"a"})
    )

    assert asked.judge("a1", "b1", at=[5, 5]) == [NEW, AGAIN]


def test_refused_rows_are_known_by_their_cells() -> None:
    """A new one is noted at the bookmark, and its record as written."""
    known, new = {"Key__c": "a"}, {"Key__c": "b"}
    asked = Asked(Remembered(refused={fingerprints.of_refused(known): AGAIN}), WRITES)

    assert asked.recogniser.judge_refused(known, "a", [5]) is AGAIN
    assert asked.recogniser.judge_refused(new, "b", [5]) is NEW
    assert asked.remembered.written == ["a", "b"]
    assert asked.noted(5) == [fingerprints.of_refused(row) for row in (known, new)]


def test_a_refused_row_that_is_undecided_changes_nothing() -> None:
    """It is judged again later."""
    row = {"Key__c": "a"}
    asked = Asked(Remembered(refused={fingerprints.of_refused(row): UNDECIDED}), WRITES)

    assert asked.recogniser.judge_refused(row, "a", [5]) is UNDECIDED
    assert (asked.remembered.written, asked.noted(5)) == ([], [])


def test_a_delete_at_the_bookmark() -> None:
    """It is left out if it is the last of its record there, and nothing of that failed."""
    top = {fingerprints.of_deleted(key): AGAIN for key in "ab"}
    asked = Asked(Remembered(top=top, bookmark=5), WRITES, frozenset({"b"}))
    answers = [asked.recogniser.judge_delete(key, [5]) for key in "abc"]

    assert (answers, asked.remembered.written) == ([AGAIN, NEW, NEW], ["b", "c"])


def test_a_delete_beside_inserts_is_new() -> None:
    """Whether it stands before or after an insert would not be known."""
    top = {fingerprints.of_deleted("a"): AGAIN}

    assert Asked(Remembered(top=top, bookmark=5)).recogniser.judge_delete("a", [5]) is NEW


def test_what_is_learned_later_counts() -> None:
    """The first STATE may say that rows come again, or that they do not."""
    asked = Asked(Remembered())
    before = asked.judge("a")
    asked.remembered.rows = {b"a": AGAIN}
    asked.recogniser.learn()

    assert (before, asked.judge("a")) == (None, [AGAIN])


def test_a_preview_recognises_nothing() -> None:
    """It knows no earlier run."""
    nothing = NothingToRecognise()

    assert nothing.judge(1, lambda _: (b"a", None), [1]) is None
    assert {nothing.judge_refused({}, "a", []), nothing.judge_delete("a", [])} == {NEW}
