"""Tells the rows of one stream that an earlier run dealt with from new ones."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from target_salesforce_bulk.journal import fingerprints
from target_salesforce_bulk.journal.expected import Answer
from target_salesforce_bulk.singer.top_tracker import TopTracker, comparable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_salesforce_bulk.journal.batch import LoadPlan
    from target_salesforce_bulk.journal.port import Recognised

# What stands before the line of a delete, so that no write looks the same.
_DELETED = b'"deleted",'

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

    def judge_refused(self, row: Mapping[str, str], positions: Sequence[Any]) -> Answer:
        """What is known of a row that our own checks refused."""


class NothingToRecognise:
    """For what earlier runs do not matter to."""

    def judge(
        self, number: int, row: Callable[[int], Row], positions: Sequence[Any]
    ) -> list[Answer] | None:
        """All are new."""
        return None

    def judge_refused(self, row: Mapping[str, str], positions: Sequence[Any]) -> Answer:
        """It is new."""
        return Answer.NEW


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
        if plan.operation.only_ids:
            self._layout = ("deleted", *self._layout)
        self._is_failed = is_failed
        self._plan = plan
        self._tops = tops
        #: The bookmark as the tap wrote it, and in comparable form; None where no row is expected.
        self._bookmark: Any = None
        self._at: tuple[str, Any] | None = None
        self.learn()

    def learn(self) -> None:
        """Learn what is expected: at first, and when it has been decided."""
        self._rows_expected = self._recognised.expects(self._plan)
        if self._tops is not None:
            top = self._recognised.top_rows(self._stream)
            self._tops.carry(top)
            self._bookmark = None if top is None else top.value
            self._at = comparable(self._bookmark)

    def judge(
        self, number: int, row: Callable[[int], Row], positions: Sequence[Any]
    ) -> list[Answer] | None:
        """See `Recogniser.judge`."""
        if self._plan.operation.only_ids:
            row = partial(_of_delete, row)
        if not self._rows_expected and self._at is None:
            self._follow(positions, row, ())
            return None
        answers = [Answer.NEW] * number
        # Those at the bookmark first: a row after it may look the same.
        for place in self._places_at_bookmark(positions):
            answers[place] = self._match_top(*row(place))
        known = {place for place, answer in enumerate(answers) if answer is not Answer.NEW}
        if self._rows_expected:
            others = [place for place in range(number) if place not in known]
            lines = [row(place)[0] for place in others]
            found = self._recognised.match(self._stream, self._layout, lines)
            for place, answer in zip(others, found, strict=True):
                answers[place] = answer
                if answer is Answer.UNDECIDED:
                    known.add(place)
        self._follow(positions, row, known)
        return answers

    def _match_top(self, line: bytes, same_key: str | None) -> Answer:
        if same_key is not None and self._is_failed(same_key):
            return Answer.NEW
        return self._recognised.match_top(self._stream, self._layout, line)

    def _places_at_bookmark(self, positions: Sequence[Any]) -> list[int]:
        """Where rows have the value of the bookmark; none once one of a smaller value came."""
        places = []
        for place, value in enumerate(positions if self._at is not None else ()):
            found = self._at if value == self._bookmark else comparable(value)
            if found == self._at:
                places.append(place)
            elif found and self._at and found[0] == self._at[0] and found[1] < self._at[1]:
                self._recognised.leave_top(self._stream)
                self._at = None
                break
        return places

    def judge_refused(self, row: Mapping[str, str], positions: Sequence[Any]) -> Answer:
        """See `Recogniser.judge_refused`."""
        fingerprint = fingerprints.of_refused(row)
        if self._places_at_bookmark(positions):
            answer = self._recognised.match_top_refused(self._stream, fingerprint)
            if answer is not Answer.NEW:
                return answer
        answer = self._recognised.match_refused(self._stream, fingerprint)
        if self._tops is not None and answer is not Answer.UNDECIDED:
            self._tops.add(positions, lambda _: (fingerprint, None), None)
        return answer

    def _follow(
        self, positions: Sequence[Any], row: Callable[[int], Row], known: Sequence[int] | set[int]
    ) -> None:
        """Note the rows at the newest value, but for those that are noted already."""
        if self._tops is None or not positions:
            return
        if known:
            positions = [None if place in known else each for place, each in enumerate(positions)]
        self._tops.add(positions, row, self._layout)


def _of_delete(row: Callable[[int], Row], place: int) -> Row:
    line, same_key = row(place)
    return _DELETED + line, same_key
