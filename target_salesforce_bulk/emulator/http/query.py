"""Queries: REST, and Bulk API 2.0 query jobs."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from target_salesforce_bulk.emulator.http.bodies import read_object
from target_salesforce_bulk.emulator.org.refusal import RefusalError
from target_salesforce_bulk.emulator.org.single_records import find_single_record
from target_salesforce_bulk.emulator.org.soql import parse

if TYPE_CHECKING:
    from starlette.requests import Request

    from target_salesforce_bulk.emulator.org.org import Org
    from target_salesforce_bulk.emulator.org.soql import Query

_ROWS_PER_PAGE = 2000
_JOB_ROWS_PER_PAGE = 50_000


class Queries:
    """Handlers below `query` and `jobs/query`."""

    def __init__(self, org: Org) -> None:
        self._org = org

    async def run_query(self, request: Request) -> Response:
        """Answer the first page of a query."""
        soql = request.query_params.get("q", "")
        version = request.path_params["version"]
        if found := find_single_record(soql, self._org.tokens.org_id, self._org.behaviour):
            return _single_answer(*found, version)
        return self._answer_page(soql, 0, version)

    async def get_next_page(self, request: Request) -> Response:
        """Answer a further page of a query."""
        soql, start = self._org.queries.find_cursor(request.path_params["cursor"])
        return self._answer_page(soql, start, request.path_params["version"])

    def _answer_page(self, soql: str, start: int, version: str) -> Response:
        query = parse(soql, self._org.schema)
        found = query.run(self._org.records)
        page, following = found[start : start + _ROWS_PER_PAGE], start + _ROWS_PER_PAGE
        shown = [] if query.count_only else [_record(query, row, version) for row in page]
        body = {"totalSize": len(found), "done": True, "records": shown}
        if not query.count_only and following < len(found):
            cursor = self._org.queries.open_cursor(soql, following)
            body |= {"done": False, "nextRecordsUrl": f"/services/data/v{version}/query/{cursor}"}
        return JSONResponse(body)

    async def create_job(self, request: Request) -> Response:
        """Create a query job; it is complete at once."""
        body = await read_object(request)
        if body.get("operation") not in {"query", "queryAll"}:
            raise RefusalError("INVALIDJOB", f"InvalidJob : Operation {body.get('operation')}")
        job_id = self._org.queries.create_job(str(body.get("query", "")))
        return JSONResponse(self._job(request, job_id, "UploadComplete"))

    async def get_job(self, request: Request) -> Response:
        """Show a query job."""
        return JSONResponse(self._job(request, request.path_params["job"], "JobComplete"))

    async def get_results(self, request: Request) -> Response:
        """Answer a page of a query job's CSV; `Sforce-Locator` leads to the next one."""
        query = self._org.queries.find_job(request.path_params["job"])
        start = int(request.query_params.get("locator") or 0)
        size = int(request.query_params.get("maxRecords") or _JOB_ROWS_PER_PAGE)
        rows = query.run(self._org.records)
        page = rows[start : start + size]
        more = start + size < len(rows)
        return Response(
            _csv(query, page),
            media_type="text/csv",
            headers={
                "Sforce-Locator": str(start + size) if more else "null",
                "Sforce-NumberOfRecords": str(len(page)),
            },
        )

    def _job(self, request: Request, job_id: str, state: str) -> dict[str, Any]:
        return {
            "id": job_id,
            "operation": "query",
            "object": self._org.queries.find_job(job_id).schema.name,
            "createdById": self._org.records.user_id,
            "state": state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(request.path_params["version"]),
            "jobType": "V2Query",
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        }


def _single_answer(
    sobject: str, record_id: str, fields: dict[str, Any], version: str
) -> JSONResponse:
    url = f"/services/data/v{version}/sobjects/{sobject}/{record_id}"
    record = {"attributes": {"type": sobject, "url": url}} | fields
    return JSONResponse({"totalSize": 1, "done": True, "records": [record]})


def _record(query: Query, row: dict[str, Any], version: str) -> dict[str, Any]:
    name = query.schema.name
    url = f"/services/data/v{version}/sobjects/{name}/{row['Id']}"
    attributes = {"type": name, "url": url}
    return {"attributes": attributes} | {f.name: row.get(f.name) for f in query.fields}


def _csv(query: Query, rows: list[dict[str, Any]]) -> str:
    names = [field.name for field in query.fields]
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(["" if row.get(n) is None else row[n] for n in names] for row in rows)
    return file.getvalue()
