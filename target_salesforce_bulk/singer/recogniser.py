"""Distinguishes new rows of a stream from those that an earlier run processed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from target_salesforce_bulk.journal import fingerprints
from target_salesforce_bulk.journal.expected import Answer
from target_salesforce_bulk.journal.top_rows import NO_LINE
from target_salesforce_bulk.singer.top_tracker import TopTracker, comparable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from target_salesforce_bulk.journal.batch import LoadPlan
    from target_salesforce_bulk.journal.fingerprints import Layout
    from target_salesforce_bulk.journal.port import Recognised

#: A CSV line, and its key in the form in which keys compare; None for an insert.
Row = tuple[bytes, str | None]


class Recogniser(Protocol):
    """Used by the reading thread only."""

    def judge(
        self, number: int, row: Callable[[int], Row], positions: Sequence[Any]
    ) -> list[Answer] | None:
        """What is known of rows, in their order; None where all are new.

        Args:
            number: How many there are.
            row: The row at a place.
            positions: Their replication-key values; none where the stream has no replication key.
        """

    def judge_refused(
        self, row: Mapping[str, str], same_key: str | None, positions: Sequence[Any]
    ) -> Answer:
        """What is known of a row that our own checks refused."""

    def judge_delete(self, same_key: str, positions: Sequence[Any]) -> Answer:
        """What is known of a row that deletes a record, by its key."""

    def write_records(self, same_keys: Iterable[str]) -> None:
        """Expect no more rows of records that are written again in this run."""

    def leave_bookmark(self) -> None:
        """Expect no more rows at the bookmark."""


class NothingToRecognise:
    """For streams whose rows earlier runs do not affect."""

    def judge(
        self, number: int, row: Callable[[int], Row], positions: Sequence[Any]
    ) -> list[Answer] | None:
        """All are new."""
        return None

    def judge_refused(
        self, row: Mapping[str, str], same_key: str | None, positions: Sequence[Any]
    ) -> Answer:
        """It is new."""
        return Answer.NEW

    def judge_delete(self, same_key: str, positions: Sequence[Any]) -> Answer:
        """It is new."""
        return Answer.NEW

    def write_records(self, same_keys: Iterable[str]) -> None:
        """Ignore it: nothing is expected."""

    def leave_bookmark(self) -> None:
        """Ignore it: nothing is expected."""


class LiveRecogniser:
    """Asks the journal, and follows the rows at the newest replication-key value.

    Args:
        recognised: What the journal remembers.
        plan: What the rows are to become.
        tops: Follows the replication key; None where rows at the bookmark are loaded again.
        is_failed: Whether a row of a key is stored as failed, so that it is to be loaded again.
    """

    def __init__(
        self,
        recognised: Recognised,
        plan: LoadPlan,
        *,
        tops: TopTracker | None,
        is_failed: Callable[[str], bool],
    ) -> None:
        self._recognised = recognised
        self._stream = plan.stream
        self._layout = tuple(column.header for column in plan.columns)
        self._is_failed = is_failed
        self._plan = plan
        self._tops = tops
        #: The bookmarks at which rows are expected, in comparable form.
        self._at: list[tuple[str, Any]] = []
        #: Those that the tap has started further back than.
        self._left: list[tuple[str, Any]] = []
        self.learn()

    def learn(self) -> None:
        """Learn what is expected: at first, and when it has been decided."""
        self._rows_expected = self._recognised.expects(self._plan)
        if self._tops is not None:
            self._tops.carry(self._recognised.top_rows(self._stream))
            found = filter(None, map(comparable, self._recognised.bookmarks(self._stream)))
            self._at = list(dict.fromkeys(found))
            self._leave([each for each in self._at if each in self._left])

    def judge(
        self, number: int, row: Callable[[int], Row], positions: Sequence[Any]
    ) -> list[Answer] | None:
        """See `Recogniser.judge`."""
        if not self._rows_expected and not self._at:
            self._follow(positions, row, ())
            return None
        at_bookmark = self._places_at_bookmark(positions)
        if self._plan.key is not None:
            answers = self._judge_writes(number, row, set(at_bookmark))
            known = {place for place, answer in enumerate(answers) if answer is not Answer.NEW}
        else:
            answers, known = self._judge_inserts(number, row, at_bookmark)
        self._follow(positions, row, known)
        return answers

    def _judge_inserts(
        self, number: int, row: Callable[[int], Row], at_bookmark: Sequence[int]
    ) -> tuple[list[Answer], set[int]]:
        """What is known of rows without a key, and which are noted at the bookmark already."""
        answers = [Answer.NEW] * number
        # Those at the bookmark first: a row after it may look the same.
        for place in at_bookmark:
            answers[place] = self._match_top(self._layout, *row(place))
        known = {place for place, answer in enumerate(answers) if answer is not Answer.NEW}
        if self._rows_expected:
            others = [place for place in range(number) if place not in known]
            lines = [row(place)[0] for place in others]
            found = self._recognised.match(self._stream, self._layout, lines)
            for place, answer in zip(others, found, strict=True):
                answers[place] = answer
                if answer is Answer.UNDECIDED:
                    known.add(place)
        return answers, known

    def _judge_writes(
        self, number: int, row: Callable[[int], Row], at_bookmark: set[int]
    ) -> list[Answer]:
        """What is known of rows with a key; one that is loaded takes later ones with it."""
        answers = [Answer.NEW] * number
        for place in range(number):
            if not self._recognised.expects_records(self._stream):
                break
            line, same_key = row(place)
            if place in at_bookmark and not self._is_failed(same_key or ""):
                answers[place] = self._match_top(self._layout, line, same_key)
            if answers[place] is Answer.NEW:
                self.write_records((same_key or "",))
        return answers

    def _match_top(self, layout: Layout, line: bytes, same_key: str | None) -> Answer:
        return self._recognised.match_top(self._stream, layout, line, same_key)

    def write_records(self, same_keys: Iterable[str]) -> None:
        """See `Recogniser.write_records`."""
        self._recognised.write_records(self._stream, same_keys)

    def leave_bookmark(self) -> None:
        """See `Recogniser.leave_bookmark`."""
        self._recognised.leave_top(self._stream)
        self._at = []

    def _leave(self, bookmarks: Sequence[tuple[str, Any]]) -> None:
        """Leave bookmarks that the tap has started further back than.

        Until it is decided which one counts, the journal is not told: it may be another.
        """
        self._left += bookmarks
        self._at = [each for each in self._at if each not in self._left]
        if bookmarks and self._recognised.decided:
            self.leave_bookmark()

    def _places_at_bookmark(self, positions: Sequence[Any]) -> list[int]:
        """Where rows have the value of a bookmark; none once one of a smaller value came."""
        places = []
        for place, value in enumerate(positions if self._at else ()):
            found = comparable(value)
            if found is None:
                continue
            if found in self._at:
                places.append(place)
            smaller = [at for at in self._at if found[0] == at[0] and found[1] < at[1]]
            if smaller:
                self._leave(smaller)
                if not self._at:
                    break
        return places

    def judge_refused(
        self, row: Mapping[str, str], same_key: str | None, positions: Sequence[Any]
    ) -> Answer:
        """See `Recogniser.judge_refused`."""
        fingerprint = fingerprints.of_refused(row)
        same_key = None if self._plan.key is None else same_key
        answer = self._match_without_line(fingerprint, same_key, positions)
        if answer is Answer.NEW:
            answer = self._recognised.match_refused(self._stream, fingerprint)
            if answer is not Answer.UNDECIDED:
                self._note_without_line(fingerprint, same_key, positions)
        return answer

    def judge_delete(self, same_key: str, positions: Sequence[Any]) -> Answer:
        """See `Recogniser.judge_delete`."""
        if self._plan.key is None:
            return Answer.NEW  # whether it stands before or after an insert would not be known
        fingerprint = fingerprints.of_deleted(same_key)
        answer = Answer.NEW
        if not self._is_failed(same_key):
            answer = self._match_without_line(fingerprint, same_key, positions)
        if answer is Answer.NEW:
            self._note_without_line(fingerprint, same_key, positions)
        return answer

    def _match_without_line(
        self, fingerprint: bytes, same_key: str | None, positions: Sequence[Any]
    ) -> Answer:
        if not self._places_at_bookmark(positions):
            return Answer.NEW
        return self._match_top(NO_LINE, fingerprint, same_key)

    def _note_without_line(
        self, fingerprint: bytes, same_key: str | None, positions: Sequence[Any]
    ) -> None:
        if same_key is not None:
            self.write_records((same_key,))
        if self._tops is not None:
            self._tops.add(positions, lambda _: (fingerprint, same_key), None)

    def _follow(
        self, positions: Sequence[Any], row: Callable[[int], Row], known: Sequence[int] | set[int]
    ) -> None:
        """Note the rows at the newest value, but for those that are noted already."""
        if self._tops is None or not positions:
            return
        if known:
            positions = [None if place in known else each for place, each in enumerate(positions)]
        self._tops.add(positions, row, self._layout)
