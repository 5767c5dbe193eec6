"""Limits on the records that a stream deletes in one run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import LimitExceededError, RequestError, UnavailableError
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan

#: With fewer records than this, a percentage of them says little.
RECORDS_TO_JUDGE_BY = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class DeleteLimits:
    """What a stream may delete in one run."""

    #: The operations that the settings of this run ask for; rows of an earlier run, which failed or
    #: are sent again, may be of another one.
    accepted: frozenset[Operation]
    max_deletes: int | None
    #: Of the object's records; 100 for no limit.
    max_delete_percent: float


class DeleteGuard:
    """Adds up the deletes of a run by stream; used by one thread.

    A row counts when its batch is sealed, whether or not its record turns out to be there. Rows
    that are sent again within the run do not count twice.

    Args:
        limits: The limits of a stream, by its name.
        count: How many records an object has; asked once for each object at most.
        hold_seconds: How long a batch waits for the deletes that come after it.
    """

    def __init__(
        self,
        *,
        limits: Callable[[str], DeleteLimits],
        count: Callable[[str], int],
        hold_seconds: float,
    ) -> None:
        self._limits = limits
        self._count = count
        self._hold_seconds = hold_seconds
        self._deletes: Counter[str] = Counter()
        self._records: dict[str, int] = {}

    def add(self, batch: Batch) -> None:
        """Count the deletes of a batch."""
        if batch.plan.operation.only_ids:
            self._deletes[batch.plan.stream] += batch.rows

    def problem(self, batch: Batch) -> str:
        """Why a batch that has been counted must not be sent; empty if it may.

        Raises:
            SalesforceError: the object's records cannot be counted now, nor can anything be done.
        """
        plan = batch.plan
        if not plan.operation.only_ids or not batch.rows:
            return ""
        deletes, limits = self._deletes[plan.stream], self._limits(plan.stream)
        if plan.operation not in limits.accepted:
            return _not_accepted(plan)
        found = f"Stream {plan.stream} would delete {deletes:,}"
        if limits.max_deletes is not None and deletes > limits.max_deletes:
            return (
                f"{found} {plan.sobject} records; max_deletes is {limits.max_deletes}. "
                f"{_what_to_do(plan, 'max_deletes')}"
            )
        if limits.max_delete_percent >= 100:
            return ""
        try:
            records = self._records_of(plan.sobject)
        except (LimitExceededError, UnavailableError):
            raise
        except RequestError as error:
            return (
                f"The {plan.sobject} records could not be counted, so stream {plan.stream} might "
                f"delete more than max_delete_percent of them: {error} To delete without this "
                f"limit, set streams.{plan.stream}.max_delete_percent to 100."
            )
        if not _is_judged(records) or 100 * deletes <= limits.max_delete_percent * records:
            return ""
        return (
            f"{found} of {records:,} {plan.sobject} records, {100 * deletes / records:.1f} %; "
            f"max_delete_percent is {limits.max_delete_percent:g}. "
            f"{_what_to_do(plan, 'max_delete_percent')}"
        )

    def hold_seconds(self, batch: Batch) -> float:
        """How long a batch that may be sent waits for more deletes, which may make it too many."""
        plan = batch.plan
        if not plan.operation.only_ids:
            return 0.0
        limited = self._limits(plan.stream).max_deletes is not None
        return (
            self._hold_seconds if limited or _is_judged(self._records.get(plan.sobject, 0)) else 0
        )

    def _records_of(self, sobject: str) -> int:
        if sobject not in self._records:
            self._records[sobject] = self._count(sobject)
        return self._records[sobject]


def _is_judged(records: int) -> bool:
    return records >= RECORDS_TO_JUDGE_BY


def _not_accepted(plan: LoadPlan) -> str:
    allowed = ", and allow_hard_delete" if plan.operation is Operation.HARD_DELETE else ""
    return (
        f"Stream {plan.stream} has rows of an earlier run whose operation is {plan.operation}, "
        "which the settings do not ask for any more. Their records are not deleted. To delete "
        f"them, set streams.{plan.stream}.operation or .deletes as before{allowed}."
    )


def _what_to_do(plan: LoadPlan, setting: str) -> str:
    return (
        "The rest of the stream is not sent. If the source is right, raise "
        f"streams.{plan.stream}.{setting}."
    )
