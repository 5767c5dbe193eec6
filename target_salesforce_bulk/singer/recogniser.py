"""Tells the rows of one stream that an earlier run dealt with from new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from target_salesforce_bulk.journal import fingerprints
from target_salesforce_bulk.journal.expected import Answer
from target_salesforce_bulk.singer.top_tracker import TopTracker, comparable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_salesforce_bulk.journal.batch import LoadPlan
    from target_salesforce_bulk.journal.recognised import RecognisedRows
    from target_salesforce_bulk.journal.top_rows import TopRows


class Recogniser(Protocol):
    """Used by the reading thread only."""

    #: Whether there is anything to recognise.
    active: bool

    def answers(
        self, lines: Sequence[bytes], same_keys: Sequence[str], positions: Sequence[Any]
    ) -> list[Answer]:
        """What is known of rows, in their order.

        Args:
            lines: Their CSV lines.
            same_keys: Their keys in the form in which keys compare; none for an insert.
            positions: Their replication-key values; none where the stream has no replication key.
        """

    def answer_refused(self, row: Mapping[str, str]) -> Answer:
        """What is known of a row that our own checks refused."""

    def follow(
        self, positions: Sequence[Any], row: Callable[[int], tuple[bytes, str | None]]
    ) -> None:
        """Note rows that are loaded or were recognised, by their replication-key values."""

    @property
    def tops(self) -> TopTracker | None:
        """The rows at the newest replication-key value; None where that is not followed."""


class NothingToRecognise:
    """For runs to which earlier runs do not matter."""

    active = False
    tops = None

    def answers(
        self, lines: Sequence[bytes], same_keys: Sequence[str], positions: Sequence[Any]
    ) -> list[Answer]:
        """All are new."""
        return [Answer.NEW] * len(lines)

    def answer_refused(self, row: Mapping[str, str]) -> Answer:
        """It is new."""
        return Answer.NEW

    def follow(
        self, positions: Sequence[Any], row: Callable[[int], tuple[bytes, str | None]]
    ) -> None:
        """Ignore it: nothing is remembered."""


class LiveRecogniser:
    """Asks the journal.

    Args:
        recognised: What the journal remembers.
        plan: What the rows are to become.
        skip_repeated: Whether rows that come again at the bookmark are left out.
        is_failed: Whether a row of a key is stored as failed.
    """

    def __init__(
        self,
        recognised: RecognisedRows,
        plan: LoadPlan,
        *,
        skip_repeated: bool,
        is_failed: Callable[[str], bool],
    ) -> None:
        self._recognised = recognised
        self._stream = plan.stream
        self._layout = tuple(column.header for column in plan.columns)
        self._is_failed = is_failed
        self._rows_expected = recognised.expects(plan)
        top = recognised.top_rows(plan.stream) if skip_repeated else None
        self._top_value = None if top is None else comparable(top.value)
        self._top_raw = None if top is None else top.value
        self.tops: TopTracker | None = TopTracker(top) if skip_repeated else None

    @property
    def active(self) -> bool:
        """Whether there is anything to recognise."""
        return self._rows_expected or self._top_value is not None

    def answers(
        self, lines: Sequence[bytes], same_keys: Sequence[str], positions: Sequence[Any]
    ) -> list[Answer]:
        """See `Recogniser.answers`."""
        answers = (
            self._recognised.match(self._stream, self._layout, lines)
            if self._rows_expected
            else [Answer.NEW] * len(lines)
        )
        for place in self._places_at_bookmark(positions):
            same_key = same_keys[place] if same_keys else None
            if answers[place] is Answer.NEW and not (same_key and self._is_failed(same_key)):
                answers[place] = self._recognised.match_top(
                    self._stream, self._layout, lines[place]
                )
        return answers

    def _places_at_bookmark(self, positions: Sequence[Any]) -> list[int]:
        """Where rows have the value of the bookmark; none once one of a smaller value came."""
        places = []
        for place, value in enumerate(positions if self._top_value is not None else ()):
            if value == self._top_raw:
                places.append(place)
                continue
            found = comparable(value)
            if found == self._top_value:
                places.append(place)
            elif self._top_value and found and found[0] == self._top_value[0]:
                if found[1] < self._top_value[1]:
                    self._recognised.leave_top(self._stream)
                    self._top_value = None
                    break
        return places

    def answer_refused(self, row: Mapping[str, str]) -> Answer:
        """See `Recogniser.answer_refused`."""
        if not self._rows_expected:
            return Answer.NEW
        fingerprint = fingerprints.of_refused(row)
        return self._recognised.match(self._stream, self._layout, [fingerprint], refused=True)[0]

    def follow(
        self, positions: Sequence[Any], row: Callable[[int], tuple[bytes, str | None]]
    ) -> None:
        """See `Recogniser.follow`."""
        if self.tops is not None and positions:
            self.tops.add(positions, row, self._layout)
