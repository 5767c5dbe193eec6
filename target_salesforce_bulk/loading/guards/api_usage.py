"""A limit on how much of the org's daily API requests may be used before a load stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.limits import ApiUsage


@dataclass(frozen=True, slots=True)
class ApiUsageLimit:
    """The share of the org's daily API requests past which no job is started, in percent.

    The requests of all clients of the org count. Not every org says how many there were; without a
    number, nothing is stopped.
    """

    percent: float

    def problem(self, usage: ApiUsage | None) -> str:
        """Why no further job may start; empty if one may."""
        if usage is None or usage.percent <= self.percent:
            return ""
        return (
            f"The org has used {usage.used:,} of the {usage.allowed:,} API requests that it has in "
            f"24 hours, {usage.percent:.1f} %; api_usage_limit_percent is {self.percent:g}. No "
            "further job was started, and nothing is lost: run again when less is used, or raise "
            "api_usage_limit_percent."
        )
