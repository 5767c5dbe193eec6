"""The org's daily allowances: of API requests, and of Bulk API batches.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_limits.htm
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# The header may continue with `; per-app-api-usage=17/250(appName=x)`, a different number.
_API_USAGE = re.compile(r"(?:^|[;,\s])api-usage=([0-9]{1,18})/([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class ApiUsage:
    """API requests of the org in the last 24 hours, and how many are allowed."""

    used: int
    allowed: int

    @property
    def left(self) -> int:
        """How many may still be sent; an org may let clients exceed what is allowed."""
        return max(0, self.allowed - self.used)

    @property
    def percent(self) -> float:
        """The share that is used, in percent."""
        return 100.0 * self.used / self.allowed if self.allowed else 0.0

    @classmethod
    def from_header(cls, header: str | None) -> ApiUsage | None:
        """Read `Sforce-Limit-Info`; None if it contains no usage."""
        match = _API_USAGE.search(header or "")
        return None if match is None else cls(int(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be used within 24 hours, and what is left of it."""

    left: int
    allowed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OrgLimits:
    """What `/limits` says about what a load needs; None where it does not say."""

    api_requests: Allowance | None = None
    bulk_batches: Allowance | None = None

    @classmethod
    def from_json(cls, limits: Mapping[str, Any]) -> OrgLimits:
        """Read the response; before version 49.0, batches had another name."""
        return cls(
            api_requests=_allowance(limits.get("DailyApiRequests")),
            bulk_batches=_allowance(
                limits.get("DailyBulkApiBatches", limits.get("DailyBulkApiRequests"))
            ),
        )


def _allowance(entry: Any) -> Allowance | None:
    match entry:
        case {"Remaining": int(left), "Max": int(allowed)}:
            return Allowance(left, allowed)
    return None
