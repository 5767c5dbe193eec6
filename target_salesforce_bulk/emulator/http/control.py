"""The emulator's own resources below `/_emulator/`: to look into the org and to make it behave.

They need no token, do not count as API requests, and no fault hits them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from target_salesforce_bulk.emulator.org.faults import Fault, FaultKind

if TYPE_CHECKING:
    from starlette.requests import Request

    from target_salesforce_bulk.emulator.server import Org


class Control:
    """The handlers of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("/_emulator/counts", self.counts, methods=["GET"]),
            Route("/_emulator/rows/{name}", self.rows, methods=["GET"]),
            Route("/_emulator/rows/{name}", self.insert, methods=["POST"]),
            Route("/_emulator/requests", self.requests, methods=["GET"]),
            Route("/_emulator/jobs", self.jobs, methods=["GET"]),
            Route("/_emulator/faults", self.add_fault, methods=["POST"]),
            Route("/_emulator/faults", self.clear_faults, methods=["DELETE"]),
            Route("/_emulator/settings", self.configure, methods=["POST"]),
            Route("/_emulator/expire-tokens", self.expire_tokens, methods=["POST"]),
            Route("/_emulator/reset", self.reset, methods=["POST"]),
        ]

    async def counts(self, request: Request) -> Response:
        """How many records each object has."""
        counts = {each.name: self._org.records.count(each.name) for each in self._org.schema}
        return JSONResponse({name: count for name, count in counts.items() if count})

    async def rows(self, request: Request) -> Response:
        """The records of an object."""
        return JSONResponse(list(self._org.records.rows(request.path_params["name"])))

    async def insert(self, request: Request) -> Response:
        """Put records into an object, without checks."""
        rows = await request.json()
        return JSONResponse(self._org.insert(request.path_params["name"], rows))

    async def requests(self, request: Request) -> Response:
        """Every request to the API so far."""
        return JSONResponse([asdict(each) for each in self._org.requests])

    async def jobs(self, request: Request) -> Response:
        """Every job so far."""
        return JSONResponse([job.full() for job in self._org.jobs.values()])

    async def add_fault(self, request: Request) -> Response:
        """Let something go wrong from now on."""
        body: dict[str, Any] = await request.json()
        self._org.faults.add(Fault(**body | {"kind": FaultKind(body["kind"])}))
        return JSONResponse({})

    async def clear_faults(self, request: Request) -> Response:
        """Let nothing go wrong any more."""
        self._org.faults.clear()
        return JSONResponse({})

    async def configure(self, request: Request) -> Response:
        """Change how the org behaves."""
        try:
            self._org.behaviour.configure(await request.json())
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse({})

    async def expire_tokens(self, request: Request) -> Response:
        """Let every access token expire."""
        self._org.tokens.expire()
        return JSONResponse({})

    async def reset(self, request: Request) -> Response:
        """Forget records and jobs."""
        self._org.reset()
        return JSONResponse({})
