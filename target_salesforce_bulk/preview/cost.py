"""What a load would cost of the org's daily allowances, and whether that is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_salesforce_bulk.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_salesforce_bulk.preview.dry_run import Count
    from target_salesforce_bulk.salesforce.limits import Allowance, OrgLimits

#: create, upload, close, two polls, three result files.
_CALLS_PER_JOB = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What a load would use."""

    #: An estimate.
    api_requests: int
    bulk_batches: int

    @classmethod
    def of(cls, counts: Iterable[Count]) -> Cost:
        """The cost of all streams."""
        found = tuple(counts)
        return cls(
            api_requests=_CALLS_PER_JOB * sum(each.jobs for each in found),
            bulk_batches=sum(each.bulk_batches for each in found),
        )

    def lines(self, left: OrgLimits) -> Iterator[str]:
        """The cost for people, as shares of what is left where that is known."""
        yield f"About {counted(self.api_requests, 'API request')}" + _share(
            self.api_requests, left.api_requests
        )
        if self.bulk_batches:
            batches = "Bulk API batch" if self.bulk_batches == 1 else "Bulk API batches"
            share = _share(self.bulk_batches, left.bulk_batches)
            yield f"{self.bulk_batches:,} {batches}{share}"

    def problems(self, left: OrgLimits, usage_limit_percent: float) -> Iterator[str]:
        """Why a load would not get through today; nothing where what is left is unknown.

        Args:
            left: What is left today.
            usage_limit_percent: The share of the API requests past which a run starts no job.
        """
        if left.api_requests is not None:
            spare = _spare(left.api_requests, usage_limit_percent)
            if self.api_requests > spare:
                yield (
                    f"The load needs about {counted(self.api_requests, 'API request')}, but only "
                    f"{spare:,} are left today before api_usage_limit_percent "
                    f"({usage_limit_percent:g}) stops it. Use fewer and larger jobs, or run later."
                )
        batches = left.bulk_batches
        if batches is not None and self.bulk_batches > batches.left:
            yield (
                f"The load needs {self.bulk_batches:,} Bulk API batches, but only "
                f"{batches.left:,} of {batches.allowed:,} are left today. A batch takes up to "
                "10,000 rows of a job: use fewer and larger jobs, or run later."
            )


def _share(number: int, allowance: Allowance | None) -> str:
    if not number or allowance is None or not allowance.left:
        return ""
    return f", {100 * number / allowance.left:.2f} % of the remaining limit"


def _spare(requests: Allowance, percent: float) -> int:
    used = requests.allowed - requests.left
    return max(0, int(requests.allowed * percent / 100) - used)
