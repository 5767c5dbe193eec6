"""How many records a stream may delete in a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from target_salesforce_bulk.errors import LimitExceededError, RequestError
from target_salesforce_bulk.journal.batch import Batch, BatchColumn, LoadPlan
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.loading.guards.deletes import DeleteGuard, DeleteLimits
from target_salesforce_bulk.salesforce.job import Operation

TOO_MANY = "Stream people would delete 6 Contact records; max_deletes is 5. The rest of the stream"
TOO_MUCH = (
    "Stream people would delete 11 of 100 Contact records, 11.0 %; max_delete_percent is 10. "
    "The rest of the stream"
)
WHAT_TO_DO = " is not sent. If the source is right, raise streams.people."


class Org:
    """Has a number of records, or cannot be asked."""

    def __init__(self, records: int | Exception) -> None:
        self.records = records
        self.asked: list[str] = []

    def count(self, sobject: str) -> int:
        self.asked.append(sobject)
        if isinstance(self.records, Exception):
            raise self.records
        return self.records


def guard(
    org: Org,
    most: int | None = None,
    percent: float = 100.0,
    accepted: frozenset[Operation] = frozenset(Operation),
) -> DeleteGuard:
    limits = DeleteLimits(accepted=accepted, max_deletes=most, max_delete_percent=percent)
    return DeleteGuard(limits=lambda _: limits, count=org.count, hold_seconds=900)


def batch(rows: int, operation: Operation = Operation.DELETE, stream: str = "people") -> Batch:
    plan = LoadPlan(
        stream=stream,
        sobject="Contact",
        operation=operation,
        columns=(BatchColumn(header="Id", type="id"),),
    )
    return Batch(id=1, run_id="r", plan=plan, state=BatchState.SEALED, folder=Path("/x"), rows=rows)


def problems(guarded: DeleteGuard, *batches: Batch) -> list[str]:
    found = []
    for each in batches:
        guarded.add(each)
        found.append(guarded.problem(each))
    return found


@pytest.mark.parametrize("operation", [Operation.DELETE, Operation.HARD_DELETE])
def test_the_sum_counts(operation: Operation) -> None:
    """Of all batches of the stream; what another stream deletes, or what is written, does not."""
    batches = [batch(3, operation), batch(9, Operation.UPSERT), batch(9, stream="other")]
    guarded = guard(Org(0), most=5)

    assert problems(guarded, *batches[:2]) == ["", ""]
    guarded.add(batches[2])
    assert problems(guarded, batch(2, operation), batch(1, operation)) == [
        "",
        f"{TOO_MANY}{WHAT_TO_DO}max_deletes.",
    ]


def test_a_delete_that_the_settings_do_not_ask_for_any_more() -> None:
    """Rows of an earlier run are not deleted for good where records go to the Recycle Bin now."""
    org = Org(1000)
    guarded = guard(org, accepted=frozenset({Operation.DELETE}))

    assert problems(guarded, batch(1), batch(1, Operation.HARD_DELETE), batch(1)) == [
        "",
        "Stream people has rows of an earlier run whose operation is hardDelete, which the "
        "settings do not ask for any more. Their records are not deleted. To delete them, set "
        "streams.people.operation or .deletes as before, and allow_hard_delete.",
        "",
    ]


def test_the_share_of_the_objects_records() -> None:
    """At the percentage itself nothing is wrong; the records are counted once."""
    org = Org(100)
    found = problems(guard(org, percent=10), batch(10), batch(1), batch(1))

    assert found[:2] == ["", f"{TOO_MUCH}{WHAT_TO_DO}max_delete_percent."]
    assert org.asked == ["Contact"]


@pytest.mark.parametrize(("records", "percent"), [(99, 0), (100, 100), (10, 10)])
def test_no_share(records: int, percent: float) -> None:
    """Of few records; nor where there is no limit."""
    guarded = guard(Org(records), percent=percent)

    assert problems(guarded, batch(1000)) == [""]
    assert guarded.hold_seconds(batch(1000)) == 0


@pytest.mark.parametrize("limits", [{"most": 1000}, {"percent": 10.0}])
def test_a_batch_waits_for_those_that_may_make_it_too_many(limits: dict[str, Any]) -> None:
    """Where there is a limit at all; what is written does not wait."""
    guarded = guard(Org(100), **limits)
    problems(guarded, batch(1), batch(1, Operation.UPSERT))

    assert guarded.hold_seconds(batch(1)) == 900
    assert guarded.hold_seconds(batch(1, Operation.UPSERT)) == 0


def test_records_that_cannot_be_counted() -> None:
    """Nothing is deleted, and it says how to do without the number."""
    refused = RequestError("QUERY_TIMEOUT.", status=400, code="QUERY_TIMEOUT", detail="")

    assert problems(guard(Org(refused), percent=10), batch(1)) == [
        "The Contact records could not be counted, so stream people might delete more than "
        "max_delete_percent of them: QUERY_TIMEOUT. To delete without this limit, set "
        "streams.people.max_delete_percent to 100."
    ]


def test_a_limit_of_the_org_is_not_the_streams_problem() -> None:
    """No stream can go on then."""
    used_up = LimitExceededError("used up", status=403, code="", detail="")

    with pytest.raises(LimitExceededError):
        problems(guard(Org(used_up), percent=10), batch(1))
