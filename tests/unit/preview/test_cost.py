"""What a load would cost, and whether so much is left."""

from __future__ import annotations

from target_salesforce_bulk.preview.cost import Cost
from target_salesforce_bulk.preview.dry_run import Count
from target_salesforce_bulk.salesforce.limits import Allowance, OrgLimits

UNKNOWN = OrgLimits()


def limits(requests: tuple[int, int], batches: tuple[int, int]) -> OrgLimits:
    return OrgLimits(api_requests=Allowance(*requests), bulk_batches=Allowance(*batches))


def test_the_cost_of_streams() -> None:
    """Eight requests a job, and the batches of all jobs."""
    counts = [Count(), Count()]
    counts[0].jobs, counts[0].bulk_batches = 2, 5
    counts[1].jobs, counts[1].bulk_batches = 1, 1

    assert Cost.of(counts) == Cost(api_requests=24, bulk_batches=6)


def test_a_cost_in_words() -> None:
    """As shares of what is left, where that is known."""
    left = limits((1000, 2000), (100, 15000))
    none_left = limits((0, 2000), (0, 15000))

    assert [*Cost(api_requests=16, bulk_batches=2).lines(left)] == [
        "About 16 API requests, 1.60 % of the remaining limit",
        "2 Bulk API batches, 2.00 % of the remaining limit",
    ]
    for unknown in (UNKNOWN, none_left):
        assert [*Cost(api_requests=8, bulk_batches=1).lines(unknown)] == [
            "About 8 API requests",
            "1 Bulk API batch",
        ]


def test_nothing_to_send() -> None:
    """It costs nothing, and is no problem when nothing is left."""
    nothing, none_left = Cost(api_requests=0, bulk_batches=0), limits((0, 2000), (0, 15000))

    assert [*nothing.lines(none_left)] == ["About 0 API requests"]
    assert [*nothing.problems(none_left, 90)] == []


def test_what_fits_to_the_last_request() -> None:
    """It is no problem; nor is what nobody knows."""
    cost = Cost(api_requests=800, bulk_batches=15000)

    assert [*cost.problems(limits((900, 1000), (15000, 15000)), 90)] == []
    assert [*cost.problems(UNKNOWN, 90)] == []


def test_what_does_not_fit() -> None:
    """Both allowances are named, with what is left of each and what to do."""
    cost = Cost(api_requests=801, bulk_batches=15001)

    assert [*cost.problems(limits((900, 1000), (15000, 15000)), 90)] == [
        "The load needs about 801 API requests, but only 800 are left today before "
        "api_usage_limit_percent (90) stops it. Use fewer and larger jobs, or run later.",
        "The load needs 15,001 Bulk API batches, but only 15,000 of 15,000 are left today. A batch "
        "takes up to 10,000 rows of a job: use fewer and larger jobs, or run later.",
    ]


def test_an_allowance_that_is_passed_already() -> None:
    """Nothing is left, and no less than nothing."""
    problems = [*Cost(api_requests=8, bulk_batches=1).problems(limits((50, 1000), (9, 9)), 90)]

    assert len(problems) == 1
    assert "but only 0 are left today" in problems[0]
