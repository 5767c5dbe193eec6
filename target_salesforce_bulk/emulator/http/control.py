"""The emulator's own resources below `/_emulator/`, to inspect the org and control its behaviour.

They need the control token, do not count as API requests, and are not hit by faults.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from target_salesforce_bulk.emulator.http import job_answers
from target_salesforce_bulk.emulator.http.bodies import read_json, read_object
from target_salesforce_bulk.emulator.org.faults import Fault, FaultKind
from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from starlette.requests import Request

    from target_salesforce_bulk.emulator.http.request_log import RequestLog
    from target_salesforce_bulk.emulator.org.org import Org


class Control:
    """Handlers below `/_emulator/`."""

    def __init__(self, org: Org, log: RequestLog) -> None:
        self._org = org
        self._log = log

    async def count_records(self, request: Request) -> Response:
        """Count the records of each object that has any."""
        counts = {each.name: self._org.records.count(each.name) for each in self._org.schema}
        return JSONResponse({name: count for name, count in counts.items() if count})

    async def list_records(self, request: Request) -> Response:
        """List the records of an object."""
        return JSONResponse(list(self._org.records.rows(request.path_params["name"])))

    async def insert_records(self, request: Request) -> Response:
        """Insert records into an object without validation; answers their ids."""
        rows = await read_json(request)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise _refused("The body is not a list of objects.")
        try:
            return JSONResponse(self._org.insert(request.path_params["name"], rows))
        except ValueError as error:
            raise _refused(str(error)) from None

    async def list_requests(self, request: Request) -> Response:
        """List every request to the API so far."""
        return JSONResponse([asdict(each) for each in self._log.all()])

    async def list_jobs(self, request: Request) -> Response:
        """List every job so far."""
        return JSONResponse([job_answers.full(job) for job in self._org.jobs.all()])

    async def add_fault(self, request: Request) -> Response:
        """Inject a fault."""
        body = await read_object(request)
        try:
            fault = Fault(**body | {"kind": FaultKind(body.get("kind", ""))})
        except (ValueError, TypeError) as error:
            raise _refused(str(error)) from None
        self._org.faults.add(fault)
        return JSONResponse({})

    async def clear_faults(self, request: Request) -> Response:
        """Remove all faults."""
        self._org.faults.clear()
        return JSONResponse({})

    async def configure(self, request: Request) -> Response:
        """Change how the org behaves."""
        settings = await read_object(request)
        try:
            self._org.behaviour.configure(settings)
        except (ValueError, TypeError) as error:
            raise _refused(str(error)) from None
        return JSONResponse({})

    async def expire_tokens(self, request: Request) -> Response:
        """Expire every access token."""
        self._org.tokens.expire()
        return JSONResponse({})

    async def reset(self, request: Request) -> Response:
        """Forget records, jobs and requests."""
        self._org.reset()
        self._log.clear()
        return JSONResponse({})


def _refused(reason: str) -> RefusalError:
    return RefusalError("INVALID_REQUEST", reason)
