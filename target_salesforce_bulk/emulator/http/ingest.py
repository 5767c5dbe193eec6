"""Bulk API 2.0 ingest jobs."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response

from target_salesforce_bulk.emulator.http import job_answers
from target_salesforce_bulk.emulator.http.bodies import (
    check_type,
    chunks_of,
    read_object,
    too_large,
)
from target_salesforce_bulk.emulator.org.job_request import JobRequest
from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from target_salesforce_bulk.emulator.org.job import Job
    from target_salesforce_bulk.emulator.org.org import Org

_JOBS_PER_PAGE = 1000

#: The most that an upload may have, compressed or not: Salesforce takes 150 MB of what base64
#: makes of it, three bytes in four.
#: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/upload_job_data.htm
_MOST_BYTES = 150_000_000 // 4 * 3

#: Result files; Salesforce ignores the case of their names.
_RESULTS = {
    name.lower(): name for name in ("successfulResults", "failedResults", "unprocessedrecords")
}


class Ingest:
    """Handlers below `jobs/ingest`."""

    def __init__(self, org: Org) -> None:
        self._org = org

    async def create_job(self, request: Request) -> Response:
        """Create an open job; answers 200, not 201."""
        body = await read_object(request)
        job = self._org.jobs.create(read_job_request(body, request.path_params["version"]))
        return JSONResponse(job_answers.created(job))

    async def list_jobs(self, request: Request) -> Response:
        """List all jobs, a page at a time and in no useful order."""
        start = int((request.query_params.get("queryLocator") or "x-0").rpartition("-")[2])
        following = start + _JOBS_PER_PAGE
        jobs = sorted(self._org.jobs.all(), key=lambda job: job.id[::-1])
        more = following < len(jobs)
        url = (
            f"/services/data/v{request.path_params['version']}/jobs/ingest"
            f"?queryLocator=01g5g00000EmuLEAS-{following}"
        )
        return JSONResponse(
            {
                "done": not more,
                "records": [job_answers.listed(job) for job in jobs[start:following]],
                "nextRecordsUrl": url if more else None,
            }
        )

    async def get_job(self, request: Request) -> Response:
        """Show a job."""
        return JSONResponse(job_answers.full(self._job(request)))

    async def update_job(self, request: Request) -> Response:
        """Close or abort a job."""
        job, state = self._job(request), (await read_object(request)).get("state")
        match state:
            case "UploadComplete":
                self._org.jobs.close(job)
                return JSONResponse(job_answers.brief(job))
            case "Aborted":
                job.abort()
                # Also where rows are still being processed.
                return JSONResponse(job_answers.brief(job) | {"state": "Aborted"})
        raise RefusalError("INVALIDJOBSTATE", f"Job state {state} cannot be set")

    async def delete_job(self, request: Request) -> Response:
        """Delete a job that is closed or has ended."""
        self._org.jobs.delete(self._job(request))
        return Response(status_code=204)

    async def upload_data(self, request: Request) -> Response:
        """Store a job's data without looking at it."""
        job = self._job(request)
        job.check_upload()
        check_type(request, "text/csv")
        compressed = "gzip" in request.headers.get("content-encoding", "")
        wanted = self._org.behaviour.compressed_uploads
        if compressed and wanted == "refuse":
            raise RefusalError("UNSUPPORTED_MEDIA_TYPE", "Content-Encoding gzip not supported")
        draft = job.data.with_suffix(".draft")
        try:
            await _store(request, draft)
            if compressed and wanted == "accept":
                await run_in_threadpool(_decompress, draft)
            draft.replace(job.data)
        finally:
            draft.unlink(missing_ok=True)
        job.uploads += 1
        return Response(status_code=201)

    async def get_results(self, request: Request) -> Response:
        """Answer one of the three result files of a job that has ended."""
        job = self._job(request)
        kind = _RESULTS.get(request.path_params["kind"].lower())
        if kind is None:
            raise RefusalError.not_found()
        path = job.finished_result(kind)
        if path is None:
            return Response(b"", media_type="text/csv")
        return FileResponse(path, media_type="text/csv")

    def _job(self, request: Request) -> Job:
        return self._org.jobs.find(request.path_params["job"])


def read_job_request(body: dict[str, Any], version: str) -> JobRequest:
    """The body of a create request; Salesforce ignores members that it does not know."""
    return JobRequest(
        api_version=version,
        sobject=_text(body.get("object")),
        operation=_text(body.get("operation")),
        external_id=_text(body.get("externalIdFieldName")),
        line_ending=str(body.get("lineEnding", "LF")),
        delimiter=str(body.get("columnDelimiter", "COMMA")),
        assignment_rule=_text(body.get("assignmentRuleId")),
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


async def _store(request: Request, path: Path) -> None:
    with path.open("wb") as file:
        async for chunk in chunks_of(request, _MOST_BYTES):
            file.write(chunk)


def _decompress(path: Path) -> None:
    """Replace a gzip file by its content."""
    plain = path.with_suffix(".plain")
    with gzip.open(path) as packed, plain.open("wb") as file:
        while chunk := packed.read(1 << 20):
            if file.tell() + len(chunk) > _MOST_BYTES:
                plain.unlink()
                raise too_large(_MOST_BYTES)
            file.write(chunk)
    plain.replace(path)
