"""How much of the org's daily allowance of API requests is used.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# The header may continue with `; per-app-api-usage=17/250(appName=x)`, a different number.
_API_USAGE = re.compile(r"(?:^|[;,\s])api-usage=([0-9]{1,18})/([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class ApiUsage:
    """API requests of the org in the last 24 hours, and how many are allowed."""

    used: int
    allowed: int

    @property
    def percent(self) -> float:
        """The share that is used, in percent."""
        return 100.0 * self.used / self.allowed if self.allowed else 0.0

    @classmethod
    def from_header(cls, header: str | None) -> ApiUsage | None:
        """Read `Sforce-Limit-Info`; None if it contains no usage."""
        match = _API_USAGE.search(header or "")
        return None if match is None else cls(int(match[1]), int(match[2]))
