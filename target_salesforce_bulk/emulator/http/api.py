"""Salesforce's REST resources: which address answers what, and in which form."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import urllib.parse
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from target_salesforce_bulk.emulator.org.jobs import DELIMITERS
from target_salesforce_bulk.emulator.org.soql import SoqlError, parse
from target_salesforce_bulk.emulator.org.tokens import ORG_ID, OAuthError
from target_salesforce_bulk.emulator.org.values import long_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from starlette.requests import Request

    from target_salesforce_bulk.emulator.org.jobs import Job
    from target_salesforce_bulk.emulator.server import Org

VERSIONS = [f"{number}.0" for number in range(31, 69)]
_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
_JOBS_PER_PAGE = 1000
_ROWS_PER_PAGE = 2000
_QUERY_ROWS_PER_PAGE = 50_000
#: Whoever asks for compressed answers gets them.
_PACKING = [Middleware(GZipMiddleware, minimum_size=1000, compresslevel=1)]


class ApiError(Exception):
    """An error answer in Salesforce's form: an array with one object."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.response = JSONResponse(
            [{"message": message, "errorCode": code}],
            status_code=status,
            media_type="application/json;charset=UTF-8",
        )


def not_found() -> ApiError:
    """The answer for anything that is not there."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


class Api:
    """The handlers of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def routes(self) -> list[Route]:
        """All resources; each also answers with a trailing slash, as Data Loader sends it."""
        data = "/services/data/v{version}"
        ingest = f"{data}/jobs/ingest"
        table: list[tuple[str, str, Any]] = [
            ("POST", "/services/oauth2/token", self.token),
            ("POST", "/services/oauth2/revoke", self.revoke),
            ("GET", "/services/oauth2/userinfo", self._guarded(self.userinfo)),
            ("GET", "/services/data", self.versions),
            ("GET", f"{data}/limits", self._guarded(self.limits)),
            ("GET", f"{data}/sobjects", self._guarded(self.sobjects)),
            ("GET", f"{data}/sobjects/{{name}}/describe", self._guarded(self.describe)),
            ("GET", f"{data}/query", self._guarded(self.query)),
            ("GET", f"{data}/query/{{cursor}}", self._guarded(self.query_more)),
            ("POST", f"{data}/jobs/query", self._guarded(self.create_query_job)),
            ("GET", f"{data}/jobs/query/{{job}}", self._guarded(self.get_query_job)),
            ("GET", f"{data}/jobs/query/{{job}}/results", self._guarded(self.query_results)),
            ("POST", ingest, self._guarded(self.create_job)),
            ("GET", ingest, self._guarded(self.list_jobs)),
            ("GET", f"{ingest}/{{job}}", self._guarded(self.get_job)),
            ("PATCH", f"{ingest}/{{job}}", self._guarded(self.patch_job)),
            ("DELETE", f"{ingest}/{{job}}", self._guarded(self.delete_job)),
            ("PUT", f"{ingest}/{{job}}/batches", self._guarded(self.upload)),
            ("GET", f"{ingest}/{{job}}/{{kind}}", self._guarded(self.results)),
        ]
        return [
            Route(path + end, handler, methods=[method], middleware=_PACKING)
            for method, path, handler in table
            for end in ("", "/")
        ]

    def _guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Any:
        """Let in only who has a token, count the request, and tell how many there were."""

        async def guarded(request: Request) -> Response:
            try:
                response = await self._let_in(request, handler)
            except ApiError as error:
                response = error.response
            except SoqlError as error:
                response = ApiError(400, error.code, error.message).response
            used, allowed = self._org.api_calls, self._org.behaviour.daily_api_requests
            response.headers["Sforce-Limit-Info"] = f"api-usage={used}/{allowed}"
            return response

        return guarded

    async def _let_in(
        self, request: Request, handler: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        if not self._org.tokens.is_valid(request.headers.get("Authorization", "")):
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if request.path_params.get("version", VERSIONS[-1]) not in VERSIONS:
            raise not_found()
        self._org.api_calls += 1
        if self._org.api_calls > self._org.behaviour.daily_api_requests:
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        return await handler(request)

    # OAuth

    async def token(self, request: Request) -> Response:
        """Give a token."""
        form = dict(urllib.parse.parse_qsl((await request.body()).decode()))
        try:
            reply = self._org.tokens.grant(
                form, request.headers.get("Authorization", ""), self._org.url
            )
        except OAuthError as error:
            return JSONResponse(error.body, status_code=400)
        return JSONResponse(reply)

    async def revoke(self, request: Request) -> Response:
        """Take a token back."""
        form = dict(urllib.parse.parse_qsl((await request.body()).decode()))
        self._org.tokens.revoke(form.get("token", ""))
        return Response()

    async def userinfo(self, request: Request) -> Response:
        """Who is logged in."""
        return JSONResponse(
            {
                "user_id": self._org.records.user_id,
                "organization_id": ORG_ID,
                "preferred_username": self._org.tokens.username,
                "name": "Admin",
            }
        )

    # REST

    async def versions(self, request: Request) -> Response:
        """The API versions; needs no token and is not counted."""
        return JSONResponse(
            [
                {"label": f"Release {v}", "url": f"/services/data/v{v}", "version": v}
                for v in VERSIONS
            ]
        )

    async def limits(self, request: Request) -> Response:
        """The allowances, and what is left of them."""
        allowed = self._org.behaviour.daily_api_requests
        left = max(0, allowed - self._org.api_calls)
        return JSONResponse(
            {
                "DailyApiRequests": {"Max": allowed, "Remaining": left},
                "DailyBulkApiBatches": {"Max": 15000, "Remaining": 15000 - len(self._org.jobs)},
                "DailyBulkV2QueryJobs": {"Max": 10000, "Remaining": 10000},
                "DataStorageMB": {"Max": 10240, "Remaining": 10000},
                "FileStorageMB": {"Max": 10240, "Remaining": 10240},
            }
        )

    async def sobjects(self, request: Request) -> Response:
        """All objects, briefly."""
        described = [each.describe_global() for each in self._org.schema]
        return JSONResponse({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": described})

    async def describe(self, request: Request) -> Response:
        """One object, at length."""
        schema = self._org.schema.find(request.path_params["name"])
        if schema is None:
            raise not_found()
        return JSONResponse(schema.describe())

    async def query(self, request: Request) -> Response:
        """Answer a little SOQL, a page at a time."""
        soql = request.query_params.get("q", "")
        return self._query_page(soql, 0, request.path_params["version"])

    async def query_more(self, request: Request) -> Response:
        """The next page of a query."""
        soql, start = self._org.cursors.get(request.path_params["cursor"], ("", 0))
        if not soql:
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._query_page(soql, start, request.path_params["version"])

    def _query_page(self, soql: str, start: int, version: str) -> Response:
        query = parse(soql, self._org.schema)
        found = query.run(self._org.records)
        page = found[start : start + _ROWS_PER_PAGE]
        shown = [] if query.count_only else [query.shown(row, version) for row in page]
        body = {"totalSize": len(found), "done": True, "records": shown}
        if not query.count_only and start + _ROWS_PER_PAGE < len(found):
            cursor = f"01g5g0000{len(self._org.cursors):06d}-{start + _ROWS_PER_PAGE}"
            self._org.cursors[cursor] = (soql, start + _ROWS_PER_PAGE)
            body |= {"done": False, "nextRecordsUrl": f"/services/data/v{version}/query/{cursor}"}
        return JSONResponse(body)

    # Bulk API 2.0 query

    async def create_query_job(self, request: Request) -> Response:
        """Make a query job; it is done at once."""
        body = await _json(request)
        if body.get("operation") not in {"query", "queryAll"}:
            raise ApiError(400, "INVALIDJOB", f"InvalidJob : Operation {body.get('operation')}")
        query = parse(str(body.get("query", "")), self._org.schema)
        with self._org.records.mutex:
            number = self._org.records.next_number("IngestJob")
        job_id = long_id(f"7505g{number:010d}")
        self._org.query_jobs[job_id] = query
        return JSONResponse(self._query_job(request, job_id, "UploadComplete"))

    def _query_job(self, request: Request, job_id: str, state: str) -> dict[str, Any]:
        query = self._org.query_jobs.get(job_id)
        if query is None:
            raise not_found()
        return {
            "id": job_id,
            "operation": "query",
            "object": query.schema.name,
            "createdById": self._org.records.user_id,
            "state": state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(request.path_params["version"]),
            "jobType": "V2Query",
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        }

    async def get_query_job(self, request: Request) -> Response:
        """Where a query job stands."""
        return JSONResponse(self._query_job(request, request.path_params["job"], "JobComplete"))

    async def query_results(self, request: Request) -> Response:
        """A page of a query job's CSV; the header `Sforce-Locator` leads to the next one."""
        query = self._org.query_jobs.get(request.path_params["job"])
        if query is None:
            raise not_found()
        start = int(request.query_params.get("locator") or 0)
        size = int(request.query_params.get("maxRecords") or _QUERY_ROWS_PER_PAGE)
        rows = query.run(self._org.records)
        page = rows[start : start + size]
        more = start + size < len(rows)
        return Response(
            query.csv(page),
            media_type="text/csv",
            headers={
                "Sforce-Locator": str(start + size) if more else "null",
                "Sforce-NumberOfRecords": str(len(page)),
            },
        )

    # Bulk API 2.0 ingest

    async def create_job(self, request: Request) -> Response:
        """Make an open job; 200, not 201."""
        body = await _json(request)
        schema = self._org.schema.find(str(body.get("object", "")))
        if schema is None:
            raise ApiError(
                400,
                "INVALIDENTITY",
                f"Entity '{body.get('object')}' is not supported by the Bulk API.",
            )
        operation, key = body.get("operation"), body.get("externalIdFieldName")
        self._check_create(body, schema, operation, key)
        job = self._org.new_job(
            schema=schema,
            operation=str(operation),
            external_id=str(key) if operation == "upsert" else None,
            api_version=request.path_params["version"],
            line_ending=body.get("lineEnding") or "LF",
            delimiter=body.get("columnDelimiter") or "COMMA",
            assignment_rule=body.get("assignmentRuleId"),
        )
        return JSONResponse(job.created_answer())

    def _check_create(self, body: dict[str, Any], schema: Any, operation: Any, key: Any) -> None:
        if operation not in _OPERATIONS:
            raise ApiError(400, "INVALIDJOB", f"InvalidJob : Operation {operation} is not valid")
        if operation == "hardDelete" and not self._org.behaviour.hard_delete_allowed:
            raise ApiError(
                400,
                "FEATURENOTENABLED",
                "hardDelete operation requires special user profile permission, please contact "
                "your system administrator",
            )
        if body.get("columnDelimiter", "COMMA") not in DELIMITERS or body.get(
            "lineEnding", "LF"
        ) not in {"LF", "CRLF"}:
            raise ApiError(400, "INVALIDJOB", "InvalidJob : columnDelimiter or lineEnding")
        if operation == "upsert":
            field = schema.field(str(key or ""))
            keys = field and (field.flag("externalId") or field.flag("idLookup"))
            # Whether a real org refuses this here or when the job runs is not documented.
            if not keys:
                raise ApiError(
                    400,
                    "INVALIDJOB",
                    f"InvalidJob : Field name provided, {key} does not match an External ID, "
                    f"Salesforce Id, or indexed field for {schema.name}",
                )
        if rule := body.get("assignmentRuleId"):
            self._check_rule(str(rule), schema.name)

    def _check_rule(self, rule: str, sobject: str) -> None:
        rules = self._org.schema.find("AssignmentRule")
        known = rules is not None and self._org.records.find_by_key(rules, rules.fields[0], rule)
        # In which words a real org refuses it is not documented.
        if sobject not in {"Lead", "Case"} or not known:
            raise ApiError(400, "INVALIDJOB", f"InvalidJob : Invalid assignment rule {rule}")

    async def list_jobs(self, request: Request) -> Response:
        """All jobs, a page at a time, in no useful order."""
        start = int((request.query_params.get("queryLocator") or "x-0").rpartition("-")[2])
        jobs = sorted(self._org.jobs.values(), key=lambda job: job.id[::-1])
        page = jobs[start : start + _JOBS_PER_PAGE]
        more = start + _JOBS_PER_PAGE < len(jobs)
        version = request.path_params["version"]
        locator = f"01g5g00000EmuLEAS-{start + _JOBS_PER_PAGE}"
        following = f"/services/data/v{version}/jobs/ingest?queryLocator={locator}"
        return JSONResponse(
            {
                "done": not more,
                "records": [job.listed() for job in page],
                "nextRecordsUrl": following if more else None,
            }
        )

    def _job(self, request: Request) -> Job:
        # 15-character ids are as good in addresses.
        job = self._org.jobs.get(request.path_params["job"][:15])
        if job is None:
            raise not_found()
        return job

    async def get_job(self, request: Request) -> Response:
        """Where a job stands."""
        return JSONResponse(self._job(request).full())

    async def patch_job(self, request: Request) -> Response:
        """Close or abort a job."""
        job, wanted = self._job(request), (await _json(request)).get("state")
        if wanted == "UploadComplete":
            self._close(job)
        elif wanted == "Aborted":
            _abort(job)
            return JSONResponse(job.brief() | {"state": "Aborted"})
        else:
            raise ApiError(400, "INVALIDJOBSTATE", f"Job state {wanted} cannot be set")
        return JSONResponse(job.brief())

    def _close(self, job: Job) -> None:
        if job.state != "Open":
            already = job.state.lower() if job.state == "Aborted" else "closed"
            raise ApiError(400, "INVALIDJOBSTATE", f"Closing already {already} Job not allowed")
        if job.uploads > 1:
            raise ApiError(
                400,
                "INVALIDJOB",
                f"Found multipe contents for job: <{job.id[:15]}>, please 'Close' / 'Abort' / "
                "'Delete' the current Job then create a new Job and make sure you only do 'PUT' "
                "once on a given Job.",
            )
        job.set_state("UploadComplete")
        self._org.process(job)

    async def delete_job(self, request: Request) -> Response:
        """Forget a job that is closed or has ended."""
        job = self._job(request)
        if job.state not in {"UploadComplete", "JobComplete", "Aborted", "Failed"}:
            raise ApiError(400, "INVALIDJOBSTATE", f"Deleting {job.state} Job not allowed")
        self._org.forget(job)
        return Response(status_code=204)

    async def upload(self, request: Request) -> Response:
        """Take a job's data as it comes, without a look at it."""
        job = self._job(request)
        if job.state != "Open":
            raise ApiError(400, "INVALIDJOBSTATE", f"Upload to {job.state} Job not allowed")
        packed = "gzip" in request.headers.get("content-encoding", "")
        if packed and self._org.behaviour.compressed_uploads == "refuse":
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Encoding gzip not supported")
        with job.data.open("wb") as file:
            async for chunk in request.stream():
                file.write(chunk)
        if packed and self._org.behaviour.compressed_uploads == "accept":
            await run_in_threadpool(_unpack, job.data)
        job.uploads += 1
        return Response(status_code=201)

    async def results(self, request: Request) -> Response:
        """One of the three result files of a job that has ended."""
        job = self._job(request)
        kinds = {"successfulresults": "successfulResults", "failedresults": "failedResults"}
        kinds["unprocessedrecords"] = "unprocessedrecords"
        kind = kinds.get(request.path_params["kind"].lower())
        if kind is None:
            raise not_found()
        # What a real org answers before the end is not documented.
        if not job.is_terminal or not job.result(kind).exists():
            if job.state == "Aborted":
                return Response(b"", media_type="text/csv")
            raise ApiError(400, "INVALIDJOBSTATE", f"Job is {job.state}, results are not ready")
        return FileResponse(job.result(kind), media_type="text/csv")


def _unpack(path: Path) -> None:
    """Decompress a file in its place."""
    plain = path.with_suffix(".plain")
    with gzip.open(path) as packed, plain.open("wb") as file:
        shutil.copyfileobj(packed, file, 1 << 20)
    plain.replace(path)


def _abort(job: Job) -> None:
    if job.state == "JobComplete":
        raise ApiError(400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
    if job.is_terminal:
        raise ApiError(400, "INVALIDJOBSTATE", f"Aborting already {job.state} Job not allowed")
    if job.state == "InProgress":
        job.abort_requested = True  # it ends when the rows under way are done
    else:
        job.set_state("Aborted")


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise ApiError(400, "JSON_PARSER_ERROR", "The body is not JSON") from None
    if not isinstance(body, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "The body is not an object")
    return body


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Salesforce's form for addresses and methods that are not there."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        return ApiError(405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed").response
    return not_found().response


def is_api(path: str) -> bool:
    """Whether an address is Salesforce's, and not the emulator's own."""
    return re.match(r"/services/", path) is not None
