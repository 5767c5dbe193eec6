"""REST resources that describe the org."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from target_salesforce_bulk.emulator.http.describe import describe, describe_global
from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from target_salesforce_bulk.emulator.org.org import Org

VERSIONS = [f"{number}.0" for number in range(31, 69)]


class Rest:
    """Handlers of versions, limits and describe."""

    def __init__(self, org: Org) -> None:
        self._org = org

    async def list_versions(self, request: Request) -> Response:
        """List the API versions; needs no token and is not counted."""
        return JSONResponse(
            [
                {"label": f"Release {v}", "url": f"/services/data/v{v}", "version": v}
                for v in VERSIONS
            ]
        )

    async def get_limits(self, request: Request) -> Response:
        """Show the allowances and what is left of them."""
        if not self._org.behaviour.limits_visible:
            raise RefusalError("INSUFFICIENT_ACCESS", "insufficient access rights")
        batches = self._org.behaviour.daily_bulk_batches
        batches_left = max(0, batches - self._org.bulk_batches)
        allowed = self._org.behaviour.daily_api_requests
        left = max(0, allowed - self._org.api_calls)
        return JSONResponse(
            {
                "DailyApiRequests": {"Max": allowed, "Remaining": left},
                "DailyBulkApiBatches": {"Max": batches, "Remaining": batches_left},
                "DailyBulkV2QueryJobs": {"Max": 10000, "Remaining": 10000},
                "DataStorageMB": {"Max": 10240, "Remaining": 10000},
                "FileStorageMB": {"Max": 10240, "Remaining": 10240},
            }
        )

    async def list_objects(self, request: Request) -> Response:
        """List all objects."""
        described = [describe_global(each) for each in self._org.schema]
        return JSONResponse({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": described})

    async def describe_object(self, request: Request) -> Response:
        """Describe one object and its fields."""
        schema = self._org.schema.find(request.path_params["name"])
        if schema is None:
            raise RefusalError.not_found()
        return JSONResponse(describe(schema))
